"""Chorus Pro: decimals, sizes, prices and VAT rates."""

from __future__ import annotations

import pytest

from schemas.chorus.figures import FIGURES
from tests.support.ruled_invoice import SAMPLE, Changes, D, allowance, changed, hits
from transforms.invoice import AllowanceCharge, Delivery, Identifier

BROKEN: list[tuple[str, str, Changes]] = [
    ("CP-DECIMALS-01", "BT-131", {"lines.1.net": D("38.005")}),
    ("CP-DECIMALS-01", "BT-112", {"totals.with_vat": D("120.001")}),
    ("CP-DECIMALS-01", "BT-117", {"vat.0.tax": D("20.001")}),
    ("CP-DECIMALS-01", "BT-92", {"allowances": (allowance(amount=D("1.001")),)}),
    ("CP-DECIMALS-01", "BT-100", {"allowances": (allowance(is_charge=True, base=D("1.001")),)}),
    (
        "CP-DECIMALS-01",
        "BT-136",
        {"lines.0.allowances": (AllowanceCharge(is_charge=False, amount=D("0.001")),)},
    ),
    ("CP-DECIMALS-02", "BT-146", {"lines.0.price.net": D("12.4000001")}),
    ("CP-DECIMALS-02", "BT-148", {"lines.0.price.gross": D("12.4000001")}),
    ("CP-DECIMALS-03", "BT-129", {"lines.0.quantity": D("5.00001")}),
    ("CP-DECIMALS-04", "BT-152", {"lines.0.vat_rate": D("20.001")}),
    ("CP-DECIMALS-04", "BT-119", {"vat.0.rate": D("20.001")}),
    ("CP-DECIMALS-04", "BT-96", {"allowances": (allowance(vat_rate=D("20.001")),)}),
    ("CP-DECIMALS-03", "BT-149", {"lines.0.price.base_quantity": D("1.00001")}),
    (
        "CP-DECIMALS-01",
        "BT-142",
        {"lines.0.allowances": (AllowanceCharge(is_charge=True, base=D("0.001")),)},
    ),
    ("CP-DECIMALS-05", "BT-94", {"allowances": (allowance(percent=D("5.0000001")),)}),
    (
        "CP-DECIMALS-05",
        "BT-143",
        {"lines.0.allowances": (AllowanceCharge(is_charge=True, percent=D("5.0000001")),)},
    ),
    ("CP-AMOUNT-01", "BT-112", {"totals.with_vat": D(10) ** 19}),
    ("CP-AMOUNT-01", "BT-131", {"lines.0.net": D("NaN")}),
    ("CP-PRICE-01", "BT-148", {"lines.1.price.gross": D("40.00")}),
    ("CP-LINE-01", "BT-131", {"lines.1.kind": "INFORMATION"}),
    ("CP-LINE-02", "CP-TYPE-LIGNE", {"lines.1.kind": "INFO"}),
    ("CP-EXEMPTION-01", "BT-120", {"vat.0.reason_code": "VATEX-FR-FRANCHISE"}),
    ("CP-SITE-01", "CP-LIGNE-LIVRAISON-SITE", {"lines.0.delivery_site": "NORD"}),
    ("CP-CATEGORY-01", "BT-151", {"lines.0.vat_category": "L"}),
    ("CP-CATEGORY-01", "BT-95", {"allowances": (allowance(vat_category="X"),)}),
    ("CP-RATE-01", "BT-152", {"lines.0.vat_rate": D("19")}),
    ("CP-RATE-01", "BT-103", {"allowances": (allowance(is_charge=True, vat_rate=D(21)),)}),
    ("CP-RATE-01", "BT-119", {"vat.0.rate": D("16")}),
]

KEPT: list[tuple[str, Changes]] = [
    ("CP-DECIMALS-01", {"lines.0.net": D("62.000")}),
    ("CP-DECIMALS-02", {"lines.0.price.net": D("12.400001")}),
    ("CP-DECIMALS-03", {"lines.0.quantity": D("5.0001")}),
    ("CP-DECIMALS-04", {"lines.0.vat_rate": D("5.50")}),
    ("CP-DECIMALS-05", {"allowances": (allowance(percent=D("5.263158")),)}),
    ("CP-AMOUNT-01", {"totals.with_vat": D(10) ** 19 - 1}),
    ("CP-PRICE-01", {"lines.1.price.gross": D(40), "lines.1.price.discount": D(2)}),
    ("CP-LINE-01", {"lines.1.kind": "REGROUPEMENT", "lines.1.net": D("0.00")}),
    ("CP-LINE-02", {"lines.1.kind": "INFORMATION"}),
    ("CP-EXEMPTION-01", {"vat.0.reason_code": "VATEX-FR-FRANCHISE", "vat.0.reason": "Franchise"}),
    ("CP-CATEGORY-01", {"lines.0.vat_category": "AE"}),
    (
        "CP-SITE-01",
        {"lines.0.delivery_site": "NORD", "delivery": Delivery(location_id=Identifier("NORD"))},
    ),
    ("CP-RATE-01", {"lines.0.vat_rate": D("8.50")}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(FIGURES, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(FIGURES, changed(changes))]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(FIGURES, SAMPLE) == []


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(FIGURES.rules)


def test_every_rule_of_the_family_has_a_passing_case() -> None:
    assert {rule for rule, _ in KEPT} == set(FIGURES.rules)
