"""Write the four files of a report; each appears whole, or stays as it was."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from config.report_texts import load_report_texts
from config.settings import Settings
from flows.crashpoints import CrashPoint, reach
from flows.errors import LedgerUnavailableError
from flows.ledger import Ledger
from flows.private_files import private_folder
from flows.report.facts import RunFacts
from flows.report.gather import gather
from flows.report.page import render_page
from flows.report.tables import Tables
from transforms.display import Display
from transforms.run_report import as_json, remembered_in
from transforms.verdict import Remembered

_LOG = logging.getLogger(__name__)

PAGE = "report.html"
DATA = "report.json"
INVOICES = "invoices.csv"
FINDINGS = "findings.csv"


def write_report(ledger: Ledger, run_id: str, settings: Settings, facts: RunFacts) -> Path:
    """Write the report of a run, or write it anew after something changed.

    The files go to ``<report.folder>/<run_id>`` and are readable by their owner only: they name
    customers and amounts.

    Args:
        ledger: what the report is made of.
        run_id: the run.
        settings: folder, language, limits.
        facts: what the run knows of itself; what an earlier report of the same run knew is kept.

    Returns:
        The path of the HTML page.

    Raises:
        ConfigurationError: the ledger knows no such run.
        OSError: the folder cannot be written; an earlier report is still whole.
    """
    if ledger.run(run_id) is not None:
        # Before the first byte: a report that is newer than its manifest explains itself.
        ledger.note("written", kind="report", run_id=run_id)
    folder = settings.report.folder / run_id
    private_folder(folder)
    _remove_half_written(folder)
    changes, told = ledger.changes(run_id)
    texts = load_report_texts(settings.report.language)
    display = Display(settings.report.language, ZoneInfo(settings.run_date))
    with ExitStack() as files:
        # Left in reverse order: the page appears last, when what it names is there.
        page = files.enter_context(_replacing(folder / PAGE))
        data = files.enter_context(_replacing(folder / DATA))
        tables = Tables(
            files.enter_context(_replacing(folder / INVOICES)),
            files.enter_context(_replacing(folder / FINDINGS)),
            texts,
            display,
        )
        report = gather(ledger, run_id, settings, facts, _remembered(folder / DATA), tables)
        data.write(json.dumps(as_json(report), ensure_ascii=False, indent=1) + "\n")
        page.write(
            render_page(
                report,
                texts,
                display,
                number_stays_free=settings.identity.reuse_number_after_rejection,
            )
        )
    reach(CrashPoint.REPORTED)
    if changes > told:
        try:
            ledger.tell(run_id, changes)
        except LedgerUnavailableError as error:
            # The report is there; that it is, the next run writes down with one of its own.
            _LOG.warning("the ledger does not know of the report of run %s: %s", run_id, error)
    return folder / PAGE


def _remembered(path: Path) -> Remembered:
    """Return what the report written before knew; nothing when there is none to read."""
    try:
        return remembered_in(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError):
        return Remembered()


def _remove_half_written(folder: Path) -> None:
    """Remove what a killed process left; a collect at work beside this one keeps its own."""
    for path in folder.glob(".*.part"):
        owner = path.name.split(".")[-2]
        if owner.isdecimal() and not _alive(int(owner)):
            path.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """Open a file beside ``path`` that takes its place once it is complete and on disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # A file name that is no UTF-8 must not keep the report from being written.
        with os.fdopen(
            descriptor, "w", encoding="utf-8", errors="backslashreplace", newline=""
        ) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
        reach(CrashPoint.REPORT_FILE)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
