"""What a Cross Industry Invoice says beyond the model, as the artefacts of EN 16931 look for it.

Each function answers the contexts of some rules of the validation artefacts for CII 1.3.16
(10/04/2026); paths without a root match at any depth there, and so they do here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from transforms.cii import RAM
from transforms.cii_node import CII_LAYOUT, Node
from transforms.facts import (
    HIDDEN_GROUPS,
    Facts,
    Means,
    Property,
    Registrations,
    TaxTotal,
    Unschemed,
)
from transforms.read_cii_codes import CII_CODES
from transforms.read_cii_line import is_vat
from transforms.read_cii_taxes import extra_taxes
from transforms.xml_outline import keep_group

_TRADE: Final = "rsm:SupplyChainTradeTransaction"
_AGREEMENT: Final = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_DELIVERY: Final = f"{_TRADE}/ram:ApplicableHeaderTradeDelivery"
_SETTLEMENT: Final = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"

_TAX_CODE: Final = f"{{{RAM}}}DueDateTypeCode"

#: Groups that are asked for at any depth.
_GROUPS: Final = (
    "ram:AdditionalReferencedDocument",
    "ram:ApplicableProductCharacteristic",
    "ram:DesignatedProductClassification",
    "ram:SpecifiedTaxRegistration",
    "ram:SpecifiedTradeProduct",
    "ram:SpecifiedTradeSettlementPaymentMeans",
    "ram:TaxPointDate",
)
#: The document as the facts want it: with its codes and these groups.
CII_FACTS: Final = CII_LAYOUT._replace(finders={**dict.fromkeys(_GROUPS, keep_group), **CII_CODES})


def cii_facts(node: Node) -> Facts:
    """Return the facts of the invoice ``node``, once it was read: they are noted meanwhile."""
    notes = node.group.notes
    agreement, settlement = node.child(_AGREEMENT), node.child(_SETTLEMENT)
    seller, buyer = (agreement.child(f"ram:{role}TradeParty") for role in ("Seller", "Buyer"))
    return Facts(
        from_xml=True,
        there=frozenset(notes.there),
        texts=notes.texts,
        foreign=frozenset(notes.foreign),
        unformatted=frozenset(notes.unformatted),
        indicators=notes.indicators,
        codes=tuple(notes.outline.codes),
        tax_totals=tuple(_tax_totals(settlement)),
        means=tuple(
            _means(one) for one in node.anywhere("ram:SpecifiedTradeSettlementPaymentMeans")
        ),
        registrations=_registrations(agreement, seller, buyer),
        extra_taxes=tuple(extra_taxes(node)),
        properties=tuple(_properties(node)),
        unschemed=tuple(_unschemed(node, seller, buyer)),
        vat_numbers=tuple(_vat_numbers(node)),
        blank_references=sum(
            one.text("ram:IssuerAssignedID") is None
            for one in node.anywhere("ram:AdditionalReferencedDocument")
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
    if not node.anywhere("ram:TaxPointDate"):
        return False
    judged = any(
        not (is_vat(one) and one.raw("ram:CategoryCode") in HIDDEN_GROUPS)
        for one in settlement.children("ram:ApplicableTradeTax")
    )
    return judged and node.element is not None and any(True for _ in node.element.iter(_TAX_CODE))


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
    seller_vat = _has_registration(seller, "VA")
    return Registrations(
        seller_vat=seller_vat,
        seller_any=_has_registration(seller, "VA", "FC"),
        representative_vat=_has_registration(representative, "VA"),
        buyer_vat=_has_registration(buyer, "VA"),
        buyer_legal=buyer.exists("ram:SpecifiedLegalOrganization/ram:ID"),
        seller_known=seller_vat
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
    for registration in node.anywhere("ram:SpecifiedTaxRegistration"):
        for one in registration.children("ram:ID"):
            if one.element is not None and one.element.get("schemeID") == "VA":
                above = (etree.QName(step).localname for step in one.element.iterancestors())
                bt = next((terms[name] for name in above if name in terms), "BT-31")
                yield bt, one.raw() or ""


def _properties(node: Node) -> Iterator[Property]:
    for seen in node.group.outline.groups("ram:ApplicableProductCharacteristic"):
        if seen.line is not None:
            one = Node(seen.element, node.group)
            yield Property(one.exists("ram:Description"), one.exists("ram:Value"), seen.line)


def _unschemed(node: Node, seller: Node, buyer: Node) -> Iterator[Unschemed]:
    for bt, party in (("BT-34", seller), ("BT-49", buyer)):
        holder = party.child("ram:URIUniversalCommunication")
        if holder.element is not None and not holder.child("ram:URIID").attribute("schemeID"):
            yield Unschemed(bt, holder.raw("ram:URIID") or "")
    groups = node.group.outline.groups
    products = [
        seen
        for seen in groups("ram:SpecifiedTradeProduct")
        if seen.element.getparent() is seen.part
    ]
    of_lines = [
        Unschemed(bt, one.raw() or "", seen.line)
        for bt, found, name, scheme in (
            ("BT-157", products, "ram:GlobalID", "schemeID"),
            ("BT-158", groups("ram:DesignatedProductClassification"), "ram:ClassCode", "listID"),
        )
        for seen in found
        if seen.line is not None
        for one in Node(seen.element, node.group).children(name)
        if not one.attribute(scheme)
    ]
    yield from sorted(of_lines, key=lambda one: one.line or 0)


def _same_party(payee: Node, seller: Node) -> bool:
    if payee.element is None:
        return False
    return any(
        {one.raw() for one in payee.children(path)} & {one.raw() for one in seller.children(path)}
        for path in ("ram:Name", "ram:ID", "ram:SpecifiedLegalOrganization/ram:ID")
    )
