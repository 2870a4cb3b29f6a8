"""The profile ``sap_s4``: from the CDS views, or the API as CSV, to XML."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "sap_s4"


@pytest.fixture(scope="module")
def cds(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """The views with partners, customers and pricing elements, converted."""
    files = sorted((DATA / "cds").iterdir())
    return convert(files, "sap_s4", DATA / "company.yaml", tmp_path_factory.mktemp("sap_s4"))


@pytest.mark.parametrize("case", ["cds", "api"])
def test_an_extract_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("sap_s4", case, DATA, tmp_path, update=update_goldens)


def test_pro_forma_and_cancelled_documents_are_counted_apart(cds: Converted) -> None:
    assert cds.excluded == {"91000004": "pro_forma", "91000005": "cancelled"}


@pytest.mark.parametrize(
    ("number", "original"), [("91000002", "91000001"), ("91000006", "91000005")]
)
def test_credit_memos_and_cancellations_are_positive_and_name_their_invoice(
    number: str, original: str, cds: Converted
) -> None:
    invoice = cds.written[number]
    assert invoice.type_code == "381"
    assert [reference.number for reference in invoice.preceding] == [original]
    assert (invoice.totals.with_vat or 0) > 0


def test_components_and_texts_are_no_items_and_a_return_takes_off(cds: Converted) -> None:
    lines = cds.written["91000001"].lines
    assert [line.id for line in lines] == ["10", "20", "40", "50"]
    assert lines[1].note == "Livraison au quai 3"
    assert (lines[3].quantity, lines[3].net) == (-5, -50)


def test_the_list_price_is_shown_beside_the_net_one(cds: Converted) -> None:
    price = cds.written["91000001"].lines[0].price
    assert (price.gross, price.discount, price.net, price.base_quantity) == (160, 10, 150, 100)


def test_inactive_elements_do_not_count_nor_percentages_held_ten_times(cds: Converted) -> None:
    rates = [line.vat_rate for line in cds.written["91000001"].lines]
    assert rates == [20, Decimal("5.5"), 20, 10]


def test_unknown_codes_hold_back(cds: Converted) -> None:
    assert cds.rules("91000007") == cds.rules("91000008") == {"MP-CODE-01"}


def test_dates_in_milliseconds_and_rates_without_pricing_elements(tmp_path: Path) -> None:
    files = sorted((DATA / "api").iterdir())
    done = convert(files, "sap_s4", DATA / "company.yaml", tmp_path)
    invoice = done.written["91000101"]
    assert (invoice.issue_date, invoice.due_date) == (date(2026, 11, 23), date(2026, 12, 23))
    assert [line.vat_rate for line in invoice.lines] == [20, 10]
    assert done.written["91000102"].totals.with_vat == 24


def test_a_decimal_comma_is_a_profile_of_three_lines(tmp_path: Path) -> None:
    profile = tmp_path / "our_s4.yaml"
    profile.write_text(
        'extends: sap_s4\nprofile: our_s4\nnumbers: {decimal: ",", thousands: [".", " "]}\n',
        "utf-8",
    )
    (tmp_path / "in").mkdir()
    for path in (DATA / "cds").iterdir():
        text = re.sub(r"(?<=[;-])([0-9]+)[.]([0-9]+)(?=;|\n)", r"\1,\2", path.read_text("utf-8"))
        (tmp_path / "in" / path.name).write_text(text, "utf-8")
    usual = convert(sorted((DATA / "cds").iterdir()), "sap_s4", DATA / "company.yaml", tmp_path)
    files = sorted((tmp_path / "in").iterdir())
    done = convert(files, str(profile), DATA / "company.yaml", tmp_path / "comma")
    assert done.told() == usual.told()
