"""Rows gathered into invoices."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.finding import Finding, Location, Severity
from transforms.grouping import InvoiceRows, KeyedRow, Keying, RowBlock, SpoolError, gather
from transforms.records import RowFault

CUT = Finding(
    "XT-FIELDS-01", Severity.ERROR, Location("a.csv", 4, "b"), value="x", params={"n": "1"}
)


def block(*lines: int) -> RowBlock:
    return RowBlock("a.csv", "00", ("k", "v"), tuple(("F1", str(line)) for line in lines), lines)


def fault(line: int, *cells: str, trusted: int = 0) -> RowFault:
    finding = Finding("XT-FIELDS-01", Severity.ERROR, Location("a.csv", line))
    return RowFault(line, (finding,), cells, trusted)


def keyed(
    rows: list[tuple[int, str] | RowFault], *, hold: bool = True
) -> tuple[list[tuple[str, int, list[str]]], list[int | None]]:
    """The keyed rows as (key, line, rules), and the lines of the orphans."""
    keying = Keying(file="a.csv", columns=["k"], ranks=[0], hold_neighbours=hold)
    items = [row if isinstance(row, RowFault) else (*row, (row[1], "v")) for row in rows]
    found = [
        (row.key, row.line, [finding.rule for finding in row.findings])
        for row in keying.rows(items)
    ]
    return found, [finding.location.line for finding in keying.orphans]


def test_an_unreadable_row_with_a_certain_key_belongs_to_its_invoice() -> None:
    found, orphans = keyed([(2, "F1"), fault(3, "F2", "x", trusted=1), (4, "F2")])
    assert found == [("F1", 2, []), ("F2", 3, ["XT-FIELDS-01"]), ("F2", 4, [])]
    assert orphans == []


def test_an_uncertain_key_counts_when_a_neighbour_has_it() -> None:
    found, orphans = keyed([(2, "F1"), fault(3, "F1", "x")])
    assert found[1] == ("F1", 3, ["XT-FIELDS-01"])
    assert orphans == []


def test_a_row_in_the_middle_of_an_invoice_belongs_to_it() -> None:
    found, orphans = keyed([(2, "F1"), fault(3), (4, "F1"), (5, "F2")])
    assert found[1] == ("F1", 3, ["XT-FIELDS-01"])
    assert orphans == []


def test_an_orphan_holds_back_the_invoices_that_may_lack_it() -> None:
    found, orphans = keyed([(2, "F1"), fault(3), (4, "F2"), (5, "F3")])
    assert orphans == [3]
    assert found == [
        ("F1", 2, []),
        ("F1", 3, ["XT-NEIGHBOUR-01"]),
        ("F2", 3, ["XT-NEIGHBOUR-01"]),
        ("F2", 4, []),
        ("F3", 5, []),
    ]


def test_an_orphan_is_only_reported_when_the_profile_says_so() -> None:
    found, orphans = keyed([(2, "F1"), fault(3), (4, "F2")], hold=False)
    assert orphans == [3]
    assert found == [("F1", 2, []), ("F2", 4, [])]


def test_a_row_without_key_is_unreadable() -> None:
    found, _ = keyed([(2, "F1"), (3, "  "), (4, "F1")])
    assert found[1] == ("F1", 3, ["XT-KEY-02"])
    assert keyed([(2, " ")]) == ([], [2])


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["A", "B", " ", "A "]),
            st.tuples(st.sampled_from(["", "A", "B"]), st.integers(0, 1)),
        ),
        max_size=12,
    )
)
def test_every_row_belongs_to_one_invoice_or_is_an_orphan(
    rows: list[str | tuple[str, int]],
) -> None:
    items: list[tuple[int, str] | RowFault] = [
        (line, row) if isinstance(row, str) else fault(line, row[0], trusted=row[1])
        for line, row in enumerate(rows, start=2)
    ]
    found, orphans = keyed(items)
    own = [line for _, line, rules in found if "XT-NEIGHBOUR-01" not in rules]
    assert sorted([*own, *(line for line in orphans if line)]) == list(range(2, 2 + len(rows)))


def test_rows_that_stand_together_make_one_part() -> None:
    rows = [
        KeyedRow("A", 2, ("a",)),
        KeyedRow("A", 3, None, (CUT,)),
        KeyedRow("B", 4, ("b",)),
        KeyedRow("A", 5, ("c",)),
    ]
    parts = list(gather(rows))
    assert [(part.key, part.lines) for part in parts] == [("A", [2]), ("B", [4]), ("A", [5])]
    assert parts[0].findings == [CUT]
    assert list(gather([])) == []


def test_the_span_is_that_of_the_rows_or_of_what_could_not_be_read() -> None:
    span = InvoiceRows("F1", (block(2, 3),), (CUT,)).span
    assert (span.file, span.first_line, span.last_line) == ("a.csv", 2, 3)
    span = InvoiceRows("F1", (block(),), (CUT,)).span
    assert (span.first_line, span.last_line) == (4, 4)
    span = InvoiceRows("F1", (block(), block(7, 9))).span
    assert (span.first_line, span.last_line) == (7, 9)


def test_spooled_rows_come_back_as_they_were() -> None:
    rows = InvoiceRows("F\u00e9 1", (block(2, 3), block(7)), (CUT,))
    assert InvoiceRows.from_json(rows.to_json()) == rows
    assert pickle.loads(pickle.dumps(rows)) == rows


@pytest.mark.parametrize("text", ["", "{", "{}", '{"key": "a", "blocks": 3}'])
def test_a_cut_spool_is_refused(text: str) -> None:
    with pytest.raises(SpoolError):
        InvoiceRows.from_json(text)
