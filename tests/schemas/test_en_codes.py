"""EN 16931: codes of a list."""

from __future__ import annotations

import pytest

from schemas.en16931.codes import CODES
from tests.support.ruled_invoice import SAMPLE, Changes, changed, hits
from transforms.invoice import Address, Delivery, Party

ELSEWHERE = Address(country="FRA")

BROKEN: list[tuple[str, str, Changes]] = [
    ("BR-CL-04", "BT-5", {"currency": "EURO"}),
    ("BR-CL-14", "BT-40", {"seller.address": ELSEWHERE}),
    ("BR-CL-14", "BT-55", {"buyer.address": Address(country="fr")}),
    ("BR-CL-14", "BT-69", {"tax_representative": Party(address=ELSEWHERE)}),
    ("BR-CL-14", "BT-80", {"delivery": Delivery(address=ELSEWHERE)}),
    ("BR-CL-17", "BT-118", {"vat.0.category": "A"}),
    ("BR-CL-22", "BT-121", {"vat.0.reason_code": "VATEX-FR-CGI293B"}),
]

KEPT: list[tuple[str, Changes]] = [
    ("BR-CL-14", {"seller.address.country": "NO"}),
    ("BR-CL-14", {"seller.address.country": "XI"}),
    ("BR-CL-17", {"vat.0.category": "L"}),
    ("BR-CL-22", {"vat.0.reason_code": "vatex-fr-franchise"}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(CODES, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(CODES, changed(changes))]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(CODES, SAMPLE) == []


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(CODES.rules)
