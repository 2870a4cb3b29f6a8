"""Rows cut out of extracts of every kind, in the form of their extract."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from config.profile import Profile
from flows.extracts import ExtractFile, read_extracts
from flows.profiles import load_profile
from flows.quarantine_rows import KeptRows
from flows.row_copies import copy_rows
from tests.support.documents import idoc_flat, idoc_invoice, idoc_xml
from tests.support.small_extracts import FLAT, shaped


def copied(
    folder: Path, data: bytes, lines: set[int], profile: Profile, name: str = "a.csv"
) -> tuple[bytes, dict[int, int]]:
    """Return the copy of some rows of a file, and where they are in it."""
    path = folder / name
    path.write_bytes(data)
    target = io.BytesIO()
    with path.open("rb") as stream:
        places = copy_rows(stream, target, KeptRows(ExtractFile.at(path), "R1", lines), profile)
    return target.getvalue(), dict(places)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_text_rows_are_the_bytes_they_were(tmp_path: Path, encoding: str, end: str) -> None:
    head, first, second, third = "no;line;net", "F1;1;é=1+1", 'F2;1;"a\n""b"""', "F3;1;\t -2 "
    data = end.join((head, first, "", second, third)).encode(encoding)
    profile = shaped(FLAT).model_copy(
        update={"format": FLAT.format.model_copy(update={"encoding": "auto"})}
    )
    copy, places = copied(tmp_path, data, {4, 6}, profile)
    assert copy == (end.join((head, second, third)) + end).encode(encoding)
    assert places == {4: 2, 6: 4}


def test_an_unreadable_row_is_copied_as_well(tmp_path: Path) -> None:
    data = b"no;line;net\nF1;1;1\nF2;1\nF3;1;\x00\n"
    assert copied(tmp_path, data, {3, 4}, FLAT)[0] == b"no;line;net\nF2;1\nF3;1;\x00\n"


def test_a_sap_list_keeps_its_titles_its_heading_and_the_ruler(tmp_path: Path) -> None:
    rows = ["|F1|1   |10  |", "|F2|1   |20  |", "|F3|1   |30  |"]
    head = ["Liste des factures", "-" * 15, "|no|line|net |", "-" * 15]
    data = "\n".join([*head, *rows, "-" * 15, ""]).encode()
    layout = FLAT.format.model_copy(update={"sap_list": True})
    profile = FLAT.model_copy(update={"format": layout})
    copy, places = copied(tmp_path, data, {6}, profile)
    assert copy.decode() == "\n".join([*head, rows[1], ""])
    assert places == {6: 5}
    path = tmp_path / "again.csv"
    path.write_bytes(copy)
    again = list(read_extracts([ExtractFile.at(path)], profile, spill_folder=tmp_path))
    assert [item.key for item in again] == ["F2"]


def test_a_workbook_keeps_values_and_formats_and_runs_nothing(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["no", "line", "net"])
    sheet.append(["F1", 1, 0.2])
    sheet.append(["F2", 2, 0.3])
    sheet["C3"].number_format = "0%"
    sheet["A3"].value, sheet["A3"].data_type = "=cmd|' /C calc'!A0", "s"
    stream = io.BytesIO()
    book.save(stream)
    copy, places = copied(tmp_path, stream.getvalue(), {3}, FLAT, "a.xlsx")
    rows = list(load_workbook(io.BytesIO(copy)).worksheets[0].iter_rows())
    assert [[cell.value for cell in row] for row in rows] == [
        ["no", "line", "net"],
        ["=cmd|' /C calc'!A0", 2, 0.3],
    ]
    assert (rows[1][0].data_type, rows[1][2].number_format) == ("s", "0%")
    assert places == {3: 2}


@pytest.mark.parametrize("form", ["flat", "xml"])
def test_of_idocs_the_documents_asked_for_are_copied(tmp_path: Path, form: str) -> None:
    profile = load_profile("sap_invoic02")
    write = idoc_flat if form == "flat" else idoc_xml
    documents = [idoc_invoice(f"009000000{rank}") for rank in (1, 2, 3)]
    path = tmp_path / "all.idoc"
    path.write_bytes(write(*documents))
    read = list(read_extracts([ExtractFile.at(path)], profile, spill_folder=tmp_path))
    wanted = read[1]
    copy, _ = copied(tmp_path, path.read_bytes(), {wanted.span.first_line}, profile, "all.idoc")
    path.write_bytes(copy)
    again = list(read_extracts([ExtractFile.at(path)], profile, spill_folder=tmp_path))
    assert [item.key for item in again] == [wanted.key]
    assert [block.rows for block in again[0].blocks] == [block.rows for block in wanted.blocks]
