"""Dates in declared formats."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.profile import Dates
from transforms.dates import DateError, date_text, parse_date

ALL = Dates(
    formats=("yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyyMMdd", "dd/MM/yyyy", "dd.MM.yy", "excel"),
    empty=("00000000", "1900-01-01", "1753-01-01"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23", date(2026, 11, 23)),
        (" 2026-11-23 ", date(2026, 11, 23)),
        ("2026-11-23 23:59:59", date(2026, 11, 23)),
        ("2026-11-23 00:00:00.000", date(2026, 11, 23)),
        ("20261123", date(2026, 11, 23)),
        ("23/11/2026", date(2026, 11, 23)),
        ("23.11.26", date(2026, 11, 23)),
        ("46349", date(2026, 11, 23)),
        ("46349.75", date(2026, 11, 23)),
        ("36526", date(2000, 1, 1)),
        ("", None),
        ("   ", None),
        ("00000000", None),
        ("1900-01-01", None),
        ("1753-01-01 00:00:00", None),
    ],
)
def test_reads_the_declared_formats_and_null_dates(text: str, expected: date | None) -> None:
    assert parse_date(text, ALL) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-13-01",
        "1/2/2026",
        "2026-1-2",
        "23-11-2026",
        "tomorrow",
        "12",
        "٢٠٢٦-١١-٢٣",
    ],
)
def test_refuses_anything_else(text: str) -> None:
    with pytest.raises(DateError):
        parse_date(text, ALL)


def test_a_format_that_is_not_declared_is_not_tried() -> None:
    with pytest.raises(DateError, match="dd/MM/yyyy"):
        parse_date("2026-11-23", Dates(formats=("dd/MM/yyyy",)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12-MAR-26", date(2026, 3, 12)),
        ("12-Mar-26", date(2026, 3, 12)),
        ("12-MARS -26", date(2026, 3, 12)),  # filled up, as Oracle writes French months
        ("03-févr.-26", date(2026, 2, 3)),
        ("03-AOÛT-26", date(2026, 8, 3)),
        ("03-DÉC.-26", date(2026, 12, 3)),
        ("03-DEC-26", date(2026, 12, 3)),
        ("30-FEB-26", None),
        ("03-MRZ-26", None),
        ("03-03-26", None),
    ],
)
def test_months_may_be_named_in_english_and_in_french(text: str, expected: date | None) -> None:
    named = Dates(formats=("dd-MMM-yy",))
    if expected is None:
        with pytest.raises(DateError):
            parse_date(text, named)
    else:
        assert parse_date(text, named) == expected


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(
        [
            "yyyy-MM-dd",
            "dd/MM/yyyy",
            "yyyyMMdd",
            "dd.MM.yy",
            "MM/dd/yyyy HH:mm",
            "dd-MMM-yy",
            "excel",
        ]
    ),
)
def test_every_date_written_in_a_format_is_read_back(day: date, pattern: str) -> None:
    assert parse_date(date_text(day, pattern), Dates(formats=(pattern,))) == day


@given(st.text(max_size=30))
def test_any_text_is_a_date_nothing_or_refused(text: str) -> None:
    try:
        found = parse_date(text, ALL)
    except DateError:
        return
    assert found is None or found.year >= 1
