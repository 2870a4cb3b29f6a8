"""What an extract does not declare: its encoding and its separator, found by fixed rules.

The same bytes always give the same answer, and an answer that is not certain is the one that
shows. For an encoding, in this order:

1. a byte-order mark;
2. UTF-16 when every other byte of the beginning is zero, as Latin letters are;
3. UTF-8 when the whole file is UTF-8;
4. else bad bytes are counted against sequences of several bytes that only UTF-8 holds (an accented
   letter). A file of the fallback encoding has bad bytes and, but for accidents, no such sequence.
   As soon as there is one for :data:`STRAY` bad bytes it is UTF-8 with some bad bytes: each becomes
   a finding of its row. Taking it for the fallback encoding would let all its accented letters pass
   as two wrong ones, in silence.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from config.profile import Encoding, Format
from transforms.column_names import ColumnNames
from transforms.records import HeaderError, Records, cells_of, read_line, text_of
from transforms.table import TableError

#: Bytes read at a time.
BLOCK = 1 << 20
#: Bad bytes for one valid sequence beyond which a file is no UTF-8.
STRAY = 10
#: Separators that ``auto`` knows, with how they are told.
SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}
#: Lines in which the heading of a SAP download is looked for, below its titles.
TITLE_LINES = 50

#: Bytes of the beginning that tell UTF-16.
_HEAD = 4096
_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ASCII = bytes(range(0x80))
#: Encodings under which every file is text.
_CODE_PAGES = frozenset({"cp1252", "latin-1"})
#: First bytes of sequences that prove nothing: in Western code pages they are the capitals that may
#: end a word (É, Ç, Ô…), which punctuation may follow; in UTF-8, letters that no extract holds.
_CAPITALS = frozenset((*range(0xC6, 0xCE), *range(0xD2, 0xE0)))
#: A well-formed UTF-8 sequence of several bytes (Unicode, table 3-7).
_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)


@dataclass(frozen=True, slots=True)
class Sniffed:
    """The encoding of a file, and how many of its characters look like another one's.

    ``strays``: sequences that are UTF-8 in a file taken for a Western code page.
    """

    encoding: Encoding
    strays: int = 0


def resolved(stream: BinaryIO, layout: Format, names: ColumnNames) -> Format:
    """Return ``layout`` with a known encoding and separator.

    Args:
        stream: the bytes of the extract; seekable, left open at its beginning.
        names: the columns that are used, which tell the separator.

    Raises:
        TableError: when the encoding or the separator cannot be told.
    """
    known = encoding_of(stream, layout).encoding
    layout = layout.model_copy(update={"encoding": known})
    return layout.model_copy(update={"separator": separator_of(stream, layout, names)})


# -- encoding ----------------------------------------------------------------------------------


def encoding_of(stream: BinaryIO, layout: Format) -> Sniffed:
    """Return the encoding of a file under ``layout``; ``stream`` is left at its beginning.

    A code page takes any byte: a file declared as one is still looked at, lest all its accented
    letters pass as two wrong ones.

    Raises:
        TableError: when the file is UTF-32, which no ERP writes on purpose, or UTF-8 where a code
            page is declared.
    """
    if layout.encoding != "auto":
        if layout.encoding in _CODE_PAGES:
            return _as_declared(stream, layout.encoding)
        return Sniffed(layout.encoding)
    stream.seek(0)
    head = stream.read(_HEAD)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        msg = "it is UTF-32 text; have it written as UTF-8"
        raise TableError(msg)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            stream.seek(0)
            return Sniffed(encoding)
    wide = _wide(head)
    stream.seek(0)
    if wide is not None:
        return Sniffed(wide)
    sequences, bad = utf8_counts(stream)
    stream.seek(0)
    if not bad or sequences * STRAY >= bad:
        return Sniffed("utf-8")
    return Sniffed(layout.fallback_encoding, sequences)


def _as_declared(stream: BinaryIO, encoding: Encoding) -> Sniffed:
    stream.seek(0)
    sequences, bad = utf8_counts(stream)
    stream.seek(0)
    if sequences and not bad:
        msg = f"the file is UTF-8, the profile says {encoding}"
        raise TableError(msg)
    return Sniffed(encoding, sequences)


def _wide(head: bytes) -> Literal["utf-16-le", "utf-16-be"] | None:
    """Return the UTF-16 that ``head`` is: one half of its bytes is mostly zero, the other not.

    A stray zero byte does not make UTF-16 of a file, nor a character U+0000 another order of it.
    """
    pairs = len(head) // 2
    first, second = head[0 : 2 * pairs : 2].count(0), head[1::2].count(0)
    if second * 2 > pairs and first * 8 <= second:
        return "utf-16-le"
    if first * 2 > pairs and second * 8 <= first:
        return "utf-16-be"
    return None


def utf8_counts(stream: BinaryIO) -> tuple[int, int]:
    """Return how many sequences of the rest of a file prove UTF-8, and how many bytes are bad."""
    sequences = bad = 0
    rest = b""
    while block := stream.read(BLOCK):
        data = rest + block
        cut = len(data) - _unfinished(data)
        data, rest = data[:cut], data[cut:]
        if not data.isascii():
            found, faults = _counted(data)
            sequences, bad = sequences + found, bad + faults
    return sequences, bad + len(rest)


def _counted(data: bytes) -> tuple[int, int]:
    above = len(data.translate(None, _ASCII))
    found = _SEQUENCE.findall(data)
    proofs = sum(sequence[0] not in _CAPITALS for sequence in found)
    return proofs, above - sum(map(len, found))


def _unfinished(data: bytes) -> int:
    """Return how many bytes at the end begin a sequence that the next block may end."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if needed > back else 0
    return 0


