"""Chorus Pro: service code, engagement, marché and lengths."""

from __future__ import annotations

import pytest

from schemas.chorus.texts import TEXTS
from tests.support.ruled_invoice import SAMPLE, Changes, changed, hits
from transforms.invoice import (
    Address,
    ContractReference,
    Delivery,
    DocumentReference,
    Identifier,
    Note,
    Party,
    SupportingDocument,
)

BROKEN: list[tuple[str, str, Changes]] = [
    ("CP-SERVICE-01", "BT-10", {"buyer_reference": "S" * 101}),
    ("CP-SERVICE-02", "BT-10", {"buyer_reference": "SERVICE/42"}),
    ("CP-SERVICE-02", "BT-10", {"buyer_reference": "  "}),
    ("CP-SERVICE-03", "BT-10", {"buyer_reference": "FACTURES_PUBLIQUES"}),
    ("CP-ENGAGEMENT-01", "BT-13", {"order": DocumentReference(number="E" * 51)}),
    ("CP-CONTRACT-01", "BT-12", {"contract": ContractReference(number="M" * 51)}),
    ("CP-CONTRACT-02", "CP-MARCHE-TYPE", {"contract": ContractReference(number="M", kind="MP")}),
    ("CP-LENGTH-01", "BT-27", {"seller.name": "x" * 100}),
    ("CP-LENGTH-01", "BT-28", {"seller.trading_name": "x" * 100}),
    ("CP-LENGTH-01", "BT-44", {"buyer.name": "x" * 100}),
    ("CP-ATTACHMENT-01", "CP-TYPE-PJ", {"documents": (SupportingDocument(kind="03"),)}),
    ("CP-LENGTH-01", "CP-SERVICE-FOURNISSEUR", {"seller.service_code": "x" * 101}),
    ("CP-LENGTH-01", "BT-35", {"seller.address.line1": "x" * 401}),
    ("CP-LENGTH-01", "BT-52", {"buyer.address.city": "x" * 401}),
    ("CP-LENGTH-01", "BT-165", {"delivery": Delivery(address=Address(line3="x" * 401))}),
    ("CP-LENGTH-01", "BT-45", {"buyer.trading_name": "x" * 100}),
    ("CP-LENGTH-01", "BT-20", {"payment_terms": "x" * 1025}),
    ("CP-LENGTH-01", "BT-22", {"notes": (Note(text="x"), Note(text="x" * 1025))}),
    ("CP-LENGTH-01", "BT-59", {"payee": Party(name="x" * 100)}),
    ("CP-LENGTH-01", "CP-VALIDEUR-NOM", {"validator": Party(name="x" * 100)}),
    ("CP-LENGTH-01", "BT-71", {"delivery": Delivery(location_id=Identifier("x" * 21))}),
    ("CP-LENGTH-01", "BT-122", {"documents": (SupportingDocument(reference="x" * 51),)}),
    ("CP-LENGTH-01", "BT-153", {"lines.1.item.name": "x" * 256}),
    ("CP-LENGTH-01", "BT-154", {"lines.1.item.description": "x" * 1025}),
    ("CP-LENGTH-01", "BT-157", {"lines.1.item.standard_id": Identifier("1" * 41, "0160")}),
]

KEPT: list[tuple[str, Changes]] = [
    ("CP-SERVICE-01", {"buyer_reference": "S" * 100}),
    ("CP-SERVICE-03", {"buyer_reference": "FACTURES"}),
    ("CP-ATTACHMENT-01", {"documents": (SupportingDocument(kind="02"), SupportingDocument())}),
    ("CP-SERVICE-02", {"buyer_reference": "Énergie_2-Réseau 7"}),
    ("CP-ENGAGEMENT-01", {"order": DocumentReference(number="E" * 50)}),
    ("CP-CONTRACT-01", {"contract": ContractReference(number="M" * 50, kind="CT")}),
    ("CP-CONTRACT-02", {"contract": ContractReference(number="M", kind="BC")}),
    ("CP-LENGTH-01", {"seller.name": "x" * 99, "lines.0.item.name": "x" * 255}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(TEXTS, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(TEXTS, changed(changes))]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(TEXTS, SAMPLE) == []


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(TEXTS.rules)


def test_every_rule_of_the_family_has_a_passing_case() -> None:
    assert {rule for rule, _ in KEPT} == set(TEXTS.rules)
