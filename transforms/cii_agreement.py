"""Agreement and delivery of the Cross Industry Invoice (UN/CEFACT D16B): parties, references.

Element order: UN/CEFACT, CrossIndustryInvoice_100pD16B, HeaderTradeAgreementType,
ReferencedDocumentType and HeaderTradeDeliveryType. Places: CEN/TS 16931-3-3:2020; AIFE, commented
samples FSO1116A (2018) for engagement, marché or contrat, attachments and delivery site.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from config.target import TargetOptions
from transforms.cii_party import identifier, render_address, render_party
from transforms.cii_value import dated, reference_date
from transforms.invoice import Delivery, Invoice, SupportingDocument
from transforms.schemes import cii_schemes
from transforms.writable import has_file
from transforms.xml_text import element, escape, escape_attribute, wrap

if TYPE_CHECKING:
    from transforms.attachments import EncodedAttachment

_SUPPORTING_DOCUMENT = "916"  # UNTDID 1001: related document (BG-24)
_TENDER = "50"  # UNTDID 1001: validated priced tender (BT-17)
_OBJECT = "130"  # UNTDID 1001: invoicing data sheet (BT-18)


def render_agreement(
    invoice: Invoice, options: TargetOptions, attachments: Sequence[EncodedAttachment]
) -> str:
    """Return ApplicableHeaderTradeAgreement."""
    schemes = cii_schemes(options, buyer=False)
    order, contract = invoice.order, invoice.contract
    parts = [
        element("ram:BuyerReference", invoice.buyer_reference),
        render_party("ram:SellerTradeParty", invoice.seller, schemes),
        render_party("ram:BuyerTradeParty", invoice.buyer, cii_schemes(options, buyer=True)),
        render_party("ram:SellerTaxRepresentativeTradeParty", invoice.tax_representative, schemes),
    ]
    if invoice.sales_order:
        parts.append(_reference("ram:SellerOrderReferencedDocument", invoice.sales_order))
    if order is not None:
        parts.append(
            wrap(
                "ram:BuyerOrderReferencedDocument",
                element("ram:IssuerAssignedID", order.number) + reference_date(order.issue_date),
            )
        )
    if contract is not None:
        kind = contract.kind if options.cii_contract_type else None
        parts.append(
            wrap(
                "ram:ContractReferencedDocument",
                element("ram:IssuerAssignedID", contract.number)
                + element("ram:ReferenceTypeCode", kind)
                + reference_date(contract.issue_date),
            )
        )
    parts.extend(_attachment(one, options) for one in attachments)
    parts.extend(_referenced(one) for one in invoice.documents if not has_file(one))
    if invoice.tender:
        parts.append(_typed_reference(invoice.tender, _TENDER, None))
    if invoice.object_id:
        parts.append(_typed_reference(invoice.object_id.value, _OBJECT, invoice.object_id.scheme))
    if invoice.project:
        # The schema wants a name; CEN/TS 16931-3-3 gives this text for it.
        parts.append(
            "<ram:SpecifiedProcuringProject>"
            f"<ram:ID>{escape(invoice.project)}</ram:ID><ram:Name>Project reference</ram:Name>"
            "</ram:SpecifiedProcuringProject>"
        )
    content = "".join(parts)
    return f"<ram:ApplicableHeaderTradeAgreement>{content}</ram:ApplicableHeaderTradeAgreement>"


def _reference(name: str, number: str) -> str:
    return wrap(name, element("ram:IssuerAssignedID", number))


def _typed_reference(number: str, type_code: str, scheme: str | None) -> str:
    return (
        "<ram:AdditionalReferencedDocument>"
        f"<ram:IssuerAssignedID>{escape(number)}</ram:IssuerAssignedID>"
        f"<ram:TypeCode>{type_code}</ram:TypeCode>{element('ram:ReferenceTypeCode', scheme)}"
        "</ram:AdditionalReferencedDocument>"
    )


def _referenced(document: SupportingDocument) -> str:
    return wrap(
        "ram:AdditionalReferencedDocument",
        element("ram:IssuerAssignedID", document.reference)
        + element("ram:URIID", document.uri)
        + f"<ram:TypeCode>{_SUPPORTING_DOCUMENT}</ram:TypeCode>"
        + element("ram:Name", document.description),
    )


def _attachment(one: EncodedAttachment, options: TargetOptions) -> str:
    named = one.filename if options.attachment_reference == "filename" else one.reference
    if options.attachment_label == "kind":
        label = element("ram:Name", one.kind or options.attachment_kind_text)
    else:
        label = element("ram:Name", one.description)
    filename = f' filename="{escape_attribute(one.filename)}"' if one.filename else ""
    code = (
        f"<ram:TypeCode>{_SUPPORTING_DOCUMENT}</ram:TypeCode>"
        if options.attachment_type_code
        else ""
    )
    return (
        "<ram:AdditionalReferencedDocument>"
        f"{element('ram:IssuerAssignedID', named or one.filename)}{code}{label}"
        f'<ram:AttachmentBinaryObject mimeCode="{escape_attribute(one.mime)}"{filename}>'
        f"{one.base64}</ram:AttachmentBinaryObject></ram:AdditionalReferencedDocument>"
    )


def render_delivery(invoice: Invoice) -> str:
    """Return ApplicableHeaderTradeDelivery: the schema wants it even when there is nothing."""
    parts = _site(invoice.delivery) if invoice.delivery is not None else ""
    if invoice.despatch_advice:
        parts += _reference("ram:DespatchAdviceReferencedDocument", invoice.despatch_advice)
    if invoice.receiving_advice:
        parts += _reference("ram:ReceivingAdviceReferencedDocument", invoice.receiving_advice)
    return f"<ram:ApplicableHeaderTradeDelivery>{parts}</ram:ApplicableHeaderTradeDelivery>"


def _site(delivery: Delivery) -> str:
    location = delivery.location_id
    site = ""
    if location is not None:
        name = "ram:GlobalID" if location.scheme else "ram:ID"
        site = identifier(name, location.value, location.scheme)
    site += element("ram:Name", delivery.name) + render_address(delivery.address)
    return wrap("ram:ShipToTradeParty", site) + wrap(
        "ram:ActualDeliverySupplyChainEvent", dated("ram:OccurrenceDateTime", delivery.date)
    )
