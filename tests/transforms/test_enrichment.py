"""Tables that accountants keep: what they add to an invoice."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.building import Reading
from transforms.enrichment import EnrichmentTable, Row, enriched, key_terms
from transforms.finding import Severity
from transforms.invoice import (
    ContractReference,
    DocumentReference,
    Identifier,
    Invoice,
    Party,
    Provenance,
)

CITY, STATE = "21590350100017", "11000201100044"
ROWS: Mapping[tuple[str, ...], Row] = {
    ("100234",): (2, (CITY, "SERVICE-1", None)),
    ("0000200111",): (3, (STATE, None, "M-2026")),
}
GIVES = {"BT-47": "siret", "BT-10": "service", "BT-12": "marche"}
INVOICE = Invoice(number="F1", provenance=Provenance("extract.csv", 7, {"BT-47": "SIRET"}))


def table(
    rows: Mapping[tuple[str, ...], Row] = ROWS,
    key: Mapping[str, str] | None = None,
    gives: Mapping[str, str] = GIVES,
    **options: Any,
) -> EnrichmentTable:
    return EnrichmentTable(
        file=options.pop("file", "clients.csv"),
        sha256="0" * 64,
        key=key or {"CF-CUSTOMER": "client"},
        gives=gives,
        rows=rows,
        **options,
    )


def ask(
    *tables: EnrichmentTable, customer: str = "100234", invoice: Invoice = INVOICE
) -> tuple[Invoice, Reading]:
    reading = Reading("extract.csv", 7)
    return enriched(invoice, {"CF-CUSTOMER": customer}, tables, reading), reading


@pytest.mark.parametrize(
    ("customer", "siret"),
    [
        ("100234", CITY),
        (" 100234 ", CITY),
        ("0000100234", CITY),
        ("0000200111", STATE),
        ("200111", STATE),
        ("000200111", STATE),
    ],
)
def test_a_key_is_found_as_it_is_or_without_leading_zeros(customer: str, siret: str) -> None:
    found, reading = ask(table(unknown="ignore"), customer=customer)
    assert found.buyer.legal_id == Identifier(siret, "1")
    assert reading.findings == []


def test_leading_zeros_never_choose_between_two_rows() -> None:
    rows: dict[tuple[str, ...], Row] = {
        ("0100",): (2, (CITY, None, None)),
        ("100",): (3, (STATE, None, None)),
        ("0A",): (4, (STATE, None, None)),
    }
    asked = table(rows)
    assert [asked.find((key,)) is None for key in ("100", "0100", "00100", "A", "0A")] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_only_what_is_missing_is_given() -> None:
    mine = replace(INVOICE, buyer_reference="MINE")
    found, _ = ask(table(), invoice=mine)
    assert (found.buyer_reference, found.buyer.legal_id) == ("MINE", Identifier(CITY, "1"))


def test_a_table_that_always_counts_wins_over_the_extract_but_not_with_an_empty_cell() -> None:
    invoice = replace(
        INVOICE,
        buyer=Party(legal_id=Identifier("FR1", "2")),
        buyer_reference="MINE",
        contract=ContractReference(number="M-0"),
    )
    found, _ = ask(table(when="always"), invoice=invoice)
    assert found.buyer.legal_id == Identifier(CITY, "1")
    assert (found.buyer_reference, found.contract) == (
        "SERVICE-1",
        ContractReference(number="M-0"),
    )


def test_an_identifier_type_of_the_table_goes_with_its_identifier() -> None:
    gives = {"BT-47-1": "type", "BT-47": "siret"}
    found, _ = ask(table({("100234",): (2, ("2", "FR32123456789"))}, gives=gives))
    assert found.buyer.legal_id == Identifier("FR32123456789", "2")


def test_dates_come_as_dates() -> None:
    gives = {"CP-MARCHE-DATE": "date du marché"}
    found, _ = ask(table({("100234",): (2, ("2026-01-31",))}, gives=gives))
    assert found.contract == ContractReference(issue_date=date(2026, 1, 31))


def test_a_key_may_be_made_of_several_terms_of_the_invoice() -> None:
    keys = {"CF-CUSTOMER": "client", "BT-13": "commande", "BT-2": "date"}
    rows: dict[tuple[str, ...], Row] = {("100234", "B7", "2026-11-23"): (2, ("S",))}
    asked = table(rows, key=keys, gives={"BT-10": "service"})
    invoice = replace(INVOICE, order=DocumentReference(number="B7"), issue_date=date(2026, 11, 23))
    found, reading = ask(asked, customer="0100234", invoice=invoice)
    assert (found.buyer_reference, reading.findings) == ("S", [])
    assert key_terms([asked, table()]) == {"CF-CUSTOMER", "BT-13", "BT-2"}


def test_tables_are_asked_in_their_order_and_the_next_fills_what_is_left() -> None:
    gives = {"BT-10": "service", "BT-12": "marche"}
    fallback = table({("100234",): (9, ("OTHER", "M-9"))}, gives=gives, file="marches.csv")
    found, reading = ask(table(), fallback)
    assert found.buyer_reference == "SERVICE-1"
    assert found.contract == ContractReference(number="M-9")
    assert reading.findings == []


def test_a_missing_line_is_a_finding_that_says_which_line_to_add() -> None:
    found, reading = ask(table(), customer="300999", invoice=replace(INVOICE, buyer_reference="S"))
    assert found.buyer.legal_id is None
    (finding,) = reading.findings
    assert (finding.rule, finding.severity, finding.bt) == (
        "MP-TABLE-01",
        Severity.ERROR,
        "BT-47",
    )
    assert finding.value == "300999"
    assert finding.params == {
        "table": "clients.csv",
        "key": "client = 300999",
        "headings": "siret, marche",
        "terms": "BT-47, BT-12",
    }
    assert (finding.location.file, finding.location.line) == ("extract.csv", 7)


def test_no_finding_when_nothing_is_missing_or_nobody_minds() -> None:
    whole, _ = ask(table({("300999",): (2, (CITY, "S", "M"))}), customer="300999")
    assert ask(table(), customer="?", invoice=whole)[1].findings == []
    assert ask(table(unknown="ignore"), customer="?")[1].findings == []


def test_what_another_table_gave_is_not_asked_for() -> None:
    other = table({("300999",): (2, (CITY, "S", "M"))}, file="others.csv")
    assert ask(table(), other, customer="300999")[1].findings == []


def test_a_term_that_no_table_gives_is_told_once() -> None:
    again = table(file="again.csv", gives={"BT-47": "siret", "BT-13": "commande"})
    _, reading = ask(table(), again, customer="?")
    assert [(item.params["table"], item.params["headings"]) for item in reading.findings] == [
        ("clients.csv", "siret, service, marche"),
        ("again.csv", "commande"),
    ]


def test_an_invoice_without_the_key_is_a_warning() -> None:
    _, reading = ask(table(), customer="  ")
    (finding,) = reading.findings
    assert (finding.rule, finding.severity) == ("MP-TABLE-02", Severity.WARNING)
    assert finding.params["key_terms"] == "CF-CUSTOMER"


def test_a_term_is_found_where_its_table_has_it() -> None:
    found, _ = ask(table())
    place = found.locate("BT-47")
    assert (place.file, place.line, place.column) == ("clients.csv", 2, "siret")
    assert found.locate("BT-12").file == "extract.csv"


TEXTS = st.text("0123456789ABÉ ", min_size=1, max_size=6).map(str.strip).filter(bool)


@given(
    st.dictionaries(
        st.tuples(TEXTS, TEXTS),
        st.tuples(st.integers(2, 300_000), st.tuples(st.none() | TEXTS, st.none() | TEXTS)),
    )
)
def test_a_table_travels_to_a_worker_whole(rows: dict[tuple[str, ...], Row]) -> None:
    before = table(rows, key={"BT-1": "a", "BT-13": "b"}, gives={"BT-10": "c", "BT-12": "d"})
    after: EnrichmentTable = pickle.loads(pickle.dumps(before))
    again: EnrichmentTable = pickle.loads(pickle.dumps(after))
    assert (len(after), again.file, again.sha256) == (len(rows), before.file, before.sha256)
    assert all(after.find(key) == again.find(key) == row for key, row in rows.items())
