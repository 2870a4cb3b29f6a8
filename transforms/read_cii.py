"""Read a Cross Industry Invoice back into the semantic model.

Tolerant of what is missing, exact on what is there: an absent element gives None, a date or
number that is none raises. It reads D16B and D22B, from any writer, AIFE's samples included.
Places: CEN/TS 16931-3-3:2020, and AIFE's commented samples for Chorus Pro's own terms.
"""

from __future__ import annotations

import re

from lxml import etree

from transforms.allowance_terms import ALLOWANCE, CHARGE
from transforms.cii_node import (
    CII_LAYOUT,
    NAMESPACES,
    Node,
    ReadError,
    first,
    parse_cii,
    present,
)
from transforms.facts import BLANKS
from transforms.invoice import (
    ContractReference,
    CreditTransfer,
    Delivery,
    DocumentReference,
    Invoice,
    Note,
    Party,
    Payment,
    Provenance,
    SupportingDocument,
    Totals,
    VatBreakdown,
)
from transforms.party_terms import BUYER, PAYEE, REPRESENTATIVE, SELLER, VALIDATOR
from transforms.read_attachment import decode_attachment
from transforms.read_cii_line import is_vat, read_allowance, read_line, read_object, read_period
from transforms.read_cii_party import read_address, read_party
from transforms.xml_node import ABSENT, note_tax, open_document

#: A code of Chorus Pro for the kind of an attachment: 01, 02, ZZZ...
_KIND = re.compile(r"[0-9A-Z]{2,3}")

__all__ = ["NAMESPACES", "ReadError", "parse_cii", "read_cii"]


def read_cii(root: etree._Element) -> Invoice:
    """Return the invoice that ``root`` (CrossIndustryInvoice) holds.

    The content of an attachment is what the XML carries: by Chorus Pro's practice a ZIP. Several
    payment means give one payment with their accounts; their other data is that of the first.

    Raises:
        ReadError: a date, number or base64 that is none.
    """
    return read_cii_node(open_document(root, CII_LAYOUT, strict=True))


