"""Read dates in the formats a profile declares. Strict: two digits are two digits.

``strptime`` is not used: it accepts ``1/2/2026`` for ``%d/%m/%Y`` and depends on the locale.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

from config.profile import Dates

#: Abbreviations of months: English, and French as Oracle and Excel write them.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "janv"),
            ("feb", "fév", "fev", "févr", "fevr"),
            ("mar", "mars"),
            ("apr", "avr"),
            ("may", "mai"),
            ("jun", "juin"),
            ("jul", "juil"),
            ("aug", "aoû", "aou", "août", "aout"),
            ("sep", "sept"),
            ("oct",),
            ("nov",),
            ("dec", "déc"),
        ),
        1,
    )
    for name in names
}
_FIELDS = {
    "yyyy": "(?P<year>[0-9]{4})",
    "yy": "(?P<short>[0-9]{2})",
    "MMM": "(?P<name>[A-Za-zûéÛÉ]{3,5})[.]? *",  # Oracle fills French names up to five
    "MM": "(?P<month>[0-9]{2})",
    "dd": "(?P<day>[0-9]{2})",
    "HH": "[0-9]{2}",
    "mm": "[0-9]{2}",
    "ss": "[0-9]{2}(?:[.][0-9]+)?",
}
_WORD = re.compile("(" + "|".join(_FIELDS) + ")")
#: Day 0 of Excel's 1900 date system, which believes that 1900 was a leap year.
EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_DAY = re.compile(r"[0-9]{3,6}(?:[.][0-9]+)?")
#: Serials up to 1 March 1900 count a day that never was.
EXCEL_FIRST = 61


class DateError(ValueError):
    """Raised when a text is no date in any declared format."""


def parse_date(text: str, dates: Dates) -> date | None:
    """Return the date written in ``text``, or None for one of the declared empty values.

    Raises:
        DateError: when no declared format reads ``text``, or the day does not exist.
    """
    return parser(dates)(text)


@lru_cache(maxsize=64)
def parser(dates: Dates) -> Callable[[str], date | None]:
    """Return :func:`parse_date` compiled for ``dates``."""
    empty = frozenset(value.strip() for value in dates.empty)
    readers = tuple(_reader(pattern) for pattern in dates.formats)

    def parse(text: str) -> date | None:
        stripped = text.strip()
        if not stripped or stripped in empty:
            return None
        for read in readers:
            found = read(stripped)
            if found is not None:
                # A null date may come with a time of day: 1900-01-01 00:00:00.
                return None if found.isoformat() in empty else found
        msg = f"{text!r} is no date ({', '.join(dates.formats)})"
        raise DateError(msg)

    return parse


def date_text(value: date, pattern: str) -> str:
    """Return ``value`` written in ``pattern``: what :func:`parse_date` reads back."""
    if pattern == "excel":
        return str((value - EXCEL_EPOCH).days)
    words = {
        "yyyy": f"{value.year:04d}",
        "yy": f"{value.year % 100:02d}",
        "MMM": next(name for name, month in _MONTHS.items() if month == value.month).upper(),
        "MM": f"{value.month:02d}",
        "dd": f"{value.day:02d}",
    }
    return _WORD.sub(lambda match: words.get(match.group(), "00"), pattern)


def _reader(pattern: str) -> Callable[[str], date | None]:
    if pattern == "excel":
        return _read_serial
    parts = _WORD.split(pattern)
    regex = re.compile("".join(_FIELDS.get(part) or re.escape(part) for part in parts))

    def read(text: str) -> date | None:
        match = regex.fullmatch(text)
        if match is None:
            return None
        fields = match.groupdict()
        year = int(fields["year"]) if fields.get("year") else 2000 + int(fields["short"])
        name = fields.get("name")
        month = _MONTHS.get(name.casefold(), 0) if name else int(fields["month"])
        try:
            return date(year, month, int(fields["day"]))
        except ValueError:
            return None

    return read


def _read_serial(text: str) -> date | None:
    if _EXCEL_DAY.fullmatch(text) is None:
        return None
    days = int(text.partition(".")[0])
    return EXCEL_EPOCH + timedelta(days=days) if days >= EXCEL_FIRST else None
