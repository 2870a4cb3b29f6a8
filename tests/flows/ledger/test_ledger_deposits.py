"""Flows through the deposit protocol, their invoices with them, and the numbers they hold."""

from __future__ import annotations

import pytest

from config.settings import Environment
from flows.errors import IllegalTransitionError
from flows.ledger import FlowState, InvoiceState, Ledger, states
from tests.support.ledger_nights import PATHS, RUN, built, send, start


def invoice_states(ledger: Ledger, flow_id: str) -> set[InvoiceState]:
    return {member.state for member in ledger.members(flow_id)}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("built", "bundled"),
        ("uploading", "bundled"),
        ("renaming", "bundled"),
        ("deposited", "deposited"),
        ("handed_over", "handed_over"),
        ("in_doubt", "in_doubt"),
        ("integrated", "integrated"),
        ("rejected", "rejected"),
        ("incident", "deposited"),
        ("partial", "deposited"),
    ],
)
def test_the_invoices_of_a_flow_follow_it(ledger: Ledger, state: str, expected: str) -> None:
    start(ledger)
    flow_id = send(ledger, 3, until=state)
    assert invoice_states(ledger, flow_id) == {InvoiceState(expected)}
    assert {m.outcome for m in ledger.members(flow_id)} == {InvoiceState(expected)}


def test_each_change_leaves_one_event_for_the_flow_and_one_for_each_invoice(
    ledger: Ledger,
) -> None:
    start(ledger)
    flow_id = send(ledger, 2, until="integrated")
    told = [(e.source, e.target) for e in ledger.events(flow_id=flow_id, kind="flow")]
    assert told == [
        ("reserved", "built"),
        ("built", "uploading"),
        ("uploading", "renaming"),
        ("renaming", "deposited"),
        ("deposited", "integrated"),
    ]
    for member in ledger.members(flow_id):
        chain = [(e.source, e.target) for e in ledger.events(invoice_row=member.invoice_row)]
        assert chain == [
            ("received", "bundled"),
            ("bundled", "deposited"),
            ("deposited", "integrated"),
        ]


@pytest.mark.parametrize("source", sorted(PATHS))
@pytest.mark.parametrize("target", FlowState)
def test_a_flow_only_moves_as_the_table_says(
    ledger: Ledger, source: str, target: FlowState
) -> None:
    start(ledger)
    flow_id = send(ledger, 1, until=source)
    before = ledger.flow(flow_id)
    allowed = states.FLOW_TRANSITIONS[FlowState(source)]
    if target in allowed or target == source:
        ledger.move_flow(flow_id, target)
        after = ledger.flow(flow_id)
        assert after is not None
        assert after.state is target
    else:
        events = len(ledger.events())
        with pytest.raises(IllegalTransitionError, match=flow_id):
            ledger.move_flow(flow_id, target)
        assert ledger.flow(flow_id) == before
        assert len(ledger.events()) == events


def test_a_report_read_twice_changes_nothing(ledger: Ledger) -> None:
    start(ledger)
    flow_id = send(ledger, 1, until="integrated")
    before, events = ledger.flow(flow_id), len(ledger.events())
    ledger.move_flow(flow_id, "integrated", detail="again")
    assert ledger.flow(flow_id) == before
    assert len(ledger.events()) == events


def test_each_upload_is_an_attempt_with_its_own_temporary_name(ledger: Ledger) -> None:
    start(ledger)
    flow_id = send(ledger, 1, until="built")
    ledger.move_flow(flow_id, "uploading", temporary_name="a.tmp")
    ledger.move_flow(flow_id, "uploading", temporary_name="b.tmp")
    ledger.move_flow(flow_id, "renaming")
    record = ledger.flow(flow_id)
    assert record is not None
    assert (record.attempts, record.temporary_name) == (2, "b.tmp")


def test_times_of_deposit_and_report_are_kept_and_have_a_zone(ledger: Ledger) -> None:
    start(ledger)
    record = ledger.flow(send(ledger, 1, until="integrated"))
    assert record is not None
    assert record.deposited_at is not None
    assert record.reported_at is not None
    assert record.built_at < record.deposited_at < record.reported_at
    assert record.reported_at.utcoffset() is not None


def test_flows_are_found_by_state_run_and_member(ledger: Ledger) -> None:
    start(ledger)
    one, two = send(ledger, 2), send(ledger, 2, first=2, until="built")
    start(ledger, "other")
    assert [f.flow_id for f in ledger.flows()] == [one, two]
    assert [f.flow_id for f in ledger.flows(states={"built"})] == [two]
    assert ledger.flows(run_id="other") == []
    second = ledger.members(one)[1]
    found = ledger.flow_by_member(second.member_id)
    assert found is not None
    assert found.flow_id == one
    assert ledger.flow_by_member("none") is None
    with pytest.raises(IllegalTransitionError, match="knows no flow"):
        ledger.move_flow("none", "uploading")


