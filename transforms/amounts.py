"""Read decimal numbers as ERPs write them, and round them: :class:`~decimal.Decimal` only.

The marks are declared by the profile and never guessed: ``1.234`` is a thousand or a little more
than one depending on who wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from config.profile import Marks

#: Spaces that separate thousands: plain, no-break (U+00A0), narrow no-break (U+202F), thin.
SPACES = " \u00a0\u202f\u2009"
#: Digits beyond which a number is no amount; also what the default decimal context keeps exactly.
MAX_DIGITS = 28

_GROUPS = ("opening", "leading", "whole", "fraction", "trailing", "closing")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")


class AmountError(ValueError):
    """Raised when a text is no decimal number under the declared marks."""


def round_half_up(value: Decimal, places: int = 2) -> Decimal:
    """Return ``value`` rounded to ``places`` decimals, halves away from zero.

    The rounding of French invoices; Python's own default rounds halves to even.
    """
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def parse_decimal(text: str, marks: Marks) -> Decimal:
    """Return the number written in ``text``; every digit written is kept.

    A sign may lead (``-1,5``), trail as SAP writes it (``1,5-``), or be a pair of parentheses as
    accountants do (``(1,5)``), or be a word of ``marks.negative`` after it (``1,5 CR``); one of
    these, not two. Thousands must stand in groups of three.

    Raises:
        AmountError: when ``text`` is anything else, scientific notation included.
    """
    return parser(marks)(text)


def is_scientific(text: str) -> bool:
    """Whether ``text`` is a number in scientific notation: a spreadsheet has lost its digits."""
    return _SCIENTIFIC.fullmatch(text.strip()) is not None


@lru_cache(maxsize=64)
def parser(marks: Marks) -> Callable[[str], Decimal]:
    """Return :func:`parse_decimal` compiled for ``marks``."""
    full = _pattern(marks).fullmatch
    not_a_digit = re.compile("[^0-9]")
    mark = marks.decimal

    def parse(text: str) -> Decimal:
        whole, point, fraction = text.partition(mark)
        if whole.isdecimal() and text.isascii() and len(text) <= MAX_DIGITS:
            # The common plain form, four times faster than the grammar below.
            if not point:
                return Decimal(whole)
            if fraction.isdecimal():
                return Decimal(f"{whole}.{fraction}")
        match = full(text.strip())
        if match is None:
            msg = f"{text!r} is no number"
            raise AmountError(msg)
        opening, leading, whole, fraction, trailing, closing = match.group(*_GROUPS)
        signs = sum(mark is not None for mark in (opening, leading, trailing))
        if signs > 1 or (opening is None) != (closing is None):
            msg = f"{text!r} has more than one sign"
            raise AmountError(msg)
        digits = whole or "0"
        if not digits.isdecimal():
            digits = not_a_digit.sub("", digits)
        written = digits + (fraction or "")
        # Zeros before the first digit are none: 1/300 has as many digits as 10/3.
        if len(written.lstrip("0")) > MAX_DIGITS or len(written) > 2 * MAX_DIGITS:
            msg = f"{text!r} has more than {MAX_DIGITS} digits"
            raise AmountError(msg)
        number = Decimal(f"{digits}.{fraction}" if fraction else digits)
        return -number if opening or trailing or leading == "-" else number

    return parse


def _pattern(marks: Marks) -> re.Pattern[str]:
    """Return the grammar of a number; its parts are the groups named in ``_GROUPS``."""
    marked = {" ": f"[{SPACES}]", "'": "['\u2019]"}
    thousands = "|".join(marked.get(mark, re.escape(mark)) for mark in marks.groupings)
    whole = "[0-9]+"
    if thousands:
        # The same mark throughout, as Excel and SAP write it.
        whole += f"|[0-9]{{1,3}}(?P<mark>{thousands})[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*"
    point = re.escape(marks.decimal)
    number = rf"(?=[0-9{point}])(?P<whole>{whole})?(?:{point}(?P<fraction>[0-9]+))?"
    before = rf"(?P<opening>\()?[{SPACES}]?(?P<leading>[+-])?[{SPACES}]?"
    words = (word.strip() for word in marks.negative)
    minus = "|".join(["-", *(re.escape(word) for word in words if word)])
    after = rf"[{SPACES}]*(?P<trailing>{minus})?[{SPACES}]?(?P<closing>\))?"
    return re.compile(before + number + after)
