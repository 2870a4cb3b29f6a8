"""Opening an extract: which kind of file, and under which names."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from config.profile import Format, Profile
from flows.tables import encoding_of_file, open_table
from transforms.accounting_files import AccountingFileError
from transforms.sap_list import SapListTable
from transforms.table import Table, TableError, TextTable
from transforms.workbook import WorkbookTable

WANTED = frozenset({"number", "net"})


def profile(**settings: Any) -> Profile:
    layout = {"encoding": "auto", "separator": "auto"}
    return Profile.model_validate(
        {"profile": "p", "header": {"BT-1": "number"}, "format": layout} | settings
    )


PLAIN = profile()
NAMED = profile(
    aliases={"number": ["N° facture"], "net": "Montant HT"},
    ignore_case=True,
    ignored_columns=["Memo"],
)
LIST = profile(format={"encoding": "auto", "separator": "auto", "sap_list": True, "quote": ""})


def opened(
    data: bytes | str, used: Profile = PLAIN, file: str = "a.csv", trailer: str = ""
) -> Table:
    raw = data if isinstance(data, bytes) else data.encode()
    return open_table(io.BytesIO(raw), file=file, profile=used, wanted=WANTED, trailer_mark=trailer)


def rows(table: Table) -> list[tuple[str, ...]]:
    return [row for chunk in table.chunks(WANTED) for row in chunk.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", ["\t", ";", ",", "|"])
def test_a_text_is_opened_in_its_encoding_with_its_separator(encoding: str, separator: str) -> None:
    text = "number;libellé;net\nF1;Câble;1.5\n".replace(";", separator)
    table = opened(text.encode(encoding))
    assert isinstance(table, TextTable)
    assert table.columns == ("number", "libellé", "net")
    assert rows(table) == [("F1", "1.5")]


def test_columns_bear_the_names_of_the_profile() -> None:
    table = opened("n° FACTURE;memo;Montant HT;x\nF1;m;2;y\n", NAMED)
    assert table.columns == ("number", "Memo", "net", "x")
    assert rows(table) == [("F1", "2")]
    assert list(opened("N° facture;net\nF1;2\n", NAMED).keys(["net", "number"])) == [
        (2, ("2", "F1"))
    ]


def test_columns_of_a_workbook_bear_the_names_of_the_profile() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["N° facture", "Montant HT", "Autre"])
    sheet.append(["F1", 2.5, "x"])
    stream = io.BytesIO()
    book.save(stream)
    table = opened(stream.getvalue(), NAMED, "a.XLSX")
    assert table.columns == ("number", "net", "Autre")
    assert rows(table) == [("F1", "2.5")]
    table.close()
    plain = opened(stream.getvalue(), profile(format={"kind": "xlsx"}), "a")
    assert isinstance(plain, WorkbookTable)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(TableError, match="'Montant HT' and 'net' are all 'net'"):
        opened("number;net;Montant HT\nF1;1;2\n", NAMED)


def test_tsv_has_tabs_whatever_the_profile_says() -> None:
    used = profile(format={"separator": ";"})
    assert rows(opened("number\tnet;x\tnet\nF1\t;\t2\n", used, "a.tsv")) == [("F1", "2")]


def test_a_declared_format_is_kept() -> None:
    used = profile(format={"encoding": "cp1252", "separator": ","})
    assert opened("a;b,number\n1;2,F1\n", used).columns == ("a;b", "number")
    with pytest.raises(TableError, match="the profile says cp1252"):
        opened(b"\xef\xbb\xbfnumber,net\n", used)


def test_a_sap_list_is_read_as_one_only_when_it_is_expected() -> None:
    text = "Titre\n-------------\n|number|net |\n-------------\n|F1    |  2 |\n|*     |  2 |\n"
    table = opened(text, LIST)
    assert isinstance(table, SapListTable)
    assert rows(table) == [("F1", "2")]
    assert [finding.rule for finding in table.warnings] == ["XT-SUMS-01"]
    with pytest.raises(TableError, match="no separator can be told"):
        opened(text)


def test_other_sap_downloads_have_titles_and_tabs() -> None:
    table = opened("12.03.2026; x\n\n\tnumber\tnet\n\t\t\n\tF1\t2\n*\t\t2\n".encode("utf-16"), LIST)
    assert rows(table) == [("F1", "2")]
    assert [finding.rule for finding in table.warnings] == ["XT-SUMS-01"]
    assert rows(opened("number;net\nF1;2\nEND;x\n", LIST, trailer="END")) == [("F1", "2")]


def test_columns_of_a_sap_list_bear_the_names_of_the_profile() -> None:
    used = NAMED.model_copy(update={"format": LIST.format})
    text = "-------\n|N° facture|Montant HT|\n|---\n|F1        |         2|\n"
    table = opened(text.encode("cp1252"), used)
    assert table.columns == ("number", "net")
    assert rows(table) == [("F1", "2")]


def test_two_encodings_in_a_file_are_told() -> None:
    data = "number;é;net\n".encode("cp1252") * 11 + "F1;é;2\n".encode()
    table = opened(data)
    assert [finding.rule for finding in table.warnings] == ["XT-MIXED-01"]
    assert table.warnings[0].params == {"count": "1", "encoding": "cp1252"}


@pytest.mark.parametrize("used", [PLAIN, LIST, profile(format={"encoding": "cp1252"})])
def test_accounting_entries_are_refused_before_anything_else(used: Profile) -> None:
    with pytest.raises(AccountingFileError, match="Cegid TRA"):
        opened(b"***S5EXPJRLETE   01011900\r\nVTE12032026\r\n", used)


def test_an_empty_file_has_no_columns() -> None:
    for used in (PLAIN, NAMED, LIST):
        assert opened("", used).columns == ()


def test_the_encoding_of_a_file_is_found_only_when_it_is_open(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("é".encode("cp1252"))
    assert encoding_of_file(path, Format(encoding="auto")) == "cp1252"
    assert encoding_of_file(tmp_path / "none", Format(encoding="latin-1")) == "latin-1"
