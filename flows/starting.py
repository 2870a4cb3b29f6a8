"""Start a run: its number, its date, and whether it was asked to stop before the deposit."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from zoneinfo import ZoneInfo

from flows.configuration import Configuration
from flows.errors import IllegalTransitionError
from flows.ledger import Ledger, RunRecord

#: Reason kept with the start of a run that was asked to hold.
HOLD = "--hold"


def start(ledger: Ledger, configuration: Configuration, *, now: datetime, hold: bool) -> RunRecord:
    """Record a new run, named by the second of its start.

    Args:
        ledger: gets it.
        configuration: zone of the run's date; its digest is kept.
        now: the present time, with zone.
        hold: whether it was asked to stop before its deposit; a resumed run still is.
    """
    base = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
    run_id, rank = base, 1
    while True:
        try:
            return ledger.start_run(
                run_id=run_id,
                run_date=now.astimezone(ZoneInfo(configuration.settings.run_date)).date(),
                settings_hash=configuration.digest,
                version=version("chorus-flows"),
                reason=HOLD if hold else "",
            )
        except IllegalTransitionError:
            # A run of the same second: of another company of this ledger, most often.
            rank += 1
            run_id = f"{base}-{rank}"


def asked_to_hold(ledger: Ledger, run_id: str) -> bool:
    """Whether a run was asked to hold when it was started."""
    events = ledger.events(run_id=run_id, kind="run")
    return any(event.reason == HOLD for event in events)
