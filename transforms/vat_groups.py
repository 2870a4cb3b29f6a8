"""The VAT breakdown (BG-23): groups as they follow from the lines, against those of the ERP.

One group per category and rate, as EN 16931 has it (BR-S-08, and BR-E-01 and its like, which want
exactly one group per category without VAT). VAT is computed on the group, half up to the cent.
Where the ERP gives an amount of VAT, the ERP's is written as long as it is within the tolerance
and within the room of BR-CO-17 (less than one unit, EN 16931 validation artefacts 1.3.16).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from config.codes import load_codes
from transforms.invoice import Invoice, VatBreakdown

#: Categories whose rate is 0 by definition (EN 16931, BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05,
#: BR-G-05); O has no rate at all.
ZERO_RATED = frozenset({"Z", "E", "AE", "K", "G"})

#: BR-CO-17 and BR-S-09 accept a difference below this (validation artefacts 1.3.16).
VAT_ROOM = Decimal(1)

_CENT = Decimal("0.01")
_ZERO = Decimal(0)

Key = tuple[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class GroupGap:
    """A difference between the ERP's VAT and ours, in a group (or in BT-110)."""

    rule: str
    bt: str
    given: Decimal | None
    ours: Decimal | None
    blocks: bool
    category: str = ""
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SettledVat:
    """BG-23 to write, BT-110 as their sum, and what did not agree."""

    groups: tuple[VatBreakdown, ...]
    tax: Decimal
    gaps: tuple[GroupGap, ...]


@dataclass(slots=True)
class _Given:
    """What the ERP says of one group; several entries of it are added up."""

    taxable: Decimal | None = None
    tax: Decimal | None = None
    reasons: dict[str, None] = field(default_factory=dict)
    codes: dict[str, None] = field(default_factory=dict)

    def add(self, group: VatBreakdown) -> None:
        self.taxable = _plus(self.taxable, group.taxable)
        self.tax = _plus(self.tax, group.tax)
        if group.reason:
            self.reasons[group.reason] = None
        if group.reason_code:
            self.codes[group.reason_code] = None

    @property
    def is_empty(self) -> bool:
        return not self.taxable and not self.tax


_NOTHING_GIVEN = _Given()


def vat_text(category: str, rate: Decimal | None) -> str:
    """Return a VAT category and its rate as people write them: ``S 20 %``, ``O``."""
    return category if rate is None else f"{category} {rate:f} %".strip()


def settle_vat(invoice: Invoice, without_vat: Decimal, tolerance: Decimal) -> SettledVat:
    """Return the VAT breakdown of ``invoice``, whose lines have their amounts.

    Args:
        without_vat: BT-109 as it follows from the lines.
        tolerance: largest difference that is closed; see ``config.settings.TotalsPolicy``.

    A line without VAT category or rate makes groups impossible: the ERP's are then kept as read
    (and the rules report the line).
    """
    bases = _bases(invoice)
    if bases is None:
        return SettledVat(invoice.vat, _tax_as_read(invoice, without_vat), ())
    given = _given_groups(invoice, bases)
    declared = any(group.taxable is not None or group.tax is not None for group in given.values())
    gaps: list[GroupGap] = []
    taxes = {
        key: _settle_group(key, base, given.get(key), tolerance, declared, gaps)
        for key, base in bases.items()
    }
    for key, extra in given.items():
        if key not in bases and not extra.is_empty:
            gaps.append(GroupGap("TT-BASE-03", "BT-116", extra.taxable, None, True, *key))
    _settle_sum(invoice, bases, taxes, given, without_vat, tolerance, gaps)
    groups = []
    for key, base in bases.items():
        said = given.get(key, _NOTHING_GIVEN)
        if len(said.reasons) > 1 or len(said.codes) > 1:
            gaps.append(GroupGap("TT-REASONS-01", "BT-120", None, None, False, *key))
        groups.append(_group(key, base, taxes[key], said))
    return SettledVat(tuple(groups), sum(taxes.values(), _ZERO), tuple(gaps))


def _settle_group(
    key: Key,
    base: Decimal,
    given: _Given | None,
    tolerance: Decimal,
    declared: bool,
    gaps: list[GroupGap],
) -> Decimal:
    """Return BT-117 of a group, adding what differs to ``gaps``."""
    rate = key[1] or _ZERO
    ours = (base * rate / 100).quantize(_CENT, ROUND_HALF_UP)
    if given is None:
        if declared and abs(base) > tolerance:
            gaps.append(GroupGap("TT-BASE-02", "BT-116", None, base, True, *key))
        return ours
    if given.taxable is not None and given.taxable != base:
        blocks = abs(given.taxable - base) > tolerance
        rule = "TT-BASE-01" if blocks else "TT-CLOSED-01"
        gaps.append(GroupGap(rule, "BT-116", given.taxable, base, blocks, *key))
    if given.tax is None or given.tax == ours:
        return ours
    gap = abs(given.tax - ours)
    if not rate or gap > tolerance or gap >= VAT_ROOM:
        gaps.append(GroupGap("TT-VAT-01", "BT-117", given.tax, ours, True, *key))
        return ours
    gaps.append(GroupGap("TT-CLOSED-01", "BT-117", given.tax, ours, False, *key))
    return given.tax


