"""Arithmetic as the artefacts do it: in decimals, and in binary where XPath does."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.en16931.arithmetic import is_near
from schemas.en16931.rounding import binary_cents, binary_sum, cents, is_near_in_binary
from schemas.rules import check_reading
from tests.support.ruled_invoice import context
from transforms.cii import RAM, RSM
from transforms.reading import read_document

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["100.005"], "100.00"),  # below the half in binary
        (["123.125"], "123.13"),  # exact in binary
        (["0.1", "0.2"], "0.30"),
        ([], "0"),
    ],
)
def test_half_a_cent_falls_as_it_does_in_binary(amounts: list[str], expected: str) -> None:
    told = [Decimal(amount) for amount in amounts]
    assert cents(binary_sum(told)) == Decimal(expected)


@given(st.lists(AMOUNTS, max_size=20))
def test_whole_cents_are_the_same_in_binary(amounts: list[Decimal]) -> None:
    assert cents(binary_sum(amounts)) == binary_cents(amounts) == sum(amounts, Decimal(0))


@pytest.mark.parametrize(
    ("value", "expected", "near"),
    [
        ("64.4", "65.4", True),  # 64.4 + 1 is a little more in binary
        ("170.28", "171.28", True),
        ("100", "101", False),
        ("100", "99", False),
        ("64.4", "65.41", False),
    ],
)
def test_exactly_one_unit_falls_as_it_does_in_binary(value: str, expected: str, near: bool) -> None:
    assert is_near_in_binary(Decimal(value), Decimal(expected)) is near
    assert not is_near(Decimal(value), Decimal(expected))


@given(AMOUNTS, st.decimals(min_value=-5, max_value=5, places=2))
def test_any_other_difference_is_the_same_in_binary(value: Decimal, gap: Decimal) -> None:
    if abs(gap) != 1:
        assert is_near_in_binary(value, value + gap) == is_near(value, value + gap)


@pytest.mark.parametrize(("total", "fires"), [("100.00", False), ("100.01", True)])
def test_a_sum_of_lines_that_was_read_is_rounded_as_the_artefact_rounds_it(
    total: str, fires: bool
) -> None:
    line = (
        "<ram:IncludedSupplyChainTradeLineItem><ram:SpecifiedLineTradeSettlement>"
        "<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>100.005"
        "</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>"
        "</ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>"
    )
    xml = (
        f'<rsm:CrossIndustryInvoice xmlns:rsm="{RSM}" xmlns:ram="{RAM}">'
        f"<rsm:SupplyChainTradeTransaction>{line}<ram:ApplicableHeaderTradeSettlement>"
        "<ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f"<ram:LineTotalAmount>{total}</ram:LineTotalAmount>"
        "</ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        "</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction>"
        "</rsm:CrossIndustryInvoice>"
    )
    findings = check_reading(read_document(xml.encode()), context(target="en16931"))
    assert any(one.rule == "BR-CO-10" for one in findings) is fires
