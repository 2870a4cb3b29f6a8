"""Where an element stands in an XML, written as people read it."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from lxml import etree

#: Usual prefixes, whatever those of the document.
PREFIXES = {
    "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100": "rsm",
    "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100": "ram",
    "urn:un:unece:uncefact:data:standard:QualifiedDataType:100": "qdt",
    "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100": "udt",
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2": "ubl",
    "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2": "cn",
    "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2": "cac",
    "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2": "cbc",
    "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2": "ext",
}


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return etree.QName(element).localname


def line_of(element: etree._Element) -> int | None:
    """Return the line an element begins on, from 1; None for one that was not parsed."""
    line: int | None = getattr(element, "sourceline", None)
    return line or None


def short_name(tag: str) -> str:
    """Return ``prefix:name`` for ``{namespace}name``; a namespace without prefix is left out."""
    namespace, _, local = tag.rpartition("}")
    prefix = PREFIXES.get(namespace.removeprefix("{"))
    return f"{prefix}:{local}" if prefix else local


#: Rank of each child among its siblings of the same name, and whether it has any; by parent.
Ranks: TypeAlias = dict[etree._Element, dict[etree._Element, tuple[int, bool]]]


def xpath_of(element: etree._Element, ranks: Ranks | None = None) -> str:
    """Return the path of an element from the root; a rank only where siblings have the same name.

    For instance ``/rsm:CrossIndustryInvoice/rsm:ExchangedDocument/ram:IncludedNote[2]``.

    ``ranks`` is filled and used again: who asks for many paths of one document gives the same.
    """
    steps: list[str] = []
    current: etree._Element | None = element
    while current is not None:
        step = short_name(str(current.tag))
        parent = current.getparent()
        if parent is not None:
            rank, alike = _rank(current, parent, ranks)
            if alike:
                step += f"[{rank}]"
        steps.append(step)
        current = parent
    return "/" + "/".join(reversed(steps))


def _rank(element: etree._Element, parent: etree._Element, ranks: Ranks | None) -> tuple[int, bool]:
    if ranks is None:
        before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
        return before + 1, bool(before) or next(element.itersiblings(element.tag), None) is not None
    if parent not in ranks:
        children = list(parent)
        seen: Counter[object] = Counter()
        totals = Counter(child.tag for child in children)
        table = ranks[parent] = {}
        for child in children:
            seen[child.tag] += 1
            table[child] = (seen[child.tag], totals[child.tag] > 1)
    return ranks[parent][element]
