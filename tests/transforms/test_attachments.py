from __future__ import annotations

import base64
import io
import zipfile
from types import MappingProxyType
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.attachments import AttachmentLimits, attachment_limits
from config.catalogue import UNFILLED, load_catalogue
from transforms.attachments import (
    AttachmentError,
    check,
    check_rendered,
    encode,
    extension_of,
    mime_of,
    prepare,
    safe_name,
)
from transforms.finding import Severity
from transforms.invoice import Invoice, Provenance, SupportingDocument

SMALL = AttachmentLimits(
    max_name=50,
    max_file_bytes=10,
    max_invoice_bytes=15,
    media_types=MappingProxyType({"pdf": "application/pdf"}),
)
PLACE = Provenance("factures.csv", 12, {"BT-125": "PIECES"})


def document(name: str | None, content: bytes | None = b"%PDF-1.7") -> SupportingDocument:
    return SupportingDocument(reference=name, filename=name, content=content)


def invoice(*documents: SupportingDocument) -> Invoice:
    return Invoice(documents=documents, provenance=PLACE)


def rules_of(*documents: SupportingDocument, limits: AttachmentLimits | None = None) -> list[str]:
    return [finding.rule for finding in check(invoice(*documents), limits)]


def test_a_zip_holds_the_one_file_under_its_name() -> None:
    encoded = encode(document("Bon de commande n° 7.pdf", b"%PDF-1.7 x"), encoding="zip")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(encoded.base64))) as archive:
        (info,) = archive.infolist()
        assert info.filename == "Bon de commande n° 7.pdf"
        assert info.date_time == (1980, 1, 1, 0, 0, 0)
        assert info.compress_type == zipfile.ZIP_DEFLATED
        assert archive.read(info) == b"%PDF-1.7 x"
    assert encoded.mime == "application/pdf"
    assert encoded.filename == "Bon de commande n° 7.pdf"


def test_a_bare_attachment_is_the_file_itself() -> None:
    encoded = encode(document("a.csv", b"1;2"), encoding="bare")
    assert base64.b64decode(encoded.base64) == b"1;2"
    assert encoded.mime == "text/csv"


@given(st.binary(max_size=5000))
def test_the_same_document_gives_the_same_text_and_comes_back(content: bytes) -> None:
    one = encode(document("a.pdf", content), encoding="zip")
    assert one == encode(document("a.pdf", content), encoding="zip")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(one.base64))) as archive:
        assert archive.read("a.pdf") == content


def test_a_document_keeps_its_reference_description_kind_and_media_type() -> None:
    full = SupportingDocument(
        reference="R1",
        filename="a.bin",
        description="Bordereau",
        kind="02",
        mime="image/x-own",
        content=b"1",
    )
    encoded = encode(full, encoding="bare")
    assert (encoded.reference, encoded.description) == ("R1", "Bordereau")
    assert (encoded.kind, encoded.mime) == ("02", "image/x-own")


@pytest.mark.parametrize(
    "wrong",
    [document("a.pdf", None), document(None, b"1"), document("a/b.pdf"), document("x" * 60)],
)
def test_what_was_not_prepared_is_not_encoded(wrong: SupportingDocument) -> None:
    with pytest.raises(AttachmentError):
        encode(wrong, encoding="zip")


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([document("a.pdf", b"123456789")], []),
        ([document("a.pdf", b"1234567890")], ["AT-SIZE-01"]),
        ([document("a.PDF", b"1")], []),
        ([document("a.pdf", b"")], ["AT-EMPTY-01"]),
        ([document("a", b"1")], ["AT-EXT-01"]),
        ([document("a.exe", b"1")], ["AT-EXT-02"]),
        ([document("a.pdf", b"12345678"), document("b.pdf", b"12345678")], ["AT-SIZE-02"]),
        ([document("a.exe", b"")], ["AT-EXT-02", "AT-EMPTY-01"]),
        ([document("a.pdf", b"1"), document("A.pdf", b"2")], ["AT-NAME-01"]),
        ([document("a.pdf", None)], []),
        ([SupportingDocument(reference="REF", uri="https://example.org/x")], []),
        ([], []),
    ],
)
def test_limits_are_findings(documents: list[SupportingDocument], expected: list[str]) -> None:
    assert rules_of(*documents, limits=SMALL) == expected


