"""All rules together: severities, policies, what one rule says for another, places."""

from __future__ import annotations

import pytest

from config.catalogue import load_catalogue
from config.settings import Environment
from schemas.rules import COVERED_BY, FAMILIES, check, rule_ids
from tests.support.ruled_invoice import SAMPLE, Changes, D, changed, context
from transforms.finding import Severity
from transforms.invoice import Identifier

WRONG_KEY = {"buyer.legal_id": Identifier("35600000000049", "1")}


def rules(changes: Changes, target: str = "chorus_direct") -> list[str]:
    return [finding.rule for finding in check(changed(changes), context(target=target))]


def test_the_sample_keeps_every_rule_of_every_target() -> None:
    assert check(SAMPLE, context()) == ()
    assert check(SAMPLE, context(target="en16931")) == ()


def test_every_rule_has_an_entry_of_the_layer_of_rules_or_of_the_directory() -> None:
    catalogue = load_catalogue()
    assert {catalogue.rule(rule).layer for rule in rule_ids()} <= {"rules", "directory"}


def test_no_rule_belongs_to_two_families() -> None:
    listed = [
        rule for families in FAMILIES.values() for family in families for rule in family.rules
    ]
    assert sorted(listed) == sorted(set(listed))


@pytest.mark.parametrize(
    ("environment", "severity"),
    [
        (Environment.PRODUCTION, Severity.FATAL),
        (Environment.QUALIFICATION, Severity.WARNING),
        (Environment.SANDBOX, Severity.WARNING),
    ],
)
def test_a_wrong_check_digit_blocks_in_production_only(
    environment: Environment, severity: Severity
) -> None:
    (finding,) = check(changed(WRONG_KEY), context(environment))
    assert (finding.rule, finding.severity) == ("CP-SIRET-01", severity)


def test_a_finding_tells_where_its_value_was_read() -> None:
    (finding,) = check(changed(WRONG_KEY), context())
    assert (finding.value, finding.bt) == ("35600000000049", "BT-47")
    place = finding.location
    assert (place.file, place.line, place.column) == ("ventes.csv", 7, "SIRET")
    (finding,) = check(changed({"lines.1.unit": None}), context())
    assert finding.location.line == 8


def test_a_policy_of_the_settings_turns_a_rule_into_a_warning_or_a_block() -> None:
    (finding,) = check(changed(WRONG_KEY), context(policies={"CP-SIRET-01": "warn"}))
    assert finding.severity is Severity.WARNING
    unusual = {"lines.0.vat_rate": D(19)}
    found = check(changed(unusual), context(policies={"CP-RATE-01": "block"}))
    assert Severity.ERROR in [finding.severity for finding in found if finding.rule == "CP-RATE-01"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"payment.means_code": None}, ["CP-PAYMENT-01"]),
        ({"payment.transfers": ()}, ["CP-IBAN-01"]),
        ({"currency": "EURO"}, ["CP-CURRENCY-01"]),
        ({"lines.1.price.net": None}, ["BR-26"]),
    ],
)
def test_the_same_fault_is_told_once(changes: Changes, told: list[str]) -> None:
    assert rules(changes) == told


def test_the_european_target_asks_for_the_european_rules_only() -> None:
    changes = {"number": "F" * 21, "payment.card_number": "4970101234567890"}
    assert rules(changes, target="en16931") == ["BR-51"]


def test_a_target_of_the_norm_alone_tells_a_fault_as_often_as_the_artefacts_do() -> None:
    assert rules({"seller.address": None}, target="en16931") == ["BR-08", "BR-09"]
    assert rules({"seller.address": None}) == ["BR-08"]


def test_a_rule_may_weigh_less_in_one_syntax() -> None:
    invoice = changed({"payment.card_number": "4970101234567890"})
    (in_cii,) = check(invoice, context(target="en16931"))
    (in_ubl,) = check(invoice, context(target="en16931", syntax="ubl"))
    assert (in_cii.severity, in_ubl.severity) == (Severity.FATAL, Severity.WARNING)


def test_covered_rules_and_their_covers_exist() -> None:
    covers = {cover for covers in COVERED_BY.values() for cover in covers}
    assert {*COVERED_BY, *covers} <= set(rule_ids())
