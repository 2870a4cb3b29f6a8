"""The codes of a Cross Industry Invoice, where the artefacts of EN 16931 look for them.

One pass over the tree: an element whose name is in the table below is looked at by its finder,
which knows the contexts of the code list rules (BR-CL) of the validation artefacts for CII 1.3.16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from lxml import etree

from transforms.cii import RAM, RSM, UDT
from transforms.facts import BLANKS, CodeUse
from transforms.xml_node import Node, content_of

_TRADE_TAG: Final = f"{{{RSM}}}SupplyChainTradeTransaction"
_LINE_TAG: Final = f"{{{RAM}}}IncludedSupplyChainTradeLineItem"

#: Rule, list and term of a code.
_Use = tuple[str, str, str]
#: What to do with an element and its parent.
_Finder = Callable[[etree._Element, etree._Element], "tuple[_Use, str] | None"]


def cii_codes(node: Node) -> Iterator[CodeUse]:
    """Yield the codes of the invoice ``node``, in the order of the document."""
    rank = -1
    for part in node.element.iterchildren(etree.Element) if node.element is not None else ():
        inner = part.iterchildren(etree.Element) if part.tag == _TRADE_TAG else (part,)
        for child in inner:
            line = None
            if child.tag == _LINE_TAG:
                rank += 1
                line = rank
            for element in child.iter(etree.Element):
                finder = _FINDERS.get(str(element.tag))
                parent = element.getparent()
                if finder is None or parent is None:
                    continue
                found = finder(element, parent)
                if found is not None:
                    (rule, codes, bt), value = found
                    yield CodeUse(rule, codes, value, bt, line)


def _text(use: _Use, *parents: str) -> _Finder:
    """Look at the text of an element, where it has one of ``parents`` (any when none is given)."""
    tags = {f"{{{RAM}}}{name}" for name in parents}

    def find(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
        return (use, content_of(element)) if not tags or parent.tag in tags else None

    return find


def _attribute(use: _Use, name: str, *parents: str) -> _Finder:
    """Look at an attribute of an element that has it."""
    tags = {f"{{{RAM}}}{parent}" for parent in parents}

    def find(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
        value = element.get(name)
        return (use, value) if value is not None and (not tags or parent.tag in tags) else None

    return find


def _type_code(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
    if parent.tag == f"{{{RSM}}}ExchangedDocument":
        return ("BR-CL-01", "document_type_codes", "BT-3"), content_of(element)
    if parent.tag == f"{{{RAM}}}SpecifiedTradeSettlementPaymentMeans":
        return ("BR-CL-16", "payment_means_codes", "BT-81"), content_of(element)
    return None


def _category(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
    if parent.tag == f"{{{RAM}}}CategoryTradeTax":
        return ("BR-CL-17", "tax_categories", "BT-95"), content_of(element)
    if parent.tag == f"{{{RAM}}}ApplicableTradeTax":
        above = parent.getparent()
        on_line = above is not None and "SpecifiedLineTradeSettlement" in str(above.tag)
        bt = "BT-151" if on_line else "BT-118"
        return ("BR-CL-18", "tax_categories", bt), content_of(element)
    return None


def _identifier(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
    scheme = element.get("schemeID")
    if scheme is not None and not _is_below(element, "SpecifiedTaxRegistration"):
        return ("BR-CL-11", "identifier_schemes", "BT-30"), scheme
    if parent.tag == f"{{{RAM}}}OriginTradeCountry":
        return ("BR-CL-15", "countries", "BT-159"), content_of(element)
    return None


def _global_identifier(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
    scheme = element.get("schemeID")
    if scheme is None:
        return None
    if not _is_below(element, "SpecifiedTradeProduct", "ShipToTradeParty"):
        return ("BR-CL-10", "identifier_schemes", "BT-29"), scheme
    if parent.tag == f"{{{RAM}}}SpecifiedTradeProduct":
        return ("BR-CL-21", "identifier_schemes", "BT-157"), scheme
    above = parent.getparent()
    if above is not None and above.tag == f"{{{RAM}}}ApplicableHeaderTradeDelivery":
        return ("BR-CL-26", "identifier_schemes", "BT-71"), scheme
    return None


def _is_below(element: etree._Element, *names: str) -> bool:
    tags = {f"{{{RAM}}}{name}" for name in names}
    return any(above.tag in tags for above in element.iterancestors())


def _reason_code(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
    if parent.tag != f"{{{RAM}}}SpecifiedTradeAllowanceCharge":
        return None
    said = parent.findtext(f"{{{RAM}}}ChargeIndicator/{{{UDT}}}Indicator") or ""
    if said.strip(BLANKS) in ("true", "1"):
        return ("BR-CL-20", "charge_reasons", "BT-105"), content_of(element)
    if said.strip(BLANKS) in ("false", "0"):
        return ("BR-CL-19", "allowance_reasons", "BT-98"), content_of(element)
    return None


_UNIT: Final = _attribute(("BR-CL-23", "units", "BT-130"), "unitCode")

_FINDERS: Final[Mapping[str, _Finder]] = {
    f"{{{RAM}}}{name}": finder
    for name, finder in {
        "TypeCode": _type_code,
        "TaxTotalAmount": _attribute(("BR-CL-03", "currencies", "BT-5"), "currencyID"),
        "InvoiceCurrencyCode": _text(("BR-CL-04", "currencies", "BT-5")),
        "TaxCurrencyCode": _text(("BR-CL-05", "currencies", "BT-6")),
        "DueDateTypeCode": _text(("BR-CL-06", "vat_points_cii", "BT-8")),
        "ReferenceTypeCode": _text(("BR-CL-07", "reference_types", "BT-18")),
        "SubjectCode": _text(("BR-CL-08", "note_subjects_cii", "BT-21")),
        "GlobalID": _global_identifier,
        "ID": _identifier,
        "ClassCode": _attribute(("BR-CL-13", "item_classifications", "BT-158"), "listID"),
        "CountryID": _text(("BR-CL-14", "countries", "BT-40")),
        "CategoryCode": _category,
        "ReasonCode": _reason_code,
        "ExemptionReasonCode": _text(("BR-CL-22", "vatex", "BT-121")),
        "BasisQuantity": _UNIT,
        "BilledQuantity": _UNIT,
        "AttachmentBinaryObject": _attribute(("BR-CL-24", "mime_types", "BG-24"), "mimeCode"),
        "URIID": _attribute(
            ("BR-CL-25", "endpoint_schemes", "BT-34"), "schemeID", "URIUniversalCommunication"
        ),
    }.items()
}
