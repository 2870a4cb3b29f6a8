"""SAP list downloads (*unconverted*): a printed list, saved as text.

Rows are framed by bars, the heading stands between two rulers of dashes and comes again on every
page, below titles; a row may take several physical lines. The bars of the heading decide where a
cell ends, so a bar in a text does no harm; a row whose bars stand elsewhere is a finding. A line
without any bar is no row: every piece of a broken row keeps one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

from transforms.finding import Finding, Location, Severity
from transforms.headings import Heading
from transforms.records import BAD_CHARACTER, RowFault, bad_character, read_line, text_of
from transforms.sap_bands import Band, bands_of, is_ruler, told_apart
from transforms.sap_tabs import SUM_MARK, sums_warning
from transforms.table import TableChunk, TableError, in_chunks, kept_columns

_NUMBER = re.compile(r"[0-9]+")
_TRAILER = re.compile(r"[\t;|,]")


class SapListTable:
    """A SAP list download, as a table.

    Args:
        stream: the bytes of the extract; left open.
        file: name told in findings.
        encoding: of the file.
        heading: what :func:`~transforms.sap_bands.sap_heading` found.
        trailer_mark: first cell of a trailer record, which is no data.

    Raises:
        TableError: when the lines of a row cannot be told apart.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        file: str,
        encoding: str,
        heading: tuple[int, tuple[str, ...]],
        trailer_mark: str = "",
    ) -> None:
        self._file = file
        self._encoding = encoding
        self._trailer_mark = trailer_mark
        first, self._heading = heading
        self._bands: tuple[Band, ...] = bands_of(self._heading)
        if not told_apart(self._bands):
            msg = (
                f"line {first}: the {len(self._heading)} lines of a row look alike;"
                " have the list written with one line per row"
            )
            raise TableError(msg)
        self._columns = tuple(label for band in self._bands for label in band.labels)
        self._names = Heading(self._columns)
        self._text = text_of(stream, encoding)
        self._pending: deque[str] = deque()
        self._line = 0
        self._ended = True
        self._sums: list[int] = []
        self._titles: set[str] = set()
        self._above: list[RowFault] = []
        for _ in range(first - 1):
            self._see_title(self._next() or "")
        for label in self._heading:
            self._titles.add(_levelled(label))
            self._next()
        self._heading_end = self._line
        if (below := self._next()) is not None:
            self._heading_end += is_ruler(below)
            self._put_back([below])

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column of the list, in order."""
        return self._columns

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what is worth telling about the file itself, complete after the last chunk."""
        told = (*sums_warning(self._file, self._sums), *self._names.warnings(self._file))
        if self._ended:
            return told
        return (*told, Finding("XT-END-01", Severity.WARNING, Location(self._file, self._line)))

    @property
    def heading_end(self) -> int:
        """Return the last physical line of the heading: titles, labels, the ruler below them."""
        return self._heading_end

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last physical line of each row or fault; instead of chunks."""
        while (text := self._next()) is not None:
            line = self._line
            if not self._is_heading(text):
                self._row(text)
                yield line, self._line

    def close(self) -> None:
        """Let go of the stream without closing it."""
        self._text.detach()

    def chunks(self, wanted: Collection[str]) -> Iterator[TableChunk]:
        """Yield the rows with the ``wanted`` columns only, without the blanks around their cells.

        Raises:
            TableError: when a wanted column is there twice.
        """
        yield from in_chunks(self.keys(kept_columns(self._columns, wanted)))

    def keys(self, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]] | RowFault]:
        """Yield (line, cells of ``columns``) of each row, and the faults; instead of chunks."""
        return self._read([self._columns.index(column) for column in columns])

    # -- rows ------------------------------------------------------------------------------------

    def _see_title(self, text: str) -> None:
        """Remember a line above the heading; one that looks like a row is a finding.

        The heading of the first page may be damaged: its rows must not be lost for titles.
        """
        self._titles.add(_levelled(text))
        if self._bands[0].fitted(text) is not None:
            self._above.append(self._fault("XT-LIST-01", self._line, value=text))

    def _read(self, ranks: Sequence[int]) -> Iterator[tuple[int, tuple[str, ...]] | RowFault]:
        """Yield the cells of the columns of ``ranks`` of each row, and the faults."""
        places = [
            (number, span)
            for number, band in enumerate(self._bands)
            for span in range(len(band.labels))
        ]
        picked = [places[rank] for rank in ranks]
        mark, label = next(
            ((span, name) for span, name in enumerate(self._bands[0].labels) if name), (0, "*")
        )
        yield from self._above
        trailer: int | None = None
        after_row = False
        while (text := self._next()) is not None:
            line = self._line
            if not text or text.isspace():
                continue
            if trailer is not None:
                params = {"trailer_line": str(trailer)}
                yield self._fault("XT-TRAILER-01", line, params=params)
            elif self._is_trailer(text):
                trailer = line
            elif is_ruler(text) or self._is_heading(text):
                after_row = False
            elif "|" not in text:
                if after_row and self._bands[-1].open:
                    # The last cell has no closing bar: this may be the rest of its text.
                    yield self._fault("XT-LIST-02", line, value=text)
            elif (lines := self._row(text)) is None:
                if _levelled(text) not in self._titles:
                    yield self._misfit(line, text)
            else:
                after_row = True
                whole = "".join(lines)
                if not whole.isprintable() and BAD_CHARACTER.search(whole):
                    yield self._unreadable(line, lines)
                elif SUM_MARK.fullmatch(self._bands[0].cell(lines[0], 0)):
                    self._sums.append(line)
                elif self._bands[0].cell(lines[0], mark) == label:
                    # The heading again, not as it was: one of the two is damaged.
                    yield self._fault("XT-LIST-01", line, value=text)
                else:
                    if self._names.watches:
                        self._names.see(line, self._cells(lines))
                    yield (
                        line,
                        tuple(
                            self._bands[number].cell(lines[number], span) for number, span in picked
                        ),
                    )

    def _row(self, first: str) -> list[str] | None:
        """Return the lines of the row that begins with ``first``; None when they do not fit."""
        found = self._bands[0].fitted(first)
        if found is None:
            return None
        lines = [found]
        taken: list[str] = []
        for band in self._bands[1:]:
            text = self._next()
            if text is not None:
                taken.append(text)
            # A line that could begin a row is never the rest of the row above it.
            fitted = None if text is None or self._bands[0].fitted(text) else band.fitted(text)
            if fitted is None:
                self._put_back(taken)
                return None
            lines.append(fitted)
        return lines

    def _is_heading(self, text: str) -> bool:
        """Whether the heading comes again from ``text`` on; its further lines are then taken."""
        if text.rstrip() != self._heading[0]:
            return False
        taken: list[str] = []
        for expected in self._heading[1:]:
            further = self._next()
            if further is not None:
                taken.append(further)
            if further is None or further.rstrip() != expected:
                self._put_back(taken)
                return False
        return True

    def _is_trailer(self, text: str) -> bool:
        mark = self._trailer_mark
        return bool(mark) and _TRAILER.split(text, maxsplit=1)[0].strip().strip('"') == mark

    # -- what is wrong ---------------------------------------------------------------------------

    def _misfit(self, line: int, text: str) -> RowFault:
        band = self._bands[0]
        # A line longer than the heading may be two rows that lost the line end between them.
        cells = () if band.exceeded_by(text) else band.leading_cells(text)
        clean = tuple("" if BAD_CHARACTER.search(cell) else cell for cell in cells)
        fault = self._fault("XT-LIST-01", line, value=text)
        return RowFault(line, fault.findings, clean, len(clean))

    def _cells(self, lines: Sequence[str]) -> list[str]:
        """Return every cell of a row."""
        return [
            band.cell(text, span)
            for band, text in zip(self._bands, lines, strict=True)
            for span in range(len(band.labels))
        ]

    def _unreadable(self, line: int, lines: Sequence[str]) -> RowFault:
        cells = self._cells(lines)
        places = (Location(self._file, line, column or None) for column in self._columns)
        found = (
            bad_character(cell, place, self._encoding)
            for cell, place in zip(cells, places, strict=True)
        )
        findings = tuple(finding for finding in found if finding is not None)
        if not findings:
            # It stands outside of the cells, beyond the last bar.
            return self._fault("XT-LIST-01", line, value="".join(lines))
        clean = tuple("" if BAD_CHARACTER.search(cell) else cell for cell in cells)
        return RowFault(line, findings, clean, len(clean))

    def _fault(
        self,
        rule: str,
        line: int,
        *,
        value: str | None = None,
        params: dict[str, str] | None = None,
    ) -> RowFault:
        shown = None if value is None else BAD_CHARACTER.sub("\ufffd", value.rstrip())
        place = Location(self._file, line)
        return RowFault(
            line, (Finding(rule, Severity.ERROR, place, value=shown, params=params or {}),)
        )

    # -- physical lines --------------------------------------------------------------------------

    def _next(self) -> str | None:
        text = self._pending.popleft() if self._pending else read_line(self._text)
        if not text:
            return None
        self._line += 1
        if text[-1] not in "\r\n":
            self._ended = False
        return text.rstrip("\r\n")

    def _put_back(self, lines: Sequence[str]) -> None:
        # They are handed out without line end, and none is the last of the file for it.
        self._pending.extendleft(f"{line}\n" for line in reversed(lines))
        self._line -= len(lines)


def _levelled(text: str) -> str:
    """Return a title so that it is the same on every page: dates and page numbers differ."""
    return _NUMBER.sub("0", " ".join(text.split()))
