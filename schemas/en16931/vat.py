"""EN 16931: the VAT families (BR-S, Z, E, AE, IC, G, O, AF, AG) and the split payment (BR-B).

The ten rules of a family say the same of another category; what differs is a row of
``vat_families``. Source: EN 16931-1:2017; validation artefacts 1.3.16 (10/04/2026).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from schemas.en16931.arithmetic import is_near
from schemas.en16931.rounding import ZERO, cents, is_near_in_binary, whole
from schemas.en16931.vat_families import FAMILY_NAMES, VAT_FAMILIES, SyntaxSide, VatFamily
from schemas.en16931.vat_special import is_vat, nothing_else, split_payment, supply_is_told
from schemas.en16931.vat_uses import (
    ALLOWANCE,
    CHARGE,
    ELSEWHERE,
    LINE,
    UNTOLD,
    Use,
    counted_once,
    groups_of,
    registrations_of,
    uses_of,
)
from schemas.registry import Family, Hit, RuleContext
from transforms.facts import Registrations
from transforms.invoice import Invoice

VAT = Family("en16931.vat")


@VAT.check(
    *(f"BR-{name}-{number:02d}" for name in FAMILY_NAMES for number in range(1, 11)),
    *("BR-IC-11", "BR-IC-12", "BR-O-11", "BR-O-12", "BR-O-13", "BR-O-14", "BR-B-01", "BR-B-02"),
)
def categories_are_coherent(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Groups, rates, amounts, reasons and VAT numbers of each category in use."""
    uses, groups = uses_of(invoice, context), groups_of(invoice, context)
    for category in dict.fromkeys((*uses, *groups)):
        family = VAT_FAMILIES.get(category)
        if family is None:
            continue
        used, grouped = uses.get(category, []), groups.get(category, [])
        side = family.side(context.syntax)
        if not _groups_fit(family, side, used, grouped, context):
            yield Hit(f"BR-{family.name}-01", "BT-118", category)
        yield from _numbers_are_told(family, invoice, used, context)
        yield from _rates_fit(family, side, used)
        for rank in grouped:
            if side.any_scheme or is_vat(rank, context):
                yield from _group_is_right(family, side, invoice, uses, rank, context)
    if "K" in groups:
        yield from supply_is_told(invoice, groups["K"], context)
    if "O" in groups:
        yield from nothing_else(uses, groups, context)
    if "B" in uses or "B" in groups:
        yield from split_payment(invoice, uses, groups, context)


def _groups_fit(
    family: VatFamily,
    side: SyntaxSide,
    used: list[Use],
    grouped: list[int],
    context: RuleContext,
) -> bool:
    """Whether the number of groups fits the uses (rule 01 of the family)."""
    if context.syntax == "cii" or side.group != "exactly_one":
        used = [use for use in used if use.kind != ELSEWHERE]
    if not used and not grouped:
        return True
    if context.syntax == "cii":
        lines = sum(use.kind == LINE for use in used)
        allowances = len(used) - lines
        count = len(grouped)
        if side.group == "counted":
            return (not lines or lines + count >= 2) and (not allowances or allowances + count >= 2)
        if family.name == "O" and not count:
            return True
        return count == 1 and bool(used)
    by_vat = [rank for rank in grouped if is_vat(rank, context)]
    if side.group == "exactly_one":
        seen = by_vat or any(use.vat for use in used)
        return len(by_vat) == 1 or not seen
    if family.name == "S":
        return bool(used) == bool(grouped)
    if any(use.vat for use in used):
        # The artefact compares the category of the group as written, and for IGIC whatever its
        # tax scheme.
        backing = grouped if family.name == "AF" else by_vat
        return any(("BT-118", rank) not in context.facts.texts for rank in backing)
    return not by_vat


def _numbers_are_told(
    family: VatFamily, invoice: Invoice, used: list[Use], context: RuleContext
) -> Iterator[Hit]:
    """Rules 02 to 04 of the family."""
    missing = _missing_number(family, registrations_of(invoice, context))
    ubl = context.syntax == "ubl"
    for kind in (LINE, ALLOWANCE, CHARGE):
        asking = [use for use in used if use.kind == kind]
        if not asking:
            continue
        by_vat = any(use.vat for use in asking)
        if ubl and kind == CHARGE and family.name == "AF":
            # The artefact lets pass a charge whose category has blanks around it.
            by_vat = any(use.vat and use.exact for use in asking)
        if ubl and kind != LINE and family.name == "O":
            by_vat = any(use.vat and use.of_document for use in asking)
        wrong = missing if by_vat else None
        if ubl and kind == LINE and family.name == "S" and not by_vat:
            wrong = "BT-31"  # the artefact wants a line under VAT, whatever the seller has
        if wrong:
            value = invoice.seller.vat_id if family.name == "O" else None
            yield Hit(f"BR-{family.name}-{2 + kind:02d}", wrong, value)


