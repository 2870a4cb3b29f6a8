"""Read a UBL 2.1 Invoice or CreditNote back into the semantic model.

Tolerant of what is missing, exact on what is there: an absent element gives None, a date or
number that is none raises. Places: CEN/TS 16931-3-2:2020, and those ``transforms.ubl`` writes for
Chorus Pro's own terms; where both are there, the norm's wins.
"""

from __future__ import annotations

from datetime import date

from lxml import etree

from transforms.allowance_terms import ALLOWANCE, CHARGE
from transforms.invoice import (
    ContractReference,
    DocumentReference,
    Identifier,
    Invoice,
    Note,
    Party,
    Provenance,
    SupportingDocument,
)
from transforms.party_terms import BUYER, PAYEE, REPRESENTATIVE, SELLER, VALIDATOR
from transforms.read_attachment import decode_attachment
from transforms.read_ubl_line import read_allowance, read_line, read_period
from transforms.read_ubl_party import read_party
from transforms.read_ubl_settlement import (
    read_breakdown,
    read_delivery,
    read_payment,
    read_totals,
)
from transforms.ubl import CREDIT_NOTE, INVOICE
from transforms.ubl_node import UBL_LAYOUT
from transforms.ubl_party import VAT_REGIMES
from transforms.ubl_value import VAT_POINT_CODES
from transforms.xml_node import Node, ReadError, first, open_document, parse_xml

UBL_ROOTS = (f"{{{INVOICE}}}Invoice", f"{{{CREDIT_NOTE}}}CreditNote")

#: DocumentTypeCode of a ContractDocumentReference that holds an engagement (``TargetOptions``).
ENGAGEMENT = "Engagement"
#: Kind of contract by DocumentTypeCode.
CONTRACT_KINDS = {"Marché public": "BC", "Contrat": "CT"}

_POINTS = {ubl: code for code, ubl in VAT_POINT_CODES.items()}
_REGIMES = {text: code for code, text in VAT_REGIMES.items()}
_OBJECT = "130"  # UNTDID 1001: invoiced object (BT-18)
_PROJECT = "50"  # UNTDID 1001: project of a credit note (BT-11)
#: What an order number is when there is only a sales order (CEN/TS 16931-3-2).
_NO_ORDER = "NA"


def parse_ubl(data: bytes) -> etree._Element:
    """Return the root of ``data``, parsed without entities, DTD or network.

    Raises:
        ReadError: not well-formed, or neither a UBL Invoice nor a CreditNote.
    """
    root = parse_xml(data)
    if root.tag not in UBL_ROOTS:
        msg = f"not a UBL invoice: {root.tag}"
        raise ReadError(msg)
    return root


def read_ubl(root: etree._Element) -> Invoice:
    """Return the invoice that ``root`` (Invoice or CreditNote) holds.

    The content of an attachment is what the XML carries: by Chorus Pro's practice a ZIP. Several
    payment means give one payment with their accounts; their other data is that of the first.

    Raises:
        ReadError: a date, number or base64 that is none.
    """
    return read_ubl_node(open_document(root, UBL_LAYOUT, strict=True))


def read_ubl_node(node: Node, provenance: Provenance | None = None) -> Invoice:
    """Return the invoice below ``node``, which is strict or tolerant by its notes."""
    currency = node.text("cbc:DocumentCurrencyCode", "BT-5")
    supplier = node.child("cac:AccountingSupplierParty", "BG-4")
    customer = node.child("cac:AccountingCustomerParty", "BG-7")
    seller, payee = supplier.child("cac:Party"), node.child("cac:PayeeParty", "BG-10")
    order, contract = _order_and_contract(node)
    references = node.ranked("cac:AdditionalDocumentReference")
    buyer_contact = customer.child("cac:AccountingContact")
    seller_contact = supplier.child("cac:AccountingContact")
    return Invoice(
        number=node.text("cbc:ID", "BT-1"),
        issue_date=node.date("cbc:IssueDate", "BT-2"),
        type_code=node.text("cbc:InvoiceTypeCode", "BT-3")
        or node.text("cbc:CreditNoteTypeCode", "BT-3"),
        currency=currency,
        vat_currency=node.text("cbc:TaxCurrencyCode", "BT-6"),
        tax_point_date=node.date("cbc:TaxPointDate", "BT-7"),
        vat_point_code=_vat_point(node, seller),
        due_date=_due_date(node),
        buyer_reference=node.text("cbc:BuyerReference", "BT-10")
        or buyer_contact.text("cbc:ID", "BT-10"),
        project=node.text("cac:ProjectReference/cbc:ID", "BT-11")
        or first(one.text("cbc:ID", "BT-11") for one in references if _kind(one) == _PROJECT),
        contract=contract,
        order=order,
        sales_order=node.text("cac:OrderReference/cbc:SalesOrderID", "BT-14"),
        receiving_advice=node.text("cac:ReceiptDocumentReference/cbc:ID", "BT-15"),
        despatch_advice=node.text("cac:DespatchDocumentReference/cbc:ID", "BT-16"),
        tender=node.text("cac:OriginatorDocumentReference/cbc:ID", "BT-17"),
        object_id=first(
            one.identifier("cbc:ID", "BT-18") for one in references if _kind(one) == _OBJECT
        ),
        accounting_reference=node.text("cbc:AccountingCost", "BT-19"),
        payment_terms=node.text("cac:PaymentTerms/cbc:Note", "BT-20"),
        notes=tuple(note for one in node.ranked("cbc:Note") if (note := _note(one))),
        process=node.text("cbc:ProfileID", "BT-23"),
        specification=node.text("cbc:CustomizationID", "BT-24"),
        preceding=tuple(
            DocumentReference(
                number=one.text("cbc:ID", "BT-25"), issue_date=one.date("cbc:IssueDate", "BT-26")
            )
            for one in node.ranked("cac:BillingReference/cac:InvoiceDocumentReference")
            if one
        ),
        seller=read_party(
            seller,
            SELLER,
            accounting_contact=seller_contact,
            service_code=seller_contact.text("cbc:ID"),
        )
        or Party(),
        buyer=read_party(
            customer.child("cac:Party"),
            BUYER,
            accounting_contact=buyer_contact,
            department_first=True,
        )
        or Party(),
        payee=read_party(payee, PAYEE),
        tax_representative=read_party(
            node.child("cac:TaxRepresentativeParty", "BG-11"), REPRESENTATIVE
        ),
        validator=_validator(node, seller),
        delivery=read_delivery(node.child("cac:Delivery")),
        period=read_period(node.child("cac:InvoicePeriod", "BG-14"), "BT-73", "BT-74"),
        payment=read_payment(node, seller, payee),
        allowances=tuple(
            read_allowance(one, ALLOWANCE, CHARGE)
            for one in node.ranked("cac:AllowanceCharge", "BG-20")
        ),
        totals=read_totals(node, currency),
        vat=tuple(
            read_breakdown(one) for one in node.ranked("cac:TaxTotal/cac:TaxSubtotal", "BG-23")
        ),
        documents=tuple(
            _document(one) for one in references if _kind(one) not in (_OBJECT, _PROJECT)
        ),
        lines=tuple(
            read_line(one)
            for name in ("cac:InvoiceLine", "cac:CreditNoteLine")
            for one in node.ranked(name, "BG-25")
        ),
        provenance=provenance,
    )


