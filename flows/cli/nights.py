"""Commands of the night: run, release, collect, serve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.common import (
    ConfigOption,
    JsonOption,
    NoPrefectOption,
    ReasonOption,
    WhoOption,
    load,
    say,
    say_json,
)
from flows.errors import ConfigurationError, ExitCode, worst

if TYPE_CHECKING:
    from flows.night_result import NightResult


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("run")(run)
    app.command("release")(release)
    app.command("collect")(collect)
    app.command("serve")(serve)


def run(
    config: ConfigOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Claim, reserve and write nothing but the report.")
    ] = False,
    hold: Annotated[
        bool, typer.Option("--hold", help="Stop before the deposit; see release.")
    ] = False,
    no_prefect: NoPrefectOption = False,
    json: JsonOption = False,
) -> int:
    """One nightly run: collect, recover, extract, transform, check, bundle, deposit, report."""
    from flows import night
    from flows.night_result import Mode

    if dry_run and hold:
        raise ConfigurationError("--dry-run and --hold exclude each other.")
    mode = Mode.DRY_RUN if dry_run else Mode.HOLD if hold else Mode.DEPOSIT
    loaded = load(config)
    if mode is Mode.DRY_RUN:
        from flows.dry_run import rehearse

        results = rehearse(loaded)
    elif no_prefect or not loaded.settings.prefect.enabled:
        from flows.progress import on_terminal

        with on_terminal() as progress:
            results = night.run(loaded, mode=mode, progress=progress)
    else:
        from flows.nightly import run_with_prefect

        results = run_with_prefect(loaded, mode=mode)
    _tell(results, as_json=json)
    return int(worst(*(result.exit_code for result in results)))


def release(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    by: WhoOption,
    reason: ReasonOption,
    config: ConfigOption = None,
    discard: Annotated[
        bool, typer.Option("--discard", help="Give the run up instead: nothing of it is sent.")
    ] = False,
) -> int:
    """Deposit exactly the bytes of a held run, or give a held or unfinished run up."""
    from flows.release import discard as give_up
    from flows.release import release as let_go

    action = give_up if discard else let_go
    result = action(load(config), run_id, by=by, reason=reason)
    _tell([result], as_json=False)
    return int(result.exit_code)


def collect(
    config: ConfigOption = None, no_prefect: NoPrefectOption = False, json: JsonOption = False
) -> int:
    """Fetch the return flows, reconcile every invoice, and write the reports anew."""
    from flows.collecting import collect_now

    loaded = load(config)
    if no_prefect or not loaded.settings.prefect.enabled:
        gathered = collect_now(loaded)
    else:
        from flows.nightly import collect_with_prefect

        gathered = collect_with_prefect(loaded)
    if json:
        say_json("collect", gathered.as_dict())
    else:
        for line in gathered.lines():
            say(line)
    return int(gathered.exit_code)


def serve(
    config: ConfigOption = None,
    nightly: Annotated[
        str, typer.Option("--nightly", metavar="CRON", help="When to run.")
    ] = "0 21 * * *",
    collecting: Annotated[
        str, typer.Option("--collect", metavar="CRON", help="When to collect.")
    ] = "15 6-20/2 * * *",
) -> int:
    """Serve the nightly and collect flows on a schedule (needs a Prefect server)."""
    from flows.nightly import serve_flows

    loaded = load(config)
    serve_flows(loaded.path.resolve(), night_cron=nightly, collect_cron=collecting)
    return int(ExitCode.OK)


def _tell(results: list[NightResult], *, as_json: bool) -> None:
    if as_json:
        say_json("run", {"runs": [_as_dict(result) for result in results]})
        return
    for result in results:
        for line in lines(result):
            say(line)


def lines(result: NightResult) -> list[str]:
    """Return a run's result as lines for a terminal."""
    told = [f"Run {result.run_id}"]
    if result.balance is not None:
        told.append(f"  read          {result.balance.read.count:>9}")
        for place, part in sorted(result.balance.places.items()):
            told.append(f"  {place.value:<13} {part.count:>9}")
        told.append(f"  balance       {'holds' if result.balance.holds else 'DOES NOT HOLD':>9}")
    told += [f"  ! {problem}" for problem in result.problems]
    if result.report is not None:
        told.append(f"  report        {result.report}")
    return told


def _as_dict(result: NightResult) -> dict[str, object]:
    from flows.places import balance_record

    return {
        "run": result.run_id,
        "exit_code": int(result.exit_code),
        "balance": balance_record(result.balance) if result.balance else None,
        "deposited_flows": result.deposited_flows,
        "problems": list(result.problems),
        "report": _text(result.report),
    }


def _text(path: Path | None) -> str | None:
    return str(path) if path is not None else None
