"""Where an element stands in an XML, written as people read it."""

from __future__ import annotations

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


def short_name(tag: str) -> str:
    """Return ``prefix:name`` for ``{namespace}name``; a namespace without prefix is left out."""
    namespace, _, local = tag.rpartition("}")
    prefix = PREFIXES.get(namespace.removeprefix("{"))
    return f"{prefix}:{local}" if prefix else local


def xpath_of(element: etree._Element) -> str:
    """Return the path of an element from the root; a rank only where siblings have the same name.

    For instance ``/rsm:CrossIndustryInvoice/rsm:ExchangedDocument/ram:IncludedNote[2]``.
    """
    steps: list[str] = []
    current: etree._Element | None = element
    while current is not None:
        step = short_name(str(current.tag))
        before = sum(1 for _ in current.itersiblings(current.tag, preceding=True))
        if before or next(current.itersiblings(current.tag), None) is not None:
            step += f"[{before + 1}]"
        steps.append(step)
        current = current.getparent()
    return "/" + "/".join(reversed(steps))
