"""EN 16931: what a line, an allowance, a charge and a VAT group must hold."""

from __future__ import annotations

import pytest

from config.target import SyntaxName
from schemas.en16931.lines import LINES
from tests.support.ruled_invoice import SAMPLE, Changes, D, allowance, changed, context, hits
from transforms.facts import Facts
from transforms.invoice import AllowanceCharge


def line_allowance(*, is_charge: bool, amount: str | None = "1.00", reason: str = "") -> Changes:
    item = AllowanceCharge(
        is_charge=is_charge, amount=D(amount) if amount else None, reason=reason or None
    )
    return {"lines.0.allowances": (item,)}


BROKEN: list[tuple[str, str, Changes]] = [
    ("BR-21", "BT-126", {"lines.1.id": None}),
    ("BR-22", "BT-129", {"lines.1.quantity": None}),
    ("BR-23", "BT-130", {"lines.1.unit": None}),
    ("BR-24", "BT-131", {"lines.1.net": None}),
    ("BR-25", "BT-153", {"lines.1.item.name": None}),
    ("BR-26", "BT-146", {"lines.1.price.net": None}),
    ("BR-27", "BT-146", {"lines.1.price.net": D("-1")}),
    ("BR-28", "BT-148", {"lines.1.price.gross": D("-1")}),
    ("BR-CO-04", "BT-151", {"lines.1.vat_category": None}),
    ("BR-31", "BT-92", {"allowances": (allowance(amount=None),)}),
    ("BR-32", "BT-95", {"allowances": (allowance(vat_category=None),)}),
    ("BR-33", "BT-97", {"allowances": (allowance(reason=None),)}),
    ("BR-36", "BT-99", {"allowances": (allowance(is_charge=True, amount=None),)}),
    ("BR-37", "BT-102", {"allowances": (allowance(is_charge=True, vat_category=None),)}),
    ("BR-38", "BT-104", {"allowances": (allowance(is_charge=True, reason=None),)}),
    ("BR-41", "BT-136", line_allowance(is_charge=False, amount=None)),
    ("BR-42", "BT-139", line_allowance(is_charge=False)),
    ("BR-43", "BT-141", line_allowance(is_charge=True, amount=None)),
    ("BR-44", "BT-144", line_allowance(is_charge=True)),
    ("BR-45", "BT-116", {"vat.0.taxable": None}),
    ("BR-46", "BT-117", {"vat.0.tax": None}),
    ("BR-47", "BT-118", {"vat.0.category": None}),
    ("BR-48", "BT-119", {"vat.0.rate": None}),
    ("BR-27", "BT-146", {"lines.1.price.net": None}),
    ("BR-CO-21", "BT-97", {"allowances": (allowance(reason=None),)}),
    ("BR-CO-22", "BT-104", {"allowances": (allowance(is_charge=True, reason=None),)}),
    ("BR-CO-23", "BT-139", line_allowance(is_charge=False)),
    ("BR-CO-24", "BT-144", line_allowance(is_charge=True)),
]

KEPT: list[tuple[str, Changes]] = [
    ("BR-27", {"lines.0.price.net": D(0), "lines.0.quantity": D(-1)}),
    ("BR-33", {"allowances": (allowance(reason=None, reason_code="95"),)}),
    ("BR-CO-21", {"allowances": (allowance(reason=None, reason_code="95"),)}),
    ("BR-42", line_allowance(is_charge=False, reason="Remise")),
    ("BR-48", {"vat.0.category": "O", "vat.0.rate": None}),
]


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(
    rule: str, bt: str, changes: Changes, syntax: SyntaxName
) -> None:
    found = hits(LINES, changed(changes), syntax)
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in found]


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes, syntax: SyntaxName) -> None:
    assert rule not in [hit.rule for hit in hits(LINES, changed(changes), syntax)]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(LINES, SAMPLE) == []


@pytest.mark.parametrize("category", ["O", "L", "M"])
def test_in_cii_a_group_hidden_by_its_family_is_not_asked_for_its_figures(category: str) -> None:
    invoice = changed({"vat.0.category": category, "vat.0.taxable": None, "vat.0.tax": None})
    assert hits(LINES, invoice) == []
    assert [hit.rule for hit in hits(LINES, invoice, "ubl")] == ["BR-45", "BR-46"]


@pytest.mark.parametrize(
    ("syntax", "written", "judged"),
    [
        ("cii", "", False),
        ("ubl", "", False),
        ("cii", "1", False),
        ("ubl", "1", True),
    ],
)
def test_an_allowance_is_judged_by_an_indicator_the_artefact_knows(
    syntax: SyntaxName, written: str, judged: bool
) -> None:
    facts = Facts(from_xml=True, indicators={("BG-20", 0): written})
    invoice = changed({"allowances": (allowance(amount=None),)})
    (check,) = [one for one in LINES.checks if "BR-31" in one.rules]
    found = list(check.run(invoice, context(syntax=syntax, facts=facts)))
    assert [hit.rule for hit in found] == (["BR-31"] if judged else [])


def test_a_category_under_another_tax_scheme_does_not_count() -> None:
    foreign = frozenset({("BT-151", 0), ("BT-95", 0), ("BT-118", 0)})
    there = frozenset({("BT-118", 0)})
    facts = Facts(from_xml=True, foreign=foreign, there=there)
    invoice = changed({"allowances": (allowance(),)})
    found = [hit for one in LINES.checks for hit in one.run(invoice, context(facts=facts))]
    assert {hit.rule for hit in found} == {"BR-CO-04", "BR-32", "BR-47", "BR-48"}


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(LINES.rules)
