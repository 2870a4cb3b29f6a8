"""The profiles ``m3`` and ``m3_two_files``: from OINVOH, ODLINE and OSBSTD to XML."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "m3"
COMPANY = DATA / "company.yaml"


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """Headers and lines in one file, converted."""
    files = sorted((DATA / "flat").iterdir())
    return convert(files, "m3", COMPANY, tmp_path_factory.mktemp("m3"))


@pytest.mark.parametrize(
    ("profile", "case"),
    [("m3", "flat"), ("m3_two_files", "two_files"), ("m3_two_files", "statistics")],
)
def test_an_extract_becomes_the_invoices_of_the_golden_file(
    profile: str, case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case(profile, case, DATA, tmp_path, update=update_goldens)


def test_two_files_say_the_same_as_one(flat: Converted, tmp_path: Path) -> None:
    done = convert(sorted((DATA / "two_files").iterdir()), "m3_two_files", COMPANY, tmp_path)
    assert done.told()["written"] == flat.told()["written"]


def test_the_legal_number_is_that_of_uhexin_else_prefix_and_number(flat: Converted) -> None:
    assert list(flat.written) == ["0140073", "FA-0100071", "FA-0100072", "FB-0100071"]


def test_a_negative_invoice_is_a_positive_credit_note(flat: Converted) -> None:
    credit = flat.written["FA-0100072"]
    assert credit.type_code == "381"
    assert (str(credit.totals.with_vat), credit.lines[0].quantity) == ("115.20", 240)


def test_a_price_for_a_hundred_pieces_and_its_discount(flat: Converted) -> None:
    line = flat.written["FA-0100071"].lines[0]
    assert (line.price.net, line.price.base_quantity, line.net) == (45, 100, 810)
    assert [(item.amount, item.percent) for item in line.allowances] == [(90, 10)]


def test_what_is_free_is_a_line_of_no_amount(flat: Converted) -> None:
    line = flat.written["FA-0100071"].lines[2]
    assert (line.quantity, line.price.net, line.net, line.vat_category) == (3, 0, 0, "S")


def test_zero_is_no_date(flat: Converted) -> None:
    assert flat.written["FA-0100071"].due_date == date(2026, 12, 4)  # from the payment terms
    assert flat.written["0140073"].due_date == date(2026, 12, 31)


def test_unknown_codes_hold_back(flat: Converted) -> None:
    assert flat.rules("FA-0100074") == {"MP-CODE-01", "MP-VAT-02"}


def test_parts_of_the_key_may_be_left_out(tmp_path: Path) -> None:
    (source,) = (DATA / "flat").iterdir()
    rows = list(csv.reader(source.read_text("utf-8").splitlines(), delimiter=";"))
    names = rows[0]
    left_out = {names.index(name) for name in ("UHCONO", "UHDIVI", "UHYEA4", "UHINPX")}
    kept = [
        [cell for rank, cell in enumerate(row) if rank not in left_out]
        for row in rows
        if row[names.index("UHINPX")] != "02"  # the same number under another prefix
    ]
    path = tmp_path / "oinvoh.csv"
    path.write_text("\n".join(";".join(row) for row in kept), "utf-8")
    done = convert([path], "m3", COMPANY, tmp_path)
    assert list(done.written) == ["40073", "FA-0100071", "FA-0100072"]


def test_numbers_that_only_the_prefix_tells_apart_are_held_back_without_it(tmp_path: Path) -> None:
    path = tmp_path / "oinvoh.csv"
    path.write_text(
        "UHIVNO;UHEXIN;UHIDAT;UHPYNO;UBITNO;UBIVQT;UBSAPR;UBLNAM;UBVTCD\n"
        "7;FA-7;20261104;COL001;A;1;10;10;1\n7;FB-7;20261104;COL001;B;1;20;20;1\n",
        "utf-8",
    )
    done = convert([path], "m3", COMPANY, tmp_path)
    assert (list(done.written), done.held_back) == ([], ["FA-7"])
