"""Amounts of currencies without cents, or with three decimals, as an ERP stores them.

SAP keeps every amount with two decimals whatever the currency: 12,345 yen stand as ``123.45`` in a
table dump (TCURX; SAP community, Open Hub notes), and only its own screens shift them back.
Decimals of a currency: ISO 4217.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from decimal import Decimal
from functools import cache

from iso4217 import Currency

from config.profile import Profile
from transforms.building import Reading
from transforms.invoice import AllowanceCharge, Invoice, InvoiceLine, Totals

_STORED = 2
#: The totals in the currency of the invoice (BT-5); BT-111 is in another one (BT-6).
_TOTALS = tuple(item.name for item in fields(Totals) if item.name != "vat_accounting")


def as_meant(invoice: Invoice, profile: Profile, reading: Reading) -> Invoice:
    """Return the invoice with its amounts at the scale of its currency, as the profile says.

    With ``auto``, amounts that all show two decimals in a currency that has none are shifted,
    amounts without decimals are not; both in one invoice are MP-SCALE-01, a workbook MP-SCALE-02.
    """
    rule = profile.currency_decimals
    places = decimals_of(invoice.currency or "")
    if rule == "as_written" or places is None or places == _STORED:
        return invoice
    shift = Decimal(10) ** (_STORED - places)
    if rule == "auto":
        if profile.format.kind == "xlsx" or reading.file.lower().endswith(".xlsx"):
            # A workbook holds 12300.00 as 12300: the decimals that would tell are gone.
            params = {"currency": invoice.currency or ""}
            reading.report("MP-SCALE-02", bt="BT-5", value=invoice.currency, params=params)
            return invoice
        written = {-int(amount.as_tuple().exponent) for amount in _amounts(invoice) if amount}
        if written <= {places}:
            return invoice
        if written != {_STORED}:
            told = ", ".join(str(number) for number in sorted(written))
            params = {"currency": invoice.currency or "", "written": told}
            reading.report("MP-SCALE-01", bt="BT-5", value=invoice.currency, params=params)
            return invoice
    return _each(invoice, lambda amount: _shifted(amount, shift))


@cache
def decimals_of(currency: str) -> int | None:
    """Return the decimals of a currency (ISO 4217), or None when it is not known."""
    try:
        return Currency(currency).exponent
    except ValueError:
        return None


def _shifted(amount: Decimal | None, shift: Decimal) -> Decimal | None:
    if amount is None:
        return None
    moved = amount * shift
    whole = moved.to_integral_value()
    return whole if moved == whole else moved.normalize()


def _amounts(invoice: Invoice) -> Iterator[Decimal]:
    """Yield the amounts that an ERP writes with the decimals of its currency: no prices."""
    totals = (getattr(invoice.totals, name) for name in _TOTALS)
    lines = (line.net for line in invoice.lines)
    groups = (amount for group in invoice.vat for amount in (group.taxable, group.tax))
    for amount in (*totals, *lines, *groups):
        if amount is not None:
            yield amount


def _each(invoice: Invoice, change: Callable[[Decimal | None], Decimal | None]) -> Invoice:
    def allowance(item: AllowanceCharge) -> AllowanceCharge:
        return replace(item, amount=change(item.amount), base=change(item.base))

    def line(item: InvoiceLine) -> InvoiceLine:
        price = item.price
        return replace(
            item,
            net=change(item.net),
            allowances=tuple(map(allowance, item.allowances)),
            price=replace(
                price,
                net=change(price.net),
                gross=change(price.gross),
                discount=change(price.discount),
            ),
        )

    return replace(
        invoice,
        totals=replace(
            invoice.totals, **{name: change(getattr(invoice.totals, name)) for name in _TOTALS}
        ),
        vat=tuple(
            replace(group, taxable=change(group.taxable), tax=change(group.tax))
            for group in invoice.vat
        ),
        allowances=tuple(map(allowance, invoice.allowances)),
        lines=tuple(map(line, invoice.lines)),
    )
