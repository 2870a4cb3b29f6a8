"""The Prefect shell: ``nightly`` and ``collect`` flows around the plain functions.

A run is a handful of tasks, one per stage; the fan-out is ours (docs/decisions). The flows run
with no server set up. When Prefect cannot be reached, or fails on the way, the same functions go
on without it: the invoices do not wait for the page that shows them.
"""

from __future__ import annotations

import flows.prefect_settings  # noqa: F401 (sets Prefect up before Prefect is imported)

# isort: split
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from prefect import State, flow, serve, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.states import Completed, Failed

from flows import configuration, night
from flows.collecting import Collected, collect_now
from flows.configuration import Configuration
from flows.errors import ChorusFlowsError, ExitCode, worst
from flows.night_result import Mode, NightResult
from flows.progress import Progress, Several, on_terminal

Value = TypeVar("Value")
_LOG = logging.getLogger(__name__)

#: Outcomes that the page of a flow run must show as failed.
_FAILED = (ExitCode.UNFINISHED, ExitCode.ATTENTION, ExitCode.UNEXPECTED)
_SECONDS_BETWEEN_UPDATES = 2.0
#: Zone of the schedules: nights are French nights, also across the change of hour.
ZONE = "Europe/Paris"


#: What the last flow of this process came to. A flow shown as failed returns a state, not a
#: value, and a result that Prefect would store is what it must not keep.
_LAST_NIGHT: list[NightResult] = []
#: Filled once the night itself is over, whatever Prefect then makes of it.
_NIGHT_OVER: list[bool] = []
_LAST_COLLECT: list[Collected] = []


def in_task(name: str, stage: Callable[[], Value]) -> Value:
    """Perform a stage as one Prefect task, never cached, its result never stored."""

    def body() -> Value:
        return stage()

    return task(name=name, cache_policy=NO_CACHE, persist_result=False)(body)()


@flow(name="nightly", persist_result=False, validate_parameters=False)
def nightly(config: str, mode: str = Mode.DEPOSIT.value) -> State[None]:
    """One nightly run, from the settings file ``config``."""
    loaded = configuration.load(Path(config))
    with on_terminal() as bars:
        progress = Several(bars, _OnPage())
        results = night.run(
            loaded, mode=Mode(mode), progress=progress, perform=in_task, results=_LAST_NIGHT
        )
    _NIGHT_OVER.append(True)
    _show("balance", _page(results), "Balance")
    problems = "; ".join(problem for result in results for problem in result.problems)
    return _state(worst(*(result.exit_code for result in results)), problems)


@flow(name="collect", persist_result=False, validate_parameters=False)
def collect(config: str) -> State[None]:
    """Fetch return flows and reconcile, from the settings file ``config``."""
    collected = in_task("collect", lambda: collect_now(configuration.load(Path(config))))
    _LAST_COLLECT[:] = [collected]
    _show("returns", "\n".join(f"- {line}" for line in collected.lines()), "Return flows")
    return _state(collected.exit_code, "; ".join(collected.result.attention))


def _show(key: str, markdown: str, description: str) -> None:
    """Put a page beside the flow run; what it shows is done and recorded, with or without it."""
    try:
        create_markdown_artifact(key=key, markdown=markdown, description=description)
    except Exception as error:
        _LOG.warning("The artifact %s could not be created: %s", key, error)


def _state(code: ExitCode, why: str) -> State[None]:
    """Return the state that the page of a flow run shows."""
    if code in _FAILED:
        return Failed(message=why or "a person must look: see the report")
    return Completed(message=f"exit code {int(code)}")


def run_with_prefect(loaded: Configuration, *, mode: Mode) -> list[NightResult]:
    """Run the night inside its flow; without Prefect when it cannot be reached."""
    if not _reachable():
        with on_terminal() as bars:
            return night.run(loaded, mode=mode, progress=bars)
    _LAST_NIGHT.clear()
    _NIGHT_OVER.clear()
    try:
        state = nightly(str(loaded.path.resolve()), mode.value, return_state=True)
        return list(_LAST_NIGHT) if _NIGHT_OVER else _raised(state)
    except ChorusFlowsError:
        raise
    except Exception as error:
        if _NIGHT_OVER:
            # Only the page that shows it failed: the night must not be done again.
            _LOG.warning("Prefect failed after the night (%s).", error)
            return list(_LAST_NIGHT)
        # Whatever was done is in the ledger: the plain run goes on from there, and what a resumed
        # run came to before still counts.
        _LOG.warning("Prefect failed on the way (%s); going on without it.", error)
        with on_terminal() as bars:
            return night.run(loaded, mode=mode, progress=bars, results=list(_LAST_NIGHT))


