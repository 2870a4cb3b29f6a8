"""SAP IDocs as XML."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.profile import Format
from tests.support.documents import idoc_invoice, idoc_xml, segment
from transforms import idoc
from transforms.document_rows import Document
from transforms.finding import Finding
from transforms.idoc import idoc_form, xml_documents

AUTO = Format(kind="idoc", encoding="auto")


def read(content: bytes, layout: Format = AUTO) -> tuple[list[Document], list[Finding]]:
    found = list(xml_documents(io.BytesIO(content), file="a.xml", layout=layout))
    documents = [item for item in found if isinstance(item, Document)]
    return documents, [item for item in found if isinstance(item, Finding)]


def names(document: Document) -> list[str]:
    return [child.name for child in document.root.children]


def test_each_idoc_is_a_document_whatever_the_root_is_called() -> None:
    content = idoc_xml(idoc_invoice("1"), idoc_invoice("2"), root="ZINV_EXTENSION")
    documents, findings = read(content)
    assert [document.rank for document in documents] == [1, 2]
    assert not findings
    first = documents[0].root
    assert first.name == "IDOC"
    [k01] = [child for child in first.children if child.name == "E1EDK01"]
    assert k01.fields["BELNR"] == "1"
    [line, other] = [child for child in first.children if child.name == "E1EDP01"]
    assert [child.name for child in line.children] == ["E1EDP19", "E1EDP26", "E1EDP05", "E1EDP04"]
    assert content.splitlines()[other.line - 1].startswith(b"<E1EDP01")


def test_documents_of_one_line_are_told_apart_by_their_rank() -> None:
    documents, _ = read(idoc_xml(*[idoc_invoice(str(n)) for n in range(3)], line_ends=False))
    assert [document.root.line for document in documents] == [1, 2, 3]
    assert {segment.line for segment in documents[2].root.walk()} == {3}


def test_segments_of_a_customer_stand_where_they_are() -> None:
    invoice = idoc_invoice()
    custom = segment("Z1LINE", segment("Z1DEEP", ZFIELD="x"), ZCODE="y")
    name, fields, below = invoice[-5]
    assert name == "E1EDP01"
    invoice[-5] = (name, fields, [custom, *below])
    [document], _ = read(idoc_xml(invoice))
    [first, _] = [child for child in document.root.children if child.name == "E1EDP01"]
    assert first.children[0].fields == {"ZCODE": "y"}
    assert first.children[0].children[0].fields == {"ZFIELD": "x"}


def test_a_segment_without_fields_is_one_all_the_same() -> None:
    content = b'<R><IDOC><E1EDK01 SEGMENT="1"/><Z>text</Z><Z>more</Z></IDOC></R>'
    [document], _ = read(content)
    assert names(document) == ["E1EDK01"]
    assert document.root.fields == {"Z": "text", "Z_2": "more"}


def test_a_file_that_breaks_gives_the_documents_before_the_break() -> None:
    content = idoc_xml(*[idoc_invoice(str(n)) for n in range(3)])
    cut = content.index(b"E1EDS01", content.index(b"<BELNR>2<"))
    documents, findings = read(content[:cut])
    assert len(documents) == 2
    assert [finding.rule for finding in findings] == ["XT-XML-01"]
    assert findings[0].params["read"] == "3"


@pytest.mark.parametrize(
    "prolog",
    [
        b'<!DOCTYPE r [<!ENTITY a "b">]>',
        b'<!DOCTYPE r SYSTEM "file:///etc/hostname">',
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_a_document_type_is_refused(prolog: bytes) -> None:
    content = prolog + b"<r><IDOC><E1EDK01><BELNR>&a;</BELNR></E1EDK01></IDOC></r>"
    documents, findings = read(content)
    assert not documents
    assert {finding.rule for finding in findings} <= {"XT-XML-01", "XT-XML-02"}
    assert findings


def test_a_document_without_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idoc, "MOST_ELEMENTS", 50)
    documents, findings = read(idoc_xml(idoc_invoice()))
    assert (documents, [finding.rule for finding in findings]) == ([], ["XT-SIZE-01"])


def test_a_document_of_another_kind_is_told_and_the_others_are_read() -> None:
    content = idoc_xml(idoc_invoice("1"), idoc_invoice("2", mestyp="ORDERS"), idoc_invoice("3"))
    documents, [finding] = read(content)
    assert [document.rank for document in documents] == [1, 3]
    assert (finding.rule, finding.value) == ("XT-OTHER-01", "ORDERS")


def test_a_file_without_idoc_is_told() -> None:
    assert [finding.rule for finding in read(b"<a><b/></a>")[1]] == ["XT-NONE-01"]


def test_a_document_without_control_record_is_read() -> None:
    [document], _ = read(b"<a><IDOC><E1EDK01><BELNR>7</BELNR></E1EDK01></IDOC></a>")
    assert names(document) == ["E1EDK01"]


def test_comments_cdata_and_the_declared_encoding_are_understood() -> None:
    content = (
        '<?xml version="1.0" encoding="ISO-8859-1"?><r><!-- x --><IDOC><E1EDK01><BELNR>a<!-- b -->é'
        "<![CDATA[<&]]></BELNR></E1EDK01></IDOC></r>"
    ).encode("latin-1")
    [document], _ = read(content)
    assert document.root.children[0].fields["BELNR"] == "aé<&"
    [document], _ = read(content.replace(b"ISO-8859-1", b"UTF-8"), Format(encoding="latin-1"))
    assert document.root.children[0].fields["BELNR"] == "aé<&"


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b"\xef\xbb\xbf<?xml", "xml"),
        ("<INVOIC02>".encode("utf-16"), "xml"),
        (b"EDI_DC40  100", "flat"),
        (b"\n EDI_DC40", "flat"),
        (b"UNA:+.? '", None),
        (b"", None),
    ],
)
def test_the_form_is_known_by_the_first_bytes(head: bytes, form: str | None) -> None:
    assert idoc_form(head) == form


SAMPLE = idoc_xml(idoc_invoice("1"), idoc_invoice("2"))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=5),
    st.integers(0, len(SAMPLE)),
)
def test_damaged_bytes_never_raise(changes: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(SAMPLE)
    for place, byte in changes:
        damaged[place] = byte
    documents, findings = read(bytes(damaged[:cut] if cut else damaged))
    assert len(documents) == 2 or findings


def test_a_name_with_a_prefix_that_nobody_declared_is_no_traceback() -> None:
    content = idoc_xml(idoc_invoice("1")).replace(b"E1EDP01", b"E1EDP0:1")
    _, findings = read(content)
    assert [finding.rule for finding in findings] == ["XT-XML-01"]


def test_a_field_that_comes_again_is_numbered_in_its_order() -> None:
    repeated = "<A>1</A><A_3>x</A_3><A>2</A><A>3</A>"
    content = (
        f'<INVOIC02><IDOC BEGIN="1"><E1EDK01 SEGMENT="1">{repeated}</E1EDK01></IDOC></INVOIC02>'
    )
    (document,), _ = read(content.encode())
    (segment,) = document.root.children
    assert segment.fields == {"A": "1", "A_3": "x", "A_2": "2", "A_4": "3"}
