"""Elements of a Cross Industry Invoice as the reader wants them: absent, or typed."""

from __future__ import annotations

from typing import Final

from lxml import etree

from transforms.cii import QDT, RAM, RSM, UDT
from transforms.xml_node import Node, ReadError, first, parse_xml, present
from transforms.xml_outline import Layout, Names

__all__ = ["CII_LAYOUT", "NAMESPACES", "Node", "ReadError", "first", "parse_cii", "present"]

NAMESPACES: Final = {"rsm": RSM, "ram": RAM, "udt": UDT, "qdt": QDT}
CII_LAYOUT: Final = Layout(
    Names(NAMESPACES),
    lines=frozenset({"ram:IncludedSupplyChainTradeLineItem"}),
    holder="rsm:SupplyChainTradeTransaction",
)


def parse_cii(data: bytes) -> etree._Element:
    """Return the root of ``data``, parsed without entities, DTD or network.

    libxml2 refuses a text over 10 MB here (a large attachment); the tree of ``schemas.xsd`` has it.

    Raises:
        ReadError: not well-formed, or not a Cross Industry Invoice.
    """
    root = parse_xml(data)
    if root.tag != f"{{{RSM}}}CrossIndustryInvoice":
        msg = f"not a Cross Industry Invoice: {root.tag}"
        raise ReadError(msg)
    return root
