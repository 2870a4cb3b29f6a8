"""Recording chunks: all or nothing, once, and one holder per number."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.settings import Environment
from flows.errors import IllegalTransitionError
from flows.ledger import FlowState, InvoiceState, Ledger
from tests.support.ledger_nights import RUN, built, bundle, outcome, send, start
from transforms.finding import Finding, Location, Severity
from transforms.outcome import Fate


def count(ledger: Ledger, run_id: str = RUN) -> int:
    return len(list(ledger.invoices(run_id=run_id)))


def test_a_chunk_is_recorded_with_its_flow_members_findings_and_events(ledger: Ledger) -> None:
    start(ledger)
    members, flow = bundle(ledger, [outcome(0), outcome(1)])
    finding = Finding(
        "CP-SIRET-01",
        Severity.FATAL,
        Location("extract.csv", 4, "SIRET"),
        "BT-47",
        "123",
        {"column": "SIRET"},
    )
    refused = replace(outcome(2, total=None), findings=(finding,), reason="SIRET")
    assert ledger.commit_chunk(RUN, [refused, *members], [flow]) == ()

    first, second, third = ledger.invoices(run_id=RUN)
    assert (first.state, first.flow_id, first.number) == (
        InvoiceState.BUNDLED,
        flow.flow_id,
        "F00000",
    )
    assert (third.state, third.total, third.reason) == (InvoiceState.QUARANTINED, None, "SIRET")
    assert [m.member_id for m in ledger.members(flow.flow_id)] == [
        first.member_id,
        second.member_id,
    ]
    recorded = ledger.findings(run_id=RUN)
    assert [(r.finding, r.invoice_row) for r in recorded] == [(finding, third.invoice_row)]
    assert [(e.source, e.target) for e in ledger.events(invoice_row=first.invoice_row)] == [
        ("received", "bundled")
    ]
    assert [(e.source, e.target) for e in ledger.events(kind="flow")] == [("reserved", "built")]
    record = ledger.flow(flow.flow_id)
    assert record is not None
    assert (record.state, record.sha256, record.invoices) == (FlowState.BUILT, flow.sha256, 2)


def test_amounts_come_back_digit_for_digit(ledger: Ledger) -> None:
    start(ledger)
    amounts = [Decimal(t) for t in ("0.10", "1234567890123456789.01", "-5", "1E+3", "0.000001")]
    ledger.commit_chunk(RUN, [outcome(i, total=a) for i, a in enumerate(amounts)], [])
    assert [i.total for i in ledger.invoices(run_id=RUN)] == amounts
    assert str(next(ledger.invoices(run_id=RUN)).total) == "0.10"


@pytest.mark.parametrize("total", [1.5, Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_exact_amount_is_refused(ledger: Ledger, total: object) -> None:
    start(ledger)
    wrong = replace(outcome(0), total=total)
    with pytest.raises(Exception, match="finite Decimal"):
        ledger.commit_chunk(RUN, [wrong], [])
    assert count(ledger) == 0


def test_a_chunk_recorded_twice_is_there_once(ledger: Ledger) -> None:
    start(ledger)
    members, flow = bundle(ledger, [outcome(0), outcome(1)])
    chunk = [*members, outcome(2)]
    assert ledger.commit_chunk(RUN, chunk, [flow]) == ()
    events = len(ledger.events())
    assert ledger.commit_chunk(RUN, chunk, [flow]) == ()
    assert count(ledger) == 3
    assert len(ledger.members(flow.flow_id)) == 2
    assert len(ledger.events()) == events


def test_a_recorded_invoice_offered_in_another_flow_is_a_conflict_with_itself(
    ledger: Ledger,
) -> None:
    start(ledger)
    members, flow = bundle(ledger, [outcome(0)])
    ledger.commit_chunk(RUN, members, [flow])
    again, other = bundle(ledger, [outcome(0), outcome(1)])
    (conflict,) = ledger.commit_chunk(RUN, again, [other])
    assert (conflict.position, conflict.recorded) == (0, True)
    assert conflict.holder.flow_id == flow.flow_id
    assert ledger.flow(other.flow_id) is None
    assert count(ledger) == 1


def test_an_invoice_quarantined_before_the_crash_cannot_slip_into_a_flow(ledger: Ledger) -> None:
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(0)], [])
    members, flow = bundle(ledger, [outcome(0)])
    (conflict,) = ledger.commit_chunk(RUN, members, [flow])
    assert conflict.recorded
    assert conflict.holder.state is InvoiceState.QUARANTINED


def test_a_number_held_by_an_earlier_night_is_a_conflict_and_nothing_is_recorded(
    ledger: Ledger,
) -> None:
    start(ledger)
    flow_id = send(ledger, 2)
    start(ledger, "next")
    late = outcome(5, number="F00001", content="v1:other", file="next.csv")
    members, flow = bundle(ledger, [outcome(4, file="next.csv"), late])
    (conflict,) = ledger.commit_chunk("next", members, [flow])
    assert (conflict.position, conflict.recorded) == (5, False)
    assert conflict.holder.flow_id == flow_id
    assert (conflict.holder.file, conflict.holder.first_line) == ("extract.csv", 3)
    assert conflict.holder.state is InvoiceState.DEPOSITED
    assert count(ledger, "next") == 0
    assert ledger.events(run_id="next", kind="flow") == []


def test_of_two_with_one_number_in_a_chunk_the_later_loses(ledger: Ledger) -> None:
    start(ledger)
    one, two = outcome(7, number="F1"), outcome(3, number="F1", file="b.csv")
    members, flow = bundle(ledger, [one, two])
    (conflict,) = ledger.commit_chunk(RUN, members, [flow])
    assert conflict.position == 7
    assert (conflict.holder.file, conflict.holder.invoice_row) == ("b.csv", None)


def test_another_seller_may_use_the_same_number(ledger: Ledger) -> None:
    start(ledger)
    one = outcome(0, number="F1")
    two = outcome(1, number="F1", seller="35600000000048")
    members, flow = bundle(ledger, [one, two])
    assert ledger.commit_chunk(RUN, members, [flow]) == ()
    assert len(ledger.known({"F1"})["F1"]) == 2
    assert ledger.sellers(RUN) == {"73282932000074", "35600000000048"}


@pytest.mark.parametrize("fate", [Fate.QUARANTINED, Fate.WAITING, Fate.SKIPPED, Fate.EXCLUDED])
def test_an_invoice_outside_a_flow_holds_no_number(ledger: Ledger, fate: Fate) -> None:
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(0, fate=fate)], [])
    assert ledger.known({"F00000"}) == {}


def test_known_tells_who_holds_a_number_to_every_company(ledger: Ledger, ledger_url: str) -> None:
    start(ledger)
    flow_id = send(ledger, 1)
    with Ledger.open(
        ledger_url, environment=Environment.SANDBOX, company="other", emitter="BBB111"
    ) as other:
        (known,) = other.known({"F00000", "F99999"})["F00000"]
        assert (known.flow_id, known.content_hash) == (flow_id, "v1:F00000")
        assert list(other.invoices()) == []


MISFITS = {
    "flow absent": lambda members, flow: (members, []),
    "flow of another size": lambda members, flow: (members, [replace(flow, invoices=3)]),
    "flow twice": lambda members, flow: (members, [flow, flow]),
    "no identity": lambda members, flow: ([replace(m, identity=None) for m in members], [flow]),
    "no member id": lambda members, flow: ([replace(m, member_id=None) for m in members], [flow]),
    "quarantined member": lambda members, flow: (
        [replace(m, fate=Fate.QUARANTINED) for m in members],
        [flow],
    ),
    "same line": lambda members, flow: ([members[0], members[0]], [flow]),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_outcomes_and_flows_that_do_not_fit_are_refused(ledger: Ledger, misfit: str) -> None:
    start(ledger)
    members, flow = bundle(ledger, [outcome(0), outcome(1)])
    outcomes, flows = MISFITS[misfit](members, flow)
    with pytest.raises(ValueError, match=r"flow|member|chunk|invoice"):
        ledger.commit_chunk(RUN, outcomes, flows)
    assert count(ledger) == 0


def test_a_flow_recorded_before_takes_no_other_members(ledger: Ledger) -> None:
    start(ledger)
    members, flow = bundle(ledger, [outcome(0)])
    ledger.commit_chunk(RUN, members, [flow])
    joiner = replace(
        outcome(1, fate=Fate.BUNDLED), flow_id=flow.flow_id, member_id="AAA9991106000000000009999"
    )
    with pytest.raises(ValueError, match="recorded before"):
        ledger.commit_chunk(RUN, [*members, joiner], [built(flow.flow_id, 2)])
    assert count(ledger) == 1


def test_recorded_tells_what_a_resumed_run_need_not_read_again(ledger: Ledger) -> None:
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(0), outcome(1, file="b.csv")], [])
    assert ledger.recorded(RUN) == {("sha-extract.csv", 2), ("sha-b.csv", 3)}
    assert ledger.recorded("another") == set()


def test_tallies_count_and_sum_per_state(ledger: Ledger) -> None:
    start(ledger)
    send(ledger, 2)
    ledger.commit_chunk(
        RUN,
        [outcome(2, total=Decimal("0.01")), outcome(3, total=None), outcome(4, fate=Fate.SKIPPED)],
        [],
    )
    tallies = ledger.tallies(RUN)
    assert set(tallies) == {
        InvoiceState.DEPOSITED,
        InvoiceState.QUARANTINED,
        InvoiceState.SKIPPED,
    }
    assert tallies[InvoiceState.DEPOSITED].amounts == {("EUR", "380"): Decimal("240.00")}
    assert tallies[InvoiceState.QUARANTINED].count == 2
    assert tallies[InvoiceState.QUARANTINED].unreadable == 1


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(amounts=st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=2), max_size=8))
def test_no_amount_is_lost_whatever_it_is(ledger: Ledger, amounts: list[Decimal]) -> None:
    run_id = f"run-{len(ledger.runs(10_000))}"
    start(ledger, run_id)
    ledger.commit_chunk(run_id, [outcome(i, total=a) for i, a in enumerate(amounts)], [])
    summed = sum((t.amounts[("EUR", "380")] for t in ledger.tallies(run_id).values()), Decimal(0))
    assert summed == sum(amounts, Decimal(0))


def test_waiting_invoices_are_taken_over_and_count_their_nights(ledger: Ledger) -> None:
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(0, fate=Fate.WAITING)], [])
    assert ledger.waiting("second") == []  # a run that is to be resumed keeps its own
    ledger.finish_run(RUN, state="done", exit_code=0, balance={})
    for night, run_id in enumerate(("second", "third"), start=1):
        start(ledger, run_id)
        (waits,) = ledger.waiting(run_id)
        assert (waits.nights, waits.spool) == (night, "sha-extract.csv-2.json")
        ledger.take_over_waiting(waits.invoice_row, run_id)
        ledger.take_over_waiting(waits.invoice_row, run_id)  # resumed: once more does no harm
        assert ledger.waiting(run_id) == [replace(waits, taken_over_by=run_id)]
        ledger.commit_chunk(run_id, [outcome(0, fate=Fate.WAITING)], [])
        assert [w.invoice_row for w in ledger.waiting(run_id)] == [waits.invoice_row]
        ledger.finish_run(run_id, state="done", exit_code=0, balance={})
    assert [i.nights for i in ledger.invoices()] == [1, 2, 3]
    assert {i.state for i in ledger.invoices()} == {InvoiceState.WAITING}


def test_a_waiting_invoice_is_taken_over_by_one_run_only(ledger: Ledger) -> None:
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(0, fate=Fate.WAITING), outcome(1)], [])
    ledger.finish_run(RUN, state="done", exit_code=0, balance={})
    start(ledger, "second")
    start(ledger, "third")
    (waits,) = ledger.waiting("second")
    ledger.take_over_waiting(waits.invoice_row, "second")
    assert ledger.waiting("third") == []
    with pytest.raises(IllegalTransitionError, match="second"):
        ledger.take_over_waiting(waits.invoice_row, "third")
    quarantined = next(ledger.invoices(states={"quarantined"}))
    with pytest.raises(IllegalTransitionError, match="does not wait"):
        ledger.take_over_waiting(quarantined.invoice_row, "third")


def test_findings_of_a_run_are_recorded_once_however_often_it_is_resumed(ledger: Ledger) -> None:
    start(ledger)
    orphan = Finding("XT-ORPHAN-01", Severity.ERROR, Location("extract.csv", 9), None, "x")
    ledger.add_findings(RUN, [orphan])
    ledger.add_findings(RUN, [orphan, replace(orphan, value="y")])
    assert [f.finding.value for f in ledger.findings(run_id=RUN)] == ["x", "y"]


def test_invoices_are_walked_through_in_pages_without_loss(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.ledger.invoices.PAGE", 3)
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(i) for i in range(8)], [])
    assert [i.position for i in ledger.invoices()] == list(range(8))
    assert [i.position for i in ledger.invoices(limit=4)] == [0, 1, 2, 3]
    assert len(list(ledger.invoices(limit=3))) == 3
    assert [i.position for i in ledger.invoices(number="F00005")] == [5]


def test_what_waits_in_a_held_run_is_nobody_elses_to_take(ledger: Ledger) -> None:
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(0, fate=Fate.WAITING)], [])
    ledger.finish_run(RUN, state="held", exit_code=4, balance={})
    start(ledger, "second")
    assert ledger.waiting("second") == []
    ledger.finish_run(RUN, state="released", exit_code=0, balance={})
    assert [record.number for record in ledger.waiting("second")] == ["F00000"]


def test_waiting_invoices_of_a_run_given_up_are_quarantined_and_its_guests_handed_back(
    ledger: Ledger,
) -> None:
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(0, fate=Fate.WAITING)], [])
    ledger.finish_run(RUN, state="done", exit_code=0, balance={})
    start(ledger, "second")
    [guest] = ledger.waiting("second")
    ledger.take_over_waiting(guest.invoice_row, "second")
    ledger.commit_chunk("second", [outcome(0, fate=Fate.WAITING)], [])
    own = ledger.left_waiting("second")
    ledger.give_up_waiting(own, reason="wrong extract", actor="A. Martin")
    assert ledger.hand_back_waiting("second", reason="wrong extract") == 1
    assert [i.state.value for i in ledger.invoices(run_id="second")] == ["quarantined"]
    assert ledger.events(invoice_row=own[0])[-1].actor == "A. Martin"
    assert [record.invoice_row for record in ledger.waiting("third")] == [guest.invoice_row]
    with pytest.raises(IllegalTransitionError):
        ledger.give_up_waiting(own, reason="again")


@pytest.mark.parametrize("wanted", ["in a flow", "unknown"])
def test_only_an_invoice_that_waits_can_be_given_up_waiting(ledger: Ledger, wanted: str) -> None:
    start(ledger)
    flow_id = send(ledger, 1)
    ledger.commit_chunk(RUN, [outcome(7, fate=Fate.WAITING)], [])
    [waits] = ledger.left_waiting(RUN)
    row = ledger.members(flow_id)[0].invoice_row if wanted == "in a flow" else 4711
    with pytest.raises(IllegalTransitionError):
        ledger.give_up_waiting([waits, row], reason="by mistake")
    assert sorted(i.state.value for i in ledger.invoices()) == ["deposited", "waiting"]
    assert "F00000" in ledger.known({"F00000"})


def test_a_spool_is_spent_once_the_run_that_took_it_over_is_done(ledger: Ledger) -> None:
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(i, fate=Fate.WAITING) for i in range(2)], [])
    ledger.finish_run(RUN, state="done", exit_code=0, balance={})
    start(ledger, "second")
    records = ledger.waiting("second")
    for record in records:
        ledger.take_over_waiting(record.invoice_row, "second")
    ledger.commit_chunk("second", [outcome(0), outcome(1, fate=Fate.WAITING)], [])
    assert ledger.spent_spools("second") == frozenset()  # it may be resumed, or given up
    ledger.finish_run("second", state="done", exit_code=0, balance={})
    assert ledger.spent_spools("second") == {records[0].spool}