def _kind(reference: Node) -> str | None:
    return reference.text("cbc:DocumentTypeCode")


def _vat_point(node: Node, seller: Node) -> str | None:
    code = node.text("cac:InvoicePeriod/cbc:DescriptionCode", "BT-8")
    if code is not None:
        return _POINTS.get(code, code)
    regime = seller.text("cac:PartyTaxScheme/cac:TaxScheme/cbc:TaxTypeCode", "BT-8")
    return _REGIMES.get(regime, regime) if regime else None


def _due_date(node: Node) -> date | None:
    return first(
        (
            node.date("cbc:DueDate", "BT-9"),
            node.date("cac:PaymentMeans/cbc:PaymentDueDate", "BT-9"),
            node.date("cac:PaymentTerms/cbc:PaymentDueDate", "BT-9"),
        )
    )


def _order_and_contract(node: Node) -> tuple[DocumentReference | None, ContractReference | None]:
    order: DocumentReference | None = None
    contract: ContractReference | None = None
    reference = node.child("cac:OrderReference")
    if reference:
        number, issued = reference.text("cbc:ID", "BT-13"), reference.date("cbc:IssueDate")
        sold = reference.text("cbc:SalesOrderID") is not None
        if not (sold and number == _NO_ORDER and issued is None):
            order = DocumentReference(number=number, issue_date=issued)
    for one in node.children("cac:ContractDocumentReference"):
        kind, issued = _kind(one), one.date("cbc:IssueDate")
        if kind == ENGAGEMENT and order is None:
            order = DocumentReference(number=one.text("cbc:ID", "BT-13"), issue_date=issued)
        elif contract is None and one:
            contract = ContractReference(
                number=one.text("cbc:ID", "BT-12"),
                kind=CONTRACT_KINDS.get(kind, kind) if kind else None,
                issue_date=issued,
            )
    return order, contract


def _note(node: Node) -> Note | None:
    text = node.text(bt="BT-22")
    if text is None:
        return None
    if text.startswith("#") and (end := text.find("#", 1)) > 1:
        # CEN/TS 16931-3-2: the subject code (BT-21) stands between hashes before the text.
        return Note(text=text[end + 1 :] or None, subject_code=text[1:end])
    return Note(text=text)


def _validator(node: Node, seller: Node) -> Party | None:
    for name in ("cac:BuyerCustomerParty", "cac:SellerSupplierParty"):
        holder = node.child(name)
        if holder.element is None:
            continue
        party = read_party(
            holder.child("cac:Party"),
            VALIDATOR,
            accounting_contact=holder.child("cac:AccountingContact"),
        )
        if party is not None:
            return party
    return read_party(seller.child("cac:AgentParty"), VALIDATOR)


def _document(node: Node) -> SupportingDocument:
    attached = node.child("cac:Attachment/cbc:EmbeddedDocumentBinaryObject")
    encoded = attached.text()
    reference: Identifier | None = node.identifier("cbc:ID", "BT-122")
    number = reference.value if reference else None
    uri = node.text("cac:Attachment/cac:ExternalReference/cbc:URI", "BT-124")
    description = node.text("cbc:DocumentDescription", "BT-123")
    if encoded is None:
        return SupportingDocument(reference=number, description=description, uri=uri)
    return SupportingDocument(
        reference=number,
        description=description,
        uri=uri,
        filename=attached.attribute("filename") or number,
        mime=attached.attribute("mimeCode"),
        kind=node.text("cbc:DocumentType"),
        content=decode_attachment(attached, encoded, f"attachment {number}"),
    )
