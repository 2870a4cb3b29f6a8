"""What a Cross Industry Invoice says beyond the model, as the artefacts of EN 16931 look for it.

Each function answers the contexts of some rules of the validation artefacts for CII 1.3.16
(10/04/2026); paths without a root match at any depth there, and so they do here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from lxml import etree

from transforms.cii import RAM, RSM, UDT
from transforms.cii_node import Node
from transforms.facts import (
    CodeUse,
    Facts,
    Means,
    Property,
    Registrations,
    TaxTotal,
    Unschemed,
)
from transforms.read_cii_line import is_vat
from transforms.xml_node import Notes, content_of

_TRADE: Final = "rsm:SupplyChainTradeTransaction"
_AGREEMENT: Final = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_DELIVERY: Final = f"{_TRADE}/ram:ApplicableHeaderTradeDelivery"
_SETTLEMENT: Final = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"
_TRADE_TAG: Final = f"{{{RSM}}}SupplyChainTradeTransaction"
_LINE_TAG: Final = f"{{{RAM}}}IncludedSupplyChainTradeLineItem"
_NOTHING: Final = etree.Element("nothing")

#: Categories whose groups the artefact judges by their own family alone: their rules come first
#: in its pattern and hide the general ones (BR-45 to BR-48, BR-CO-03, BR-CO-17, BR-DEC-19, 20).
HIDDEN_GROUPS: Final = frozenset({"O", "L", "M"})

_Use = tuple[str, str, str]
_Finder = Callable[[etree._Element, etree._Element], "tuple[_Use, str] | None"]


def cii_facts(node: Node, notes: Notes) -> Facts:
    """Return the facts of the invoice ``node``, of which ``notes`` were taken while reading."""
    agreement, settlement = node.child(_AGREEMENT), node.child(_SETTLEMENT)
    seller, buyer = (agreement.child(f"ram:{role}TradeParty") for role in ("Seller", "Buyer"))
    return Facts(
        from_xml=True,
        there=frozenset(notes.there),
        texts=notes.texts,
        foreign=frozenset(notes.foreign),
        unformatted=frozenset(notes.unformatted),
        indicators=notes.indicators,
        codes=tuple(_codes(_root(node))),
        tax_totals=tuple(_tax_totals(settlement)),
        means=tuple(
            _means(one) for one in node.children(".//ram:SpecifiedTradeSettlementPaymentMeans")
        ),
        registrations=_registrations(agreement, seller, buyer),
        properties=tuple(_properties(node)),
        unschemed=tuple(_unschemed(node, seller, buyer)),
        vat_numbers=tuple(_vat_numbers(node)),
        blank_references=sum(
            one.text("ram:IssuerAssignedID") is None
            for one in node.children(".//ram:AdditionalReferencedDocument")
        ),
        preceding_without_number=sum(
            one.text("ram:IssuerAssignedID") is None
            for one in settlement.children("ram:InvoiceReferencedDocument")
        ),
        payee_is_seller=_same_party(settlement.child("ram:PayeeTradeParty"), seller),
        sites_without_country=sum(
            one.text("ram:CountryID") is None
            for one in node.children(f"{_DELIVERY}/ram:ShipToTradeParty/ram:PostalTradeAddress")
        ),
        vat_point_told_twice=_point_told_twice(node, settlement),
    )


def _root(node: Node) -> etree._Element:
    return node.element if node.element is not None else _NOTHING


def _point_told_twice(node: Node, settlement: Node) -> bool:
    judged = any(
        not (is_vat(one) and one.raw("ram:CategoryCode") in HIDDEN_GROUPS)
        for one in settlement.children("ram:ApplicableTradeTax")
    )
    told = node.exists(".//ram:TaxPointDate") and node.exists(".//ram:DueDateTypeCode")
    return judged and told


def _tax_totals(settlement: Node) -> Iterator[TaxTotal]:
    path = "ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:TaxTotalAmount"
    groups = tuple(range(len(settlement.children("ram:ApplicableTradeTax"))))
    for one in settlement.children(path):
        currency = one.element.get("currencyID") if one.element is not None else None
        yield TaxTotal(currency, one.decimal(), groups)


def _means(node: Node) -> Means:
    account = node.child("ram:PayeePartyCreditorFinancialAccount")
    return Means(
        node.raw("ram:TypeCode"),
        account.element is not None,
        account.exists("ram:IBANID") or account.exists("ram:ProprietaryID"),
        bool(account.text("ram:IBANID") or account.text("ram:ProprietaryID")),
    )


def _registrations(agreement: Node, seller: Node, buyer: Node) -> Registrations:
    representative = agreement.child("ram:SellerTaxRepresentativeTradeParty")
    return Registrations(
        seller_vat=_has_registration(seller, "VA"),
        seller_any=_has_registration(seller, "VA", "FC"),
        representative_vat=_has_registration(representative, "VA"),
        buyer_vat=_has_registration(buyer, "VA"),
        buyer_legal=buyer.exists("ram:SpecifiedLegalOrganization/ram:ID"),
    )


def _has_registration(party: Node, *schemes: str) -> bool:
    return any(
        one.element is not None and one.element.get("schemeID") in schemes
        for one in party.children("ram:SpecifiedTaxRegistration/ram:ID")
    )


def _vat_numbers(node: Node) -> Iterator[tuple[str, str]]:
    terms = {
        "SellerTradeParty": "BT-31",
        "BuyerTradeParty": "BT-48",
        "SellerTaxRepresentativeTradeParty": "BT-63",
    }
    for one in node.children(".//ram:SpecifiedTaxRegistration/ram:ID"):
        if one.element is not None and one.element.get("schemeID") == "VA":
            above = (etree.QName(step).localname for step in one.element.iterancestors())
            yield next((terms[name] for name in above if name in terms), "BT-31"), one.raw() or ""


def _properties(node: Node) -> Iterator[Property]:
    for rank, line in enumerate(node.children(f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem")):
        for one in line.children(".//ram:ApplicableProductCharacteristic"):
            yield Property(one.exists("ram:Description"), one.exists("ram:Value"), rank)


def _unschemed(node: Node, seller: Node, buyer: Node) -> Iterator[Unschemed]:
    for bt, party in (("BT-34", seller), ("BT-49", buyer)):
        holder = party.child("ram:URIUniversalCommunication")
        if holder.element is not None and not holder.child("ram:URIID").attribute("schemeID"):
            yield Unschemed(bt, holder.raw("ram:URIID") or "")
    for rank, line in enumerate(node.children(f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem")):
        for bt, path, name in (
            ("BT-157", "ram:SpecifiedTradeProduct/ram:GlobalID", "schemeID"),
            ("BT-158", ".//ram:DesignatedProductClassification/ram:ClassCode", "listID"),
        ):
            for one in line.children(path):
                if not one.attribute(name):
                    yield Unschemed(bt, one.raw() or "", rank)


def _same_party(payee: Node, seller: Node) -> bool:
    return any(
        {one.raw() for one in payee.children(path)} & {one.raw() for one in seller.children(path)}
        for path in ("ram:Name", "ram:ID", "ram:SpecifiedLegalOrganization/ram:ID")
    )


def _codes(root: etree._Element) -> Iterator[CodeUse]:
    rank = -1
    for part in root.iterchildren(etree.Element):
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
    if said.strip() in ("true", "1"):
        return ("BR-CL-20", "charge_reasons", "BT-105"), content_of(element)
    if said.strip() in ("false", "0"):
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
        "AttachmentBinaryObject": _attribute(("BR-CL-24", "mime_types", "BT-125"), "mimeCode"),
        "URIID": _attribute(
            ("BR-CL-25", "endpoint_schemes", "BT-34"), "schemeID", "URIUniversalCommunication"
        ),
    }.items()
}
