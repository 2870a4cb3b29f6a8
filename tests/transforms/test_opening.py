"""Deposit windows and blackouts on the wall clock of Paris."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from config.opening import Blackout, Window
from transforms.opening import closed_at

PARIS = ZoneInfo("Europe/Paris")
NIGHT = Window.model_validate({"opens": "19:00", "closes": "06:00"})
DAY = Window.model_validate({"opens": "08:00", "closes": "18:30"})
WEEK = Window.model_validate(
    {"opens": "19:00", "closes": "06:00", "days": ["mon", "tue", "wed", "thu", "fri"]}
)
CHRISTMAS = Blackout.model_validate(
    {"begins": "2026-12-24T18:00", "ends": "2026-12-26T08:00", "reason": "maintenance"}
)
SILENT = Blackout.model_validate(
    {"begins": "2026-12-25T00:00", "ends": "2026-12-25T12:00", "reason": "", "collect": False}
)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        (Window(), "2026-09-14 12:00", None),
        (NIGHT, "2026-09-14 18:59:59", "2026-09-14 19:00"),
        (NIGHT, "2026-09-14 19:00", None),
        (NIGHT, "2026-09-15 00:00", None),
        (NIGHT, "2026-09-15 05:59:59", None),
        (NIGHT, "2026-09-15 06:00", "2026-09-15 19:00"),
        (DAY, "2026-09-14 07:00", "2026-09-14 08:00"),
        (DAY, "2026-09-14 18:29", None),
        (DAY, "2026-09-14 18:30", "2026-09-15 08:00"),
        # The window of Friday lasts until Saturday morning, and the next one opens on Monday.
        (WEEK, "2026-09-19 05:00", None),
        (WEEK, "2026-09-19 06:00", "2026-09-21 19:00"),
        (WEEK, "2026-09-21 05:00", "2026-09-21 19:00"),
        # Summer time began on 29 March 2026 and ended on 25 October 2026.
        (NIGHT, "2026-03-29 05:59", None),
        (NIGHT, "2026-03-29 06:00", "2026-03-29 19:00"),
        (NIGHT, "2026-10-25 05:59", None),
        (NIGHT, "2026-10-25 06:00", "2026-10-25 19:00"),
    ],
)
def test_a_window_is_read_on_the_wall_clock(window: Window, now: str, opens: str | None) -> None:
    found = closed_at(paris(now), window, (), PARIS)
    assert (found.until if found else None) == (paris(opens) if opens else None)
    if found:
        assert (found.blackout, found.collects, found.reason) == (False, True, "")


@pytest.mark.parametrize(
    ("opens", "closes", "now", "closed"),
    [
        # 02:30 comes twice on 25 October: 00:30 and 01:30 UTC. The window is the narrower one.
        ("02:30", "05:00", "2026-10-25T00:45", True),
        ("02:30", "05:00", "2026-10-25T01:30", False),
        ("22:00", "02:30", "2026-10-25T00:29", False),
        ("22:00", "02:30", "2026-10-25T00:30", True),
        # 02:30 does not come on 29 March: between 01:00 UTC and 01:00 UTC.
        ("02:30", "05:00", "2026-03-29T01:29", True),
        ("02:30", "05:00", "2026-03-29T01:30", False),
        ("22:00", "02:30", "2026-03-29T00:29", False),
        ("22:00", "02:30", "2026-03-29T00:30", True),
    ],
)
def test_an_hour_that_comes_twice_or_never_is_read_so_that_less_is_deposited(
    opens: str, closes: str, now: str, closed: bool
) -> None:
    window = Window.model_validate({"opens": opens, "closes": closes})
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert (closed_at(moment, window, (), PARIS) is not None) is closed


def test_a_window_that_the_clock_jumps_over_opens_the_week_after() -> None:
    window = Window.model_validate({"opens": "02:10", "closes": "02:50", "days": ["sun"]})
    found = closed_at(paris("2026-03-28 12:00"), window, (), PARIS)
    assert found is not None
    assert found.until == paris("2026-04-05 02:10")


@pytest.mark.parametrize(
    ("now", "window", "blackouts", "until", "reason", "collects"),
    [
        ("2026-12-24 17:59", Window(), (CHRISTMAS,), None, "", True),
        ("2026-12-24 18:00", Window(), (CHRISTMAS,), "2026-12-26 08:00", "maintenance", True),
        (
            "2026-12-25 06:00",
            Window(),
            (CHRISTMAS, SILENT),
            "2026-12-26 08:00",
            "maintenance",
            False,
        ),
        (
            "2026-12-25 12:00",
            Window(),
            (CHRISTMAS, SILENT),
            "2026-12-26 08:00",
            "maintenance",
            True,
        ),
        ("2026-12-26 08:00", Window(), (CHRISTMAS,), None, "", True),
        # The blackout ends outside the window: the next opening counts.
        ("2026-12-25 20:00", NIGHT, (CHRISTMAS,), "2026-12-26 19:00", "maintenance", True),
        # The window opens into the blackout.
        ("2026-12-24 12:00", NIGHT, (CHRISTMAS,), "2026-12-26 19:00", "", True),
    ],
)
def test_a_blackout_closes_whatever_the_window_says(
    now: str,
    window: Window,
    blackouts: tuple[Blackout, ...],
    until: str | None,
    reason: str,
    collects: bool,
) -> None:
    found = closed_at(paris(now), window, blackouts, PARIS)
    assert (found.until if found else None) == (paris(until) if until else None)
    if found:
        assert (found.reason, found.collects) == (reason, collects)
        assert found.blackout is bool(reason)


def test_a_blackout_may_carry_its_offset() -> None:
    utc = Blackout.model_validate({"begins": "2026-12-24T18:00Z", "ends": "2026-12-24T19:00Z"})
    assert closed_at(paris("2026-12-24 18:30"), Window(), (utc,), PARIS) is None
    assert closed_at(paris("2026-12-24 19:30"), Window(), (utc,), PARIS) is not None
