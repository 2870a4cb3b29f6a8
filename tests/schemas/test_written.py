"""XML from outside judged whole: form first, then schema, rules and attachments, all located."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.attachments import attachment_limits
from config.settings import Environment, TotalsPolicy
from config.target import SyntaxName, load_target
from schemas.registry import RuleContext
from schemas.written import (
    MOST_PER_RULE,
    attachment_findings,
    bounded,
    judge_written,
    located,
    open_written,
)
from schemas.xsd import XsdGate
from tests.support.full_invoices import RUN_DATE, credited
from tests.support.sample_invoices import SAMPLES, attachments_of
from transforms.cii import render_cii
from transforms.finding import Finding, Location, Severity
from transforms.invoice import SupportingDocument
from transforms.ubl import render_ubl

TARGET = load_target("chorus_direct")
CONTEXT = RuleContext(environment=Environment.PRODUCTION, target=TARGET, run_date=RUN_DATE)


def rendered(syntax: SyntaxName) -> bytes:
    invoice = credited()
    render = render_cii if syntax == "cii" else render_ubl
    return render(invoice, TARGET, attachments=attachments_of(invoice, encoding="zip"))


def judged(xml: bytes, syntax: SyntaxName) -> tuple[Finding, ...]:
    opened = open_written(xml, file="f.xml", syntax=syntax)
    assert opened.root is not None
    assert opened.reading is not None
    return judge_written(
        opened.root,
        opened.reading,
        file="f.xml",
        gate=XsdGate(syntax),
        context=CONTEXT,
        limits=attachment_limits(),
        totals=TotalsPolicy(),
    )


@pytest.mark.parametrize("syntax", ["ubl", "cii"])
def test_a_right_invoice_has_nothing_that_blocks(syntax: SyntaxName) -> None:
    assert [found.rule for found in judged(rendered(syntax), syntax) if found.blocks] == []


@pytest.mark.parametrize(
    ("xml", "rule", "line"),
    [
        (b"", "XI-EMPTY-01", None),
        (b"<a>\n<b>\n</a>", "XS-FORM-01", 3),
        (b"<!DOCTYPE a>\n<a/>", "XS-UNSAFE-01", None),
        (b"\n\n<a/>", "XS-ROOT-01", 3),
    ],
)
def test_what_is_no_invoice_is_told_with_file_and_line(
    xml: bytes, rule: str, line: int | None
) -> None:
    opened = open_written(xml, file="f.xml", syntax="ubl")
    assert opened.reading is None
    assert [
        (found.rule, found.location.file, found.location.line) for found in opened.findings
    ] == [(rule, "f.xml", line)]


def test_the_other_syntax_is_told_and_still_read() -> None:
    opened = open_written(rendered("cii"), file="f.xml", syntax="ubl")
    assert [(found.rule, found.value) for found in opened.findings] == [("XI-SYNTAX-01", "CII")]
    assert opened.reading is not None
    assert opened.reading.invoice.number == credited().number


def test_schema_and_rules_both_speak_each_with_line_and_path() -> None:
    xml = rendered("ubl").replace(b"><", b">\n<")
    xml = xml.replace(b"<cbc:DocumentCurrencyCode>EUR<", b"<cbc:DocumentCurrencyCode>XXY<")
    xml = xml.replace(b"</cbc:ID>\n<cbc:IssueDate>", b"</cbc:ID>\n<cbc:Odd/>\n<cbc:IssueDate>", 1)
    found = judged(xml, "ubl")
    assert {"XS-UNEXPECTED-01", "CP-CURRENCY-01"} <= {one.rule for one in found}
    lines = xml.split(b"\n")
    for one in found:
        assert one.of_xml
        assert one.location.file == "f.xml"
        assert one.location.xpath is not None
    by_rule = {one.rule: one.location.line or 0 for one in found}
    assert lines[by_rule["XS-UNEXPECTED-01"] - 1].startswith(b"<cbc:Odd")
    assert b"XXY" in lines[by_rule["CP-CURRENCY-01"] - 1]


def test_what_is_missing_altogether_stands_at_the_root() -> None:
    xml = rendered("ubl")
    start, end = xml.index(b"<cbc:IssueDate>"), xml.index(b"</cbc:IssueDate>")
    xml = xml[:start] + xml[end + len(b"</cbc:IssueDate>") :]
    found = next(one for one in judged(xml, "ubl") if one.bt == "BT-2")
    assert found.location.xpath in {"/ubl:Invoice", "/cn:CreditNote"}


def test_a_name_that_cannot_be_changed_any_more_blocks_when_it_is_too_long() -> None:
    base = next(iter(SAMPLES.values()))
    names = ("x" * 60 + ".pdf", "a/b.pdf", "fine.pdf")
    documents = tuple(
        SupportingDocument(reference=name, filename=name, content=b"%PDF") for name in names
    )
    found = list(attachment_findings(replace(base, documents=documents), attachment_limits()))
    assert [(one.rule, one.severity) for one in found] == [
        ("XI-NAME-01", Severity.FATAL),
        ("XI-NAME-01", Severity.WARNING),
    ]


def test_a_long_list_is_cut_and_the_rest_counted() -> None:
    kept = bounded([Finding("BR-21", Severity.FATAL)] * (MOST_PER_RULE + 3))
    assert len(kept) == MOST_PER_RULE + 1
    assert (kept[-1].rule, kept[-1].params["count"]) == ("XI-MORE-01", "3")


def test_a_line_that_a_finding_has_is_kept() -> None:
    place = Location(line=7, xpath="/a")
    (found,) = located([Finding("BR-21", Severity.FATAL, place)], file="f.xml")
    assert found.location == Location("f.xml", 7, xpath="/a")
