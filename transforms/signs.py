"""Bring credit notes to Chorus Pro's sign: type 381 with positive amounts.

Source: AIFE, samples FSO1116A P92 to P97 (2018): amounts of a credit note are positive. Some ERPs
(Oracle, Dynamics) write them negative; the profile says which.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from transforms.invoice import AllowanceCharge, Invoice, InvoiceLine, Totals, VatBreakdown


def negated(invoice: Invoice, *, totals: bool = True, lines: bool = True) -> Invoice:
    """Return the invoice with the amounts of its document, of its lines, or all turned.

    Of quantity and price exactly one changes its sign, so that their product does: the price when
    it is negative (EN 16931 BR-27 wants it positive), else the quantity.
    """
    if totals:
        invoice = replace(
            invoice,
            totals=_totals(invoice.totals),
            vat=tuple(map(_group, invoice.vat)),
            allowances=tuple(map(_allowance, invoice.allowances)),
        )
    return replace(invoice, lines=tuple(map(_line, invoice.lines))) if lines else invoice


def _totals(totals: Totals) -> Totals:
    return Totals(
        lines=_minus(totals.lines),
        allowances=_minus(totals.allowances),
        charges=_minus(totals.charges),
        without_vat=_minus(totals.without_vat),
        vat=_minus(totals.vat),
        vat_accounting=_minus(totals.vat_accounting),
        with_vat=_minus(totals.with_vat),
        paid=_minus(totals.paid),
        rounding=_minus(totals.rounding),
        due=_minus(totals.due),
    )


def _minus(value: Decimal | None) -> Decimal | None:
    return -value if value is not None else None


def _group(group: VatBreakdown) -> VatBreakdown:
    return replace(group, taxable=_minus(group.taxable), tax=_minus(group.tax))


def _allowance(item: AllowanceCharge) -> AllowanceCharge:
    return replace(item, amount=_minus(item.amount), base=_minus(item.base))


def _line(line: InvoiceLine) -> InvoiceLine:
    price = line.price
    quantity = line.quantity
    if price.net is not None and price.net < 0:
        price = replace(
            price,
            net=-price.net,
            gross=_minus(price.gross),
            discount=_minus(price.discount),
        )
    else:
        quantity = _minus(quantity)
    return replace(
        line,
        quantity=quantity,
        net=_minus(line.net),
        price=price,
        allowances=tuple(map(_allowance, line.allowances)),
    )
