"""Physical lines of a text file, byte for byte: what is cut out of an extract is not rewritten.

They are the lines that ``transforms.records`` counts: each ends with LF, CR LF or CR. Bytes that
are no text under the encoding stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

_BLOCK = 1 << 20
_NARROW = re.compile(rb"[^\r\n]*+(?:\r\n?+|\n)", re.DOTALL)
_LITTLE = re.compile(rb"(?:(?![\r\n]\0)..)*+(?:\r\0(?:\n\0)?+|\n\0)", re.DOTALL)
_BIG = re.compile(rb"(?:(?!\0[\r\n])..)*+(?:\0\r(?:\0\n)?+|\0\n)", re.DOTALL)
_BIG_MARK = b"\xfe\xff"


def physical_lines(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Yield the lines of a file with their ends; joined, they are the file.

    Args:
        stream: the bytes, at their beginning.
        encoding: as a profile names it; UTF-16 has two bytes for a line end, all others one.
    """
    buffer = b""
    line: re.Pattern[bytes] | None = None
    while block := stream.read(_BLOCK):
        buffer += block
        line = line or _pattern(encoding, buffer)
        at = 0
        # A CR that ends the buffer may have its LF in the next block.
        while (found := line.match(buffer, at)) and found.end() < len(buffer):
            yield found.group()
            at = found.end()
        buffer = buffer[at:]
    if line is not None:
        at = 0
        while found := line.match(buffer, at):
            yield found.group()
            at = found.end()
        buffer = buffer[at:]
    if buffer:
        yield buffer


def line_end(line: bytes, encoding: str) -> bytes:
    """Return the line end of ``line``; empty when it has none."""
    for text in ("\r\n", "\n", "\r"):
        for codec in _codecs(encoding):
            end = text.encode(codec)
            if line.endswith(end) and not (len(line) % len("a".encode(codec))):
                return end
    return b""


def _codecs(encoding: str) -> tuple[str, ...]:
    if encoding == "utf-16":
        return ("utf-16-le", "utf-16-be")
    return (encoding,) if encoding.startswith("utf-16") else ("ascii",)


def _pattern(encoding: str, head: bytes) -> re.Pattern[bytes]:
    if not encoding.startswith("utf-16"):
        return _NARROW
    if encoding == "utf-16-be" or (encoding == "utf-16" and head.startswith(_BIG_MARK)):
        return _BIG
    return _LITTLE
