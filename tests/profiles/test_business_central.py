"""The profile ``business_central``: from posted documents to XML."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "business_central"


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """Tables 112 to 115 in one landing, converted."""
    files = sorted((DATA / "posted_documents").iterdir())
    folder = tmp_path_factory.mktemp("business_central")
    return convert(files, "business_central", DATA / "company.yaml", folder)


@pytest.mark.parametrize("case", ["posted_documents", "french_captions", "odata"])
def test_an_extract_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("business_central", case, DATA, tmp_path, update=update_goldens)


def test_invoices_and_credit_memos_are_told_apart_by_their_files(landing: Converted) -> None:
    types = {number: invoice.type_code for number, invoice in landing.written.items()}
    assert types.pop("00AV26-0009") == "381"
    assert set(types.values()) == {"380"}
    memo = landing.written["00AV26-0009"]
    assert [reference.number for reference in memo.preceding] == ["00FV26-0101"]


def test_a_credit_memo_of_which_nothing_tells_the_type_is_held_back(tmp_path: Path) -> None:
    files = []
    for old, new in (("114_SalesCrMemoHeader", "entetes"), ("115_SalesCrMemoLine", "lignes")):
        files.append(tmp_path / f"{new}.csv")
        files[-1].write_bytes((DATA / "posted_documents" / f"bc_{old}.csv").read_bytes())
    (tmp_path / "in").mkdir()
    done = convert(files, "business_central", DATA / "company.yaml", tmp_path / "in")
    assert done.held_back == ["00AV26-0009"]
    assert "BR-04" in done.rules("00AV26-0009")


def test_lines_of_text_go_to_the_line_above_or_to_the_document(landing: Converted) -> None:
    invoice = landing.written["00FV26-0101"]
    assert [note.text for note in invoice.notes] == ["Suivant votre commande du 12 octobre"]
    assert invoice.lines[0].note == "Livré en deux fois"
    assert len(invoice.lines) == 3


def test_line_and_invoice_discounts_are_one_discount_of_the_line(landing: Converted) -> None:
    line = landing.written["00FV26-0101"].lines[0]
    assert line.price.net == Decimal("99.90")
    assert line.allowances[0].amount == Decimal("69.94")
    assert line.allowances[0].percent is None


def test_prices_that_include_vat_are_turned_into_prices_without(landing: Converted) -> None:
    line = landing.written["00FV26-0102"].lines[0]
    assert (line.quantity, line.price.net, line.net) == (2, 100, 200)


def test_under_reverse_charge_the_rate_shown_is_not_charged(landing: Converted) -> None:
    (group,) = landing.written["00FV26-0104"].vat
    assert (group.category, group.rate, group.tax) == ("AE", 0, 0)


def test_the_account_of_a_line_is_no_article(landing: Converted) -> None:
    line = landing.written["00FV26-0101"].lines[2]
    assert (line.item.name, line.item.seller_id, line.unit) == ("Port et emballage", None, "C62")


def test_a_due_date_that_is_missing_follows_from_the_payment_terms(landing: Converted) -> None:
    assert landing.written["00FV26-0102"].due_date == date(2026, 12, 31)


def test_the_siret_comes_from_the_table_of_customers(landing: Converted) -> None:
    buyer = landing.written["00FV26-0101"].buyer
    assert buyer.legal_id is not None
    assert buyer.legal_id.value == "21590035800015"


def test_an_unknown_vat_identifier_is_held_back(landing: Converted) -> None:
    assert landing.held_back == ["00FV26-0105"]
    assert landing.rules("00FV26-0105") == {"MP-VAT-02"}
