"""docs/reliability.md names every crash point, and each is proven by a case."""

from __future__ import annotations

from flows.crashpoints import CrashPoint
from tests.reliability.page import SECTIONS, crash_sections, page
from tests.reliability.steps import STEPS


def test_every_crash_point_has_a_text() -> None:
    assert set(STEPS) == set(CrashPoint)


def test_every_crash_point_is_in_one_table_in_the_order_of_a_night() -> None:
    told = [row.what for section in crash_sections() for row in section.rows]
    assert told == [f"`{point.value}`" for point in CrashPoint]


def test_every_row_is_proven_and_says_an_exit_code() -> None:
    rows = [row for give in SECTIONS for section in give() for row in section.rows]
    for row in rows:
        assert row.proven_by, row.what
        assert row.exit_code, row.what


def test_the_page_shows_every_case() -> None:
    text = page()
    rows = [row for give in SECTIONS for section in give() for row in section.rows]
    for row in rows:
        for name in row.proven_by:
            assert f"`{name}`" in text
