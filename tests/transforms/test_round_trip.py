"""Model to XML to model: the identity, for whatever the target of the norm carries."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from config.target import load_target
from tests.support.any_invoice import INVOICES
from transforms.cii import render_cii
from transforms.invoice import Invoice
from transforms.read_cii import parse_cii, read_cii
from transforms.read_ubl import parse_ubl, read_ubl
from transforms.reading import read_document
from transforms.ubl import render_ubl

NORM = load_target("en16931")

ROUND = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@ROUND
@given(INVOICES)
def test_a_cross_industry_invoice_reads_back_the_same(invoice: Invoice) -> None:
    xml = render_cii(invoice, NORM)
    assert read_cii(parse_cii(xml)) == invoice
    assert read_document(xml).invoice == invoice


@ROUND
@given(INVOICES)
def test_a_ubl_invoice_or_credit_note_reads_back_the_same(invoice: Invoice) -> None:
    xml = render_ubl(invoice, NORM)
    assert read_ubl(parse_ubl(xml)) == invoice
    assert read_document(xml).invoice == invoice
