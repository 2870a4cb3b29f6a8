"""Rows of a sheet of a large Excel workbook (XLSX), as text, quickly and in little memory.

For tables of hundreds of thousands of rows whose cells are plain values; an extract is read by
``transforms.workbook``, which also knows formats and what Excel has lost. A number becomes its
digits without exponent (Excel keeps ``1.2345678200051E13`` for a SIRET), a truth value ``TRUE`` or
``FALSE``, an error value its own text, a formula that was never calculated :data:`UNCALCULATED`; a
date stays Excel's day number unless dates are asked for.
Source of the format: ECMA-376, part 1, 18 (SpreadsheetML).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Generator, Iterator
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import BinaryIO, Final
from zipfile import BadZipFile, ZipFile

from lxml import etree
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from transforms.dates import EXCEL_EPOCH, EXCEL_FIRST
from transforms.workbook_guard import UnsafeWorkbookError, guard_workbook

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_LETTERS = re.compile(r"[A-Z]{1,3}")
_PLAIN = re.compile(r"[0-9]+")

#: Text of a formula whose value the workbook does not hold.
UNCALCULATED: Final = "#FORMULA!"

#: Largest size of one part of the workbook once unpacked: a bomb is refused.
_LARGEST_PART = 4 * 1024**3


class SheetError(ValueError):
    """Raised when the bytes are no workbook, or its sheet cannot be read."""


def sheet_rows(
    stream: BinaryIO, sheet: str | None = None, *, dates: bool = False
) -> Generator[tuple[int, tuple[str, ...]], None, None]:
    """Yield number (from 1) and cells of each row that has cells.

    A row ends with its last cell: rows may differ in length.

    Args:
        stream: the bytes of the workbook; seekable, left open.
        sheet: its name; the first one when None.
        dates: whether the day number of a cell that is shown as a date becomes an ISO date.

    Raises:
        SheetError: see there.
    """
    try:
        guard_workbook(stream)
        with ZipFile(stream) as package:
            styles = _date_styles(package) if dates else frozenset()
            yield from _rows(package, _sheet(package, sheet), _shared(package), styles)
    except (BadZipFile, KeyError, etree.XMLSyntaxError, EOFError, OSError) as error:
        msg = f"it is no Excel workbook (.xlsx): {error}"
        raise SheetError(msg) from error
    except UnsafeWorkbookError as error:
        raise SheetError(str(error)) from error


def _rows(
    package: ZipFile, part: str, shared: list[str], dates: frozenset[str]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    number = 0
    with package.open(_checked(package, part)) as stream:
        for _, row in etree.iterparse(stream, tag=f"{_MAIN}row", resolve_entities=False):
            told = row.get("r", "")
            number = int(told) if told.isascii() and told.isdecimal() else number + 1
            digits = len(told)
            cells: list[str] = []
            for cell in row:
                place = cell.get("r")
                if place:
                    letters = place[:-digits] if digits else place
                    gap = (_RANKS.get(letters) or _rank(letters)) - len(cells) - 1
                    if gap > 0:  # an empty cell is often left out
                        cells.extend([""] * gap)
                text = _text(cell, shared) if len(cell) else ""
                if dates and text and cell.get("s") in dates and cell.get("t", "n") == "n":
                    text = _day(text)
                cells.append(text)
            _forget(row)
            if cells:
                yield number, tuple(cells)


def _text(cell: etree._Element, shared: list[str]) -> str:
    kind = cell.get("t")
    value = cell[-1]  # after the formula, if there is one
    if cell[0].tag == f"{_MAIN}f" and kind != "str" and (len(cell) == 1 or not value.text):
        return UNCALCULATED
    if kind == "inlineStr":
        return (value[0].text or "") if len(value) == 1 else "".join(map(str, cell.itertext()))
    text = value.text or ""
    if kind is None or kind == "n":
        return text if _PLAIN.fullmatch(text) else _digits(text)
    if kind == "s":
        try:
            return shared[int(text)]
        except (ValueError, IndexError) as error:
            msg = f"cell {cell.get('r')} names a text that is not there"
            raise SheetError(msg) from error
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    return text


def _day(text: str) -> str:
    """Return the date of a day number; a number that is none is left as it is."""
    try:
        number = Decimal(text)
        if number < EXCEL_FIRST:
            return text
        return (EXCEL_EPOCH + timedelta(days=int(number))).isoformat()
    except (InvalidOperation, OverflowError):
        return text


def _forget(element: etree._Element) -> None:
    """Free an element that was read, and the empty ones before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _digits(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if number.is_finite() and number == number.to_integral_value() and number.adjusted() < 20:
        return f"{number.to_integral_value():f}"
    return text


#: Ranks of columns from 1, by their letters.
_RANKS: dict[str, int] = {}


def _rank(letters: str) -> int:
    """Return the rank from 1 of a column such as ``AB`` (the row's number may follow)."""
    match = _LETTERS.match(letters)
    if match is None:
        msg = f"{letters!r} is no column"
        raise SheetError(msg)
    rank = 0
    for letter in match.group():
        rank = rank * 26 + ord(letter) - ord("A") + 1
    if match.end() == len(letters):
        _RANKS[letters] = rank
    return rank


def _sheet(package: ZipFile, name: str | None) -> str:
    """Return the part of the sheet of that name, or of the first one."""
    book = _parse(package, "xl/workbook.xml")
    sheets = list(book.iterfind(f"{_MAIN}sheets/{_MAIN}sheet"))
    found = next((item for item in sheets if name is None or item.get("name") == name), None)
    if found is None:
        names = ", ".join(item.get("name", "") for item in sheets)
        msg = f"there is no sheet {name!r}; there are {names}" if sheets else "it has no sheet"
        raise SheetError(msg)
    for link in _parse(package, "xl/_rels/workbook.xml.rels").iter(_PACKAGE):
        if link.get("Id") == found.get(_LINK):
            target = link.get("Target", "")
            return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    msg = f"its sheet {found.get('name')!r} is not in it"
    raise SheetError(msg)


def _date_styles(package: ZipFile) -> frozenset[str]:
    """Return the ranks of the cell formats that show a number as a date."""
    if "xl/styles.xml" not in package.namelist():
        return frozenset()
    styles = _parse(package, "xl/styles.xml")
    codes = {str(number): code for number, code in BUILTIN_FORMATS.items()}
    for own in styles.iterfind(f"{_MAIN}numFmts/{_MAIN}numFmt"):
        codes[own.get("numFmtId", "")] = own.get("formatCode", "")
    return frozenset(
        str(rank)
        for rank, style in enumerate(styles.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf"))
        if is_date_format(codes.get(style.get("numFmtId", "0"), ""))
    )


def _shared(package: ZipFile) -> list[str]:
    """Return the texts that cells name by their rank."""
    if "xl/sharedStrings.xml" not in package.namelist():
        return []
    texts: list[str] = []
    with package.open(_checked(package, "xl/sharedStrings.xml")) as stream:
        for _, item in etree.iterparse(stream, tag=f"{_MAIN}si", resolve_entities=False):
            # Phonetic hints (rPh) are not part of the text.
            texts.append(
                item[0].text or ""
                if len(item) == 1 and item[0].tag == f"{_MAIN}t"
                else "".join(t.text or "" for t in item.iter(f"{_MAIN}t") if not _hint(t))
            )
            _forget(item)
    return texts


def _hint(text: etree._Element) -> bool:
    parent = text.getparent()
    return parent is not None and parent.tag == f"{_MAIN}rPh"


def _parse(package: ZipFile, part: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    with package.open(_checked(package, part)) as stream:
        return etree.parse(stream, parser).getroot()


def _checked(package: ZipFile, part: str) -> str:
    if package.getinfo(part).file_size > _LARGEST_PART:
        msg = f"its part {part} is too large"
        raise SheetError(msg)
    return part
