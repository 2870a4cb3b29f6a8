"""The table of statuses."""

from __future__ import annotations

import pytest

from config.catalogue import LANGUAGES
from config.statuses import StatusTableError, load_statuses, read_statuses

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
