"""The codes of a UBL invoice, where the artefacts of EN 16931 look for them.

An element whose name is in the table below is looked at by its finder (``transforms.xml_outline``),
which knows the contexts of the code list rules (BR-CL) of the validation artefacts for UBL 1.3.16.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lxml import etree

from transforms.facts import BLANKS
from transforms.read_ubl_party import SEPA
from transforms.ubl import CAC, CBC
from transforms.xml_outline import Finder, Use, attribute_within, content_of, text_within

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


def _cac(name: str) -> str:
    return f"{{{CAC}}}{name}"


_ALLOWANCE: Final = _cac("AllowanceCharge")
_PARTY: Final = _cac("PartyIdentification")
_OBJECTS: Final = frozenset({_cac("AdditionalDocumentReference"), _cac("DocumentReference")})
_PAID: Final = frozenset({_cac("AccountingSupplierParty"), _cac("PayeeParty")})


def _by_parent(uses: Mapping[str, Use], attribute: str | None = None) -> Finder:
    """Look at the text, or at an attribute when there is one, by the name of the parent."""
    table = {_cac(name): use for name, use in uses.items()}

    def find(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
        use = table.get(parent.tag)
        if use is None:
            return None
        value = content_of(element) if attribute is None else element.get(attribute)
        return (use, value) if value is not None else None

    return find


def _reason_code(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
    if parent.tag != _ALLOWANCE:
        return None
    said = (parent.findtext(f"{{{CBC}}}ChargeIndicator") or "").strip(BLANKS)
    if said in ("true", "1"):
        return ("BR-CL-20", "charge_reasons", "BT-105"), content_of(element)
    if said in ("false", "0"):
        return ("BR-CL-19", "allowance_reasons", "BT-98"), content_of(element)
    return None


def _identifier(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
    holder = parent.tag
    use = _IDENTIFIERS.get(holder)
    scheme = element.get("schemeID") if use is not None else None
    if use is None or scheme is None:
        return _CATEGORIES(element, parent)
    if holder == _PARTY and scheme.strip(BLANKS) == SEPA and _may_be_paid(parent):
        return None
    if holder in _OBJECTS:
        codes = [content_of(one) for one in parent.iterchildren(f"{{{CBC}}}DocumentTypeCode")]
        if "130" not in codes:
            return None
    return use, scheme


def _may_be_paid(element: etree._Element) -> bool:
    return any(above.tag in _PAID for above in element.iterancestors())


def _note(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
    if parent.getparent() is not None:
        return None
    text = content_of(element)
    if text.count("#") < 2:
        return None
    code = text.split("#", 2)[1]
    return (("BR-CL-08", "note_subjects", "BT-21"), code) if len(code) == 3 else None


_IDENTIFIERS: Final[Mapping[str, Use]] = {
    _cac("PartyIdentification"): ("BR-CL-10", "identifier_schemes", "BT-29"),
    _cac("StandardItemIdentification"): ("BR-CL-21", "identifier_schemes", "BT-157"),
    _cac("DeliveryLocation"): ("BR-CL-26", "identifier_schemes", "BT-71"),
    _cac("AdditionalDocumentReference"): ("BR-CL-07", "reference_types", "BT-18"),
    _cac("DocumentReference"): ("BR-CL-07", "reference_types", "BT-128"),
}
_CATEGORIES: Final = _by_parent(
    {
        "TaxCategory": ("BR-CL-17", "tax_categories", "BT-118"),
        "ClassifiedTaxCategory": ("BR-CL-18", "tax_categories", "BT-151"),
    }
)
_CURRENCY: Final = attribute_within(("BR-CL-03", "currencies", "BT-5"), "currencyID", default="")
_UNIT: Final = attribute_within(("BR-CL-23", "units", "BT-130"), "unitCode")

UBL_CODES: Final[Mapping[str, Finder]] = {
    **{f"cbc:{name}": _CURRENCY for name in _AMOUNTS},
    "cbc:InvoiceTypeCode": text_within(("BR-CL-01", "invoice_types", "BT-3")),
    "cbc:CreditNoteTypeCode": text_within(("BR-CL-01", "credit_note_types", "BT-3")),
    "cbc:DocumentCurrencyCode": text_within(("BR-CL-04", "currencies", "BT-5")),
    "cbc:TaxCurrencyCode": text_within(("BR-CL-05", "currencies", "BT-6")),
    "cbc:DescriptionCode": text_within(
        ("BR-CL-06", "vat_points_ubl", "BT-8"), [_cac("InvoicePeriod")]
    ),
    "cbc:Note": _note,
    "cbc:ID": _identifier,
    "cbc:CompanyID": _by_parent(
        {"PartyLegalEntity": ("BR-CL-11", "identifier_schemes", "BT-30")}, "schemeID"
    ),
    "cbc:ItemClassificationCode": _by_parent(
        {"CommodityClassification": ("BR-CL-13", "item_classifications", "BT-158")}, "listID"
    ),
    "cbc:IdentificationCode": _by_parent(
        {
            "Country": ("BR-CL-14", "countries_ubl", "BT-40"),
            "OriginCountry": ("BR-CL-15", "countries_ubl", "BT-159"),
        }
    ),
    "cbc:PaymentMeansCode": text_within(
        ("BR-CL-16", "payment_means_codes", "BT-81"), [_cac("PaymentMeans")]
    ),
    "cbc:AllowanceChargeReasonCode": _reason_code,
    "cbc:TaxExemptionReasonCode": text_within(("BR-CL-22", "vatex", "BT-121")),
    "cbc:InvoicedQuantity": _UNIT,
    "cbc:BaseQuantity": _UNIT,
    "cbc:CreditedQuantity": _UNIT,
    "cbc:EmbeddedDocumentBinaryObject": attribute_within(
        ("BR-CL-24", "mime_types", "BG-24"), "mimeCode"
    ),
    "cbc:EndpointID": attribute_within(("BR-CL-25", "endpoint_schemes", "BT-34"), "schemeID"),
}
