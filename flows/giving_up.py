"""Giving a run up: nothing more of it leaves, and what it held is free for the next nights."""

from __future__ import annotations

from flows.crashpoints import CrashPoint, reach
from flows.ledger import SYSTEM, FlowState, Ledger


def abandon(ledger: Ledger, run_id: str, *, reason: str, actor: str = SYSTEM) -> None:
    """Abandon what a run did not send; doing it again changes nothing.

    The numbers of its flows are free. Its own invoices wait for no attachment any more: their
    extract is not to be trusted. Those it took over from earlier nights wait on: theirs was.
    """
    abandon_flows(ledger, run_id, reason=reason, actor=actor)
    ledger.give_up_waiting(ledger.left_waiting(run_id), reason=reason, actor=actor)
    ledger.hand_back_waiting(run_id, reason=reason, actor=actor)


def abandon_flows(ledger: Ledger, run_id: str, *, reason: str, actor: str = SYSTEM) -> None:
    """Abandon the flows of a run that were never sent; the ledger frees their numbers."""
    for flow in ledger.flows(states={FlowState.BUILT}, run_id=run_id):
        ledger.move_flow(flow.flow_id, FlowState.ABANDONED, detail=reason, actor=actor)
        reach(CrashPoint.FLOW_GIVEN_UP)
