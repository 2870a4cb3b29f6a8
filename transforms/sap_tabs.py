"""SAP downloads with tabs: titles above the heading, an empty column on the left, rows of sums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from config.profile import Format
from transforms.column_names import ColumnNames
from transforms.finding import Finding, Location, Severity
from transforms.records import Record, Records, RowFault, cells_of
from transforms.sniffing import TITLE_LINES, first_lines

#: First cell of a row of sums: a mark per level.
SUM_MARK = re.compile(r"\*+")


def title_lines(stream: BinaryIO, layout: Format, names: ColumnNames) -> int:
    """Return how many lines stand above the heading, which holds most of the wanted columns.

    ``stream`` is left at its beginning. None, when no line holds any.
    """
    lines = first_lines(stream, layout.encoding, TITLE_LINES)
    held = [names.held(cells_of(line, layout)) for line in lines]
    most = max(held, default=0)
    return held.index(most) if most else 0


def sums_warning(file: str, lines: list[int]) -> tuple[Finding, ...]:
    """Return what tells that the rows of sums on ``lines`` were not read."""
    if not lines:
        return ()
    place = Location(file, lines[0])
    return (Finding("XT-SUMS-01", Severity.WARNING, place, params={"count": str(len(lines))}),)


class SapTabRecords(Records):
    """The records of a SAP download with separators; see :class:`~transforms.records.Records`.

    A heading that comes again is passed over; a row of sums, whose first cell is ``*`` or ``**``,
    too, with a warning.

    Args:
        titles: physical lines above the heading.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        file: str,
        layout: Format,
        trailer_mark: str = "",
        titles: int = 0,
    ) -> None:
        super().__init__(stream, file=file, layout=layout, trailer_mark=trailer_mark)
        self._separator = layout.separator
        self._titles = titles
        self._sums: list[int] = []

    def header(self) -> tuple[str, ...]:
        """Read and return the names of the columns; an empty tuple when the file is empty."""
        for _ in range(self._titles):
            self._next()
        return super().header()

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what is worth telling about the file itself, once it is read to its end."""
        # Each page has its heading.
        others = (found for found in super().warnings if found.rule != "XT-HEADING-01")
        return (*sums_warning(self._file, self._sums), *others)

    def __iter__(self) -> Iterator[Record | RowFault]:
        """Yield the data records in order of lines."""
        for record in super().__iter__():
            if isinstance(record, Record) and SUM_MARK.fullmatch(
                record.text.split(self._separator, 1)[0].strip()
            ):
                self._sums.append(record.line)
                continue
            yield record
