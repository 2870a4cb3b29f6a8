"""Collect outside a night: fetch return flows, reconcile, write the reports concerned anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flows import exclusive, opening
from flows.audit import seal
from flows.channels import open_channel
from flows.collect import collect
from flows.collect_result import CollectResult
from flows.configuration import Configuration
from flows.errors import ExitCode, worst
from flows.ledger import utc_now
from flows.report import RunFacts, write_report
from flows.restored import require_current
from flows.untold import Untold, untold


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collect did, and the reports written anew."""

    result: CollectResult
    reports: tuple[Path, ...]
    remark: str = ""
    """Why nothing was fetched, by the settings; else empty."""
    untold: tuple[Untold, ...] = ()
    """Runs of which a killed process could not tell; theirs are among the reports."""

    @property
    def exit_code(self) -> ExitCode:
        """See :class:`flows.collect_result.CollectResult`."""
        return worst(self.result.exit_code, *(run.code for run in self.untold))

    def lines(self) -> list[str]:
        """Return the result as lines for a terminal."""
        remark = [self.remark] if self.remark else []
        untold = (str(run) for run in self.untold)
        reports = (f"report: {path}" for path in self.reports)
        return [*remark, *self.result.lines(), *untold, *reports]

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain data for ``--json``."""
        return {
            **self.result.as_dict(),
            "untold": [{"run": run.run_id, "exit_code": int(run.code)} for run in self.untold],
            "reports": [str(path) for path in self.reports],
            "remark": self.remark or None,
        }


def collect_now(
    configuration: Configuration, *, clock: Callable[[], datetime] = utc_now
) -> Collected:
    """Fetch and reconcile now; may run beside a night.

    In a blackout with ``collect = false`` nothing is done, and that is well.

    Raises:
        LockHeldError: another collect is at work, on this machine or another.
        RestoredLedgerError: the ledger is behind what was done; nothing is fetched then.
        LedgerUnavailableError: the database failed; a failing channel is told by the result.
    """
    settings = configuration.settings
    shut = opening.closed(settings, clock())
    if shut is not None and not shut.collects:
        return Collected(CollectResult(), (), f"nothing fetched: {opening.why(shut, settings)}")
    with exclusive.collecting(configuration, clock=clock) as ledger:
        require_current(configuration, ledger)
        left = untold(ledger)
        with open_channel(settings.channel) as channel:
            result = collect(ledger, channel, settings, clock=clock)
        # First the answers, so that the reports carry the head that proves them.
        seal(ledger, settings, "collect")
        reports = tuple(
            write_report(ledger, run_id, settings, RunFacts())
            for run_id in sorted({*result.runs_touched, *(run.run_id for run in ledger.untold())})
        )
        if reports:
            seal(ledger, settings, "report")
    return Collected(result, reports, untold=left)
