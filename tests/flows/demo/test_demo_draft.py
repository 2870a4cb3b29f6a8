"""Invoices of the demo as ERP cells: amounts and rows."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from flows.demo.draft import RATES, Draft, dated, rows

_QUANTITIES = st.decimals(Decimal("0.01"), Decimal(9999), places=2)
_PRICES = st.decimals(Decimal("0.0001"), Decimal(999), places=4)


def _draft() -> Draft:
    return Draft({"invoice_number": "0001"})


@given(st.lists(st.tuples(_QUANTITIES, _PRICES, st.sampled_from(sorted(RATES))), min_size=1))
def test_totals_follow_from_the_lines(lines: list[tuple[Decimal, Decimal, str]]) -> None:
    draft = _draft()
    for quantity, price, code in lines:
        draft.line("1", "x", str(quantity), "U", str(price), code)
    draft.settle()
    net = sum(Decimal(line["line_net_amount"]) for line in draft.lines)
    assert Decimal(draft.header["total_without_vat"]) == net
    gross = net + Decimal(draft.header["total_vat"])
    assert Decimal(draft.header["total_with_vat"]) == gross == Decimal(draft.header["amount_due"])


def test_allowance_and_charge_count_in_the_base_of_their_vat() -> None:
    draft = _draft()
    draft.line("1", "x", "10", "U", "10", "N20")
    draft.header |= {"allowance_1_amount": "20.00", "allowance_1_vat_code": "N20"}
    draft.header |= {"charge_1_amount": "10.00", "charge_1_vat_code": "R55"}
    draft.settle()
    assert draft.header["total_without_vat"] == "90.00"
    assert draft.header["total_vat"] == "16.55"


def test_a_paid_invoice_owes_nothing() -> None:
    draft = _draft()
    draft.line("1", "x", "1", "U", "10", "N20")
    draft.settle(paid=True)
    assert (draft.header["paid_amount"], draft.header["amount_due"]) == ("12.00", "0.00")


def test_a_due_date_is_so_many_days_later() -> None:
    header: dict[str, str] = {}
    dated(header, date(2026, 1, 30))
    assert header == {"invoice_date": "2026-01-30", "due_date": "2026-03-01"}


def test_the_header_stands_on_every_row_or_on_the_first_one() -> None:
    draft = _draft()
    draft.header["iban"] = "FR76"
    for _ in range(2):
        draft.line("1", "x", "1", "U", "10", "N20")
    columns = ("invoice_number", "iban", "line_number")
    assert rows(draft, columns, ";", repeat=True) == [b"0001;FR76;1", b"0001;FR76;2"]
    assert rows(draft, columns, ";", repeat=False) == [b"0001;FR76;1", b"0001;;2"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=30))
def test_a_cell_is_read_back_as_it_was(text: str) -> None:
    draft = _draft()
    draft.line("1", text, "1", "U", "10", "N20")
    [row] = rows(draft, ("invoice_number", "item_name"), ";", repeat=True)
    assert next(csv.reader(io.StringIO(row.decode()), delimiter=";")) == ["0001", text]


def test_a_harm_is_done_to_the_rows_written() -> None:
    draft = _draft()
    draft.line("1", "x", "1", "U", "10", "N20")
    draft.harm = lambda written: [row[:3] for row in written]
    assert rows(draft, ("invoice_number",), ";", repeat=True) == [b"000"]
    assert draft.copy().harm is draft.harm