def test_members_of_a_partial_flow_are_settled_one_by_one(ledger: Ledger) -> None:
    start(ledger)
    flow_id = send(ledger, 3, until="partial")
    one, two, three = (m.invoice_row for m in ledger.members(flow_id))
    results = {
        one: ("integrated", ""),
        two: ("rejected", "SIRET inconnu"),
        three: ("outcome_unknown", ""),
    }
    ledger.settle_members(flow_id, results)
    ledger.settle_members(flow_id, results)  # a repeated report
    members = ledger.members(flow_id)
    assert [m.state.value for m in members] == ["integrated", "rejected", "outcome_unknown"]
    assert members[1].reason == "SIRET inconnu"
    assert len(ledger.events(invoice_row=two)) == 3


def test_settling_is_all_or_nothing(ledger: Ledger) -> None:
    start(ledger)
    flow_id = send(ledger, 2, until="partial")
    other = send(ledger, 1, first=2)
    stranger = ledger.members(other)[0].invoice_row
    first = ledger.members(flow_id)[0].invoice_row
    for results in (
        {first: ("integrated", ""), stranger: ("integrated", "")},
        {first: ("integrated", ""), ledger.members(flow_id)[1].invoice_row: ("skipped", "")},
    ):
        with pytest.raises(IllegalTransitionError):
            ledger.settle_members(flow_id, results)
        assert invoice_states(ledger, flow_id) == {InvoiceState.DEPOSITED}


def test_a_rejected_number_is_held_until_it_is_freed(ledger: Ledger) -> None:
    start(ledger)
    flow_id = send(ledger, 2, until="rejected")
    one, two = (m.invoice_row for m in ledger.members(flow_id))
    assert set(ledger.known({"F00000", "F00001"})) == {"F00000", "F00001"}
    ledger.free_identity(one, reason="rejected at integration")
    assert set(ledger.known({"F00000", "F00001"})) == {"F00001"}
    assert ledger.free_identities([one, two], reason="rejected at integration") == 1
    start(ledger, "next")
    again = send(ledger, 2, run_id="next", until="built")
    assert {known.flow_id for (known,) in ledger.known({"F00000", "F00001"}).values()} == {again}


@pytest.mark.parametrize("state", ["built", "deposited", "in_doubt", "integrated", "handed_over"])
def test_a_number_in_flight_or_accepted_cannot_be_freed(ledger: Ledger, state: str) -> None:
    start(ledger)
    flow_id = send(ledger, 1, until=state)
    row = ledger.members(flow_id)[0].invoice_row
    with pytest.raises(IllegalTransitionError, match="keeps its number"):
        ledger.free_identity(row, reason="because")
    assert "F00000" in ledger.known({"F00000"})


def test_an_invoice_proven_to_exist_after_its_rejection_holds_its_number_again(
    ledger: Ledger,
) -> None:
    start(ledger)
    flow_id = send(ledger, 1, until="rejected")
    row = ledger.members(flow_id)[0].invoice_row
    ledger.free_identity(row, reason="rejected at integration")
    ledger.settle_members(flow_id, {row: ("integrated", "life-cycle status 01")})
    (known,) = ledger.known({"F00000"})["F00000"]
    assert known.invoice_row == row


def test_abandoning_a_flow_frees_its_numbers_and_keeps_who_and_why(ledger: Ledger) -> None:
    start(ledger)
    flow_id = send(ledger, 2, until="built")
    ledger.move_flow(flow_id, "abandoned", detail="wrong price list", actor="m.durand")
    assert invoice_states(ledger, flow_id) == {InvoiceState.QUARANTINED}
    assert ledger.known({"F00000", "F00001"}) == {}
    event = ledger.events(flow_id=flow_id, kind="flow")[-1]
    assert (event.actor, event.reason) == ("m.durand", "wrong price list")
    assert {i.reason for i in ledger.invoices(flow_id=flow_id)} == {"wrong price list"}


def test_a_flow_in_doubt_is_sent_again_as_a_new_flow_of_the_same_invoices(
    ledger: Ledger,
) -> None:
    start(ledger)
    old = send(ledger, 2, until="in_doubt")
    rows = [m.invoice_row for m in ledger.members(old)]
    new = built("AAA9991106000000000000500", 2)
    fresh = {rows[0]: new.flow_id, rows[1]: "AAA9991106000000000000501"}
    ledger.replace_flow(
        old, new, run_id=RUN, members=fresh, actor="m.durand", reason="AIFE never saw it"
    )
    record = ledger.flow(new.flow_id)
    assert record is not None
    assert (record.state, record.replaces) == (FlowState.BUILT, old)
    assert [(m.invoice_row, m.attempt, m.state.value) for m in ledger.members(new.flow_id)] == [
        (rows[0], 2, "bundled"),
        (rows[1], 2, "bundled"),
    ]
    abandoned = ledger.flow(old)
    assert abandoned is not None
    assert abandoned.state is FlowState.ABANDONED
    assert len(ledger.known({"F00000", "F00001"})) == 2
    ledger.move_flow(new.flow_id, "uploading")
    with pytest.raises(IllegalTransitionError):
        ledger.move_flow(old, "uploading")


