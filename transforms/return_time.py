"""Read the time of a status (``Horodatage``) and say how statuses are ordered by it.

The schema has ``xs:dateTime``, whose offset is optional; files without one are seen. Such a time
is read in the zone of the settings. In the hour that is lived twice in autumn it is ambiguous:
ambiguous times of that hour are held equal, and equal times keep the order of arrival.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)

#: Where statuses without a readable time are sorted: before all others, so that an unreadable
#: time never hides a later status.
UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as written and as read.

    Attributes:
        raw: as written.
        at: the instant in UTC (the first of the two when ambiguous); None when unreadable.
        order: what statuses are sorted by; equal stamps keep the order of arrival.
    """

    raw: str
    at: datetime | None
    order: datetime


def read_stamp(raw: str, zone: tzinfo) -> Stamp:
    """Return the time ``raw``, taken in ``zone`` when it has no offset."""
    local = _parse(raw)
    if local is None:
        return Stamp(raw, None, UNDATED)
    try:
        if local.tzinfo is not None:
            instant = local.astimezone(UTC)
            return Stamp(raw, instant, instant)
        local = local.replace(tzinfo=zone)
        first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError:  # year 1 or 9999 with an offset that leaves the calendar
        return Stamp(raw, None, UNDATED)
    if first < second:
        return Stamp(raw, first, _start_of_fold(first, second, zone))
    # In spring's gap the readings swap; the first is what a clock not yet moved would show.
    return Stamp(raw, first, first)


def _parse(raw: str) -> datetime | None:
    match = _DATE_TIME.fullmatch(raw)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    midnight = (hour, minute, second) == ("24", "00", "00")  # xs:dateTime: end of the day
    try:
        read = datetime(
            int(year),
            int(month),
            int(day),
            0 if midnight else int(hour),
            int(minute),
            int(second),
            int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=_offset(offset),
        )
        return read + timedelta(days=1) if midnight else read
    except (ValueError, OverflowError):
        return None


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    sign = -1 if text.startswith("-") else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:6])))


def _start_of_fold(first: datetime, second: datetime, zone: tzinfo) -> datetime:
    """Return the instant at which the repeated hour begins for the first time."""
    width = second - first
    before = first.astimezone(zone).utcoffset()
    # The clocks go back somewhere in (first, second]: narrow it down to the second.
    low, high = first, second
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0) - width
