"""Columns of a file under the names of the profile."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.profile import Format
from transforms.column_names import ColumnNames, NamedTable, canonical
from transforms.finding import Finding, Severity
from transforms.records import RowFault
from transforms.table import TableError, TextTable

ALIASES = {"No.": ("N°", "N° facture"), "Due Date": ("Date d'échéance",)}


@pytest.mark.parametrize(
    ("columns", "ignore_case", "names"),
    [
        (("No.", "Due Date"), False, ("No.", "Due Date")),
        (("N°", "Date d'échéance"), False, ("No.", "Due Date")),
        (("N°\u00a0facture", "\u202fDue  Date "), False, ("No.", "Due Date")),
        (("  No.\u00a0", "x"), False, ("No.", "x")),
        (("NO.", "due date"), False, ("NO.", "due date")),
        (("NO.", "due date"), True, ("No.", "Due Date")),
        (("n° FACTURE", "DATE D'ÉCHÉANCE"), True, ("No.", "Due Date")),
        (("other", "other", ""), False, ("other", "other", "")),
        (("No.", "No."), False, ("No.", "No.")),
    ],
)
def test_a_column_gets_the_name_of_the_profile(
    columns: tuple[str, ...], ignore_case: bool, names: tuple[str, ...]
) -> None:
    wanted = {"No.", "Due Date"}
    assert canonical(columns, wanted, ALIASES, ignore_case=ignore_case) == names


def test_a_name_of_the_profile_is_itself_even_when_it_is_an_alias_of_another() -> None:
    aliases = {"number": ("No.",)}
    assert canonical(("No.",), {"No.", "number"}, aliases) == ("No.",)
    assert canonical(("No.",), {"number"}, aliases) == ("number",)


def test_an_alias_of_a_column_that_this_file_does_not_use_changes_nothing() -> None:
    assert canonical(("N°",), {"Amount"}, ALIASES) == ("N°",)


def test_capitals_that_are_exact_count_before_others() -> None:
    wanted = {"net", "NET"}
    assert canonical(("NET", "net"), wanted, {}, ignore_case=True) == ("NET", "net")


@pytest.mark.parametrize(
    ("columns", "aliases", "ignore_case"),
    [
        (("No.", "N°"), ALIASES, False),
        (("N°", "N° facture"), ALIASES, False),
        (("NO.", "no."), {}, True),
    ],
)
def test_two_columns_that_are_the_same_wanted_one_are_refused(
    columns: tuple[str, ...], aliases: dict[str, tuple[str, ...]], ignore_case: bool
) -> None:
    with pytest.raises(TableError, match=r"all 'No\.'"):
        canonical(columns, {"No."}, aliases, ignore_case=ignore_case)


def test_a_column_that_may_be_two_of_the_profile_is_refused() -> None:
    with pytest.raises(TableError, match="may be 'a' or 'b'"):
        canonical(("x",), {"a", "b"}, {"a": ("x",), "b": ("x",)})


def test_two_columns_that_nobody_uses_may_be_the_same() -> None:
    names = ColumnNames(frozenset({"a"}), {}, True, frozenset({"Other"}))
    assert names.canonical(("a", "OTHER", "other")) == ("a", "Other", "Other")


def test_the_rank_of_a_repeated_column_stands_in_its_alias() -> None:
    wanted = {"vat_1_rate", "vat_2_rate", "vat_12_rate"}
    aliases = {"vat_{n}_rate": ("Taux TVA {n}",)}
    columns = ("Taux TVA 1", "Taux TVA 12", "Taux TVA 2", "Taux TVA 3")
    assert canonical(columns, wanted, aliases) == (
        "vat_1_rate",
        "vat_12_rate",
        "vat_2_rate",
        "Taux TVA 3",
    )


@given(st.lists(st.text(max_size=6), max_size=8), st.booleans())
def test_columns_keep_their_number_and_unknown_ones_their_name(
    columns: list[str], ignore_case: bool
) -> None:
    names = canonical(columns, {"\x00 wanted"}, {}, ignore_case=ignore_case)
    assert names == tuple(column.strip() for column in columns)


def named(data: str, names: ColumnNames, warnings: tuple[Finding, ...] = ()) -> NamedTable:
    stream = io.BytesIO(data.encode())
    return NamedTable(TextTable(stream, file="a.csv", layout=Format()), names, warnings)


NAMES = ColumnNames(frozenset({"No.", "Due Date", "net"}), ALIASES)


def test_a_table_is_read_under_the_names_of_the_profile() -> None:
    table = named("x;N°;net;Date d'échéance\n1;F1;10;d\n2;F2\n", NAMES)
    assert table.columns == ("x", "No.", "net", "Due Date")
    (chunk,) = table.chunks({"Due Date", "No."})
    assert chunk.rows == (("F1", "d"),)
    assert [fault.line for fault in chunk.faults] == [3]
    table.close()


def test_a_finding_names_the_column_as_the_file_does() -> None:
    (chunk,) = named("N°;net\nF1;\x07\n", NAMES).chunks({"net", "No."})
    assert chunk.faults[0].findings[0].location.column == "net"
    (chunk,) = named("N°;net\n\x07;1\n", NAMES).chunks({"net", "No."})
    assert chunk.faults[0].findings[0].location.column == "N°"


def test_keys_are_asked_for_under_the_names_of_the_profile() -> None:
    table = named("net;N°;z\n1;F1;a\n2\n3;F2;b\n", NAMES)
    keys = [item if not isinstance(item, RowFault) else item.line for item in table.keys(["No."])]
    assert keys == [(2, ("F1",)), 3, (4, ("F2",))]


def test_a_wanted_column_given_twice_under_one_name_is_refused_when_it_is_read() -> None:
    table = named("N°;N°\nF1;F2\n", NAMES)
    with pytest.raises(TableError, match="given twice"):
        list(table.chunks({"No."}))


def test_warnings_of_the_opening_come_before_those_of_the_file() -> None:
    told = Finding("XT-MIXED-01", Severity.WARNING)
    table = named("N°;net\nF1;1", NAMES, (told,))
    list(table.chunks({"net"}))
    assert [finding.rule for finding in table.warnings] == ["XT-MIXED-01", "XT-END-01"]
