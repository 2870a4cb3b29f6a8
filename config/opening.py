"""When deposits may be made: the settings ``channel.window`` and ``channel.blackouts``."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, datetime, time
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from config.section import Section

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
#: The days of the week, Monday first (``datetime.weekday``).
DAYS: tuple[Day, ...] = get_args(Day)


class Window(Section):
    """The hours in which flows may be deposited, on the wall clock of ``run_date`` (Paris).

    Outside them a night does everything but deposit, and its flows wait. Both hours or neither.
    """

    opens: time | None = None
    """First minute, for instance ``"19:00"``; empty: deposits at any hour."""
    closes: time | None = None
    """End, for instance ``"06:00"``; before ``opens``: on the next day."""
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    """Days on which the window opens; it closes when it closes, whatever that day is."""

    @model_validator(mode="after")
    def _has_both_ends(self) -> Window:
        if (self.opens is None) != (self.closes is None):
            msg = "channel.window needs opens and closes, or neither"
            raise ValueError(msg)
        if self.opens is not None and self.opens == self.closes:
            msg = "channel.window opens and closes at the same hour; leave both out for any hour"
            raise ValueError(msg)
        if any(hour is not None and hour.tzinfo for hour in (self.opens, self.closes)):
            msg = "channel.window takes hours of the wall clock, without an offset"
            raise ValueError(msg)
        return self


class Blackout(Section):
    """A period without deposits, as a closing of the platform that AIFE announced."""

    begins: datetime
    """Begin, on the wall clock of ``run_date`` unless it carries an offset."""
    ends: datetime
    """End, likewise; the period does not hold it."""
    reason: str = ""
    """Why, for whoever reads the report."""
    collect: bool = True
    """Whether return flows may be fetched meanwhile; ``false``: the server is not called at all."""

    @model_validator(mode="after")
    def _has_a_length(self) -> Blackout:
        if (self.begins.tzinfo is None) != (self.ends.tzinfo is None):
            msg = "begins and ends of a blackout carry an offset both, or neither"
            raise ValueError(msg)
        if self.ends <= self.begins:
            msg = f"a blackout ends ({self.ends}) before it begins ({self.begins})"
            raise ValueError(msg)
        if self.begins.year == MINYEAR or self.ends.year == MAXYEAR:
            # Not a moment any more in another time zone.
            msg = f"a blackout from {self.begins} to {self.ends} is out of the calendar"
            raise ValueError(msg)
        return self
