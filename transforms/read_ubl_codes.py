"""The codes of a UBL invoice, where the artefacts of EN 16931 look for them.

One pass over the tree: an element whose name is in the table below is looked at by its finder,
which knows the contexts of the code list rules (BR-CL) of the validation artefacts for UBL 1.3.16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from lxml import etree

from transforms.facts import BLANKS, CodeUse
from transforms.read_ubl_party import SEPA
from transforms.ubl import CAC, CBC
from transforms.xml_node import Node, content_of

_AMOUNTS: Final = (
    "Amount",
    "BaseAmount",
    "PriceAmount",
    "TaxAmount",
    "TaxableAmount",
    "LineExtensionAmount",
    "TaxExclusiveAmount",
    "TaxInclusiveAmount",
    "AllowanceTotalAmount",
    "ChargeTotalAmount",
    "PrepaidAmount",
    "PayableRoundingAmount",
    "PayableAmount",
)
_LINES: Final = frozenset({f"{{{CAC}}}InvoiceLine", f"{{{CAC}}}CreditNoteLine"})

#: Rule, list and term of a code.
_Use = tuple[str, str, str]
#: What to do with an element and its parent.
_Finder = Callable[[etree._Element, etree._Element], "tuple[_Use, str] | None"]


def ubl_codes(node: Node) -> Iterator[CodeUse]:
    """Yield the codes of the invoice ``node``, in the order of the document."""
    rank = -1
    for child in node.element.iterchildren(etree.Element) if node.element is not None else ():
        line = None
        if child.tag in _LINES:
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


def _inside(use: _Use, *parents: str) -> _Finder:
    """Look at the text of an element, where it has one of ``parents`` (any when none is given)."""
    tags = {f"{{{CAC}}}{name}" for name in parents}

    def find(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
        return (use, content_of(element)) if not tags or parent.tag in tags else None

    return find


def _by_parent(uses: Mapping[str, _Use], attribute: str | None = None) -> _Finder:
    """Look at the text, or at an attribute when there is one, by the name of the parent."""
    table = {f"{{{CAC}}}{name}": use for name, use in uses.items()}

    def find(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
        use = table.get(str(parent.tag))
        value = content_of(element) if attribute is None else element.get(attribute)
        return (use, value) if use is not None and value is not None else None

    return find


def _attribute(use: _Use, name: str, default: str | None = None) -> _Finder:
    """Look at an attribute of an element, wherever it stands."""

    def find(element: etree._Element, _: etree._Element) -> tuple[_Use, str] | None:
        value = element.get(name, default)
        return (use, value) if value is not None else None

    return find


def _reason_code(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
    if parent.tag != f"{{{CAC}}}AllowanceCharge":
        return None
    said = (parent.findtext(f"{{{CBC}}}ChargeIndicator") or "").strip(BLANKS)
    if said in ("true", "1"):
        return ("BR-CL-20", "charge_reasons", "BT-105"), content_of(element)
    if said in ("false", "0"):
        return ("BR-CL-19", "allowance_reasons", "BT-98"), content_of(element)
    return None


def _identifier(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
    scheme = element.get("schemeID")
    name = str(parent.tag).removeprefix(f"{{{CAC}}}")
    if scheme is None or name not in _IDENTIFIERS:
        return _CATEGORIES(element, parent)
    if name == "PartyIdentification" and scheme.strip(BLANKS) == SEPA and _may_be_paid(parent):
        return None
    if name in ("AdditionalDocumentReference", "DocumentReference"):
        codes = [content_of(one) for one in parent.iterchildren(f"{{{CBC}}}DocumentTypeCode")]
        if "130" not in codes:
            return None
    return _IDENTIFIERS[name], scheme


def _may_be_paid(element: etree._Element) -> bool:
    payees = {f"{{{CAC}}}AccountingSupplierParty", f"{{{CAC}}}PayeeParty"}
    return any(above.tag in payees for above in element.iterancestors())


def _note(element: etree._Element, parent: etree._Element) -> tuple[_Use, str] | None:
    text = content_of(element)
    if parent.getparent() is not None or text.count("#") < 2:
        return None
    code = text.split("#", 2)[1]
    return (("BR-CL-08", "note_subjects", "BT-21"), code) if len(code) == 3 else None


_IDENTIFIERS: Final[Mapping[str, _Use]] = {
    "PartyIdentification": ("BR-CL-10", "identifier_schemes", "BT-29"),
    "StandardItemIdentification": ("BR-CL-21", "identifier_schemes", "BT-157"),
    "DeliveryLocation": ("BR-CL-26", "identifier_schemes", "BT-71"),
    "AdditionalDocumentReference": ("BR-CL-07", "reference_types", "BT-18"),
    "DocumentReference": ("BR-CL-07", "reference_types", "BT-128"),
}
_CATEGORIES: Final = _by_parent(
    {
        "TaxCategory": ("BR-CL-17", "tax_categories", "BT-118"),
        "ClassifiedTaxCategory": ("BR-CL-18", "tax_categories", "BT-151"),
    }
)
_CURRENCY: Final = _attribute(("BR-CL-03", "currencies", "BT-5"), "currencyID", "")
_UNIT: Final = _attribute(("BR-CL-23", "units", "BT-130"), "unitCode")

_FINDERS: Final[Mapping[str, _Finder]] = {
    **{f"{{{CBC}}}{name}": _CURRENCY for name in _AMOUNTS},
    f"{{{CBC}}}InvoiceTypeCode": _inside(("BR-CL-01", "invoice_types", "BT-3")),
    f"{{{CBC}}}CreditNoteTypeCode": _inside(("BR-CL-01", "credit_note_types", "BT-3")),
    f"{{{CBC}}}DocumentCurrencyCode": _inside(("BR-CL-04", "currencies", "BT-5")),
    f"{{{CBC}}}TaxCurrencyCode": _inside(("BR-CL-05", "currencies", "BT-6")),
    f"{{{CBC}}}DescriptionCode": _inside(("BR-CL-06", "vat_points_ubl", "BT-8"), "InvoicePeriod"),
    f"{{{CBC}}}Note": _note,
    f"{{{CBC}}}ID": _identifier,
    f"{{{CBC}}}CompanyID": _by_parent(
        {"PartyLegalEntity": ("BR-CL-11", "identifier_schemes", "BT-30")}, "schemeID"
    ),
    f"{{{CBC}}}ItemClassificationCode": _by_parent(
        {"CommodityClassification": ("BR-CL-13", "item_classifications", "BT-158")}, "listID"
    ),
    f"{{{CBC}}}IdentificationCode": _by_parent(
        {
            "Country": ("BR-CL-14", "countries_ubl", "BT-40"),
            "OriginCountry": ("BR-CL-15", "countries_ubl", "BT-159"),
        }
    ),
    f"{{{CBC}}}PaymentMeansCode": _inside(
        ("BR-CL-16", "payment_means_codes", "BT-81"), "PaymentMeans"
    ),
    f"{{{CBC}}}AllowanceChargeReasonCode": _reason_code,
    f"{{{CBC}}}TaxExemptionReasonCode": _inside(("BR-CL-22", "vatex", "BT-121")),
    f"{{{CBC}}}InvoicedQuantity": _UNIT,
    f"{{{CBC}}}BaseQuantity": _UNIT,
    f"{{{CBC}}}CreditedQuantity": _UNIT,
    f"{{{CBC}}}EmbeddedDocumentBinaryObject": _attribute(
        ("BR-CL-24", "mime_types", "BG-24"), "mimeCode"
    ),
    f"{{{CBC}}}EndpointID": _attribute(("BR-CL-25", "endpoint_schemes", "BT-34"), "schemeID"),
}
