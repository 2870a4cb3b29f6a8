"""An XML invoice as the rules want it: values, facts, places."""

from __future__ import annotations

import gc

import pytest

from config.target import load_target
from schemas.rules import check_reading
from tests.support.ruled_invoice import context
from tests.support.sample_invoices import SAMPLES
from transforms.cii import RAM, RSM, UDT, render_cii
from transforms.facts import ExtraTax
from transforms.invoice import Invoice
from transforms.reading import read_document
from transforms.ubl import CAC, CBC, INVOICE, render_ubl
from transforms.xml_node import ReadError
from transforms.xml_outline import Outline

NORM = load_target("en16931")
UBL = f'<Invoice xmlns="{INVOICE}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">{{}}</Invoice>'
CII = (
    f'<rsm:CrossIndustryInvoice xmlns:rsm="{RSM}" xmlns:ram="{RAM}" xmlns:udt="{UDT}">'
    "<rsm:SupplyChainTradeTransaction>{}</rsm:SupplyChainTradeTransaction>"
    "</rsm:CrossIndustryInvoice>"
)


def test_both_syntaxes_are_known_by_their_root() -> None:
    invoice = SAMPLES["a1_invoice"]
    assert read_document(render_cii(invoice, NORM)).syntax == "cii"
    assert read_document(render_ubl(invoice, NORM)).syntax == "ubl"


@pytest.mark.parametrize("xml", [b"<Invoice/>", b"<a>", b""])
def test_anything_else_is_refused(xml: bytes) -> None:
    with pytest.raises(ReadError):
        read_document(xml)


def test_nothing_but_a_root_is_an_invoice_without_anything() -> None:
    reading = read_document(UBL.format("").encode())
    assert reading.invoice == Invoice()
    assert reading.facts.from_xml


def test_a_value_is_found_again_by_its_path_and_line() -> None:
    lines = "".join(
        f"<cac:InvoiceLine><cbc:ID>{rank}</cbc:ID>\n</cac:InvoiceLine>" for rank in (1, 2)
    )
    invoice = read_document(UBL.format(lines).encode(), file="f.xml").invoice
    place = invoice.locate("BT-126", 1)
    assert place.file == "f.xml"
    assert place.line == 2
    assert place.xpath == "/ubl:Invoice/cac:InvoiceLine[2]/cbc:ID"
    assert invoice.locate("BT-131", 0).xpath == "/ubl:Invoice/cac:InvoiceLine[1]"
    assert invoice.locate("BT-1").xpath is None


def test_what_the_reader_needed_goes_when_it_is_done() -> None:
    # An outline in a cycle would keep every document in memory until the next collection.
    gc.collect()
    gc.disable()
    try:
        reading = read_document(render_ubl(SAMPLES["a1_invoice"], NORM))
        assert not [one for one in gc.get_objects() if isinstance(one, Outline)]
        assert reading.invoice.locate("BT-126", 0).xpath
    finally:
        gc.enable()


def test_a_finding_names_the_element_at_fault() -> None:
    xml = UBL.format("<cbc:DocumentCurrencyCode>EURO</cbc:DocumentCurrencyCode>").encode()
    findings = check_reading(read_document(xml, file="f.xml"), context(target="en16931"))
    (wrong,) = [one for one in findings if one.rule == "BR-CL-04"]
    assert (wrong.value, wrong.location.file) == ("EURO", "f.xml")
    assert wrong.location.xpath == "/ubl:Invoice/cbc:DocumentCurrencyCode"


def test_a_fault_of_a_group_is_placed_at_that_group() -> None:
    allowance = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>{}"
        "</cac:AllowanceCharge>"
    )
    right, absent = allowance.format("<cbc:Amount>1.000</cbc:Amount>"), allowance.format("")
    xml = UBL.format(right.replace("1.000", "1.00") + right + absent).encode()
    findings = check_reading(read_document(xml), context(target="en16931"))
    places = {one.rule: one.location.xpath for one in findings}
    assert places["BR-DEC-01"] == "/ubl:Invoice/cac:AllowanceCharge[2]/cbc:Amount"
    assert places["BR-31"] == "/ubl:Invoice/cac:AllowanceCharge[3]"


def test_a_value_that_is_none_is_a_finding_not_a_failure() -> None:
    total = "<cac:LegalMonetaryTotal><cbc:PayableAmount>1,5</cbc:PayableAmount>"
    reading = read_document(UBL.format(f"{total}</cac:LegalMonetaryTotal>").encode())
    assert reading.invoice.totals.due is None
    rules = {one.rule for one in check_reading(reading, context(target="en16931"))}
    assert "BR-CO-16" in rules
    assert "BR-15" not in rules


