"""Amounts at the scale of their currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import pytest

from config.profile import Profile
from transforms.building import Reading
from transforms.currency_scale import as_meant, decimals_of
from transforms.invoice import AllowanceCharge, Invoice, InvoiceLine, Price, Totals, VatBreakdown

Rule = Literal["as_written", "two", "auto"]


def profile(rule: Rule) -> Profile:
    return Profile.model_validate(
        {"profile": "p", "header": {"BT-1": "no"}, "currency_decimals": rule}
    )


def invoice(currency: str, net: str, **totals: Any) -> Invoice:
    return Invoice(
        currency=currency,
        lines=(
            InvoiceLine(
                quantity=Decimal(3),
                net=Decimal(net),
                price=Price(net=Decimal("41.152")),
                allowances=(AllowanceCharge(is_charge=False, amount=Decimal("1.00")),),
            ),
        ),
        totals=Totals(**{name: Decimal(text) for name, text in totals.items()}),
        vat=(VatBreakdown(taxable=Decimal(net), tax=Decimal("12.35"), rate=Decimal(10)),),
    )


@pytest.mark.parametrize(
    ("rule", "currency", "net", "expected"),
    [
        ("as_written", "JPY", "123.45", "123.45"),
        ("two", "JPY", "123.45", "12345"),
        ("auto", "JPY", "123.45", "12345"),
        ("two", "EUR", "123.45", "123.45"),
        ("auto", "EUR", "123.45", "123.45"),
        # A currency with three decimals is stored with two as well: a tenth of what it shows.
        ("two", "TND", "12345.67", "1234.567"),
        ("two", "???", "123.45", "123.45"),
    ],
)
def test_stored_decimals_are_those_of_the_currency_or_two(
    rule: Rule, currency: str, net: str, expected: str
) -> None:
    reading = Reading()
    found = as_meant(invoice(currency, net, without_vat=net), profile(rule), reading)
    assert (found.lines[0].net, found.totals.without_vat) == (Decimal(expected), Decimal(expected))
    assert reading.findings == []


def test_prices_and_allowances_follow_and_quantities_and_rates_do_not() -> None:
    found = as_meant(invoice("JPY", "123.45"), profile("two"), Reading())
    (line,) = found.lines
    assert (line.quantity, line.price.net) == (Decimal(3), Decimal("4115.2"))
    assert line.allowances[0].amount == Decimal(100)
    assert (found.vat[0].tax, found.vat[0].rate) == (Decimal(1235), Decimal(10))


def test_yen_without_decimals_are_left_alone() -> None:
    plain = Invoice(currency="JPY", lines=(InvoiceLine(net=Decimal(12345)),))
    assert as_meant(plain, profile("auto"), Reading()) == plain


def test_yen_written_both_ways_in_one_invoice_are_told() -> None:
    reading = Reading("a.csv", 2)
    mixed = Invoice(
        currency="JPY",
        lines=(InvoiceLine(net=Decimal("123.45")), InvoiceLine(net=Decimal(12345))),
    )
    assert as_meant(mixed, profile("auto"), reading) == mixed
    assert [finding.rule for finding in reading.findings] == ["MP-SCALE-01"]


def test_the_vat_in_another_currency_is_not_shifted() -> None:
    found = as_meant(
        invoice("JPY", "123.45", vat="12.35", vat_accounting="0.08"), profile("two"), Reading()
    )
    assert (found.totals.vat, found.totals.vat_accounting) == (Decimal(1235), Decimal("0.08"))


@pytest.mark.parametrize(("rule", "told"), [("auto", ["MP-SCALE-02"]), ("two", [])])
def test_yen_of_a_workbook_are_never_taken_as_they_look(rule: Rule, told: list[str]) -> None:
    reading = Reading("VBRK.XLSX", 2)
    as_meant(invoice("JPY", "123"), profile(rule), reading)
    assert [finding.rule for finding in reading.findings] == told


@pytest.mark.parametrize(("code", "places"), [("EUR", 2), ("JPY", 0), ("TND", 3), ("XXQ", None)])
def test_decimals_come_from_iso_4217(code: str, places: int | None) -> None:
    assert decimals_of(code) == places
