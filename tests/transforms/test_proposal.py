"""Which column is proposed for which business term."""

from __future__ import annotations

from transforms.column_evidence import Evidence
from transforms.proposal import joining, propose

WORDS = {
    "BT-1": ["numero facture", "facture"],
    "BT-2": ["date facture"],
    "BT-47": ["siret"],
    "BT-112": ["total ttc"],
    "BT-131": ["montant"],
    "BT-153": ["libelle"],
    "CF-LINE-VAT": ["code tva"],
}


def columns(text: str) -> list[Evidence]:
    head, *rows = (line.split(";") for line in text.split())
    return [Evidence.of(name, (row[rank] for row in rows)) for rank, name in enumerate(head)]


FLAT = columns(
    """NumeroFacture;Date_facture;SIRET;Libelle;Montant;CodeTVA;TotalTTC;Zone
    F1;14/09/2026;21999900000017;Pelle;10,00;N;36,00;A
    F1;14/09/2026;21999900000017;Seau;20,00;N;36,00;A
    F2;15/09/2026;21999900000017;Pelle;10,00;R;10,55;B"""
)


def test_a_flat_file_is_cut_into_what_repeats_and_what_changes() -> None:
    found = propose(FLAT, None, WORDS)
    assert found.key == "NumeroFacture"
    assert {guess.term: guess.column for guess in found.header} == {
        "BT-1": "NumeroFacture",
        "BT-2": "Date_facture",
        "BT-47": "SIRET",
        "BT-112": "TotalTTC",
    }
    assert {guess.term: guess.column for guess in found.lines} == {
        "BT-131": "Montant",
        "BT-153": "Libelle",
        "CF-LINE-VAT": "CodeTVA",
    }
    assert [column.name for column in found.unused] == ["Zone"]
    assert found.codes["CF-LINE-VAT"] == ("N", "R")
    assert (found.marks.decimal, found.dates) == (",", ("dd/MM/yyyy",))


def test_every_guess_says_why_and_shows_values() -> None:
    for guess in (*(found := propose(FLAT, None, WORDS)).header, *found.lines):
        assert guess.reason
        assert guess.examples


def test_a_column_of_the_right_name_and_the_wrong_cells_is_no_guess() -> None:
    found = propose(columns("facture;montant\nF1;abc"), None, WORDS)
    assert [guess.term for guess in found.lines] == []


def test_two_files_are_joined_by_their_values() -> None:
    header = columns("No;Commande\n001;C1\n002;C2\n003;C1")
    lines = columns("Doc;Rang;Montant\n001;1;5\n001;2;6\n003;1;7")
    assert joining(header, lines) == ("No", "Doc")
    assert joining(lines, header) is None
    found = propose(header, lines, WORDS)
    assert (found.key, found.lines_key) == ("No", "Doc")
    assert [(guess.term, guess.column) for guess in found.header] == [("BT-1", "No")]


def test_a_name_that_says_invoice_number_wins_over_the_joining_column() -> None:
    header = columns("ID;Facture\n7;F001\n8;F002")
    lines = columns("ID;Montant\n7;5\n8;6")
    found = propose(header, lines, WORDS)
    assert (found.key, [g.column for g in found.header if g.term == "BT-1"]) == ("ID", ["Facture"])