def read_cii_node(node: Node, provenance: Provenance | None = None) -> Invoice:
    """Return the invoice below ``node``, which is strict or tolerant by its notes."""
    context = node.child("rsm:ExchangedDocumentContext")
    document = node.child("rsm:ExchangedDocument")
    trade = node.child("rsm:SupplyChainTradeTransaction")
    agreement = trade.child("ram:ApplicableHeaderTradeAgreement")
    delivery = trade.child("ram:ApplicableHeaderTradeDelivery")
    settlement = trade.child("ram:ApplicableHeaderTradeSettlement")
    terms = settlement.child("ram:SpecifiedTradePaymentTerms")
    references = agreement.children("ram:AdditionalReferencedDocument")
    taxes = settlement.ranked("ram:ApplicableTradeTax", "BG-23")
    currency = settlement.text("ram:InvoiceCurrencyCode", "BT-5")
    return Invoice(
        number=document.text("ram:ID", "BT-1"),
        issue_date=document.date("ram:IssueDateTime", "BT-2"),
        type_code=document.text("ram:TypeCode", "BT-3"),
        currency=currency,
        vat_currency=settlement.text("ram:TaxCurrencyCode", "BT-6"),
        tax_point_date=first(tax.date("ram:TaxPointDate", "BT-7") for tax in taxes),
        vat_point_code=first(tax.text("ram:DueDateTypeCode", "BT-8") for tax in taxes),
        due_date=terms.date("ram:DueDateDateTime", "BT-9"),
        buyer_reference=agreement.text("ram:BuyerReference", "BT-10"),
        project=agreement.child("ram:SpecifiedProcuringProject").text("ram:ID", "BT-11"),
        contract=_contract(agreement.child("ram:ContractReferencedDocument")),
        order=_reference(agreement.child("ram:BuyerOrderReferencedDocument"), "BT-13"),
        sales_order=agreement.child("ram:SellerOrderReferencedDocument").text(
            "ram:IssuerAssignedID", "BT-14"
        ),
        receiving_advice=delivery.child("ram:ReceivingAdviceReferencedDocument").text(
            "ram:IssuerAssignedID", "BT-15"
        ),
        despatch_advice=delivery.child("ram:DespatchAdviceReferencedDocument").text(
            "ram:IssuerAssignedID", "BT-16"
        ),
        tender=first(
            one.text("ram:IssuerAssignedID", "BT-17")
            for one in references
            if one.text("ram:TypeCode") == "50"
        ),
        object_id=read_object(references, "BT-18"),
        accounting_reference=settlement.child("ram:ReceivableSpecifiedTradeAccountingAccount").text(
            "ram:ID", "BT-19"
        ),
        payment_terms=terms.text("ram:Description", "BT-20"),
        notes=tuple(_note(one) for one in document.ranked("ram:IncludedNote") if one),
        process=context.child("ram:BusinessProcessSpecifiedDocumentContextParameter").text(
            "ram:ID", "BT-23"
        ),
        specification=context.child("ram:GuidelineSpecifiedDocumentContextParameter").text(
            "ram:ID", "BT-24"
        ),
        preceding=present(_preceding, settlement.ranked("ram:InvoiceReferencedDocument")),
        seller=read_party(
            agreement.child("ram:SellerTradeParty", "BG-4"),
            SELLER,
            service_code=settlement.text("ram:InvoiceIssuerReference"),
        )
        or Party(),
        buyer=read_party(agreement.child("ram:BuyerTradeParty", "BG-7"), BUYER) or Party(),
        payee=read_party(settlement.child("ram:PayeeTradeParty", "BG-10"), PAYEE),
        tax_representative=read_party(
            agreement.child("ram:SellerTaxRepresentativeTradeParty", "BG-11"), REPRESENTATIVE
        ),
        validator=read_party(settlement.child("ram:InvoiceeTradeParty"), VALIDATOR),
        delivery=_delivery(delivery),
        period=read_period(
            settlement.child("ram:BillingSpecifiedPeriod", "BG-14"), "BT-73", "BT-74"
        ),
        payment=_payment(settlement, terms),
        allowances=tuple(
            read_allowance(one, ALLOWANCE, CHARGE)
            for one in settlement.ranked("ram:SpecifiedTradeAllowanceCharge", "BG-20")
        ),
        totals=_totals(
            settlement.child("ram:SpecifiedTradeSettlementHeaderMonetarySummation", "BG-22"),
            currency,
        ),
        vat=tuple(_vat(tax) for tax in taxes),
        documents=tuple(
            _document(one) for one in references if one.text("ram:TypeCode") not in ("50", "130")
        ),
        lines=tuple(
            read_line(one) for one in trade.ranked("ram:IncludedSupplyChainTradeLineItem", "BG-25")
        ),
        provenance=provenance,
    )


def _note(node: Node) -> Note:
    return Note(
        text=node.text("ram:Content", "BT-22"), subject_code=node.text("ram:SubjectCode", "BT-21")
    )


def _preceding(node: Node) -> DocumentReference | None:
    return _reference(node, "BT-25")


def _reference(node: Node, bt: str) -> DocumentReference | None:
    if not node:
        return None
    return DocumentReference(
        number=node.text("ram:IssuerAssignedID", bt),
        issue_date=node.date("ram:FormattedIssueDateTime"),
    )


def _contract(node: Node) -> ContractReference | None:
    if not node:
        return None
    return ContractReference(
        number=node.text("ram:IssuerAssignedID", "BT-12"),
        kind=node.text("ram:ReferenceTypeCode"),
        issue_date=node.date("ram:FormattedIssueDateTime"),
    )


def _document(node: Node) -> SupportingDocument:
    attached = node.child("ram:AttachmentBinaryObject")
    encoded = attached.text()
    name = node.text("ram:Name")
    reference = node.text("ram:IssuerAssignedID", "BT-122")
    if encoded is None:
        return SupportingDocument(
            reference=reference, description=name, uri=node.text("ram:URIID", "BT-124")
        )
    content = decode_attachment(attached, encoded, f"AttachmentBinaryObject of {reference}")
    # Chorus Pro has the kind of an attachment where the norm has its description (BT-123).
    is_kind = name is not None and _KIND.fullmatch(name) is not None
    return SupportingDocument(
        reference=reference,
        description=None if is_kind else name,
        uri=node.text("ram:URIID", "BT-124"),
        filename=attached.attribute("filename") or reference,
        mime=attached.attribute("mimeCode"),
        kind=name if is_kind else None,
        content=content,
    )


