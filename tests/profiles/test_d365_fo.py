"""The profile ``d365_fo``: from the entities of Dynamics 365 Finance & Operations to XML."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "d365_fo"


@pytest.fixture(scope="module")
def dmf(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """The entities as data management exports them, converted."""
    files = sorted((DATA / "dmf").iterdir())
    return convert(files, "d365_fo", DATA / "company.yaml", tmp_path_factory.mktemp("d365"))


@pytest.mark.parametrize("case", ["dmf", "odata"])
def test_an_extract_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("d365_fo", case, DATA, tmp_path, update=update_goldens)


def test_a_total_below_zero_is_a_credit_note_with_positive_amounts(dmf: Converted) -> None:
    credit = dmf.written["FV-00102"]
    assert (credit.type_code, credit.totals.with_vat, credit.totals.vat) == ("381", 144, 24)
    (line,) = credit.lines
    assert (line.quantity, line.price.net, line.net) == (3, 50, 120)
    assert [(item.amount, item.percent) for item in line.allowances] == [(30, 20)]


def test_a_line_discount_is_shown_with_its_percentage(dmf: Converted) -> None:
    line = dmf.written["FV-00101"].lines[0]
    assert (line.price.net, line.net) == (200, 1700)
    assert [(item.amount, item.percent, item.reason) for item in line.allowances] == [
        (300, 15, "Remise")
    ]


def test_a_price_for_a_hundred_pieces_stays_one(dmf: Converted) -> None:
    line = dmf.written["FV-00101"].lines[1]
    assert (line.quantity, line.price.net, line.price.base_quantity, line.net) == (
        2500,
        Decimal("1.2"),
        100,
        30,
    )


@pytest.mark.parametrize(
    ("number", "discount", "charge"), [("FV-00103", "100", "50"), ("FV-00106", "5", "2.5")]
)
def test_discount_and_charges_of_the_whole_have_the_vat_the_company_file_gives(
    number: str, discount: str, charge: str, dmf: Converted
) -> None:
    found = [
        (item.is_charge, item.amount, item.vat_rate) for item in dmf.written[number].allowances
    ]
    assert found == [(False, Decimal(discount), 20), (True, Decimal(charge), 20)]


def test_the_first_day_of_1900_is_no_date(dmf: Converted) -> None:
    assert dmf.written["FV-00101"].due_date == date(2026, 12, 4)  # from the payment terms
    assert dmf.written["FV-00103"].due_date == date(2026, 12, 31)


def test_unknown_codes_hold_back(dmf: Converted) -> None:
    assert dmf.held_back == ["FV-00105"]
    assert dmf.rules("FV-00105") == {"MP-CODE-01", "MP-VAT-02"}


def test_a_discount_that_the_lines_hold_already_is_not_taken_off_twice(tmp_path: Path) -> None:
    head = "InvoiceNumber;InvoiceDate;CurrencyCode;InvoiceCustomerAccountNumber;"
    (tmp_path / "SalesInvoiceHeadersV2.csv").write_text(
        f"{head}TotalInvoiceAmount;TotalTaxAmount;TotalDiscountAmount\n"
        "FV-1;2026-11-04;EUR;C-00041;108.00;18.00;10.00\n",
        "utf-8",
    )
    (tmp_path / "SalesInvoiceV3Lines.csv").write_text(
        "InvoiceNumber;InvoicedQuantity;SalesPrice;LineAmount;LineTotalDiscountAmount;"
        "ProductNumber;LineTotalTaxAmount\nFV-1;1;100;90.00;10;X;18.00\n",
        "utf-8",
    )
    files = sorted(tmp_path.glob("*.csv"))
    done = convert(files, "d365_fo", DATA / "company.yaml", tmp_path)
    invoice = done.written["FV-1"]
    assert (invoice.totals.without_vat, invoice.allowances) == (90, ())
    assert [item.amount for item in invoice.lines[0].allowances] == [10]
