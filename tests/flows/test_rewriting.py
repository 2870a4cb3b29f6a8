"""An XML written anew in the other syntax: attachments as they were, and said to be anew."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace

import pytest

from config.attachments import attachment_limits
from flows.rewriting import rewritten
from flows.written import WrittenResult
from schemas.xsd import XsdGate
from tests.support.full_invoices import credited
from tests.support.gate_samples import cii
from transforms.invoice import DocumentReference, Invoice, SupportingDocument
from transforms.outcome import Fate, InvoiceOutcome, Span

OUTCOME = InvoiceOutcome(
    position=0,
    span=Span(file="f.xml", file_sha256="aa", first_line=1, last_line=9),
    fate=Fate.BUNDLED,
    number="F1",
)
LIMITS = attachment_limits()


def packed(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def anew(invoice: Invoice) -> tuple[WrittenResult, list[Invoice]]:
    seen: list[Invoice] = []

    def render(written: Invoice) -> bytes:
        seen.append(written)
        return cii()

    result = rewritten(
        WrittenResult(OUTCOME, b"<ubl/>", invoice),
        came_as="ubl",
        syntax="cii",
        render=render,
        gate=XsdGate("cii"),
        limits=LIMITS,
    )
    return result, seen


def with_document(name: str, content: bytes) -> Invoice:
    document = SupportingDocument(reference=name, filename=name, content=content)
    return replace(credited(), documents=(document,), preceding=())


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("bl.pdf", packed({"bl.pdf": b"%PDF"}), b"%PDF"),
        ("bl.pdf", b"%PDF", b"%PDF"),
        ("bl.zip", packed({"a.pdf": b"%PDF"}), packed({"a.pdf": b"%PDF"})),
        ("bl.pdf", packed({"a": b"1", "b": b"2"}), packed({"a": b"1", "b": b"2"})),
        ("bl.pdf", b"PK\x03\x04 cut", b"PK\x03\x04 cut"),
    ],
    ids=["packed", "bare", "a zip itself", "several", "no zip"],
)
def test_an_attachment_leaves_the_zip_around_it_and_nothing_else(
    name: str, content: bytes, expected: bytes
) -> None:
    _, seen = anew(with_document(name, content))
    assert [document.content for document in seen[0].documents] == [expected]


def test_a_zip_that_swells_is_left_packed() -> None:
    bomb = packed({"bl.pdf": b"\0" * (LIMITS.max_file_bytes + 1)})
    _, seen = anew(with_document("bl.pdf", bomb))
    assert seen[0].documents[0].content == bomb


def test_it_is_said_to_be_written_anew() -> None:
    result, _ = anew(replace(credited(), documents=(), preceding=()))
    assert result.xml == cii()
    (told,) = result.outcome.findings
    assert (told.rule, told.value, told.params["expected"]) == ("XI-CONVERTED-01", "UBL", "CII")


def test_what_the_other_syntax_has_no_room_for_holds_it_back() -> None:
    two = (DocumentReference(number="A"), DocumentReference(number="B"))
    result, seen = anew(replace(credited(), documents=(), preceding=two))
    assert (result.xml, seen) == (None, [])
    assert result.outcome.fate is Fate.QUARANTINED
    assert "WR-PRECEDING-01" in {found.rule for found in result.outcome.findings}
