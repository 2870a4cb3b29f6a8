"""An invoice read from XML: the model, what the XML says beyond it, and the place of each value.

The reader is tolerant: what is missing or is no number or date is left out of the model and kept
among the facts, so that the rules may judge it. ``transforms.read_cii`` and
``transforms.read_ubl`` are its strict counterparts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from config.target import SyntaxName
from transforms.cii import RSM
from transforms.facts import Facts
from transforms.finding import Location
from transforms.invoice import Invoice, Provenance
from transforms.read_cii import read_cii_node
from transforms.read_cii_facts import CII_FACTS, cii_facts
from transforms.read_ubl import UBL_ROOTS, read_ubl_node
from transforms.read_ubl_facts import UBL_FACTS, ubl_facts
from transforms.xml_node import Node, ReadError, open_document, parse_xml
from transforms.xml_notes import GroupKey, Places
from transforms.xml_path import Ranks, line_of, xpath_of


@dataclass(frozen=True, slots=True)
class XmlProvenance(Provenance):
    """Where the values of an invoice stand in its XML."""

    places: Places = field(default_factory=dict)
    ranks: Ranks = field(default_factory=dict, compare=False, repr=False)

    def locate(self, bt: str | None, index: int | None = None, rank: int | None = None) -> Location:
        """Return the element of ``bt``, or its group or line, or the file when there is none."""
        element = self._element(bt, index, rank)
        if element is None:
            return Location(self.file)
        return Location(self.file, line=line_of(element), xpath=xpath_of(element, self.ranks))

    def _element(
        self, bt: str | None, index: int | None, rank: int | None
    ) -> etree._Element | None:
        ranks = tuple(one for one in (index, rank) if one is not None)
        keys: list[tuple[str, GroupKey]] = []
        if bt is not None:
            keys = [(bt, ranks), (bt, (*ranks, 0)), (bt, ())]
            keys += [
                (group, ranks) for group in _GROUPS if rank is not None and bt in _GROUPS[group]
            ]
        if index is not None:
            keys.append(("BG-25", (index,)))
        found = (self.places[at].get(term) for term, at in keys if at in self.places)
        return next((element for element in found if element is not None), None)


def _terms(first: int, last: int) -> frozenset[str]:
    return frozenset(f"BT-{number}" for number in range(first, last + 1))


#: Groups that are noted with their rank, and their terms (allowances with charges).
_GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "BG-20": _terms(92, 105),
    "BG-23": _terms(116, 121),
    "BG-27": _terms(136, 145),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one document."""

    syntax: SyntaxName
    invoice: Invoice
    facts: Facts


def read_invoice(root: etree._Element, *, file: str = "") -> Reading:
    """Return what is read of ``root``: a UBL Invoice or CreditNote, or a CII.

    ``file`` names the document in the places of findings.

    Raises:
        ReadError: the root is that of no invoice.
    """
    if root.tag == f"{{{RSM}}}CrossIndustryInvoice":
        syntax: SyntaxName = "cii"
        node = open_document(root, CII_FACTS)
        invoice = read_cii_node(node, _provenance(node, file))
        facts = cii_facts(node)
    elif root.tag in UBL_ROOTS:
        syntax = "ubl"
        node = open_document(root, UBL_FACTS)
        invoice = read_ubl_node(node, _provenance(node, file))
        facts = ubl_facts(node)
    else:
        msg = f"neither a UBL invoice nor a Cross Industry Invoice: {root.tag}"
        raise ReadError(msg)
    return Reading(syntax, invoice, facts)


def _provenance(node: Node, file: str) -> XmlProvenance:
    return XmlProvenance(file, 1, {}, places=node.group.notes.places)


def read_document(data: bytes, *, file: str = "") -> Reading:
    """Return what is read of the bytes of an invoice; see :func:`read_invoice`.

    Raises:
        ReadError: not well-formed, or no invoice.
    """
    return read_invoice(parse_xml(data), file=file)
