"""The table of statuses."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.catalogue import LANGUAGES
from config.returns_settings import Returns
from config.settings import Settings
from config.statuses import StatusTableError, load_statuses, read_statuses, statuses_for

TABLE = load_statuses()


def test_every_flow_status_of_the_schema_has_a_meaning() -> None:
    assert set(TABLE.flow) == set(range(90, 97))
    assert {code: status.outcome for code, status in TABLE.flow.items()} == {
        90: "integrated",
        91: "pending",
        92: "pending",
        93: "rejected",
        94: "incident",
        95: "incident",
        96: "partial",
    }


def test_every_labelled_invoice_status_has_a_meaning_and_shows_that_the_invoice_exists() -> None:
    assert set(range(1, 13)) <= set(TABLE.invoice)
    assert all(TABLE.invoice[code].exists for code in range(1, 13))


def test_not_integrated_does_not_prove_that_the_invoice_exists() -> None:
    assert not TABLE.invoice[37].exists


@pytest.mark.parametrize(
    ("code", "unlabelled"),
    [(None, False), (0, False), (12, False), (13, True), (37, False), (41, True), (42, False)],
)
def test_a_number_of_the_schema_without_label_is_told_from_an_unknown_one(
    code: int | None, unlabelled: bool
) -> None:
    assert TABLE.is_unlabelled(code) is unlabelled
    known = TABLE.of_invoice(code) is not None
    assert not (known and unlabelled)


def test_the_supplier_acts_on_recycling_suspension_and_refusal() -> None:
    acting = {code for code, status in TABLE.invoice.items() if status.actor == "supplier"}
    assert acting == {4, 5, 6, 37}
    assert {code for code, status in TABLE.invoice.items() if status.final} == {5, 11}


def test_every_status_is_told_in_both_languages() -> None:
    for status in (*TABLE.flow.values(), *TABLE.invoice.values()):
        words = {language: status.words(language) for language in LANGUAGES}
        assert words["fr"] != words["en"]
        assert all(text.meaning.endswith(".") for text in words.values())


@pytest.mark.parametrize(
    "text",
    [
        "flow: [",
        "flow: {}\ninvoice: {}",
        "flow: {90: {label: x}}\ninvoice: {}\nunlabelled: {first: 13, last: 41}",
        "flow: {}\ninvoice: {}\nunlabelled: {first: 13, last: 41}\nother: 1",
        "flow: {}\nflow: {}\ninvoice: {}\nunlabelled: {first: 13, last: 41}",
        "",
    ],
)
def test_a_malformed_table_is_refused(text: str) -> None:
    with pytest.raises(StatusTableError, match=r"^statuses\.yaml: "):
        read_statuses(text)


def test_without_a_change_the_shipped_table_is_the_one() -> None:
    assert statuses_for(Returns()) is TABLE


def test_settings_change_single_words_and_add_numbers() -> None:
    table = statuses_for(
        Returns.model_validate(
            {
                "flow_outcomes": {"90": "pending", "98": "incident"},
                "flow_statuses": {"97": {"label": "Refusé"}},
                "invoice_statuses": {
                    "5": {"next_step": "Appeler l'acheteur."},
                    "14": {"new_number": True},
                },
            }
        )
    )
    assert table.flow[90].outcome == "pending"
    assert table.flow[90].label == TABLE.flow[90].label
    assert (table.flow[97].outcome, table.flow[98].outcome) == ("pending", "incident")
    assert (table.flow[97].mark, table.flow[97].actor, table.flow[97].final) == ("U", "none", False)
    assert table.invoice[5].fr.next_step == table.invoice[5].en.next_step == "Appeler l'acheteur."
    assert table.invoice[5].fr.meaning == TABLE.invoice[5].fr.meaning
    assert table.refusals == {5, 14}
    assert not table.is_unlabelled(14)
    assert table.is_unlabelled(15)


def test_an_interface_can_be_set() -> None:
    settings = Settings.model_validate({"emitter": {"interfaces": {"cii": "FSO1116A"}}})
    assert settings.interface == "FSO1116A"
    other = Settings.model_validate(
        {"emitter": {"interfaces": {"cii": "FSO1116A"}}, "syntax": "ubl"}
    )
    assert other.interface == "FSO1100A"


def test_a_wording_of_duplicates_that_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(ValidationError, match="no regular expression"):
        Returns(duplicate_messages=("(unclosed",))
