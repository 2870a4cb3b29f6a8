"""The UBL writer: alternatives of the target, the credit note, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from config.target import load_target
from tests.support.sample_invoices import SAMPLES, attachments_of
from transforms.invoice import Invoice, Note
from transforms.ubl import CAC, CBC, INVOICE, render_ubl
from transforms.xml_text import UnwritableError, clean

BASIC = SAMPLES["a1_invoice"]
DIRECT = load_target("chorus_direct")
NAMESPACES = {"cac": CAC, "cbc": CBC, "ubl": INVOICE}
SUPPLIER = "cac:AccountingSupplierParty"
CUSTOMER = "cac:AccountingCustomerParty"


def written(
    invoice: Invoice, target_name: str = "chorus_direct", **overrides: str | bool | int
) -> etree._Element:
    target = load_target(target_name, overrides=overrides)
    attachments = attachments_of(invoice, target.options.attachment_encoding)
    return etree.fromstring(render_ubl(invoice, target, attachments=attachments))


def values(root: etree._Element, path: str) -> list[str]:
    found = root.xpath(f"//{path}", namespaces=NAMESPACES)
    return [one if isinstance(one, str) else one.text for one in found]


@pytest.mark.parametrize(
    ("sample", "overrides", "path", "expected"),
    [
        ("a1_invoice", {}, "cac:OrderReference/cbc:ID", ["EJ-4471"]),
        (
            "a1_invoice",
            {"ubl_engagement_path": "ContractDocumentReference"},
            "cac:ContractDocumentReference[cbc:DocumentTypeCode='Engagement']/cbc:ID",
            ["EJ-4471"],
        ),
        (
            "a1_invoice",
            {},
            "cac:ContractDocumentReference[cbc:DocumentTypeCode='Marché public']/cbc:ID",
            ["2026-M-014"],
        ),
        (
            "a1_exempt_from_abroad",
            {},
            "cac:ContractDocumentReference/cbc:DocumentTypeCode",
            ["Contrat"],
        ),
        ("a1_invoice", {"ubl_market_type": ""}, "cbc:DocumentTypeCode", []),
        ("a1_invoice", {}, f"{CUSTOMER}/cac:AccountingContact/cbc:ID", ["SERV-ACHATS"]),
        ("a1_invoice", {}, "cbc:BuyerReference", []),
        ("a1_invoice", {"ubl_service_code": "both"}, "cbc:BuyerReference", ["SERV-ACHATS"]),
        (
            "a1_invoice",
            {"ubl_service_code": "BuyerReference"},
            f"{CUSTOMER}/cac:AccountingContact",
            [],
        ),
        ("everything", {}, f"{SUPPLIER}/cac:AccountingContact/cbc:ID", ["FACT"]),
        (
            "everything",
            {"ubl_contact": "Contact"},
            f"{SUPPLIER}/*/cac:Contact/cbc:Name",
            ["Paul Ravel"],
        ),
        ("a1_invoice", {}, f"{SUPPLIER}//cbc:TaxTypeCode", ["TVA DEBIT"]),
        ("a1_exempt_from_abroad", {}, f"{SUPPLIER}//cbc:TaxTypeCode", ["TVA ENCAISSEMENT"]),
        ("a1_invoice", {"ubl_vat_point": "DescriptionCode"}, "cbc:DescriptionCode", ["3"]),
        ("a1_invoice", {"ubl_vat_point": "DescriptionCode"}, f"{SUPPLIER}//cbc:TaxTypeCode", []),
        ("everything", {}, "cac:InvoicePeriod/cbc:DescriptionCode", ["35"]),
        ("a1_invoice", {}, "cac:TaxSubtotal/cbc:Percent", ["20.00", "5.50"]),
        ("a1_invoice", {"ubl_subtotal_percent": False}, "cac:TaxSubtotal/cbc:Percent", []),
        ("a1_invoice", {}, "cac:TaxSubtotal//cbc:TaxTypeCode", ["TVA", "TVA"]),
        ("a1_invoice", {"ubl_tax_type": ""}, "cac:TaxSubtotal//cbc:TaxTypeCode", []),
        ("a1_invoice", {}, "cbc:PaymentChannelCode", ["IBAN"]),
        ("a1_invoice", {"ubl_payment_channel": False}, "cbc:PaymentChannelCode", []),
        ("a2_prepaid", {}, "cbc:PaymentChannelCode", []),
        ("a1_invoice", {}, "cbc:DueDate | //cbc:PaymentDueDate", ["2026-11-04"] * 2),
        ("a1_invoice", {"ubl_due_date": "DueDate"}, "cbc:PaymentDueDate", []),
        ("a1_invoice", {"ubl_due_date": "PaymentMeans"}, "cbc:DueDate", []),
        ("a1_invoice", {}, "cac:PartyIdentification/cbc:ID/@schemeName", ["1", "1"]),
        (
            "a1_invoice",
            {"ubl_party_identifier": "PartyLegalEntity"},
            "cbc:CompanyID/@schemeID",
            ["0002", "0002"],
        ),
        (
            "a1_invoice",
            {"ubl_party_identifier": "both"},
            "cbc:CompanyID/@schemeID | //cbc:ID/@schemeName",
            ["1", "0002", "1", "0002"],
        ),
        ("a1_invoice", {}, f"{SUPPLIER}//cac:RegistrationAddress/cbc:CityName", ["Voiron"]),
        ("a1_invoice", {"ubl_registration_address": False}, "cac:RegistrationAddress", []),
        (
            "everything",
            {"ubl_registration_address": False},
            "cac:RegistrationAddress/cbc:CityName",
            ["Voiron"],
        ),
        ("a9_validator", {}, "cac:BuyerCustomerParty//cbc:ID/@schemeName", ["1"]),
        (
            "a9_validator",
            {"ubl_validator_path": "SellerSupplierParty"},
            "cac:SellerSupplierParty/cac:AccountingContact/cbc:Name",
            ["Inès Favre"],
        ),
        (
            "a9_validator",
            {"ubl_validator_path": "AgentParty"},
            f"{SUPPLIER}/cac:Party/cac:AgentParty/cac:Contact/cbc:Name",
            ["Inès Favre"],
        ),
        ("a1_factoring", {}, "cac:PayeeParty//cbc:ID/@schemeName", ["1"]),
        ("a1_factoring", {}, "cac:PayeeFinancialAccount/cbc:Name", ["Affacture SA"]),
        (
            "a1_line_kinds",
            {},
            "cac:AdditionalItemProperty/cbc:Value",
            ["INFORMATION", "REGROUPEMENT", "LOT"],
        ),
        (
            "a1_line_kinds",
            {"ubl_line_kind_property": "", "ubl_line_subkind_property": ""},
            "cac:AdditionalItemProperty",
            [],
        ),
        ("everything", {}, "cac:DeliveryLocation/cbc:Description", ["Groupe scolaire"]),
        (
            "everything",
            {"ubl_delivery_name": "DeliveryParty"},
            "cac:DeliveryParty/cac:PartyName/cbc:Name",
            ["Groupe scolaire"],
        ),
        ("a1_attachments", {}, "cbc:DocumentType", ["ZZZ", "02"]),
        ("a1_attachments", {"ubl_attachment_kind": False}, "cbc:DocumentType", []),
        ("a1_attachments", {}, "cbc:URI", ["https://example.org/plans/7"]),
        ("a1_invoice", {}, "cbc:UBLVersionID", ["2.1"]),
        ("a1_invoice", {"ubl_version": ""}, "cbc:UBLVersionID", []),
        ("everything", {}, "cac:PayeeParty//cbc:ID[@schemeID='SEPA']", ["FR12ZZZ123456"]),
    ],
)
def test_an_option_chooses_between_alternatives(
    sample: str, overrides: dict[str, str | bool | int], path: str, expected: list[str]
) -> None:
    assert values(written(SAMPLES[sample], **overrides), path) == expected


def test_a_credit_note_is_a_381_with_positive_amounts_in_an_invoice_root() -> None:
    root = written(SAMPLES["a1_credit_note"])
    assert etree.QName(root).localname == "Invoice"
    assert values(root, "cbc:InvoiceTypeCode") == ["381"]
    assert values(root, "cbc:PayableAmount") == ["280.75"]
    assert values(root, "cac:BillingReference//cbc:ID") == ["2026-000042"]


def test_a_credit_note_has_a_root_of_its_own_where_the_target_says_so() -> None:
    root = written(SAMPLES["a1_credit_note"], "en16931")
    assert etree.QName(root).localname == "CreditNote"
    assert values(root, "cbc:CreditNoteTypeCode") == ["381"]
    assert len(values(root, "cac:CreditNoteLine/cbc:CreditedQuantity")) == 2
    assert values(root, "cbc:PaymentDueDate") == ["2026-11-04"]


@pytest.mark.parametrize("sample", ["a1_invoice", "a1_credit_note"])
def test_the_due_date_is_kept_without_payment_instructions(sample: str) -> None:
    for target in ("chorus_direct", "en16931"):
        root = written(replace(SAMPLES[sample], payment=None), target)
        assert values(root, "cbc:DueDate | //cbc:PaymentDueDate") == ["2026-11-04"]


def test_without_a_vat_number_the_vat_regime_goes_to_the_period() -> None:
    root = written(replace(BASIC, seller=replace(BASIC.seller, vat_id=None)))
    assert values(root, "cac:PartyTaxScheme") == []
    assert values(root, "cac:InvoicePeriod/cbc:DescriptionCode") == ["3"]


def test_of_several_payment_means_the_first_alone_carries_what_may_come_once() -> None:
    root = written(SAMPLES["everything"])
    assert len(values(root, "cac:PaymentMeans")) == 2
    for once in ("cbc:PaymentDueDate", "cac:CardAccount", "cac:PaymentMandate"):
        assert len(values(root, f"cac:PaymentMeans[1]/{once}")) == 1
        assert len(values(root, once)) == 1
    assert values(root, "cac:PayeeFinancialAccount/cbc:ID") == [
        "FR1420041010050500013M02606",
        "0001234567 89",
    ]


def test_several_preceding_invoices_are_written() -> None:
    note = SAMPLES["a1_credit_note"]
    root = written(replace(note, preceding=note.preceding * 2))
    assert values(root, "cac:BillingReference//cbc:ID") == ["2026-000042"] * 2


def test_the_document_starts_with_declaration_and_stylesheet() -> None:
    xml = render_ubl(BASIC, DIRECT, stylesheet="FSO1100A.xsl")
    assert xml.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<?xml-stylesheet type="text/xsl" href="FSO1100A.xsl"?>\n<Invoice xmlns='
    )


def test_a_file_that_was_not_encoded_is_refused() -> None:
    with pytest.raises(UnwritableError, match="2 files to attach, 0"):
        render_ubl(SAMPLES["a1_attachments"], DIRECT)


def test_an_empty_invoice_is_well_formed() -> None:
    assert etree.fromstring(render_ubl(Invoice(), DIRECT)).tag == f"{{{INVOICE}}}Invoice"


@settings(max_examples=50)
@given(st.text(st.characters(), max_size=30))
def test_no_text_of_an_invoice_breaks_the_document(text: str) -> None:
    line = replace(BASIC.lines[0], unit=text, item=replace(BASIC.lines[0].item, name=text))
    invoice = replace(
        BASIC,
        number=text,
        currency=text,
        notes=(Note(text=text),),
        payment=replace(BASIC.payment, means_code=text),
        lines=(line,),
    )
    root = etree.fromstring(render_ubl(invoice, DIRECT))
    assert (root.findtext("cbc:Note", None, NAMESPACES) or "") == clean(text)
