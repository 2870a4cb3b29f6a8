"""What cannot be written is found before writing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.catalogue import load_catalogue
from tests.support.sample_invoices import SAMPLES
from transforms.finding import Severity
from transforms.invoice import DocumentReference, Invoice, Note, Provenance
from transforms.writable import check_writable

BASIC = SAMPLES["a1_invoice"]
TWICE = replace(
    SAMPLES["a1_credit_note"],
    preceding=(DocumentReference(number="A1"), DocumentReference(number="A2")),
)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_writable(name: str) -> None:
    assert check_writable(SAMPLES[name], "cii") == ()


def test_characters_xml_cannot_hold_are_told_with_field_and_code() -> None:
    line = replace(BASIC.lines[1], item=replace(BASIC.lines[1].item, name="Manuel\x0b\x01"))
    invoice = replace(
        BASIC,
        lines=(BASIC.lines[0], line),
        provenance=Provenance("f.csv", 12, {}),
    )
    (finding,) = check_writable(invoice, "ubl")
    assert finding.rule == "WR-CHARS-01"
    assert finding.severity is Severity.WARNING
    assert finding.value == "Manuel\x0b\x01"
    assert finding.params == {"field": "lines[2].item.name", "characters": "U+0001, U+000B"}
    assert (finding.location.file, finding.location.line) == ("f.csv", 12)


def test_text_in_a_part_of_one_field_is_looked_at_too() -> None:
    invoice = Invoice(notes=(Note(text="bon"), Note(subject_code="\ufffe")))
    (finding,) = check_writable(invoice, "cii")
    assert finding.params["field"] == "notes[2].subject_code"


@pytest.mark.parametrize(("syntax", "rules"), [("cii", ["WR-PRECEDING-01"]), ("ubl", [])])
def test_a_second_preceding_invoice_has_no_place_in_d16b(syntax: str, rules: list[str]) -> None:
    findings = check_writable(TWICE, syntax)
    assert [finding.rule for finding in findings] == rules
    assert [finding.value for finding in findings] == ["A1, A2"] * len(rules)


def test_every_rule_has_its_texts() -> None:
    catalogue = load_catalogue()
    assert {"WR-CHARS-01", "WR-PRECEDING-01"} <= set(catalogue.rules)