@pytest.mark.parametrize("state", ["built", "deposited", "integrated"])
def test_a_flow_that_is_not_in_doubt_is_not_sent_again(ledger: Ledger, state: str) -> None:
    start(ledger)
    old = send(ledger, 1, until=state)
    row = ledger.members(old)[0].invoice_row
    new = built("AAA9991106000000000000500", 1)
    with pytest.raises(IllegalTransitionError, match="cannot be sent again"):
        ledger.replace_flow(old, new, run_id=RUN, members={row: new.flow_id}, actor="a", reason="b")
    assert ledger.flow(new.flow_id) is None


def test_sending_again_takes_every_invoice_of_the_flow(ledger: Ledger) -> None:
    start(ledger)
    old = send(ledger, 2, until="in_doubt")
    row = ledger.members(old)[0].invoice_row
    new = built("AAA9991106000000000000500", 1)
    with pytest.raises(IllegalTransitionError, match="not exactly"):
        ledger.replace_flow(old, new, run_id=RUN, members={row: new.flow_id}, actor="a", reason="b")
    assert ledger.flow(new.flow_id) is None
    assert invoice_states(ledger, old) == {InvoiceState.IN_DOUBT}


@pytest.mark.parametrize("state", ["quarantined", "bundled", "deposited"])
def test_only_its_flow_takes_an_invoice_to_a_state_that_settles_nothing(
    ledger: Ledger, state: str
) -> None:
    start(ledger)
    flow_id = send(ledger, 2, until="in_doubt")
    one, two = (member.invoice_row for member in ledger.members(flow_id))
    with pytest.raises(IllegalTransitionError, match="cannot be settled"):
        ledger.settle_members(flow_id, {one: ("integrated", ""), two: (state, "")})
    assert invoice_states(ledger, flow_id) == {InvoiceState.IN_DOUBT}
    assert len(ledger.known({"F00000", "F00001"})) == 2


def test_what_is_known_to_be_integrated_or_rejected_is_not_sent_again(ledger: Ledger) -> None:
    start(ledger)
    old = send(ledger, 3, until="partial")
    there, refused, unknown = (member.invoice_row for member in ledger.members(old))
    ledger.settle_members(old, {there: ("integrated", ""), refused: ("rejected", "")})
    ledger.move_flow(old, "incident")
    new = built("AAA9991106000000000000500", 3)
    everybody = {
        row: f"AAA999110600000000000050{rank}" for rank, row in enumerate((there, refused))
    }
    everybody[unknown] = new.flow_id
    with pytest.raises(IllegalTransitionError, match="not exactly"):
        ledger.replace_flow(old, new, run_id=RUN, members=everybody, actor="a", reason="b")
    new = built("AAA9991106000000000000500", 1)
    ledger.replace_flow(old, new, run_id=RUN, members={unknown: new.flow_id}, actor="a", reason="b")
    assert {i.invoice_row: i.state.value for i in ledger.invoices(flow_id=old)} == {
        there: "integrated",
        refused: "rejected",
    }
    assert [i.invoice_row for i in ledger.invoices(flow_id=new.flow_id)] == [unknown]


def test_a_flow_whose_invoices_are_all_settled_is_not_sent_again(ledger: Ledger) -> None:
    start(ledger)
    old = send(ledger, 1, until="integrated")
    ledger.move_flow(old, "incident")
    with pytest.raises(IllegalTransitionError, match="not exactly"):
        ledger.replace_flow(
            old,
            built("AAA9991106000000000000500", 0),
            run_id=RUN,
            members={},
            actor="a",
            reason="b",
        )
    assert ledger.flow("AAA9991106000000000000500") is None


def test_a_company_lets_go_of_its_own_numbers_only(ledger: Ledger, ledger_url: str) -> None:
    start(ledger)
    flow_id = send(ledger, 1, until="rejected")
    [member] = ledger.members(flow_id)
    with Ledger.open(
        ledger_url, environment=Environment.SANDBOX, company="zeta", emitter="AAA999"
    ) as other:
        assert other.free_identities([member.invoice_row], reason="none of mine") == 0
    assert "F00000" in ledger.known({"F00000"})
    assert ledger.free_identities([member.invoice_row], reason="mine") == 1
