"""EN 16931: the VAT families (BR-S, Z, E, AE, IC, G, O), one check for all of them.

The ten rules of a family say the same of another category; what differs is a row of a table:
whether the rate is positive, zero or absent, whether an exemption reason is asked for or refused,
which VAT numbers must be there. Source: EN 16931-1:2017; validation artefacts 1.3.16 (10/04/2026).
IGIC and IPSI (BR-AF, BR-AG) are Spanish and refused by ``CP-CATEGORY-01``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from config.codes import load_codes
from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Invoice, VatBreakdown
from transforms.vat_groups import VAT_ROOM

VAT = Family("en16931.vat")

_ZERO = Decimal(0)
_CENT = Decimal("0.01")

#: Names of the families of rules, in the order of the norm.
FAMILY_NAMES = ("S", "Z", "E", "AE", "IC", "G", "O")


@dataclass(frozen=True, slots=True)
class VatFamily:
    """What one category asks for."""

    name: str  # in the rule ids: BR-<name>-01
    category: str  # UNTDID 5305
    rate: str  # positive, zero or none
    reason: str  # required or refused


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a category: on a line, an allowance or a charge."""

    rate: Decimal | None
    amount: Decimal
    bt: str  # of the category
    rate_bt: str
    offset: int  # 0 line, 1 allowance, 2 charge: as the rules are numbered
    line: int | None = None


@lru_cache(maxsize=1)
def vat_families() -> dict[str, VatFamily]:
    """Return the families by category."""
    return {
        code: VatFamily(
            str(entry.facts.get("family", code)),
            code,
            str(entry.facts["rate"]),
            str(entry.facts["reason"]),
        )
        for code, entry in load_codes("vat_categories").codes.items()
    }


@VAT.check(
    *(f"BR-{name}-{number:02d}" for name in FAMILY_NAMES for number in range(1, 11)),
    *("BR-IC-11", "BR-IC-12", "BR-O-11", "BR-O-12", "BR-O-13", "BR-O-14"),
)
def categories_are_coherent(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Groups, rates, amounts, reasons and VAT numbers of each category in use."""
    uses = _uses(invoice)
    groups: dict[str, list[VatBreakdown]] = {}
    for group in invoice.vat:
        if group.category:
            groups.setdefault(group.category, []).append(group)
    for category in dict.fromkeys((*uses, *groups)):
        family = vat_families().get(category)
        if family is None:
            continue
        used, grouped = uses.get(category, []), groups.get(category, [])
        yield from _groups_exist(family, used, grouped)
        yield from _numbers_are_told(family, invoice, used)
        yield from _rates_fit(family, used)
        for group in grouped:
            yield from _group_is_right(family, used, group)
    if "K" in groups:
        yield from _supply_is_told(invoice)
    if "O" in groups:
        yield from _nothing_else(uses, groups)


def _groups_exist(
    family: VatFamily, used: list[_Use], grouped: list[VatBreakdown]
) -> Iterator[Hit]:
    if family.rate == "positive":
        wanted = bool(grouped) or not used
    else:
        wanted = len(grouped) == 1 and bool(used)
    if not wanted:
        yield Hit(f"BR-{family.name}-01", "BT-118", family.category)


def _numbers_are_told(family: VatFamily, invoice: Invoice, used: list[_Use]) -> Iterator[Hit]:
    seller, buyer = invoice.seller, invoice.buyer
    representative = invoice.tax_representative
    seller_vat = seller.vat_id or (representative.vat_id if representative else None)
    if family.name == "O":
        right = not (seller_vat or buyer.vat_id)
        bt, value = "BT-31", seller_vat or buyer.vat_id
    elif family.name == "IC":
        right = bool(seller_vat and buyer.vat_id)
        bt, value = ("BT-48" if seller_vat else "BT-31"), None
    elif family.name == "G":
        right = bool(seller_vat)
        bt, value = "BT-31", None
    else:
        right = bool(seller_vat or seller.tax_registration)
        bt, value = "BT-31", None
        if right and family.name == "AE" and not buyer.vat_id and not buyer.legal_id:
            right, bt = False, "BT-48"
    if not right:
        for offset in sorted({use.offset for use in used}):
            yield Hit(f"BR-{family.name}-{2 + offset:02d}", bt, value)


def _rates_fit(family: VatFamily, used: list[_Use]) -> Iterator[Hit]:
    for use in used:
        rate = use.rate
        if family.rate == "none":
            right = rate is None
        elif rate is None:
            right = False
        else:
            right = rate > 0 if family.rate == "positive" else rate == 0
        if not right:
            value = None if rate is None else f"{rate:f}"
            yield Hit(f"BR-{family.name}-{5 + use.offset:02d}", use.rate_bt, value, use.line)


def _group_is_right(family: VatFamily, used: list[_Use], group: VatBreakdown) -> Iterator[Hit]:
    by_rate = family.rate == "positive"
    base = sum((use.amount for use in used if not by_rate or use.rate == group.rate), _ZERO)
    if group.taxable is not None and group.taxable != base:
        params = {"computed": f"{base:f}", "difference": f"{group.taxable - base:f}"}
        yield Hit(f"BR-{family.name}-08", "BT-116", f"{group.taxable:f}", params=params)
    if group.tax is not None:
        expected = _ZERO
        if by_rate and group.taxable is not None:
            expected = (group.taxable * (group.rate or _ZERO) / 100).quantize(_CENT, ROUND_HALF_UP)
        gap = group.tax - expected
        if (abs(gap) >= VAT_ROOM) if by_rate else gap:
            params = {"computed": f"{expected:f}", "difference": f"{gap:f}"}
            yield Hit(f"BR-{family.name}-09", "BT-117", f"{group.tax:f}", params=params)
    reason = group.reason or group.reason_code
    if bool(reason) != (family.reason == "required"):
        yield Hit(f"BR-{family.name}-10", "BT-120", reason)


def _supply_is_told(invoice: Invoice) -> Iterator[Hit]:
    delivery, period = invoice.delivery, invoice.period
    dated = (delivery and delivery.date) or (period and (period.start or period.end))
    if not dated:
        yield Hit("BR-IC-11", "BT-72")
    if not (delivery and delivery.address and delivery.address.country):
        yield Hit("BR-IC-12", "BT-80")


def _nothing_else(
    uses: dict[str, list[_Use]], groups: dict[str, list[VatBreakdown]]
) -> Iterator[Hit]:
    if other := next((category for category in groups if category != "O"), None):
        yield Hit("BR-O-11", "BT-118", other)
    told: set[int] = set()
    for category, used in uses.items():
        for use in used if category != "O" else ():
            if use.offset not in told:
                told.add(use.offset)
                yield Hit(f"BR-O-{12 + use.offset}", use.bt, category, use.line)


def _uses(invoice: Invoice) -> dict[str, list[_Use]]:
    uses: dict[str, list[_Use]] = {}
    for rank, line in enumerate(invoice.lines):
        if line.vat_category:
            use = _Use(line.vat_rate, line.net or _ZERO, "BT-151", "BT-152", 0, rank)
            uses.setdefault(line.vat_category, []).append(use)
    for item in invoice.allowances:
        if item.vat_category:
            amount = item.amount or _ZERO
            if item.is_charge:
                use = _Use(item.vat_rate, amount, "BT-102", "BT-103", 2)
            else:
                use = _Use(item.vat_rate, -amount, "BT-95", "BT-96", 1)
            uses.setdefault(item.vat_category, []).append(use)
    return uses
