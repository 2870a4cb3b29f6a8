"""EN 16931: sums (BR-CO-10 to BR-CO-17).

Source: EN 16931-1:2017; tolerance of BR-CO-17 and rounding as in the validation artefacts 1.3.16
(10/04/2026). ``transforms.totals`` writes sums that keep these rules; they stand here for invoices
that come from elsewhere, and as a proof for ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from schemas.en16931.lines import judged_groups
from schemas.en16931.rounding import ONE, ZERO, binary_cents, binary_sum, cents, whole
from schemas.registry import Family, Hit, RuleContext
from transforms.facts import BLANKS, TaxTotal
from transforms.invoice import Invoice

ARITHMETIC = Family("en16931.arithmetic")


@ARITHMETIC.check("BR-CO-10", "BR-CO-11", "BR-CO-12")
def sums_follow_from_details(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """BT-106, BT-107 and BT-108 are the sums of their details."""
    if not _has_totals(context):
        return
    totals = invoice.totals
    nets = [line.net for line in invoice.lines if line.net is not None]
    lines = cents(binary_sum(nets)) if _is_binary(context) else cents(sum(nets, ZERO))
    yield from _compare("BR-CO-10", "BT-106", totals.lines, lines)
    for rule, bt, total, is_charge in (
        ("BR-CO-11", "BT-107", totals.allowances, False),
        ("BR-CO-12", "BT-108", totals.charges, True),
    ):
        amounts = _amounts(invoice, context, is_charge=is_charge)
        if total is None and not amounts and not context.facts.has(bt):
            continue
        yield from _compare(rule, bt, total, _in_cents(amounts, context))


@ARITHMETIC.check("BR-CO-13")
def total_without_vat_agrees(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Lines, less allowances, plus charges."""
    if not _has_totals(context):
        return
    totals, has = invoice.totals, context.facts.has
    expected = totals.lines
    for sign, bt, value in ((-1, "BT-107", totals.allowances), (1, "BT-108", totals.charges)):
        if value is None and has(bt):
            expected = None
        elif value is not None and expected is not None:
            expected += sign * value
    plain = totals.allowances is None and totals.charges is None
    if expected is not None and not (plain and context.syntax == "ubl"):
        # In UBL a total without allowances and charges is compared as it is.
        expected = cents(expected)
    yield from _compare("BR-CO-13", "BT-109", totals.without_vat, expected)


