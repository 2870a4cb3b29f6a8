"""The balance as the report shows it."""

from __future__ import annotations

from decimal import Decimal

from transforms.balance import Balance, Place, Tally
from transforms.balance_sheet import BalanceSheet, Figures

EUROS = {("EUR", "380"): Decimal("120.00")}
BROKEN = BalanceSheet.of(Balance(Tally(2, EUROS), {Place.DEPOSITED: Tally(1)}), to_deposit=0)


def test_a_balance_sheet_names_all_places_and_sums_them() -> None:
    francs = {("CHF", "381"): Decimal("5.10")}
    balance = Balance(
        Tally(3, {**EUROS, **francs}, 1),
        {Place.DEPOSITED: Tally(1, EUROS), Place.QUARANTINED: Tally(2, francs, 1)},
        2,
    )
    sheet = BalanceSheet.of(balance, to_deposit=0)
    assert list(sheet.places) == list(Place)
    assert sheet.holds
    assert sheet.accounted == sheet.read
    assert sheet.kinds == (("CHF", "381"), ("EUR", "380"))
    assert sheet.places[Place.EXCLUDED] == Figures()
    assert sheet.read.total("CHF", "381") == Decimal("5.10")
    assert sheet.read.total("EUR", "381") is None
    assert sheet.orphan_rows == 2


def test_a_broken_balance_keeps_both_sides() -> None:
    assert not BROKEN.holds
    assert BROKEN.differences
    assert (BROKEN.read.count, BROKEN.accounted.count) == (2, 1)
