"""Numbers and dates as an XML invoice writes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.xml_value import day, is_plain, number


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_every_plain_decimal_is_read_digit_by_digit(value: Decimal) -> None:
    assert str(number(f"{value:f}")) == str(Decimal(f"{value:f}"))


@given(st.text())
def test_any_text_is_a_number_or_none(text: str) -> None:
    found = number(text)
    assert found is None or found == Decimal(text)


def test_zeros_after_the_point_are_kept() -> None:
    assert [str(number(text)) for text in ("1.0", "1.00", "1")] == ["1.0", "1.00", "1"]


@given(st.dates())
def test_every_date_is_read_in_both_ways(value: date) -> None:
    assert day(value.isoformat()) == value
    assert day(value.isoformat().replace("-", "")) == value


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("2026-03-01", True),
        ("20260301", True),
        ("2026-03-01Z", False),
        (" 2026-03-01", False),
        ("202603-01", False),
    ],
)
def test_a_date_is_plain_without_anything_around_it(text: str, plain: bool) -> None:
    assert is_plain(text, date(2026, 3, 1)) is plain
