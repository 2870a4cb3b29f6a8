"""Numbers, sums and times as people read them, in French and in English.

French: space before the sign of the unit, narrow no-break space between thousands, comma before
decimals (Imprimerie nationale, Lexique des règles typographiques). Amounts never pass through
binary fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

Language = Literal["fr", "en"]

_NARROW = "\u202f"
_NO_BREAK = "\u00a0"
_SYMBOLS: Mapping[str, str] = {"EUR": "€"}
_UNITS: Mapping[Language, tuple[str, ...]] = {
    "fr": ("octets", "ko", "Mo", "Go"),
    "en": ("bytes", "kB", "MB", "GB"),
}
_KILO = 1000
_CENTS = 2
#: Characters that show nothing, or turn the text around them: shown as a visible mark instead.
_INVISIBLE: dict[int, int | str] = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"},
    # Delete, the control characters that terminals obey, marks that turn or break a line.
    **dict.fromkeys((*range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F)), "�"),
    **dict.fromkeys(range(0x2066, 0x206A), "�"),
}


@dataclass(frozen=True, slots=True)
class Display:
    """Formats for one language and time zone."""

    language: Language
    zone: tzinfo

    def count(self, number: int) -> str:
        """Return a whole number, its thousands set apart."""
        return self._grouped(str(abs(number)), "-" if number < 0 else "")

    def amount(self, value: Decimal) -> str:
        """Return an amount with at least two decimals; further digits are kept, not rounded."""
        # Not abs(): it rounds to the digits of the context.
        sign, digits = ("-" if value < 0 else ""), format(value.copy_abs(), "f")
        whole, _, decimals = digits.partition(".")
        mark = "," if self.language == "fr" else "."
        return f"{self._grouped(whole, sign)}{mark}{decimals.ljust(_CENTS, '0')}"

    def money(self, value: Decimal, currency: str | None) -> str:
        """Return an amount with its currency: ``1 234,56 €``, ``€1,234.56``, ``1,234.56 CHF``."""
        text = self.amount(value)
        symbol = _SYMBOLS.get(currency or "")
        if self.language == "en" and symbol:
            return f"-{symbol}{text[1:]}" if value < 0 else f"{symbol}{text}"
        return f"{text}{_NO_BREAK}{symbol or currency or '?'}"

    def size(self, octets: int) -> str:
        """Return a size in bytes, rounded to three digits (1 ko = 1000 octets)."""
        units = _UNITS[self.language]
        value, rank = Decimal(octets), 0
        while value >= _KILO and rank < len(units) - 1:
            value, rank = value / _KILO, rank + 1
        text = format(value, ".0f" if rank == 0 or value >= 100 else ".1f")
        mark = "," if self.language == "fr" else "."
        return f"{text.replace('.', mark)}{_NO_BREAK}{units[rank]}"

    def percent(self, part: int, whole: int) -> str:
        """Return a share of a whole with one decimal; empty when there is no whole."""
        if not whole:
            return ""
        text = format(Decimal(100 * part) / Decimal(whole), ".1f")
        return f"{text.replace('.', ',')}{_NO_BREAK}%" if self.language == "fr" else f"{text}%"

    def day(self, day: date | None) -> str:
        """Return a day: ``03/02/2026`` in French, ``2026-02-03`` in English; empty for None."""
        if day is None:
            return ""
        return f"{day:%d/%m/%Y}" if self.language == "fr" else day.isoformat()

    def moment(self, moment: datetime | None) -> str:
        """Return day and time to the minute, in the zone; empty for None."""
        if moment is None:
            return ""
        local = moment.astimezone(self.zone)
        join = f" à{_NO_BREAK}" if self.language == "fr" else " "
        return f"{self.day(local.date())}{join}{local:%H:%M}"

    def clock(self, moment: datetime | None) -> str:
        """Return the time of the day to the second, in the zone; empty for None."""
        return "" if moment is None else f"{moment.astimezone(self.zone):%H:%M:%S}"

    def _grouped(self, digits: str, sign: str) -> str:
        text = format(int(digits), ",")
        return sign + (text.replace(",", _NARROW) if self.language == "fr" else text)


def visible(text: str) -> str:
    """Return a text from outside with its invisible and direction-turning characters shown."""
    return text.translate(_INVISIBLE)
