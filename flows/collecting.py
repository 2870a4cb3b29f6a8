"""Collect outside a night: fetch return flows, reconcile, write the reports concerned anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flows import locking
from flows.channels import open_channel
from flows.collect import collect
from flows.collect_result import CollectResult
from flows.configuration import Configuration
from flows.errors import ExitCode
from flows.folders import StateFolders
from flows.ledger import utc_now
from flows.ledger_access import open_ledger
from flows.profiles import load_profile
from flows.report import RunFacts, write_report
from flows.restored import require_current
from transforms.formulas import erp_columns


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collect did, and the reports written anew."""

    result: CollectResult
    reports: tuple[Path, ...]

    @property
    def exit_code(self) -> ExitCode:
        """See :class:`flows.collect_result.CollectResult`."""
        return self.result.exit_code

    def lines(self) -> list[str]:
        """Return the result as lines for a terminal."""
        return [*self.result.lines(), *(f"report: {path}" for path in self.reports)]

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain data for ``--json``."""
        return {**self.result.as_dict(), "reports": [str(path) for path in self.reports]}


def collect_now(
    configuration: Configuration, *, clock: Callable[[], datetime] = utc_now
) -> Collected:
    """Fetch and reconcile now; may run beside a night.

    Raises:
        LockHeldError: another collect is at work.
        RestoredLedgerError: the ledger is behind what was done; nothing is fetched then.
        LedgerUnavailableError: the database failed; a failing channel is told by the result.
    """
    settings = configuration.settings
    folders = StateFolders(settings.state_folder)
    with (
        locking.held(folders.root, "collect", clock=clock),
        open_ledger(configuration, clock=clock, create=False) as ledger,
    ):
        require_current(configuration, ledger)
        with open_channel(settings.channel) as channel:
            columns = erp_columns(load_profile(settings.source.profile))
            result = collect(ledger, channel, settings, clock=clock, columns=columns)
        reports = tuple(
            write_report(ledger, run_id, settings, RunFacts()) for run_id in result.runs_touched
        )
    return Collected(result, reports)
