"""Words of the report: two languages that say the same, and faults that are named."""

from __future__ import annotations

import pytest

from config.report_texts import ReportTextError, load_report_texts, read_report_texts


def test_both_languages_have_the_same_keys_with_the_same_placeholders() -> None:
    french, english = load_report_texts("fr"), load_report_texts("en")
    assert set(french) == set(english)
    differing = [key for key in french if french.fields_of(key) != english.fields_of(key)]
    assert differing == []


@pytest.mark.parametrize(
    ("language", "number", "text"),
    [
        ("fr", 0, "0 facture"),
        ("fr", 1, "1 facture"),
        ("fr", 2, "2 factures"),
        ("en", 0, "0 invoices"),
        ("en", 1, "1 invoice"),
        ("en", 2, "2 invoices"),
    ],
)
def test_the_plural_follows_the_language(language: str, number: int, text: str) -> None:
    texts = load_report_texts("en" if language == "en" else "fr")
    assert texts.plural("count.invoices", number, count=number) == text


def test_a_code_without_a_name_is_shown_as_it_is() -> None:
    texts = load_report_texts("fr")
    assert texts.named("type", "381") == "Avoirs"
    assert texts.named("type", "751") == "751"


def test_a_key_or_a_value_that_is_missing_is_named() -> None:
    texts = load_report_texts("fr")
    with pytest.raises(ReportTextError, match="no\\.such\\.key"):
        texts("no.such.key")
    with pytest.raises(ReportTextError, match=r"page\.title lacks 'day'"):
        texts("page.title")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {one: x}", "a: a text that counts needs one and other"),
        ("a: ''", "a: must be text"),
        ("a: 3", "a: must be text"),
        ("a: [x]", "a: must be text"),
        ("", "file: must be text"),
        ("a: x\na: y", "given twice"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ReportTextError, match=said):
        read_report_texts(text, "fr", name="fr.yaml")
