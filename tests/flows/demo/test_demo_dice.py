"""Chance that is the same everywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.demo.dice import Dice


def test_a_seed_gives_the_same_numbers_on_every_machine() -> None:
    dice = Dice(7)
    assert [dice.number(0, 999) for _ in range(6)] == [231, 753, 673, 545, 219, 864]


@given(st.integers(0, 2**64), st.integers(-1000, 1000), st.integers(0, 1000))
def test_a_number_stays_within_its_bounds(seed: int, low: int, width: int) -> None:
    dice = Dice(seed)
    assert all(low <= dice.number(low, low + width) <= low + width for _ in range(20))


def test_every_item_is_picked_now_and_then() -> None:
    dice = Dice(1)
    assert {dice.pick("abcdef") for _ in range(200)} == set("abcdef")


def test_one_in_four_comes_about_once_in_four() -> None:
    dice = Dice(3)
    assert 200 < sum(dice.one_in(4) for _ in range(1000)) < 300
