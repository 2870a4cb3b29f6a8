"""The values of a business term in an invoice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from config.terms import term
from transforms.invoice import (
    AllowanceCharge,
    Identifier,
    Invoice,
    InvoiceLine,
    Item,
    Note,
    Party,
    Price,
)
from transforms.term_values import values_of

INVOICE = Invoice(
    number="F1",
    issue_date=date(2026, 9, 14),
    buyer=Party(legal_id=Identifier("21999900000017", "1")),
    notes=(Note(text="a"), Note(text="b")),
    allowances=(
        AllowanceCharge(is_charge=False, amount=Decimal(1)),
        AllowanceCharge(is_charge=True, amount=Decimal("2.50")),
    ),
    lines=(
        InvoiceLine(net=Decimal("10.00"), item=Item(name="x", attributes=(("c", "red"),))),
        InvoiceLine(net=Decimal("20.00"), price=Price(net=Decimal(2))),
    ),
)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("BT-1", ["F1"]),
        ("BT-2", ["2026-09-14"]),
        ("BT-47", ["21999900000017"]),
        ("BT-22", ["a", "b"]),
        ("BT-92", ["1"]),
        ("BT-99", ["2.50"]),
        ("BT-131", ["10.00", "20.00"]),
        ("BT-146", ["2"]),
        ("BT-153", ["x"]),
        ("BT-160", ["c"]),
        ("BT-161", ["red"]),
        ("BT-12", []),
        ("CF-CUSTOMER", []),
    ],
)
def test_every_value_of_a_term_is_found_where_it_lives(key: str, expected: list[str]) -> None:
    assert list(values_of(INVOICE, term(key))) == expected
