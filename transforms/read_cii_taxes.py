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
from transforms.cii_node import CiiNode
from transforms.facts import ExtraTax
from transforms.read_cii_line import is_vat
from transforms.xml_node import Node, Notes

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
    for code in root.iter(_CODE) if root is not None else ():
        tax = code.getparent()
        parent = None if tax is None else tax.getparent()
        if tax is None or parent is None or tax.find(_CODE) is not code:
            continue
        if tax.tag == _TAX:
            if parent.tag == _OF_DOCUMENT:
                continue
            if parent.tag != _OF_LINE:
                yield _extra(tax, "")
            elif parent.find(_TAX) is not tax:
                yield _extra(tax, "BG-25", _rank(parent.getparent()))
        elif tax.tag != _OF_ALLOWANCE:
            yield _extra(tax, "")
        elif parent.tag != _ALLOWANCE:
            yield _extra(tax, "BG-20")
        elif parent.find(_OF_ALLOWANCE) is not tax:
            yield _of_allowance(tax, parent)


def _of_allowance(tax: etree._Element, allowance: etree._Element) -> ExtraTax:
    said = CiiNode(allowance).text("ram:ChargeIndicator/udt:Indicator")
    is_charge = said in ("true", "1")
    above = allowance.getparent()
    if above is not None and above.tag == _OF_DOCUMENT:
        return _extra(tax, "BG-21" if is_charge else "BG-20", _rank(allowance))
    if said is None:
        return _extra(tax, "BG-20")
    return _extra(tax, "BG-28" if is_charge else "BG-27")


def _rank(element: etree._Element | None) -> int | None:
    """Return the rank of an element among those of its name."""
    parent = None if element is None else element.getparent()
    if element is None or parent is None:
        return None
    return list(parent.iterchildren(str(element.tag))).index(element)


def _extra(tax: etree._Element, group: str, rank: int | None = None) -> ExtraTax:
    node = CiiNode(tax, Notes())
    return ExtraTax(
        node.raw("ram:CategoryCode") or "",
        is_vat(node),
        group,
        rank,
        node.decimal("ram:RateApplicablePercent"),
        node.exists("ram:RateApplicablePercent"),
        node.exists("ram:CategoryCode"),
    )
