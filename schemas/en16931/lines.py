"""EN 16931: what a line, an allowance, a charge and a VAT group must hold.

BR-21 to BR-28, BR-31 to BR-48, BR-CO-04 and BR-CO-21 to BR-CO-24. Source: EN 16931-1:2017;
validation artefacts 1.3.16 (10/04/2026), which ask twice for the reason of an allowance (BR-33 and
BR-CO-21, and so on), and find no fault ever under BR-CO-05 to BR-CO-08.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from schemas.en16931.presence import filled
from schemas.registry import Family, Hit, RuleContext
from transforms.facts import HIDDEN_GROUPS, Facts
from transforms.invoice import AllowanceCharge, Invoice, VatBreakdown

LINES = Family("en16931.lines")

#: Terms and rules of an allowance: amount, VAT category, reason, and the reason once more.
_Told = tuple[str, tuple[str, str], tuple[str, str] | None, tuple[str, str], str, str]

_ALLOWANCE: _Told = (
    "BG-20",
    ("BT-92", "BR-31"),
    ("BT-95", "BR-32"),
    ("BT-97", "BT-98"),
    "BR-33",
    "21",
)
_CHARGE: _Told = (
    "BG-21",
    ("BT-99", "BR-36"),
    ("BT-102", "BR-37"),
    ("BT-104", "BT-105"),
    "BR-38",
    "22",
)
_OF_LINE: _Told = ("BG-27", ("BT-136", "BR-41"), None, ("BT-139", "BT-140"), "BR-42", "23")
_CHARGE_OF_LINE: _Told = ("BG-28", ("BT-141", "BR-43"), None, ("BT-144", "BT-145"), "BR-44", "24")


@LINES.check("BR-21", "BR-22", "BR-23", "BR-24", "BR-25", "BR-26", "BR-27", "BR-28", "BR-CO-04")
def lines_are_told(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Identifier, quantity, unit, amount, name, price and VAT category of each line."""
    facts = context.facts
    foreign = facts.foreign
    for rank, line in enumerate(invoice.lines):
        price = line.price
        if not line.id:
            yield Hit("BR-21", "BT-126", line=rank)
        if line.quantity is None and not facts.has("BT-129", rank):
            yield Hit("BR-22", "BT-129", line=rank)
        if not line.unit and not facts.has("BT-130", rank):
            yield Hit("BR-23", "BT-130", line=rank)
        if line.net is None and not facts.has("BT-131", rank):
            yield Hit("BR-24", "BT-131", line=rank)
        if not filled(line.item.name):
            yield Hit("BR-25", "BT-153", line=rank)
        if price.net is None:
            if not facts.has("BT-146", rank):
                yield Hit("BR-26", "BT-146", line=rank)
            yield Hit("BR-27", "BT-146", line=rank)
        elif price.net < 0:
            yield Hit("BR-27", "BT-146", f"{price.net:f}", rank)
        if price.gross is not None and price.gross < 0:
            yield Hit("BR-28", "BT-148", f"{price.gross:f}", rank)
        missing = not line.vat_category and not facts.has("BT-151", rank)
        missing = missing or ("BT-151", rank) in foreign
        if missing and not _has_another(facts, "BG-25", rank):
            yield Hit("BR-CO-04", "BT-151", line.vat_category, rank)


@LINES.check(
    *("BR-31", "BR-32", "BR-33", "BR-36", "BR-37", "BR-38", "BR-41", "BR-42", "BR-43", "BR-44"),
    *("BR-CO-21", "BR-CO-22", "BR-CO-23", "BR-CO-24"),
)
def allowances_are_told(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Amount, VAT category and reason of allowances and charges."""
    facts = context.facts
    for rank, item in enumerate(invoice.allowances):
        told = _CHARGE if item.is_charge else _ALLOWANCE
        if is_judged(facts, context.syntax, told[0], rank):
            yield from _allowance(item, told, facts, (rank,))
    for line, lines in enumerate(invoice.lines):
        for rank, item in enumerate(lines.allowances):
            told = _CHARGE_OF_LINE if item.is_charge else _OF_LINE
            if is_judged(facts, context.syntax, told[0], line, rank):
                yield from _allowance(item, told, facts, (line, rank))


def is_judged(facts: Facts, syntax: str, group: str, *ranks: int) -> bool:
    """Whether the indicator of an allowance or charge is one that the artefacts know.

    Both take ``true`` and ``false``; that for UBL takes 1 and 0 as well.
    """
    written = facts.indicators.get((group, *ranks))
    return written is None or (syntax == "ubl" and written in ("0", "1"))


def _allowance(
    item: AllowanceCharge, told: _Told, facts: Facts, ranks: tuple[int, ...]
) -> Iterator[Hit]:
    group, (amount, no_amount), category, reasons, no_reason, again = told
    *lines, rank = ranks
    line = lines[0] if lines else None
    if item.amount is None and not facts.has(amount, *ranks):
        yield Hit(no_amount, amount, line=line, rank=rank)
    if category is not None:
        term, no_category = category
        missing = not item.vat_category and not facts.has(term, *ranks)
        missing = missing or (term, *ranks) in facts.foreign
        if missing and not _has_another(facts, group, rank):
            yield Hit(no_category, term, item.vat_category, rank=rank)
    if not (item.reason or item.reason_code or any(facts.has(bt, *ranks) for bt in reasons)):
        yield Hit(no_reason, reasons[0], line=line, rank=rank)
        yield Hit(f"BR-CO-{again}", reasons[0], line=line, rank=rank)


def _has_another(facts: Facts, group: str, rank: int) -> bool:
    """Whether a line, an allowance or a charge has a second VAT category, this one under VAT."""
    return any(
        tax.vat and tax.told and (tax.group, tax.rank) == (group, rank) for tax in facts.extra_taxes
    )


@LINES.check("BR-45", "BR-46", "BR-47", "BR-48")
def groups_are_told(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Base, tax, category and rate of each VAT group."""
    for group, facts, at, line, rank in judged_groups(invoice, context):
        foreign = ("BT-118", at) in facts.foreign
        if group.taxable is None and not facts.has("BT-116", at):
            yield Hit("BR-45", "BT-116", line=line, rank=rank)
        if group.tax is None and not facts.has("BT-117", at):
            yield Hit("BR-46", "BT-117", line=line, rank=rank)
        if foreign or (not group.category and not facts.has("BT-118", at)):
            yield Hit("BR-47", "BT-118", group.category, line=line, rank=rank)
        rated = group.rate is not None or facts.has("BT-119", at)
        unrated = group.category == "O"
        if context.syntax == "cii":
            unrated = unrated and ("BT-118", at) not in facts.texts
        if foreign or not (rated or unrated):
            yield Hit("BR-48", "BT-119", line=line, rank=rank)


class Judged(NamedTuple):
    """A VAT group that the general rules look at."""

    group: VatBreakdown
    facts: Facts
    at: int
    """Its rank among the facts."""
    line: int | None = None
    """The line that it is in."""
    rank: int | None = None
    """Its rank among the groups of the document."""


def judged_groups(invoice: Invoice, context: RuleContext) -> Iterator[Judged]:
    """Yield the VAT groups that the general rules look at: in CII not all, in UBL more."""
    facts = context.facts
    for rank, group in enumerate(invoice.vat):
        key = ("BT-118", rank)
        hidden = context.syntax == "cii" and group.category in HIDDEN_GROUPS
        if not hidden or key in facts.foreign or key in facts.texts:
            yield Judged(group, facts, rank, rank=rank)
    for inner in facts.inner_groups:
        yield Judged(inner.group, inner.facts, 0, inner.line)