# -- separator -----------------------------------------------------------------------------------


def separator_of(stream: BinaryIO, layout: Format, names: ColumnNames) -> str:
    """Return the separator under which the heading holds most of the wanted columns.

    Args:
        stream: left at its beginning.
        layout: with a known encoding.

    Raises:
        TableError: naming what was tried, when none gives a wanted column, or two as many.
    """
    if layout.separator != "auto":
        return layout.separator
    held: dict[str, int] = {}
    for separator in SEPARATORS:
        candidate = layout.model_copy(update={"separator": separator})
        headings = list(_headings(stream, candidate))
        if not headings:
            return ";"  # an empty file has no separator, and needs none
        held[separator] = max(names.held(heading) for heading in headings)
    most = max(held.values())
    best = [separator for separator, count in held.items() if count == most]
    if most and len(best) == 1:
        return best[0]
    told = ", ".join(f"{SEPARATORS[separator]} {count}" for separator, count in held.items())
    msg = (
        f"no separator can be told: of the {len(names.wanted)} columns of the profile the heading"
        f" holds {told}"
    )
    raise TableError(msg)


def _headings(stream: BinaryIO, layout: Format) -> Iterator[tuple[str, ...]]:
    """Yield the records that may be the heading: the first, or one below a SAP title."""
    if layout.sap_list:
        for line in first_lines(stream, layout.encoding, TITLE_LINES):
            if line.strip():
                yield cells_of(line, layout)
        return
    stream.seek(0)
    records = Records(stream, file="", layout=layout)
    try:
        heading = records.header()
    except HeaderError:
        heading = ("",)  # there is one, and it holds nothing that is wanted
    finally:
        records.close()
        stream.seek(0)
    if heading:
        yield heading


def first_lines(stream: BinaryIO, encoding: str, count: int) -> list[str]:
    """Return the first physical lines without their ends; ``stream`` is left at its beginning."""
    stream.seek(0)
    text = text_of(stream, encoding)
    lines: list[str] = []
    try:
        while len(lines) < count and (line := read_line(text)):
            lines.append(line.rstrip("\r\n"))
    finally:
        text.detach()
        stream.seek(0)
    return lines
