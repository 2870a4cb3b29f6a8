"""The catalogue of findings: every entry whole, every emitted rule known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.catalogue import (
    ENVIRONMENTS,
    LANGUAGES,
    UNFILLED,
    CatalogueError,
    load_catalogue,
    placeholders,
    read_rules,
)
from transforms.statuses import Problem, Reason

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "config" / "findings"
ROOMS = ("config", "transforms", "schemas", "flows")

#: A text that is a whole rule id of ours (``SBX`` codes of the sandbox are no rules).
RULE_ID = re.compile(r"(AT|BR|CP|DP|DR|LG|MP|RF|RT|TT|WR|XI|XS|XT)(-[A-Z0-9]+)*-\d{2}")

ENTRY = """
XX-TEST-01:
  layer: rules
  severity: fatal
  source: "a document"
  fr: {title: "Titre", message: "{value} est faux", advice: "Corrigez {column}."}
  en: {title: "Title", message: "{value} is wrong", advice: "Correct {column}."}
"""


def emitted_rules() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                value = node.value if isinstance(node, ast.Constant) else None
                if isinstance(value, str) and RULE_ID.fullmatch(value):
                    yield value, f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.name)
def test_every_file_is_well_formed(file: Path) -> None:
    assert read_rules(file.read_text(encoding="utf-8"), name=file.name)


def test_every_rule_emitted_in_the_code_has_an_entry() -> None:
    catalogue = load_catalogue()
    unknown = sorted(
        {f"{rule} ({place})" for rule, place in emitted_rules() if rule not in catalogue}
    )
    assert unknown == []


def test_texts_of_both_languages_take_the_same_facts() -> None:
    for rule in load_catalogue().rules.values():
        used = []
        for lang in LANGUAGES:
            words = rule.text(lang)
            names = placeholders(words.message) | placeholders(words.advice)
            used.append({name.removesuffix(f"_{lang}") for name in names})
        assert used[0] == used[1], rule.id


def test_a_rule_has_a_severity_in_every_environment() -> None:
    siret = load_catalogue().rule("CP-SIRET-01")
    assert {name: siret.severity(name) for name in ENVIRONMENTS} == {
        "production": "fatal",
        "qualification": "warning",
        "sandbox": "warning",
    }


def test_the_words_are_filled_and_a_gap_is_a_dash() -> None:
    (rule,) = read_rules(ENTRY, name="test.yaml")
    assert rule.area == "test"
    text = load_catalogue().render("CP-TYPE-01", "fr", {"value": "384 {column}"})
    assert "« 384 {column} »" in text.message
    assert "{" not in text.advice
    gap = load_catalogue().render("CP-NUMBER-01", "en", {})
    assert f"“{UNFILLED}” has {UNFILLED} characters" in gap.message


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_an_unreadable_return_file_has_words(reason: Reason) -> None:
    finding = Problem("CSO1106A_1", reason, "").finding
    for language in LANGUAGES:
        assert reason in load_catalogue().rule(finding.rule).text(language).values["reason"]
    fields = {"file": "CSO1106A_1", **finding.params}
    text = load_catalogue().render(finding.rule, "fr", fields)
    assert f"({reason.value}" not in text.message
    assert UNFILLED not in text.message


def test_a_code_without_words_stands_as_it_is() -> None:
    fields = {"file": "a", "reason": "strange", "detail": "b"}
    assert "(strange, b)" in load_catalogue().render("RT-FILE-01", "en", fields).message


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(CatalogueError, match="XX-NONE-01"):
        load_catalogue().rule("XX-NONE-01")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("layer: rules", "layer: ether", "layer 'ether'"),
        ("severity: fatal", "severity: grave", "severity 'grave'"),
        ("severity: fatal", "severity: {production: fatal}", "severity must"),
        ('source: "a document"', 'source: ""', "source"),
        ('source: "a document"', "since: 2020", "unknown key since"),
        ('title: "Title"', 'title: ""', "en.title"),
        ('title: "Title"', 'title: "Title {value}"', "title must be constant"),
        (', advice: "Correct {column}."', "", "en must give"),
        ("{value} is wrong", "{value.real} is wrong", "not a plain name"),
        ("{value} is wrong", "{value is wrong", "expected '}'"),
        ("XX-TEST-01:", "XX-TEST-01: 1\nXX-TEST-02:", "must be a mapping"),
        ("  layer: rules", "  layer: rules\n  layer: xsd", "'layer' is given twice"),
        ("  layer: rules", "  layer: [", "line"),
        ('title: "Title"', 'title: "Title", values: {value: late}', "en.values"),
        ('title: "Title"', 'title: "Title", values: {value: {late: ""}}', "values.value.late"),
        ('title: "Title"', 'title: "Title", values: {reason: {late: "x"}}', "words for {reason}"),
    ],
)
def test_a_malformed_entry_is_refused_by_name(old: str, new: str, told: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(told)):
        read_rules(ENTRY.replace(old, new), name="test.yaml")


def test_a_file_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(CatalogueError, match=r"test\.yaml: must be a mapping"):
        read_rules("- XX-TEST-01", name="test.yaml")


def test_advice_for_xml_is_given_in_both_languages_or_in_none() -> None:
    for rule in load_catalogue().rules.values():
        assert len({bool(rule.text(language).advice_xml) for language in LANGUAGES}) == 1, rule.id