def collect_with_prefect(loaded: Configuration) -> Collected:
    """Collect inside its flow; without Prefect when it cannot be reached."""
    if not _reachable():
        return collect_now(loaded)
    _LAST_COLLECT.clear()
    try:
        state = collect(str(loaded.path.resolve()), return_state=True)
        return _LAST_COLLECT[0] if _LAST_COLLECT else _raised(state)
    except ChorusFlowsError:
        raise
    except Exception as error:
        _LOG.warning("Prefect failed on the way (%s); going on without it.", error)
        return _LAST_COLLECT[0] if _LAST_COLLECT else collect_now(loaded)


def _raised(state: State[Any]) -> NoReturn:
    """Raise what ended a flow before it came to a result."""
    state.result()
    message = f"The flow ended as {state.name} without a result."
    raise RuntimeError(message)


def serve_flows(config: Path, *, night_cron: str, collect_cron: str) -> None:
    """Serve both flows on their schedules, in Paris time, one run at a time each."""
    shared = {"config": str(config)}
    both = (
        nightly.to_deployment(
            name="nightly", schedule=Cron(night_cron, timezone=ZONE), parameters=shared
        ),
        collect.to_deployment(
            name="collect", schedule=Cron(collect_cron, timezone=ZONE), parameters=shared
        ),
    )
    # Called from no event loop, Prefect answers at once; its types also allow a coroutine.
    serve(*(deployment for deployment in both if isinstance(deployment, RunnerDeployment)))


def _reachable() -> bool:
    try:
        with get_client(sync_client=True) as client:
            failure = client.api_healthcheck()
    except Exception as error:
        failure = error
    if failure is not None:
        _LOG.warning("Prefect cannot be reached (%s); going on without it.", failure)
    return failure is None


class _OnPage:
    """Progress as artifacts on the page of the flow run, updated every few seconds."""

    def __init__(self) -> None:
        self._artifacts: dict[str, object] = {}
        self._broken = False
        self._updated: dict[str, float] = {}

    def start(self, stage: str, total: int | None = None) -> None:
        """Show the stage at 0 %."""
        if stage in self._artifacts or self._broken:
            return
        try:
            self._artifacts[stage] = create_progress_artifact(
                progress=0.0, key=f"progress-{stage}", description=stage
            )
        except Exception as error:
            self._give_up(error)

    def advance(self, stage: str, done: int, total: int | None = None) -> None:
        """Update the stage; without a total the count is in the description."""
        self.start(stage, total)
        if self._broken:
            return
        now = time.monotonic()
        due = now - self._updated.get(stage, 0.0) >= _SECONDS_BETWEEN_UPDATES
        if not due and done != total:
            return
        self._updated[stage] = now
        percent = 100.0 * done / total if total else 0.0
        try:
            update_progress_artifact(
                artifact_id=self._artifacts[stage],  # type: ignore[arg-type]
                progress=percent,
                description=f"{stage}: {done}" + (f" / {total}" if total else ""),
            )
        except Exception as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Show no more progress; the stage that tells it goes on."""
        self._broken = True
        _LOG.warning("Progress is not shown any more: %s", error)

    def tell(self, message: str) -> None:
        """Log the line; Prefect shows the log of a flow run."""
        _LOG.info("%s", message)


def _page(results: list[NightResult]) -> str:
    lines: list[str] = []
    for result in results:
        lines += [f"## Run {result.run_id}: exit code {int(result.exit_code)}", ""]
        if result.balance is not None:
            lines += ["| place | invoices |", "|---|---|"]
            lines.append(f"| read | {result.balance.read.count} |")
            lines += [
                f"| {p.value} | {t.count} |" for p, t in sorted(result.balance.places.items())
            ]
            lines += ["", f"Balance {'holds' if result.balance.holds else 'DOES NOT HOLD'}.", ""]
        lines += [f"- {problem}" for problem in result.problems]
        lines += [f"Report: `{result.report}`", ""]
    return "\n".join(lines)


_: type[Progress] = _OnPage
