"""Read a Cross Industry Invoice back into the semantic model.

Tolerant of what is missing, exact on what is there: an absent element gives None, a date or
number that is none raises. It reads D16B and D22B, from any writer, AIFE's samples included.
Places: CEN/TS 16931-3-3:2020, and AIFE's commented samples for Chorus Pro's own terms.
"""

from __future__ import annotations

import base64
import binascii

from lxml import etree

from transforms.cii_node import NAMESPACES, Node, ReadError, first, parse_cii, present
from transforms.invoice import (
    ContractReference,
    CreditTransfer,
    Delivery,
    DocumentReference,
    Invoice,
    Note,
    Party,
    Payment,
    SupportingDocument,
    Totals,
    VatBreakdown,
)
from transforms.read_cii_line import read_allowance, read_line, read_object, read_period
from transforms.read_cii_party import read_address, read_party

__all__ = ["NAMESPACES", "ReadError", "parse_cii", "read_cii"]


def read_cii(root: etree._Element) -> Invoice:
    """Return the invoice that ``root`` (CrossIndustryInvoice) holds.

    The content of an attachment is what the XML carries: by Chorus Pro's practice a ZIP. Several
    payment means give one payment with their accounts; their other data is that of the first.

    Raises:
        ReadError: a date, number or base64 that is none.
    """
    node = Node(root)
    context = node.child("rsm:ExchangedDocumentContext")
    document = node.child("rsm:ExchangedDocument")
    trade = node.child("rsm:SupplyChainTradeTransaction")
    agreement = trade.child("ram:ApplicableHeaderTradeAgreement")
    delivery = trade.child("ram:ApplicableHeaderTradeDelivery")
    settlement = trade.child("ram:ApplicableHeaderTradeSettlement")
    terms = settlement.child("ram:SpecifiedTradePaymentTerms")
    references = agreement.children("ram:AdditionalReferencedDocument")
    taxes = settlement.children("ram:ApplicableTradeTax")
    currency = settlement.text("ram:InvoiceCurrencyCode")
    return Invoice(
        number=document.text("ram:ID"),
        issue_date=document.date("ram:IssueDateTime"),
        type_code=document.text("ram:TypeCode"),
        currency=currency,
        vat_currency=settlement.text("ram:TaxCurrencyCode"),
        tax_point_date=first(tax.date("ram:TaxPointDate") for tax in taxes),
        vat_point_code=first(tax.text("ram:DueDateTypeCode") for tax in taxes),
        due_date=terms.date("ram:DueDateDateTime"),
        buyer_reference=agreement.text("ram:BuyerReference"),
        project=agreement.child("ram:SpecifiedProcuringProject").text("ram:ID"),
        contract=_contract(agreement.child("ram:ContractReferencedDocument")),
        order=_reference(agreement.child("ram:BuyerOrderReferencedDocument")),
        sales_order=agreement.child("ram:SellerOrderReferencedDocument").text(
            "ram:IssuerAssignedID"
        ),
        receiving_advice=delivery.child("ram:ReceivingAdviceReferencedDocument").text(
            "ram:IssuerAssignedID"
        ),
        despatch_advice=delivery.child("ram:DespatchAdviceReferencedDocument").text(
            "ram:IssuerAssignedID"
        ),
        tender=first(
            one.text("ram:IssuerAssignedID")
            for one in references
            if one.text("ram:TypeCode") == "50"
        ),
        object_id=read_object(references),
        accounting_reference=settlement.child("ram:ReceivableSpecifiedTradeAccountingAccount").text(
            "ram:ID"
        ),
        payment_terms=terms.text("ram:Description"),
        notes=tuple(_note(one) for one in document.children("ram:IncludedNote") if one),
        process=context.child("ram:BusinessProcessSpecifiedDocumentContextParameter").text(
            "ram:ID"
        ),
        specification=context.child("ram:GuidelineSpecifiedDocumentContextParameter").text(
            "ram:ID"
        ),
        preceding=present(_reference, settlement.children("ram:InvoiceReferencedDocument")),
        seller=read_party(
            agreement.child("ram:SellerTradeParty"),
            service_code=settlement.text("ram:InvoiceIssuerReference"),
        )
        or Party(),
        buyer=read_party(agreement.child("ram:BuyerTradeParty")) or Party(),
        payee=read_party(settlement.child("ram:PayeeTradeParty")),
        tax_representative=read_party(agreement.child("ram:SellerTaxRepresentativeTradeParty")),
        validator=read_party(settlement.child("ram:InvoiceeTradeParty")),
        delivery=_delivery(delivery),
        period=read_period(settlement.child("ram:BillingSpecifiedPeriod")),
        payment=_payment(settlement, terms),
        allowances=tuple(
            read_allowance(one) for one in settlement.children("ram:SpecifiedTradeAllowanceCharge")
        ),
        totals=_totals(
            settlement.child("ram:SpecifiedTradeSettlementHeaderMonetarySummation"), currency
        ),
        vat=tuple(_vat(tax) for tax in taxes),
        documents=tuple(
            _document(one) for one in references if one.text("ram:TypeCode") not in ("50", "130")
        ),
        lines=tuple(
            read_line(one) for one in trade.children("ram:IncludedSupplyChainTradeLineItem")
        ),
    )


