"""Lines of a SAP list, cut where the bars of the heading stand."""

from __future__ import annotations

import pytest

from transforms.sap_bands import bands_of, is_ruler, told_apart

HEADING = "|Doc.  |Text       |Net    |"
(BAND,) = bands_of([HEADING])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-" * 20, True),
        ("|-----|---|", True),
        (" |-----+---| ", True),
        ("--", False),
        ("|  |  |", False),
        ("|-  |---|", False),
        ("", False),
        ("|---|x", False),
    ],
)
def test_a_ruler_is_dashes_from_bar_to_bar(text: str, expected: bool) -> None:
    assert is_ruler(text) is expected


def test_a_heading_gives_the_columns_and_where_they_stand() -> None:
    assert BAND.labels == ("Doc.", "Text", "Net")
    assert BAND.bars == (0, 7, 19, 27)
    assert not BAND.open


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("|F1    |Ramette    |   3,90|", ["F1", "Ramette", "3,90"]),
        ("|F1    |a|b||c     |   3,90|", ["F1", "a|b||c", "3,90"]),
        ("|F1    |           |       |   ", ["F1", "", ""]),
        ("|F1    |\u00a0x\u00a0        |   3,90|", ["F1", "\u00a0x\u00a0", "3,90"]),
        ("|F1    |漢字x      |   3,90|", ["F1", "漢字x", "3,90"]),
        ("|F1    |漢字x        |   3,90|", ["F1", "漢字x", "3,90"]),
    ],
)
def test_a_row_is_cut_where_the_heading_is(text: str, cells: list[str]) -> None:
    fitted = BAND.fitted(text)
    assert fitted is not None
    assert [BAND.cell(fitted, span) for span in range(3)] == cells


@pytest.mark.parametrize(
    ("text", "leading"),
    [
        ("|F1    |Ramette   |   3,90|", ("F1",)),
        ("|F1    |Ramette    |   3,9", ("F1", "Ramette")),
        ("|F1    |Ram", ("F1",)),
        ("F1    |Ramette    |   3,90|", ()),
        ("|F1   |Ramette    |   3,90|", ()),
        ("", ()),
    ],
)
def test_a_line_that_does_not_fit_has_its_first_cells_only(
    text: str, leading: tuple[str, ...]
) -> None:
    assert BAND.fitted(text) is None
    assert not BAND.exceeded_by(text)
    assert BAND.leading_cells(text) == leading


def test_a_line_that_goes_on_beyond_the_last_bar_does_not_fit() -> None:
    text = "|F1    |Ramette    |   3,90||F2    |Ramette    |   3,90|"
    assert BAND.fitted(text) is None
    assert BAND.exceeded_by(text)


def test_a_filler_in_the_text_itself_is_not_dropped() -> None:
    assert BAND.fitted("|F1    |Ram\ufdd0tte    |   3,90|") is None


def test_cells_may_stand_before_the_first_bar_and_after_the_last() -> None:
    (band,) = bands_of(["Doc.  |Text |Net"])
    assert band.labels == ("Doc.", "Text", "Net")
    assert band.open
    fitted = band.fitted("F1    |x    |3,90 and more")
    assert fitted is not None
    assert [band.cell(fitted, span) for span in range(3)] == ["F1", "x", "3,90 and more"]
    assert band.fitted("F1    |x    |") is not None
    assert band.fitted("F1    |x    |3,90|") is None


def test_a_list_may_be_indented_but_nothing_stands_before_its_first_bar() -> None:
    (band,) = bands_of(["  |Doc.  |Net |"])
    assert band.labels == ("Doc.", "Net")
    assert band.fitted("  |F1    |  1 |") is not None
    assert band.fitted(" x|F1    |  1 |") is None


@pytest.mark.parametrize("heading", [["no bars"], ["|a|", "no bars"], ["||"]])
def test_what_has_no_cells_is_no_heading(heading: list[str]) -> None:
    assert bands_of(heading) == ()


def test_lines_of_a_row_are_told_apart_by_their_bars() -> None:
    assert told_apart(bands_of(["|a   |b |", "|c |d   |"]))
    assert told_apart(bands_of(["|a   |b |", "|c      |"]))
    assert not told_apart(bands_of(["|a   |b |", "|c   |d |"]))
    assert not told_apart(bands_of(["|a      |", "|c |d   |"]))
