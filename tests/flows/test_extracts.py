"""Extracts to invoices: every row belongs to one invoice or is an orphan finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from config.profile import Format, Profile
from flows.errors import ExitCode
from flows.extracts import ExtractFile, WrongProfileError, read_extracts
from tests.support.small_extracts import FLAT, HEAD, Result, read, shaped


def test_rows_that_stand_together_make_an_invoice(tmp_path: Path) -> None:
    found = read(tmp_path, a=HEAD + "F1;1;10\nF1 ;2;20\nF2;1;30\n")
    assert found.keys == ["F1", "F2"]
    block = found.invoices[0].blocks[0]
    assert block.rows == (("F1", "1", "10"), ("F1 ", "2", "20"))
    assert (block.file, block.lines, block.columns) == ("a.csv", (2, 3), ("no", "line", "net"))
    assert found.reading.rows_read == 3
    assert found.reading.rows_by_file == {"a.csv": 3}
    assert found.rules == {"F1": [], "F2": []}


def test_files_are_read_in_order_and_the_same_number_in_two_files_is_two_invoices(
    tmp_path: Path,
) -> None:
    found = read(tmp_path, a=HEAD + "F1;1;10\n", b=HEAD + "F1;1;10\nF2;1;2\n")
    assert found.keys == ["F1", "F1", "F2"]
    assert [rows.span.file for rows in found.invoices] == ["a.csv", "b.csv", "b.csv"]


@pytest.mark.parametrize(
    ("data", "warnings"), [("", ["XT-EMPTY-01"]), ("\n\n", ["XT-EMPTY-01"]), (HEAD, [])]
)
def test_an_extract_without_rows_is_no_invoice_and_no_crash(
    tmp_path: Path, data: str, warnings: list[str]
) -> None:
    found = read(tmp_path, a=data)
    assert found.invoices == []
    assert found.reading.rows_read == 0
    assert [finding.rule for finding in found.reading.warnings] == warnings
    gathered = read(tmp_path, shaped(FLAT, contiguous=False), a=data)
    assert gathered.invoices == []


def test_a_bad_row_spoils_its_invoice_alone(tmp_path: Path) -> None:
    found = read(tmp_path, a=HEAD.encode() + b"F1;1;10\nF2;1\nF2;2;5\nF3;\xe9;1\nF4;1;2\n")
    assert found.rules == {"F1": [], "F2": ["XT-FIELDS-01"], "F3": ["XT-BYTE-01"], "F4": []}
    assert found.orphans == []
    assert found.reading.rows_read == 5
    cut = found.invoices[1].findings[0]
    assert str(cut.location) == "a.csv, line 3, column line"
    assert found.invoices[2].span.first_line == 5


def test_an_orphan_row_holds_its_neighbours_back_and_the_rest_is_read(tmp_path: Path) -> None:
    data = HEAD + "F1;1;10\nF2;1;10\nx\nF3;1;5\nF4;1;5\n"
    found = read(tmp_path, a=data)
    assert found.orphans == [("XT-FIELDS-01", 4)]
    assert found.rules == {"F1": [], "F2": ["XT-NEIGHBOUR-01"], "F3": ["XT-NEIGHBOUR-01"], "F4": []}
    lenient = read(tmp_path, shaped(FLAT, unreadable_rows="report"), a=data)
    assert lenient.orphans == [("XT-FIELDS-01", 4)]
    assert set(map(len, lenient.rules.values())) == {0}


def test_a_key_that_comes_back_holds_back_all_its_parts_and_names_the_places(
    tmp_path: Path,
) -> None:
    found = read(tmp_path, a=HEAD + "F1;1;10\nF2;1;10\nF1;2;5\n")
    assert found.keys == ["F1", "F2", "F1"]
    first, _, last = (rows.findings for rows in found.invoices)
    assert first[0].params == {"others": "4"}
    assert last[0].params == {"others": "2"}
    assert {first[0].rule, last[0].rule} == {"XT-KEY-01"}
    assert found.invoices[1].findings == ()


def test_rows_of_an_unsorted_file_are_joined(tmp_path: Path) -> None:
    profile = shaped(FLAT, contiguous=False)
    found = read(tmp_path, profile, a=HEAD + "F1;1;10\nF2;1;10\nF1;2;5\nF1;3\nz\n")
    assert found.keys == ["F1", "F2"]
    assert found.invoices[0].blocks[0].lines == (2, 4)
    assert found.rules == {"F1": ["XT-FIELDS-01"], "F2": []}
    assert found.orphans == [("XT-FIELDS-01", 6)]


def test_missing_columns_of_all_files_are_named_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(WrongProfileError) as caught:
        read(tmp_path, a="no;line\nF1;1\n", b="nos;nett\n1;2\n")
    told = caught.value.what
    for part in ("a.csv has no column 'net'", "b.csv", "'no' (did you mean 'nos'?)", "'nett'"):
        assert part in told
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"no;net;net\n1;2;3\n", "twice: net"),
        (b"\xff\xfen\x00o\x00\n\x00", "header"),
        (b"PK\x03\x04\x00;\n", "header"),
    ],
)
def test_a_file_the_profile_does_not_describe_stops_the_run(
    tmp_path: Path, data: bytes, told: str
) -> None:
    with pytest.raises(WrongProfileError, match=told):
        read(tmp_path, a=data)


def test_unused_columns_are_told_once_unless_the_profile_knows_them(tmp_path: Path) -> None:
    data = "no;net;x;y;\nF1;1;2;3;\n"
    found = read(tmp_path, a=data)
    columns = [(item.rule, item.location.column) for item in found.reading.warnings]
    assert columns == [("XT-COLUMN-01", "x"), ("XT-COLUMN-01", "y")]
    knowing = FLAT.model_copy(update={"ignored_columns": ("x", "y")})
    assert read(tmp_path, knowing, a=data).reading.warnings == []


def test_a_column_a_filter_looks_at_must_exist(tmp_path: Path) -> None:
    profile = Profile.model_validate(
        FLAT.model_dump(exclude_unset=True)
        | {"filters": [{"name": "f", "column": "kind", "equals": "P"}]}
    )
    with pytest.raises(WrongProfileError, match="'kind'"):
        read(tmp_path, profile, a=HEAD + "F1;1;1\n")


def test_a_trailer_is_no_row(tmp_path: Path) -> None:
    found = read(tmp_path, trailer="TRAILER", a=HEAD + "F1;1;10\nTRAILER;invoices=1;rows=1\n")
    assert (found.keys, found.reading.rows_read, found.orphans) == (["F1"], 1, [])


def test_a_tsv_file_is_separated_by_tabs(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("no\tline\tnet\nF1\t1\t10;5\n")
    reading = read_extracts([ExtractFile(path, path.name, "00")], FLAT, spill_folder=tmp_path)
    assert next(iter(reading)).blocks[0].rows == (("F1", "1", "10;5"),)


@pytest.mark.parametrize("contiguous", [True, False])
def test_a_workbook_is_read_like_a_text_extract(tmp_path: Path, contiguous: bool) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["no", "line", "net"], ["F1", 1, 10.5], ["F2", 1, "#N/A"], ["F2", 2, 3]):
        sheet.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    profile = shaped(FLAT, contiguous=contiguous)
    reading = read_extracts([ExtractFile(path, path.name, "00")], profile, spill_folder=tmp_path)
    found = Result(list(reading), reading)
    assert found.rules == {"F1": [], "F2": ["XT-CELL-01"]}
    assert found.invoices[0].blocks[0].rows == (("F1", "1", "10.5"),)


# -- every row is accounted for ------------------------------------------------------------------

row_text = st.sampled_from(
    [
        "A;1;2",
        "B;1;2",
        "C;9;9",
        "A;1",
        "B",
        ";;1",
        "A;1;2;3",
        'A;"x',
        'B;"y";1',
        "C;\x07;1",
        " ;1;2",
    ]
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(row_text, max_size=14), contiguous=st.booleans())
def test_every_row_belongs_to_one_invoice_or_is_an_orphan(
    tmp_path: Path, rows: list[str], contiguous: bool
) -> None:
    data = HEAD + "".join(row + "\n" for row in rows)
    found = read(tmp_path, shaped(FLAT, contiguous=contiguous), a=data)
    lines: list[int | None] = [line for item in found.invoices for line in item.blocks[0].lines]
    told = [
        (finding.location.line, finding.rule)
        for item in found.invoices
        for finding in item.findings
        if finding.rule not in ("XT-NEIGHBOUR-01", "XT-KEY-01")
    ]
    lines += {line for line, _ in told}
    lines += {line for _, line in found.orphans}
    assert len(lines) == len(set(lines)) == found.reading.rows_read
    if contiguous:
        again = [key for key in found.keys if found.keys.count(key) > 1]
        assert all("XT-KEY-01" in found.rules[key] for key in again)
    else:
        assert len(found.keys) == len(set(found.keys))


ANY = FLAT.model_copy(
    update={
        "format": Format.model_validate({"encoding": "auto", "separator": "auto"}),
        "aliases": {"no": ("N° facture",), "net": ("Montant",)},
        "ignore_case": True,
    }
)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_file_under_other_names_in_another_encoding_is_the_same_invoice(
    tmp_path: Path, encoding: str
) -> None:
    text = "n° FACTURE\tLINE\tMontant\tDay\nF1\t1\t10\té\nF1\t2\t20\té\n"
    found = read(tmp_path, ANY, a=text.encode(encoding))
    block = found.invoices[0].blocks[0]
    assert block.columns == ("no", "line", "net", "day")
    assert block.rows == (("F1", "1", "10", "é"), ("F1", "2", "20", "é"))
    assert found.reading.warnings == []


KEYED = Profile.model_validate(
    {
        "profile": "keyed",
        "header": {"BT-1": "no"},
        "lines": {"BT-131": "net"},
        "shape": {
            "kind": "header_lines",
            "key": ["year", "prefix", "no"],
            "key_optional": ["year", "prefix"],
        },
    }
)


def test_columns_of_a_key_may_be_left_out_where_the_profile_says_so(tmp_path: Path) -> None:
    files = {"header": "year;no\n26;1\n27;1\n", "lines": "year;prefix;no;net\n26;F;1;5\n27;F;1;6\n"}
    found = read(tmp_path, KEYED, **files)
    assert found.keys == ["26 ¦ 1", "27 ¦ 1"]
    assert [rows.blocks[1].rows for rows in found.invoices] == [
        (("26", "F", "1", "5"),),
        (("27", "F", "1", "6"),),
    ]
    found = read(tmp_path, KEYED, header="no\n1\n", lines="no;net\n1;5\n")
    assert found.keys == ["1"]
    with pytest.raises(WrongProfileError, match="has no column 'no'"):
        read(tmp_path, KEYED, header="year\n26\n", lines="no;net\n1;5\n")


def test_an_optional_join_asks_for_its_columns_only_when_its_file_is_there(tmp_path: Path) -> None:
    joined = [{"name": "price", "files": "*price*", "on": {"id": "price_id"}, "optional": True}]
    profile = Profile.model_validate(
        KEYED.model_dump(by_alias=True, exclude_unset=True)
        | {"joined": joined, "header": {"BT-1": "no", "BT-44": "price.name"}}
    )
    files = {"header": "no\n1\n", "lines": "no;net\n1;5\n"}
    assert read(tmp_path, profile, **files).keys == ["1"]
    told = "has no column 'price_id' to join price"
    with pytest.raises(WrongProfileError, match=told):
        read(tmp_path, profile, **files, price="id;name\n7;x\n")


def test_accounting_entries_stop_the_run_with_what_to_do_instead(tmp_path: Path) -> None:
    with pytest.raises(WrongProfileError, match="Cegid TRA") as refusal:
        read(tmp_path, a="***S5EXPJRLETE\nVTE12032026\n")
    assert "sales or billing module" in refusal.value.next_step


def test_a_row_that_may_be_two_holds_back_the_invoices_on_both_sides(tmp_path: Path) -> None:
    found = read(tmp_path, a=HEAD + "F1;1;10\nF1;2;20;F2;1;30\nF2;2;40\nF3;1;1\n")
    assert found.rules == {"F1": ["XT-NEIGHBOUR-01"], "F2": ["XT-NEIGHBOUR-01"], "F3": []}
    assert found.orphans == [("XT-FIELDS-02", 3)]
