"""A file of headers and a file of lines: joined on their keys, and whatever finds no other half."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.extracts import WrongProfileError
from tests.support.small_extracts import TWO, read, shaped

HEADERS = "no;day\n"
LINES = "inv;line;net\n"


@pytest.mark.parametrize("contiguous", [True, False])
def test_two_files_are_joined_on_their_keys(tmp_path: Path, contiguous: bool) -> None:
    found = read(
        tmp_path,
        shaped(TWO, contiguous=contiguous),
        x_header_1=HEADERS + "F1;d1\nF2;d2\n",
        x_lines_1=LINES + "F1;1;10\nF1;2;20\nF2;1;30\n",
    )
    assert found.keys == ["F1", "F2"]
    header, lines = found.invoices[0].blocks
    assert (header.file, header.rows) == ("x_header_1.csv", (("F1", "d1"),))
    assert (lines.file, lines.rows) == ("x_lines_1.csv", (("F1", "1", "10"), ("F1", "2", "20")))
    assert found.reading.rows_read == 5
    assert found.rules == {"F1": [], "F2": []}


def test_lines_in_another_order_than_the_headers_are_joined_all_the_same(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        TWO,
        header=HEADERS + "F1;d\nF2;d\nF3;d\n",
        lines=LINES + "F3;1;3\nF1;1;1\nF2;1;2\n",
    )
    assert found.keys == ["F1", "F2", "F3"]
    assert [rows.blocks[1].rows[0][2] for rows in found.invoices] == ["1", "2", "3"]
    assert found.rules == {"F1": [], "F2": [], "F3": []}


@pytest.mark.parametrize("contiguous", [True, False])
def test_a_side_that_is_missing_is_a_finding(tmp_path: Path, contiguous: bool) -> None:
    found = read(
        tmp_path,
        shaped(TWO, contiguous=contiguous),
        header=HEADERS + "F1;d\nF3;d\n",
        lines=LINES + "F0;1;1\nF1;1;1\nF2;1;2\nF9;1;1\n",
    )
    rules = {
        "F0": "XT-JOIN-01",
        "F1": "",
        "F2": "XT-JOIN-01",
        "F3": "XT-JOIN-02",
        "F9": "XT-JOIN-01",
    }
    assert {key: "".join(told) for key, told in found.rules.items()} == rules
    orphan = next(rows for rows in found.invoices if rows.key == "F2")
    assert orphan.blocks[0].rows == ()
    assert orphan.blocks[0].columns == ("no", "day")
    assert orphan.span.file == "lines.csv"


@pytest.mark.parametrize("contiguous", [True, False])
def test_a_header_given_twice_is_a_finding(tmp_path: Path, contiguous: bool) -> None:
    found = read(
        tmp_path,
        shaped(TWO, contiguous=contiguous),
        header=HEADERS + "F1;d\nF1;e\nF2;d\n",
        lines=LINES + "F1;1;1\nF2;1;2\n",
    )
    assert found.rules == {"F1": ["XT-HEADER-01"], "F2": []}


def test_lines_that_come_back_are_joined_and_told(tmp_path: Path) -> None:
    found = read(
        tmp_path, TWO, header=HEADERS + "F1;d\nF2;d\n", lines=LINES + "F1;1;1\nF2;1;2\nF1;2;1\n"
    )
    assert found.rules == {"F1": ["XT-KEY-01"], "F2": []}
    assert found.invoices[0].blocks[1].lines == (2, 4)
    assert found.invoices[0].findings[0].params["others"] == "2"


def test_an_unreadable_header_row_leaves_its_lines_without_header(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        TWO,
        header=HEADERS + "F1;d\nx\nF3;d\n",
        lines=LINES + "F1;1;1\nF2;1;2\nF3;1;3\n",
    )
    assert found.rules == {"F1": [], "F2": ["XT-JOIN-01"], "F3": []}
    assert found.orphans == [("XT-FIELDS-01", 3)]


def test_pairs_are_made_by_the_text_under_the_stars(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        TWO,
        b_header=HEADERS + "F2;d\n",
        a_header=HEADERS + "F1;d\n",
        a_lines=LINES + "F1;1;1\n",
        b_lines=LINES + "F2;1;1\n",
    )
    assert found.keys == ["F2", "F1"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a_header": HEADERS}, "a_header.csv"),
        (
            {"a_header": HEADERS, "b_lines": LINES, "c_header": HEADERS},
            "a_header.csv, b_lines.csv, c_header.csv",
        ),
        ({"other": HEADERS}, "other.csv"),
        ({"other": "a;b\n"}, "neither"),
    ],
)
def test_a_file_without_its_other_half_stops_the_run(
    tmp_path: Path, files: dict[str, str], told: str
) -> None:
    with pytest.raises(WrongProfileError, match=told):
        read(tmp_path, TWO, **files)
