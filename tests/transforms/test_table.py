"""Tables out of text extracts: what pandas gives is what the file says."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.profile import Format
from transforms import table as module
from transforms.records import RowFault
from transforms.table import TableChunk, TableError, TextTable, in_chunks, in_order


def table_of(data: bytes | str, layout: Format | None = None) -> TextTable:
    raw = data.encode() if isinstance(data, str) else data
    return TextTable(io.BytesIO(raw), file="a.csv", layout=layout or Format())


def rows_of(table: TextTable, wanted: set[str] | None = None) -> list[tuple[str, ...]]:
    return [row for chunk in table.chunks(wanted or set(table.columns)) for row in chunk.rows]


def test_cells_that_pandas_would_change_stay_as_they_are() -> None:
    cells = ["NA", "", "null", "007", "1e5", " x ", "True", "2026-01-01", "#N/A", "-", "∅", '"']
    data = "\n".join(
        ["key;value"] + [f'k;"{cell.replace(chr(34), chr(34) * 2)}"' for cell in cells]
    )
    assert rows_of(table_of(data)) == [("k", cell) for cell in cells]


# Text that a cell may hold: no control characters, no lone surrogates, no byte-order mark.
cell_text = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufeff\ufffe\uffff")
    | st.sampled_from("\n;\"' \t"),
    max_size=12,
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(cell_text, cell_text, cell_text), min_size=1, max_size=8),
    st.sampled_from([";", ",", "\t", "|"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_every_written_cell_is_read_back_unchanged(
    rows: list[tuple[str, str, str]], separator: str, quoting: int
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator="\n")
    writer.writerow(["a", "b", "c"])
    # A key in front, so that no record is blank: blank records are passed over on purpose.
    writer.writerows([f"k{rank}", b, c] for rank, (_, b, c) in enumerate(rows))
    table = table_of(text.getvalue(), Format(separator=separator))
    assert rows_of(table) == [(f"k{rank}", b, c) for rank, (_, b, c) in enumerate(rows)]


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_give_rows_of_full_width_or_faults(data: bytes) -> None:
    try:
        table = table_of(b"a;b;c\n" + data)
        chunks = list(table.chunks({"a", "b", "c"}))
    except TableError:
        return
    for chunk in chunks:
        assert all(len(row) == 3 for row in chunk.rows)
        assert len(chunk.rows) == len(chunk.lines)
        assert all(fault.findings for fault in chunk.faults)


def test_only_the_wanted_columns_are_kept_in_the_order_of_the_file() -> None:
    assert rows_of(table_of("a;b;c\n1;2;3\n"), {"c", "a", "zz"}) == [("1", "3")]


def test_a_wanted_column_given_twice_is_refused_an_unused_one_is_not() -> None:
    assert rows_of(table_of("a;b;b\n1;2;3\n"), {"a"}) == [("1",)]
    with pytest.raises(TableError, match="b"):
        rows_of(table_of("a;b;b\n1;2;3\n"), {"a", "b"})


def test_chunks_cover_the_file_whatever_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_ROWS", 2)
    data = "a;b\n" + "".join(f"{n};x\n" if n % 3 else f"{n}\n" for n in range(10))
    chunks = list(table_of(data).chunks({"a"}))
    items = [item for chunk in chunks for item in in_order(chunk)]
    places = [item.line if isinstance(item, RowFault) else item[0] for item in items]
    assert places == list(range(2, 12))
    assert len(chunks) > 3


def test_keys_are_those_of_the_rows() -> None:
    data = 'a;b\n1;x\n2\n3;"y;\nz"\n'
    keys = list(table_of(data).keys(["b"]))
    assert [key if isinstance(key, tuple) else key.line for key in keys] == [
        (2, ("x",)),
        3,
        (4, ("y;\nz",)),
    ]


def test_several_keys_come_in_the_order_they_are_asked_for() -> None:
    data = 'a;b;c\n1;x;I\n2;"y;";II\n'
    keys = list(table_of(data).keys(["c", "a"]))
    assert keys == [(2, ("I", "1")), (3, ("II", "2"))]


def test_rows_and_faults_come_in_the_order_of_their_lines() -> None:
    chunk = TableChunk((2, 5), (("a",), ("b",)), (RowFault(3, ()), RowFault(9, ())))
    places = [item.line if isinstance(item, RowFault) else item[0] for item in in_order(chunk)]
    assert places == [2, 3, 5, 9]


def test_an_unreadable_header_is_refused() -> None:
    with pytest.raises(TableError, match="header"):
        table_of(b"\xff\xfe;b\n1;2\n")


def test_an_empty_file_has_no_rows() -> None:
    table = table_of("")
    assert table.columns == ()
    assert list(table.chunks(set())) == []


@pytest.mark.parametrize("sound", [True, False])
def test_neither_rows_nor_faults_are_held_without_bound(
    sound: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK_ROWS", 3)
    rows = [(line, ("x",)) if sound else RowFault(line, ()) for line in range(2, 9)]
    chunks = list(in_chunks(rows))
    assert [len(chunk.rows) + len(chunk.faults) for chunk in chunks] == [3, 3, 1]
    assert [item for chunk in chunks for item in in_order(chunk)] == rows
