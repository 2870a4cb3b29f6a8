"""Tax categories of a UBL invoice that the model has no place for.

The artefacts of EN 16931 for UBL 1.3.16 (10/04/2026) look at every ``cac:TaxCategory`` and
``cac:ClassifiedTaxCategory``, wherever it stands. The model has one for each line, allowance,
charge and VAT group of the document; UBL lets an item or an allowance have several, and has them in
prices, sub-lines and the tax totals of lines too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from transforms.facts import ExtraTax, Facts, InnerGroup
from transforms.read_ubl_settlement import read_breakdown
from transforms.ubl import CAC
from transforms.ubl_node import UblNode, is_vat
from transforms.xml_node import Node, Notes

_CATEGORY: Final = f"{{{CAC}}}TaxCategory"
_OF_ITEM: Final = f"{{{CAC}}}ClassifiedTaxCategory"
_ITEM: Final = f"{{{CAC}}}Item"
_ALLOWANCE: Final = f"{{{CAC}}}AllowanceCharge"
_TOTAL: Final = f"{{{CAC}}}TaxTotal"
_SUBTOTAL: Final = f"{{{CAC}}}TaxSubtotal"

#: The lines of the document with their ranks.
_Lines = dict[etree._Element, int]


def extra_taxes(node: Node) -> Iterator[ExtraTax]:
    """Yield the tax categories of the invoice ``node`` that its model does not hold."""
    root = node.element
    if root is None:
        return
    lines = _lines(root)
    for category in root.iter(_OF_ITEM):
        item = category.getparent()
        line = None if item is None or item.tag != _ITEM else item.getparent()
        if item is None or line is None or line not in lines:
            yield _extra(category, "BG-25")
        elif item.find(_OF_ITEM) is not category or line.find(_ITEM) is not item:
            yield _extra(category, "BG-25", lines[line])
    for category in root.iter(_CATEGORY):
        parent = category.getparent()
        if parent is not None and not _is_modelled(category, parent, root, lines):
            yield _of_allowance(category, parent, root)


def inner_groups(node: Node) -> Iterator[InnerGroup]:
    """Yield the VAT groups of the invoice ``node`` that are none of the document."""
    root = node.element
    if root is None:
        return
    lines = _lines(root)
    for subtotal in root.iter(_SUBTOTAL):
        total = subtotal.getparent()
        holder = None if total is None or total.tag != _TOTAL else total.getparent()
        if holder is None or holder is root:
            continue
        notes = Notes()
        group = read_breakdown(UblNode(subtotal, notes, (0,)))
        facts = Facts(
            from_xml=True,
            there=frozenset(notes.there),
            texts=notes.texts,
            foreign=frozenset(notes.foreign),
        )
        line = next((lines[one] for one in subtotal.iterancestors() if one in lines), None)
        yield InnerGroup(group, facts, line)


def _lines(root: etree._Element) -> _Lines:
    names = ("InvoiceLine", "CreditNoteLine")
    found = (line for name in names for line in root.iterchildren(f"{{{CAC}}}{name}"))
    return {line: rank for rank, line in enumerate(found)}


def _is_modelled(
    category: etree._Element, parent: etree._Element, root: etree._Element, lines: _Lines
) -> bool:
    """Whether it is the first category of an allowance, charge or VAT group of the model."""
    above = parent.getparent()
    if above is None or parent.find(_CATEGORY) is not category:
        return False
    if parent.tag == _ALLOWANCE:
        return above is root or above in lines
    return parent.tag == _SUBTOTAL and above.getparent() is root


def _of_allowance(
    category: etree._Element, parent: etree._Element, root: etree._Element
) -> ExtraTax:
    if parent.tag != _ALLOWANCE:
        return _extra(category, "")
    said = UblNode(parent).text("cbc:ChargeIndicator")
    is_charge = said in ("true", "1")
    if parent.getparent() is root:
        rank = list(root.iterchildren(_ALLOWANCE)).index(parent)
        return _extra(category, "BG-21" if is_charge else "BG-20", rank)
    if said is None:
        return _extra(category, "BG-20")
    return _extra(category, "BG-28" if is_charge else "BG-27")


def _extra(category: etree._Element, group: str, rank: int | None = None) -> ExtraTax:
    node = UblNode(category, Notes())
    return ExtraTax(
        node.raw("cbc:ID") or "",
        is_vat(node),
        group,
        rank,
        node.decimal("cbc:Percent"),
        node.exists("cbc:Percent"),
        node.exists("cbc:ID"),
    )
