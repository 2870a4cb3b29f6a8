"""The CII writer: alternatives of the target, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from config.target import load_target
from tests.support.sample_invoices import SAMPLES, attachments_of
from transforms.cii import render_cii
from transforms.cii_node import NAMESPACES
from transforms.invoice import DocumentReference, Identifier, Invoice, Note, Price
from transforms.xml_text import UnwritableError, clean

BASIC = SAMPLES["a1_invoice"]
DIRECT = load_target("chorus_direct")


def written(invoice: Invoice, **overrides: str | bool | int) -> etree._Element:
    target = load_target("chorus_direct", overrides=overrides)
    attachments = attachments_of(invoice, target.options.attachment_encoding)
    return etree.fromstring(render_cii(invoice, target, attachments=attachments))


def values(root: etree._Element, path: str) -> list[str]:
    found = root.xpath(f"//{path}", namespaces=NAMESPACES)
    return [one if isinstance(one, str) else one.text for one in found]


@pytest.mark.parametrize(
    ("sample", "overrides", "path", "expected"),
    [
        ("a1_invoice", {}, "ram:SpecifiedLegalOrganization/ram:ID/@schemeID", ["0002", "0002"]),
        (
            "a1_invoice",
            {"siret_scheme": "1", "buyer_siret_scheme": "0009"},
            "ram:SpecifiedLegalOrganization/ram:ID/@schemeID",
            ["1", "0009"],
        ),
        (
            "a1_exempt_from_abroad",
            {},
            "ram:SellerTradeParty/ram:SpecifiedLegalOrganization/ram:ID/@schemeID",
            ["2"],
        ),
        ("everything", {}, "ram:InvoiceeTradeParty/*/ram:ID/@schemeID", ["RIDET"]),
        ("everything", {"ridet_scheme": "4"}, "ram:InvoiceeTradeParty/*/ram:ID/@schemeID", ["4"]),
        ("a1_invoice", {}, "ram:ContractReferencedDocument/ram:ReferenceTypeCode", ["BC"]),
        (
            "a1_invoice",
            {"cii_contract_type": False},
            "ram:ContractReferencedDocument/ram:ReferenceTypeCode",
            [],
        ),
        ("a1_allowances", {}, "udt:IndicatorString", []),
        (
            "a1_allowances",
            {"cii_indicator": "IndicatorString"},
            "ram:SpecifiedTradeAllowanceCharge/*/udt:IndicatorString",
            ["false", "true", "false", "true"],
        ),
        ("a1_line_kinds", {}, "ram:LineStatusCode", ["INFORMATION", "REGROUPEMENT"]),
        ("a1_line_kinds", {"cii_line_kind": "none"}, "ram:LineStatusCode", []),
        ("everything", {}, "ram:SellerAssignedID", ["RAM-80"]),
        ("a1_attachments", {}, "ram:AdditionalReferencedDocument/ram:Name", ["ZZZ", "02", "Plans"]),
        (
            "a1_attachments",
            {"attachment_label": "description"},
            "ram:AdditionalReferencedDocument/ram:Name",
            ["Bon de livraison", "Plans"],
        ),
        (
            "a1_attachments",
            {},
            "ram:AdditionalReferencedDocument/ram:IssuerAssignedID",
            ["bon de livraison.pdf", "detail.csv", "PLAN-7"],
        ),
        (
            "a1_attachments",
            {"attachment_reference": "reference"},
            "ram:AdditionalReferencedDocument/ram:IssuerAssignedID",
            ["BL-881", "detail.csv", "PLAN-7"],
        ),
        ("a1_attachments", {"attachment_type_code": False}, "ram:TypeCode[.='916']", ["916"]),
        (
            "a1_invoice",
            {"specification": "urn:x"},
            "ram:GuidelineSpecifiedDocumentContextParameter/*",
            ["urn:cen.eu:en16931:2017"],
        ),
    ],
)
def test_an_option_chooses_between_alternatives(
    sample: str, overrides: dict[str, str | bool | int], path: str, expected: list[str]
) -> None:
    assert values(written(SAMPLES[sample], **overrides), path) == expected


def test_the_targets_specification_stands_in_for_a_missing_one() -> None:
    root = written(replace(BASIC, specification=None), specification="urn:x")
    assert values(root, "ram:GuidelineSpecifiedDocumentContextParameter/ram:ID") == ["urn:x"]


def test_an_item_reference_may_go_to_the_element_of_aifes_samples() -> None:
    line = replace(BASIC.lines[0], item=replace(BASIC.lines[0].item, seller_id="R-1"))
    root = written(replace(BASIC, lines=(line,)), cii_item_reference="GlobalID")
    assert values(root, "ram:SpecifiedTradeProduct/ram:GlobalID") == ["R-1"]
    assert values(root, "ram:SellerAssignedID") == []


@pytest.mark.parametrize(
    ("discount", "gross"), [(None, "5"), ("0", "5"), ("0.00", "5"), ("0.25", None)]
)
def test_a_gross_price_without_a_real_allowance_is_not_written(
    discount: str | None, gross: str | None
) -> None:
    price = Price(
        net=Decimal("4.75"),
        discount=Decimal(discount) if discount else None,
        gross=Decimal(gross) if gross else None,
    )
    root = written(replace(BASIC, lines=(replace(BASIC.lines[0], price=price),)))
    assert values(root, "ram:GrossPriceProductTradePrice") == []
    assert values(root, "ram:NetPriceProductTradePrice/ram:ChargeAmount") == ["4.75"]


def test_an_account_that_is_no_iban_goes_to_the_proprietary_element() -> None:
    root = written(SAMPLES["everything"])
    assert values(root, "ram:PayeePartyCreditorFinancialAccount/ram:IBANID") == [
        "FR1420041010050500013M02606"
    ]
    assert values(root, "ram:ProprietaryID") == ["0001234567 89"]


def test_an_unknown_identifier_type_is_written_as_it_is() -> None:
    seller = replace(BASIC.seller, legal_id=Identifier("X", "0199"))
    root = written(replace(BASIC, seller=seller))
    assert values(root, "ram:SellerTradeParty/*/ram:ID/@schemeID") == ["0199", "VA"]


def test_the_document_starts_with_declaration_and_stylesheet() -> None:
    xml = render_cii(BASIC, DIRECT, stylesheet="FSO1106A.xsl")
    assert xml.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<?xml-stylesheet type="text/xsl" href="FSO1106A.xsl"?>\n<rsm:CrossIndustryInvoice'
    )


def test_an_empty_invoice_is_written_as_an_empty_frame() -> None:
    root = etree.fromstring(render_cii(Invoice(), DIRECT))
    assert [etree.QName(one).localname for one in root] == [
        "ExchangedDocumentContext",
        "ExchangedDocument",
        "SupplyChainTradeTransaction",
    ]
    assert values(root, "ram:ApplicableHeaderTradeDelivery") == [None]


def test_a_file_that_was_not_encoded_is_refused() -> None:
    with pytest.raises(UnwritableError, match="2 files to attach, 0"):
        render_cii(SAMPLES["a1_attachments"], DIRECT)


def test_a_second_preceding_invoice_is_refused() -> None:
    two = (DocumentReference(number="A"), DocumentReference(number="B"))
    with pytest.raises(UnwritableError, match="one preceding invoice, not 2"):
        render_cii(replace(BASIC, preceding=two), DIRECT)


@settings(max_examples=50)
@given(st.text(st.characters(), max_size=30))
def test_no_text_of_an_invoice_breaks_the_document(text: str) -> None:
    line = replace(BASIC.lines[0], unit=text, item=replace(BASIC.lines[0].item, name=text))
    invoice = replace(BASIC, number=text, currency=text, notes=(Note(text=text),), lines=(line,))
    root = etree.fromstring(render_cii(invoice, DIRECT))
    assert (root.findtext(".//ram:Content", None, NAMESPACES) or "") == clean(text)
