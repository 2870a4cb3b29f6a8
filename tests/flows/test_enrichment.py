"""Loading the tables that accountants keep: what is read, and every fault at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from config.company import Company
from flows.enrichment import load_tables
from flows.errors import ConfigurationError, ExitCode
from flows.profiles import load_company
from transforms.enrichment import EnrichmentTable

CITY, STATE = "21590350100017", "11000201100044"
ENTRY: dict[str, Any] = {
    "file": "clients.csv",
    "key": {"CF-CUSTOMER": "client"},
    "gives": {"BT-47": "siret", "BT-10": "service"},
}
TEXT = f"client;siret;service;remarque\n100234;{CITY};ÉTÉ;x\n0200;{STATE};;\n"
ROWS = {("100234",): (2, (CITY, "ÉTÉ")), ("0200",): (3, (STATE, None))}


def load(folder: Path, data: bytes | str, **entry: Any) -> EnrichmentTable:
    said = {**ENTRY, **entry}
    path = folder / said["file"]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    company = Company.model_validate({"enrichment": [said]}).kept_at(str(folder / "societe.yaml"))
    (table,) = load_tables(company)
    return table


def faults(folder: Path, data: bytes | str, **entry: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, data, **entry)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "docs/company.md" in caught.value.next_step
    return caught.value.what


def book(rows: Sequence[Sequence[object]], title: str = "Feuille1") -> bytes:
    made = Workbook()
    sheet = made.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    stream = BytesIO()
    made.save(stream)
    return stream.getvalue()


def found(table: EnrichmentTable, *keys: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    return {key: table.find(key) for key in keys}


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("cp1252"),
        TEXT.encode("utf-16"),
        TEXT.replace(";", ",").encode(),
        TEXT.replace(";", "\t").encode("cp1252"),
        TEXT.replace(";", "|").encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("client;siret", '"client";"Siret"').encode(),
        (TEXT + ";;;\n\n").encode(),
    ],
    ids=["utf-8", "mark", "cp1252", "utf-16", "comma", "tab", "bar", "crlf", "quotes", "blank"],
)
def test_a_table_is_read_as_accountants_save_it(tmp_path: Path, data: bytes) -> None:
    table = load(tmp_path, data)
    assert found(table, *ROWS) == ROWS
    assert (len(table), table.file, len(table.sha256)) == (2, "clients.csv", 64)


def test_a_workbook_is_read_with_its_numbers_dates_and_sheets(tmp_path: Path) -> None:
    data = book(
        [
            [None, None, None],
            ["client", "siret", "marché"],
            [100234, int(CITY), date(2026, 1, 31)],
            ["0200", STATE, None],
            [None, None, None],
        ]
    )
    gives = {"BT-47": "siret", "CP-MARCHE-DATE": "marché"}
    table = load(tmp_path, data, file="clients.xlsx", gives=gives)
    assert found(table, ("100234",), ("0200",)) == {
        ("100234",): (3, (CITY, "2026-01-31")),
        ("0200",): (4, (STATE, None)),
    }
    named = book([["client", "siret", "service"], ["1", CITY, "S"]], title="Clients")
    assert load(tmp_path, named, file="b.xlsx", sheet="Clients").find(("1",)) == (2, (CITY, "S"))
    assert "there is no sheet 'Clients'; there are Feuille1" in faults(
        tmp_path, data, file="c.xlsx", sheet="Clients"
    )


@pytest.mark.parametrize(
    ("term", "cell", "text"),
    [
        ("BT-47", "215 903 501 00017", CITY),
        ("BT-9", "31/01/2026", "2026-01-31"),
        ("BT-9", "2026-01-31", "2026-01-31"),
        ("BT-113", "1 234,50", "1234.5"),
        ("BT-113", "1234.50", "1234.5"),
        ("BT-20", " Comptant ", "Comptant"),
    ],
)
def test_a_cell_is_read_as_its_term(tmp_path: Path, term: str, cell: str, text: str) -> None:
    table = load(tmp_path, f"client;valeur\n1;{cell}\n", gives={term: "valeur"})
    assert table.find(("1",)) == (2, (text,))


def test_an_identifier_that_is_no_siret_needs_its_type(tmp_path: Path) -> None:
    gives = {"BT-47": "id", "BT-47-1": "type"}
    text = f"client;id;type\n1;FR32123456789;2\n2;{CITY};\n"
    assert load(tmp_path, text, gives=gives).find(("1",)) == (2, ("FR32123456789", "2"))
    told = faults(tmp_path, "client;id;type\n1;FR32123456789;\n", gives=gives)
    assert "line 2: id “FR32123456789” is no SIRET of 14 digits" in told
    assert "BT-47-1" in told


def test_the_same_line_twice_is_no_fault_and_a_key_may_be_several_columns(tmp_path: Path) -> None:
    key = {"CF-CUSTOMER": "client", "BT-13": "commande"}
    text = f"client;commande;siret;service\n1;A;{CITY};S\n1;B;{STATE};S\n1;A;{CITY};S\n"
    table = load(tmp_path, text, key=key)
    assert (len(table), table.find(("1", "B"))) == (2, (3, (STATE, "S")))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["there is no column 'client'; there are: none", "no column 'siret'"]),
        ("client;sirret\n", ["'siret' (did you mean 'sirret'?)", "no column 'service'"]),
        ("client;siret;service;siret\n", ["there are 2 columns 'siret'"]),
        (
            f"client;siret;service\n1;{CITY};A\n1;{CITY};B\n",
            ["line 3: client 1 is on line 2 already, with another service"],
        ),
        ("client;siret;service\n1;2,15904E+13;A\n", ["2,15904E+13", "scientific", "line 2"]),
        ("client;siret;service\n1,2E+05;;A\n", ["1,2E+05", "scientific", "column client"]),
        ("client;siret;service\n1;1590350100017;A\n", ["1590350100017", "leading zero"]),
        ("client;siret;service\n1;215903501;A\n", ["line 2: siret “215903501” is no SIRET"]),
        (f"client;siret;service\n;{CITY};A\n", ["line 2: client is empty"]),
        (f"client;siret;service\n1;{CITY};#N/A\n", ["line 2: service holds #N/A"]),
        ("client;siret;service\n1;#REF!;A\n", ["line 2: siret holds #REF!"]),
        (f"client;siret;service\n1;{CITY}\n", ["Line 2 of clients.csv has 2 cells"]),
        (b"client;siret;service\n1;;\x81\n", ["line 2"]),
    ],
)
def test_a_fault_names_file_line_and_heading(
    tmp_path: Path, text: str | bytes, told: list[str]
) -> None:
    said = faults(tmp_path, text)
    assert said.startswith("The table clients.csv is wrong: ")
    for part in told:
        assert part in said


def test_a_date_or_number_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    text = "client;a;b\n1;31-01-2026;12\n2;01/02/2026;1O\n"
    said = faults(tmp_path, text, gives={"BT-9": "a", "BT-113": "b"})
    assert "31-01-2026" in said
    assert "1O" in said


def test_a_formula_that_was_never_calculated_is_a_fault(tmp_path: Path) -> None:
    data = book([["client", "siret", "service"], ["1", "=A2", "S"]])
    assert "line 2: siret holds #FORMULA!" in faults(tmp_path, data, file="c.xlsx")


@pytest.mark.parametrize("data", [b"PK\x03\x04 no zip", b"hello"])
def test_a_broken_workbook_is_told(tmp_path: Path, data: bytes) -> None:
    assert "no Excel workbook" in faults(tmp_path, data, file="c.xlsx")


def test_every_fault_of_every_table_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("client;siret\n1;x\n2;y\n", "utf-8")
    rows = "".join(f"{rank};x\n" for rank in range(100))
    (tmp_path / "b.csv").write_text(f"client;siret\n{rows}", "utf-8")
    entries = [{**ENTRY, "file": name, "gives": {"BT-47": "siret"}} for name in ("a.csv", "b.csv")]
    entries.append({**ENTRY, "file": "none.csv"})
    company = Company.model_validate({"enrichment": entries}).kept_at(str(tmp_path / "s.yaml"))
    with pytest.raises(ConfigurationError) as caught:
        load_tables(company)
    told = caught.value.what
    for part in ("a.csv is wrong: line 2", "line 3", "and 80 more faults", "none.csv", "No such"):
        assert part in told


def test_paths_start_at_the_folder_of_the_company_file_or_are_absolute(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "clients.csv").write_text(TEXT, "utf-8")
    for name in ("../tables/clients.csv", str(tmp_path / "tables" / "clients.csv")):
        folder = tmp_path / "firm"
        folder.mkdir(exist_ok=True)
        path = folder / "societe.yaml"
        path.write_text(
            f"enrichment:\n  - file: {name}\n    key: {{CF-CUSTOMER: client}}\n"
            "    gives: {BT-47: siret}\n",
            "utf-8",
        )
        (table,) = load_tables(load_company(path))
        assert table.find(("0200",)) == (3, (STATE,))


def test_without_tables_nothing_is_read() -> None:
    assert load_tables(None) == load_tables(Company()) == ()
