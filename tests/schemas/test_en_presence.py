"""EN 16931: what an invoice and its lines must hold."""

from __future__ import annotations

import pytest

from schemas.en16931.presence import PRESENCE
from tests.support.ruled_invoice import SAMPLE, Changes, D, allowance, changed, hits
from transforms.invoice import (
    Address,
    AllowanceCharge,
    Delivery,
    DocumentReference,
    Identifier,
    Party,
    SupportingDocument,
)

HERE = Address(city="Brest", country="FR")


def line_allowance(*, is_charge: bool, amount: str | None = "1.00", reason: str = "") -> Changes:
    item = AllowanceCharge(
        is_charge=is_charge, amount=D(amount) if amount else None, reason=reason or None
    )
    return {"lines.0.allowances": (item,)}


BROKEN: list[tuple[str, str, Changes]] = [
    ("BR-02", "BT-1", {"number": None}),
    ("BR-02", "BT-1", {"number": " "}),
    ("BR-03", "BT-2", {"issue_date": None}),
    ("BR-04", "BT-3", {"type_code": None}),
    ("BR-05", "BT-5", {"currency": None}),
    ("BR-06", "BT-27", {"seller.name": None}),
    ("BR-07", "BT-44", {"buyer.name": " "}),
    ("BR-08", "BG-5", {"seller.address": None}),
    ("BR-09", "BT-40", {"seller.address.country": None}),
    ("BR-10", "BG-8", {"buyer.address": None}),
    ("BR-11", "BT-55", {"buyer.address.country": None}),
    ("BR-12", "BT-106", {"totals.lines": None}),
    ("BR-13", "BT-109", {"totals.without_vat": None}),
    ("BR-14", "BT-112", {"totals.with_vat": None}),
    ("BR-15", "BT-115", {"totals.due": None}),
    ("BR-16", "BG-25", {"lines": ()}),
    ("BR-17", "BT-59", {"payee": Party()}),
    ("BR-18", "BT-62", {"tax_representative": Party(vat_id="FR1", address=HERE)}),
    ("BR-19", "BG-12", {"tax_representative": Party(name="R", vat_id="FR1")}),
    ("BR-20", "BT-69", {"tax_representative": Party(name="R", address=Address(city="B"))}),
    ("BR-56", "BT-63", {"tax_representative": Party(name="R", address=HERE)}),
    ("BR-57", "BT-80", {"delivery": Delivery(address=Address(city="Brest"))}),
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
    ("BR-52", "BT-122", {"documents": (SupportingDocument(filename="a.pdf"),)}),
    ("BR-54", "BT-160", {"lines.0.item.attributes": (("Couleur", ""),)}),
    ("BR-55", "BT-25", {"preceding": (DocumentReference(),)}),
    ("BR-62", "BT-34", {"seller.endpoint": Identifier("73282932000074")}),
    ("BR-63", "BT-49", {"buyer.endpoint": Identifier("35600000000048")}),
    ("BR-64", "BT-157", {"lines.0.item.standard_id": Identifier("3700000000001")}),
    ("BR-65", "BT-158", {"lines.0.item.classifications": (Identifier("4214"),)}),
]

KEPT: list[tuple[str, Changes]] = [
    ("BR-17", {"payee": Party(name="Un affactureur")}),
    ("BR-27", {"lines.0.price.net": D(0), "lines.0.quantity": D(-1)}),
    ("BR-33", {"allowances": (allowance(reason=None, reason_code="95"),)}),
    ("BR-42", line_allowance(is_charge=False, reason="Remise")),
    ("BR-48", {"vat.0.category": "O", "vat.0.rate": None}),
    ("BR-57", {"delivery": Delivery(address=HERE)}),
    ("BR-64", {"lines.0.item.standard_id": Identifier("3700000000001", "0160")}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(PRESENCE, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(PRESENCE, changed(changes))]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(PRESENCE, SAMPLE) == []


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(PRESENCE.rules)