def _note(node: Node) -> Note:
    return Note(text=node.text("ram:Content"), subject_code=node.text("ram:SubjectCode"))


def _reference(node: Node) -> DocumentReference | None:
    if not node:
        return None
    return DocumentReference(
        number=node.text("ram:IssuerAssignedID"),
        issue_date=node.date("ram:FormattedIssueDateTime"),
    )


def _contract(node: Node) -> ContractReference | None:
    if not node:
        return None
    return ContractReference(
        number=node.text("ram:IssuerAssignedID"),
        kind=node.text("ram:ReferenceTypeCode"),
        issue_date=node.date("ram:FormattedIssueDateTime"),
    )


def _document(node: Node) -> SupportingDocument:
    attached = node.child("ram:AttachmentBinaryObject")
    encoded = attached.text()
    name = node.text("ram:Name")
    reference = node.text("ram:IssuerAssignedID")
    if encoded is None:
        return SupportingDocument(reference=reference, description=name, uri=node.text("ram:URIID"))
    try:
        content = base64.b64decode(encoded, validate=False)
    except binascii.Error as error:
        msg = f"AttachmentBinaryObject of {reference}: {error}"
        raise ReadError(msg) from error
    return SupportingDocument(
        reference=reference,
        uri=node.text("ram:URIID"),
        filename=attached.attribute("filename") or reference,
        mime=attached.attribute("mimeCode"),
        kind=name,
        content=content,
    )


def _delivery(node: Node) -> Delivery | None:
    site = node.child("ram:ShipToTradeParty")
    day = node.child("ram:ActualDeliverySupplyChainEvent").date("ram:OccurrenceDateTime")
    if not site and day is None:
        return None
    return Delivery(
        name=site.text("ram:Name"),
        location_id=site.identifier("ram:GlobalID") or site.identifier("ram:ID"),
        date=day,
        address=read_address(site.child("ram:PostalTradeAddress")),
    )


def _payment(settlement: Node, terms: Node) -> Payment | None:
    means = settlement.children("ram:SpecifiedTradeSettlementPaymentMeans")
    first = means[0] if means else Node(None)
    remittance = settlement.text("ram:PaymentReference")
    creditor = settlement.text("ram:CreditorReferenceID")
    mandate = terms.text("ram:DirectDebitMandateID")
    if not means and remittance is None and creditor is None and mandate is None:
        return None
    card = first.child("ram:ApplicableTradeSettlementFinancialCard")
    return Payment(
        means_code=first.text("ram:TypeCode"),
        note=first.text("ram:Information"),
        remittance=remittance,
        transfers=present(_transfer, means),
        card_number=card.text("ram:ID"),
        card_holder=card.text("ram:CardholderName"),
        mandate=mandate,
        creditor_id=creditor,
        debited_account=first.child("ram:PayerPartyDebtorFinancialAccount").text("ram:IBANID"),
    )


def _transfer(node: Node) -> CreditTransfer | None:
    account = node.child("ram:PayeePartyCreditorFinancialAccount")
    bank = node.child("ram:PayeeSpecifiedCreditorFinancialInstitution").text("ram:BICID")
    if not account and bank is None:
        return None
    return CreditTransfer(
        account=account.text("ram:IBANID") or account.text("ram:ProprietaryID"),
        account_name=account.text("ram:AccountName"),
        bank=bank,
    )


def _totals(node: Node, currency: str | None) -> Totals:
    vat = accounting = None
    for one in node.children("ram:TaxTotalAmount"):
        if one.attribute("currencyID") in (None, currency):
            vat = one.decimal()
        else:
            accounting = one.decimal()
    return Totals(
        lines=node.decimal("ram:LineTotalAmount"),
        allowances=node.decimal("ram:AllowanceTotalAmount"),
        charges=node.decimal("ram:ChargeTotalAmount"),
        without_vat=node.decimal("ram:TaxBasisTotalAmount"),
        vat=vat,
        vat_accounting=accounting,
        with_vat=node.decimal("ram:GrandTotalAmount"),
        paid=node.decimal("ram:TotalPrepaidAmount"),
        rounding=node.decimal("ram:RoundingAmount"),
        due=node.decimal("ram:DuePayableAmount"),
    )


def _vat(node: Node) -> VatBreakdown:
    return VatBreakdown(
        taxable=node.decimal("ram:BasisAmount"),
        tax=node.decimal("ram:CalculatedAmount"),
        category=node.text("ram:CategoryCode"),
        rate=node.decimal("ram:RateApplicablePercent"),
        reason=node.text("ram:ExemptionReason"),
        reason_code=node.text("ram:ExemptionReasonCode"),
    )
