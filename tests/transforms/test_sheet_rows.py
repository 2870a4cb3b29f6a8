"""The quick reader of workbooks: what cells mean, gaps, and what is no workbook."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.support.directory_files import as_book
from transforms.sheet_rows import UNCALCULATED, SheetError, sheet_rows


def rows(book: bytes) -> list[tuple[int, tuple[str, ...]]]:
    return list(sheet_rows(BytesIO(book)))


def with_sheet(data: str, shared: str | None = None) -> bytes:
    """Return a workbook whose first sheet holds ``data`` as its rows."""
    name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    source, stream = as_book([["x"]]), BytesIO()
    with ZipFile(BytesIO(source)) as old, ZipFile(stream, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part == "xl/worksheets/sheet1.xml":
                text = f'<worksheet xmlns="{name}"><sheetData>{data}</sheetData></worksheet>'
                content = text.encode()
            if part != "xl/sharedStrings.xml":
                new.writestr(part, content)
        if shared is not None:
            new.writestr("xl/sharedStrings.xml", f'<sst xmlns="{name}">{shared}</sst>')
    return stream.getvalue()


def test_cells_become_text_of_the_first_sheet() -> None:
    book = as_book([["SIRET", "Actif"], [5550029000015, True], ["00123", False], [None, 1.5]])
    assert rows(book) == [
        (1, ("SIRET", "Actif")),
        (2, ("5550029000015", "TRUE")),
        (3, ("00123", "FALSE")),
        (4, ("", "1.5")),
    ]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<c><v>1.2345678200051E13</v></c>", "12345678200051"),
        ("<c><v>12345678200051.0</v></c>", "12345678200051"),
        ("<c><v>0.5</v></c>", "0.5"),
        ("<c><v>1E400</v></c>", "1E400"),
        ("<c><v>n/a</v></c>", "n/a"),
        ("<c><f>A1*2</f><v>84</v></c>", "84"),
        ('<c t="str"><f>A1</f><v>1,23457E+13</v></c>', "1,23457E+13"),
        ('<c t="str"><f>A1</f><v></v></c>', ""),
        ("<c><f>A1*2</f></c>", UNCALCULATED),
        ("<c><f>A1*2</f><v/></c>", UNCALCULATED),
        ('<c t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c t="inlineStr"><is><t>a</t></is></c>', "a"),
        ('<c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
        ('<c t="s"><v>1</v></c>', "bc"),
        ('<c t="s"><v>2</v></c>', "d"),
        ('<c t="n"/>', ""),
    ],
)
def test_each_kind_of_cell_has_its_text(cell: str, text: str) -> None:
    shared = (
        "<si><t>a</t></si><si><r><t>b</t></r><r><t>c</t></r></si>"
        "<si><t>d</t><rPh><t>hint</t></rPh></si>"
    )
    assert rows(with_sheet(f'<row r="7">{cell}</row>', shared)) == [(7, (text,))]


def test_cells_that_are_left_out_are_empty_and_rows_keep_their_numbers() -> None:
    data = (
        '<row r="2"><c r="B2"><v>1</v></c><c r="AA2"><v>2</v></c></row>'
        '<row r="4"/><row r="9"><c r="A9"><v>3</v></c></row><row><c><v>4</v></c></row>'
    )
    found = rows(with_sheet(data))
    assert [(number, len(cells)) for number, cells in found] == [(2, 27), (9, 1), (10, 1)]
    assert found[0][1] == ("", "1", *[""] * 24, "2")


@pytest.mark.parametrize(
    "book",
    [
        b"",
        b"SIRET;Actif\n",
        b"PK\x03\x04 not a zip at all",
        with_sheet("<row><c t='s'><v>99</v></c></row>"),
        with_sheet("<row r='1'><c r='7'><v>1</v></c></row>"),
        with_sheet("<row>"),
    ],
    ids=["empty", "text", "broken zip", "no such text", "no such column", "not closed"],
)
def test_what_is_no_workbook_is_refused(book: bytes) -> None:
    with pytest.raises(SheetError):
        rows(book)


def test_a_sheet_is_found_by_its_name() -> None:
    book = Workbook()
    book.worksheets[0].title = "Lisez-moi"
    book.create_sheet("Clients").append(["client"])
    stream = BytesIO()
    book.save(stream)
    assert list(sheet_rows(stream, "Clients")) == [(1, ("client",))]
    with pytest.raises(SheetError, match="no sheet 'Marchés'; there are Lisez-moi, Clients"):
        list(sheet_rows(stream, "Marchés"))


def test_days_are_dates_where_the_workbook_shows_them_so() -> None:
    book = as_book([[date(2026, 1, 31), 46053, "46053", datetime(2026, 1, 31, 9, 30), 12]])
    sheet = load_workbook(BytesIO(book))
    sheet.worksheets[0]["B1"].number_format = "dd/mm/yyyy"
    sheet.worksheets[0]["E1"].number_format = "dd/mm/yyyy"
    stream = BytesIO()
    sheet.save(stream)
    assert list(sheet_rows(stream, dates=True)) == [
        (1, ("2026-01-31", "2026-01-31", "46053", "2026-01-31", "12"))
    ]
    assert next(sheet_rows(stream))[1][:2] == ("46053", "46053")


def test_an_archive_without_a_sheet_is_refused() -> None:
    stream = BytesIO()
    with ZipFile(stream, "w") as package:
        package.writestr("hello.txt", "x")
    with pytest.raises(SheetError, match="no Excel workbook"):
        rows(stream.getvalue())


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 10**15),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12).filter(
        lambda text: not text.startswith("=")
    ),
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=5))
def test_the_same_cells_are_read_as_by_openpyxl(table: list[list[object]]) -> None:
    book = as_book(table)
    sheet = load_workbook(BytesIO(book), data_only=True).worksheets[0]

    def text(value: object) -> str:
        return str(value).upper() if isinstance(value, bool) else str(value)

    expected = {
        number: [text(value) for value in row if value is not None]
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1)
        if any(value is not None for value in row)
    }
    found = {number: [cell for cell in cells if cell] for number, cells in rows(book) if any(cells)}
    assert found == expected
