"""Chorus Pro: identifiers of the parties and French VAT numbers."""

from __future__ import annotations

import pytest

from schemas.chorus.parties import PARTIES
from tests.support.ruled_invoice import SAMPLE, Changes, changed, hits
from transforms.invoice import Identifier, Note, Party


def party(value: str, scheme: str = "1") -> Party:
    return Party(name="X", legal_id=Identifier(value, scheme))


BROKEN: list[tuple[str, str, Changes]] = [
    ("CP-SELLER-01", "BT-30", {"seller.legal_id": None}),
    ("CP-SELLER-01", "BT-30", {"seller.legal_id": Identifier("", "1")}),
    ("CP-SELLER-02", "BT-30", {"seller.legal_id": Identifier("73282932000074", "8")}),
    ("CP-SELLER-03", "BT-30", {"seller.legal_id": Identifier("732829320", "1")}),
    ("CP-SELLER-03", "BT-30", {"seller.legal_id": Identifier("732 829 320 00074", "1")}),
    ("CP-SELLER-03", "BT-30", {"seller.legal_id": Identifier("FR44732829320", "2")}),
    ("CP-SELLER-03", "BT-30", {"seller.legal_id": Identifier("BE04299580421234567", "2")}),
    ("CP-SELLER-03", "BT-30", {"seller.legal_id": Identifier("KR" + "S" * 17, "3")}),
    ("CP-SELLER-03", "BT-30", {"seller.legal_id": Identifier("12345678", "4")}),
    ("CP-SELLER-03", "BT-30", {"seller.legal_id": Identifier("35004167", "5")}),
    ("CP-SELLER-03", "BT-30", {"seller.legal_id": Identifier("1" * 81, "7")}),
    ("CP-SELLER-04", "BT-30", {"seller.legal_id": Identifier("BE0429958042", "2")}),
    ("CP-SIRET-01", "BT-30", {"seller.legal_id": Identifier("73282932000075", "1")}),
    ("CP-SIRET-01", "BT-47", {"buyer.legal_id": Identifier("12345678200045", "1")}),
    ("CP-SIRET-01", "CP-VALIDEUR", {"validator": party("73282932000075")}),
    ("CP-BUYER-01", "BT-47", {"buyer.legal_id": None}),
    ("CP-BUYER-02", "BT-47", {"buyer.legal_id": Identifier("BE0429958042", "2")}),
    ("CP-BUYER-03", "BT-47", {"buyer.legal_id": Identifier("110002011", "1")}),
    ("CP-BUYER-03", "BT-47", {"buyer.legal_id": Identifier("1000201100044", "1")}),
    ("CP-BUYER-03", "BT-47", {"buyer.legal_id": Identifier("٣5600000000048", "1")}),
    ("CP-VALIDATOR-01", "CP-VALIDEUR", {"process": "A9"}),
    ("CP-VALIDATOR-01", "CP-VALIDEUR", {"process": "A12", "validator": Party(name="X")}),
    ("CP-VALIDATOR-02", "CP-VALIDEUR", {"validator": party("732829320")}),
    ("CP-VALIDATOR-02", "CP-VALIDEUR", {"validator": party("73282932000074", "9")}),
    ("CP-PAYEE-01", "BT-61", {"payee": party("732829320")}),
    ("CP-PAYEE-01", "BT-61", {"payee": party("73282932000074", "0060")}),
    ("CP-PAYEE-02", "BT-85", {"payee": Party(name="Un affactureur")}),
    ("CP-PAYEE-03", "BT-22", {"payee": Party(name="Un affactureur")}),
    ("CP-VAT-01", "BT-31", {"seller.vat_id": "FR45732829320"}),
    ("CP-VAT-01", "BT-31", {"seller.vat_id": "FR 44 732829320"}),
    ("CP-VAT-01", "BT-63", {"tax_representative": Party(vat_id="FR00000000000")}),
    ("CP-VAT-02", "BT-31", {"seller.vat_id": "FR40303265045"}),
]

KEPT: list[tuple[str, Changes]] = [
    ("CP-SELLER-01", {"seller.legal_id": Identifier("73282932000074", "1")}),
    ("CP-SELLER-02", {"seller.legal_id": Identifier("73282932000074")}),
    ("CP-SELLER-03", {"seller.legal_id": Identifier("BE0429958042", "2")}),
    (
        "CP-SELLER-04",
        {"seller.legal_id": Identifier("BE0429958042", "2"), "seller.address.country": "BE"},
    ),
    ("CP-BUYER-01", {"buyer.legal_id": Identifier("35600000000048", "1")}),
    ("CP-BUYER-02", {"buyer.legal_id": Identifier("35600000000048")}),
    ("CP-BUYER-03", {"buyer.legal_id": Identifier("35600000000048", "1")}),
    ("CP-VALIDATOR-02", {"validator": party("1234567890", "4")}),
    ("CP-SELLER-03", {"seller.legal_id": Identifier("KRSAMPLE ELECTRON", "3")}),
    ("CP-SELLER-03", {"seller.legal_id": Identifier("1234567890", "4")}),
    ("CP-SELLER-03", {"seller.legal_id": Identifier("350041679", "5")}),
    ("CP-SELLER-03", {"seller.legal_id": Identifier("FRPETITE MAISON", "6")}),
    ("CP-SELLER-03", {"seller.legal_id": Identifier("1850578006084", "7")}),
    ("CP-SIRET-01", {"seller.legal_id": Identifier("35600000049837", "1")}),  # La Poste
    ("CP-VALIDATOR-01", {"process": "A9", "validator": party("73282932000074")}),
    ("CP-VALIDATOR-01", {"process": "A1"}),
    ("CP-PAYEE-01", {"payee": Party(name="Un affactureur")}),
    ("CP-PAYEE-02", {"payee": Party(name="F"), "payment.transfers.0.account_name": "F"}),
    ("CP-PAYEE-03", {"payee": Party(name="F"), "notes": (Note(text="Subrogation"),)}),
    ("CP-VAT-01", {"seller.vat_id": "FR40303265045"}),
    ("CP-VAT-01", {"seller.vat_id": "BE0429958042"}),
    ("CP-VAT-02", {"seller.legal_id": Identifier("1850578006084", "7")}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(PARTIES, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(PARTIES, changed(changes))]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(PARTIES, SAMPLE) == []


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(PARTIES.rules)


def test_every_rule_of_the_family_has_a_passing_case() -> None:
    assert {rule for rule, _ in KEPT} == set(PARTIES.rules)
