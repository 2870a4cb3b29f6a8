"""Tables of an extract: columns and rows of text, with the physical line of each row.

Text extracts go through the strict pass (``transforms.records``) and then pandas, which is given
only the records that passed and reads every cell as the text it is: no empty value becomes NaN,
no number is guessed. Workbooks come from ``transforms.workbook`` in the same form.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import pandas as pd

from config.profile import Format
from transforms.finding import Finding
from transforms.records import Record, Records, RowFault
from transforms.records import TableError as TableError

#: Records given to pandas at a time: bounds the memory whatever the size of the file.
CHUNK_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class TableChunk:
    """Some rows of a table, and the records that could not become rows, both in line order."""

    lines: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    faults: tuple[RowFault, ...]


class Table(Protocol):
    """A table being read; one pass."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column of the file, in order; empty when the file is empty."""
        ...

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what is worth telling about the file itself, complete after the last chunk."""
        ...

    def chunks(self, wanted: Collection[str]) -> Iterator[TableChunk]:
        """Yield the rows with the ``wanted`` columns only, in the order of the file."""
        ...

    def keys(self, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]] | RowFault]:
        """Yield (line, cells of ``columns``) of each row, and the faults; instead of chunks."""
        ...

    @property
    def heading_end(self) -> int:
        """Return the last physical line of the heading, what stands above it included."""
        ...

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last physical line of each row or fault; instead of chunks."""
        ...

    def close(self) -> None:
        """Let go of the stream without closing it."""
        ...


def in_order(chunk: TableChunk) -> Iterator[tuple[int, tuple[str, ...]] | RowFault]:
    """Yield the rows of a chunk, as (line, cells), and its faults, in the order of their lines."""
    rows: Iterator[tuple[int, tuple[str, ...]]] = zip(chunk.lines, chunk.rows, strict=True)
    if not chunk.faults:
        yield from rows
        return
    faults = deque(chunk.faults)
    for row in rows:
        while faults and faults[0].line < row[0]:
            yield faults.popleft()
        yield row
    yield from faults


def in_chunks(
    rows: Iterable[tuple[int, tuple[str, ...]] | RowFault],
) -> Iterator[TableChunk]:
    """Yield rows and faults, as :func:`in_order` gives them, in chunks that bound the memory."""
    lines: list[int] = []
    cells: list[tuple[str, ...]] = []
    faults: list[RowFault] = []
    for row in rows:
        if isinstance(row, RowFault):
            faults.append(row)
        else:
            lines.append(row[0])
            cells.append(row[1])
        if max(len(lines), len(faults)) >= CHUNK_ROWS:
            yield TableChunk(tuple(lines), tuple(cells), tuple(faults))
            lines, cells, faults = [], [], []
    if lines or faults:
        yield TableChunk(tuple(lines), tuple(cells), tuple(faults))


def kept_columns(columns: tuple[str, ...], wanted: Collection[str]) -> tuple[str, ...]:
    """Return the wanted columns of a file in the order of the file.

    Raises:
        TableError: when a wanted column is there twice: which one counts is unknown.
    """
    kept = tuple(column for column in columns if column in wanted)
    twice = sorted({column for column in kept if kept.count(column) > 1})
    if twice:
        msg = f"columns given twice: {', '.join(twice)}"
        raise TableError(msg)
    return kept


class TextTable:
    """A CSV or TSV extract.

    Args:
        stream: the bytes of the extract; left open.
        file: name told in findings.
        layout: encoding, separator, quote.
        trailer_mark: first cell of a trailer record, which is no data.
        records: how the bytes are cut into records, when it is not the usual way.

    Raises:
        TableError: when the header cannot be read.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        file: str,
        layout: Format,
        trailer_mark: str = "",
        records: Callable[..., Records] = Records,
    ) -> None:
        self._layout = layout
        self._records = records(stream, file=file, layout=layout, trailer_mark=trailer_mark)
        self._file = file
        try:
            self._columns = self._records.header()
        except ValueError as error:
            raise TableError(str(error)) from error
        self._heading_end = self._records.line

    @property
    def heading_end(self) -> int:
        """Return the last physical line of the heading, titles above it included."""
        return self._heading_end

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last physical line of each record; instead of chunks."""
        return self._records.places()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column of the file, in order; empty when the file is empty."""
        return self._columns

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what is worth telling about the file itself, complete after the last chunk."""
        return self._records.warnings

    def close(self) -> None:
        """Let go of the stream without closing it."""
        self._records.close()

    def chunks(self, wanted: Collection[str]) -> Iterator[TableChunk]:
        """Yield the rows with the ``wanted`` columns only, in the order of the file.

        Raises:
            TableError: when a wanted column is there twice.
        """
        kept = kept_columns(self._columns, wanted)
        ranks = [rank for rank, column in enumerate(self._columns) if column in kept]
        lines: list[int] = []
        texts: list[str] = []
        faults: list[RowFault] = []
        for record in self._records:
            if isinstance(record, Record):
                lines.append(record.line)
                texts.append(record.text)
                if len(lines) < CHUNK_ROWS:
                    continue
            else:
                faults.append(record)
                if len(faults) < CHUNK_ROWS:
                    continue
            yield TableChunk(tuple(lines), self._rows(texts, ranks), tuple(faults))
            lines, texts, faults = [], [], []
        if lines or faults:
            yield TableChunk(tuple(lines), self._rows(texts, ranks), tuple(faults))

    def keys(self, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]] | RowFault]:
        """Yield (line, cells of ``columns``) of each record; cheaper than :meth:`chunks`."""
        ranks = [self._columns.index(column) for column in columns]
        first, one, splits = ranks[0], len(ranks) == 1, max(ranks) + 1
        separator, quote = self._layout.separator, self._layout.quote
        for record in self._records:
            if isinstance(record, RowFault):
                yield record
                continue
            if not quote or quote not in record.text:
                cells: Sequence[str] = record.text.split(separator, splits)
            else:
                cells = self._records.cells(record.text)
            yield record.line, (cells[first],) if one else tuple(cells[rank] for rank in ranks)

    def _rows(self, texts: list[str], ranks: list[int]) -> tuple[tuple[str, ...], ...]:
        if not texts:
            return ()
        if not ranks:
            return ((),) * len(texts)
        quote = self._layout.quote
        frame = pd.read_csv(
            io.StringIO("\n".join(texts) + "\n", newline=""),
            sep=self._layout.separator,
            quotechar=quote or '"',
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            header=None,
            names=list(range(len(self._columns))),
            usecols=ranks,
            index_col=False,
            dtype=object,
            keep_default_na=False,
            na_filter=False,
            skip_blank_lines=False,
            low_memory=False,
            engine="c",
        )
        if len(frame) != len(texts):
            msg = f"{self._file}: {len(texts)} records became {len(frame)} rows"
            raise TableError(msg)
        return tuple(zip(*(frame[rank].tolist() for rank in ranks), strict=True))