def test_ubl_facts_are_what_the_model_has_no_place_for() -> None:
    content = (
        "<cbc:TaxPointDate>2026-01-31</cbc:TaxPointDate>"
        "<cac:InvoicePeriod><cbc:DescriptionCode>35</cbc:DescriptionCode></cac:InvoicePeriod>"
        "<cac:BillingReference/>"
        "<cac:AdditionalDocumentReference/>"
        "<cac:AccountingSupplierParty><cac:Party><cbc:EndpointID>1</cbc:EndpointID>"
        "<cac:PartyName><cbc:Name>A</cbc:Name></cac:PartyName>"
        "<cac:PartyTaxScheme><cbc:CompanyID>FR1</cbc:CompanyID><cac:TaxScheme>"
        "<cbc:ID>vat</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme></cac:Party>"
        "</cac:AccountingSupplierParty>"
        "<cac:PayeeParty><cac:PartyName><cbc:Name>A</cbc:Name></cac:PartyName></cac:PayeeParty>"
        "<cac:Delivery><cac:DeliveryLocation><cac:Address/></cac:DeliveryLocation></cac:Delivery>"
        "<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>"
        "<cac:PayeeFinancialAccount><cbc:ID/></cac:PayeeFinancialAccount></cac:PaymentMeans>"
        '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">1</cbc:TaxAmount><cac:TaxSubtotal/>'
        '</cac:TaxTotal><cac:TaxTotal><cbc:TaxAmount currencyID="CHF">2</cbc:TaxAmount>'
        "</cac:TaxTotal>"
        "<cac:InvoiceLine><cac:Item><cac:AdditionalItemProperty><cbc:Name/>"
        "</cac:AdditionalItemProperty></cac:Item><cac:SubInvoiceLine><cac:Item>"
        "<cac:ClassifiedTaxCategory><cbc:ID>Z</cbc:ID></cac:ClassifiedTaxCategory></cac:Item>"
        "</cac:SubInvoiceLine></cac:InvoiceLine>"
    )
    facts = read_document(UBL.format(content).encode()).facts
    assert facts.vat_point_told_twice
    assert facts.vat_point_in_period
    assert facts.period_told
    assert facts.payee_is_seller
    assert (facts.preceding_without_number, facts.blank_references) == (1, 1)
    assert facts.sites_without_country == 1
    assert [(one.bt, one.value) for one in facts.unschemed] == [("BT-34", "1")]
    assert facts.vat_numbers == (("BT-31", "FR1"),)
    assert facts.registrations.seller_vat
    assert [tuple(one) for one in facts.means] == [("30", True, True, False, None)]
    assert [(one.currency, one.groups) for one in facts.tax_totals] == [("EUR", (0,)), ("CHF", ())]
    assert [tuple(one) for one in facts.properties] == [(True, False, 0)]
    assert facts.extra_taxes == (ExtraTax("Z", vat=False, group="BG-25"),)


def test_cii_facts_are_what_the_model_has_no_place_for() -> None:
    content = (
        "<ram:IncludedSupplyChainTradeLineItem><ram:SpecifiedTradeProduct><ram:GlobalID>1"
        "</ram:GlobalID><ram:ApplicableProductCharacteristic><ram:Value/>"
        "</ram:ApplicableProductCharacteristic></ram:SpecifiedTradeProduct>"
        "</ram:IncludedSupplyChainTradeLineItem>"
        "<ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty><ram:ID>7</ram:ID>"
        "<ram:URIUniversalCommunication/><ram:SpecifiedTaxRegistration>"
        '<ram:ID schemeID="FC">9</ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty>'
        "<ram:AdditionalReferencedDocument/></ram:ApplicableHeaderTradeAgreement>"
        "<ram:ApplicableHeaderTradeDelivery><ram:ShipToTradeParty><ram:PostalTradeAddress/>"
        "</ram:ShipToTradeParty></ram:ApplicableHeaderTradeDelivery>"
        "<ram:ApplicableHeaderTradeSettlement><ram:PayeeTradeParty><ram:ID>7</ram:ID>"
        "</ram:PayeeTradeParty><ram:SpecifiedTradeSettlementPaymentMeans/>"
        "<ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode>"
        "<ram:CategoryCode>S</ram:CategoryCode><ram:TaxPointDate/>"
        "<ram:DueDateTypeCode>5</ram:DueDateTypeCode></ram:ApplicableTradeTax>"
        "<ram:InvoiceReferencedDocument/></ram:ApplicableHeaderTradeSettlement>"
    )
    facts = read_document(CII.format(content).encode()).facts
    assert facts.vat_point_told_twice
    assert facts.payee_is_seller
    assert (facts.preceding_without_number, facts.blank_references) == (1, 1)
    assert facts.sites_without_country == 1
    assert [one.bt for one in facts.unschemed] == ["BT-34", "BT-157"]
    assert (facts.registrations.seller_any, facts.registrations.seller_vat) == (True, False)
    assert facts.registrations.seller_known
    assert [one.code for one in facts.means] == [None]
    assert [tuple(one) for one in facts.properties] == [(False, True, 0)]


