"""The profile ``oracle_ar``: from the tables of Receivables to XML."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "oracle_ar"


@pytest.fixture(scope="module")
def ebs(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """The two tables of the E-Business Suite, converted."""
    files = sorted((DATA / "ebs").iterdir())
    return convert(files, "oracle_ar", DATA / "company.yaml", tmp_path_factory.mktemp("oracle"))


@pytest.mark.parametrize("case", ["ebs", "fusion"])
def test_an_extract_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("oracle_ar", case, DATA, tmp_path, update=update_goldens)


def test_incomplete_transactions_and_guarantees_are_counted_apart(ebs: Converted) -> None:
    assert ebs.excluded == {"30044": "incomplete", "30050": "not_invoice"}


def test_freight_and_charges_are_charges_of_the_document_under_their_own_tax(
    ebs: Converted,
) -> None:
    charges = ebs.written["30041"].allowances
    assert [(item.amount, item.vat_rate, item.reason) for item in charges] == [
        (60, 20, "Transport"),
        (Decimal("5.5"), 10, "Frais"),
    ]
    assert "MP-ROW-01" not in ebs.rules("30041")


def test_tax_rows_of_one_rate_are_one_vat_and_their_sum_is_the_vat_of_the_invoice(
    ebs: Converted,
) -> None:
    invoice = ebs.written["30041"]
    assert [line.vat_rate for line in invoice.lines] == [20, Decimal("5.5"), 20, 20]
    assert invoice.totals.vat == Decimal("237.1")


def test_tax_rows_of_several_rates_make_a_code_that_nobody_guesses(ebs: Converted) -> None:
    values = [f["value"] for f in ebs.findings if f["invoice"] == "30045"]
    assert values == ["20+2"]


def test_a_credit_memo_is_positive_and_names_the_invoice_of_its_own_file(ebs: Converted) -> None:
    credit = ebs.written["30042"]
    assert (credit.type_code, credit.totals.with_vat) == ("381", Decimal("217.2"))
    assert [(line.quantity, line.price.net) for line in credit.lines] == [(2, Decimal("85.5"))]
    (original,) = credit.preceding
    assert (original.number, original.issue_date) == ("30041", date(2026, 11, 4))


def test_an_invoice_of_another_night_cannot_be_named(ebs: Converted) -> None:
    assert ebs.written["30048"].preceding == ()


def test_a_discount_line_takes_off_at_a_positive_price(ebs: Converted) -> None:
    line = ebs.written["30041"].lines[2]
    assert (line.quantity, line.price.net, line.net) == (-1, 50, -50)


def test_what_nobody_told_is_held_back(ebs: Converted) -> None:
    assert ebs.held_back == ["30045", "30046", "30047", "30049"]
    assert "MP-COMPANY-01" in ebs.rules("30046")
    assert ebs.rules("30047") == {"MP-CODE-01"}
    assert ebs.rules("30049") == {"MP-ROW-02", "MP-CODE-01", "MP-VAT-02"}


def test_the_legal_number_may_be_the_document_sequence(tmp_path: Path) -> None:
    profile = tmp_path / "our_oracle.yaml"
    profile.write_text(
        "extends: oracle_ar\nprofile: our_oracle\n"
        "header: {BT-1: {column: DOC_SEQUENCE_VALUE, required: true}}\n"
        "derived: {header: {original: credited.DOC_SEQUENCE_VALUE}}\n",
        "utf-8",
    )
    files = sorted((DATA / "ebs").iterdir())
    done = convert(files, str(profile), DATA / "company.yaml", tmp_path)
    assert "0030041" in done.written
    assert done.written["0030042"].preceding[0].number == "0030041"
