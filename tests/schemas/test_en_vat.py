"""EN 16931: the VAT families."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from config.codes import load_codes
from config.target import SyntaxName
from schemas.en16931.vat import VAT
from schemas.en16931.vat_families import FAMILY_NAMES, VAT_FAMILIES
from tests.support.ruled_invoice import SAMPLE, Changes, D, allowance, changed, context, hits
from transforms.facts import Facts
from transforms.invoice import Address, Delivery, Invoice, Party, Period, VatBreakdown

CATEGORIES = {family.name: family for family in VAT_FAMILIES.values()}
TAXED = ("S", "AF", "AG")
WRONG_RATE = {"S": D(0), "O": D(0), "AF": D(-1), "AG": D(-1)}


def sold_under(name: str) -> Invoice:
    """Return an invoice that keeps all rules of the family ``name``, a line and two others."""
    family = CATEGORIES[name]
    rate = D(20) if name in TAXED else None if name == "O" else D(0)
    line = replace(SAMPLE.lines[0], vat_category=family.category, vat_rate=rate)
    discount = allowance(vat_category=family.category, vat_rate=rate)
    charge = allowance(
        vat_category=family.category, vat_rate=rate, is_charge=True, amount=D("4.00")
    )
    group = VatBreakdown(
        taxable=D("56.00"),
        tax=D("11.20") if name in TAXED else D(0),
        category=family.category,
        rate=rate,
        reason="Article de loi" if family.reason == "required" else None,
    )
    return changed(
        {
            "lines": (line,),
            "allowances": (discount, charge),
            "vat": (group,),
            "seller.vat_id": None if name == "O" else "FR44732829320",
            "buyer.vat_id": "BE0429958042" if name == "IC" else None,
            "delivery": Delivery(date=date(2026, 2, 1), address=Address(country="BE")),
        }
    )


def broken(name: str) -> list[tuple[int, Changes]]:
    """Return a change per rule of the family ``name`` that breaks it."""
    rate = WRONG_RATE.get(name, D(20))
    number = "FR44732829320" if name == "O" else None
    cases: list[tuple[int, Changes]] = [
        (1, {"vat": ()}),
        *((rule, {"seller.vat_id": number}) for rule in (2, 3, 4)),
        (5, {"lines.0.vat_rate": rate}),
        (6, {"allowances.0.vat_rate": rate}),
        (7, {"allowances.1.vat_rate": rate}),
        (8, {"vat.0.taxable": D("57.01")}),
        (9, {"vat.0.tax": D("12.21") if name in TAXED else D("0.01")}),
        (10, {"vat.0.reason": "Article de loi" if name in (*TAXED, "Z") else None}),
    ]
    if name != "O":
        cases.append((5, {"lines.0.vat_rate": None}))
    if name not in (*TAXED, "O"):
        cases.append((1, {"lines": (), "allowances": ()}))
    return cases


#: Rules that can be broken in UBL only: base and tax of IGIC and IPSI, a missing group O.
UBL_ONLY = {("O", 1), *((name, number) for name in ("AF", "AG") for number in (8, 9))}

SPECIAL: list[tuple[str, str, Changes]] = [
    ("BR-AE-02", "AE", {"buyer": Party(name="X")}),
    ("BR-IC-02", "IC", {"buyer.vat_id": None}),
    ("BR-IC-11", "IC", {"delivery.date": None}),
    ("BR-IC-12", "IC", {"delivery.address": None}),
    ("BR-O-11", "O", {"vat": (VatBreakdown(category="O"), VatBreakdown(category="E"))}),
    ("BR-O-12", "O", {"lines.0.vat_category": "E"}),
    ("BR-O-13", "O", {"allowances.0.vat_category": "E"}),
    ("BR-O-14", "O", {"allowances.1.vat_category": "E"}),
    ("BR-B-01", "S", {"lines.0.vat_category": "B"}),
    ("BR-B-02", "S", {"lines.0.vat_category": "B"}),
]


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_an_invoice_of_the_family_keeps_its_rules(name: str) -> None:
    assert hits(VAT, sold_under(name)) == []


@pytest.mark.parametrize(
    ("name", "number", "changes"),
    [(name, number, changes) for name in FAMILY_NAMES for number, changes in broken(name)],
)
def test_each_rule_of_each_family_can_be_broken(name: str, number: int, changes: Changes) -> None:
    syntax: SyntaxName = "ubl" if (name, number) in UBL_ONLY else "cii"
    found = hits(VAT, changed(changes, sold_under(name)), syntax)
    assert f"BR-{name}-{number:02d}" in [hit.rule for hit in found]


@pytest.mark.parametrize(("name", "number"), sorted(UBL_ONLY))
def test_what_the_artefact_for_cii_does_not_test_is_not_told(name: str, number: int) -> None:
    invoice = sold_under(name)
    for rule, changes in broken(name):
        if rule == number:
            found = hits(VAT, changed(changes, invoice))
            assert f"BR-{name}-{number:02d}" not in [hit.rule for hit in found]


@pytest.mark.parametrize(
    ("name", "gap", "in_cii", "in_ubl"),
    [("E", "0.99", False, True), ("S", "0.99", True, False), ("O", "0.01", True, True)],
)
def test_the_room_of_a_base_depends_on_family_and_syntax(
    name: str, gap: str, in_cii: bool, in_ubl: bool
) -> None:
    invoice = changed({"vat.0.taxable": D("56.00") + D(gap)}, sold_under(name))
    rule = f"BR-{name}-08"
    assert (rule in [hit.rule for hit in hits(VAT, invoice)]) is in_cii
    assert (rule in [hit.rule for hit in hits(VAT, invoice, "ubl")]) is in_ubl


def test_a_group_that_nothing_uses_is_wrong_in_cii_only() -> None:
    invoice = changed({"lines": (), "allowances": ()}, sold_under("E"))
    assert "BR-E-01" in [hit.rule for hit in hits(VAT, invoice)]
    assert "BR-E-01" not in [hit.rule for hit in hits(VAT, invoice, "ubl")]


def test_another_tax_scheme_takes_a_line_out_of_its_family() -> None:
    facts = Facts(from_xml=True, foreign=frozenset({("BT-151", 0)}), there=frozenset())
    invoice = changed({"lines.0.vat_rate": D(7)}, sold_under("E"))
    (check,) = VAT.checks
    told = {hit.rule for hit in check.run(invoice, context(facts=facts))}
    assert "BR-E-05" not in told
    assert "BR-E-02" not in told


def test_the_categories_of_chorus_pro_are_rows_of_the_same_table() -> None:
    known = load_codes("vat_categories").codes
    for code, entry in known.items():
        family = VAT_FAMILIES[code]
        assert entry.facts.get("family", code) == family.name
        assert entry.facts["reason"] == family.reason
        assert entry.facts["rate"] == family.cii.rate


@pytest.mark.parametrize(("rule", "name", "changes"), SPECIAL)
def test_rules_of_one_family_only_can_be_broken(rule: str, name: str, changes: Changes) -> None:
    assert rule in [hit.rule for hit in hits(VAT, changed(changes, sold_under(name)))]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("E", {"seller.vat_id": None, "seller.tax_registration": "123"}),
        ("IC", {"delivery.date": None, "period": Period(end=date(2026, 2, 1))}),
        ("S", {"vat.0.tax": D("11.21")}),
        ("E", {"vat.0.reason": None, "vat.0.reason_code": "VATEX-FR-FRANCHISE"}),
    ],
)
def test_what_the_norm_accepts_is_accepted(name: str, changes: Changes) -> None:
    assert hits(VAT, changed(changes, sold_under(name))) == []


def test_two_standard_rates_have_a_group_each() -> None:
    invoice = changed(
        {
            "lines.1.vat_rate": D(10),
            "vat": (
                VatBreakdown(taxable=D(62), tax=D("12.40"), category="S", rate=D(20)),
                VatBreakdown(taxable=D(38), tax=D("3.80"), category="S", rate=D("10.0")),
            ),
        }
    )
    assert hits(VAT, invoice) == []


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    tried = {f"BR-{name}-{number:02d}" for name in FAMILY_NAMES for number, _ in broken(name)}
    assert tried | {rule for rule, _, _ in SPECIAL} == set(VAT.rules)
