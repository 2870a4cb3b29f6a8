"""The UBL reader: what was written for Chorus Pro reads back; what is wrong is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.target import load_target
from tests.support.sample_invoices import SAMPLES, attachments_of
from transforms.invoice import Invoice, Note, Party
from transforms.read_ubl import ReadError, parse_ubl, read_ubl
from transforms.ubl import CAC, CBC, CREDIT_NOTE, INVOICE, render_ubl

#: Nothing is re-encoded or relabelled, so that a document reads back as it was.
FAITHFUL = load_target(
    "en16931",
    overrides={
        "attachment_encoding": "bare",
        "ubl_attachment_kind": True,
        "ubl_market_type": "Marché public",
        "ubl_contract_type": "Contrat",
    },
)


def read_back(invoice: Invoice, **overrides: str | bool) -> Invoice:
    target = load_target("en16931", overrides={**FAITHFUL.options.model_dump(), **overrides})
    attachments = attachments_of(invoice, "bare")
    return read_ubl(parse_ubl(render_ubl(invoice, target, attachments=attachments)))


def document(content: str, root: str = "Invoice") -> bytes:
    namespace = INVOICE if root == "Invoice" else CREDIT_NOTE
    return (
        f'<{root} xmlns="{namespace}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">{content}</{root}>'
    ).encode()


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"a1_attachments"}))
def test_a_written_invoice_reads_back_the_same(name: str) -> None:
    assert read_back(SAMPLES[name]) == as_read(SAMPLES[name])


def as_read(invoice: Invoice) -> Invoice:
    """Return the invoice as UBL has it: one address alone is a party's address."""
    party = invoice.validator
    if party is None or party.trading_address is None or party.address is not None:
        return invoice
    moved = replace(party, address=party.trading_address, trading_address=None)
    return replace(invoice, validator=moved)


@pytest.mark.parametrize(
    "alternative",
    [
        {"ubl_party_identifier": "PartyIdentification"},
        {"ubl_party_identifier": "both"},
        {"ubl_engagement_path": "ContractDocumentReference"},
        {"ubl_service_code": "AccountingContact"},
        {"ubl_due_date": "PaymentMeans"},
        {"ubl_delivery_name": "LocationDescription"},
        {"ubl_vat_point": "TaxTypeCode"},
        {"ubl_registration_address": True},
        {"ubl_validator_path": "AgentParty"},
        {"ubl_validator_path": "SellerSupplierParty"},
        {"ubl_credit_note_root": "Invoice"},
    ],
    ids=lambda alternative: "-".join(map(str, *alternative.items())),
)
def test_the_places_of_chorus_pro_are_read_too(alternative: dict[str, str | bool]) -> None:
    for name in ("a1_invoice", "a1_credit_note", "a9_validator"):
        assert read_back(SAMPLES[name], **alternative) == SAMPLES[name]


def test_attachments_read_back_with_their_content() -> None:
    sent = SAMPLES["a1_attachments"].documents
    first, second, third = read_back(SAMPLES["a1_attachments"]).documents
    assert (first.filename, first.mime, first.content) == (
        "bon de livraison.pdf",
        "application/pdf",
        sent[0].content,
    )
    assert (second.kind, second.content) == ("02", sent[1].content)
    assert third == sent[2]


def test_a_note_may_begin_with_its_subject() -> None:
    notes = "<cbc:Note>#PMT#Indemnité</cbc:Note><cbc:Note>n# 1</cbc:Note><cbc:Note> </cbc:Note>"
    assert read_ubl(parse_ubl(document(notes))).notes == (
        Note(text="Indemnité", subject_code="PMT"),
        Note(text="n# 1"),
    )


def test_only_a_sales_order_gives_no_order() -> None:
    order = "<cac:OrderReference><cbc:ID>NA</cbc:ID><cbc:SalesOrderID>V7</cbc:SalesOrderID>"
    invoice = read_ubl(parse_ubl(document(f"{order}</cac:OrderReference>")))
    assert (invoice.order, invoice.sales_order) == (None, "V7")


def test_a_payee_has_the_name_it_is_shown_by() -> None:
    name = "<cac:PartyName><cbc:Name>Affacture</cbc:Name></cac:PartyName>"
    xml = document(f"<cac:PayeeParty>{name}</cac:PayeeParty>")
    assert read_ubl(parse_ubl(xml)) == replace(Invoice(), payee=Party(name="Affacture"))


def test_an_empty_invoice_is_read_as_nothing() -> None:
    for root in ("Invoice", "CreditNote"):
        assert read_ubl(parse_ubl(document("", root))) == Invoice()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("<cbc:IssueDate>hier</cbc:IssueDate>", "IssueDate: 'hier' is no date"),
        (
            "<cac:LegalMonetaryTotal><cbc:PayableAmount>1,5</cbc:PayableAmount>"
            "</cac:LegalMonetaryTotal>",
            "LegalMonetaryTotal/PayableAmount: '1,5' is no number",
        ),
        (
            "<cac:AdditionalDocumentReference><cbc:ID>P1</cbc:ID><cac:Attachment>"
            "<cbc:EmbeddedDocumentBinaryObject>A</cbc:EmbeddedDocumentBinaryObject>"
            "</cac:Attachment></cac:AdditionalDocumentReference>",
            "attachment P1",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_element(content: str, named: str) -> None:
    with pytest.raises(ReadError) as refused:
        read_ubl(parse_ubl(document(content)))
    assert named in str(refused.value)


@pytest.mark.parametrize("xml", [b"", b"<Invoice/>", b"{}"])
def test_what_is_no_ubl_invoice_is_refused(xml: bytes) -> None:
    with pytest.raises(ReadError):
        parse_ubl(xml)
