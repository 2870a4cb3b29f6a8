"""What a UBL invoice says beyond the model, as the artefacts of EN 16931 look for it.

Each function answers the contexts of some rules of the validation artefacts for UBL 1.3.16
(10/04/2026); paths without a root match at any depth there, and so they do here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from lxml import etree

from transforms.facts import (
    CodeUse,
    Facts,
    Means,
    Property,
    Registrations,
    TaxTotal,
    Unschemed,
)
from transforms.read_ubl_party import SEPA
from transforms.ubl import CAC, CBC
from transforms.ubl_node import is_vat
from transforms.xml_node import Node, Notes, content_of

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
_NOTHING: Final = etree.Element("nothing")

#: Rule, list and term of a code.
_Use = tuple[str, str, str]
#: By element: what to do with it. It is given the element and its parent.
_Finder = Callable[[etree._Element, etree._Element], "tuple[_Use, str] | None"]


def ubl_facts(node: Node, notes: Notes) -> Facts:
    """Return the facts of the invoice ``node``, of which ``notes`` were taken while reading."""
    supplier, customer = _party(node, "Supplier"), _party(node, "Customer")
    payee = node.child("cac:PayeeParty")
    in_period = node.exists("cac:InvoicePeriod/cbc:DescriptionCode")
    return Facts(
        from_xml=True,
        there=frozenset(notes.there),
        texts=notes.texts,
        foreign=frozenset(notes.foreign),
        indicators=notes.indicators,
        codes=tuple(_codes(_root(node))),
        tax_totals=tuple(_tax_totals(node)),
        means=tuple(_means(one) for one in node.children("cac:PaymentMeans")),
        registrations=_registrations(node, supplier, customer),
        properties=tuple(_properties(node)),
        unschemed=tuple(_unschemed(node)),
        vat_numbers=tuple(_vat_numbers(node)),
        blank_references=sum(
            one.text("cbc:ID") is None
            for one in node.children(".//cac:AdditionalDocumentReference")
        ),
        preceding_without_number=sum(
            not one.exists("cac:InvoiceDocumentReference/cbc:ID")
            for one in node.children(".//cac:BillingReference")
        ),
        payee_is_seller=_same_party(payee, supplier),
        sites_without_country=sum(
            not one.exists("cac:Country/cbc:IdentificationCode")
            for one in node.children(".//cac:Delivery/cac:DeliveryLocation/cac:Address")
        ),
        vat_point_told_twice=in_period and node.exists("cbc:TaxPointDate"),
        vat_point_in_period=in_period,
        period_told=node.exists("cac:InvoicePeriod/*"),
    )


def _root(node: Node) -> etree._Element:
    return node.element if node.element is not None else _NOTHING


def _party(node: Node, role: str) -> Node:
    return node.child(f"cac:Accounting{role}Party/cac:Party")


def _tax_totals(node: Node) -> Iterator[TaxTotal]:
    rank = 0
    for one in node.children("cac:TaxTotal"):
        groups = len(one.children("cac:TaxSubtotal"))
        amount = one.child("cbc:TaxAmount")
        currency = amount.element.get("currencyID") if amount.element is not None else None
        yield TaxTotal(currency, amount.decimal(), tuple(range(rank, rank + groups)))
        rank += groups


def _means(node: Node) -> Means:
    account = node.child("cac:PayeeFinancialAccount")
    return Means(
        node.raw("cbc:PaymentMeansCode"),
        account.element is not None,
        account.exists("cbc:ID"),
        account.text("cbc:ID") is not None,
    )


def _registrations(node: Node, supplier: Node, customer: Node) -> Registrations:
    representative = node.child("cac:TaxRepresentativeParty")
    return Registrations(
        seller_vat=_has_vat(supplier),
        seller_any=supplier.exists("cac:PartyTaxScheme/cbc:CompanyID"),
        representative_vat=_has_vat(representative),
        buyer_vat=_has_vat(customer),
        buyer_legal=customer.exists("cac:PartyLegalEntity/cbc:CompanyID"),
    )


def _has_vat(party: Node) -> bool:
    return any(
        is_vat(one) and one.exists("cbc:CompanyID") for one in party.children("cac:PartyTaxScheme")
    )


def _vat_numbers(node: Node) -> Iterator[tuple[str, str]]:
    terms = {
        "AccountingSupplierParty": "BT-31",
        "AccountingCustomerParty": "BT-48",
        "TaxRepresentativeParty": "BT-63",
    }
    for one in node.children(".//cac:PartyTaxScheme"):
        if is_vat(one) and one.element is not None:
            above = (etree.QName(step).localname for step in one.element.iterancestors())
            bt = next((terms[name] for name in above if name in terms), "BT-31")
            yield bt, one.raw("cbc:CompanyID") or ""


def _properties(node: Node) -> Iterator[Property]:
    for rank, line in enumerate(_line_nodes(node)):
        for one in line.children(".//cac:AdditionalItemProperty"):
            yield Property(one.exists("cbc:Name"), one.exists("cbc:Value"), rank)


def _unschemed(node: Node) -> Iterator[Unschemed]:
    for bt, role in (("BT-34", "Supplier"), ("BT-49", "Customer")):
        endpoint = _party(node, role).child("cbc:EndpointID")
        if endpoint.element is not None and "schemeID" not in endpoint.element.attrib:
            yield Unschemed(bt, endpoint.raw() or "")
    for rank, line in enumerate(_line_nodes(node)):
        for bt, path, name in (
            ("BT-157", "cac:Item/cac:StandardItemIdentification/cbc:ID", "schemeID"),
            ("BT-158", "cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode", "listID"),
        ):
            for one in line.children(path):
                if one.element is not None and name not in one.element.attrib:
                    yield Unschemed(bt, one.raw() or "", rank)


def _line_nodes(node: Node) -> list[Node]:
    return node.children("cac:InvoiceLine") + node.children("cac:CreditNoteLine")


def _same_party(payee: Node, seller: Node) -> bool:
    return any(
        {one.raw() for one in payee.children(path)} & {one.raw() for one in seller.children(path)}
        for path in ("cac:PartyName/cbc:Name", "cac:PartyIdentification/cbc:ID")
    )


def _codes(root: etree._Element) -> Iterator[CodeUse]:
    rank = -1
    for child in root.iterchildren(etree.Element):
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
    said = (parent.findtext(f"{{{CBC}}}ChargeIndicator") or "").strip()
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
    if name == "PartyIdentification" and scheme.strip() == SEPA and _may_be_paid(parent):
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
        ("BR-CL-24", "mime_types", "BT-125"), "mimeCode"
    ),
    f"{{{CBC}}}EndpointID": _attribute(("BR-CL-25", "endpoint_schemes", "BT-34"), "schemeID"),
}
