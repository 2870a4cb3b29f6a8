"""The files of an extract as tables: columns that fit, that lack, that nobody uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.profile import Profile
from flows.errors import ConfigurationError
from flows.extract_sets import ExtractFile, WrongProfileError
from flows.extract_sides import sides_of
from flows.extract_tables import ExtractTables
from transforms.accounting_files import AccountingFileError

PROFILE = Profile.model_validate(
    {
        "profile": "p",
        "shape": {"kind": "flat", "key": "NO"},
        "header": {"BT-1": {"column": "NO", "required": True}, "BT-44": "NAME"},
        "ignored_columns": ["KNOWN"],
    }
)
SIDE = sides_of(PROFILE).header


def extract(folder: Path, text: str) -> ExtractFile:
    path = folder / "a.csv"
    path.write_text(text)
    return ExtractFile(path, path.name, "00")


def test_columns_nobody_uses_are_told_one_by_one_when_they_are_few(tmp_path: Path) -> None:
    found = ExtractTables(PROFILE).check(extract(tmp_path, "NO;X;KNOWN;Y\n"), SIDE)
    told = [(finding.rule, finding.location.column) for finding in found.warnings]
    assert told == [("XT-COLUMN-01", "X"), ("XT-COLUMN-01", "Y")]
    assert (found.kept, found.faults) == (("NO",), [])


def test_columns_nobody_uses_are_told_at_once_when_they_are_many(tmp_path: Path) -> None:
    columns = ";".join(f"C{n}" for n in range(120))
    (told,) = ExtractTables(PROFILE).check(extract(tmp_path, f"NO;{columns}\n"), SIDE).warnings
    assert (told.rule, told.params["count"]) == ("XT-COLUMN-02", "120")
    assert (told.value or "").startswith("C0, C1, ")


def test_a_column_that_lacks_is_a_fault_and_the_file_does_not_fit(tmp_path: Path) -> None:
    file = extract(tmp_path, "N0;NAME\nF1;x\n")
    tables = ExtractTables(PROFILE)
    assert tables.check(file, SIDE).faults == ["a.csv has no column 'NO'"]
    assert not tables.fits(file, SIDE)


def test_an_empty_file_is_told_and_fits_nothing(tmp_path: Path) -> None:
    file = extract(tmp_path, "")
    tables = ExtractTables(PROFILE)
    assert [finding.rule for finding in tables.check(file, SIDE).warnings] == ["XT-EMPTY-01"]
    assert not tables.fits(file, SIDE)


def test_a_file_of_accounting_entries_is_refused_not_passed_over(tmp_path: Path) -> None:
    file = extract(tmp_path, "***S5EXPJRLETE        STD\nVTE14092026\n")
    with pytest.raises(WrongProfileError) as error:
        ExtractTables(PROFILE).fits(file, SIDE)
    assert isinstance(error.value.__cause__, AccountingFileError)


def test_a_file_that_is_gone_is_a_clear_error(tmp_path: Path) -> None:
    file = ExtractFile(tmp_path / "none.csv", "none.csv", "00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ExtractTables(PROFILE).columns(file, SIDE)
