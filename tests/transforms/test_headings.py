"""A heading that comes again among the rows, and cells below no name."""

from __future__ import annotations

import pytest

from transforms.headings import Heading, below_other_heading

COLUMNS = ("number", "", "name", "net")


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (("number", "", "name", "net"), "same"),
        ((" number", "", "name ", "net"), "same"),
        (("name", "", "number", "net"), "other"),
        (("number", "", "name"), "other"),
        (("number", "day", "name", "net", "more"), "other"),
        (("F1", "", "name", "1"), "row"),
        (("F1", "", "net", "net"), "row"),
        (("", "", "", ""), "row"),
    ],
)
def test_a_row_is_a_heading_when_most_names_stand_in_it(cells: tuple[str, ...], kind: str) -> None:
    assert Heading(COLUMNS).kind_of(5, cells) == kind


def test_a_heading_that_comes_again_is_told_once_with_its_count() -> None:
    heading = Heading(COLUMNS)
    for line in (4, 9):
        heading.kind_of(line, COLUMNS)
    (told,) = heading.warnings("a.csv")
    assert (told.rule, told.location.line, told.params) == ("XT-HEADING-01", 4, {"count": "2"})


def test_the_first_value_below_no_name_is_told() -> None:
    heading = Heading(COLUMNS)
    assert heading.watches
    heading.see(2, ("F1", " ", "x", "1"))
    heading.see(3, ("**", "*", "", "1"))  # the marks of sums in a SAP download
    assert heading.warnings("a.csv") == ()
    heading.see(4, ("F1", "9", "x", "1"))
    assert not heading.watches
    (told,) = heading.warnings("a.csv")
    assert (told.rule, told.location.line, told.params) == ("XT-COLUMN-03", 4, {"rank": "2"})


def test_a_file_without_names_has_no_heading_to_come_again() -> None:
    heading = Heading(())
    assert heading.kind_of(2, ("a",)) == "row"
    assert not heading.watches


def test_a_row_below_another_heading_names_both_lines() -> None:
    told = below_other_heading("a.csv", 9, 7)
    assert (told.rule, told.location.line, told.params["heading_line"]) == ("XT-HEADING-02", 9, "7")
