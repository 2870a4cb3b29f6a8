"""EN 16931: two decimals at most."""

from __future__ import annotations

import pytest

from config.target import SyntaxName
from schemas.en16931.decimals import DECIMALS
from tests.support.ruled_invoice import SAMPLE, Changes, D, allowance, changed, context, hits
from transforms.facts import Facts, Key
from transforms.invoice import AllowanceCharge

LONG = D("1.234")


def of_line(*, is_charge: bool, **values: object) -> Changes:
    return {"lines.0.allowances": (AllowanceCharge(is_charge=is_charge, **values),)}


BROKEN: list[tuple[str, str, Changes]] = [
    ("BR-DEC-01", "BT-92", {"allowances": (allowance(amount=LONG),)}),
    ("BR-DEC-02", "BT-93", {"allowances": (allowance(base=LONG),)}),
    ("BR-DEC-05", "BT-99", {"allowances": (allowance(is_charge=True, amount=LONG),)}),
    ("BR-DEC-06", "BT-100", {"allowances": (allowance(is_charge=True, base=LONG),)}),
    ("BR-DEC-09", "BT-106", {"totals.lines": LONG}),
    ("BR-DEC-10", "BT-107", {"totals.allowances": LONG}),
    ("BR-DEC-11", "BT-108", {"totals.charges": LONG}),
    ("BR-DEC-12", "BT-109", {"totals.without_vat": LONG}),
    ("BR-DEC-13", "BT-110", {"totals.vat": LONG}),
    ("BR-DEC-14", "BT-112", {"totals.with_vat": LONG}),
    ("BR-DEC-15", "BT-111", {"vat_currency": "CHF", "totals.vat_accounting": LONG}),
    ("BR-DEC-16", "BT-113", {"totals.paid": LONG}),
    ("BR-DEC-17", "BT-114", {"totals.rounding": LONG}),
    ("BR-DEC-18", "BT-115", {"totals.due": LONG}),
    ("BR-DEC-19", "BT-116", {"vat.0.taxable": LONG}),
    ("BR-DEC-20", "BT-117", {"vat.0.tax": LONG}),
    ("BR-DEC-23", "BT-131", {"lines.0.net": LONG}),
    ("BR-DEC-24", "BT-136", of_line(is_charge=False, amount=LONG)),
    ("BR-DEC-25", "BT-137", of_line(is_charge=False, base=LONG)),
    ("BR-DEC-27", "BT-141", of_line(is_charge=True, amount=LONG)),
    ("BR-DEC-28", "BT-142", of_line(is_charge=True, base=LONG)),
]

KEPT: list[tuple[str, Changes]] = [
    ("BR-DEC-09", {"totals.lines": D("100")}),
    ("BR-DEC-09", {"totals.lines": D("1E+3")}),
    ("BR-DEC-13", {"totals.vat": D("20.000")}),
    ("BR-DEC-13", {"totals.vat": None}),
    ("BR-DEC-15", {"vat_currency": "CHF", "totals.vat_accounting": D("20.00")}),
    ("BR-DEC-23", {"lines.0.net": D("62.0")}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(DECIMALS, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(DECIMALS, changed(changes))]


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_the_sample_keeps_the_whole_family(syntax: SyntaxName) -> None:
    assert hits(DECIMALS, SAMPLE, syntax) == []


@pytest.mark.parametrize("rule", ["BR-DEC-13", "BR-DEC-15"])
def test_totals_of_vat_are_not_counted_in_ubl(rule: str) -> None:
    changes = {"totals.vat": LONG, "vat_currency": "CHF", "totals.vat_accounting": LONG}
    assert rule not in [hit.rule for hit in hits(DECIMALS, changed(changes), "ubl")]


def test_zeros_count() -> None:
    found = hits(DECIMALS, changed({"totals.due": D("120.000")}))
    assert [(hit.rule, hit.value) for hit in found] == [("BR-DEC-18", "120.000")]


def test_blanks_after_the_figures_count_as_they_do_officially() -> None:
    texts: dict[Key, str] = {("BT-115",): "120.00 "}
    (check,) = [one for one in DECIMALS.checks if "BR-DEC-18" in one.rules]
    told = list(check.run(SAMPLE, context(facts=Facts(from_xml=True, texts=texts))))
    assert [(hit.rule, hit.value) for hit in told] == [("BR-DEC-18", "120.00 ")]


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(DECIMALS.rules)
