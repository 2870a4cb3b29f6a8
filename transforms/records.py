"""The strict pass: cut a text extract into records, and say which ones cannot be trusted.

It goes before pandas, which left alone fills short rows, shifts cells on long ones and dies on
one bad byte. A record that fails is told with its physical line; the pass then goes on with the
next line, so that one stray quote never swallows the rest of the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from config.profile import Format
from transforms.finding import Finding, Location, Severity
from transforms.headings import Heading, below_other_heading

#: Characters no cell may hold: bytes that are no text under the declared encoding (kept as lone
#: surrogates), control characters, which XML 1.0 refuses, and the byte-order mark.
BAD_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
#: Characters of a physical line: a cell of an invoice has some thousands at most.
LONGEST_LINE = 1 << 24
_BYTE_BASE = 0xDC00
_KEEP_BYTES = "chorus-flows.keep-bytes"
#: Signature of UTF-8 read as a Western code page.
_MISREAD_SIGNATURE = "\u00ef\u00bb\u00bf"


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    """Replace undecodable bytes by lone surrogates that remember them."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    kept = "".join(chr(_BYTE_BASE + byte) for byte in error.object[error.start : error.end])
    return kept, error.end


codecs.register_error(_KEEP_BYTES, _keep_bytes)


def text_of(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """Return ``stream`` as text, line ends as they are; bytes that are no text are kept apart.

    A line ends with LF, CR LF or CR. :data:`BAD_CHARACTER` finds the bytes that are no text.
    """
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    return io.TextIOWrapper(stream, codec, errors=_KEEP_BYTES, newline="")


class TableError(ValueError):
    """Raised when a file is no table at all, or a needed column is missing or ambiguous.

    ``next_step`` says what to do about it.
    """

    next_step = "Check format in the profile (encoding, separator), or ask for the file again."


def read_line(text: io.TextIOBase) -> str:
    """Return the next line with its end; nothing at the end of the text.

    Raises:
        TableError: it is longer than any record: a file without line ends is not held in memory.
    """
    line = text.readline(LONGEST_LINE)
    if len(line) >= LONGEST_LINE and line[-1] not in "\r\n":
        msg = f"a line is longer than {LONGEST_LINE:,} characters: this is no text extract"
        raise TableError(msg)
    return line


def cells_of(text: str, layout: Format) -> tuple[str, ...]:
    """Return the cells of a record, as far as they can be told apart."""
    separator, quote = layout.separator, layout.quote
    if not quote or quote not in text:
        return tuple(text.split(separator))
    try:
        return tuple(next(csv.reader([text], delimiter=separator, quotechar=quote)))
    except StopIteration:
        return tuple(text.split(separator))
    except csv.Error:  # a cell longer than the module takes, or a broken quote
        return _long_cells(text, layout)


def _long_cells(text: str, layout: Format) -> tuple[str, ...]:
    whole, _, quoted = _grammar(layout)
    if not whole.fullmatch(text):
        return tuple(text.split(layout.separator))
    cells: list[str] = []
    at = 0
    while at <= len(text):
        found = quoted.match(text, at)
        end = found.end() if found else text.find(layout.separator, at)
        end = len(text) if end < 0 else end
        cell = text[at:end]
        cells.append(cell[1:-1].replace(layout.quote * 2, layout.quote) if found else cell)
        at = end + 1
    return tuple(cells)


def bad_character(cell: str, place: Location, encoding: str) -> Finding | None:
    """Return the finding of the first character of a cell that no invoice may hold, if any."""
    found = BAD_CHARACTER.search(cell)
    if found is None:
        return None
    code = ord(found.group())
    is_byte = _BYTE_BASE <= code < _BYTE_BASE + 256
    return Finding(
        "XT-BYTE-01" if is_byte else "XT-CONTROL-01",
        Severity.ERROR,
        place,
        value=BAD_CHARACTER.sub("\ufffd", cell),
        params={
            "byte": f"0x{code - _BYTE_BASE:02X}" if is_byte else f"U+{code:04X}",
            "encoding": encoding,
        },
    )


@dataclass(frozen=True, slots=True)
class RowFault:
    """A record that cannot be trusted.

    Attributes:
        line: physical line (from 1) on which it begins.
        findings: what is wrong with it.
        cells: its cells as far as they can be told apart.
        trusted: how many leading cells are certain to stand in their own column.
    """

    line: int
    findings: tuple[Finding, ...]
    cells: tuple[str, ...] = ()
    trusted: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """A record that passed: the line on which it begins and its text, without line end."""

    line: int
    text: str


class HeaderError(ValueError):
    """Raised when the header of an extract cannot be read at all."""


class Records:
    """The records of one text extract, header first; iterate once.

    Args:
        stream: the bytes of the extract; left open.
        file: name told in findings.
        layout: encoding, separator, quote.
        trailer_mark: first cell of a trailer record; it is no data. Empty: there is none.

    Raises:
        HeaderError: by :meth:`header`, when the first record cannot be read.
    """

    def __init__(
        self, stream: BinaryIO, *, file: str, layout: Format, trailer_mark: str = ""
    ) -> None:
        self._file = file
        self._layout = layout
        self._trailer_mark = trailer_mark
        self._text = text_of(stream, layout.encoding)
        self._pending: deque[str] = deque()
        self._line = 0
        self._ended = True
        self._whole, self._open, self._quoted = _grammar(layout)
        self.columns: tuple[str, ...] = ()
        self.heading = ""
        self._headings = Heading(())

    def header(self) -> tuple[str, ...]:
        """Read and return the names of the columns; an empty tuple when the file is empty."""
        for line, text, fault in self._split():
            cells = tuple(cell.strip() for cell in self.cells(text)) if fault is None else ()
            if fault is not None or BAD_CHARACTER.search(text):
                msg = f"line {line}: the header cannot be read as {self._layout.encoding} text"
                raise HeaderError(msg)
            if cells[0].startswith(_MISREAD_SIGNATURE):
                msg = f"the file is UTF-8, the profile says {self._layout.encoding}"
                raise HeaderError(msg)
            self.columns, self.heading = cells, text
            self._headings = Heading(cells)
            return cells
        return ()

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what is worth telling about the file itself, once it is read to its end."""
        told = self._headings.warnings(self._file)
        if self._ended or not self._line:
            return told
        return (*told, Finding("XT-END-01", Severity.WARNING, Location(self._file, self._line)))

    def __iter__(self) -> Iterator[Record | RowFault]:
        """Yield the data records in order of lines."""
        width, head = len(self.columns), self._headings
        long, longer = head.probes
        trailer: int | None = None
        other: int | None = None
        for line, text, rule in self._split():
            if trailer is not None:
                place = Location(self._file, line)
                params = {"trailer_line": str(trailer)}
                finding = Finding("XT-TRAILER-01", Severity.ERROR, place, params=params)
                yield RowFault(line, (finding,))
                continue
            if self._trailer_mark and self._trailer_mark in text[: len(self._trailer_mark) + 1]:
                trailer = line if self.cells(text)[0] == self._trailer_mark else None
                if trailer is not None:
                    continue
            if long in text or longer in text:
                kind = head.kind_of(line, self.cells(text))
                if kind == "same":
                    other = None
                    continue
                if kind == "other":
                    other = line
            if other is not None:
                yield RowFault(line, (below_other_heading(self._file, line, other),))
                continue
            if head.watches:
                head.see(line, self.cells(text))
            sound = rule is None and self._count(text) == width
            if sound and (text.isprintable() or not BAD_CHARACTER.search(text)):
                yield Record(line, text)
            else:
                yield self._fault(line, text, rule)

    @property
    def line(self) -> int:
        """Return the last physical line that was read."""
        return self._line

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last physical line of each record; instead of iterating."""
        for line, _, _ in self._split():
            yield line, self._line

    def cells(self, text: str) -> tuple[str, ...]:
        """Return the cells of a record, as far as they can be told apart."""
        return cells_of(text, self._layout)

    def close(self) -> None:
        """Let go of the stream without closing it."""
        self._text.detach()

    # -- records out of physical lines -----------------------------------------------------------

    def _split(self) -> Iterator[tuple[int, str, str | None]]:
        """Yield (line, text, rule broken by the quotes, if any); blank ones are passed over."""
        quote, separator = self._layout.quote, self._layout.separator
        blank = separator + " "
        while (physical := self._next()) is not None:
            line, text = self._line, physical.rstrip("\r\n")
            if not text or (text[0] == separator and not text.strip(blank)):
                # Blank, or the rows of bare separators that spreadsheets leave at the end.
                continue
            if not quote or quote not in text or self._whole.fullmatch(text):
                yield line, text, None
            elif self._open.fullmatch(text):
                yield self._continue(line, physical)
            else:
                yield line, text, "XT-QUOTE-02"

    def _continue(self, line: int, first: str) -> tuple[int, str, str | None]:
        """Join the lines of a record whose quote is open, or give the lines back."""
        quote, width = self._layout.quote, len(self.columns)
        taken: list[str] = []
        while len(taken) < self._layout.max_record_lines - 1:
            physical = self._next()
            if physical is None:
                break
            taken.append(physical)
            if quote not in physical:
                continue
            text = (first + "".join(taken)).rstrip("\r\n")
            if self._whole.fullmatch(text):
                if width in (0, self._count(text)) and not self._each_a_row(first, taken):
                    return line, text, None
                break
            if not self._open.fullmatch(text):
                break
        self._pending.extendleft(reversed(taken))
        self._line -= len(taken)
        return line, first.rstrip("\r\n"), "XT-QUOTE-01"

    def _each_a_row(self, first: str, taken: list[str]) -> bool:
        """Whether lines joined by a quote are rows by themselves.

        ``"Promo`` in one row and ``24"`` in the next, where nobody quotes: joined they would have
        as many cells as one row, and the second row would be lost inside of a text.
        """
        width = len(self.columns)
        marks = (line.count(self._layout.separator) for line in (first, *taken))
        return width > 2 and all(count == width - 1 for count in marks)

    def _next(self) -> str | None:
        physical = self._pending.popleft() if self._pending else read_line(self._text)
        if not physical:
            return None
        self._line += 1
        if physical[-1] not in "\r\n":
            self._ended = False
        return physical

    def _count(self, text: str) -> int:
        """Return the number of cells of a well-formed record."""
        if self._layout.quote and self._layout.quote in text:
            text = self._quoted.sub("", text)
        return text.count(self._layout.separator) + 1

    # -- what is wrong ---------------------------------------------------------------------------

    def _fault(self, line: int, text: str, rule: str | None) -> RowFault:
        width = len(self.columns)
        separator = self._layout.separator
        cells = self.cells(text)
        findings: list[Finding] = []
        if rule is not None:
            quote = self._layout.quote
            trusted = text[: text.index(quote)].count(separator)
            findings.append(self._finding(rule, line, trusted, text))
        elif len(cells) < width:
            trusted = len(cells) - 1
            findings.append(self._finding("XT-FIELDS-01", line, trusted, None, len(cells)))
        elif len(cells) > width:
            # Which cell holds the separator too many is unknown: only the first is certain, and
            # none when a lost line end may have joined rows of several invoices.
            findings.append(self._finding("XT-FIELDS-02", line, None, None, len(cells)))
            trusted = 1 if len(cells) < 2 * width - 1 else 0
            cells = cells if trusted else ()
        else:
            trusted = width
        for rank, cell in enumerate(cells):
            found = bad_character(cell, self._place(line, rank), self._layout.encoding)
            if found is not None:
                findings.append(found)
        clean = tuple("" if BAD_CHARACTER.search(cell) else cell for cell in cells)
        return RowFault(line, tuple(findings), clean, trusted)

    def _finding(
        self, rule: str, line: int, rank: int | None, value: str | None, count: int = 0
    ) -> Finding:
        params = {"expected": str(len(self.columns)), "found": str(count)}
        return Finding(rule, Severity.ERROR, self._place(line, rank), value=value, params=params)

    def _place(self, line: int, rank: int | None) -> Location:
        if rank is None or not 0 <= rank < len(self.columns):
            return Location(self._file, line)
        return Location(self._file, line, self.columns[rank])


def _grammar(layout: Format) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a whole record, of one whose quote is still open, of a quoted cell."""
    quote, separator = re.escape(layout.quote), re.escape(layout.separator)
    if not quote:
        never = re.compile("(?!)")
        return re.compile(".*", re.DOTALL), never, never
    inside = f"(?:[^{quote}]++|{quote}{quote})*+"
    cell = f"(?:{quote}{inside}{quote}|[^{quote}{separator}\r\n]*+)"
    return (
        re.compile(f"{cell}(?:{separator}{cell})*+"),
        re.compile(f"(?:{cell}{separator})*+{quote}{inside}"),
        re.compile(f"{quote}{inside}{quote}"),
    )
