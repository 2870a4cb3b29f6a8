"""A profile compiled for the columns of a file."""

from __future__ import annotations

from config.company import Company
from config.profile import Profile
from transforms.building import Reading
from transforms.grouping import RowBlock
from transforms.plan import Plan

PROFILE = Profile.model_validate(
    {
        "profile": "p",
        "header": {"BT-1": "number", "BT-5": "currency", "CF-ATTACHMENTS": "files"},
        "lines": {"BT-126": "line", "CF-LINE-VAT": "vat"},
        "repeated": [{"group": "BG-20", "count": 2, "terms": {"BT-92": "rebate_{n}"}}],
        "filters": [{"name": "f", "column": "number", "equals": "X"}],
    }
)


def plan(*columns: str) -> Plan:
    return Plan(PROFILE, Company(), columns, columns, len(columns))


def test_each_term_names_the_column_it_is_read_from_when_the_file_has_it() -> None:
    assert plan("number", "line", "vat", "files", "rebate_2").columns == {
        "BT-1": "number",
        "BT-126": "line",
        "CF-LINE-VAT": "vat",
        "CF-ATTACHMENTS": "files",
        "BG-24": "files",
        "BT-92": "rebate_2",
    }


def test_number_attachments_and_filters_are_found_by_their_rank() -> None:
    found = plan("line", "number", "files")
    assert found.number is not None
    assert (found.number.rank, found.attachments) == (1, 2)
    assert found.filters == (("f", 1, frozenset({"X"})),)
    nothing = plan("line")
    assert (nothing.number, nothing.attachments, nothing.filters) == (None, None, ())


def test_a_contradiction_is_told_once_per_column() -> None:
    rows = (("F1", "EUR"), ("F1", "USD"), ("F1", ""), ("F1", "GBP"))
    block = RowBlock("a.csv", "00", ("number", "currency"), rows, (2, 3, 4, 5))
    reading = Reading("a.csv", 2)
    plan("number", "currency").compare(block, reading)
    assert [(found.value, found.location.line) for found in reading.findings] == [("USD", 3)]


def test_a_value_that_only_a_later_row_gives_is_a_contradiction() -> None:
    rows = (("F1", ""), ("F1", "USD"))
    block = RowBlock("a.csv", "00", ("number", "currency"), rows, (2, 3))
    reading = Reading("a.csv", 2)
    plan("number", "currency").compare(block, reading)
    assert [found.rule for found in reading.findings] == ["MP-HEADER-01"]
