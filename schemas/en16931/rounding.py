"""Arithmetic as the validation artefacts do it (XPath 2.0, fn:round)."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Final

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
_HALF: Final = Decimal("0.5")
_HUNDRED: Final = Decimal(100)


def whole(value: Decimal) -> Decimal:
    """Return the nearest whole number; a half goes up, also below zero (-0.5 gives 0)."""
    return (value + _HALF).to_integral_value(ROUND_FLOOR)


def cents(value: Decimal) -> Decimal:
    """Return ``value`` at two decimals, rounded as :func:`whole` rounds."""
    return whole(value * _HUNDRED) / _HUNDRED
