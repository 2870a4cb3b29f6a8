"""Write the report of a night, and those of the earlier runs that it changed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from config.settings import Settings
from flows.ledger import Ledger
from flows.report import RunFacts, write_report
from flows.stages import Stages
from transforms.balance import Balance


def write_reports(
    ledger: Ledger,
    settings: Settings,
    run_id: str,
    done: Stages,
    *,
    balance: Balance | None,
    dry_run: bool,
    resumed: bool,
    sent_of: Collection[str],
) -> Path:
    """Write them, and return the path of the night's own.

    Args:
        ledger: all but what the stages know comes from it.
        settings: folder, language, limits of the report.
        run_id: the run of the night.
        done: what its stages found.
        balance: of the run; None when nothing could be read.
        dry_run: a rehearsal: what a killed process could not tell is left to a night.
        resumed: whether a crash had cut the run short before.
        sent_of: earlier runs whose flows were to be sent.

    Raises:
        OSError: a file cannot be written.
    """
    deposited, transformed = done.deposited, done.transformed
    claim = transformed.claim if transformed is not None else None
    waits = deposited.closed if deposited and deposited.remaining else None
    facts = RunFacts(
        dry_run=dry_run,
        resumed=resumed,
        held=done.held,
        problems=done.told(remarks=False, attention=False),
        causes=done.causes,
        balance=balance,
        already_processed=tuple(file.name for file in claim.already_processed) if claim else (),
        incomplete=claim.incomplete if claim else (),
        twins=claim.twins if claim else (),
        findings=done.collected.unplaced if done.collected else (),
        deposit_tried=deposited is not None,
        waits=waits,
    )
    touched = {*sent_of, *(done.collected.runs_touched if done.collected else ())}
    if not dry_run:
        touched |= {run.run_id for run in ledger.untold()}
    touched |= {lost.run_id for lost in (transformed.lost if transformed else ())}
    for earlier in sorted(touched - {run_id}):
        changed = RunFacts(deposit_tried=earlier in sent_of, waits=waits)
        write_report(ledger, earlier, settings, changed)
    return write_report(ledger, run_id, settings, facts)
