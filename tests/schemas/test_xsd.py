from __future__ import annotations

import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from config.catalogue import UNFILLED, load_catalogue
from config.target import load_target
from schemas.xsd import LONGEST_TEXT, XsdGate
from schemas.xsd_explain import MOST_FINDINGS
from tests.support.gate_samples import cii, ubl
from tests.support.sample_invoices import SAMPLES, attachments_of
from transforms.cii import render_cii
from transforms.finding import Finding, Severity
from transforms.invoice import Invoice, Provenance
from transforms.ubl import render_ubl

Syntax = Literal["cii", "ubl"]


@pytest.fixture(scope="module")
def gates() -> dict[str, XsdGate]:
    return {"cii": XsdGate("cii"), "ubl": XsdGate("ubl")}


def only(findings: tuple[Finding, ...]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


@pytest.mark.parametrize(
    ("syntax", "xml"),
    [("cii", cii()), ("cii", cii(lines=10)), ("ubl", ubl()), ("ubl", ubl("CreditNote"))],
)
def test_a_valid_xml_passes_and_its_root_comes_back(
    gates: dict[str, XsdGate], syntax: Syntax, xml: bytes
) -> None:
    root, findings = gates[syntax].check(xml)
    assert findings == ()
    assert root is not None
    assert etree.tostring(root) == etree.tostring(etree.fromstring(xml))


@pytest.mark.parametrize("name", SAMPLES)
def test_what_our_writers_write_passes(gates: dict[str, XsdGate], name: str) -> None:
    target, invoice = load_target("chorus_direct"), SAMPLES[name]
    attachments = attachments_of(invoice, "zip")
    assert gates["cii"].check(render_cii(invoice, target, attachments=attachments))[1] == ()
    assert gates["ubl"].check(render_ubl(invoice, target, attachments=attachments))[1] == ()


@pytest.mark.parametrize(
    ("syntax", "xml", "rule", "element", "xpath"),
    [
        (
            "cii",
            cii().replace(b"<ram:ID>F-77</ram:ID>", b"<ram:ID>F-77</ram:ID><ram:Odd>x</ram:Odd>"),
            "XS-UNEXPECTED-01",
            "Odd",
            "/rsm:CrossIndustryInvoice/rsm:ExchangedDocument/ram:Odd",
        ),
        (
            "cii",
            cii().replace(b"<ram:ApplicableHeaderTradeDelivery/>", b""),
            "XS-UNEXPECTED-01",
            "ApplicableHeaderTradeSettlement",
            "/rsm:CrossIndustryInvoice/rsm:SupplyChainTradeTransaction"
            "/ram:ApplicableHeaderTradeSettlement",
        ),
        (
            "cii",
            cii(lines=2).replace(b"12.40", b"12,40"),
            "XS-VALUE-01",
            "ChargeAmount",
            "/rsm:CrossIndustryInvoice/rsm:SupplyChainTradeTransaction"
            "/ram:IncludedSupplyChainTradeLineItem[1]/ram:SpecifiedLineTradeAgreement"
            "/ram:NetPriceProductTradePrice/ram:ChargeAmount",
        ),
        (
            "ubl",
            ubl().replace(b"2026-11-02", b"20261102"),
            "XS-VALUE-01",
            "IssueDate",
            "/ubl:Invoice/cbc:IssueDate",
        ),
        (
            "ubl",
            ubl("CreditNote").replace(b' currencyID="EUR"', b"", 1),
            "XS-VALUE-01",
            "PayableAmount",
            "/cn:CreditNote/cac:LegalMonetaryTotal/cbc:PayableAmount",
        ),
        (
            "ubl",
            re.sub(rb"(?s)<cac:InvoiceLine>.*</cac:InvoiceLine>", b"", ubl()),
            "XS-MISSING-01",
            "Invoice",
            "/ubl:Invoice",
        ),
    ],
)
def test_an_invalid_xml_is_explained(
    gates: dict[str, XsdGate], syntax: Syntax, xml: bytes, rule: str, element: str, xpath: str
) -> None:
    root, findings = gates[syntax].check(xml)
    assert root is not None
    assert findings
    first = findings[0]
    assert (first.rule, first.params["element"], first.location.xpath) == (rule, element, xpath)
    assert first.blocks
    assert first.params["reason"]


def test_what_is_expected_is_said_with_usual_prefixes(gates: dict[str, XsdGate]) -> None:
    xml = cii().replace(b"<ram:ApplicableHeaderTradeDelivery/>", b"")
    finding = only(gates["cii"].check(xml)[1])
    assert finding.params["expected"] == "ram:ApplicableHeaderTradeDelivery"
    assert finding.params["parent"] == "SupplyChainTradeTransaction"


def test_a_wrong_value_is_shown(gates: dict[str, XsdGate]) -> None:
    finding = only(gates["cii"].check(cii().replace(b"12.40", b"12,40"))[1])
    assert finding.value == "12,40"


def test_a_finding_tells_where_the_extract_gave_the_value(gates: dict[str, XsdGate]) -> None:
    invoice = Invoice(
        provenance=Provenance("factures.csv", 4, {"BT-1": "NUM", "BT-146": "PU"}, (5, 6), None)
    )
    head, _, rest = cii(lines=2).rpartition(b"12.40")
    finding = only(gates["cii"].check(head + b"12,40" + rest, invoice)[1])
    assert finding.bt == "BT-146"
    place = finding.location
    assert (place.file, place.line, place.column) == ("factures.csv", 6, "PU")
    assert place.xpath is not None
    assert "LineItem[2]" in place.xpath


@pytest.mark.parametrize("xml", [b"", b"no xml", b"\x1f\x8b\x08\0", cii()[:-30], b"<a>\xff</a>"])
def test_what_is_not_well_formed_has_no_root(gates: dict[str, XsdGate], xml: bytes) -> None:
    root, findings = gates["cii"].check(xml)
    assert root is None
    assert only(findings).rule == "XS-FORM-01"


@pytest.mark.parametrize(("syntax", "xml"), [("cii", ubl()), ("ubl", cii()), ("cii", b"<a/>")])
def test_another_root_is_told(gates: dict[str, XsdGate], syntax: Syntax, xml: bytes) -> None:
    _, findings = gates[syntax].check(xml)
    finding = only(findings)
    assert finding.rule == "XS-ROOT-01"
    assert "Invoice" in finding.params["expected"]


def doctype(declaration: str) -> bytes:
    head, _, rest = cii().partition(b"?>")
    return head + b"?>" + declaration.encode() + rest.replace(b"F-77", b"&x;")


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE r [<!ENTITY x "F-77">]>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
        '<!DOCTYPE r [<!ENTITY y "yyyyyyyyyy"><!ENTITY x "&y;&y;&y;&y;&y;&y;&y;&y;">]>',
    ],
)
@pytest.mark.parametrize("huge", [False, True])
def test_a_document_type_declaration_is_refused(
    gates: dict[str, XsdGate], declaration: str, huge: bool
) -> None:
    xml = doctype(declaration)
    if huge:
        xml += b" " * LONGEST_TEXT
    root, findings = gates["cii"].check(xml)
    assert root is None
    assert only(findings).rule == "XS-UNSAFE-01"


