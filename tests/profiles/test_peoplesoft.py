"""The profile ``peoplesoft``: from the billing tables to XML."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "peoplesoft"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """PS_BI_HDR, PS_BI_LINE, PS_BI_LINE_TAX_DTL and the customer's tables, converted."""
    files = sorted((DATA / "tables").iterdir())
    folder = tmp_path_factory.mktemp("peoplesoft")
    return convert(files, "peoplesoft", DATA / "company.yaml", folder)


@pytest.mark.parametrize("case", ["tables", "query"])
def test_an_extract_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("peoplesoft", case, DATA, tmp_path, update=update_goldens)


def test_only_invoiced_bills_are_sent(tables: Converted) -> None:
    assert tables.excluded == {"FR-00515": "not_invoiced", "FR-00516": "not_invoiced"}


def test_a_credit_bill_is_positive_and_names_what_it_corrects(tables: Converted) -> None:
    credit = tables.written["FR-00513"]
    assert (credit.type_code, credit.totals.with_vat) == ("381", 120)
    assert [reference.number for reference in credit.preceding] == ["FR-00512"]


def test_tax_details_give_rate_and_amount(tables: Converted) -> None:
    invoice = tables.written["FR-00512"]
    assert [line.vat_rate for line in invoice.lines] == [20, 10, Decimal("5.5"), 20, 20]
    assert (invoice.totals.vat, invoice.totals.with_vat) == (Decimal("356.9"), Decimal("2618.9"))


def test_gross_and_net_amount_make_a_discount(tables: Converted) -> None:
    first = tables.written["FR-00512"].lines[0]
    assert (first.price.net, [item.amount for item in first.allowances]) == (
        110,
        [Decimal("170.5")],
    )


def test_a_negative_price_and_a_line_without_quantity(tables: Converted) -> None:
    lines = tables.written["FR-00512"].lines
    assert [(line.quantity, line.price.net, line.net) for line in lines[3:]] == [
        (-1, 50, -50),
        (1, Decimal("92.5"), Decimal("92.5")),
    ]


def test_unknown_and_mixed_taxes_are_held_back(tables: Converted) -> None:
    values = {f["invoice"]: f["value"] for f in tables.findings if f["rule"] == "MP-VAT-02"}
    assert values == {"FR-00517": "NEW1", "FR-00518": "20+2"}
