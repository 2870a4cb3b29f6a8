"""Encodings of documents that may declare a character set."""

from __future__ import annotations

import io

import pytest

from config.profile import Format
from transforms.document_encoding import settled_encoding

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
        ("é".encode("utf-8-sig"), "", "utf-8"),
        ("é".encode("utf-16"), "", "utf-16"),
        (b"a" * 70000 + "é".encode(), "", "utf-8"),
        (b"", "", "utf-8"),
        (b"\xc3", "", "cp1252"),
        ("é".encode() * 20 + b"\xff", "iso8859-1", "utf-8"),
    ],
)
def test_the_encoding_is_that_of_the_whole_text(text: bytes, declared: str, encoding: str) -> None:
    stream = io.BytesIO(text)
    assert settled_encoding(stream, AUTO, declared) == encoding
    assert stream.tell() == 0


def test_an_encoding_of_the_profile_counts() -> None:
    assert settled_encoding(io.BytesIO(b""), Format(encoding="utf-8"), "ascii") == "utf-8"
    assert settled_encoding(io.BytesIO(b""), Format(encoding="latin-1"), "ascii") == "latin-1"
