"""Findings in words."""

from __future__ import annotations

import pytest

from config.catalogue import CatalogueError, Language, load_catalogue
from config.terms import registry
from schemas.explain import explain
from transforms.finding import Finding, Location, Severity

LONG_NUMBER = Finding(
    "CP-NUMBER-01",
    Severity.FATAL,
    Location("ventes.csv", 12, "NUM_FAC"),
    bt="BT-1",
    value="F" * 21,
    params={"limit": "20", "length": "21"},
)


def test_a_finding_is_told_with_value_column_and_source() -> None:
    told = explain(LONG_NUMBER, "fr")
    assert told.title == "Numéro de facture trop long"
    assert told.message.startswith(f"Le numéro « {'F' * 21} » a 21 caractères")
    assert "« NUM_FAC »" in told.advice
    assert "G1.05" in told.source
    assert (told.bt, told.term) == ("BT-1", registry().terms["BT-1"].fr)
    assert (told.location.line, told.severity) == (12, Severity.FATAL)


def test_english_says_the_same() -> None:
    told = explain(LONG_NUMBER, "en")
    assert told.title == "Invoice number too long"
    assert "21 characters" in told.message
    assert told.term == registry().terms["BT-1"].en


def test_a_value_without_column_is_called_by_its_everyday_name() -> None:
    told = explain(Finding("BR-02", Severity.FATAL, bt="BT-1"), "fr")
    assert f"« {registry().terms['BT-1'].fr} »" in told.advice


def test_the_term_of_the_rule_stands_in_when_the_finding_has_none() -> None:
    assert explain(Finding("BR-02", Severity.FATAL), "en").bt == "BT-1"


def test_braces_of_a_value_are_only_text() -> None:
    told = explain(Finding("CP-TYPE-01", Severity.FATAL, value="{term}{0}"), "fr")
    assert "« {term}{0} »" in told.message


def test_a_rule_without_entry_is_refused() -> None:
    with pytest.raises(CatalogueError, match="XX-NONE-01"):
        explain(Finding("XX-NONE-01", Severity.FATAL), "fr")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_rule_can_be_told_without_a_fact(language: Language) -> None:
    for rule in load_catalogue().rules:
        told = explain(Finding(rule, Severity.WARNING), language)
        assert told.title
        assert "{" not in told.message + told.advice, rule


def test_every_term_of_the_rules_on_the_model_has_an_everyday_name() -> None:
    areas = {"chorus", "en16931", "platform", "totals"}
    rules = [rule for rule in load_catalogue().rules.values() if rule.area in areas]
    terms = {rule.term for rule in rules if rule.term}
    assert {term for term in terms if not term.startswith("BG-")} <= set(registry().terms)


HERE = Location("ventes.csv", 12, "NOM")


@pytest.mark.parametrize(
    ("rule", "bt", "location", "advice"),
    [
        (
            "CP-LENGTH-01",
            "BT-44",
            HERE,
            "Raccourcissez ce texte : colonne « NOM » (ligne 12, ventes.csv).",
        ),
        (
            "CP-LENGTH-01",
            "BT-27",
            Location("ventes.csv", 2),
            "Raccourcissez ce texte : « Raison sociale du fournisseur » "
            "dans le fichier société ou le profil.",
        ),
        (
            "CP-PRICE-01",
            "BT-148",
            Location(),
            "Donnez la remise unitaire (BT-147), ou ne donnez que le prix net.",
        ),
        (
            "CP-PRICE-01",
            "BT-148",
            Location("ventes.csv"),
            "Donnez la remise unitaire (BT-147), ou ne donnez que le prix net (ventes.csv).",
        ),
    ],
)
def test_an_advice_names_what_is_known_of_the_place_and_no_more(
    rule: str, bt: str, location: Location, advice: str
) -> None:
    assert explain(Finding(rule, Severity.ERROR, location, bt=bt), "fr").advice == advice


def test_an_unknown_fact_outside_parentheses_is_a_dash() -> None:
    told = explain(Finding("CP-NUMBER-01", Severity.FATAL, value="F"), "fr")
    assert told.message == "Le numéro « F » a – caractères, Chorus Pro en accepte – au plus."


@pytest.mark.parametrize("language", ["fr", "en"])
def test_who_writes_xml_is_not_sent_to_a_column_a_profile_or_an_extract(language: Language) -> None:
    words = {
        "fr": ("colonne « ", "profil", "fichier société"),
        "en": ("column “", "profile", "company file"),
    }
    place = Location("facture.xml", 12, xpath="/ubl:Invoice/cbc:ID")
    for rule, entry in load_catalogue().rules.items():
        if entry.area not in {"en16931", "chorus", "xsd", "input"}:
            continue
        told = explain(Finding(rule, Severity.FATAL, place, value="x").from_xml(), language)
        if rule.startswith("XI-"):
            continue  # these speak of settings on purpose
        assert told.advice
        assert not any(word in told.advice for word in words[language]), (rule, told.advice)


def test_a_value_of_xml_is_corrected_where_it_stands() -> None:
    found = Finding("BR-21", Severity.FATAL, Location("f.xml", 12, xpath="/x"), bt="BT-126")
    assert "ligne 12 de f.xml" in explain(found.from_xml(), "fr").advice
    assert "colonne" not in explain(found.from_xml(), "fr").advice
    assert "colonne" in explain(found, "fr").advice