def _settle_sum(
    invoice: Invoice,
    bases: dict[Key, Decimal],
    taxes: dict[Key, Decimal],
    given: dict[Key, _Given],
    without_vat: Decimal,
    tolerance: Decimal,
    gaps: list[GroupGap],
) -> None:
    """Compare BT-110 with the sum of the groups; put a small gap on the largest open group."""
    totals = invoice.totals
    said = totals.vat
    implied = said is None
    if said is None:
        if totals.with_vat is None or any(group.tax is not None for group in given.values()):
            return
        base = without_vat if totals.without_vat is None else totals.without_vat
        said = totals.with_vat - base
    ours = sum(taxes.values(), _ZERO)
    gap = said - ours
    if not gap:
        return
    if abs(gap) > tolerance or abs(gap) >= VAT_ROOM:
        if not implied:  # else BT-112 differs as well, and says it better
            gaps.append(GroupGap("TT-VAT-01", "BT-110", said, ours, True))
        return
    open_groups = [key for key in bases if key[1] and given.get(key, _NOTHING_GIVEN).tax is None]
    if open_groups:
        largest = max(open_groups, key=lambda key: abs(bases[key]))
        taxes[largest] += gap
    if implied and totals.with_vat is not None:
        # The ERP gave BT-112 only: told as what it gave, here or (nothing closed) with the totals.
        if open_groups:
            ours += totals.with_vat - said
            gaps.append(GroupGap("TT-CLOSED-01", "BT-112", totals.with_vat, ours, False))
        return
    gaps.append(GroupGap("TT-CLOSED-01", "BT-110", said, ours, False))


def _bases(invoice: Invoice) -> dict[Key, Decimal] | None:
    """Return the taxable amount by category and rate, in order of appearance."""
    bases: dict[Key, Decimal] = {}
    for line in invoice.lines:
        key = _key(line.vat_category, line.vat_rate)
        if key is None:
            return None
        bases[key] = bases.get(key, _ZERO) + (line.net or _ZERO)
    for item in invoice.allowances:
        key = _key(item.vat_category, item.vat_rate)
        if key is None:
            return None
        amount = item.amount or _ZERO
        bases[key] = bases.get(key, _ZERO) + (amount if item.is_charge else -amount)
    return {key: _cents(base) for key, base in bases.items()}


def _key(category: str | None, rate: Decimal | None) -> Key | None:
    if category is None:
        return None
    if category == "O":
        return category, None
    if rate is None:
        return (category, _ZERO) if category in ZERO_RATED else None
    return category, rate


def _given_groups(invoice: Invoice, bases: dict[Key, Decimal]) -> dict[Key, _Given]:
    groups: dict[Key, _Given] = {}
    for group in invoice.vat:
        key = _key(group.category, group.rate) or _only_match(group, bases)
        groups.setdefault(key, _Given()).add(group)
    return groups


def _only_match(group: VatBreakdown, bases: dict[Key, Decimal]) -> Key:
    """Return the group of the lines that a group without category or rate can only mean."""
    matches = [
        key
        for key in bases
        if group.category in (None, key[0]) and (group.rate is None or group.rate == key[1])
    ]
    return matches[0] if len(matches) == 1 else (group.category or "", group.rate)


def _group(key: Key, base: Decimal, tax: Decimal, said: _Given) -> VatBreakdown:
    category, rate = key
    reason = " ; ".join(said.reasons) or None
    code = next(iter(said.codes)) if len(said.codes) == 1 else None
    if reason is None and not said.codes:
        code = _own_reason_code(category)
    return VatBreakdown(
        taxable=base, tax=tax, category=category, rate=rate, reason=reason, reason_code=code
    )


@lru_cache(maxsize=16)
def _own_reason_code(category: str) -> str | None:
    """Return the CEF code that says what the category says (AE, K, G, O), or None."""
    entry = load_codes("vat_categories").get(category)
    code = entry.facts.get("reason_code") if entry else None
    return code if isinstance(code, str) else None


def _tax_as_read(invoice: Invoice, without_vat: Decimal) -> Decimal:
    totals = invoice.totals
    if totals.vat is not None:
        return totals.vat
    taxes = [group.tax for group in invoice.vat if group.tax is not None]
    if taxes or totals.with_vat is None:
        return sum(taxes, _ZERO)
    return totals.with_vat - without_vat


def _plus(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    if left is None or right is None:
        return right if left is None else left
    return left + right


def _cents(value: Decimal) -> Decimal:
    rounded = value.quantize(_CENT, ROUND_HALF_UP)
    return rounded if rounded == value else value
