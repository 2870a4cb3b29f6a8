"""EN 16931: amounts have two decimals at most (BR-DEC).

Source: EN 16931-1:2017; validation artefacts 1.3.16 (10/04/2026). The artefacts count characters
after the point: zeros and blanks count too. BR-DEC-13 and BR-DEC-15 compare numbers in CII, and
can never be broken in UBL, where the artefact looks for a currency inside an amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from schemas.en16931.arithmetic import tax_totals
from schemas.en16931.lines import is_judged, judged_groups
from schemas.en16931.rounding import cents
from schemas.registry import Family, Hit, RuleContext
from transforms.facts import Facts
from transforms.invoice import Invoice

DECIMALS = Family("en16931.decimals")

_PLACES = 2
_CENT = Decimal("0.01")


@DECIMALS.check(
    *("BR-DEC-09", "BR-DEC-10", "BR-DEC-11", "BR-DEC-12"),
    *("BR-DEC-14", "BR-DEC-16", "BR-DEC-17", "BR-DEC-18"),
)
def totals_have_two_decimals(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """The document totals, but for those of VAT."""
    facts, totals = context.facts, invoice.totals
    for rule, bt, value in (
        ("BR-DEC-09", "BT-106", totals.lines),
        ("BR-DEC-10", "BT-107", totals.allowances),
        ("BR-DEC-11", "BT-108", totals.charges),
        ("BR-DEC-12", "BT-109", totals.without_vat),
        ("BR-DEC-14", "BT-112", totals.with_vat),
        ("BR-DEC-16", "BT-113", totals.paid),
        ("BR-DEC-17", "BT-114", totals.rounding),
        ("BR-DEC-18", "BT-115", totals.due),
    ):
        if is_long(value, facts, bt):
            yield Hit(rule, bt, _shown(value, facts, bt))


@DECIMALS.check("BR-DEC-13", "BR-DEC-15")
def totals_of_vat_have_two_decimals(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """BT-110 and BT-111, as the artefact for CII has it: one of the totals must do."""
    totals = tax_totals(invoice, context)
    if context.syntax == "ubl" or not totals:
        return
    currency = context.facts.written("BT-5", invoice.currency)
    if all(one.currency == currency and not _is_short(one.amount) for one in totals):
        yield Hit("BR-DEC-13", "BT-110", _plain(totals[0].amount))
    wanted = context.facts.written("BT-6", invoice.vat_currency)
    if wanted or context.facts.has("BT-6"):
        right = any(one.currency == wanted and _is_short(one.amount) for one in totals)
        if not right:
            yield Hit("BR-DEC-15", "BT-111", _plain(invoice.totals.vat_accounting))


@DECIMALS.check("BR-DEC-19", "BR-DEC-20")
def groups_have_two_decimals(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Base and tax of each VAT group."""
    for group, facts, at, line, rank in judged_groups(invoice, context):
        for rule, bt, value in (
            ("BR-DEC-19", "BT-116", group.taxable),
            ("BR-DEC-20", "BT-117", group.tax),
        ):
            if is_long(value, facts, bt, at):
                yield Hit(rule, bt, _shown(value, facts, bt, at), line=line, rank=rank)


@DECIMALS.check("BR-DEC-01", "BR-DEC-02", "BR-DEC-05", "BR-DEC-06")
def allowances_have_two_decimals(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Amounts and bases of the allowances and charges of the document."""
    facts = context.facts
    for rank, item in enumerate(invoice.allowances):
        group, rules = ("BG-21", _CHARGE) if item.is_charge else ("BG-20", _ALLOWANCE)
        if not is_judged(facts, context.syntax, group, rank):
            continue
        for (rule, bt), value in zip(rules, (item.amount, item.base), strict=True):
            if is_long(value, facts, bt, rank):
                yield Hit(rule, bt, _shown(value, facts, bt, rank), rank=rank)


@DECIMALS.check("BR-DEC-23", "BR-DEC-24", "BR-DEC-25", "BR-DEC-27", "BR-DEC-28")
def lines_have_two_decimals(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Net amounts of the lines, amounts and bases of their allowances and charges."""
    facts = context.facts
    for rank, line in enumerate(invoice.lines):
        if is_long(line.net, facts, "BT-131", rank):
            yield Hit("BR-DEC-23", "BT-131", _shown(line.net, facts, "BT-131", rank), rank)
        for inner, item in enumerate(line.allowances):
            group, rules = ("BG-28", _LINE_CHARGE) if item.is_charge else ("BG-27", _OF_LINE)
            if not is_judged(facts, context.syntax, group, rank, inner):
                continue
            for (rule, bt), value in zip(rules, (item.amount, item.base), strict=True):
                if is_long(value, facts, bt, rank, inner):
                    yield Hit(rule, bt, _shown(value, facts, bt, rank, inner), rank, rank=inner)


_ALLOWANCE = (("BR-DEC-01", "BT-92"), ("BR-DEC-02", "BT-93"))
_CHARGE = (("BR-DEC-05", "BT-99"), ("BR-DEC-06", "BT-100"))
_OF_LINE = (("BR-DEC-24", "BT-136"), ("BR-DEC-25", "BT-137"))
_LINE_CHARGE = (("BR-DEC-27", "BT-141"), ("BR-DEC-28", "BT-142"))


def is_long(value: Decimal | None, facts: Facts, bt: str, *ranks: int) -> bool:
    """Whether an amount is written with more than two characters after its point."""
    if facts.texts and (text := facts.texts.get((bt, *ranks))) is not None:
        return len(text.partition(".")[2]) > _PLACES
    if value is None or value.same_quantum(_CENT):
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent < -_PLACES


def _shown(value: Decimal | None, facts: Facts, bt: str, *ranks: int) -> str | None:
    return facts.texts.get((bt, *ranks)) or _plain(value)


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _is_short(value: Decimal | None) -> bool:
    return value is not None and value == cents(value)
