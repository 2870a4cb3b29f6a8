"""Functions of expressions that need the values alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from transforms.expression_values import PRICE_TOLERANCE, net_price, plain_text


@pytest.mark.parametrize(
    ("price", "base", "quantity", "net", "expected"),
    [
        # The price makes the net to the cent: it is the one.
        ("149.90", None, "12", "1798.80", "149.90"),
        ("28.44", None, "3", "85.31", "28.44"),
        ("630.00", "1000", "1440", "907.20", "630.00"),
        # It does not (another unit, a discount inside): it follows from net and quantity.
        ("630.00", "1000", "144", "907.20", "6300"),
        ("10.00", None, "3", "20.00", "6.666667"),
        (None, None, "4", "10.00", "2.5"),
        # Nothing to hold it against.
        ("10.00", None, None, "20.00", "10.00"),
        ("10.00", None, "0", "20.00", "10.00"),
        (None, None, None, None, None),
    ],
)
def test_the_price_given_counts_when_it_makes_the_net(
    price: str | None, base: str | None, quantity: str | None, net: str | None, expected: str | None
) -> None:
    def number(text: str | None) -> Decimal | None:
        return Decimal(text) if text is not None else None

    assert net_price(number(price), number(base), number(quantity), number(net)) == number(expected)


@given(
    st.decimals("0.01", 10**6, places=2),
    st.decimals("0.001", 10**4, places=3),
    st.decimals("0.01", 10**6, places=2),
)
def test_the_price_found_makes_the_net_within_a_cent_for_usual_quantities(
    price: Decimal, quantity: Decimal, net: Decimal
) -> None:
    assume(quantity <= 1000)
    found = net_price(price, None, quantity, net)
    assert found is not None
    assert abs(found * quantity - net) <= PRICE_TOLERANCE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.10"),
        (date(2026, 1, 2), "2026-01-02"),
        (True, "true"),
        (False, "false"),
        ("x", "x"),
    ],
)
def test_a_value_is_written_as_a_cell(value: Decimal | date | bool | str | None, text: str) -> None:
    assert plain_text(value) == text