def test_a_group_hidden_by_its_family_does_not_ask_when_vat_is_due() -> None:
    tax = (
        "<ram:ApplicableHeaderTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT"
        "</ram:TypeCode><ram:CategoryCode>O</ram:CategoryCode><ram:TaxPointDate/>"
        "<ram:DueDateTypeCode>5</ram:DueDateTypeCode></ram:ApplicableTradeTax>"
        "</ram:ApplicableHeaderTradeSettlement>"
    )
    assert not read_document(CII.format(tax).encode()).facts.vat_point_told_twice


CODES = [
    ("<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", "BR-CL-01", "invoice_types"),
    ("<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>", "BR-CL-01", "credit_note_types"),
    ("<cbc:Note>#AAI#x</cbc:Note>", "BR-CL-08", "note_subjects"),
    ('<cac:PartyIdentification><cbc:ID schemeID="1"/></cac:PartyIdentification>', "BR-CL-10", ""),
    ('<cac:DeliveryLocation><cbc:ID schemeID="1"/></cac:DeliveryLocation>', "BR-CL-26", ""),
    ("<cac:TaxCategory><cbc:ID>S</cbc:ID></cac:TaxCategory>", "BR-CL-17", "tax_categories"),
    (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>0</cbc:ChargeIndicator>"
        "<cbc:AllowanceChargeReasonCode>95</cbc:AllowanceChargeReasonCode></cac:AllowanceCharge>",
        "BR-CL-19",
        "allowance_reasons",
    ),
    (
        '<cac:DocumentReference><cbc:ID schemeID="AAJ"/>'
        "<cbc:DocumentTypeCode>130</cbc:DocumentTypeCode></cac:DocumentReference>",
        "BR-CL-07",
        "reference_types",
    ),
    ('<cbc:InvoicedQuantity unitCode="C62"/>', "BR-CL-23", "units"),
    ("<cbc:PayableAmount/>", "BR-CL-03", "currencies"),
]


@pytest.mark.parametrize(("content", "rule", "codes"), CODES)
def test_a_code_is_looked_at_where_the_artefact_does(content: str, rule: str, codes: str) -> None:
    (use,) = read_document(UBL.format(content).encode()).facts.codes
    assert use.rule == rule
    assert codes in ("", use.codes)


NO_CODES = [
    "<cbc:Note>#AA#x</cbc:Note>",
    "<cbc:Note>sans code</cbc:Note>",
    "<cac:PayeeParty><cac:PartyIdentification><cbc:ID schemeID='SEPA'/>"
    "</cac:PartyIdentification></cac:PayeeParty>",
    '<cac:DocumentReference><cbc:ID schemeID="x"/></cac:DocumentReference>',
    "<cac:AllowanceCharge><cbc:AllowanceChargeReasonCode>95</cbc:AllowanceChargeReasonCode>"
    "</cac:AllowanceCharge>",
    "<cbc:ID schemeID='x'>1</cbc:ID>",
]


@pytest.mark.parametrize("content", NO_CODES)
def test_a_code_elsewhere_is_not_looked_at(content: str) -> None:
    assert read_document(UBL.format(content).encode()).facts.codes == ()


@pytest.mark.parametrize("encoded", ["abc", "JVBERi0x\u00a0", "%%%"])
def test_an_attachment_that_is_no_base64_does_not_stop_the_reading(encoded: str) -> None:
    content = (
        "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment>"
        f"<cbc:EmbeddedDocumentBinaryObject>{encoded}</cbc:EmbeddedDocumentBinaryObject>"
        "</cac:Attachment></cac:AdditionalDocumentReference>"
    )
    (document,) = read_document(UBL.format(content).encode()).invoice.documents
    assert not document.content


def test_a_no_break_space_is_no_blank_for_the_rules() -> None:
    content = (
        "<cbc:DocumentCurrencyCode>EUR\u00a0</cbc:DocumentCurrencyCode>"
        "<cac:LegalMonetaryTotal><cbc:PayableAmount>5.00\u00a0</cbc:PayableAmount>"
        "</cac:LegalMonetaryTotal><cac:InvoiceLine><cbc:ID>\u00a0</cbc:ID></cac:InvoiceLine>"
    )
    reading = read_document(UBL.format(content).encode())
    assert reading.invoice.totals.due is None
    rules = {one.rule for one in check_reading(reading, context(target="en16931"))}
    assert "BR-CL-04" in rules
    assert not {"BR-05", "BR-21"} & rules


def test_the_card_of_every_payment_means_is_looked_at() -> None:
    means = (
        "<cac:PaymentMeans><cbc:PaymentMeansCode>48</cbc:PaymentMeansCode><cac:CardAccount>"
        "<cbc:PrimaryAccountNumberID>{}</cbc:PrimaryAccountNumberID></cac:CardAccount>"
        "</cac:PaymentMeans>"
    )
    xml = UBL.format(means.format(" 123456 1234") + means.format("4970100000000000"))
    findings = check_reading(read_document(xml.encode()), context(target="en16931"))
    assert [one.value for one in findings if one.rule == "BR-51"] == [
        "123456 1234",
        "4970100000000000",
    ]
