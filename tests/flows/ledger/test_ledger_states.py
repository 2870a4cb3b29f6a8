"""The transition tables: complete, closed, and consistent with each other."""

from __future__ import annotations

import pytest

from flows.errors import IllegalTransitionError
from flows.ledger import states
from flows.ledger.states import FlowState, InvoiceState, RunState
from transforms.outcome import Fate


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (states.INVOICE_TRANSITIONS, InvoiceState),
        (states.FLOW_TRANSITIONS, FlowState),
        (states.RUN_TRANSITIONS, RunState),
        (states.RETURN_TRANSITIONS, states.ReturnState),
    ],
)
def test_every_state_has_its_row_in_the_table(table: dict, kind: type) -> None:
    assert set(table) == set(kind)


def test_every_fate_of_a_chunk_is_a_state_an_invoice_may_begin_in() -> None:
    begins = states.INVOICE_TRANSITIONS[InvoiceState.RECEIVED]
    assert begins == {InvoiceState(fate) for fate in Fate}


@pytest.mark.parametrize("flow_state", states.FLOW_EFFECTS)
def test_what_a_flow_does_to_its_invoices_is_in_the_table_of_invoices(
    flow_state: FlowState,
) -> None:
    effect = states.FLOW_EFFECTS[flow_state]
    assert effect.sources
    for source in effect.sources:
        states.require(states.INVOICE_TRANSITIONS, "invoice", source, effect.target)


def test_what_sending_again_does_is_in_the_table_of_invoices() -> None:
    for source in states.REPLACED.sources:
        states.require(states.INVOICE_TRANSITIONS, "invoice", source, states.REPLACED.target)


NEVER_SENT = [
    InvoiceState.QUARANTINED,
    InvoiceState.WAITING,
    InvoiceState.SKIPPED,
    InvoiceState.EXCLUDED,
]


@pytest.mark.parametrize("final", NEVER_SENT)
@pytest.mark.parametrize("target", InvoiceState)
def test_an_invoice_left_out_of_its_night_stays_so(
    final: InvoiceState, target: InvoiceState
) -> None:
    if (final, target) == (InvoiceState.WAITING, InvoiceState.QUARANTINED):
        # Its run was given up, or its rows are lost: not sent either.
        states.require(states.INVOICE_TRANSITIONS, "Invoice F1", final, target)
        return
    with pytest.raises(IllegalTransitionError, match=final.value):
        states.require(states.INVOICE_TRANSITIONS, "Invoice F1", final, target)


def test_a_flow_that_may_have_arrived_is_never_built_again() -> None:
    may_have_arrived = {
        FlowState.DEPOSITED,
        FlowState.HANDED_OVER,
        FlowState.IN_DOUBT,
        *states.REPORTED,
    }
    reached = set(may_have_arrived)
    while True:
        grown = reached.union(*(states.FLOW_TRANSITIONS[state] for state in reached))
        if grown == reached:
            break
        reached = grown
    assert reached.isdisjoint({FlowState.BUILT, FlowState.UPLOADING, FlowState.RENAMING})


def test_every_report_may_come_back_before_the_deposit_is_recorded() -> None:
    for state in states.UNREPORTED:
        assert states.FLOW_TRANSITIONS[state] >= states.REPORTED


def test_only_what_is_not_held_for_sure_may_be_freed() -> None:
    assert states.FREEABLE.isdisjoint(states.HOLDING)
