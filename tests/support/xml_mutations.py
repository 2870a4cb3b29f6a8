"""What the model cannot hold, broken in the XML: dates that are none, order, hostile files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from config.target import SyntaxName, load_target
from schemas.rules import check_reading
from schemas.xsd import parse
from tests.support.full_invoices import credited
from tests.support.mutations import Catch, Verdict, gate, rule_context
from tests.support.sample_invoices import attachments_of
from transforms.cii import render_cii
from transforms.reading import read_invoice
from transforms.ubl import render_ubl

#: term, way, pattern and what replaces its first match, by syntax.
_CHANGES: dict[SyntaxName, tuple[tuple[str, str, str, str], ...]] = {
    "cii": (
        ("BT-1", "given twice", r"(<ram:ID>2026-A00010</ram:ID>)", r"\1\1"),
        (
            "BT-1",
            "after BT-3",
            r"(<ram:ID>2026-A00010</ram:ID>)(<ram:TypeCode>381</ram:TypeCode>)",
            r"\2\1",
        ),
        ("BT-2", "a date that is none", r"20261005", "20261305"),
        ("BT-2", "day before month", r"20261005", "05/10/2026"),
        ("BT-2", "without format", r' format="102"', ""),
        (
            "BT-40",
            "name of the element misspelt",
            r"<ram:CountryID>FR</ram:CountryID>",
            "<ram:Country>FR</ram:Country>",
        ),
        (
            "BT-106",
            "decimal comma",
            r"(<ram:LineTotalAmount>240).00(?=</ram:LineTotalAmount><ram:Ch)",
            r"\1,00",
        ),
        ("BT-110", "without currency", r"(<ram:TaxTotalAmount) currencyID=\"EUR\"", r"\1"),
        ("BT-129", "no number", r"(<ram:BilledQuantity[^>]*>)40", r"\1forty"),
        ("BT-130", "without unitCode", r"(<ram:BilledQuantity) unitCode=\"C62\"", r"\1"),
        (
            "BG-13",
            "block left out",
            r"(?s)<ram:ApplicableHeaderTradeDelivery>.*</ram:ApplicableHeaderTradeDelivery>",
            "",
        ),
    ),
    "ubl": (
        ("BT-1", "given twice", r"(<cbc:ID>2026-A00010</cbc:ID>)", r"\1\1"),
        (
            "BT-1",
            "after BT-2",
            r"(<cbc:ID>2026-A00010</cbc:ID>)(<cbc:IssueDate>2026-10-05</cbc:IssueDate>)",
            r"\2\1",
        ),
        ("BT-2", "a date that is none", r"2026-10-05", "2026-13-05"),
        ("BT-2", "day before month", r"2026-10-05", "05/10/2026"),
        (
            "BT-40",
            "name of the element misspelt",
            r"<cbc:IdentificationCode>FR</cbc:IdentificationCode>",
            "<cbc:Code>FR</cbc:Code>",
        ),
        ("BT-106", "decimal comma", r"(<cbc:LineExtensionAmount[^>]*>240).00", r"\1,00"),
        ("BT-110", "without currency", r"(<cac:TaxTotal><cbc:TaxAmount) currencyID=\"EUR\"", r"\1"),
        (
            "BT-110",
            "group without its amount",
            r"(<cac:TaxTotal>)<cbc:TaxAmount[^>]*>41.25</cbc:TaxAmount>",
            r"\1",
        ),
        ("BT-129", "no number", r"(<cbc:InvoicedQuantity[^>]*>)40", r"\1forty"),
        ("BT-130", "without unitCode", r"(<cbc:InvoicedQuantity) unitCode=\"C62\"", r"\1"),
        (
            "BG-4",
            "block left out",
            r"(?s)<cac:AccountingSupplierParty>.*</cac:AccountingSupplierParty>",
            "",
        ),
    ),
}

#: The file as a whole, in both syntaxes.
_HOSTILE = (
    ("file", "cut short", r"(?s)(.{4000}).*", r"\1"),
    ("file", "with an entity", r"\?>", '?><!DOCTYPE x [<!ENTITY a "FA-1">]>'),
    ("file", "of another root", r"(?s)\A.*\Z", "<Order/>"),
    ("file", "element of nobody", r"(</[^<]*>\s*)\Z", r"<extra/>\1"),
)


@dataclass(frozen=True, slots=True)
class XmlMutation:
    """One thing broken in an XML of one syntax."""

    syntax: SyntaxName
    term: str
    way: str
    xml: bytes


def source(syntax: SyntaxName) -> str:
    """Return the valid XML that is broken."""
    target = load_target("chorus_direct")
    invoice = credited()
    attachments = attachments_of(invoice, target.options.attachment_encoding)
    render = render_cii if syntax == "cii" else render_ubl
    return render(invoice, target, attachments=attachments).decode("utf-8")


def xml_mutations() -> Iterator[XmlMutation]:
    """Yield every mutation of the XML; each changes it."""
    for syntax, changes in _CHANGES.items():
        text = source(syntax)
        for term, way, pattern, instead in (*changes, *_HOSTILE):
            broken, count = re.subn(pattern, instead, text, count=1)
            assert count == 1, f"{syntax}: {term}, {way}: nothing to break"
            yield XmlMutation(syntax, term, way, broken.encode("utf-8"))


def judge_xml(xml: bytes, syntax: SyntaxName) -> Verdict:
    """Return who catches what is wrong with ``xml`` for Chorus Pro, each rule once."""
    root, found = parse(xml)
    if root is None:
        return tuple(Catch("xsd", one.rule, one.blocks) for one in found)
    told = [("xsd", one) for one in gate(syntax).judge(root)]
    if not any(one.rule == "XS-ROOT-01" for _, one in told):
        asked = rule_context("chorus_direct", syntax)
        told += [("rules", one) for one in check_reading(read_invoice(root), asked)]
    return tuple(dict.fromkeys(Catch(layer, one.rule, one.blocks) for layer, one in told))
