"""A rehearsal of the night: the same code on copies; nothing is claimed, reserved or deposited.

The ledger is copied, the extracts that would be taken are linked into a scratch folder, the run
is done there as a held one, and only its report is kept.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from flows import landing, night
from flows.configuration import Configuration
from flows.errors import ConfigurationError
from flows.extract_sets import joined_only
from flows.folders import StateFolders
from flows.ledger import copy_sqlite, utc_now
from flows.ledger_access import open_ledger
from flows.night_result import Mode, NightResult
from flows.profiles import load_profile
from flows.progress import on_terminal
from flows.restored import require_current
from flows.xml_source import is_xml, processed_before

#: Folder of the reports of rehearsals, below that of the others.
REHEARSALS = "dry-run"


def rehearse(
    configuration: Configuration, *, clock: Callable[[], datetime] = utc_now
) -> list[NightResult]:
    """Do the night on copies and return what it would have come to.

    Raises:
        ConfigurationError: the ledger is not SQLite, so that it cannot be copied; or as a run.
        RestoredLedgerError: the ledger is behind what was done: the rehearsal would mislead.
    """
    settings = configuration.settings
    if settings.ledger_url and not settings.ledger_url.startswith("sqlite"):
        message = "A dry run copies the ledger, which this release does for SQLite only."
        raise ConfigurationError(message, next_step="Use: chorus-flows run --hold")
    with tempfile.TemporaryDirectory(prefix="chorus-flows-") as name:
        scratch = Path(name)
        state = scratch / "state"
        state.mkdir(mode=0o700)
        source = Path(settings.ledger_url.removeprefix("sqlite:///") or "")
        if not settings.ledger_url:
            source = settings.state_folder / "ledger.sqlite"
        if source.is_file():
            with open_ledger(configuration, clock=clock, create=False) as ledger:
                require_current(configuration, ledger)
            copy_sqlite(source, state / "ledger.sqlite")
            _copy_waiting(settings.state_folder, state)
        elsewhere = settings.landing.model_copy(update={"folder": scratch / "landing"})
        # A rehearsal may resume a run that was cut short: its own report must stay what it is.
        report = settings.report.model_copy(update={"folder": settings.report.folder / REHEARSALS})
        rehearsal = settings.model_copy(
            update={
                "state_folder": state,
                "ledger_url": "",
                "landing": elsewhere,
                "report": report,
            }
        )
        copied = replace(configuration, settings=rehearsal)
        _link_extracts(configuration, copied, scratch / "landing", clock)
        _link_claimed(configuration, copied, clock)
        with on_terminal() as progress:
            return night.run(copied, mode=Mode.DRY_RUN, clock=clock, progress=progress)


def _copy_waiting(state: Path, scratch: Path) -> None:
    waiting = StateFolders(state).root / "waiting"
    if waiting.is_dir():
        shutil.copytree(waiting, scratch / "waiting")


def _link_extracts(
    original: Configuration, copied: Configuration, folder: Path, clock: Callable[[], datetime]
) -> None:
    """Give the rehearsal the files that a run would take now, and their companions."""
    folder.mkdir(mode=0o700)
    settings = original.settings.landing
    profile = load_profile(original.settings.source.profile)
    with open_ledger(copied, clock=clock) as ledger:
        claim = landing.peek(
            settings,
            now=clock(),
            processed=lambda hashes: processed_before(ledger, profile, hashes),
            apart=is_xml(profile),
            reusable=lambda name: joined_only(name, profile),
        )
    for file in claim.files:
        for suffix in ("", settings.done_suffix, settings.control.suffix):
            companion = file.path.with_name(file.path.name + suffix)
            if companion.exists():
                _link(companion, folder / companion.name)


def _link_claimed(
    original: Configuration, copied: Configuration, clock: Callable[[], datetime]
) -> None:
    """Give the rehearsal what a run that was cut short had claimed."""
    with open_ledger(copied, clock=clock) as ledger:
        unfinished = ledger.unfinished_run()
    if unfinished is None:
        return
    source = original.settings.state_folder / "claimed" / unfinished.run_id
    target = StateFolders(copied.settings.state_folder).claimed(unfinished.run_id)
    for path in sorted(source.iterdir()) if source.is_dir() else ():
        if path.is_file():
            _link(path, target / path.name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
