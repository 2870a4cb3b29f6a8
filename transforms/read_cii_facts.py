"""What a Cross Industry Invoice says beyond the model, as the artefacts of EN 16931 look for it.

Each function answers the contexts of some rules of the validation artefacts for CII 1.3.16
(10/04/2026); paths without a root match at any depth there, and so they do here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from transforms.cii_node import Node
from transforms.facts import (
    HIDDEN_GROUPS,
    Facts,
    Means,
    Property,
    Registrations,
    TaxTotal,
    Unschemed,
)
from transforms.read_cii_codes import cii_codes
from transforms.read_cii_line import is_vat
from transforms.read_cii_taxes import extra_taxes
from transforms.xml_node import Notes

_TRADE: Final = "rsm:SupplyChainTradeTransaction"
_AGREEMENT: Final = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_DELIVERY: Final = f"{_TRADE}/ram:ApplicableHeaderTradeDelivery"
_SETTLEMENT: Final = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"


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
        codes=tuple(cii_codes(node)),
        tax_totals=tuple(_tax_totals(settlement)),
        means=tuple(
            _means(one) for one in node.children(".//ram:SpecifiedTradeSettlementPaymentMeans")
        ),
        registrations=_registrations(agreement, seller, buyer),
        extra_taxes=tuple(extra_taxes(node)),
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
        node.text("ram:ApplicableTradeSettlementFinancialCard/ram:ID"),
    )


def _registrations(agreement: Node, seller: Node, buyer: Node) -> Registrations:
    representative = agreement.child("ram:SellerTaxRepresentativeTradeParty")
    return Registrations(
        seller_vat=_has_registration(seller, "VA"),
        seller_any=_has_registration(seller, "VA", "FC"),
        representative_vat=_has_registration(representative, "VA"),
        buyer_vat=_has_registration(buyer, "VA"),
        buyer_legal=buyer.exists("ram:SpecifiedLegalOrganization/ram:ID"),
        seller_known=_has_registration(seller, "VA")
        or any(
            seller.exists(path)
            for path in ("ram:ID", "ram:GlobalID", "ram:SpecifiedLegalOrganization/ram:ID")
        ),
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
