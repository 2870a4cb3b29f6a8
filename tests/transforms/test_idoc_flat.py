"""SAP IDocs as flat files."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.profile import Format
from tests.support.documents import flat_record, idoc_flat, idoc_invoice, idoc_xml
from transforms import idoc_flat as module
from transforms.document_rows import Document
from transforms.finding import Finding
from transforms.idoc import xml_documents
from transforms.idoc_flat import flat_documents, segment_name
from transforms.segments import Segment

AUTO = Format(kind="idoc", encoding="auto")


def read(content: bytes) -> tuple[list[Document], list[Finding]]:
    found = list(flat_documents(io.BytesIO(content), file="a.txt", layout=AUTO))
    documents = [item for item in found if isinstance(item, Document)]
    return documents, [item for item in found if isinstance(item, Finding)]


def shape(root: Segment) -> list[object]:
    return [root.name, dict(root.fields), [shape(child) for child in root.children]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("E2EDK01005", "E1EDK01"),
        ("E2EDKA1003", "E1EDKA1"),
        ("E2EDP01006", "E1EDP01"),
        ("E2EDS01", "E1EDS01"),
        ("E1EDK01", "E1EDK01"),
        ("Z2INV000", "Z2INV000"),
    ],
)
def test_the_release_of_a_segment_is_no_part_of_its_name(name: str, expected: str) -> None:
    assert segment_name(name) == expected


@pytest.mark.parametrize("trim", [True, False])
def test_a_flat_file_says_what_its_xml_says(trim: bool) -> None:
    invoices = [idoc_invoice("1"), idoc_invoice("2", docnum="2")]
    flat, findings = read(idoc_flat(*invoices, trim=trim))
    content = io.BytesIO(idoc_xml(*invoices))
    xml = [d for d in xml_documents(content, file="a", layout=AUTO) if isinstance(d, Document)]
    assert [shape(document.root) for document in flat] == [shape(document.root) for document in xml]
    assert not findings
    assert [document.root.line for document in flat] == [
        1,
        1 + len(idoc_flat(invoices[0]).splitlines()),
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_accents_are_read_in_any_encoding(encoding: str) -> None:
    [document], findings = read(idoc_flat(idoc_invoice(), encoding=encoding))
    assert "Mairie de Crécy" in {child.fields.get("NAME1") for child in document.root.children}
    assert not findings


def test_segments_without_a_table_are_kept_with_their_text() -> None:
    lines = idoc_flat(idoc_invoice()).decode("cp1252").splitlines()
    at = next(rank for rank, line in enumerate(lines) if line.startswith("E2EDP04"))
    head = flat_record("E1EDP04", {}, "0000000000000001")[30:63]
    lines.insert(at, f"{'Z2LINE000':<30}{head}of the line")
    lines.insert(at, f"{'E2EDP99001':<30}{head}new")
    lines.insert(3, f"{'Z2HEAD000':<30}{head}of the head")
    [document], _ = read("\n".join([*lines, ""]).encode("cp1252"))
    by_name = {segment.name: segment for segment in document.root.walk()}
    assert by_name["Z2HEAD000"].fields == {"SDATA": "of the head"}
    assert by_name["Z2HEAD000"] in document.root.children
    line = next(child for child in document.root.children if child.name == "E1EDP01")
    assert {"Z2LINE000", "E1EDP99", "E1EDP04"} <= {child.name for child in line.children}


def test_a_bad_record_is_a_finding_of_its_document_only() -> None:
    lines = idoc_flat(idoc_invoice("1"), idoc_invoice("2", docnum="2")).splitlines(keepends=True)
    lines[4] = b"E2EDK02 cut\r\n"
    lines[5] = b"!!" + lines[5]
    [first, second], findings = read(b"".join(lines))
    assert [(f.rule, f.location.line) for f in first.findings] == [("XT-RECORD-01", 5)]
    assert not second.findings
    assert not findings


def test_a_lost_control_record_does_not_make_one_invoice_of_two() -> None:
    lines = idoc_flat(idoc_invoice("1"), idoc_invoice("2", docnum="2")).splitlines(keepends=True)
    del lines[len(lines) // 2]
    [document], _ = read(b"".join(lines))
    assert [finding.rule for finding in document.findings] == ["XT-RECORD-02"]
    assert document.findings[0].value == "2"


def test_a_cut_file_holds_its_last_invoice_back() -> None:
    lines = idoc_flat(idoc_invoice("1"), idoc_invoice("2", docnum="2")).splitlines(keepends=True)
    [first, second], findings = read(b"".join(lines[:-4])[:-2])
    assert not first.findings
    assert [finding.rule for finding in second.findings] == ["XT-CUT-01"]
    assert [finding.rule for finding in findings] == ["XT-END-01"]


def test_records_before_the_first_control_record_are_told_once() -> None:
    lines = idoc_flat(idoc_invoice("1")).splitlines(keepends=True)
    documents, findings = read(b"".join(lines[1:]))
    assert not documents
    assert [finding.rule for finding in findings] == ["XT-STRAY-01"]


def test_a_document_of_another_kind_is_told() -> None:
    _, [finding] = read(idoc_flat(idoc_invoice("1", mestyp="ORDERS")))
    assert (finding.rule, finding.value) == ("XT-OTHER-01", "ORDERS")


def test_a_file_without_line_ends_is_not_read_for_ever() -> None:
    content = idoc_flat(idoc_invoice("1")) + b"x" * 50_000
    [document], findings = read(content)
    assert [finding.rule for finding in findings] == ["XT-SIZE-01"]
    assert not document.findings


def test_a_document_without_bounds_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RECORDS", 10)
    [document], _ = read(idoc_flat(idoc_invoice("1")))
    assert {finding.rule for finding in document.findings} == {"XT-SIZE-01", "XT-CUT-01"}


SAMPLE = idoc_flat(idoc_invoice("1"), idoc_invoice("2", docnum="2"))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=5),
    st.integers(0, len(SAMPLE)),
)
def test_damaged_bytes_never_raise(changes: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(SAMPLE)
    for place, byte in changes:
        damaged[place] = byte
    read(bytes(damaged[:cut]))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=35))
def test_any_text_that_fits_comes_back_as_it_is(text: str) -> None:
    invoice = idoc_invoice()
    invoice[2] = ("E1EDKA1", {"PARVW": "BK", "NAME1": text}, [])
    [document], _ = read(idoc_flat(invoice, encoding="utf-8-sig"))
    assert document.root.children[2].fields.get("NAME1", "") == text.rstrip()