def test_a_finding_names_the_file_the_column_and_the_sizes() -> None:
    (finding,) = check(invoice(document("Devis.pdf", b"1234567890")), SMALL)
    assert finding.severity is Severity.FATAL
    assert (finding.location.file, finding.location.line) == ("factures.csv", 12)
    assert finding.location.column == "PIECES"
    assert finding.value == "Devis.pdf"
    assert finding.params == {"size": "10", "limit": "10"}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_findings_are_told_without_gaps(language: Literal["fr", "en"]) -> None:
    wrong = [document("a", b""), document("a?.exe", b"1" * 20), document("b.pdf", b"1" * 20)]
    findings = check(invoice(*wrong), SMALL)
    assert {one.rule for one in findings} == {
        "AT-EXT-01", "AT-EXT-02", "AT-EMPTY-01", "AT-SIZE-01", "AT-SIZE-02", "AT-NAME-01"
    }  # fmt: skip
    for finding in findings:
        fields = {**finding.params, "value": finding.value or ""}
        assert UNFILLED not in load_catalogue().render(finding.rule, language, fields).message


def test_the_xml_of_an_invoice_has_a_limit_of_its_own() -> None:
    assert check_rendered(invoice(), 15, SMALL) == ()
    (finding,) = check_rendered(invoice(), 16, SMALL)
    assert finding.rule == "AT-SIZE-02"


def test_a_renamed_attachment_is_told_with_both_names() -> None:
    long = "Bordereau récapitulatif des prestations de septembre 2026.pdf"
    prepared, (finding,) = prepare(invoice(document(long)))
    (written,) = prepared.documents
    assert finding.rule == "AT-NAME-01"
    assert finding.severity is Severity.WARNING
    assert finding.value == long
    assert finding.params["written"] == written.filename
    assert written.filename == "Bordereau récapitulatif des prestations de sep.pdf"
    assert written.reference == long
    assert encode(written, encoding="zip").filename == written.filename


def test_a_prepared_invoice_has_nothing_more_to_tell() -> None:
    prepared, findings = prepare(
        invoice(document("a?.pdf"), document("a_.pdf"), document("a:.pdf"))
    )
    assert [one.filename for one in prepared.documents] == ["a_.pdf", "a_~2.pdf", "a_~3.pdf"]
    assert len(findings) == 3
    assert prepare(prepared) == (prepared, ())


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("facture.pdf", "facture.pdf"),
        ("Reçu n° 12.PDF", "Reçu n° 12.PDF"),
        ("dossier/facture.pdf", "dossier_facture.pdf"),
        ("C:\\tmp\\facture.pdf", "C_tmp_facture.pdf"),
        ('a<b>"c|d?*.pdf', "a_b_c_d_.pdf"),
        ("a\x00\n.pdf", "a_.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "_"),
        ("Bord\u0065\u0301.pdf", "Bord\u00e9.pdf"),
        ("Re\udce7u.pdf", "Re_u.pdf"),
        ("x" * 60 + ".pdf", "x" * 46 + ".pdf"),
        ("x" * 60, "x" * 50),
        ("a." + "x" * 60, "a." + "x" * 48),
    ],
)
def test_names_are_cleaned_and_shortened(name: str, written: str) -> None:
    assert safe_name(name, 50) == written


@given(st.lists(st.text(max_size=80), max_size=8))
def test_safe_names_are_short_flat_distinct_and_stable(names: list[str]) -> None:
    taken: set[str] = set()
    for name in names:
        written = safe_name(name, 50, taken)
        assert 0 < len(written) <= 50
        assert not set(written) & set('/\\:*?"<>|\0\n')
        assert written.casefold() not in taken
        assert safe_name(written, 50) == written
        taken.add(written.casefold())


@given(st.text(min_size=1, max_size=200), st.sampled_from(["pdf", "XLSX", "p7s"]))
def test_shortening_keeps_the_extension(stem: str, extension: str) -> None:
    assert extension_of(safe_name(f"a{stem}.{extension}", 50)) == extension.lower()


@pytest.mark.parametrize(
    ("name", "mime"),
    [("a.pdf", "application/pdf"), ("a.JPG", "image/jpeg"), ("a", "application/octet-stream")],
)
def test_the_media_type_follows_the_extension(name: str, mime: str) -> None:
    assert mime_of(name) == mime
    assert mime_of(name, attachment_limits()) == mime
