"""Write an invoice as UBL 2.1 (Chorus Pro flow FSO1100A).

As the CII writer does, it puts down what the invoice holds in the order of the schema and leaves
out what is absent. A credit note is a 381 with positive amounts in an ``Invoice`` root (OCA and
Gestimum, in production), or a ``CreditNote`` where the target says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from config.target import Target, TargetOptions
from transforms.invoice import Invoice, Note, SupportingDocument
from transforms.schemes import cii_schemes
from transforms.ubl_line import render_line
from transforms.ubl_party import VAT_REGIMES, render_accounting_contact, render_party
from transforms.ubl_settlement import (
    render_delivery,
    render_monetary_total,
    render_payment,
    render_tax_totals,
)
from transforms.ubl_value import (
    VAT_POINT_CODES,
    allowance_charge,
    dated,
    identifier,
    period,
)
from transforms.writable import check_attachments, has_file
from transforms.xml_text import (
    DECLARATION,
    element,
    escape,
    escape_attribute,
    stylesheet_instruction,
    wrap,
)

if TYPE_CHECKING:
    from transforms.attachments import EncodedAttachment

INVOICE: Final = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE: Final = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"

_CREDIT_NOTE_TYPE = "381"  # UNTDID 1001


def render_ubl(
    invoice: Invoice,
    target: Target,
    *,
    attachments: Sequence[EncodedAttachment] = (),
    stylesheet: str | None = None,
) -> bytes:
    """Return ``invoice`` as a UBL 2.1 document: UTF-8, no byte order mark, XML declaration.

    Args:
        invoice: what to write.
        target: its options choose between the specification's alternatives.
        attachments: one for each document of the invoice that is a file, encoded.
        stylesheet: name of an XSL that goes with the flow.

    Raises:
        UnwritableError: a number is not finite, or a file is not among the attachments.
    """
    check_attachments(invoice, attachments)
    options = target.options
    credit_note = (
        invoice.type_code == _CREDIT_NOTE_TYPE and options.ubl_credit_note_root == "CreditNote"
    )
    root, namespace = ("CreditNote", CREDIT_NOTE) if credit_note else ("Invoice", INVOICE)
    currency = escape_attribute(invoice.currency or "")
    allowances = "".join([allowance_charge(one, currency) for one in invoice.allowances])
    return "".join(
        (
            DECLARATION,
            stylesheet_instruction(stylesheet),
            f'<{root} xmlns="{namespace}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">',
            _header(invoice, options, credit_note=credit_note),
            _references(invoice, options, attachments, credit_note=credit_note),
            _parties(invoice, options),
            render_delivery(invoice.delivery, options),
            render_payment(invoice, options, credit_note=credit_note),
            allowances,
            render_tax_totals(invoice, options, currency),
            render_monetary_total(invoice, currency),
            *[
                render_line(line, options, currency, credit_note=credit_note)
                for line in invoice.lines
            ],
            f"</{root}>\n",
        )
    ).encode()


def _header(invoice: Invoice, options: TargetOptions, *, credit_note: bool) -> str:
    type_name = "cbc:CreditNoteTypeCode" if credit_note else "cbc:InvoiceTypeCode"
    type_code = element(type_name, invoice.type_code)
    notes = "".join([_note(note) for note in invoice.notes])
    tax_point = dated("cbc:TaxPointDate", invoice.tax_point_date)
    if credit_note:
        middle = tax_point + type_code + notes
    else:
        # Without payment instructions this is the only place left for the due date.
        here = options.ubl_due_date != "PaymentMeans" or invoice.payment is None
        due = dated("cbc:DueDate", invoice.due_date) if here else ""
        middle = due + type_code + notes + tax_point
    reference = invoice.buyer_reference if options.ubl_service_code != "AccountingContact" else None
    point = invoice.vat_point_code if _vat_regime(invoice, options) is None else None
    return (
        element("cbc:UBLVersionID", options.ubl_version)
        + element("cbc:CustomizationID", invoice.specification or options.specification)
        + element("cbc:ProfileID", invoice.process)
        + element("cbc:ID", invoice.number)
        + dated("cbc:IssueDate", invoice.issue_date)
        + middle
        + element("cbc:DocumentCurrencyCode", invoice.currency)
        + element("cbc:TaxCurrencyCode", invoice.vat_currency)
        + element("cbc:AccountingCost", invoice.accounting_reference)
        + element("cbc:BuyerReference", reference)
        + period(invoice.period, VAT_POINT_CODES.get(point, point) if point else None)
    )


def _vat_regime(invoice: Invoice, options: TargetOptions) -> str | None:
    """Return Chorus Pro's text for BT-8; None when BT-8 goes to the period instead.

    It stands beside the supplier's VAT number, without which the place may not be used
    (EN 16931, UBL-SR-53).
    """
    if options.ubl_vat_point != "TaxTypeCode" or not invoice.seller.vat_id:
        return None
    return VAT_REGIMES.get(invoice.vat_point_code or "")


def _note(note: Note) -> str:
    if not note.text:
        return ""
    # CEN/TS 16931-3-2: the subject code (BT-21) stands between hashes before the text.
    subject = f"#{note.subject_code}#" if note.subject_code else ""
    return f"<cbc:Note>{escape(subject + note.text)}</cbc:Note>"


def _references(
    invoice: Invoice,
    options: TargetOptions,
    attachments: Sequence[EncodedAttachment],
    *,
    credit_note: bool,
) -> str:
    order = _order(invoice, options)
    billing = "".join(
        [
            wrap(
                "cac:BillingReference",
                wrap(
                    "cac:InvoiceDocumentReference",
                    element("cbc:ID", one.number) + dated("cbc:IssueDate", one.issue_date),
                ),
            )
            for one in invoice.preceding
        ]
    )
    advice = wrap(
        "cac:DespatchDocumentReference", element("cbc:ID", invoice.despatch_advice)
    ) + wrap("cac:ReceiptDocumentReference", element("cbc:ID", invoice.receiving_advice))
    tender = wrap("cac:OriginatorDocumentReference", element("cbc:ID", invoice.tender))
    contracts = _contracts(invoice, options)
    documents = "".join([_attachment(one, options) for one in attachments])
    documents += "".join([_referenced(one) for one in invoice.documents if not has_file(one)])
    if invoice.object_id:
        documents += _typed(invoice.object_id.value, "130", invoice.object_id.scheme)
    if credit_note:
        # CEN/TS 16931-3-2: a credit note has no ProjectReference.
        project = _typed(invoice.project, "50", None) if invoice.project else ""
        return order + billing + advice + contracts + documents + project + tender
    project = wrap("cac:ProjectReference", element("cbc:ID", invoice.project))
    return order + billing + advice + tender + contracts + documents + project


def _order(invoice: Invoice, options: TargetOptions) -> str:
    order = invoice.order if options.ubl_engagement_path == "OrderReference" else None
    if order is None and not invoice.sales_order:
        return ""
    # UBL wants an order number; CEN/TS 16931-3-2 gives NA where there is only a sales order.
    number = order.number if order and order.number else "NA"
    return (
        f"<cac:OrderReference><cbc:ID>{escape(number)}</cbc:ID>"
        f"{element('cbc:SalesOrderID', invoice.sales_order)}"
        f"{dated('cbc:IssueDate', order.issue_date) if order else ''}</cac:OrderReference>"
    )


def _contracts(invoice: Invoice, options: TargetOptions) -> str:
    parts = ""
    order = invoice.order
    if order and order.number and options.ubl_engagement_path == "ContractDocumentReference":
        parts = (
            f"<cac:ContractDocumentReference>{element('cbc:ID', order.number)}"
            f"{dated('cbc:IssueDate', order.issue_date)}"
            f"{element('cbc:DocumentTypeCode', options.ubl_engagement_type)}"
            "</cac:ContractDocumentReference>"
        )
    contract = invoice.contract
    if contract is not None and contract.number:
        kind = options.ubl_contract_type if contract.kind == "CT" else options.ubl_market_type
        parts += (
            f"<cac:ContractDocumentReference>{element('cbc:ID', contract.number)}"
            f"{dated('cbc:IssueDate', contract.issue_date)}"
            f"{element('cbc:DocumentTypeCode', kind)}</cac:ContractDocumentReference>"
        )
    return parts


def _typed(number: str, type_code: str, scheme: str | None) -> str:
    return (
        f"<cac:AdditionalDocumentReference>{identifier('cbc:ID', number, scheme)}"
        f"<cbc:DocumentTypeCode>{type_code}</cbc:DocumentTypeCode>"
        "</cac:AdditionalDocumentReference>"
    )


def _referenced(document: SupportingDocument) -> str:
    external = wrap("cac:ExternalReference", element("cbc:URI", document.uri))
    return wrap(
        "cac:AdditionalDocumentReference",
        element("cbc:ID", document.reference)
        + element("cbc:DocumentDescription", document.description)
        + wrap("cac:Attachment", external),
    )


def _attachment(one: EncodedAttachment, options: TargetOptions) -> str:
    named = one.filename if options.attachment_reference == "filename" else one.reference
    kind = ""
    if options.ubl_attachment_kind:
        kind = element("cbc:DocumentType", one.kind or options.attachment_kind_text)
    filename = f' filename="{escape_attribute(one.filename)}"' if one.filename else ""
    return (
        f"<cac:AdditionalDocumentReference>{element('cbc:ID', named or one.filename)}{kind}"
        f"{element('cbc:DocumentDescription', one.description)}<cac:Attachment>"
        f'<cbc:EmbeddedDocumentBinaryObject mimeCode="{escape_attribute(one.mime)}"{filename}>'
        f"{one.base64}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
        "</cac:AdditionalDocumentReference>"
    )


def _parties(invoice: Invoice, options: TargetOptions) -> str:
    schemes = cii_schemes(options, buyer=False)
    buyer_schemes = cii_schemes(options, buyer=True)
    regime = _vat_regime(invoice, options)
    creditor_id = invoice.payment.creditor_id if invoice.payment else None
    seller_creditor = creditor_id if invoice.payee is None else None
    validator = agent = ""
    place = options.ubl_validator_path
    if invoice.validator is not None:
        if place == "AgentParty":
            agent = render_party(invoice.validator, options, schemes, name="cac:AgentParty")
        else:
            validator = wrap(
                f"cac:{place}",
                render_party(invoice.validator, options, schemes)
                + render_accounting_contact(
                    invoice.validator, None, options, department_first=False
                ),
            )
    service = invoice.buyer_reference if options.ubl_service_code != "BuyerReference" else None
    seller, buyer = invoice.seller, invoice.buyer
    supplier = render_party(
        seller, options, schemes, vat_regime=regime, creditor_id=seller_creditor, agent=agent
    )
    return (
        "<cac:AccountingSupplierParty>"
        f"{supplier}"
        f"{render_accounting_contact(seller, seller.service_code, options, department_first=False)}"
        "</cac:AccountingSupplierParty><cac:AccountingCustomerParty>"
        f"{render_party(buyer, options, buyer_schemes)}"
        f"{render_accounting_contact(buyer, service, options, department_first=True)}"
        "</cac:AccountingCustomerParty>"
        f"{_payee(invoice, options, creditor_id)}{validator}{_representative(invoice, options)}"
    )


def _payee(invoice: Invoice, options: TargetOptions, creditor_id: str | None) -> str:
    if invoice.payee is None:
        return ""
    schemes = cii_schemes(options, buyer=False)
    return render_party(
        invoice.payee, options, schemes, creditor_id=creditor_id, name="cac:PayeeParty"
    )


def _representative(invoice: Invoice, options: TargetOptions) -> str:
    party = invoice.tax_representative
    if party is None:
        return ""
    schemes = cii_schemes(options, buyer=False)
    return render_party(party, options, schemes, name="cac:TaxRepresentativeParty")