def test_a_declaration_cannot_hide_in_another_encoding(gates: dict[str, XsdGate]) -> None:
    text = doctype('<!DOCTYPE r [<!ENTITY x "F-77">]>').decode()
    utf16 = (text.replace("UTF-8", "UTF-16") + " " * LONGEST_TEXT).encode("utf-16")
    root, findings = gates["cii"].check(utf16)
    assert root is None
    assert only(findings).rule == "XS-FORM-01"


def test_an_attachment_longer_than_a_usual_text_node_passes(gates: dict[str, XsdGate]) -> None:
    content = "QUJD" * (LONGEST_TEXT // 4 + 1)
    xml = cii(
        agreement="<ram:AdditionalReferencedDocument><ram:IssuerAssignedID>a.pdf"
        '</ram:IssuerAssignedID><ram:AttachmentBinaryObject mimeCode="application/pdf">'
        f"{content}</ram:AttachmentBinaryObject></ram:AdditionalReferencedDocument>"
    )
    root, findings = gates["cii"].check(xml)
    assert findings == ()
    assert root is not None


def test_the_d16b_list_is_looked_at_after_the_schema(gates: dict[str, XsdGate]) -> None:
    reference = (
        "<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>{}</ram:IssuerAssignedID>"
        "</ram:InvoiceReferencedDocument>"
    )
    one, two = reference.format("F-1"), reference.format("F-1") + reference.format("F-2")
    assert gates["cii"].check(cii(settlement=one))[1] == ()
    finding = only(gates["cii"].check(cii(settlement=two))[1])
    assert finding.rule == "XS-D16B-02"
    assert finding.params["element"] == "InvoiceReferencedDocument"


def test_an_element_that_only_d22b_knows_is_refused(gates: dict[str, XsdGate]) -> None:
    element = "<ram:PricingBaseApplicableLogisticsLocation><ram:Name>Ici</ram:Name>"
    xml = cii(agreement=f"{element}</ram:PricingBaseApplicableLogisticsLocation>")
    finding = only(gates["cii"].check(xml)[1])
    assert finding.rule == "XS-D16B-01"
    assert finding.params["element"] == "PricingBaseApplicableLogisticsLocation"


def test_a_thoroughly_broken_xml_gives_a_readable_number_of_findings(
    gates: dict[str, XsdGate],
) -> None:
    _, findings = gates["cii"].check(cii(lines=80).replace(b"12.40", b"much"))
    assert len(findings) == MOST_FINDINGS


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "xml",
    [
        b"<a>",
        b"<a/>",
        doctype("<!DOCTYPE r>"),
        cii().replace(b"12.40", b"12,40"),
        cii().replace(b"<ram:ApplicableHeaderTradeDelivery/>", b""),
        cii(settlement="<ram:InvoiceReferencedDocument/>" * 2),
    ],
)
def test_findings_are_told_without_gaps(
    gates: dict[str, XsdGate], xml: bytes, language: Literal["fr", "en"]
) -> None:
    _, findings = gates["cii"].check(xml)
    for finding in findings:
        fields = {**finding.params, "value": finding.value or "…"}
        text = load_catalogue().render(finding.rule, language, fields)
        assert UNFILLED not in text.message
        assert text.title
        assert text.advice


def test_the_gate_names_its_schemas(gates: dict[str, XsdGate]) -> None:
    assert [schema.id for schema in gates["cii"].schemas] == ["cii-d22b"]
    assert [schema.id for schema in gates["ubl"].schemas] == ["ubl-invoice", "ubl-creditnote"]


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=2500))
def test_any_damage_gives_findings_or_a_valid_tree(
    gates: dict[str, XsdGate], damage: bytes, place: int
) -> None:
    xml = cii()
    root, findings = gates["cii"].check(xml[:place] + damage + xml[place + len(damage) :])
    assert root is not None or findings
    assert all(finding.severity is Severity.FATAL for finding in findings)
    assert all(finding.rule in load_catalogue() for finding in findings)