@ARITHMETIC.check("BR-CO-15")
def total_with_vat_agrees(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Total without VAT, plus the one total of VAT in the currency of the invoice."""
    currency, totals = invoice.currency, invoice.totals
    if currency is None and not context.facts.has("BT-5"):
        return
    written = context.facts.written("BT-5", currency)
    taxes = [one for one in tax_totals(invoice, context) if one.currency == written]
    base, given = totals.without_vat, totals.with_vat
    expected = None
    if len(taxes) == 1 and taxes[0].amount is not None and base is not None:
        expected = cents(base + taxes[0].amount)
    if expected is not None and given == expected:
        return
    if context.syntax == "cii" and given is not None and given == base:
        return  # the artefact for CII lets an invoice pass whose two totals are the same
    yield from _compare("BR-CO-15", "BT-112", given, expected)


@ARITHMETIC.check("BR-CO-16")
def amount_due_agrees(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Total with VAT, less what is paid, plus the rounding."""
    if not _has_totals(context):
        return
    totals, has = invoice.totals, context.facts.has
    paid, rounding, due = totals.paid, totals.rounding, totals.due
    expected = totals.with_vat
    if (paid is None and has("BT-113")) or (rounding is None and has("BT-114")):
        expected = None
    if expected is None or due is None:
        yield from _compare("BR-CO-16", "BT-115", due, None)
        return
    if context.syntax == "cii" or (paid is None and rounding is None):
        expected += (rounding or ZERO) - (paid or ZERO)
        yield from _compare("BR-CO-16", "BT-115", due, expected)
        return
    # In UBL both sides are rounded, the rounding being taken off the amount due.
    left = due if rounding is None else cents(due - rounding)
    right = expected if paid is None else cents(expected - paid)
    if left != right:
        yield _hit("BR-CO-16", "BT-115", due, right + (rounding or ZERO))


@ARITHMETIC.check("BR-CO-14")
def vat_is_the_sum_of_its_groups(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """BT-110 is the sum of the groups."""
    told = bool(invoice.currency) or context.facts.has("BT-5")
    for total in tax_totals(invoice, context):
        if context.syntax == "ubl":
            if not total.groups:
                continue
        elif not told or total.currency != context.facts.written("BT-5", invoice.currency):
            continue
        taxes = [invoice.vat[rank].tax for rank in total.groups]
        yield from _compare("BR-CO-14", "BT-110", total.amount, _in_cents(taxes, context))


@ARITHMETIC.check("BR-CO-17")
def tax_follows_from_its_base(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """The VAT of a group follows from its base and rate, within one unit."""
    for group, facts, at, line, rank in judged_groups(invoice, context):
        foreign = ("BT-118", at) in facts.foreign and not facts.has("BT-118-VAT", at)
        rate = None if foreign else group.rate
        tax, base = group.tax, group.taxable
        if tax is None:
            yield Hit("BR-CO-17", "BT-117", line=line, rank=rank)
            continue
        if rate is None or whole(rate) == 0:
            if whole(tax) != 0:
                yield _hit("BR-CO-17", "BT-117", tax, ZERO, line, rank)
            continue
        expected = None if base is None else cents(abs(base) * rate / 100)
        if expected is None or not is_near(abs(tax), expected, inclusive=context.syntax == "cii"):
            yield _hit("BR-CO-17", "BT-117", tax, expected or ZERO, line, rank)


def is_near(value: Decimal, expected: Decimal, *, inclusive: bool = False) -> bool:
    """Whether two amounts differ by less than one unit, or by one at most when ``inclusive``."""
    gap = abs(value - expected)
    return gap < ONE or (inclusive and gap == ONE)


def tax_totals(invoice: Invoice, context: RuleContext) -> tuple[TaxTotal, ...]:
    """Return the totals of VAT: those of the XML that was read, else those that are written."""
    if context.facts.from_xml:
        return context.facts.tax_totals
    totals = invoice.totals
    groups = tuple(range(len(invoice.vat)))
    found = []
    if totals.vat is not None:
        found.append(TaxTotal(invoice.currency, totals.vat, groups))
    elif groups and context.syntax == "ubl":
        found.append(TaxTotal(None, None, groups))  # UBL has the groups inside the total
    if totals.vat_accounting is not None:
        found.append(TaxTotal(invoice.vat_currency, totals.vat_accounting))
    return tuple(found)


def _has_totals(context: RuleContext) -> bool:
    return not context.facts.from_xml or context.facts.has("BG-22")


def _is_binary(context: RuleContext) -> bool:
    """Whether a sum is the artefact's own, in binary: that of a CII that was read."""
    return context.syntax == "cii" and context.facts.from_xml


def _in_cents(amounts: Iterable[Decimal | None], context: RuleContext) -> Decimal:
    told = [amount for amount in amounts if amount is not None]
    return binary_cents(told) if _is_binary(context) else cents(sum(told, ZERO))


def _amounts(invoice: Invoice, context: RuleContext, *, is_charge: bool) -> list[Decimal | None]:
    """Return the amounts of the allowances, or of the charges, whose indicator says so."""
    group = "BG-21" if is_charge else "BG-20"
    said = context.facts.indicators
    return [
        item.amount
        for rank, item in enumerate(invoice.allowances)
        if item.is_charge is is_charge and (not said or said.get((group, rank), "0").strip(BLANKS))
    ]


def _compare(rule: str, bt: str, given: Decimal | None, expected: Decimal | None) -> Iterator[Hit]:
    if given is None:
        yield Hit(rule, bt, params=_told(expected))
    elif expected is None:
        yield Hit(rule, bt, f"{given:f}")
    elif given != expected:
        yield _hit(rule, bt, given, expected)


def _told(expected: Decimal | None) -> dict[str, str]:
    return {} if expected is None else {"computed": f"{expected:f}"}


def _hit(
    rule: str,
    bt: str,
    given: Decimal,
    expected: Decimal,
    line: int | None = None,
    rank: int | None = None,
) -> Hit:
    params = {"computed": f"{expected:f}", "difference": f"{given - expected:f}"}
    return Hit(rule, bt, f"{given:f}", params=params, line=line, rank=rank)
