"""Return files and statuses."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest

from flows.errors import IllegalTransitionError
from flows.ledger import Ledger, ReturnState, StatusRow
from tests.support.ledger_nights import send, start

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def record(ledger: Ledger, sha256: str) -> int:
    return ledger.record_return(
        name=f"CSO_{sha256}", sha256=sha256, size=9, kept_as=f"2026-03/{sha256}", kind="statuses"
    )


def test_a_return_file_is_recorded_once_by_its_content(ledger: Ledger) -> None:
    assert not ledger.return_seen("aa")
    key = record(ledger, "aa")
    assert record(ledger, "aa") == key
    assert ledger.return_seen("aa")
    assert [r.return_id for r in ledger.returns(states={"fetched"})] == [key]
    ledger.move_return(key, "reconciled")
    ledger.move_return(key, "reconciled")
    assert ledger.returns(states={"fetched"}) == []
    with pytest.raises(IllegalTransitionError):
        ledger.move_return(key, "fetched")


def test_what_is_not_understood_may_be_understood_by_a_later_release(ledger: Ledger) -> None:
    key = record(ledger, "aa")
    ledger.move_return(key, "not_understood", reason="no XML")
    (kept,) = ledger.returns()
    assert (kept.state, kept.reason) == (ReturnState.NOT_UNDERSTOOD, "no XML")
    ledger.move_return(key, "reconciled", kind="life_cycle")
    assert ledger.returns()[0].kind == "life_cycle"


def test_statuses_come_back_as_they_were_given_and_once(ledger: Ledger) -> None:
    start(ledger)
    flow_id = send(ledger, 1)
    key = record(ledger, "aa")
    rows = [
        StatusRow(
            kind="flow",
            code="93",
            label="Erreur réception",
            at=NOON,
            at_text="2026-03-03T13:00:00+01:00",
            flow_id=flow_id,
            message="refusé",
            details=({"LibelleErreur": "SIRET é"},),
        ),
        StatusRow(kind="invoice", code="7", number="X1", seller_id="1", foreign=True),
    ]
    ledger.add_statuses(key, rows)
    ledger.add_statuses(key, rows)
    assert [s.status for s in ledger.statuses(return_id=key)] == rows
    assert [s.rank for s in ledger.statuses(foreign=True)] == [1]
    assert [s.rank for s in ledger.statuses(flow_id=flow_id)] == [0]
    assert len(ledger.statuses(number="X1")) == 1


def test_the_latest_status_by_its_own_time_wins_in_any_order_of_arrival(ledger: Ledger) -> None:
    start(ledger)
    paris = timezone(timedelta(hours=1))
    given = [
        ("01", NOON),
        ("03", (NOON + timedelta(minutes=30)).astimezone(paris)),
        ("11", NOON + timedelta(hours=2)),
        ("99", None),
    ]
    orders = list(itertools.permutations(given))
    flow_id = send(ledger, len(orders), until="integrated")
    for member, order in zip(ledger.members(flow_id), orders, strict=True):
        for code, at in order:
            key = record(ledger, f"{member.member_id}-{code}")
            row = StatusRow(kind="invoice", code=code, at=at, invoice_row=member.invoice_row)
            ledger.add_statuses(key, [row])
    assert {(i.life_status, i.life_at) for i in ledger.invoices()} == {
        ("11", NOON + timedelta(hours=2))
    }


def test_of_equal_times_the_status_that_arrived_last_wins(ledger: Ledger) -> None:
    start(ledger)
    flow_id = send(ledger, 2, until="integrated")
    one, two = (m.invoice_row for m in ledger.members(flow_id))
    same_file = [
        StatusRow(kind="invoice", code=code, label=f"état {code}", at=NOON, invoice_row=one)
        for code in ("06", "12")
    ]
    ledger.add_statuses(record(ledger, "aa"), same_file)
    for code in ("12", "06"):
        row = StatusRow(kind="invoice", code=code, at=NOON, invoice_row=two)
        ledger.add_statuses(record(ledger, f"bb{code}"), [row])
    assert [(i.life_status, i.life_label) for i in ledger.invoices()] == [
        ("12", "état 12"),
        ("06", ""),
    ]


def test_a_flow_status_does_not_touch_the_life_cycle(ledger: Ledger) -> None:
    start(ledger)
    row = ledger.members(send(ledger, 1))[0].invoice_row
    ledger.add_statuses(
        record(ledger, "aa"), [StatusRow(kind="flow", code="96", at=NOON, invoice_row=row)]
    )
    found = ledger.invoice(row)
    assert found is not None
    assert found.life_status is None


def test_a_time_without_zone_is_refused(ledger: Ledger) -> None:
    key = record(ledger, "aa")
    naive = StatusRow(kind="flow", code="90", at=NOON.replace(tzinfo=None))
    with pytest.raises(Exception, match="needs a zone"):
        ledger.add_statuses(key, [naive])
    assert ledger.statuses() == []


def test_invoices_are_found_by_many_numbers_at_once(ledger: Ledger) -> None:
    start(ledger)
    send(ledger, 1200)
    found = ledger.invoices_by_number([f"F{i:05d}" for i in range(1500)], states={"deposited"})
    assert len(found) == 1200
    assert ledger.invoices_by_number(["F00001"], states={"rejected"}) == {}
