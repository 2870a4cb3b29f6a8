"""Every rule on the model has a case that breaks it and a case that keeps it."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from config.catalogue import LANGUAGES, UNFILLED, Language, load_catalogue
from schemas.explain import explain
from schemas.registry import Family, Hit
from schemas.rules import check
from tests.support.full_invoices import credited, exempt
from tests.support.mutations import SYNTAXES, TARGETS, rule_context
from tests.support.ruled_invoice import SAMPLE, changed, context, hits
from transforms.finding import Finding, Location, Severity

HERE = Path(__file__).parent
TESTS = HERE.parent

#: Test modules whose table BROKEN (rule, term, changes...) has cases on the common sample.
TABLES = (
    *("chorus_document", "chorus_figures", "chorus_parties", "chorus_payment", "chorus_texts"),
    *("en_arithmetic", "en_codes", "en_conditions", "en_decimals", "en_lines", "en_presence"),
)

#: Rules whose broken case is no row of those tables nor a mutation, and the test that has it.
ELSEWHERE: dict[str, str] = {
    "BR-01": "schemas/test_en_presence.py",  # an invoice from an extract cannot break it
    "BR-CO-25": "schemas/test_en_norm.py",
    "CP-PLACE-01": "schemas/test_chorus_document.py",  # of an UBL from outside
    "CP-DATE-04": "schemas/test_chorus_document.py",  # of an XML: the model holds dates only
    **dict.fromkeys(  # emitted before the rules run
        (
            f"AT-{rule}"
            for rule in ("EMPTY-01", "EXT-01", "EXT-02", "NAME-01", "SIZE-01", "SIZE-02")
        ),
        "transforms/test_attachments.py",
    ),
    **dict.fromkeys(
        (
            *("TT-ALLOWANCES-01", "TT-BASE-01", "TT-CLOSED-01", "TT-DUE-01", "TT-LINE-01"),
            *("TT-LINES-01", "TT-NET-01", "TT-ROUNDING-01", "TT-TOTAL-01", "TT-VAT-01"),
        ),
        "transforms/test_totals.py",
    ),
    **dict.fromkeys(("TT-BASE-02", "TT-BASE-03", "TT-REASONS-01"), "transforms/test_vat_groups.py"),
}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HERE / f"test_{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def broken() -> dict[str, list[Hit]]:
    """Return what the cases make each rule say."""
    found: dict[str, list[Hit]] = {}
    for name in TABLES:
        module = load(name)
        (family,) = (one for one in vars(module).values() if isinstance(one, Family))
        for case in module.BROKEN:
            for syntax in SYNTAXES:
                for hit in hits(family, changed(case[2]), syntax):
                    found.setdefault(hit.rule, []).append(hit)
    vat = load("en_vat")
    cases = [(name, changes) for name in vat.FAMILY_NAMES for _, changes in vat.broken(name)]
    for name, changes in (*cases, *((name, changes) for _, name, changes in vat.SPECIAL)):
        for syntax in SYNTAXES:
            for hit in hits(vat.VAT, changed(changes, vat.sold_under(name)), syntax):
                found.setdefault(hit.rule, []).append(hit)
    return found


def rules_of_the_layer() -> set[str]:
    return {rule.id for rule in load_catalogue().rules.values() if rule.layer == "rules"}


def test_every_rule_of_the_layer_is_broken_by_a_case() -> None:
    assert sorted(rules_of_the_layer() - set(broken()) - set(ELSEWHERE)) == []
    assert sorted(set(ELSEWHERE) & set(broken())) == []


@pytest.mark.parametrize("rule", ELSEWHERE)
def test_a_rule_broken_elsewhere_is_named_there(rule: str) -> None:
    assert rule in (TESTS / ELSEWHERE[rule]).read_text("utf-8")


def test_every_rule_is_kept_by_invoices_that_hold_every_term() -> None:
    for invoice in (credited(), exempt()):
        for target in TARGETS:
            for syntax in SYNTAXES:
                assert check(invoice, rule_context(target, syntax)) == ()
    assert check(SAMPLE, context()) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_is_told_without_a_gap(language: Language) -> None:
    place = Location("ventes.csv", 12, "COL")
    gaps = []
    for rule, said in broken().items():
        text = load_catalogue().rule(rule).text(language)
        for hit in said:
            finding = Finding(
                rule, Severity.ERROR, place, hit.bt, hit.value, dict(hit.params or {})
            )
            told = explain(finding, language)
            assert told.title == text.title
            assert told.bt is None or told.term, rule
            if f"« {UNFILLED} »" in told.message or f" {UNFILLED} " in told.message + told.advice:
                gaps.append((rule, told.message, told.advice))
    assert gaps == []
