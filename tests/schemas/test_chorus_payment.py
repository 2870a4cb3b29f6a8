"""Chorus Pro: payment means and bank account."""

from __future__ import annotations

import pytest

from schemas.chorus.payment import PAYMENT
from tests.support.ruled_invoice import SAMPLE, Changes, changed, hits
from transforms.invoice import CreditTransfer

BROKEN: list[tuple[str, str, Changes]] = [
    ("CP-PAYMENT-01", "BT-81", {"payment": None}),
    ("CP-PAYMENT-01", "BT-81", {"payment.means_code": None}),
    ("CP-PAYMENT-02", "BT-81", {"payment.means_code": "57"}),
    ("CP-PAYMENT-02", "BT-81", {"payment.means_code": "1"}),
    *(
        ("CP-IBAN-01", "BT-84", {"payment.means_code": code, "payment.transfers": ()})
        for code in ("30", "31", "42", "58")
    ),
    ("CP-IBAN-02", "BT-84", {"payment.transfers.0.account": "FR7630006000011234567890188"}),
    ("CP-IBAN-02", "BT-84", {"payment.transfers.0.account": "30006000011234567890189"}),
    ("CP-IBAN-03", "BT-84", {"payment.transfers.0.account": "MT84MALT011000012345MTLCAST001S"}),
    ("CP-BIC-01", "BT-86", {"payment.transfers.0.bank": "BNPAFR"}),
]

KEPT: list[tuple[str, Changes]] = [
    ("CP-PAYMENT-01", {"payment.means_code": "48"}),
    ("CP-PAYMENT-02", {"payment.means_code": "01"}),
    ("CP-PAYMENT-03", {"payment.means_code": "58"}),
    ("CP-PAYMENT-02", {"payment.means_code": "97"}),
    ("CP-IBAN-01", {"payment.means_code": "20", "payment.transfers": ()}),
    ("CP-IBAN-01", {"payment.means_code": "57", "payment.transfers": ()}),
    ("CP-IBAN-02", {"payment.transfers.0.account": "FR76 3000 6000 0112 3456 7890 189"}),
    ("CP-IBAN-03", {"payment.transfers.0.account": "BE68539007547034"}),
    ("CP-IBAN-03", {"payment.transfers.0.account": "FR76 3000 6000 0112 3456 7890 189"}),
    ("CP-IBAN-02", {"payment.transfers": (CreditTransfer(bank="AGRIFRPP"),)}),
    ("CP-BIC-01", {"payment.transfers.0.bank": "AGRIFRPP"}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(PAYMENT, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(PAYMENT, changed(changes))]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(PAYMENT, SAMPLE) == []


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} | {"CP-PAYMENT-03"} == set(PAYMENT.rules)


@pytest.mark.parametrize(("code", "pivot"), [("58", "30"), ("59", "49")])
def test_a_means_told_for_cii_only_is_a_doubt_in_ubl(code: str, pivot: str) -> None:
    (hit,) = hits(PAYMENT, changed({"payment.means_code": code}), "ubl")
    assert (hit.rule, hit.bt, hit.value) == ("CP-PAYMENT-03", "BT-81", code)
    assert hit.params == {"pivot": pivot}


def test_every_rule_of_the_family_has_a_passing_case() -> None:
    assert {rule for rule, _ in KEPT} == set(PAYMENT.rules)
