"""Encodings of documents, and characters that no invoice can hold."""

from __future__ import annotations

import io

import pytest

from config.profile import Format
from transforms.finding import Location
from transforms.text_faults import KEEP_BYTES, fault_of, settled_encoding

AUTO = Format(kind="edifact", encoding="auto")


@pytest.mark.parametrize(
    ("text", "declared", "encoding"),
    [
        (b"abc", "", "utf-8"),
        (b"abc", "iso8859-1", "iso8859-1"),
        ("é".encode(), "iso8859-1", "utf-8"),
        ("é".encode("latin-1"), "iso8859-1", "iso8859-1"),
        ("é".encode("latin-1"), "ascii", "cp1252"),
        ("l’eau".encode("cp1252"), "iso8859-1", "cp1252"),
        ("é".encode("latin-1"), "utf-8", "cp1252"),
        ("é".encode("utf-8-sig"), "", "utf-8-sig"),
        ("é".encode("utf-16"), "", "utf-16"),
        (b"a" * 70000 + "é".encode(), "", "utf-8"),
        (b"", "", "utf-8"),
        (b"\xc3", "", "cp1252"),
    ],
)
def test_the_encoding_is_that_of_the_whole_text(text: bytes, declared: str, encoding: str) -> None:
    stream = io.BytesIO(text)
    assert settled_encoding(stream, AUTO, declared) == encoding
    assert stream.tell() == 0


def test_an_encoding_of_the_profile_counts() -> None:
    assert settled_encoding(io.BytesIO(b""), Format(encoding="utf-8"), "ascii") == "utf-8-sig"
    assert settled_encoding(io.BytesIO(b""), Format(encoding="latin-1"), "ascii") == "latin-1"


@pytest.mark.parametrize(
    ("text", "rule", "told"),
    [
        (b"a\xe9".decode("ascii", KEEP_BYTES), "XT-BYTE-01", "0xE9"),
        ("a\x01", "XT-CONTROL-01", "U+0001"),
    ],
)
def test_a_character_that_no_invoice_holds_is_told(text: str, rule: str, told: str) -> None:
    finding = fault_of(text, Location("a.edi", 3, "BGM.1004"), "ascii")
    assert finding is not None
    assert (finding.rule, finding.params["byte"], finding.value) == (rule, told, "a\ufffd")
    assert fault_of("Crécy\n", Location(), "ascii") is None


def test_only_decoding_keeps_bytes() -> None:
    with pytest.raises(UnicodeEncodeError):
        "é".encode("ascii", KEEP_BYTES)
