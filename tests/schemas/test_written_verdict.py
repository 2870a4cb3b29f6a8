"""What the rules say of an invoice is what they say of its XML, once written and read again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from config.target import SyntaxName, load_target
from schemas.rules import check, check_reading
from tests.support.any_invoice import AMOUNTS, INVOICES
from tests.support.ruled_invoice import context
from tests.support.sample_invoices import SAMPLES, attachments_of
from transforms.cii import render_cii
from transforms.invoice import Invoice
from transforms.reading import read_document
from transforms.ubl import render_ubl

WRITERS = {"cii": render_cii, "ubl": render_ubl}
NORM = load_target("en16931")

#: The writer for CII leaves out totals that hold nothing, and the rules on them with them: an
#: amount due keeps them there.
COMPLETE = INVOICES.flatmap(
    lambda invoice: AMOUNTS.map(
        lambda due: replace(invoice, totals=replace(invoice.totals, due=due))
    )
)


@pytest.mark.parametrize("target_name", ["chorus_direct", "en16931"])
@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_samples_have_the_same_verdict_before_and_after(
    name: str, syntax: SyntaxName, target_name: str
) -> None:
    invoice, target = SAMPLES[name], load_target(target_name)
    attachments = attachments_of(invoice, target.options.attachment_encoding)
    xml = WRITERS[syntax](invoice, target, attachments=attachments)
    # The rules of Chorus Pro are left aside: some ask for more than an XML tells.
    norm = target.model_copy(update={"families": ("en16931",)})
    asked = replace(context(syntax=syntax), target=norm)
    before = {finding.rule for finding in check(invoice, asked)}
    assert {finding.rule for finding in check_reading(read_document(xml), asked)} == before


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(COMPLETE)
def test_any_invoice_has_the_same_verdict_before_and_after(invoice: Invoice) -> None:
    for syntax in ("cii", "ubl"):
        xml = WRITERS[syntax](invoice, NORM)
        asked = context(target="en16931", syntax=syntax)
        before = {finding.rule for finding in check(invoice, asked)}
        assert {finding.rule for finding in check_reading(read_document(xml), asked)} == before
