"""Numbers and dates as an XML invoice writes them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

#: What XML Schema takes as a decimal (W3C, XML Schema 1.0 part 2, 3.2.3): no exponent, no NaN.
_is_decimal = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)").fullmatch

#: Characters of a number that is worth keeping.
_SHORT: Final = 24


def number(text: str) -> Decimal | None:
    """Return the number that ``text`` is, None when it is none."""
    return _short_number(text) if len(text) < _SHORT else _any_number(text)


def _any_number(text: str) -> Decimal | None:
    return Decimal(text) if _is_decimal(text) else None


#: Rates, quantities and prices come back from line to line and from invoice to invoice.
_short_number = lru_cache(maxsize=4096)(_any_number)


def day(text: str) -> date | None:
    """Return the date that ``text`` begins with, None when it is none; what follows is left out."""
    digits = text[:10].replace("-", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def is_plain(text: str, value: date) -> bool:
    """Whether a date is written in a usual way, with nothing around it."""
    return text == value.isoformat() or text == f"{value:%Y%m%d}"
