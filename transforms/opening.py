"""Whether a deposit may be made at a moment, and when the next one may.

Wall clocks jump twice a year. An hour that does not exist, or comes twice, is read in the way that
deposits less: a window is as narrow, a blackout as wide as the two readings allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from config.opening import DAYS, Blackout, Window

_DAY = timedelta(days=1)
#: Longest look for the next opening of a window: a week, and another one for a night on which
#: the clock jumps over the whole window.
_HORIZON = 16


@dataclass(frozen=True, slots=True)
class Closed:
    """Why nothing may be deposited now.

    Attributes:
        until: the first moment at which a deposit may begin again, in UTC.
        reason: of the blackout; empty outside the window.
        blackout: whether a blackout closes, not the window.
        collects: whether return flows may be fetched meanwhile.
    """

    until: datetime
    reason: str = ""
    blackout: bool = False
    collects: bool = True


def closed_at(
    moment: datetime, window: Window, blackouts: Iterable[Blackout], zone: tzinfo
) -> Closed | None:
    """Return why no deposit may begin at a moment; None when one may.

    Args:
        moment: aware.
        window, blackouts: the settings.
        zone: of their wall clocks.
    """
    now = moment.astimezone(UTC)
    periods = [(*_ends_of(blackout, zone), blackout) for blackout in blackouts]
    current = [b for begin, end, b in periods if begin <= now < end]
    opening = _next_opening(now, window, [(begin, end) for begin, end, _ in periods], zone)
    if opening == now:
        return None
    return Closed(
        until=opening,
        reason="; ".join(dict.fromkeys(b.reason for b in current if b.reason)),
        blackout=bool(current),
        collects=all(b.collect for b in current),
    )


def _next_opening(
    now: datetime, window: Window, periods: list[tuple[datetime, datetime]], zone: tzinfo
) -> datetime:
    """Return the first moment, from ``now`` on, inside the window and outside every period."""
    moment = now
    while True:
        opening = _in_window(moment, window, zone)
        moment = max((end for begin, end in periods if begin <= opening < end), default=opening)
        if moment == opening:
            return opening


def _in_window(moment: datetime, window: Window, zone: tzinfo) -> datetime:
    """Return ``moment`` when the window is open, else its next opening."""
    if window.opens is None or window.closes is None:
        return moment
    for opens, closes in _windows(moment, window, zone):
        if moment < closes:
            return max(moment, opens)
    message = f"no opening of {window} after {moment}"  # a window opens at least once a week
    raise AssertionError(message)


def _windows(moment: datetime, window: Window, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield the openings of a window around and after a moment, in UTC."""
    opens, closes = window.opens, window.closes
    assert opens is not None
    assert closes is not None
    today = moment.astimezone(zone).date()
    for ahead in range(-1, _HORIZON):
        day = today + ahead * _DAY
        if DAYS[day.weekday()] not in window.days:
            continue
        last = day if closes > opens else day + _DAY
        start = max(_readings(datetime.combine(day, opens), zone))
        end = min(_readings(datetime.combine(last, closes), zone))
        if start < end:
            yield start, end


def _ends_of(blackout: Blackout, zone: tzinfo) -> tuple[datetime, datetime]:
    return min(_readings(blackout.begins, zone)), max(_readings(blackout.ends, zone))


def _readings(wall: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the two moments, most often the same, that a wall clock may mean, in UTC."""
    if wall.tzinfo is not None:
        return wall.astimezone(UTC), wall.astimezone(UTC)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
