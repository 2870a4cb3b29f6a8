"""EN 16931: what one VAT category alone asks for (BR-IC-11, BR-IC-12, BR-O-11 to 14, BR-B).

Source: EN 16931-1:2017; validation artefacts 1.3.16 (10/04/2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.en16931.vat_uses import ALLOWANCE, CHARGE, ELSEWHERE, LINE, Use
from schemas.registry import Hit, RuleContext
from transforms.invoice import Invoice

_ITALY = "IT"


def is_vat(rank: int, context: RuleContext) -> bool:
    """Whether the tax scheme of a VAT group is VAT: always so in an invoice from an extract."""
    return not context.facts.foreign or ("BT-118", rank) not in context.facts.foreign


def _is_other_vat(rank: int, context: RuleContext) -> bool:
    there = not context.facts.from_xml or context.facts.has("BT-118-TAX", rank)
    return there and is_vat(rank, context)


def supply_is_told(invoice: Invoice, groups: list[int], context: RuleContext) -> Iterator[Hit]:
    """BR-IC-11 and BR-IC-12: when and where an intra-Community supply went."""
    if not any(is_vat(rank, context) for rank in groups):
        return
    facts, delivery, period = context.facts, invoice.delivery, invoice.period
    dated = bool((delivery and delivery.date) or (period and (period.start or period.end)))
    country = delivery.address.country if delivery and delivery.address else None
    if context.syntax == "ubl":
        dated = dated or facts.period_told or len(facts.texts.get(("BT-72",), "")) > 1
        placed = len(country or "") > 1
    else:
        dated = dated or any(facts.has(bt) for bt in ("BT-72", "BT-73", "BT-74"))
        placed = country is not None or facts.has("BT-80")
    if not dated:
        yield Hit("BR-IC-11", "BT-72")
    if not placed:
        yield Hit("BR-IC-12", "BT-80", country)


def nothing_else(
    uses: dict[str, list[Use]], groups: dict[str, list[int]], context: RuleContext
) -> Iterator[Hit]:
    """BR-O-11 to BR-O-14: beside what is outside the scope of VAT there is nothing else."""
    if not any(is_vat(rank, context) for rank in groups["O"]):
        return
    others = [use for category, used in uses.items() if category != "O" for use in used]
    if context.syntax == "ubl":
        others = [use for use in others if use.vat]
        grouped = [
            category
            for category, ranks in groups.items()
            if category != "O" and any(_is_other_vat(rank, context) for rank in ranks)
        ]
        found = {kind: [use.category for use in others if use.kind == kind] for kind in range(3)}
        wrong = (grouped, found[LINE], found[ALLOWANCE], found[CHARGE])
    else:
        # The artefact for CII puts groups and lines together, then allowances and charges.
        taxes = [use.category for use in others if use.kind == LINE and use.told]
        taxes += [
            category
            for category, ranks in groups.items()
            if category != "O"
            and (category or any(context.facts.has("BT-118", rank) for rank in ranks))
        ]
        allowances = [
            use.category for use in others if use.kind not in (LINE, ELSEWHERE) and use.told
        ]
        wrong = (taxes, taxes, allowances, allowances)
    terms = ("BT-118", "BT-151", "BT-95", "BT-102")
    for number, (bt, categories) in enumerate(zip(terms, wrong, strict=True), start=11):
        if categories:
            yield Hit(f"BR-O-{number}", bt, categories[0])


def split_payment(
    invoice: Invoice,
    uses: dict[str, list[Use]],
    groups: dict[str, list[int]],
    context: RuleContext,
) -> Iterator[Hit]:
    """BR-B-01 and BR-B-02: split payment is Italian, and stands without the standard rate."""
    held, of_document = {}, {}
    for category in ("B", "S"):
        # These rules compare the category as written, with the blanks around it.
        used = [use for use in uses.get(category, ()) if use.exact]
        grouped = any(
            ("BT-118", rank) not in context.facts.texts for rank in groups.get(category, ())
        )
        held[category] = grouped or bool(used)
        of_document[category] = grouped or any(
            use.of_document or context.syntax == "cii" for use in used
        )
    abroad = next((one for one in _countries(invoice, context) if one != _ITALY), None)
    if held["B"] and abroad is not None:
        yield Hit("BR-B-01", "BT-40", abroad)
    if of_document["B"] and of_document["S"]:
        yield Hit("BR-B-02", "BT-118", "S")


def _countries(invoice: Invoice, context: RuleContext) -> Iterator[str]:
    if context.facts.from_xml:
        rules = ("BR-CL-14", "BR-CL-15") if context.syntax == "ubl" else ("BR-CL-14",)
        yield from (use.value for use in context.facts.codes if use.rule in rules)
        return
    representative, delivery = invoice.tax_representative, invoice.delivery
    for address in (
        invoice.seller.address,
        invoice.buyer.address,
        representative.address if representative else None,
        delivery.address if delivery else None,
    ):
        if address and address.country:
            yield address.country
