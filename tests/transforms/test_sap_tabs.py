"""SAP downloads with tabs: titles, an empty column on the left, sums."""

from __future__ import annotations

import io
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.profile import Format
from transforms.column_names import ColumnNames
from transforms.records import RowFault
from transforms.sap_tabs import SapTabRecords, title_lines
from transforms.table import TextTable, in_order

TABS = Format.model_validate({"separator": "\t", "quote": "", "sap_list": True})
NAMES = ColumnNames(frozenset({"VBELN", "NETWR"}))
SE16N = "\tVBELN\tFKDAT\tNETWR\n\t\t\t\n\t90001234\t12.03.2026\t2.436,61\n"


def table_of(data: str, layout: Format = TABS) -> TextTable:
    stream = io.BytesIO(data.encode())
    records = partial(SapTabRecords, titles=title_lines(stream, layout, NAMES))
    return TextTable(stream, file="a.txt", layout=layout, records=records)


def read(table: TextTable) -> list[tuple[int, tuple[str, ...]] | tuple[int, str]]:
    return [
        (item.line, item.findings[0].rule) if isinstance(item, RowFault) else item
        for chunk in table.chunks({"VBELN", "NETWR"})
        for item in in_order(chunk)
    ]


def test_an_empty_column_on_the_left_and_a_blank_second_line_are_nothing() -> None:
    table = table_of(SE16N)
    assert table.columns == ("", "VBELN", "FKDAT", "NETWR")
    assert read(table) == [(3, ("90001234", "2.436,61"))]


def test_titles_above_the_heading_are_passed_over_and_lines_counted() -> None:
    table = table_of(f'12.03.2026\t"Liste dynamique\t1\n\nTable:\tVBRK\n{SE16N}')
    assert table.columns == ("", "VBELN", "FKDAT", "NETWR")
    assert read(table) == [(6, ("90001234", "2.436,61"))]


def test_sums_are_left_out_and_told_and_a_heading_that_comes_again_is_passed_over() -> None:
    sums = "*\t\t\t2.436,61\n** \t\t\t2.436,61\n"
    table = table_of(f"{SE16N}{sums}\tVBELN\tFKDAT\tNETWR\n\t90001235\t\t1\n*1\t9\t\t2\n\t9\n")
    assert read(table) == [
        (3, ("90001234", "2.436,61")),
        (7, ("90001235", "1")),
        (8, ("9", "2")),
        (9, "XT-FIELDS-01"),
    ]
    told, stray = table.warnings
    assert (told.rule, told.location.line, told.params) == ("XT-SUMS-01", 4, {"count": "2"})
    assert (stray.rule, stray.location.line) == ("XT-COLUMN-03", 8)  # "*1" under no name


def test_keys_leave_the_same_rows_out() -> None:
    table = table_of(SE16N + "*\t\t\t2.436,61\n")
    assert list(table.keys(["NETWR", "VBELN"])) == [(3, ("2.436,61", "90001234"))]


@pytest.mark.parametrize(
    ("data", "titles"),
    [
        (SE16N, 0),
        ("title\n" + SE16N, 1),
        ("title\n\n\t\n" + SE16N, 3),
        ("nothing\tis\twanted\nVBLEN\tx\n", 0),
        ("", 0),
        ("x\n" * 60 + SE16N, 0),
    ],
)
def test_the_heading_is_the_line_with_most_wanted_columns(data: str, titles: int) -> None:
    stream = io.BytesIO(data.encode())
    assert title_lines(stream, TABS, NAMES) == titles
    assert stream.tell() == 0


def test_other_files_are_read_as_ever() -> None:
    layout = Format(separator=";", sap_list=True)
    table = table_of('"VBELN";"NETWR"\n"1;2";"x\ny"\n', layout)
    assert read(table) == [(2, ("1;2", "x\ny"))]
    assert table_of("", layout).columns == ()


cell = st.text(st.sampled_from("ab0 .,-é*"), max_size=6)


@given(
    st.lists(st.tuples(cell, cell), max_size=6), st.integers(0, 3), st.sampled_from(["\n", "\r\n"])
)
def test_any_download_written_is_read_back_equal(
    rows: list[tuple[str, str]], titles: int, end: str
) -> None:
    lines = ["12.03.2026\tListe"] * titles + ["\tVBELN\tNETWR", "\t\t"]
    lines += [f"\tF{first}\t{second}" for first, second in rows]
    table = table_of("".join(line + end for line in lines))
    assert read(table) == [
        (titles + 3 + rank, (f"F{first}", second)) for rank, (first, second) in enumerate(rows)
    ]
