"""Tables out of Excel workbooks."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from config.profile import Profile
from transforms.table import TableError
from transforms.workbook import WorkbookTable

FRENCH = Profile.model_validate(
    {
        "profile": "p",
        "header": {"BT-1": "a"},
        "numbers": {"decimal": ","},
        "dates": {"formats": ["dd/MM/yyyy"]},
    }
)


def workbook(rows: list[list[Any]], *, formats: dict[str, str] | None = None) -> io.BytesIO:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for place, number_format in (formats or {}).items():
        sheet[place].number_format = number_format
    stream = io.BytesIO()
    book.save(stream)
    stream.seek(0)
    return stream


def cell(value: Any, number_format: str | None = None) -> tuple[str, list[str]]:
    """Text of one cell, and the rules it breaks."""
    formats = {"B2": number_format} if number_format else None
    table = WorkbookTable(
        workbook([["a", "b"], ["k", value]], formats=formats), file="a.xlsx", profile=FRENCH
    )
    (chunk,) = table.chunks({"a", "b"})
    if chunk.faults:
        fault = chunk.faults[0]
        return fault.cells[1], [finding.rule for finding in fault.findings]
    return chunk.rows[0][1], []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12, "12"),
        (12.0, "12"),
        (0, "0"),
        (0.1, "0,1"),
        (0.1 + 0.2, "0,3"),
        (1234.56, "1234,56"),
        (-0.07, "-0,07"),
        (1e-7, "0,0000001"),
        (73282932000074, "73282932000074"),
        ("0123", "0123"),
        (" x ", " x "),
        (True, "TRUE"),
        (date(2026, 11, 23), "23/11/2026"),
        (datetime(2026, 11, 23, 14, 5), "23/11/2026"),
        (None, ""),
    ],
)
def test_cells_become_the_text_they_mean(value: Any, text: str) -> None:
    assert cell(value) == (text, [])


def test_a_percentage_is_the_number_that_is_shown() -> None:
    assert cell(0.2, "0%") == ("20", [])
    assert cell(0.055, "0.0%") == ("5,5", [])


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (1234567890123456, "XT-DIGITS-01"),
        ("#N/A", "XT-CELL-01"),
        ("=1+1", "XT-FORMULA-01"),
    ],
)
def test_what_excel_has_lost_is_a_finding(value: Any, rule: str) -> None:
    assert cell(value)[1] == [rule]


def test_lines_are_those_of_the_sheet_and_blank_rows_are_passed_over() -> None:
    rows: list[list[Any]] = [[], ["a", "b", None], ["k", 1], [None, None], ["l", 2, "extra"]]
    table = WorkbookTable(workbook(rows), file="a.xlsx", profile=FRENCH)
    assert table.columns == ("a", "b")
    (chunk,) = table.chunks({"a", "b"})
    assert (chunk.lines, chunk.rows) == ((3,), (("k", "1"),))
    assert [(fault.line, fault.findings[0].rule) for fault in chunk.faults] == [(5, "XT-FIELDS-02")]


def test_an_error_in_an_unused_column_is_no_finding() -> None:
    table = WorkbookTable(workbook([["a", "b"], ["k", "#N/A"]]), file="a", profile=FRENCH)
    (chunk,) = table.chunks({"a"})
    assert chunk.rows == (("k",),)


def test_keys_are_those_of_the_rows() -> None:
    table = WorkbookTable(workbook([["a", "b"], ["k", 1], ["#N/A", 2]]), file="a", profile=FRENCH)
    keys = list(table.keys(["a"]))
    assert keys[0] == (2, ("k",))
    assert not isinstance(keys[1], tuple)


def test_several_keys_come_in_the_order_they_are_asked_for() -> None:
    table = WorkbookTable(workbook([["a", "b"], ["k", 1]]), file="a", profile=FRENCH)
    assert list(table.keys(["b", "a"])) == [(2, ("1", "k"))]


def test_an_empty_sheet_has_no_columns() -> None:
    table = WorkbookTable(workbook([]), file="a", profile=FRENCH)
    assert table.columns == ()
    assert list(table.chunks(set())) == []


def test_what_is_no_workbook_is_refused() -> None:
    with pytest.raises(TableError, match="no Excel workbook"):
        WorkbookTable(io.BytesIO(b"a;b\n1;2\n"), file="a", profile=FRENCH)


def test_a_missing_sheet_is_refused_naming_those_there_are() -> None:
    layout = FRENCH.format.model_copy(update={"sheet": "Ventes"})
    profile = FRENCH.model_copy(update={"format": layout})
    with pytest.raises(TableError, match="Sheet"):
        WorkbookTable(workbook([["a"]]), file="a", profile=profile)


def test_rows_of_blank_texts_at_the_end_are_no_rows() -> None:
    table = WorkbookTable(
        workbook([["a", "b"], ["k", "v"], [None, None], [" ", ""], ["\u00a0", None]]),
        file="a.xlsx",
        profile=FRENCH,
    )
    (chunk,) = table.chunks({"a", "b"})
    assert chunk.rows == (("k", "v"),)
    assert chunk.faults == ()


def test_a_damaged_workbook_is_no_table_wherever_the_damage_shows() -> None:
    sound = workbook([["a", "b"], *[[f"F{n}", "x" * 50] for n in range(300)]]).getvalue()
    places = range(0, len(sound), 97)
    refused = 0
    for place in places:
        data = bytearray(sound)
        data[place] ^= 0xFF
        try:
            table = WorkbookTable(io.BytesIO(bytes(data)), file="a.xlsx", profile=FRENCH)
            list(table.chunks({"a"}))
        except TableError:
            refused += 1
    assert 0 < refused < len(places)


def test_another_heading_and_cells_below_no_name_are_told_as_in_a_text() -> None:
    rows = [["a", None, "b"], ["1", None, "2"], ["a", None, "b"], ["b", None, "a"], ["3", 4, "5"]]
    table = WorkbookTable(workbook(rows), file="a.xlsx", profile=FRENCH)
    (chunk,) = table.chunks({"a", "b"})
    assert chunk.rows == (("1", "2"),)
    assert [fault.findings[0].rule for fault in chunk.faults] == ["XT-HEADING-02"] * 2
    assert [finding.rule for finding in table.warnings] == ["XT-HEADING-01"]
    table = WorkbookTable(workbook([rows[0], rows[-1]]), file="a.xlsx", profile=FRENCH)
    list(table.chunks({"a", "b"}))
    assert [(w.rule, w.params["rank"]) for w in table.warnings] == [("XT-COLUMN-03", "2")]
