"""Statuses as rows of the ledger, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.returns_settings import Returns
from flows.ledger import StatusRow
from flows.status_rows import flow_report, status_rows
from tests.support.return_desk import Desk, flow_id
from tests.support.return_files import document, flow_status, invoice_status
from transforms.returns import parse_return
from transforms.statuses import ReturnFlow

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def read(*statuses: str) -> ReturnFlow:
    content = parse_return(document(*statuses), name="x", zone=PARIS, limits=Returns())
    (flow,) = content.flows
    return flow


def row_of(desk: Desk, status: str) -> StatusRow:
    (row,) = status_rows(desk.ledger, read(status))
    return row


@pytest.mark.parametrize(
    "status",
    [
        flow_status("90"),
        flow_status("96", lines=["a", "b"]),
        flow_status("96", lines=["a"], announced="7"),
        flow_status("93", flow_id=f"FSO1106A_ABC123_{flow_id(102)}.xml", lines=["a"]),
        flow_status("XX", at="hier"),
        flow_status("90", at="2026-10-25T02:30:00"),
    ],
)
def test_a_flow_status_comes_back_from_the_ledger_as_it_was_read(desk: Desk, status: str) -> None:
    desk.deposit("FA-0001", "FA-0002")
    row = row_of(desk, status)
    key = desk.ledger.record_return(name="n", sha256="s", size=1, kept_as="k", kind="flow")
    desk.ledger.add_statuses(key, [row])
    (record,) = desk.ledger.statuses(flow_id=flow_id(101))
    (was,) = read(status).flows
    now = flow_report(record, PARIS)
    assert (now.code, now.raw_code, now.stamp) == (was.code, was.raw_code, was.stamp)
    assert (now.errors, now.announced_errors) == (was.errors, was.announced_errors)
    assert now.flow_id == was.flow_id.removeprefix("FSO1106A_ABC123_").removesuffix(".xml")


@pytest.mark.parametrize(
    ("named", "flow", "member", "foreign"),
    [
        (flow_id(101), flow_id(101), None, False),
        (flow_id(102), flow_id(101), flow_id(102), False),
        (f"FSO1106A_ABC123_{flow_id(101)}", flow_id(101), None, False),
        (flow_id(103), flow_id(103), None, True),
        ("1000000000", "1000000000", None, True),
        ("", None, None, True),
    ],
)
def test_a_flow_status_finds_its_flow_or_its_member(
    desk: Desk, named: str, flow: str | None, member: str | None, foreign: bool
) -> None:
    desk.deposit("FA-0001", "FA-0002")
    row = row_of(desk, flow_status(flow_id=named))
    assert (row.flow_id, row.member_id, row.foreign) == (flow, member, foreign)


def test_an_invoice_status_finds_its_invoice_and_the_flow_that_carried_it(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    (invoice,) = desk.ledger.invoices(number="FA-0001")
    row = row_of(desk, invoice_status("07"))
    assert (row.invoice_row, row.flow_id, row.foreign) == (invoice.invoice_row, flow, False)
    assert row.message == "vu"
    assert row.details[0]["buyer_name"] == "Commune"


@pytest.mark.parametrize(
    "status",
    [
        invoice_status(number="FA-0002"),
        invoice_status(number="fa-0001"),
        invoice_status(number=""),
        invoice_status(seller="12345678200051"),
        invoice_status(seller="732829320"),
        invoice_status(seller=""),
    ],
)
def test_an_invoice_status_that_fits_no_invoice_is_foreign(desk: Desk, status: str) -> None:
    desk.deposit("FA-0001")
    row = row_of(desk, status)
    assert (row.invoice_row, row.flow_id, row.foreign) == (None, None, True)


def test_two_sellers_may_use_one_number(desk: Desk) -> None:
    desk.deposit("FA-0001")
    other = desk.deposit("FA-0001", seller="12345678200051")
    assert row_of(desk, invoice_status(seller="12345678200051")).flow_id == other


def test_a_status_of_another_year_still_finds_the_only_invoice(desk: Desk) -> None:
    desk.deposit("FA-0001")
    assert not row_of(desk, invoice_status(issued="2025-12-31")).foreign
    assert not row_of(desk, invoice_status(issued="")).foreign
