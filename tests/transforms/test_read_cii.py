"""The CII reader: what was written reads back the same; what is wrong is named."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.target import load_target
from tests.support.sample_invoices import SAMPLES, attachments_of
from transforms.cii import RAM, RSM, UDT, render_cii
from transforms.invoice import Invoice, Note
from transforms.read_cii import ReadError, parse_cii, read_cii

#: Nothing is re-encoded or relabelled, so that a document reads back as it was.
FAITHFUL = load_target(
    "chorus_direct", overrides={"attachment_encoding": "bare", "attachment_kind_text": ""}
)


def read_back(invoice: Invoice) -> Invoice:
    attachments = attachments_of(invoice, "bare")
    return read_cii(parse_cii(render_cii(invoice, FAITHFUL, attachments=attachments)))


def document(settlement: str = "", number: str = "<ram:ID>N1</ram:ID>", head: str = "") -> bytes:
    return (
        f'{head}<rsm:CrossIndustryInvoice xmlns:rsm="{RSM}" xmlns:ram="{RAM}" xmlns:udt="{UDT}">'
        f"<rsm:ExchangedDocument>{number}</rsm:ExchangedDocument>"
        "<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeSettlement>"
        f"{settlement}</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction>"
        "</rsm:CrossIndustryInvoice>"
    ).encode()


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"a1_attachments"}))
def test_a_written_invoice_reads_back_the_same(name: str) -> None:
    assert read_back(SAMPLES[name]) == as_read(SAMPLES[name])


def as_read(invoice: Invoice) -> Invoice:
    """Return the invoice with the text of the payment means in the note: CII has one element."""
    payment = invoice.payment
    if payment is None or payment.means_text is None:
        return invoice
    note = f"{payment.means_text} - {payment.note}"
    return replace(invoice, payment=replace(payment, means_text=None, note=note))


def test_attachments_read_back_with_their_content() -> None:
    first, second, third = read_back(SAMPLES["a1_attachments"]).documents
    sent = SAMPLES["a1_attachments"].documents
    assert (first.filename, first.mime, first.content) == (
        "bon de livraison.pdf",
        "application/pdf",
        sent[0].content,
    )
    assert (second.kind, second.content) == ("02", sent[1].content)
    assert third == sent[2]


@settings(max_examples=50)
@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9
    ),
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
)
def test_amounts_and_dates_read_back_exactly(amount: Decimal, day: date) -> None:
    basic = SAMPLES["a1_invoice"]
    invoice = replace(basic, due_date=day, totals=replace(basic.totals, due=amount))
    back = read_back(invoice)
    assert (back.due_date, back.totals.due) == (day, amount)


def test_comments_blanks_and_empty_elements_are_no_values() -> None:
    invoice = read_cii(
        parse_cii(
            document(
                number="<ram:ID> N<!-- the number -->1 </ram:ID>"
                "<ram:IncludedNote><ram:Content> </ram:Content></ram:IncludedNote>"
                "<ram:IncludedNote><ram:Content>oui</ram:Content></ram:IncludedNote>",
                settlement="<ram:PayeeTradeParty><ram:DefinedTradeContact/></ram:PayeeTradeParty>"
                "<ram:InvoiceReferencedDocument/>",
            )
        )
    )
    assert invoice == Invoice(number="N1", notes=(Note(text="oui"),))


def test_a_second_tax_total_is_the_one_in_the_accounting_currency() -> None:
    totals = read_cii(
        parse_cii(
            document(
                "<ram:InvoiceCurrencyCode>CHF</ram:InvoiceCurrencyCode>"
                "<ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
                '<ram:TaxTotalAmount currencyID="CHF">1.00</ram:TaxTotalAmount>'
                '<ram:TaxTotalAmount currencyID="EUR">1.05</ram:TaxTotalAmount>'
                "</ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
            )
        )
    ).totals
    assert (totals.vat, totals.vat_accounting) == (Decimal("1.00"), Decimal("1.05"))


@pytest.mark.parametrize("form", ["Indicator", "IndicatorString"])
@pytest.mark.parametrize(("said", "is_charge"), [("true", True), ("1", True), ("false", False)])
def test_a_charge_is_known_in_both_forms_of_the_indicator(
    form: str, said: str, is_charge: bool
) -> None:
    xml = document(
        f"<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:{form}>{said}</udt:{form}>"
        "</ram:ChargeIndicator></ram:SpecifiedTradeAllowanceCharge>"
    )
    (allowance,) = read_cii(parse_cii(xml)).allowances
    assert allowance.is_charge is is_charge


@pytest.mark.parametrize(
    ("settlement", "named"),
    [
        (
            "<ram:ApplicableTradeTax><ram:BasisAmount>12,50</ram:BasisAmount>"
            "</ram:ApplicableTradeTax>",
            "ApplicableTradeTax/BasisAmount: '12,50' is no number",
        ),
        (
            "<ram:ApplicableTradeTax><ram:BasisAmount>NaN</ram:BasisAmount></ram:ApplicableTradeTax>",
            "is no number",
        ),
        (
            "<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>"
            "<udt:DateTimeString>20260231</udt:DateTimeString></ram:DueDateDateTime>"
            "</ram:SpecifiedTradePaymentTerms>",
            "'20260231' is no date",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_element(settlement: str, named: str) -> None:
    with pytest.raises(ReadError) as refused:
        read_cii(parse_cii(document(settlement)))
    assert named in str(refused.value)


@pytest.mark.parametrize("xml", [b"", b"<a>", b"<Invoice/>", b"{}"])
def test_what_is_no_cross_industry_invoice_is_refused(xml: bytes) -> None:
    with pytest.raises(ReadError):
        parse_cii(xml)


def test_an_entity_is_never_resolved(tmp_path: object) -> None:
    head = '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'
    root = parse_cii(document(number="<ram:ID>&secret;</ram:ID>", head=head))
    assert read_cii(root).number is None


def test_broken_base64_is_refused_with_the_attachment() -> None:
    good = render_cii(
        SAMPLES["a1_attachments"],
        FAITHFUL,
        attachments=attachments_of(SAMPLES["a1_attachments"], "bare"),
    )
    content = base64.b64encode(b"a;b\n1;2\n")
    with pytest.raises(ReadError, match=r"detail\.csv"):
        read_cii(parse_cii(good.replace(content, b"A")))
