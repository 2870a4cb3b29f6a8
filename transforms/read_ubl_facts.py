"""What a UBL invoice says beyond the model, as the artefacts of EN 16931 look for it.

Each function answers the contexts of some rules of the validation artefacts for UBL 1.3.16
(10/04/2026); paths without a root match at any depth there, and so they do here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from transforms.facts import (
    Elsewhere,
    Facts,
    Means,
    Property,
    Registrations,
    TaxTotal,
    Unschemed,
)
from transforms.read_ubl_codes import UBL_CODES
from transforms.read_ubl_party import SEPA
from transforms.read_ubl_taxes import (
    TAX_GROUPS,
    extra_taxes,
    inner_groups,
    is_of_item,
    line_ranks,
)
from transforms.ubl import CAC
from transforms.ubl_node import UBL_LAYOUT, is_vat
from transforms.xml_node import Node
from transforms.xml_outline import Seen, keep_group

_LOCATION: Final = f"{{{CAC}}}DeliveryLocation"
_DELIVERY: Final = f"{{{CAC}}}Delivery"

#: Groups that are asked for at any depth.
_GROUPS: Final = (
    "cac:AdditionalDocumentReference",
    "cac:AdditionalItemProperty",
    "cac:Address",
    "cac:BillingReference",
    "cac:CommodityClassification",
    "cac:PartyTaxScheme",
    "cac:StandardItemIdentification",
    *TAX_GROUPS,
)
#: The document as the facts want it: with its codes and these groups.
UBL_FACTS: Final = UBL_LAYOUT._replace(finders={**dict.fromkeys(_GROUPS, keep_group), **UBL_CODES})


def ubl_facts(node: Node) -> Facts:
    """Return the facts of the invoice ``node``, once it was read: they are noted meanwhile."""
    notes = node.group.notes
    supplier, customer = _party(node, "Supplier"), _party(node, "Customer")
    payee = node.child("cac:PayeeParty")
    in_period = node.exists("cac:InvoicePeriod/cbc:DescriptionCode")
    return Facts(
        from_xml=True,
        there=frozenset(notes.there),
        texts=notes.texts,
        foreign=frozenset(notes.foreign),
        indicators=notes.indicators,
        codes=tuple(notes.outline.codes),
        tax_totals=tuple(_tax_totals(node)),
        means=tuple(_means(one) for one in node.children("cac:PaymentMeans")),
        registrations=_registrations(node, supplier, customer),
        extra_taxes=tuple(extra_taxes(node)),
        inner_groups=tuple(inner_groups(node)),
        properties=tuple(_properties(node)),
        unschemed=tuple(_unschemed(node, supplier, customer)),
        vat_numbers=tuple(_vat_numbers(node)),
        blank_references=sum(
            one.text("cbc:ID") is None for one in node.anywhere("cac:AdditionalDocumentReference")
        ),
        preceding_without_number=sum(
            not one.exists("cac:InvoiceDocumentReference/cbc:ID")
            for one in node.anywhere("cac:BillingReference")
        ),
        payee_is_seller=_same_party(payee, supplier),
        sites_without_country=sum(
            _is_of_delivery(one) and not one.exists("cac:Country/cbc:IdentificationCode")
            for one in node.anywhere("cac:Address")
        ),
        vat_point_told_twice=in_period and node.exists("cbc:TaxPointDate"),
        vat_point_in_period=in_period,
        period_told=any(one.has_children() for one in node.children("cac:InvoicePeriod")),
        elsewhere=tuple(_elsewhere(node)),
    )


def _party(node: Node, role: str) -> Node:
    return node.child(f"cac:Accounting{role}Party/cac:Party")


def _elsewhere(node: Node) -> Iterator[Elsewhere]:
    """Yield what stands where EN 16931 has it, and not where Chorus Pro reads it.

    Source: OCA l10n_fr_chorus_ubl 12.0 and Gestimum's map of UBL E1, both in production use.
    """
    for bt, role in (("BT-30", "Supplier"), ("BT-47", "Customer")):
        party = _party(node, role)
        value = party.text("cac:PartyLegalEntity/cbc:CompanyID")
        named = (
            one.attribute("schemeName") and not one.attribute("schemeID")
            for one in party.children("cac:PartyIdentification/cbc:ID")
        )
        if value and not any(named):
            place = "PartyIdentification/ID[@schemeName]"
            yield Elsewhere(bt, value, "PartyLegalEntity/CompanyID", place)
    service = node.text("cbc:BuyerReference")
    place = "AccountingCustomerParty/AccountingContact/ID"
    if service and not node.exists("cac:AccountingCustomerParty/cac:AccountingContact/cbc:ID"):
        yield Elsewhere("BT-10", service, "BuyerReference", place)
    due = node.text("cbc:DueDate")
    if due and not node.exists("cac:PaymentMeans/cbc:PaymentDueDate"):
        yield Elsewhere("BT-9", due, "DueDate", "PaymentMeans/PaymentDueDate")
    code = node.text("cbc:CreditNoteTypeCode")
    if code:
        yield Elsewhere("BT-3", code, "CreditNote", "Invoice/InvoiceTypeCode")


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
        node.text("cac:CardAccount/cbc:PrimaryAccountNumberID"),
    )


def _registrations(node: Node, supplier: Node, customer: Node) -> Registrations:
    representative = node.child("cac:TaxRepresentativeParty")
    seller_vat = _has_vat(supplier)
    return Registrations(
        seller_vat=seller_vat,
        seller_any=supplier.exists("cac:PartyTaxScheme/cbc:CompanyID"),
        representative_vat=_has_vat(representative),
        buyer_vat=_has_vat(customer),
        buyer_legal=customer.exists("cac:PartyLegalEntity/cbc:CompanyID"),
        seller_known=seller_vat
        or supplier.exists("cac:PartyLegalEntity/cbc:CompanyID")
        or any(
            one.element is not None and one.element.get("schemeID") != SEPA
            for one in supplier.children("cac:PartyIdentification/cbc:ID")
        ),
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
    for one in node.anywhere("cac:PartyTaxScheme"):
        if is_vat(one) and one.element is not None:
            above = (etree.QName(step).localname for step in one.element.iterancestors())
            bt = next((terms[name] for name in above if name in terms), "BT-31")
            yield bt, one.raw("cbc:CompanyID") or ""


def _properties(node: Node) -> Iterator[Property]:
    for rank, seen in _of_lines(node, "cac:AdditionalItemProperty"):
        one = Node(seen.element, node.group)
        yield Property(one.exists("cbc:Name"), one.exists("cbc:Value"), rank)


def _unschemed(node: Node, supplier: Node, customer: Node) -> Iterator[Unschemed]:
    for bt, party in (("BT-34", supplier), ("BT-49", customer)):
        endpoint = party.child("cbc:EndpointID")
        if endpoint.element is not None and endpoint.element.get("schemeID") is None:
            yield Unschemed(bt, endpoint.raw() or "")
    of_lines = [
        Unschemed(bt, one.raw() or "", rank)
        for bt, group, name, scheme in (
            ("BT-157", "cac:StandardItemIdentification", "cbc:ID", "schemeID"),
            ("BT-158", "cac:CommodityClassification", "cbc:ItemClassificationCode", "listID"),
        )
        for rank, seen in _of_lines(node, group)
        if is_of_item(seen)
        for one in Node(seen.element, node.group).children(name)
        if one.element is not None and one.element.get(scheme) is None
    ]
    yield from sorted(of_lines, key=lambda one: one.line or 0)


def _of_lines(node: Node, name: str) -> list[tuple[int, Seen]]:
    """Return the groups of this name in lines, each with the rank of its line in the model."""
    found = [seen for seen in node.group.outline.groups(name) if seen.line is not None]
    if not found:
        return []
    ranks = line_ranks(node)
    return sorted(((ranks[seen.part], seen) for seen in found), key=lambda ranked: ranked[0])


def _is_of_delivery(address: Node) -> bool:
    """Whether an address is that of a place of delivery."""
    above = address.element.iterancestors() if address.element is not None else ()
    return [step.tag for step in above][:2] == [_LOCATION, _DELIVERY]


def _same_party(payee: Node, seller: Node) -> bool:
    if payee.element is None:
        return False
    return any(
        {one.raw() for one in payee.children(path)} & {one.raw() for one in seller.children(path)}
        for path in ("cac:PartyName/cbc:Name", "cac:PartyIdentification/cbc:ID")
    )
