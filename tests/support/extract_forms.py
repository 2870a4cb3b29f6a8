"""Grids of cells as bytes, and a naive reading that shares nothing with the engine."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from openpyxl import Workbook, load_workbook

Row = tuple[str, ...]
Grid = list[list[str]]


@dataclass(frozen=True)
class Form:
    """How grids become bytes, and a naive reading of bytes that shares nothing with the engine."""

    write: Callable[[Sequence[Sequence[str]]], bytes]
    parse: Callable[[bytes], Grid]
    encoding: str = "utf-8"
    separator: str = ";"
    is_text: bool = True


def delimited(
    separator: str = ";",
    encoding: str = "utf-8",
    quoting: int = csv.QUOTE_MINIMAL,
    end: str = "\n",
) -> Form:
    """Return the form of a text file."""

    def write(rows: Sequence[Sequence[str]]) -> bytes:
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end)  # type: ignore[arg-type] # a constant of csv
        writer.writerows(rows)
        return out.getvalue().encode(encoding, "replace")

    def parse(data: bytes) -> Grid:
        text = data.decode(encoding, "replace").removeprefix("\ufeff").replace("\0", "\ufffd")
        usual = csv.field_size_limit(1 << 30)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        except csv.Error:
            rows = [line.split(separator) for line in text.splitlines()]
        finally:
            csv.field_size_limit(usual)
        return [row for row in rows if any(cell.strip() for cell in row)]

    return Form(write, parse, encoding, separator)


def listed(encoding: str = "utf-8") -> Form:
    """Return the form of a SAP list: bars in fixed places, rulers, a title."""

    def write(rows: Sequence[Sequence[str]]) -> bytes:
        count = max(map(len, rows))
        widths = [max(len(row[n]) if n < len(row) else 0 for row in rows) for n in range(count)]
        lines = [f"|{'|'.join(map(str.ljust, row, widths))}|" for row in rows]
        ruler = "-" * (sum(widths) + count + 1)
        told = ["12.09.2026      Liste dynamique      1", ruler, lines[0], ruler, *lines[1:], ruler]
        return "".join(f"{line}\r\n" for line in told).encode(encoding, "replace")

    def parse(data: bytes) -> Grid:
        text = data.decode(encoding, "replace").removeprefix("\ufeff")
        lines = [line for line in text.replace("\r", "\n").split("\n") if "|" in line]
        if not lines:
            return []
        bars = [place for place, letter in enumerate(lines[0]) if letter == "|"]
        grid = []
        for line in lines:
            if len(line.rstrip()) == bars[-1] + 1 and all(line[bar] == "|" for bar in bars):
                grid.append([line[a + 1 : b].strip() for a, b in pairwise(bars)])
            else:
                grid.append([cell.strip() for cell in line.split("|")[1:]] + ["broken"] * 99)
        return grid

    return Form(write, parse, encoding, "|")


def workbook() -> Form:
    """Return the form of an Excel workbook; amounts are numbers."""

    def write(rows: Sequence[Sequence[str]]) -> bytes:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        for rank, row in enumerate(rows):
            sheet.append([_typed(cell) if rank else cell for cell in map(_writable, row)])
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def parse(data: bytes) -> Grid:
        try:
            sheet = load_workbook(io.BytesIO(data)).worksheets[0]
            found = [
                ["" if cell is None else str(cell) for cell in row]
                for row in sheet.iter_rows(values_only=True)
            ]
        except Exception:  # a broken workbook has no rows, whatever is broken
            return []
        return [row for row in found if any(cell.strip() for cell in row)]

    return Form(write, parse, is_text=False)


def _writable(cell: str) -> str:
    return "".join(letter for letter in cell if letter.isprintable() or letter == "\n")[:32000]


def _typed(cell: str) -> str | float:
    # A price has a point and few digits; identifiers have none and stay text.
    whole, mark, rest = cell.partition(".")
    is_price = mark and whole.lstrip("-").isdecimal() and rest.isdecimal() and len(cell) < 12
    return float(cell) if is_price else cell
