"""The profile ``sage_x3``: from the tables to XML."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "sage_x3"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """SINVOICE, SINVOICED and SINVOICEV with padded cells, converted."""
    files = sorted((DATA / "tables").iterdir())
    return convert(files, "sage_x3", DATA / "company.yaml", tmp_path_factory.mktemp("sage_x3"))


@pytest.mark.parametrize("case", ["tables", "short_names"])
def test_an_extract_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("sage_x3", case, DATA, tmp_path, update=update_goldens)


def test_pro_forma_and_unposted_invoices_are_counted_apart(tables: Converted) -> None:
    assert tables.excluded == {
        "RIVPRF2611-00006": "pro_forma",
        "RIVFAC2611-00007": "not_posted",
    }


@pytest.mark.parametrize(
    ("number", "total", "original"),
    [
        ("RIVAVC2611-00003", "121.50", ["RIVFAC2611-00001"]),  # positive, as X3 has it
        ("RIVAVC2611-00004", "85.80", []),  # an extract that applied the sign
    ],
)
def test_credit_notes_are_positive_and_name_their_invoice(
    tables: Converted, number: str, total: str, original: list[str]
) -> None:
    invoice = tables.written[number]
    assert (invoice.type_code, invoice.totals.with_vat) == ("381", Decimal(total))
    assert [reference.number for reference in invoice.preceding] == original


def test_the_date_that_is_none_says_nothing(tables: Converted) -> None:
    invoice = tables.written["RIVFAC2611-00002"]
    assert invoice.period is None
    assert invoice.due_date == date(2026, 12, 31)  # from the payment terms
    assert tables.written["RIVFAC2611-00001"].period is not None


def test_a_total_in_the_first_cell_of_the_taxes_is_not_taken_for_one_of_them(
    tables: Converted,
) -> None:
    groups = tables.written["RIVFAC2611-00005"].vat
    assert [(group.rate, group.tax) for group in groups] == [
        (20, Decimal("81.00")),
        (10, Decimal("58.50")),
    ]


def test_components_of_a_kit_are_no_lines(tables: Converted) -> None:
    lines = tables.written["RIVFAC2611-00001"].lines
    assert [line.item.seller_id for line in lines] == ["ETG-04", "POSE", "0042"]


def test_types_that_contradict_or_that_nobody_told_are_held_back(tables: Converted) -> None:
    values = {f["invoice"]: f["value"] for f in tables.findings if f["rule"] == "MP-CODE-01"}
    assert values == {"RIVZZZ2611-00008": "ZFA", "RIVFAC2611-00009": "1/AVC"}


def test_an_unknown_tax_and_an_unknown_company_are_held_back(tables: Converted) -> None:
    assert tables.rules("RIVFAC2611-00010") == {"MP-VAT-02"}
    assert "MP-COMPANY-01" in tables.rules("RIVFAC2611-00011")
