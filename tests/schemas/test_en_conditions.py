"""EN 16931: conditions between terms."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.en16931.conditions import CONDITIONS
from tests.support.ruled_invoice import SAMPLE, Changes, D, changed, hits
from transforms.invoice import CreditTransfer, Identifier, Party, Payment, Period

EARLY, LATE = date(2026, 2, 1), date(2026, 2, 28)
NOBODY = Party(name="X")
NAMED = CreditTransfer(account_name="Ateliers du Port")

BROKEN: list[tuple[str, str, Changes]] = [
    ("BR-CO-03", "BT-7", {"tax_point_date": LATE, "vat_point_code": "5"}),
    ("BR-CO-09", "BT-31", {"seller.vat_id": "44732829320"}),
    ("BR-CO-09", "BT-48", {"buyer.vat_id": "QQ1"}),
    ("BR-CO-09", "BT-63", {"tax_representative": Party(vat_id="fr1")}),
    ("BR-CO-18", "BG-23", {"vat": ()}),
    ("BR-CO-19", "BT-73", {"period": Period(description="février")}),
    ("BR-29", "BT-74", {"period": Period(start=LATE, end=EARLY)}),
    ("BR-CO-20", "BT-134", {"lines.0.period": Period()}),
    ("BR-30", "BT-135", {"lines.0.period": Period(start=LATE, end=EARLY)}),
    ("BR-CO-26", "BT-30", {"seller": NOBODY}),
    ("BR-49", "BT-81", {"payment.means_code": None}),
    ("BR-50", "BT-84", {"payment.transfers": (NAMED,)}),
    ("BR-51", "BT-87", {"payment.card_number": "4970 1012 3456"}),
    ("BR-61", "BT-84", {"payment.transfers": (NAMED,)}),
    ("BR-53", "BT-111", {"vat_currency": "CHF"}),
    ("BR-53", "BT-6", {"vat_currency": "EUR", "totals.vat_accounting": D(20)}),
]

KEPT: list[tuple[str, Changes]] = [
    ("BR-CO-03", {"tax_point_date": LATE}),
    ("BR-CO-09", {"seller.vat_id": "EL123456789"}),
    ("BR-CO-19", {"period": Period(end=LATE)}),
    ("BR-29", {"period": Period(start=EARLY, end=EARLY)}),
    ("BR-CO-26", {"seller": Party(identifiers=(Identifier("1", "0060"),))}),
    ("BR-49", {"payment": Payment(remittance="FA-42")}),
    ("BR-61", {"payment.means_code": "20", "payment.transfers": ()}),
    ("BR-51", {"payment.card_number": "4970103456"}),
    ("BR-53", {"vat_currency": "CHF", "totals.vat_accounting": D(20)}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(CONDITIONS, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(CONDITIONS, changed(changes))]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(CONDITIONS, SAMPLE) == []


UBL_ONLY: list[tuple[str, Changes]] = [
    ("BR-50", {"payment.transfers": (CreditTransfer(bank="AGRIFRPP"),)}),
    ("BR-61", {"payment.transfers": ()}),
    ("BR-CO-18", {"vat": (), "lines": ()}),
]

CII_ONLY: list[tuple[str, Changes]] = [
    ("BR-53", {"vat_currency": "EUR"}),
    ("BR-CO-09", {"seller.vat_id": "F"}),
    ("BR-CO-19", {"period": Period(description="février"), "vat_point_code": "5"}),
]


@pytest.mark.parametrize(("rule", "changes"), UBL_ONLY)
def test_a_rule_that_ubl_alone_has_broken(rule: str, changes: Changes) -> None:
    assert rule in [hit.rule for hit in hits(CONDITIONS, changed(changes), "ubl")]
    assert rule not in [hit.rule for hit in hits(CONDITIONS, changed(changes), "cii")]


@pytest.mark.parametrize(("rule", "changes"), CII_ONLY)
def test_a_rule_that_cii_alone_has_broken(rule: str, changes: Changes) -> None:
    assert rule in [hit.rule for hit in hits(CONDITIONS, changed(changes), "cii")]
    assert rule not in [hit.rule for hit in hits(CONDITIONS, changed(changes), "ubl")]


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(CONDITIONS.rules)
