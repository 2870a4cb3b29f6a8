"""Tables of Excel workbooks, as the text their cells mean.

A number becomes its shortest decimal text with the profile's decimal mark, a date the profile's
first date format, so that the mapping reads both back exactly. What Excel has already lost is a
finding: digits beyond the fifteenth, an error value, a formula that was never calculated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from openpyxl import load_workbook

from config.profile import Profile
from transforms.dates import date_text
from transforms.finding import Finding, Location, Severity
from transforms.headings import Heading, below_other_heading
from transforms.records import RowFault
from transforms.table import TableChunk, TableError, in_chunks, kept_columns
from transforms.workbook_guard import guard_workbook

#: Excel keeps fifteen significant digits (Microsoft, Excel specifications and limits).
_EXACT_DIGITS = 15


class WorkbookTable:
    """A sheet of an Excel workbook (XLSX).

    Args:
        stream: the bytes of the workbook; seekable, left open.
        file: name told in findings.
        profile: sheet, decimal mark and date format.

    Raises:
        TableError: when it is no workbook or has no such sheet.
    """

    def __init__(self, stream: BinaryIO, *, file: str, profile: Profile) -> None:
        self._file = file
        self._decimal = profile.numbers.decimal
        self._date_format = profile.dates.formats[0]
        sheet = profile.format.sheet
        try:
            guard_workbook(stream)
            self._values = load_workbook(stream, read_only=True, data_only=True)
            stream.seek(0)
            # The same sheet with its formulas: a formula without value would look like an empty
            # cell.
            self._formulas = load_workbook(stream, read_only=True, data_only=False)
        except Exception as error:
            raise _broken(error) from error
        if sheet is not None and sheet not in self._values.sheetnames:
            msg = f"there is no sheet {sheet!r}; there are {', '.join(self._values.sheetnames)}"
            raise TableError(msg)
        if not self._values.worksheets:
            msg = "the workbook has no sheet with cells"
            raise TableError(msg)
        name = sheet or self._values.worksheets[0].title
        self._rows = self._sound(name)
        self._line = 0
        self._columns = self._header()
        self._heading_end = self._line
        self._headings = Heading(self._columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column of the sheet, in order; empty when the sheet is empty."""
        return self._columns

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what is worth telling about the file itself, complete after the last chunk."""
        return self._headings.warnings(self._file)

    @property
    def heading_end(self) -> int:
        """Return the row of the heading."""
        return self._heading_end

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield each row that is not blank, as a first and a last line; instead of chunks."""
        for line, _, _ in self._records(frozenset()):
            yield line, line

    def close(self) -> None:
        """Let go of the stream without closing it."""
        with suppress(AttributeError):
            self._values.close()
            self._formulas.close()

    def chunks(self, wanted: Collection[str]) -> Iterator[TableChunk]:
        """Yield the rows with the ``wanted`` columns only, in the order of the sheet.

        Raises:
            TableError: when a wanted column is there twice.
        """
        yield from in_chunks(self.keys(kept_columns(self._columns, wanted)))

    def keys(self, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]] | RowFault]:
        """Yield (line, cells of ``columns``) of each row, and the faults; instead of chunks."""
        ranks = [self._columns.index(column) for column in columns]
        for line, cells, findings in self._records(frozenset(ranks)):
            if findings:
                yield RowFault(line, findings, cells, len(cells))
            else:
                yield line, tuple(cells[rank] for rank in ranks)

    # -- cells -----------------------------------------------------------------------------------

    def _sound(self, name: str) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        """Yield the rows of both readings of a sheet; a damaged one is no table.

        Sheets are parsed while they are read, so a damage shows in the middle of the rows.
        """
        try:
            yield from zip(
                self._cells(self._values[name]), self._cells(self._formulas[name]), strict=True
            )
        except Exception as error:
            raise _broken(error) from error

    @staticmethod
    def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
        # Excel and others write a wrong used range now and then: read what is there.
        sheet.reset_dimensions()
        yield from sheet.iter_rows()

    def _header(self) -> tuple[str, ...]:
        for values, _ in self._rows:
            self._line += 1
            names = [str(cell.value).strip() if cell.value is not None else "" for cell in values]
            while names and not names[-1]:
                names.pop()
            if names:
                return tuple(names)
        return ()

    def _records(
        self, used: frozenset[int]
    ) -> Iterator[tuple[int, tuple[str, ...], tuple[Finding, ...]]]:
        width, other = len(self._columns), 0
        for values, formulas in self._rows:
            self._line += 1
            if all(_is_blank(cell.value) for cell in formulas):
                continue
            texts = [str(cell.value) if cell.value is not None else "" for cell in values]
            kind = self._headings.kind_of(self._line, (*texts, *[""] * (width - len(texts))))
            if kind != "row":
                other = self._line if kind == "other" else 0
            if kind == "same":
                continue
            if other:
                yield self._line, (), (below_other_heading(self._file, self._line, other),)
                continue
            if self._headings.watches:
                self._headings.see(self._line, texts)
            cells: list[str] = []
            findings: list[Finding] = []
            for rank, (cell, formula) in enumerate(zip(values, formulas, strict=True)):
                text, rule = self._read(cell, formula)
                if rank >= width:
                    if text:
                        findings.append(self._finding("XT-FIELDS-02", rank, text))
                    continue
                cells.append(text)
                if rule is not None and rank in used:
                    findings.append(self._finding(rule, rank, text))
            cells += [""] * (width - len(cells))
            yield self._line, tuple(cells), tuple(findings)

    def _finding(self, rule: str, rank: int, text: str) -> Finding:
        column = self._columns[rank] if rank < len(self._columns) else None
        params = {"expected": str(len(self._columns)), "found": str(rank + 1)}
        place = Location(self._file, self._line, column)
        return Finding(rule, Severity.ERROR, place, value=text, params=params)

    def _read(self, cell: Any, formula: Any) -> tuple[str, str | None]:
        """Return the text of a cell, and the rule it breaks."""
        value = cell.value
        if value is None:
            is_formula = getattr(formula, "data_type", "") == "f"
            return ("", "XT-FORMULA-01") if is_formula else ("", None)
        if isinstance(value, str):
            if cell.data_type == "e":
                return value, "XT-CELL-01"
            return value, None
        if isinstance(value, bool):
            return ("TRUE" if value else "FALSE"), None
        if isinstance(value, int | float):
            return self._number(value, cell.number_format or "")
        if isinstance(value, datetime):
            return date_text(value.date(), self._date_format), None
        if isinstance(value, date):
            return date_text(value, self._date_format), None
        if isinstance(value, time | timedelta):
            return str(value), None
        return str(value), None

    def _number(self, value: float, number_format: str) -> tuple[str, str | None]:
        number = Decimal(repr(value))
        if len(number.normalize().as_tuple().digits) > _EXACT_DIGITS:
            # What a calculation leaves beyond the digits Excel shows: 0.30000000000000004.
            number = Decimal(f"{value:.{_EXACT_DIGITS}g}")
        if "%" in number_format:
            number *= 100  # the cell shows 20 %, Excel keeps 0.2
        text = f"{number.normalize():f}" if number else "0"
        lost = abs(number) >= 10**_EXACT_DIGITS
        return text.replace(".", self._decimal), "XT-DIGITS-01" if lost else None


def _broken(error: Exception) -> TableError:
    # What openpyxl lets through of a damage is not told in advance: errors of the archive, of the
    # XML, of missing parts and attributes, of values that make no sense.
    return TableError(f"it is no Excel workbook (.xlsx), or a damaged one: {error}")


def _is_blank(value: Any) -> bool:
    """Whether a cell holds nothing: rows of blanks are what a spreadsheet leaves at the end."""
    return value is None or (isinstance(value, str) and not value.strip())
