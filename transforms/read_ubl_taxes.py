"""Tax categories of a UBL invoice that the model has no place for.

The artefacts of EN 16931 for UBL 1.3.16 (10/04/2026) look at every ``cac:TaxCategory`` and
``cac:ClassifiedTaxCategory``, wherever it stands. The model has one for each line, allowance,
charge and VAT group of the document; UBL lets an item or an allowance have several, and has them in
prices, sub-lines and the tax totals of lines too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from lxml import etree

from transforms.facts import ExtraTax, Facts, InnerGroup
from transforms.read_ubl_settlement import read_breakdown
from transforms.ubl import CAC
from transforms.ubl_node import is_vat
from transforms.xml_node import Node
from transforms.xml_notes import Notes
from transforms.xml_outline import Outline, Ranks, Seen

_ITEM: Final = f"{{{CAC}}}Item"
_ALLOWANCE: Final = f"{{{CAC}}}AllowanceCharge"
_TOTAL: Final = f"{{{CAC}}}TaxTotal"
_SUBTOTAL: Final = f"{{{CAC}}}TaxSubtotal"

#: Groups that are looked for at any depth.
TAX_GROUPS: Final = ("cac:ClassifiedTaxCategory", "cac:TaxCategory", "cac:TaxSubtotal")


def extra_taxes(node: Node) -> Iterator[ExtraTax]:
    """Yield the tax categories of the invoice ``node`` that its model does not hold."""
    outline = node.group.outline
    lines, ranks = cache(lambda: line_ranks(node)), Ranks()
    for seen in outline.groups("cac:ClassifiedTaxCategory"):
        category = seen.element
        item = category.getparent()
        if item is None or not is_of_item(seen):
            yield _extra(node, category, "BG-25")
        elif not (
            _is_first(outline, category, item, "cac:ClassifiedTaxCategory")
            and _is_first(outline, item, seen.part, "cac:Item")
        ):
            yield _extra(node, category, "BG-25", lines()[seen.part])
    for seen in outline.groups("cac:TaxCategory"):
        parent = seen.element.getparent()
        if parent is not None and not _is_modelled(seen, parent, node):
            yield _of_allowance(node, seen.element, parent, ranks)


def inner_groups(node: Node) -> Iterator[InnerGroup]:
    """Yield the VAT groups of the invoice ``node`` that are none of the document."""
    outline = node.group.outline
    lines = cache(lambda: line_ranks(node))
    for seen in outline.groups("cac:TaxSubtotal"):
        total = seen.element.getparent()
        holder = None if total is None or total.tag != _TOTAL else total.getparent()
        if holder is None or holder is node.element:
            continue
        notes = Notes(outline)
        group = read_breakdown(Node(seen.element, notes.group(0)))
        facts = Facts(
            from_xml=True,
            there=frozenset(notes.there),
            texts=notes.texts,
            foreign=frozenset(notes.foreign),
        )
        line = None if seen.line is None else lines()[seen.part]
        yield InnerGroup(group, facts, line)


def line_ranks(node: Node) -> dict[etree._Element | None, int]:
    """Return the lines of the invoice ``node`` with their ranks in the model."""
    lines = node.children("cac:InvoiceLine") + node.children("cac:CreditNoteLine")
    return {line.element: rank for rank, line in enumerate(lines)}


def is_of_item(seen: Seen) -> bool:
    """Whether a group is of an item of a line itself, not of one further down."""
    item = seen.element.getparent()
    if seen.line is None or item is None or item.tag != _ITEM:
        return False
    return item.getparent() is seen.part


def _is_first(outline: Outline, element: etree._Element, parent: etree._Element, name: str) -> bool:
    return outline.children[parent].get(name) is element


def _is_modelled(seen: Seen, parent: etree._Element, node: Node) -> bool:
    """Whether it is the first category of an allowance, charge or VAT group of the model."""
    above = parent.getparent()
    if above is None or not _is_first(node.group.outline, seen.element, parent, "cac:TaxCategory"):
        return False
    if parent.tag == _ALLOWANCE:
        return above is node.element or (seen.line is not None and above is seen.part)
    return parent.tag == _SUBTOTAL and above.getparent() is node.element


def _of_allowance(
    node: Node, category: etree._Element, parent: etree._Element, ranks: Ranks
) -> ExtraTax:
    if parent.tag != _ALLOWANCE:
        return _extra(node, category, "")
    said = Node(parent, node.group).text("cbc:ChargeIndicator")
    is_charge = said in ("true", "1")
    if parent.getparent() is node.element:
        return _extra(node, category, "BG-21" if is_charge else "BG-20", ranks.of(parent))
    if said is None:
        return _extra(node, category, "BG-20")
    return _extra(node, category, "BG-28" if is_charge else "BG-27")


def _extra(node: Node, category: etree._Element, group: str, rank: int | None = None) -> ExtraTax:
    tax = Node(category, node.group)
    return ExtraTax(
        tax.raw("cbc:ID") or "",
        is_vat(tax),
        group,
        rank,
        tax.decimal("cbc:Percent"),
        tax.exists("cbc:Percent"),
        tax.exists("cbc:ID"),
    )
