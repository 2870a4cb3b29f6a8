"""What happened to earlier runs and that no report tells.

The ledger counts what happens to a run, and how much of that its report tells. A difference is
left by a process that was killed between the two, or could not write the report: who finds it
writes the report anew, and gives the exit code that nobody was given.
"""

from __future__ import annotations

from dataclasses import dataclass

from flows.collect_result import GRAVE
from flows.errors import ExitCode, worst
from flows.ledger import FlowState, InvoiceState, Ledger, ReturnState, RunRecord


@dataclass(frozen=True, slots=True)
class Untold:
    """A run that something happened to, and the exit code that this calls for."""

    run_id: str
    code: ExitCode

    def __str__(self) -> str:
        what = f"Run {self.run_id}: its report did not tell the last of it, for the process was"
        return f"{what} killed or could not write; it is written anew (exit code {self.code:d})."


def untold(ledger: Ledger, *, resumed: RunRecord | None = None) -> tuple[Untold, ...]:
    """Return the runs, ended, whose report does not tell all that happened to them.

    ``resumed``: a run that goes on now; it is among them when a person must look.
    """
    found = [Untold(run.run_id, _code(ledger, run)) for run in ledger.untold()]
    if resumed is not None and (code := _code(ledger, resumed)) is not ExitCode.OK:
        found.append(Untold(resumed.run_id, code))
    return tuple(found)


def _code(ledger: Ledger, run: RunRecord) -> ExitCode:
    """Return what the run calls for now; told twice rather than never."""
    codes = []
    _, told = ledger.changes(run.run_id)
    if not told:
        codes.append(ExitCode(run.exit_code or ExitCode.OK))
    if ledger.flows(states={FlowState.IN_DOUBT}, run_id=run.run_id):
        codes.append(ExitCode.ATTENTION)
    if ledger.returns(states={ReturnState.NOT_UNDERSTOOD}, since=run.started_at):
        codes.append(ExitCode.ATTENTION)
    if any(ledger.has_finding(run.run_id, rule) for rule in sorted(GRAVE)):
        codes.append(ExitCode.ATTENTION)
    open_still = {InvoiceState.REJECTED, InvoiceState.OUTCOME_UNKNOWN}
    if next(ledger.invoices(run_id=run.run_id, states=open_still, limit=1), None) is not None:
        codes.append(ExitCode.FINDINGS)
    return worst(*codes)
