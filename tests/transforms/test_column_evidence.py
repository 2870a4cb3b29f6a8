"""What the cells of a column look like."""

from __future__ import annotations

import pytest

from config.profile import Marks
from transforms.column_evidence import Evidence, date_formats_of, marks_of


def column(name: str, *cells: str) -> Evidence:
    return Evidence.of(name, cells)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("N° Pièce", ("n", "piece")),
        ("invoiceDate", ("invoice", "date")),
        ("DO_TotalHT", ("do", "total", "ht")),
        ("Line Discount %", ("line", "discount")),
    ],
)
def test_a_name_is_cut_into_its_words(name: str, words: tuple[str, ...]) -> None:
    assert column(name).words == words


@pytest.mark.parametrize(
    ("cells", "pattern"),
    [
        (("2026-09-14", ""), "yyyy-MM-dd"),
        (("14/09/2026", "31/12/2026"), "dd/MM/yyyy"),
        (("01/02/2026",), "dd/MM/yyyy"),
        (("12/31/2026",), "MM/dd/yyyy"),
        (("20260914", "00000000"), "yyyyMMdd"),
        (("00000000",), None),
        (("abc",), None),
        ((), None),
    ],
)
def test_a_date_has_the_first_format_that_reads_all_values(
    cells: tuple[str, ...], pattern: str | None
) -> None:
    assert column("d", *cells).date_format == pattern


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (("1234.56", "7"), "."),
        (("1234,56", "7"), ","),
        (("1\u00a0234,56",), ","),
        (("1.234,56-",), ","),
        (("1,234.56",), "."),
    ],
)
def test_numbers_are_written_in_the_way_that_reads_them(
    cells: tuple[str, ...], decimal: str
) -> None:
    marks = marks_of([column("a", *cells), column("b", "text, with a comma")])
    assert marks.decimal == decimal
    assert column("a", *cells).is_number(marks)


def test_formats_come_with_the_most_frequent_first() -> None:
    columns = [column("a", "20260914"), column("b", "14/09/2026"), column("c", "15/09/2026")]
    assert date_formats_of(columns) == ("dd/MM/yyyy", "yyyyMMdd")


def test_a_column_changes_within_a_key_or_repeats_with_it() -> None:
    key = column("k", "1", "1", "2", "2")
    assert column("line", "a", "b", "a", "b").changes_within(key)
    assert not column("head", "x", "x", "y", "y").changes_within(key)
    assert not column("blank", "x", "", "y", "").changes_within(key)


def test_sirets_and_unique_columns_are_known() -> None:
    assert column("s", "219 999 000 00017").is_siret
    assert not column("s", "2199990000001").is_siret
    assert column("u", "1", "2").is_unique
    assert not column("u", "1", "1").is_unique
    assert not column("n", "1", "x").is_number(Marks())