def _missing_number(family: VatFamily, told: Registrations) -> str | None:
    """Return the term that is wrong with the identifiers of the parties, if one is."""
    seller_vat = told.seller_vat or told.representative_vat
    if family.numbers == "none":
        return "BT-31" if seller_vat else "BT-48" if told.buyer_vat else None
    if family.numbers in ("vat", "vat_and_buyer"):
        if not seller_vat:
            return "BT-31"
        return "BT-48" if family.numbers == "vat_and_buyer" and not told.buyer_vat else None
    if not (told.seller_any or told.representative_vat):
        return "BT-31"
    if family.numbers == "any_and_buyer" and not (told.buyer_vat or told.buyer_legal):
        return "BT-48"
    return None


def _rates_fit(family: VatFamily, side: SyntaxSide, used: list[Use]) -> Iterator[Hit]:
    """Rules 05 to 07 of the family."""
    for use in used:
        if not use.vat or not use.judged or use.kind in (UNTOLD, ELSEWHERE):
            continue
        rate = use.rate
        if side.rate == "none":
            right = not use.rated
        elif rate is None:
            right = False
        elif side.rate == "zero":
            right = rate == 0
        else:
            right = rate > 0 or (side.rate == "any" and rate == 0)
        if not right:
            value = None if rate is None else f"{rate:f}"
            yield Hit(
                f"BR-{family.name}-{5 + use.kind:02d}", use.rate_bt, value, use.line, rank=use.rank
            )


def _group_is_right(
    family: VatFamily,
    side: SyntaxSide,
    invoice: Invoice,
    uses: dict[str, list[Use]],
    rank: int,
    context: RuleContext,
) -> Iterator[Hit]:
    """Rules 08 to 10 of the family."""
    group = invoice.vat[rank]
    base = _base(family, side, invoice, uses, rank, context)
    if base is not None:
        yield _wrong(f"BR-{family.name}-08", "BT-116", group.taxable, base, rank)
    if side.tax == "zero" and group.tax != ZERO:
        yield _wrong(f"BR-{family.name}-09", "BT-117", group.tax, ZERO, rank)
    elif side.tax == "computed":
        expected = None
        if group.taxable is not None and group.rate is not None:
            product = abs(group.taxable) * group.rate
            # The artefact for CII takes the rate as it is, and rounds before it divides.
            expected = whole(product) / 100 if context.syntax == "cii" else cents(product / 100)
        if group.tax is None or expected is None or not is_near(abs(group.tax), expected):
            yield _wrong(f"BR-{family.name}-09", "BT-117", group.tax, expected, rank)
    has = context.facts.has
    reason = group.reason or group.reason_code
    told = bool(reason) or has("BT-120", rank) or has("BT-121", rank)
    if told != (family.reason == "required"):
        yield Hit(f"BR-{family.name}-10", "BT-120", reason, rank=rank)


def _base(
    family: VatFamily,
    side: SyntaxSide,
    invoice: Invoice,
    uses: dict[str, list[Use]],
    rank: int,
    context: RuleContext,
) -> Decimal | None:
    """Return what BT-116 should be, when it is not (rule 08 of the family)."""
    group = invoice.vat[rank]
    given, rate = group.taxable, group.rate
    by_rate = side.base in ("near_by_rate", "exact_by_rate")
    if side.base == "untested" or (by_rate and rate is None):
        return None
    asked = rate if by_rate else None
    if context.facts.extra_taxes:
        counted = counted_once(uses, family.category, asked)
    else:
        counted = [use for use in uses.get(family.category, ()) if not by_rate or use.rate == rate]
    sums = [ZERO, ZERO, ZERO, ZERO, ZERO]
    for use in counted:
        if use.of_document:
            sums[use.kind] += use.amount
    if context.syntax == "cii":
        sums = [cents(sums[LINE]), -cents(-sums[ALLOWANCE]), cents(sums[CHARGE])]
    expected = sum(sums, ZERO)
    if given is None:
        return expected
    # The artefact for UBL takes its one unit off, or adds it, in binary.
    binary = by_rate and context.syntax == "ubl" and context.facts.from_xml
    near = is_near_in_binary if binary else is_near
    right = given == expected if side.base in ("exact", "exact_by_rate") else near(given, expected)
    if context.syntax == "ubl":
        right = right and _is_backed(invoice, counted, by_rate=by_rate, side=side)
        if not right and by_rate and side.rate == "positive":
            # The artefact tries the lines of the other root as well: there are none.
            allowances = any(use.kind != LINE for use in counted)
            right = allowances and near(given, sums[ALLOWANCE] + sums[CHARGE])
    return None if right else expected


def _is_backed(invoice: Invoice, counted: list[Use], *, by_rate: bool, side: SyntaxSide) -> bool:
    """Whether there is a line (for the standard rate: any use of that rate) behind a group."""
    if by_rate and side.rate == "positive":
        return bool(counted)
    return bool(invoice.lines)


def _wrong(rule: str, bt: str, given: Decimal | None, expected: Decimal | None, rank: int) -> Hit:
    params = {}
    if expected is not None:
        params["computed"] = f"{expected:f}"
        if given is not None:
            params["difference"] = f"{given - expected:f}"
    return Hit(rule, bt, None if given is None else f"{given:f}", params=params, rank=rank)
