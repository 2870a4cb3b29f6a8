"""EN 16931: sums."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.en16931.arithmetic import ARITHMETIC
from schemas.en16931.rounding import cents
from tests.support.ruled_invoice import SAMPLE, Changes, D, allowance, changed, hits

BROKEN: list[tuple[str, str, Changes]] = [
    ("BR-CO-10", "BT-106", {"totals.lines": D("100.01")}),
    ("BR-CO-11", "BT-107", {"totals.allowances": D("10.00")}),
    ("BR-CO-11", "BT-107", {"allowances": (allowance(),)}),
    ("BR-CO-12", "BT-108", {"allowances": (allowance(is_charge=True),)}),
    ("BR-CO-13", "BT-109", {"totals.allowances": D("10.00")}),
    ("BR-CO-13", "BT-109", {"totals.charges": D("0.01")}),
    ("BR-CO-14", "BT-110", {"totals.vat": D("20.01")}),
    ("BR-CO-15", "BT-112", {"totals.with_vat": D("120.01")}),
    ("BR-CO-16", "BT-115", {"totals.paid": D("0.01")}),
    ("BR-CO-16", "BT-115", {"totals.rounding": D("0.01")}),
    ("BR-CO-17", "BT-117", {"vat.0.tax": D("21.01")}),
    ("BR-CO-17", "BT-117", {"vat.0.tax": None}),
    ("BR-CO-17", "BT-117", {"vat.0.taxable": None}),
    ("BR-CO-13", "BT-109", {"totals.without_vat": None}),
    ("BR-CO-17", "BT-117", {"vat.0.rate": None}),
]

KEPT: list[tuple[str, Changes]] = [
    ("BR-CO-13", {"totals.allowances": D("10.00"), "totals.without_vat": D("90")}),
    ("BR-CO-16", {"totals.paid": D("0.01"), "totals.due": D("119.99")}),
    ("BR-CO-16", {"totals.rounding": D("-0.01"), "totals.due": D("119.99")}),
    ("BR-CO-17", {"vat.0.tax": D("20.99")}),
    ("BR-CO-17", {"vat.0.tax": D("21.00")}),
    ("BR-CO-17", {"vat.0.rate": D("0.4"), "vat.0.tax": D("0.4")}),
    ("BR-CO-15", {"totals.vat": None, "totals.with_vat": D("100.00")}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(ARITHMETIC, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(ARITHMETIC, changed(changes))]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(ARITHMETIC, SAMPLE) == []


def test_one_unit_is_too_much_in_ubl() -> None:
    invoice = changed({"vat.0.tax": D("21.00")})
    assert "BR-CO-17" in [hit.rule for hit in hits(ARITHMETIC, invoice, "ubl")]


def test_two_equal_totals_pass_in_cii() -> None:
    invoice = changed({"totals.with_vat": D("100.00")})
    assert "BR-CO-15" not in [hit.rule for hit in hits(ARITHMETIC, invoice)]
    assert "BR-CO-15" in [hit.rule for hit in hits(ARITHMETIC, invoice, "ubl")]


def test_in_ubl_the_amount_due_is_compared_rounded() -> None:
    rounded = {"totals.paid": D("0.004"), "totals.due": D("120.00")}
    assert "BR-CO-16" in [hit.rule for hit in hits(ARITHMETIC, changed(rounded))]
    assert "BR-CO-16" not in [hit.rule for hit in hits(ARITHMETIC, changed(rounded), "ubl")]


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
def test_cents_round_a_half_upwards(value: Decimal) -> None:
    rounded = cents(value)
    assert rounded == rounded.quantize(D("0.01"))
    assert D("-0.005") < rounded - value <= D("0.005")


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(ARITHMETIC.rules)
