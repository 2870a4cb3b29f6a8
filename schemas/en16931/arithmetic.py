"""EN 16931: sums (BR-CO-10 to BR-CO-17).

Source: EN 16931-1:2017; tolerance of BR-CO-17 as in the validation artefacts 1.3.16 (10/04/2026):
less than one unit, the others exact. ``transforms.totals`` writes sums that keep these rules; they
stand here for invoices that come from elsewhere, and as a proof for ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Invoice
from transforms.vat_groups import VAT_ROOM

ARITHMETIC = Family("en16931.arithmetic")

_ZERO = Decimal(0)
_CENT = Decimal("0.01")


@ARITHMETIC.check("BR-CO-10", "BR-CO-11", "BR-CO-12")
def sums_follow_from_details(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-106, BT-107 and BT-108 are the sums of their details."""
    totals = invoice.totals
    if totals.lines is not None:
        nets = sum((line.net for line in invoice.lines if line.net is not None), _ZERO)
        yield from _compare("BR-CO-10", "BT-106", totals.lines, nets)
    allowances = charges = _ZERO
    for item in invoice.allowances:
        if item.is_charge:
            charges += item.amount or _ZERO
        else:
            allowances += item.amount or _ZERO
    yield from _compare("BR-CO-11", "BT-107", totals.allowances or _ZERO, allowances)
    yield from _compare("BR-CO-12", "BT-108", totals.charges or _ZERO, charges)


@ARITHMETIC.check("BR-CO-13", "BR-CO-15", "BR-CO-16")
def totals_agree(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Total without VAT, total with VAT, amount due."""
    totals = invoice.totals
    lines, without_vat, with_vat = totals.lines, totals.without_vat, totals.with_vat
    if lines is not None and without_vat is not None:
        expected = lines - (totals.allowances or _ZERO) + (totals.charges or _ZERO)
        yield from _compare("BR-CO-13", "BT-109", without_vat, expected)
    if without_vat is not None and with_vat is not None:
        expected = without_vat + (totals.vat or _ZERO)
        yield from _compare("BR-CO-15", "BT-112", with_vat, expected)
    if with_vat is not None and totals.due is not None:
        expected = with_vat - (totals.paid or _ZERO) + (totals.rounding or _ZERO)
        yield from _compare("BR-CO-16", "BT-115", totals.due, expected)


@ARITHMETIC.check("BR-CO-14", "BR-CO-17")
def vat_agrees(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-110 is the sum of the groups; the VAT of a group follows from its base and rate."""
    sum_of_groups = _ZERO
    for group in invoice.vat:
        if group.tax is None or group.taxable is None:
            return
        sum_of_groups += group.tax
        expected = (group.taxable * (group.rate or _ZERO) / 100).quantize(_CENT, ROUND_HALF_UP)
        if abs(group.tax - expected) >= VAT_ROOM:
            yield _hit("BR-CO-17", "BT-117", group.tax, expected)
    if invoice.totals.vat is not None:
        yield from _compare("BR-CO-14", "BT-110", invoice.totals.vat, sum_of_groups)


def _compare(rule: str, bt: str, given: Decimal, expected: Decimal) -> Iterator[Hit]:
    if given != expected:
        yield _hit(rule, bt, given, expected)


def _hit(rule: str, bt: str, given: Decimal, expected: Decimal) -> Hit:
    params = {"computed": f"{expected:f}", "difference": f"{given - expected:f}"}
    return Hit(rule, bt, f"{given:f}", params=params)
