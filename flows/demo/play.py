"""Play the demo: two nights of a large supplier against Chorus Pro in miniature.

Before the story, the firm's former tool deposits two invoices, so that the sandbox knows numbers
the ledger does not. First night: two extracts, wrong invoices among them. Then reports and days go
by. Second night: the same files again, corrections, and two attachments that were missing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from config.catalogue import Language
from flows import configuration, night
from flows.collecting import Collected, collect_now
from flows.configuration import Configuration
from flows.demo import words
from flows.demo.stage import Installation, prepare, scenario_text
from flows.demo.story import differences, load_story
from flows.demo.summary import Ending, show
from flows.demo.wrong import FORMER
from flows.errors import ExitCode
from flows.folders import StateFolders
from flows.landing import ALREADY_PROCESSED
from flows.ledger_access import open_ledger
from flows.night_result import Mode, NightResult
from flows.progress import on_terminal
from flows.sandbox import Sandbox, parse_scenario

#: Partner codes of the firm and of its former tool.
APPLICATION, FORMER_APPLICATION = "MES001", "MES000"
#: Steps of ageing after each night.
_STEPS = (2, 4)
#: How a night of the demo may end: some invoices of it are wrong, on purpose.
_EXPECTED = frozenset({ExitCode.OK, ExitCode.FINDINGS})


@dataclass(frozen=True, slots=True)
class _Shell:
    """How nights and collects are run: as plain functions or inside Prefect's flows."""

    run: Callable[[Configuration], list[NightResult]]
    collect: Callable[[Configuration], Collected]


def play(folder: Path, *, with_prefect: bool, language: Language) -> ExitCode:
    """Play the whole story in ``folder`` and show what came of it.

    Args:
        folder: emptied first when an earlier demo made it.
        with_prefect: run nights and collects inside Prefect's flows, its data in ``folder`` too.
        language: ``fr`` or ``en``, of the report and of what is shown here.

    Returns:
        OK when the story ended as scripted, else ATTENTION; every difference is told.

    Raises:
        ConfigurationError: ``folder`` holds something that is not a demo.
    """
    began = time.monotonic()
    folder = folder.resolve()
    prepare(folder)
    say = words.of(language)
    console = Console(highlight=False, soft_wrap=True)
    scenario = parse_scenario(scenario_text(), "flows/demo/data/scenario.yaml")
    with Sandbox(folder / "chorus-pro", scenario=scenario) as sandbox:
        _former_tool(folder, sandbox, language)
        firm = Installation(folder)
        firm.write(sandbox, application=APPLICATION, language=language)
        loaded = configuration.load(firm.settings)
        shell = _with_prefect(folder) if with_prefect else _plain()
        firm.attach("attachments")
        firm.attach_too_large()
        results: list[NightResult] = []
        troubles: list[str] = []
        for rank, steps in enumerate(_STEPS, 1):
            console.rule(say.nights[rank - 1], style="cyan")
            firm.land("night1")
            if rank > 1:
                firm.land("night2")
                firm.attach("attachments-late")
            results.append(shell.run(loaded)[-1])
            console.print(say.judged(sandbox.process()))
            troubles += _attention(shell.collect(loaded))
            console.print(say.aged(steps, sandbox.age(steps)))
            troubles += _attention(shell.collect(loaded))
    return _end(loaded, results, troubles, began, console, language)


def _former_tool(folder: Path, sandbox: Sandbox, language: Language) -> None:
    """Deposit two invoices from another installation; its reports are fetched and removed."""
    former = Installation(folder / "former-tool")
    former.write(sandbox, application=FORMER_APPLICATION, language=language, after_fetch="remove")
    former.land("former")
    loaded = configuration.load(former.settings)
    night.run(loaded)
    sandbox.process()
    collect_now(loaded)


#: What asks for a person in the demo: the invoices that the former tool had deposited.
_FOR_A_PERSON = frozenset(f"RT-DUPLICATE-04: {number}" for number in FORMER)


def _attention(collected: Collected) -> list[str]:
    """Return why a collect did not end as it should."""
    result = collected.result
    scripted = result.problem is None and _FOR_A_PERSON.issuperset(result.attention)
    return [] if scripted or collected.exit_code in _EXPECTED else collected.lines()


def _plain() -> _Shell:
    def run(loaded: Configuration) -> list[NightResult]:
        with on_terminal() as progress:
            return night.run(loaded, progress=progress)

    return _Shell(run, collect_now)


def _with_prefect(folder: Path) -> _Shell:
    # Read by Prefect when it is imported: its database stays in the folder of the demo.
    os.environ["PREFECT_HOME"] = str(folder / "prefect")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    from flows.nightly import collect_with_prefect, run_with_prefect

    return _Shell(lambda loaded: run_with_prefect(loaded, mode=Mode.DEPOSIT), collect_with_prefect)


def _end(
    loaded: Configuration,
    results: list[NightResult],
    troubles: list[str],
    began: float,
    console: Console,
    language: Language,
) -> ExitCode:
    """Hold the ledger against the script, show both, and return the exit code."""
    wrong = list(troubles)
    with open_ledger(loaded, create=False) as ledger:
        for rank, (result, script) in enumerate(zip(results, load_story(), strict=True), 1):
            told = [*result.problems, *differences(ledger, result.run_id, script)]
            if result.exit_code not in _EXPECTED:
                told.append(f"exit code {int(result.exit_code)}")
            wrong += [f"night {rank}: {line}" for line in told]
        show(
            console,
            ledger,
            Ending(
                runs=tuple(result.run_id for result in results),
                script=load_story()[0],
                set_aside=tuple(_set_aside(loaded, result.run_id) for result in results),
                reports=tuple(result.report for result in results if result.report),
                settings=loaded.path,
                differences=tuple(wrong),
                seconds=time.monotonic() - began,
            ),
            language,
        )
    return ExitCode.ATTENTION if wrong else ExitCode.OK


def _set_aside(loaded: Configuration, run_id: str) -> int:
    """Return how many extracts of a run had been processed before."""
    shelf = StateFolders(loaded.settings.state_folder).claimed(run_id) / ALREADY_PROCESSED
    suffix = loaded.settings.landing.control.suffix
    return sum(1 for path in shelf.glob("*") if path.suffix != suffix)
