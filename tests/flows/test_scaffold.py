"""A profile and a company file proposed for extracts nobody described."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from flows.errors import ConfigurationError
from flows.profiles import load_company, load_profile
from flows.scaffold import scaffold

HEAD = """N° facture;Date de facture;SIRET client;Nom client;Total TTC;Dépôt
F001;14/09/2026;21999900000017;Commune d'Île;1 456,20;D1
F002;15/09/2026;21999900000017;Commune d'Île;120,00;D2
"""
LINES = """Facture;Rang;Désignation;Qté;Unité;PU HT;Montant HT;Code TVA
F001;1;Pavés;250;M2;4,20;1 050,00;1
F001;2;Pose;6;H;40,00;240,00;2
F002;1;Pavés;10;M2;10,00;100,00;1
"""


def write(folder: Path, encoding: str = "cp1252") -> list[Path]:
    paths = [folder / "entetes.csv", folder / "lignes.csv"]
    for path, text in zip(paths, (HEAD, LINES), strict=True):
        path.write_bytes(text.encode(encoding))
    return paths


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16"])
def test_what_is_proposed_is_a_profile_that_loads(tmp_path: Path, encoding: str) -> None:
    told = list(scaffold(write(tmp_path, encoding), tmp_path / "out", name="chantier"))
    profile = load_profile(tmp_path / "out" / "chantier.yaml")
    load_company(tmp_path / "out" / "company.yaml")
    assert profile.shape.kind == "header_lines"
    assert (profile.shape.key, profile.shape.lines_key) == (("N° facture",), ("Facture",))
    assert profile.numbers.decimal == ","
    assert profile.dates.formats == ("dd/MM/yyyy",)
    assert profile.columns["BT-47"] == "SIRET client"
    assert profile.columns["BT-131"] == "Montant HT"
    assert profile.columns["CF-LINE-VAT"] == "Code TVA"
    assert any("profile check" in line for line in told)


def test_every_guess_is_marked_and_vat_is_asked_not_guessed(tmp_path: Path) -> None:
    list(scaffold(write(tmp_path), tmp_path / "out", name="chantier"))
    text = (tmp_path / "out" / "chantier.yaml").read_text("utf-8")
    terms = [line for line in text.splitlines() if line.startswith(("  BT-", "  CF-"))]
    assert terms
    assert all("# GUESS" in line for line in terms)
    assert "Dépôt: D1, D2" in text
    company = load_company(tmp_path / "out" / "company.yaml")
    assert dict(company.vat_codes) == {}
    assert '#  "2": {category' in (tmp_path / "out" / "company.yaml").read_text("utf-8")


def test_a_header_file_given_second_is_known_all_the_same(tmp_path: Path) -> None:
    head, lines = write(tmp_path)
    list(scaffold([lines, head], tmp_path / "out", name="chantier"))
    profile = load_profile(tmp_path / "out" / "chantier.yaml")
    assert profile.shape.header_files == ("entetes*",)


def test_a_workbook_is_proposed_for_too(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in HEAD.splitlines():
        sheet.append(row.split(";"))
    book.save(tmp_path / "export.xlsx")
    list(scaffold([tmp_path / "export.xlsx"], tmp_path / "out", name="classeur"))
    assert load_profile(tmp_path / "out" / "classeur.yaml").format.kind == "xlsx"


def test_a_shipped_profile_that_reads_the_files_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ventes.csv"
    path.write_text(
        "invoice_number;invoice_date;buyer_siret;line_number;item_name;quantity;unit_price\n"
        "F1;2026-09-14;21999900000017;1;Pelle;1;2.00\n"
    )
    told = list(scaffold([path], tmp_path / "out", name="ventes"))
    assert told[0] == "Shipped profiles that read these files as they are: generic."


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    files = write(tmp_path)
    list(scaffold(files, tmp_path / "out", name="chantier"))
    with pytest.raises(ConfigurationError, match="there already"):
        list(scaffold(files, tmp_path / "out", name="chantier"))


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b'"a;b\n'])
def test_what_is_no_table_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"x\.csv is no table"):
        list(scaffold([path], tmp_path / "out", name="x"))


@pytest.mark.parametrize("content", [b"", b"one\ntwo\n"])
def test_what_holds_no_invoice_is_an_empty_proposal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    list(scaffold([path], tmp_path / "out", name="x"))
    assert (tmp_path / "out" / "x.yaml").exists()