def _delivery(node: Node) -> Delivery | None:
    site = node.child("ram:ShipToTradeParty")
    day = node.child("ram:ActualDeliverySupplyChainEvent").date("ram:OccurrenceDateTime", "BT-72")
    if not site and day is None:
        return None
    return Delivery(
        name=site.text("ram:Name", "BT-70"),
        location_id=site.identifier("ram:GlobalID", "BT-71") or site.identifier("ram:ID", "BT-71"),
        date=day,
        address=read_address(site.child("ram:PostalTradeAddress", "BG-15"), "BT-80"),
    )


def _payment(settlement: Node, terms: Node) -> Payment | None:
    means = settlement.children("ram:SpecifiedTradeSettlementPaymentMeans")
    first = means[0] if means else ABSENT
    remittance = settlement.text("ram:PaymentReference", "BT-83")
    creditor = settlement.text("ram:CreditorReferenceID", "BT-90")
    mandate = terms.text("ram:DirectDebitMandateID", "BT-89")
    if not means and remittance is None and creditor is None and mandate is None:
        return None
    card = first.child("ram:ApplicableTradeSettlementFinancialCard")
    return Payment(
        means_code=first.text("ram:TypeCode", "BT-81"),
        note=first.text("ram:Information"),
        remittance=remittance,
        transfers=present(_transfer, means),
        card_number=card.text("ram:ID", "BT-87"),
        card_holder=card.text("ram:CardholderName", "BT-88"),
        mandate=mandate,
        creditor_id=creditor,
        debited_account=first.child("ram:PayerPartyDebtorFinancialAccount").text(
            "ram:IBANID", "BT-91"
        ),
    )


def _transfer(node: Node) -> CreditTransfer | None:
    account = node.child("ram:PayeePartyCreditorFinancialAccount")
    bank = node.child("ram:PayeeSpecifiedCreditorFinancialInstitution").text("ram:BICID", "BT-86")
    if not account and bank is None:
        return None
    return CreditTransfer(
        account=account.text("ram:IBANID", "BT-84") or account.text("ram:ProprietaryID", "BT-84"),
        account_name=account.text("ram:AccountName", "BT-85"),
        bank=bank,
    )


def _totals(node: Node, currency: str | None) -> Totals:
    vat = accounting = None
    for one in node.children("ram:TaxTotalAmount"):
        if one.attribute("currencyID") in (None, currency):
            vat = one.decimal(bt="BT-110")
        else:
            accounting = one.decimal(bt="BT-111")
    return Totals(
        lines=node.decimal("ram:LineTotalAmount", "BT-106"),
        allowances=node.decimal("ram:AllowanceTotalAmount", "BT-107"),
        charges=node.decimal("ram:ChargeTotalAmount", "BT-108"),
        without_vat=node.decimal("ram:TaxBasisTotalAmount", "BT-109"),
        vat=vat,
        vat_accounting=accounting,
        with_vat=node.decimal("ram:GrandTotalAmount", "BT-112"),
        paid=node.decimal("ram:TotalPrepaidAmount", "BT-113"),
        rounding=node.decimal("ram:RoundingAmount", "BT-114"),
        due=node.decimal("ram:DuePayableAmount", "BT-115"),
    )


def _vat(node: Node) -> VatBreakdown:
    note_tax(node, "BT-118", vat=is_vat(node))
    if (node.raw("ram:TypeCode") or "").strip(BLANKS).upper() == "VAT":
        # One rule (BR-CO-17) strips the blanks around the type of a tax, the others do not.
        node.group.note_there("BT-118-VAT")
    return VatBreakdown(
        taxable=node.decimal("ram:BasisAmount", "BT-116"),
        tax=node.decimal("ram:CalculatedAmount", "BT-117"),
        category=node.text("ram:CategoryCode", "BT-118"),
        rate=node.decimal("ram:RateApplicablePercent", "BT-119"),
        reason=node.text("ram:ExemptionReason", "BT-120"),
        reason_code=node.text("ram:ExemptionReasonCode", "BT-121"),
    )
