"""SAP list downloads, read as tables."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import table
from transforms.column_names import ColumnNames
from transforms.records import RowFault
from transforms.sap_bands import sap_heading
from transforms.sap_list import SapListTable
from transforms.table import TableError, in_order

NAMES = ColumnNames(frozenset({"Doc.", "Text", "Net"}))
RULE = "-" * 28
HEADING = "|Doc.  |Text       |    Net|"
F1 = "|F1    |Ramette A4 |   3,90|"
F2 = "|F2    |Câble|été  |  12,00|"
PAGE = ["12.03.2026      Liste dynamique      1", "", RULE, HEADING, RULE]


def table_of(
    lines: Sequence[str], *, code: str = "utf-8", end: str = "\n", trailer: str = ""
) -> SapListTable:
    stream = io.BytesIO("".join(f"{line}{end}" for line in lines).encode(code))
    heading = sap_heading(stream, code, NAMES)
    assert heading is not None
    return SapListTable(stream, file="a.txt", encoding=code, heading=heading, trailer_mark=trailer)


def read(
    table: SapListTable, wanted: Collection[str] = ()
) -> list[tuple[int, tuple[str, ...]] | tuple[int, str]]:
    """Line and cells of each row, line and rules of each fault."""
    return [
        (item.line, "+".join(finding.rule for finding in item.findings))
        if isinstance(item, RowFault)
        else item
        for chunk in table.chunks(wanted or set(table.columns))
        for item in in_order(chunk)
    ]


ROW1, ROW2 = ("F1", "Ramette A4", "3,90"), ("F2", "Câble|été", "12,00")


def test_rows_are_read_with_their_physical_lines() -> None:
    table = table_of([*PAGE, F1, F2, RULE])
    assert table.columns == ("Doc.", "Text", "Net")
    assert read(table) == [(6, ROW1), (7, ROW2)]
    assert table.warnings == ()
    table.close()


@pytest.mark.parametrize("code", ["utf-8", "cp1252", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_line_end_will_do(code: str, end: str) -> None:
    assert read(table_of([*PAGE, F1, F2, RULE], code=code, end=end)) == [(6, ROW1), (7, ROW2)]


def test_titles_and_headings_of_further_pages_are_no_rows() -> None:
    second = [line.replace("dynamique      1", "dynamique      2") for line in PAGE]
    for ruler in ([RULE], []):
        lines = [*PAGE, F1, *ruler, *second, F2, RULE, "Fin de la liste"]
        assert read(table_of(lines)) == [(6, ROW1), (12 + len(ruler), ROW2)]


def test_a_framed_title_is_no_row_when_it_was_seen_above_the_heading() -> None:
    title = "|Factures du 12.03.2026  p.1|"
    page = [RULE, title, RULE, HEADING, RULE]
    again = [line.replace("p.1", "p.2") for line in page]
    assert read(table_of([*page, F1, *again, F2])) == [(6, ROW1), (12, ROW2)]
    broken = [*page, F1, RULE, "|F2   |Câble|été  |  12,00|", *again, F2]
    assert read(table_of(broken))[1] == (8, "XT-LIST-01")


def test_of_several_tables_the_one_with_the_wanted_columns_is_read() -> None:
    criteria = [RULE, "|Criterion|From |", RULE, "|Company  |1000 |", RULE]
    assert read(table_of([*criteria, *PAGE, F1])) == [(11, ROW1)]


def test_rows_below_a_damaged_heading_are_not_taken_for_titles() -> None:
    lines = [RULE, HEADING.replace("Net", "Nat"), RULE, F1, RULE, HEADING, RULE, F2]
    found = [(2, "XT-LIST-01"), (4, "XT-LIST-01"), (8, ROW2)]
    assert read(table_of(lines)) == found


def test_without_a_wanted_column_the_widest_heading_tells_what_there_is() -> None:
    stream = io.BytesIO(f"{RULE}\n|Title {' ' * 19}|\n{RULE}\n|A |B |\n{RULE}\n".encode())
    assert sap_heading(stream, "utf-8", NAMES) == (4, ("|A |B |",))


@pytest.mark.parametrize(
    "text",
    [
        "a|b|c\n1|2|3\n",
        "|a|b|\n|1|2|\n",
        "",
        "---\n---\n",
        "a;b\n---;---\n",
        "\n\n|a|\n",
        "---\nDoc.|Net\n---\n",
    ],
)
def test_other_files_are_no_list(text: str) -> None:
    assert sap_heading(io.BytesIO(text.encode()), "utf-8", NAMES) is None


def test_sums_are_left_out_and_told() -> None:
    sums = ["|*     |           |  15,90|", "|**    |           |  15,90|"]
    table = table_of([*PAGE, F1, RULE, sums[0], RULE, F2, *sums])
    assert read(table) == [(6, ROW1), (10, ROW2)]
    (told,) = table.warnings
    assert (told.rule, told.location.line, told.params) == ("XT-SUMS-01", 8, {"count": "3"})


def test_a_star_in_another_cell_or_with_a_text_makes_no_sum() -> None:
    rows = ["|F1    |*          |   3,90|", "|*F1   |x          |   3,90|"]
    assert [item[0] for item in read(table_of([*PAGE, *rows]))] == [6, 7]


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("|F1    |Ramette    A4 |   3,90|", ()),
        ("|F1    |Ramette A|  3,90|", ("F1",)),
        ("|F1    |Ram", ("F1",)),
        ("|F1   |Ramette A4 |   3,90|", ()),
        (F1 + F2, ()),
    ],
)
def test_a_row_that_does_not_fit_is_a_finding_with_the_cells_that_are_certain(
    row: str, cells: tuple[str, ...]
) -> None:
    table = table_of([*PAGE, row, F2])
    (chunk,) = table.chunks({"Doc."})
    (fault,) = chunk.faults
    assert (fault.line, fault.findings[0].rule) == (6, "XT-LIST-01")
    assert (fault.cells, fault.trusted) == (cells, len(cells))
    assert fault.findings[0].value == row
    assert chunk.rows == (("F2",),)


def test_a_line_break_in_a_cell_is_a_finding_for_each_piece() -> None:
    rows = ["|F1    |Ramette", "A4 |   3,90|", F2]
    assert read(table_of([*PAGE, *rows])) == [(6, "XT-LIST-01"), (7, "XT-LIST-01"), (8, ROW2)]


def test_a_bad_character_is_a_finding_in_its_column() -> None:
    table = table_of([*PAGE, "|F1    |Ram\x07tte    |   3,90|", "|F\x01    |Ram        |   3,90|"])
    (chunk,) = table.chunks({"Net"})
    first, second = chunk.faults
    assert [(f.rule, f.location.column) for f in first.findings] == [("XT-CONTROL-01", "Text")]
    assert (first.cells, first.trusted) == (("F1", "", "3,90"), 3)
    assert second.cells == ("", "Ram", "3,90")


def test_a_bad_byte_is_a_finding() -> None:
    data = "\n".join([*PAGE, F1.replace("t", "@")]).encode().replace(b"@", b"\xe9")
    stream = io.BytesIO(data)
    heading = sap_heading(stream, "utf-8", NAMES)
    assert heading is not None
    table = SapListTable(stream, file="a", encoding="utf-8", heading=heading)
    assert read(table) == [(6, "XT-BYTE-01")]
    assert [finding.rule for finding in table.warnings] == ["XT-END-01"]


def test_a_trailer_ends_the_list() -> None:
    lines = [*PAGE, F1, RULE, "TRAILER;invoices=1", "", F2]
    assert read(table_of(lines, trailer="TRAILER")) == [(6, ROW1), (10, "XT-TRAILER-01")]
    assert read(table_of(lines)) == [(6, ROW1), (10, ROW2)]


def test_keys_are_those_of_the_rows() -> None:
    table = table_of([*PAGE, F1, "|F9", F2])
    keys = [
        item.line if isinstance(item, RowFault) else item for item in table.keys(["Net", "Doc."])
    ]
    assert keys == [(6, ("3,90", "F1")), 7, (8, ("12,00", "F2"))]


def test_only_the_wanted_columns_are_kept_and_none_twice() -> None:
    (chunk,) = table_of([*PAGE, F1]).chunks({"Net", "Doc."})
    assert chunk.rows == (("F1", "3,90"),)
    lines = [RULE, "|Doc.|Doc.|Net|", RULE, "|1   |2   |3  |"]
    (chunk,) = table_of(lines).chunks({"Net"})
    assert chunk.rows == (("3",),)
    with pytest.raises(TableError, match="given twice"):
        list(table_of(lines).chunks({"Doc."}))


def test_chunks_cover_the_list_whatever_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHUNK_ROWS", 2)
    rows = [F1, F2, "|bad|", F1, F2, "|bad|", "|bad|", F1]
    chunks = list(table_of([*PAGE, *rows]).chunks({"Doc."}))
    assert len(chunks) == 4
    assert sorted(
        [line for chunk in chunks for line in chunk.lines]
        + [fault.line for chunk in chunks for fault in chunk.faults]
    ) == list(range(6, 14))


# -- rows of several lines -----------------------------------------------------------------------

TWO = [RULE, "|Doc.  |Cur.|    Net|", "|Text             |", RULE]
TWO_ROW = ["|F1    |EUR |   3,90|", "|a|b              |"]
TWO_WANTED = ("F1", "EUR", "3,90", "Ramette A4")


def test_a_row_may_take_two_lines() -> None:
    rows = ["|F1    |EUR |   3,90|", "|Ramette A4       |", RULE, *TWO]
    rows += ["|F2    |EUR |  12,00|", "|a | b            |"]
    table = table_of([*TWO, *rows])
    assert table.columns == ("Doc.", "Cur.", "Net", "Text")
    assert read(table) == [(5, TWO_WANTED), (12, ("F2", "EUR", "12,00", "a | b"))]


def test_a_list_wider_than_the_page_goes_on_below_without_frame() -> None:
    lines = [RULE, "|Doc.  |Cur.", "Net    |Text", RULE]
    lines += ["|F1    |EUR", "   3,90|Ramette A4", "|F2    |EUR", "  12,00|x", "lost text"]
    assert read(table_of(lines)) == [
        (5, TWO_WANTED),
        (7, ("F2", "EUR", "12,00", "x")),
        (9, "XT-LIST-02"),
    ]


def test_a_line_lost_from_a_row_never_takes_one_of_the_next() -> None:
    first, second = (
        ["|F1    |EUR |   3,90|", "|Ramette A4       |"],
        [
            "|F2    |EUR |  12,00|",
            "|Câble            |",
        ],
    )
    found = ("F2", "EUR", "12,00", "Câble")
    assert read(table_of([*TWO, first[0], *second])) == [(5, "XT-LIST-01"), (6, found)]
    assert read(table_of([*TWO, first[1], *second])) == [(5, "XT-LIST-01"), (6, found)]
    assert read(table_of([*TWO, *second, first[0]])) == [(5, found), (7, "XT-LIST-01")]


def test_sums_of_two_lines_are_left_out() -> None:
    table = table_of([*TWO, "|*     |EUR |   3,90|", "|                 |"])
    assert read(table) == []
    assert table.warnings[0].params == {"count": "1"}


def test_lines_of_a_row_that_look_alike_are_refused() -> None:
    with pytest.raises(TableError, match="look alike"):
        table_of([RULE, "|Doc.  |Net |", "|Text  |Cur.|", RULE])


# -- any list ------------------------------------------------------------------------------------

cell = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn"), exclude_characters="\ufeff")
    | st.sampled_from("|-* "),
    max_size=10,
)
row = st.tuples(cell, cell)


def listed(rows: Sequence[Sequence[str]], page: int) -> list[str]:
    """Write rows as SAP does, with a heading on each page."""
    table = [["Doc.", "Text", "Net"], *rows]
    widths = [max(len(line[rank]) for line in table) for rank in range(3)]
    rule = "-" * (sum(widths) + 4)
    texts = [
        "|" + "|".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + "|"
        for line in table
    ]
    found: list[str] = []
    for start in range(1, len(texts), page):
        title = f"Liste dynamique   {start}"
        found += [title, "", rule, texts[0], rule, *texts[start : start + page], rule]
    return found


@settings(max_examples=150)
@given(
    st.lists(row, min_size=1, max_size=8), st.integers(1, 4), st.sampled_from(["utf-8", "utf-16"])
)
def test_any_list_written_is_read_back_equal(
    rows: list[tuple[str, str]], page: int, code: str
) -> None:
    whole = [[f"F{rank}", *cells] for rank, cells in enumerate(rows)]
    found = read(table_of(listed(whole, page), code=code))
    assert [cells for _, cells in found] == [tuple(c.strip(" ") for c in line) for line in whole]
    lines = listed(whole, page)
    assert all(lines[line - 1].startswith(f"|{cells[0]}") for line, cells in found)


def damaged(text: bytes) -> Iterator[bytes]:
    """Yield ``text`` with every small damage to what holds a list together: bars and line ends."""
    for place in range(len(text)):
        for length in (1, 2, 3):
            yield text[:place] + text[place + length :]
        for piece in (b"|", b"\n", b"x", b" ", b"||", b"\n|", b"-"):
            yield text[:place] + piece + text[place:]


@pytest.mark.parametrize(
    "lines",
    [
        listed([[f"F{rank}", "a|b", "12,00"] for rank in range(4)], 2),
        [
            *TWO,
            "|F1    |EUR |   3,90|",
            "|a|b              |",
            RULE,
            *TWO,
            "|F2    |EUR |   3,90|",
            "|a|b              |",
            RULE,
        ],
    ],
)
def test_no_damage_drops_a_row_or_shifts_its_cells_in_silence(lines: list[str]) -> None:
    expected = [cells for _, cells in read(table_of(lines), NAMES.wanted)]
    assert len(expected) == sum(line.startswith("|F") for line in lines)
    judged = 0
    for data in damaged("".join(f"{line}\n" for line in lines).encode()):
        stream = io.BytesIO(data)
        heading = sap_heading(stream, "utf-8", NAMES)
        if heading is None:
            continue  # the file is no list any more, and no table either
        try:
            table = SapListTable(stream, file="a", encoding="utf-8", heading=heading)
        except TableError:
            continue
        if not NAMES.wanted <= set(table.columns):
            continue  # the run stops: a column is missing
        found = read(table, NAMES.wanted)
        sound = [cells for _, cells in found if isinstance(cells, tuple)]
        assert sound == expected or len(sound) < len(found), data.decode()
        judged += 1
    assert judged > 100


@settings(max_examples=100)
@given(st.binary(max_size=200) | st.text("|F1 \n-,é", max_size=200).map(str.encode))
def test_any_bytes_give_rows_of_full_width_or_faults(data: bytes) -> None:
    stream = io.BytesIO("\n".join([*PAGE, F1, F2, ""]).encode() + data)
    heading = sap_heading(stream, "utf-8", NAMES)
    assert heading is not None
    table = SapListTable(stream, file="a", encoding="utf-8", heading=heading)
    rows = 0
    for chunk in table.chunks(set(table.columns)):
        rows += len(chunk.rows)
        assert all(len(cells) == 3 for cells in chunk.rows)
        assert all(fault.findings for fault in chunk.faults)
    assert rows >= 2


def test_values_below_no_name_are_told() -> None:
    nameless = "|Doc.  |           |    Net|"
    stream = io.BytesIO("\n".join([RULE, nameless, RULE, F1, ""]).encode())
    heading = sap_heading(stream, "utf-8", NAMES)
    assert heading is not None
    table = SapListTable(stream, file="a.txt", encoding="utf-8", heading=heading)
    assert read(table, {"Doc.", "Net"}) == [(4, ("F1", "3,90"))]
    assert [(w.rule, w.params["rank"]) for w in table.warnings] == [("XT-COLUMN-03", "2")]
