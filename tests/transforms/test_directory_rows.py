"""Rows of the directory's files: header, flags, dates, identifiers, and what is left out."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.directory import STRUCTURE_COLUMNS, Service, Structure
from config.directory_settings import ServiceColumns, StructureColumns
from tests.support.directory_files import PLAIN, SERVICE, structure
from transforms.directory_rows import (
    HEADER_WITHIN,
    DirectoryFileError,
    Row,
    ServiceReader,
    StructureReader,
    whole_siret,
)

HEAD = list(STRUCTURE_COLUMNS)


def cells(**changes: object) -> list[str]:
    row = structure(str(changes.pop("Identifiant", PLAIN)), **changes)
    return [str(row[column]) for column in HEAD]


def numbered(*rows: list[str]) -> list[Row]:
    return list(enumerate(rows, start=1))


def structures(*rows: list[str], exact: bool = True) -> StructureReader:
    return StructureReader(
        numbered(*rows), file="s.csv", columns=StructureColumns(), exact_width=exact
    )


def services(*rows: list[str]) -> ServiceReader:
    head = ["SIRET", "CodeService", "Nom", "Actif", "NumeroEngagement", "DateDebut", "DateFin"]
    return ServiceReader(
        numbered(head, *rows),
        file="v.csv",
        columns=ServiceColumns(),
        structures={PLAIN, SERVICE, "RIDET-9"},
        exact_width=True,
    )


def told(reader: StructureReader | ServiceReader) -> list[tuple[str, int | None, str | None]]:
    list(reader)
    return [(each.rule, each.location.line, each.value) for each in reader.findings]


def test_a_row_becomes_a_structure() -> None:
    row = cells(GestionService="true", GestionStatutMiseEnPaiement="O", RaisonSociale=" Ville ")
    assert list(structures(HEAD, row)) == [
        Structure(
            PLAIN,
            "Ville",
            "SIRET",
            service_required=True,
            tells_payment=True,
            postcode="01000",
            city="Bourg-Exemple",
        )
    ]


def test_columns_are_found_by_name_in_any_order_and_below_a_title() -> None:
    head = [name.upper().replace("SERVICE", "_SERVICE") for name in reversed(HEAD)]
    reader = structures(["Annuaire", *[""] * 20], head, list(reversed(cells(GestionService="1"))))
    (found,) = reader
    assert found.service_required
    assert found.identifier == PLAIN


@pytest.mark.parametrize(
    ("spelling", "flag"),
    [
        *[(text, True) for text in ("true", "TRUE", "Vrai", "1", "O", "oui", " Y ", "yes", "x")],
        *[(text, False) for text in ("false", "FAUX", "0", "n", "Non", "no", "")],
    ],
)
def test_usual_spellings_of_a_flag_are_read(spelling: str, flag: bool) -> None:
    (found,) = structures(HEAD, cells(GestionEngagement=spelling))
    assert found.engagement_required is flag


def test_a_structure_is_active_unless_it_says_no() -> None:
    states = [
        found.active
        for text in ("", "true", "non")
        for found in structures(HEAD, cells(StructureActive=text))
    ]
    assert states == [True, True, False]


@pytest.mark.parametrize("spelling", ["peut-être", "2", "truee", "-"])
def test_another_spelling_stops_the_import_at_its_line(spelling: str) -> None:
    reader = structures(HEAD, cells(), cells(Identifiant=SERVICE, EstMOAUniquement=spelling))
    with pytest.raises(DirectoryFileError, match=rf"line 3, column EstMOAUniquement: '{spelling}'"):
        list(reader)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "no header with a column Identifiant / SIRET"),
        ([["a", "b"]], "begins with a, b"),
        ([["x"]] * (HEADER_WITHIN + 5) + [HEAD], "no header"),
        ([["Identifiant", "RaisonSociale"]], "lacks StructureActive, GestionService, Gestion"),
        # A value of the column TypeIdentifiant, which is no header.
        (
            [["TypeIdentifiant", "RaisonSociale"], ["SIRET", "Mairie"]],
            "no header with a column Identifiant / SIRET; it begins with TypeIdentifiant",
        ),
    ],
)
def test_a_file_without_the_columns_is_refused(rows: list[list[str]], why: str) -> None:
    with pytest.raises(DirectoryFileError, match=why):
        structures(*rows)


@pytest.mark.parametrize(
    "value",
    ["1,23457E+13", "1.23457E+13", "12345678200051.0", "123456789", "2199990000001X", "", "1e13"],
)
def test_a_spoilt_identifier_costs_its_row_and_is_told(value: str) -> None:
    reader = structures(HEAD, cells(Identifiant=value), cells(Identifiant=SERVICE))
    assert told(reader) == [("DR-FILE-01", 2, value)]
    assert reader.identifiers == {SERVICE}


def test_lost_zeros_are_given_back_and_counted() -> None:
    reader = structures(HEAD, cells(Identifiant="5550029000015"), cells(Identifiant="550029000015"))
    assert [found.identifier for found in reader] == ["05550029000015", "00550029000015"]
    assert reader.repaired == 2


def test_another_kind_of_identifier_keeps_its_form() -> None:
    reader = structures(HEAD, cells(Identifiant="1234567890", TypeIdentifiant="RIDET"))
    assert [found.identifier for found in reader] == ["1234567890"]
    assert reader.repaired == 0


def test_the_first_of_two_equal_rows_counts() -> None:
    reader = structures(HEAD, cells(RaisonSociale="A"), cells(RaisonSociale="B"))
    assert [found.name for found in reader] == ["A"]
    assert told(structures(HEAD, cells(), cells())) == [("DR-FILE-02", 3, PLAIN)]


def test_a_row_that_is_cut_is_left_out_of_a_csv_and_filled_up_in_a_workbook() -> None:
    assert told(structures(HEAD, cells()[:12])) == [("DR-FILE-03", 2, "SIRET")]
    assert len(list(structures(HEAD, cells()[:12], exact=False))) == 1
    assert told(structures(HEAD, [*cells(), "x"], exact=False)) == [("DR-FILE-03", 2, "SIRET")]
    assert list(structures(HEAD, [""] * 21, [""])) == []


def test_a_row_becomes_a_service() -> None:
    (found,) = services([SERVICE, "S1", "Achats", "non", "oui", "2026-01-31", "31/12/2026"])
    day, last = date(2026, 1, 31), date(2026, 12, 31)
    assert found == (SERVICE, Service("S1", "Achats", False, True, day, last))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-09-14", date(2026, 9, 14)),
        ("20260914", date(2026, 9, 14)),
        ("2026-09-14T00:00:00+02:00", date(2026, 9, 14)),
        ("14/09/2026", date(2026, 9, 14)),
        ("46279", date(2026, 9, 14)),
        ("46279.5", date(2026, 9, 14)),
        ("", None),
    ],
)
def test_usual_forms_of_a_day_are_read(text: str, day: date | None) -> None:
    ((_, service),) = services([PLAIN, "S", "", "", "", text, ""])
    assert service.valid_from == day


@pytest.mark.parametrize("text", ["31/02/2026", "14-Sep-26", "soon", "9/14/2026", "2026-13-01"])
def test_a_day_that_cannot_be_read_stops_the_import(text: str) -> None:
    with pytest.raises(DirectoryFileError, match="line 2, column DateFinValidite"):
        list(services([PLAIN, "S", "", "", "", "", text]))


def test_services_nobody_may_name_and_of_unknown_structures_are_ignored_and_counted() -> None:
    reader = services(
        [PLAIN, "FACTURES_PUBLIQUES", "", "", "", "", ""],
        ["99999999999999", "S", "", "", "", "", ""],
        [PLAIN, "S", "", "", "", "", ""],
        [PLAIN, "S", "", "", "", "", ""],
        ["1,2E+13", "S", "", "", "", "", ""],
        [PLAIN, " ", "", "", "", "", ""],
        ["RIDET-9", "S", "", "", "", "", ""],
    )
    assert [identifier for identifier, _ in reader] == [PLAIN, "RIDET-9"]
    assert (reader.pseudo, reader.orphans) == (1, 1)
    assert [(each.rule, each.location.line) for each in reader.findings] == [
        ("DR-FILE-02", 5),
        ("DR-FILE-01", 6),
        ("DR-FILE-01", 7),
    ]


def test_columns_that_may_be_absent_have_a_harmless_meaning() -> None:
    reader = ServiceReader(
        numbered(["Code", "Siret"], ["S", PLAIN]),
        file="v.csv",
        columns=ServiceColumns(),
        structures={PLAIN},
        exact_width=True,
    )
    assert list(reader) == [(PLAIN, Service("S"))]


@given(st.integers(0, 10**14 - 1))
def test_a_siret_survives_a_spreadsheet_that_drops_up_to_two_zeros(number: int) -> None:
    siret = f"{number:014d}"
    shown = str(number)
    assert whole_siret(shown) == (siret if len(shown) >= 12 else None)


@given(st.text(max_size=20))
def test_whatever_stands_there_a_siret_has_fourteen_digits(text: str) -> None:
    found = whole_siret(text)
    assert found is None or (len(found) == 14 and found.isascii() and found.isdecimal())
