"""Chance that is the same on every machine and every Python: a small generator of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

# Knuth's MMIX multiplier and increment; the upper bits are the good ones.
_MULTIPLIER = 6364136223846793005
_INCREMENT = 1442695040888963407
_MASK = (1 << 64) - 1


class Dice:
    """A linear congruential generator.

    ``random`` promises the same floats from one Python to the next, not the same choices; the
    extracts that ship must come out the same everywhere.
    """

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK
        self.number(0, 1)

    def number(self, low: int, high: int) -> int:
        """Return a whole number between ``low`` and ``high``, both included."""
        self._state = (self._state * _MULTIPLIER + _INCREMENT) & _MASK
        return low + (self._state >> 33) % (high - low + 1)

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of ``items``."""
        return items[self.number(0, len(items) - 1)]

    def one_in(self, count: int) -> bool:
        """Return True once in ``count`` throws on average."""
        return self.number(1, count) == 1
