"""The codes of a Cross Industry Invoice, where the artefacts of EN 16931 look for them.

An element whose name is in the table below is looked at by its finder (``transforms.xml_outline``),
which knows the contexts of the code list rules (BR-CL) of the validation artefacts for CII 1.3.16.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lxml import etree

from transforms.cii import RAM, RSM, UDT
from transforms.facts import BLANKS
from transforms.xml_outline import Finder, Use, attribute_within, content_of, text_within


def _ram(name: str) -> str:
    return f"{{{RAM}}}{name}"


_DOCUMENT: Final = f"{{{RSM}}}ExchangedDocument"
_MEANS: Final = _ram("SpecifiedTradeSettlementPaymentMeans")
_ALLOWANCE: Final = _ram("SpecifiedTradeAllowanceCharge")
_ALLOWANCE_TAX: Final = _ram("CategoryTradeTax")
_TAX: Final = _ram("ApplicableTradeTax")
_ORIGIN: Final = _ram("OriginTradeCountry")
_PRODUCT: Final = _ram("SpecifiedTradeProduct")
_DELIVERY: Final = _ram("ApplicableHeaderTradeDelivery")
_INDICATOR: Final = f"{_ram('ChargeIndicator')}/{{{UDT}}}Indicator"


def _type_code(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
    if parent.tag == _DOCUMENT:
        return ("BR-CL-01", "document_type_codes", "BT-3"), content_of(element)
    if parent.tag == _MEANS:
        return ("BR-CL-16", "payment_means_codes", "BT-81"), content_of(element)
    return None


def _category(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
    if parent.tag == _ALLOWANCE_TAX:
        return ("BR-CL-17", "tax_categories", "BT-95"), content_of(element)
    if parent.tag == _TAX:
        above = parent.getparent()
        on_line = above is not None and "SpecifiedLineTradeSettlement" in str(above.tag)
        bt = "BT-151" if on_line else "BT-118"
        return ("BR-CL-18", "tax_categories", bt), content_of(element)
    return None


def _identifier(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
    scheme = element.get("schemeID")
    if scheme is not None and not _is_below(element, "SpecifiedTaxRegistration"):
        return ("BR-CL-11", "identifier_schemes", "BT-30"), scheme
    if parent.tag == _ORIGIN:
        return ("BR-CL-15", "countries", "BT-159"), content_of(element)
    return None


def _global_identifier(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
    scheme = element.get("schemeID")
    if scheme is None:
        return None
    if not _is_below(element, "SpecifiedTradeProduct", "ShipToTradeParty"):
        return ("BR-CL-10", "identifier_schemes", "BT-29"), scheme
    if parent.tag == _PRODUCT:
        return ("BR-CL-21", "identifier_schemes", "BT-157"), scheme
    above = parent.getparent()
    if above is not None and above.tag == _DELIVERY:
        return ("BR-CL-26", "identifier_schemes", "BT-71"), scheme
    return None


def _is_below(element: etree._Element, *names: str) -> bool:
    tags = {_ram(name) for name in names}
    return any(above.tag in tags for above in element.iterancestors())


def _reason_code(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
    if parent.tag != _ALLOWANCE:
        return None
    said = parent.findtext(_INDICATOR) or ""
    if said.strip(BLANKS) in ("true", "1"):
        return ("BR-CL-20", "charge_reasons", "BT-105"), content_of(element)
    if said.strip(BLANKS) in ("false", "0"):
        return ("BR-CL-19", "allowance_reasons", "BT-98"), content_of(element)
    return None


_UNIT: Final = attribute_within(("BR-CL-23", "units", "BT-130"), "unitCode")

CII_CODES: Final[Mapping[str, Finder]] = {
    f"ram:{name}": finder
    for name, finder in {
        "TypeCode": _type_code,
        "TaxTotalAmount": attribute_within(("BR-CL-03", "currencies", "BT-5"), "currencyID"),
        "InvoiceCurrencyCode": text_within(("BR-CL-04", "currencies", "BT-5")),
        "TaxCurrencyCode": text_within(("BR-CL-05", "currencies", "BT-6")),
        "DueDateTypeCode": text_within(("BR-CL-06", "vat_points_cii", "BT-8")),
        "ReferenceTypeCode": text_within(("BR-CL-07", "reference_types", "BT-18")),
        "SubjectCode": text_within(("BR-CL-08", "note_subjects_cii", "BT-21")),
        "GlobalID": _global_identifier,
        "ID": _identifier,
        "ClassCode": attribute_within(("BR-CL-13", "item_classifications", "BT-158"), "listID"),
        "CountryID": text_within(("BR-CL-14", "countries", "BT-40")),
        "CategoryCode": _category,
        "ReasonCode": _reason_code,
        "ExemptionReasonCode": text_within(("BR-CL-22", "vatex", "BT-121")),
        "BasisQuantity": _UNIT,
        "BilledQuantity": _UNIT,
        "AttachmentBinaryObject": attribute_within(("BR-CL-24", "mime_types", "BG-24"), "mimeCode"),
        "URIID": attribute_within(
            ("BR-CL-25", "endpoint_schemes", "BT-34"),
            "schemeID",
            [_ram("URIUniversalCommunication")],
        ),
    }.items()
}
