"""Files that complete others, when they are damaged: no invoice loses what they bring unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.profile import Profile
from flows.errors import ConfigurationError
from flows.extracts import ExtractFile, ExtractReading, read_extracts
from transforms.grouping import InvoiceRows

HEAD, LINES = "NO,CUST\nF1,007\nF2,8\n", "NO,NET\nF1,10\nF2,20\n"


def profile(shape: dict[str, Any] | None = None, **join: Any) -> Profile:
    joined = {"name": "customer", "files": ["*cust*"], "on": {"ACCOUNT": "CUST"}, **join}
    sides = {"header_files": ["*head*"], "lines_files": ["*lines*"]}
    return Profile.model_validate(
        {
            "profile": "p",
            "format": {"separator": ","},
            "shape": {"kind": "header_lines", "key": "NO", **sides, **(shape or {})},
            "joined": [joined],
            "header": {"BT-1": "NO", "BT-44": {"value": "customer.NAME"}},
            "lines": {"BT-131": "NET"},
        }
    )


def read(
    folder: Path, customers: str, used: Profile
) -> tuple[dict[str, InvoiceRows], ExtractReading]:
    contents = {"head.csv": HEAD, "lines.csv": LINES, "cust.csv": customers}
    files = []
    for name, content in contents.items():
        path = folder / name
        path.write_text(content, "utf-8")
        files.append(ExtractFile(path, name, f"{name:0<64}"))
    reading = read_extracts(files, used, spill_folder=folder / "spill")
    assert isinstance(reading, ExtractReading)
    return {rows.key: rows for rows in reading}, reading


def rules(found: dict[str, InvoiceRows]) -> dict[str, list[tuple[str, int | None]]]:
    return {
        key: [(finding.rule, finding.location.line) for finding in rows.findings]
        for key, rows in found.items()
    }


def test_an_unreadable_row_holds_back_the_invoices_that_ask_for_it(tmp_path: Path) -> None:
    found, reading = read(tmp_path, "ACCOUNT,NAME\n0007,Cr\x07cy\n8,Lyon\n", profile())
    assert rules(found) == {"F1": [("XT-NEIGHBOUR-01", 2)], "F2": []}
    assert [finding.rule for finding in reading.orphan_findings] == ["XT-CONTROL-01"]


def test_an_unreadable_row_that_names_nobody_holds_back_those_that_lack_one(
    tmp_path: Path,
) -> None:
    broken = "ACCOUNT,NAME\n7,Crécy,8,Lyon\n8,Lyon\n"
    held = rules(read(tmp_path, broken, profile())[0])
    assert held == {"F1": [("XT-NEIGHBOUR-01", 2)], "F2": []}
    telling = profile({"unreadable_rows": "report"})
    assert rules(read(tmp_path, broken, telling)[0]) == {"F1": [], "F2": []}


@pytest.mark.parametrize("join", [{"several": "last"}, {"when": "NAME <> ''"}])
def test_where_another_row_may_win_each_invoice_may_lack_the_unreadable_one(
    join: dict[str, str], tmp_path: Path
) -> None:
    broken = "ACCOUNT,NAME\n7,Crécy\n8,Lyon\n7,Crécy,8,Lyon\n"
    held = rules(read(tmp_path, broken, profile(**join))[0])
    assert held == {"F1": [("XT-NEIGHBOUR-01", 4)], "F2": [("XT-NEIGHBOUR-01", 4)]}


def test_what_is_told_of_a_file_that_serves_two_joins_is_told_once(tmp_path: Path) -> None:
    used = profile()
    again = used.joined[0].model_copy(update={"name": "payer"})
    used = used.model_copy(update={"joined": (*used.joined, again)})
    _, reading = read(tmp_path, "ACCOUNT,NAME\n7,\x07\n8,Lyon", used)
    assert [finding.rule for finding in reading.orphan_findings] == ["XT-CONTROL-01"]
    assert [finding.rule for finding in reading.warnings] == ["XT-END-01"]
    assert reading.rows_by_file["cust.csv"] == 2


@pytest.mark.parametrize(("name", "told"), [("NAM", ["XT-COLUMN-01"]), ("CITY", [])])
def test_a_column_of_master_data_is_told_when_it_looks_like_one_that_is_missing(
    name: str, told: list[str], tmp_path: Path
) -> None:
    _, reading = read(tmp_path, f"ACCOUNT,{name}\n7,x\n8,y\n", profile())
    assert [finding.rule for finding in reading.warnings] == told


def test_a_joined_file_that_is_no_table_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cust\.csv"):
        read(tmp_path, "ACCOUNT,NAME,NAME\n7,a,b\n", profile())
