"""How long files are kept, and what keeps them longer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from config.retention_settings import Retention
from flows.audit.retention import is_due, kept_until, years_of
from flows.ledger import KeptFile

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("kept_on", "years", "year_ends", "until"),
    [
        (date(2026, 3, 2), 10, 12, date(2036, 12, 31)),
        (date(2026, 12, 31), 10, 12, date(2036, 12, 31)),
        (date(2027, 1, 1), 10, 12, date(2037, 12, 31)),
        (date(2026, 3, 2), 6, 6, date(2032, 6, 30)),
        (date(2026, 7, 1), 6, 6, date(2033, 6, 30)),
        (date(2026, 2, 28), 2, 2, date(2028, 2, 29)),
        (date(2026, 3, 2), 0, 12, None),
    ],
)
def test_the_years_count_from_the_end_of_the_financial_year(
    kept_on: date, years: int, year_ends: int, until: date | None
) -> None:
    assert kept_until(kept_on, years, year_ends=year_ends) == until


@pytest.mark.parametrize(
    ("kind", "years"),
    [
        *(("extract", 7), ("companion", 7), ("flow", 8), ("members", 8)),
        *(("return", 9), ("report", 0), ("anything new", 0)),
    ],
)
def test_each_kind_has_its_years_and_what_is_not_known_is_kept_for_good(
    kind: str, years: int
) -> None:
    settings = Retention(extracts_years=7, flows_years=8, returns_years=9, reports_years=0)
    assert years_of(kind, settings) == years


def test_a_file_is_due_on_the_day_after_its_last_in_paris() -> None:
    file = KeptFile(
        run_id=None,
        rank=1,
        kind="flow",
        path="outbox/a",
        sha256="x",
        size=1,
        # New Year in Paris, still the old year in UTC: it belongs to the new one.
        kept_at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
    )
    for day, due in ((date(2037, 12, 31), False), (date(2038, 1, 1), True)):
        assert is_due(file, Retention(), today=day, zone=PARIS) is due


def test_the_defaults_are_those_of_the_commercial_code() -> None:
    assert {name: value for name, value in Retention() if name.endswith("years")} == {
        "extracts_years": 10,
        "flows_years": 10,
        "returns_years": 10,
        "reports_years": 10,
    }
