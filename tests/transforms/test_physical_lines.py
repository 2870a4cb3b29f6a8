"""Physical lines: joined they are the file, and they are the lines that the strict pass counts."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.physical_lines import line_end, physical_lines
from transforms.records import text_of

ENCODINGS = ("utf-8", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be")
_TEXT = st.text(st.sampled_from("a;é\r\n\u0d0a\u0a0d\x0b\x85\u2028"), max_size=40)


@given(_TEXT, st.sampled_from(ENCODINGS))
def test_they_are_those_of_the_strict_pass(text: str, encoding: str) -> None:
    data = text.encode(encoding, "ignore")
    lines = list(physical_lines(io.BytesIO(data), encoding))
    assert b"".join(lines) == data
    counted = list(text_of(io.BytesIO(data), encoding))
    # A mark at the beginning is of the first line, or a line of its own where nothing follows.
    assert len(lines) == len(counted) or not counted


@given(st.binary(max_size=60), st.sampled_from(ENCODINGS))
def test_no_byte_is_lost_whatever_the_file_holds(data: bytes, encoding: str) -> None:
    assert b"".join(physical_lines(io.BytesIO(data), encoding)) == data


def test_a_line_end_may_be_cut_by_two_reads() -> None:
    long = b"x" * ((1 << 20) - 1) + b"\r\n" + b"y\r"
    assert [len(line) for line in physical_lines(io.BytesIO(long), "utf-8")] == [(1 << 20) + 1, 2]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", ""])
def test_the_end_of_a_line_is_told(encoding: str, end: str) -> None:
    codec = "utf-16-le" if encoding == "utf-16" else encoding
    assert line_end(f"aé{end}".encode(codec), encoding) == end.encode(codec)
