"""Rules of the directory: each with what breaks it and what keeps it, in the order of 7 cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from config.catalogue import load_catalogue
from config.directory import PSEUDO_SERVICE, DirectoryView, NotAskedError, Service, Structure
from config.settings import Environment
from schemas.directory import AGE_RULE, DIRECTORY, age_finding, recipient_of
from schemas.registry import RuleContext
from schemas.rules import check
from tests.support.ruled_invoice import RUN_DATE, SAMPLE, Changes, changed, context
from transforms.finding import Severity
from transforms.invoice import DocumentReference, Identifier, Invoice

SIRET = "35600000000048"
EJ = DocumentReference(number="EJ-1")
SERVICES = {
    "OPEN": Service("OPEN", "Ouvert"),
    "SHUT": Service("SHUT", active=False),
    "SOON": Service("SOON", valid_from=date(2026, 3, 3)),
    "GONE": Service("GONE", valid_until=date(2026, 3, 1)),
    "EJ": Service("EJ", "Achats", engagement_required=True),
}
FREE = Structure(SIRET, "Ville de Demain", services=SERVICES)
NEEDS_SERVICE = replace(FREE, service_required=True)
NEEDS_ENGAGEMENT = replace(FREE, engagement_required=True)
NEEDS_BOTH = replace(FREE, service_required=True, engagement_required=True)
NEEDS_EITHER = replace(NEEDS_BOTH, service_or_engagement=True)

CODE, ORDER = {"buyer_reference": "OPEN"}, {"order": EJ}


def view(
    structure: Structure | None, *, dated: date = date(2026, 3, 1), services_known: bool = True
) -> DirectoryView:
    found = {} if structure is None else {SIRET: structure}
    return DirectoryView(dated, 30, services_known, frozenset({SIRET}), found)


def at(directory: DirectoryView | None, **changes: object) -> RuleContext:
    return replace(context(**changes), directory=directory)  # type: ignore[arg-type] # options


def rules(
    structure: Structure | None,
    changes: Changes,
    *,
    dated: date = date(2026, 3, 1),
    services_known: bool = True,
) -> list[str]:
    made = at(view(structure, dated=dated, services_known=services_known))
    return [hit.rule for one in DIRECTORY.checks for hit in one.run(changed(changes), made)]


OLD: dict[str, object] = {"dated": date(2026, 1, 1)}
BLIND: dict[str, object] = {"services_known": False}

CASES: list[tuple[Structure | None, Changes, dict[str, object], list[str]]] = [
    # the recipient
    (None, {}, {}, ["DR-BUYER-01"]),
    (None, {}, OLD, ["DR-BUYER-02"]),
    (FREE, {}, {}, []),
    (FREE, {}, OLD, []),
    (replace(NEEDS_BOTH, active=False), {}, {}, ["DR-BUYER-03"]),
    (replace(FREE, active=False), {}, OLD, ["DR-BUYER-03"]),
    (replace(NEEDS_BOTH, works_owner_only=True), {}, {}, ["DR-BUYER-04"]),
    # the service that is given
    (FREE, CODE, {}, []),
    (FREE, {"buyer_reference": " OPEN "}, {}, []),
    (FREE, {"buyer_reference": "open"}, {}, ["DR-SERVICE-01"]),
    (FREE, {"buyer_reference": "NONE"}, {}, ["DR-SERVICE-01"]),
    (FREE, {"buyer_reference": "NONE"}, OLD, ["DR-SERVICE-02"]),
    (FREE, {"buyer_reference": "NONE"}, BLIND, []),
    (FREE, {"buyer_reference": "SHUT"}, {}, ["DR-SERVICE-03"]),
    (FREE, {"buyer_reference": "SOON"}, {}, ["DR-SERVICE-04"]),
    (FREE, {"buyer_reference": "GONE"}, {}, ["DR-SERVICE-04"]),
    (FREE, {"buyer_reference": PSEUDO_SERVICE}, {}, []),
    # one obligation, or both
    (NEEDS_SERVICE, {}, {}, ["DR-SERVICE-05"]),
    (NEEDS_SERVICE, ORDER, {}, ["DR-SERVICE-05"]),
    (NEEDS_SERVICE, {"buyer_reference": PSEUDO_SERVICE}, {}, ["DR-SERVICE-05"]),
    (NEEDS_SERVICE, CODE, {}, []),
    (NEEDS_ENGAGEMENT, {}, {}, ["DR-ENGAGEMENT-01"]),
    (NEEDS_ENGAGEMENT, CODE, {}, ["DR-ENGAGEMENT-01"]),
    (NEEDS_ENGAGEMENT, {"order": DocumentReference(number=" ")}, {}, ["DR-ENGAGEMENT-01"]),
    (NEEDS_ENGAGEMENT, ORDER, {}, []),
    (NEEDS_BOTH, {}, {}, ["DR-SERVICE-05", "DR-ENGAGEMENT-01"]),
    (NEEDS_BOTH, CODE, {}, ["DR-ENGAGEMENT-01"]),
    (NEEDS_BOTH, ORDER, {}, ["DR-SERVICE-05"]),
    (NEEDS_BOTH, {**CODE, **ORDER}, {}, []),
    # one of both goes before the flags of each
    (NEEDS_EITHER, {}, {}, ["DR-EITHER-01"]),
    (NEEDS_EITHER, CODE, {}, []),
    (NEEDS_EITHER, ORDER, {}, []),
    # the flag of the service comes on top
    (FREE, {"buyer_reference": "EJ"}, {}, ["DR-ENGAGEMENT-02"]),
    (FREE, {"buyer_reference": "EJ", **ORDER}, {}, []),
    (NEEDS_EITHER, {"buyer_reference": "EJ"}, {}, ["DR-ENGAGEMENT-02"]),
    (NEEDS_ENGAGEMENT, {"buyer_reference": "EJ"}, {}, ["DR-ENGAGEMENT-01"]),
    (NEEDS_SERVICE, {"buyer_reference": "EJ"}, {}, ["DR-ENGAGEMENT-02"]),
]


@pytest.mark.parametrize(("structure", "changes", "options", "told"), CASES)
def test_the_directory_asks_what_it_says(
    structure: Structure | None, changes: Changes, options: dict[str, object], told: list[str]
) -> None:
    assert rules(structure, changes, **options) == told  # type: ignore[arg-type] # options


def test_every_rule_on_an_invoice_has_a_failing_case() -> None:
    assert {rule for case in CASES for rule in case[-1]} == set(DIRECTORY.rules)


@pytest.mark.parametrize(
    "identifier", [None, Identifier("110002011", "1"), Identifier("BE0429958042", "2")]
)
def test_without_a_siret_the_directory_is_not_asked(identifier: Identifier | None) -> None:
    assert rules(None, {"buyer.legal_id": identifier}) == []
    assert recipient_of(changed({"buyer.legal_id": identifier})) is None


def test_without_a_directory_nothing_is_said() -> None:
    assert check(SAMPLE, at(None)) == ()


def test_a_view_made_for_others_is_a_defect_not_a_verdict() -> None:
    stranger = changed({"buyer.legal_id": Identifier("21999900000017", "1")})
    with pytest.raises(NotAskedError):
        check(stranger, at(view(FREE)))


def found(invoice: Invoice, made: RuleContext) -> list[tuple[str, Severity]]:
    return [(finding.rule, finding.severity) for finding in check(invoice, made)]


@pytest.mark.parametrize(
    ("environment", "severity"),
    [
        (Environment.PRODUCTION, Severity.ERROR),
        (Environment.SANDBOX, Severity.ERROR),
        (Environment.QUALIFICATION, Severity.WARNING),
    ],
)
def test_an_unknown_recipient_does_not_block_in_qualification(
    environment: Environment, severity: Severity
) -> None:
    assert found(SAMPLE, at(view(None), environment=environment)) == [("DR-BUYER-01", severity)]


def test_an_old_directory_only_warns_of_whom_it_does_not_know() -> None:
    assert found(SAMPLE, at(view(None, dated=date(2025, 1, 1)))) == [
        ("DR-BUYER-02", Severity.WARNING)
    ]


def test_policies_of_the_settings_change_what_a_rule_does() -> None:
    lowered = at(view(NEEDS_SERVICE), policies={"DR-SERVICE-05": "warn"})
    assert found(SAMPLE, lowered) == [("DR-SERVICE-05", Severity.WARNING)]
    raised = at(view(None, dated=date(2025, 1, 1)), policies={"DR-BUYER-02": "block"})
    assert found(SAMPLE, raised) == [("DR-BUYER-02", Severity.ERROR)]


def test_the_pseudo_service_is_told_once() -> None:
    invoice = changed({"buyer_reference": PSEUDO_SERVICE})
    told = [finding.rule for finding in check(invoice, at(view(NEEDS_SERVICE)))]
    assert told == ["CP-SERVICE-03"]


def test_the_european_target_does_not_ask_the_directory() -> None:
    assert check(SAMPLE, at(view(None), target="en16931")) == ()


def test_a_finding_names_recipient_service_and_column() -> None:
    (finding,) = check(changed({"buyer_reference": "EJ"}), at(view(NEEDS_SERVICE)))
    assert finding.bt == "BT-13"
    assert finding.params == {
        "name": "Ville de Demain",
        "siret": SIRET,
        "service": "EJ",
        "service_name": "Achats",
    }
    (finding,) = check(SAMPLE, at(view(None)))
    assert (finding.value, finding.location.column) == (SIRET, "SIRET")
    assert finding.params == {"dated": "2026-03-01", "age": "1"}


def test_the_age_is_told_above_the_limit_only() -> None:
    assert age_finding(view(None, dated=date(2026, 1, 31)), RUN_DATE) is None
    told = age_finding(view(None, dated=date(2026, 1, 30)), RUN_DATE)
    assert told is not None
    assert (told.rule, told.severity, told.value) == (AGE_RULE, Severity.WARNING, "2026-01-30")
    assert told.params == {"age": "31", "max_age": "30"}


def test_every_rule_of_the_directory_is_of_its_layer() -> None:
    catalogue = load_catalogue()
    assert {catalogue.rule(rule).layer for rule in (*DIRECTORY.rules, AGE_RULE)} == {"directory"}
