"""The quick look at number and recipient agrees with the whole reading."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from config.target import SyntaxName, load_target
from tests.support.sample_invoices import SAMPLES, attachments_of
from transforms.cii import render_cii
from transforms.reading import read_invoice
from transforms.ubl import render_ubl
from transforms.xml_peek import peek_xml

TARGET = load_target("chorus_direct")


def rendered(name: str, syntax: SyntaxName) -> bytes:
    invoice = SAMPLES[name]
    render = render_cii if syntax == "cii" else render_ubl
    return render(invoice, TARGET, attachments=attachments_of(invoice, encoding="zip"))


def agrees(root: etree._Element) -> None:
    peek, invoice = peek_xml(root), read_invoice(root).invoice
    legal = invoice.buyer.legal_id
    assert (peek.number, peek.buyer, peek.service) == (
        invoice.number,
        legal.value if legal else None,
        invoice.buyer_reference,
    )


@pytest.mark.parametrize("syntax", ["ubl", "cii"])
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_number_and_recipient_are_those_of_the_whole_reading(name: str, syntax: SyntaxName) -> None:
    agrees(etree.fromstring(rendered(name, syntax)))


BASES = {syntax: rendered(sorted(SAMPLES)[0], syntax) for syntax in ("ubl", "cii")}


@given(
    syntax=st.sampled_from(["ubl", "cii"]),
    drops=st.lists(st.integers(0, 60), max_size=6),
    blanks=st.lists(st.integers(0, 60), max_size=6),
)
def test_they_agree_on_xml_with_elements_missing_empty_or_commented(
    syntax: SyntaxName, drops: list[int], blanks: list[int]
) -> None:
    root = etree.fromstring(BASES[syntax])
    elements = [one for one in root.iter(etree.Element) if one is not root]
    for rank in blanks:
        element = elements[rank % len(elements)]
        element.text = f" {element.text or ''}\n"
        element.insert(0, etree.Comment("x"))
    for rank in drops:
        element = elements[rank % len(elements)]
        if (parent := element.getparent()) is not None:
            parent.remove(element)
    agrees(root)


def test_a_service_in_the_place_of_the_contact_counts_too() -> None:
    xml = re.sub(rb"<cbc:BuyerReference>[^<]*</cbc:BuyerReference>", b"", BASES["ubl"])
    contact = b"<cac:AccountingContact><cbc:ID>S9</cbc:ID></cac:AccountingContact>"
    xml = re.sub(rb"(</cac:AccountingCustomerParty>)", contact + rb"\1", xml)
    assert peek_xml(etree.fromstring(xml)).service is not None
    agrees(etree.fromstring(xml))


def test_what_is_no_invoice_has_neither() -> None:
    peek = peek_xml(etree.fromstring(b"<a/>"))
    assert (peek.number, peek.buyer, peek.service) == (None, None, None)
