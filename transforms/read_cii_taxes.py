"""Taxes of a Cross Industry Invoice that the model has no place for.

The artefacts of EN 16931 for CII 1.3.16 (10/04/2026) look at every ``ram:ApplicableTradeTax`` and
``ram:CategoryTradeTax``, wherever it stands, and for the Italian split payment at every category.
The model has one for each line, allowance, charge and VAT group of the document; CII lets a line or
an allowance have several, and has them in prices and logistic services too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from transforms.cii import RAM, RSM
from transforms.facts import ExtraTax
from transforms.read_cii_line import is_vat
from transforms.xml_node import Node
from transforms.xml_outline import Ranks

_CODE: Final = f"{{{RAM}}}CategoryCode"
_TAX: Final = f"{{{RAM}}}ApplicableTradeTax"
_OF_ALLOWANCE: Final = f"{{{RAM}}}CategoryTradeTax"
_ALLOWANCE: Final = f"{{{RAM}}}SpecifiedTradeAllowanceCharge"
_OF_LINE: Final = f"{{{RAM}}}SpecifiedLineTradeSettlement"
_OF_DOCUMENT: Final = f"{{{RAM}}}ApplicableHeaderTradeSettlement"
_TRADE: Final = f"{{{RSM}}}SupplyChainTradeTransaction"


def extra_taxes(node: Node) -> Iterator[ExtraTax]:
    """Yield the taxes of the invoice ``node`` that its model does not hold."""
    root = node.element
    ranks = Ranks()
    for code in root.iter(_CODE) if root is not None else ():
        tax = code.getparent()
        parent = None if tax is None else tax.getparent()
        if tax is None or parent is None or not _is_first(node, code, tax, "ram:CategoryCode"):
            continue
        if tax.tag == _TAX:
            if parent.tag == _OF_DOCUMENT:
                continue
            if parent.tag != _OF_LINE:
                yield _extra(node, tax, "")
            elif not _is_first(node, tax, parent, "ram:ApplicableTradeTax"):
                yield _extra(node, tax, "BG-25", _rank(ranks, parent.getparent()))
        elif tax.tag != _OF_ALLOWANCE:
            yield _extra(node, tax, "")
        elif parent.tag != _ALLOWANCE:
            yield _extra(node, tax, "BG-20")
        elif not _is_first(node, tax, parent, "ram:CategoryTradeTax"):
            yield _of_allowance(node, tax, parent, ranks)


def _is_first(node: Node, element: etree._Element, parent: etree._Element, name: str) -> bool:
    return node.group.outline.children[parent].get(name) is element


def _of_allowance(
    node: Node, tax: etree._Element, allowance: etree._Element, ranks: Ranks
) -> ExtraTax:
    said = Node(allowance, node.group).text("ram:ChargeIndicator/udt:Indicator")
    is_charge = said in ("true", "1")
    above = allowance.getparent()
    if above is not None and above.tag == _OF_DOCUMENT:
        return _extra(node, tax, "BG-21" if is_charge else "BG-20", ranks.of(allowance))
    if said is None:
        return _extra(node, tax, "BG-20")
    return _extra(node, tax, "BG-28" if is_charge else "BG-27")


def _rank(ranks: Ranks, element: etree._Element | None) -> int | None:
    return None if element is None else ranks.of(element)


def _extra(node: Node, tax: etree._Element, group: str, rank: int | None = None) -> ExtraTax:
    found = Node(tax, node.group)
    return ExtraTax(
        found.raw("ram:CategoryCode") or "",
        is_vat(found),
        group,
        rank,
        found.decimal("ram:RateApplicablePercent"),
        found.exists("ram:RateApplicablePercent"),
        found.exists("ram:CategoryCode"),
    )
