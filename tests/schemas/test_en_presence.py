"""EN 16931: what an invoice and its parties must hold."""

from __future__ import annotations

import pytest

from config.target import SyntaxName
from schemas.en16931.presence import PRESENCE
from tests.support.ruled_invoice import SAMPLE, Changes, changed, context, hits
from transforms.facts import Facts
from transforms.invoice import (
    Address,
    Delivery,
    DocumentReference,
    Identifier,
    Party,
    SupportingDocument,
)

HERE = Address(city="Brest", country="FR")

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
    ("BR-52", "BT-122", {"documents": (SupportingDocument(filename="a.pdf"),)}),
    ("BR-54", "BT-160", {"lines.0.item.attributes": (("Couleur", ""),)}),
    ("BR-55", "BT-25", {"preceding": (DocumentReference(),)}),
    ("BR-62", "BT-34", {"seller.endpoint": Identifier("73282932000074")}),
    ("BR-63", "BT-49", {"buyer.endpoint": Identifier("35600000000048")}),
    ("BR-64", "BT-157", {"lines.0.item.standard_id": Identifier("3700000000001")}),
    ("BR-65", "BT-158", {"lines.0.item.classifications": (Identifier("4214"),)}),
    ("BR-17", "BT-59", {"payee": Party(name="Ateliers du Port")}),
    ("BR-17", "BT-59", {"payee": Party(name="X", legal_id=Identifier("73282932000074", "1"))}),
]

KEPT: list[tuple[str, Changes]] = [
    ("BR-17", {"payee": Party(name="Un affactureur")}),
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
    assert hits(PRESENCE, SAMPLE, "ubl") == []


def test_an_invoice_without_specification_gets_that_of_the_target() -> None:
    assert SAMPLE.specification is None
    bare = context(overrides={"specification": ""})
    found = [hit for check in PRESENCE.checks for hit in check.run(SAMPLE, bare)]
    assert [(hit.rule, hit.bt) for hit in found] == [("BR-01", "BT-24")]


@pytest.mark.parametrize(("syntax", "told"), [("cii", ["BR-08", "BR-09"]), ("ubl", ["BR-08"])])
def test_a_missing_address_misses_its_country_in_cii_only(
    syntax: SyntaxName, told: list[str]
) -> None:
    found = hits(PRESENCE, changed({"seller.address": None}), syntax)
    assert [hit.rule for hit in found] == told


def test_in_ubl_the_payee_is_compared_with_the_name_that_is_shown() -> None:
    invoice = changed({"seller.trading_name": "Le Port", "payee": Party(name="Ateliers du Port")})
    assert [hit.rule for hit in hits(PRESENCE, invoice)] == ["BR-17"]
    assert hits(PRESENCE, invoice, "ubl") == []


def test_an_xml_without_totals_is_not_asked_for_them() -> None:
    from_xml = context(facts=Facts(from_xml=True))
    (check,) = [one for one in PRESENCE.checks if "BR-12" in one.rules]
    assert list(check.run(changed({"totals.lines": None}), from_xml)) == []


def test_an_element_may_be_there_without_a_value() -> None:
    facts = Facts(from_xml=True, there=frozenset({("BG-22",), ("BT-106",)}))
    (check,) = [one for one in PRESENCE.checks if "BR-12" in one.rules]
    invoice = changed({"totals.lines": None, "totals.due": None})
    assert [hit.rule for hit in check.run(invoice, context(facts=facts))] == ["BR-15"]


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} | {"BR-01"} == set(PRESENCE.rules)
