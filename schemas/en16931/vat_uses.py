"""What the VAT families look at: uses of a category, groups by category, registrations."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from schemas.en16931.rounding import ZERO
from schemas.registry import RuleContext
from transforms.facts import BLANKS, Facts, Registrations
from transforms.invoice import AllowanceCharge, Invoice

#: How the rules of a family are numbered: 2, 5 for lines; 3, 6 for allowances; 4, 7 for charges.
LINE, ALLOWANCE, CHARGE = 0, 1, 2
#: An allowance or charge whose indicator does not tell which: it counts in rule 01 only.
UNTOLD = 3
#: A category of something else: a price, a service, the tax total of a line.
ELSEWHERE = 4

#: What XML Schema takes as a boolean.
_BOOLEANS = frozenset({"true", "false", "1", "0"})

_EXTRA_KINDS = {
    "BG-25": (LINE, "BT-151", "BT-152"),
    "BG-20": (ALLOWANCE, "BT-95", "BT-96"),
    "BG-21": (CHARGE, "BT-102", "BT-103"),
    "BG-27": (ALLOWANCE, "BT-95", "BT-96"),
    "BG-28": (CHARGE, "BT-102", "BT-103"),
}


class Use(NamedTuple):
    """One use of a VAT category: on a line, an allowance or a charge."""

    category: str
    rate: Decimal | None
    rated: bool
    """The rate has an element, be it blank."""
    amount: Decimal
    kind: int
    bt: str
    rate_bt: str
    line: int | None = None
    vat: bool = True
    """Its tax scheme is VAT."""
    of_document: bool = True
    """It stands on a line, or on an allowance or charge of the document: it counts in BT-116."""
    exact: bool = True
    """Its category is written without blanks around it."""
    rank: int | None = None
    """Its rank among the allowances and charges."""
    told: bool = True
    """Its category has an element, be it blank."""
    judged: bool = True
    """Its own rate is looked at, and its amount counts."""


def uses_of(invoice: Invoice, context: RuleContext) -> dict[str, list[Use]]:
    """Return all uses by category; those without one under an empty text."""
    uses: dict[str, list[Use]] = {}
    facts = context.facts
    foreign, texts = facts.foreign, facts.texts
    for rank, line in enumerate(invoice.lines):
        category, rate = line.vat_category or "", line.vat_rate
        if not category and rate is None and not facts.has("BT-151-TAX", rank):
            continue
        rated, vat, exact = rate is not None, True, True
        if facts.from_xml:
            rated = rated or facts.has("BT-152", rank)
            vat = not foreign or ("BT-151", rank) not in foreign
            exact = not texts or ("BT-151", rank) not in texts
            if texts:
                category = as_compared(category, context, "BT-151", rank)
        amount = line.net or ZERO
        use = Use(
            *(category, rate, rated, amount, LINE, "BT-151", "BT-152", rank, vat, True, exact),
            told=bool(category) or facts.has("BT-151", rank),
        )
        uses.setdefault(category, []).append(use)
    for use in (*_of_allowances(invoice, context), *_of_extra_taxes(invoice, context)):
        uses.setdefault(use.category, []).append(use)
    return uses


def _of_extra_taxes(invoice: Invoice, context: RuleContext) -> Iterator[Use]:
    """Yield the uses that the model has no place for; those of an item it has share its rank."""
    facts = context.facts
    for tax in facts.extra_taxes:
        kind, bt, rate_bt = _EXTRA_KINDS.get(tax.group, (ELSEWHERE, "BT-95", "BT-96"))
        line, rank, amount = None, None, ZERO
        if tax.rank is not None and kind == LINE:
            line, amount = tax.rank, invoice.lines[tax.rank].net or ZERO
        elif tax.rank is not None:
            rank, amount = tax.rank, invoice.allowances[tax.rank].amount or ZERO
            amount = amount if kind == CHARGE else -amount
        elif tax.group == "BG-20":
            kind = UNTOLD
        if rank is not None and is_untold(facts, tax.group, rank):
            kind, amount = UNTOLD, ZERO
        category = tax.category.strip(BLANKS)
        yield Use(
            tax.category if context.syntax == "cii" else category,
            *(tax.rate, tax.rated, amount, kind, bt, rate_bt, line),
            vat=tax.vat,
            of_document=line is not None or rank is not None or kind == LINE,
            exact=category == tax.category,
            rank=rank,
            told=tax.told,
            judged=kind != LINE or line is not None,
        )


def is_untold(facts: Facts, group: str, *ranks: int) -> bool:
    """Whether an allowance or charge does not tell which of the two it is."""
    return facts.indicators.get((group, *ranks), "true").strip(BLANKS) not in _BOOLEANS


def counted_once(uses: dict[str, list[Use]], category: str, rate: Decimal | None) -> list[Use]:
    """Return one use of each item that has the category and, when asked, the rate.

    An item may have several categories: the artefacts ask for the category of any of them and for
    the rate of any of them, and count its amount once.
    """
    items: dict[object, list[Use]] = {}
    for rank, use in enumerate(use for used in uses.values() for use in used):
        if not use.judged or use.kind == ELSEWHERE:
            continue
        known = use.of_document and (use.line is not None or use.rank is not None)
        key = (use.kind == LINE, use.line, use.rank) if known else rank
        items.setdefault(key, []).append(use)
    found = []
    for item in items.values():
        rated = rate is None or any(use.rate == rate for use in item)
        if rated:
            found += [use for use in item if use.category == category][:1]
    return found


def as_compared(category: str, context: RuleContext, bt: str, *ranks: int) -> str:
    """Return a category as the artefact compares it: that for CII does not strip blanks."""
    if context.syntax == "cii":
        return context.facts.texts.get((bt, *ranks), category)
    return category


def _of_allowances(invoice: Invoice, context: RuleContext) -> Iterator[Use]:
    for rank, item in enumerate(invoice.allowances):
        terms = ("BG-21", "BT-102", "BT-103") if item.is_charge else ("BG-20", "BT-95", "BT-96")
        yield from _of_allowance(item, terms, context, (rank,))
    for rank, line in enumerate(invoice.lines):
        for inner, item in enumerate(line.allowances):
            if item.vat_category or item.vat_rate is not None or context.facts.from_xml:
                group = "BG-28" if item.is_charge else "BG-27"
                terms = (group, f"{group}-VAT", f"{group}-RATE")
                yield from _of_allowance(item, terms, context, (rank, inner))


def _of_allowance(
    item: AllowanceCharge,
    terms: tuple[str, str, str],
    context: RuleContext,
    ranks: tuple[int, ...],
) -> Iterator[Use]:
    group, bt, rate_bt = terms
    facts = context.facts
    told = item.vat_category or item.vat_rate is not None
    if not told and not facts.has(f"{bt}-TAX", *ranks):
        return
    kind, amount = CHARGE, item.amount or ZERO
    if not item.is_charge:
        kind, amount = ALLOWANCE, -amount
    if is_untold(facts, group, *ranks):
        kind, amount = UNTOLD, ZERO
    on_line = len(ranks) > 1
    yield Use(
        as_compared(item.vat_category or "", context, bt, *ranks),
        item.vat_rate,
        item.vat_rate is not None or facts.has(rate_bt, *ranks),
        amount,
        kind,
        "BT-151" if on_line else bt,
        "BT-152" if on_line else rate_bt,
        line=ranks[0] if on_line else None,
        rank=ranks[-1],
        vat=(bt, *ranks) not in facts.foreign,
        of_document=not on_line,
        exact=(bt, *ranks) not in facts.texts,
        told=bool(item.vat_category) or facts.has(bt, *ranks),
    )


def groups_of(invoice: Invoice, context: RuleContext) -> dict[str, list[int]]:
    """Return the ranks of the VAT groups by category; those without one under an empty text."""
    groups: dict[str, list[int]] = {}
    for rank, group in enumerate(invoice.vat):
        category = as_compared(group.category or "", context, "BT-118", rank)
        groups.setdefault(category, []).append(rank)
    return groups


def registrations_of(invoice: Invoice, context: RuleContext) -> Registrations:
    """Return which identifiers the parties have: those of the XML, else those of the model."""
    if context.facts.from_xml:
        return context.facts.registrations
    seller, buyer = invoice.seller, invoice.buyer
    representative = invoice.tax_representative
    return Registrations(
        seller_vat=bool(seller.vat_id),
        seller_any=bool(seller.vat_id or seller.tax_registration),
        representative_vat=bool(representative and representative.vat_id),
        buyer_vat=bool(buyer.vat_id),
        buyer_legal=buyer.legal_id is not None,
    )
