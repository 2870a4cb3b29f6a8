"""Types of the directory: validity of a service, what a view may be asked, its age."""

from __future__ import annotations

import pickle
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.directory import DirectoryView, NotAskedError, Service, Structure

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def view(dated: date, max_age_days: int = 30) -> DirectoryView:
    known = {"21999900000017": Structure("21999900000017")}
    return DirectoryView(dated, max_age_days, True, frozenset({*known, "1"}), known)


@pytest.mark.parametrize(
    ("first", "last", "day", "holds"),
    [
        (None, None, date(2026, 9, 14), True),
        (date(2026, 9, 14), None, date(2026, 9, 14), True),
        (date(2026, 9, 15), None, date(2026, 9, 14), False),
        (None, date(2026, 9, 14), date(2026, 9, 14), True),
        (None, date(2026, 9, 13), date(2026, 9, 14), False),
    ],
)
def test_a_service_holds_from_its_first_to_its_last_day(
    first: date | None, last: date | None, day: date, holds: bool
) -> None:
    assert Service("S", valid_from=first, valid_until=last).holds_on(day) is holds


def test_a_view_tells_what_it_was_made_for_and_refuses_the_rest() -> None:
    made = view(date(2026, 9, 14))
    assert made.find("21999900000017") == Structure("21999900000017")
    assert made.find("1") is None
    with pytest.raises(NotAskedError, match="2"):
        made.find("2")


def test_a_view_travels_to_another_process() -> None:
    made = view(date(2026, 9, 14))
    assert pickle.loads(pickle.dumps(made)) == made


@given(DAYS, st.integers(0, 400), st.integers(0, 400))
def test_a_directory_is_old_the_day_after_its_last_good_one(
    dated: date, limit: int, age: int
) -> None:
    assert view(dated, limit).is_old(dated + timedelta(days=age)) is (age > limit)
