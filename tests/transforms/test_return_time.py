"""Times of statuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.return_time import UNDATED, read_stamp

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-03-02T01:02:03+01:00", datetime(2026, 3, 2, 0, 2, 3, tzinfo=UTC)),
        ("2026-03-02T01:02:03Z", datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)),
        ("2026-03-02T01:02:03", datetime(2026, 3, 2, 0, 2, 3, tzinfo=UTC)),
        ("2026-07-02T01:02:03", datetime(2026, 7, 1, 23, 2, 3, tzinfo=UTC)),
        ("2026-03-02T01:02:03.5-05:30", datetime(2026, 3, 2, 6, 32, 3, 500000, tzinfo=UTC)),
        ("2026-03-02T01:02:03.123456789Z", datetime(2026, 3, 2, 1, 2, 3, 123456, tzinfo=UTC)),
        ("2025-12-31T24:00:00", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("2026-03-29T02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # in the spring gap
    ],
)
def test_a_time_is_read_as_an_instant(raw: str, expected: datetime) -> None:
    stamp = read_stamp(raw, PARIS)
    assert (stamp.raw, stamp.at, stamp.order) == (raw, expected, expected)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "2026-15-18T16:51:55.000+01:00",
        "2026-02-30T10:00:00",
        "2026-03-02 10:00:00",
        "2026-03-02",
        "20260302T100000",
        "2026-03-02T10:00",
        "2026-03-02T24:00:01",
        "2026-03-02T10:00:00+99:00",
        "٢٠٢٦-03-02T10:00:00",
        "9999-12-31T24:00:00",
        "0001-01-01T00:00:00+10:00",
        "hier",
    ],
)
def test_what_is_no_time_is_kept_raw_and_sorted_first(raw: str) -> None:
    stamp = read_stamp(raw, PARIS)
    assert (stamp.raw, stamp.at, stamp.order) == (raw, None, UNDATED)


def test_times_of_the_hour_lived_twice_are_held_equal() -> None:
    early, late = (read_stamp(f"2026-10-25T02:{m}:00", PARIS) for m in ("10", "50"))
    assert early.order == late.order == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert early.at == datetime(2026, 10, 25, 0, 10, tzinfo=UTC)


def test_the_hour_lived_twice_stays_between_its_neighbours() -> None:
    before, within, after = (
        read_stamp(raw, PARIS).order
        for raw in ("2026-10-25T01:59:59", "2026-10-25T02:30:00", "2026-10-25T03:00:00")
    )
    assert before < within < after


def test_an_offset_takes_the_ambiguity_away() -> None:
    stamp = read_stamp("2026-10-25T02:30:00+01:00", PARIS)
    assert stamp.order == stamp.at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(
    st.datetimes(
        min_value=datetime(1970, 1, 2),
        max_value=datetime(2100, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone.min]),
    )
)
def test_every_time_with_an_offset_comes_back(moment: datetime) -> None:
    assert read_stamp(moment.replace(second=1).isoformat(), PARIS).at == moment.replace(second=1)


@given(st.text(max_size=40))
def test_no_text_raises(raw: str) -> None:
    assert read_stamp(raw, PARIS).raw == raw
