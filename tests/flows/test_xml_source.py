"""XML as a source: one file is one invoice, looked at just enough to ask for its number."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from config.landing_settings import Landing, TableControl
from config.settings import Settings, Syntax
from flows.control import Expected
from flows.errors import ConfigurationError, ControlError
from flows.extracts import ExtractFile
from flows.profiles import load_profile
from flows.xml_document import XmlDocument
from flows.xml_source import (
    item_of,
    open_sources,
    peek_bytes,
    read_source,
    require,
    require_no_rows,
)
from tests.support.firm import COMMUNE
from tests.support.xml_invoices import oddly, xml_of

UBL, GENERIC = load_profile("ubl"), load_profile("generic")


def document(folder: Path, content: bytes) -> XmlDocument:
    path = folder / "f.xml"
    path.write_bytes(content)
    return XmlDocument(path, "f.xml", hashlib.sha256(content).hexdigest())


def test_every_file_is_one_invoice_and_none_is_opened(tmp_path: Path) -> None:
    files = [ExtractFile(tmp_path / name, name, f"sha-{name}") for name in ("b.xml", "a.csv")]
    reading = open_sources(files, UBL, spill_folder=tmp_path)
    read = list(reading)
    assert [one.span.file for one in read] == ["b.xml", "a.csv"]
    assert [(one.span.file_sha256, one.span.first_line) for one in read] == [
        ("sha-b.xml", 1),
        ("sha-a.csv", 1),
    ]
    assert reading.rows_by_file == {"b.xml": 1, "a.csv": 1}
    assert (reading.orphan_findings, reading.warnings) == ([], [])
    assert all((one.key, one.findings, one.blocks) == ("", (), ()) for one in read)


def test_an_item_has_number_recipient_and_size(tmp_path: Path) -> None:
    content = oddly(xml_of(tmp_path / "erp", "ubl", "F1", buyer_service_code="S1")["F1"])
    item = item_of(document(tmp_path, content), 7, limit=10**6)
    assert (item.position, item.number, item.buyer, item.service) == (7, "F1", COMMUNE, "S1")
    assert item.weight == len(content)


@pytest.mark.parametrize("content", [b"", b"<a/>", b"<a", b"<!DOCTYPE a><a/>", b"\xff\xfe\0"])
def test_a_file_that_is_no_invoice_has_neither_number_nor_recipient(
    tmp_path: Path, content: bytes
) -> None:
    item = item_of(document(tmp_path, content), 0, limit=10**6)
    assert (item.number, item.buyer, item.service) == (None, None, None)
    assert read_source(document(tmp_path, content), limit=10**6).number is None


def test_a_file_over_the_limit_or_gone_is_not_read(tmp_path: Path) -> None:
    content = xml_of(tmp_path / "erp", "ubl", "F1")["F1"]
    assert item_of(document(tmp_path, content), 0, limit=100).number is None
    gone = XmlDocument(tmp_path / "gone.xml", "gone.xml", "")
    assert (item_of(gone, 0, limit=100).number, item_of(gone, 0, limit=100).weight) == (None, 0)
    assert peek_bytes(content).number == "F1"


def test_an_invoice_is_read_whatever_its_syntax(tmp_path: Path) -> None:
    for syntax in ("ubl", "cii"):
        content = xml_of(tmp_path / syntax, syntax, "F1")["F1"]
        assert read_source(document(tmp_path, content), limit=10**6).number == "F1"


def settings(syntax: Syntax = Syntax.UBL, pattern: str = "", **control: object) -> Settings:
    base = Settings(syntax=syntax)
    return base.model_copy(
        update={
            "attachments": base.attachments.model_copy(update={"pattern": pattern}),
            "landing": Landing(control=TableControl.model_validate(control)),
        }
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (settings(Syntax.CII), "FSO1106A"),
        (settings(pattern="{number}.pdf"), "nothing can be added"),
        (settings(source="trailer"), "trailer"),
        (settings(source="setting", invoices=2), "setting"),
    ],
)
def test_settings_that_cannot_be_honoured_are_refused_for_xml_only(
    wrong: Settings, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        require(wrong, UBL)
    require(wrong, GENERIC)


def test_what_fits_is_let_through() -> None:
    require(settings(source="side_file"), UBL)
    require_no_rows(UBL, "f.xml", Expected(invoices=1))
    require_no_rows(UBL, "f.xml", None)
    require_no_rows(GENERIC, "a.csv", Expected(rows=3))
    with pytest.raises(ControlError, match=r"f\.xml"):
        require_no_rows(UBL, "f.xml", Expected(rows=3))
