"""The profile ``sage_100``: from the tables to XML."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "sage_100"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """F_DOCENTETE, F_DOCLIGNE, F_COMPTET and F_DOCREGL, converted."""
    files = sorted((DATA / "tables").iterdir())
    return convert(files, "sage_100", DATA / "company.yaml", tmp_path_factory.mktemp("sage_100"))


@pytest.mark.parametrize("case", ["tables", "sql"])
def test_an_extract_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("sage_100", case, DATA, tmp_path, update=update_goldens)


def test_documents_that_are_no_sales_invoices_are_counted_apart(tables: Converted) -> None:
    assert tables.excluded == {"BC00107": "not_invoices", "FF00108": "not_sales"}


@pytest.mark.parametrize(
    ("number", "total"),
    [
        ("FA00103", "135.00"),  # positive header, negative lines
        ("FA00104", "93.60"),  # a return, negative throughout
    ],
)
def test_credit_notes_and_returns_are_positive_credit_notes(
    tables: Converted, number: str, total: str
) -> None:
    invoice = tables.written[number]
    assert (invoice.type_code, invoice.totals.with_vat) == ("381", Decimal(total))
    assert (invoice.lines[0].quantity or 0) > 0


@pytest.mark.parametrize(
    ("rank", "amount", "percent"),
    [
        (0, "45.00", "10"),  # one percentage
        (1, "26.91", None),  # two percentages, one after the other
        (2, "33.99", None),  # an amount
    ],
)
def test_each_kind_of_discount_is_shown(
    tables: Converted, rank: int, amount: str, percent: str | None
) -> None:
    (allowance,) = tables.written["FA00101"].lines[rank].allowances
    assert allowance.amount == Decimal(amount)
    assert allowance.percent == (Decimal(percent) if percent else None)


def test_what_sage_does_not_total_is_no_line_and_texts_are_notes(tables: Converted) -> None:
    lines = tables.written["FA00101"].lines
    assert [line.item.seller_id for line in lines] == ["ETG-04", "0042", "BNC-01"]
    assert lines[0].note == "dont pose comprise"


def test_what_was_paid_before_is_taken_off_what_is_due(tables: Converted) -> None:
    totals = tables.written["FA00106"].totals
    assert (totals.with_vat, totals.paid, totals.due) == (840, 360, 480)


def test_the_due_date_is_that_of_the_last_instalment(tables: Converted) -> None:
    assert tables.written["FA00101"].due_date == date(2026, 12, 31)


def test_currency_unit_tax_and_type_that_nobody_told_are_held_back(tables: Converted) -> None:
    assert tables.held_back == ["FA00109", "FA00110", "FA00111"]
    assert tables.rules("FA00109") == {"MP-CODE-01"}
    assert tables.rules("FA00110") == {"MP-CODE-01", "MP-VAT-02"}
    assert tables.rules("FA00111") == {"MP-CODE-01"}
