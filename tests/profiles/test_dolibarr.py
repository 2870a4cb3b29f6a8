"""The profile ``dolibarr``: from the export to XML."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "dolibarr"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """The export with technical names, converted."""
    files = sorted((DATA / "invoices").iterdir())
    return convert(files, "dolibarr", DATA / "company.yaml", tmp_path_factory.mktemp("dolibarr"))


@pytest.mark.parametrize("case", ["invoices", "labels"])
def test_an_export_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("dolibarr", case, DATA, tmp_path, update=update_goldens)


def test_only_what_is_wrong_is_held_back(export: Converted) -> None:
    assert export.rules("FA2611-0016") == {"MP-VAT-02"}
    assert export.rules("FA2611-0017") == {"MP-CODE-01"}
    assert export.held_back == ["FA2611-0016", "FA2611-0017"]


def test_drafts_pro_forma_and_abandoned_invoices_are_counted_apart(export: Converted) -> None:
    assert export.excluded == {
        "(PROV818)": "draft",
        "PR2611-0001": "pro_forma",
        "FA2611-0015": "abandoned",
    }


@pytest.mark.parametrize(
    ("number", "quantity", "price", "original"),
    [
        ("AV2611-0002", "2", "101.25", "FA2611-0012"),  # negative price; the original by its id
        ("AV2611-0003", "1", "78", "FA2610-0144"),  # negative quantity; the original by its number
    ],
)
def test_a_credit_note_is_positive_whichever_figure_was_negative(
    export: Converted, number: str, quantity: str, price: str, original: str
) -> None:
    invoice = export.written[number]
    assert invoice.type_code == "381"
    assert invoice.lines[0].quantity == Decimal(quantity)
    assert invoice.lines[0].price.net == Decimal(price)
    assert [reference.number for reference in invoice.preceding] == [original]


def test_a_deposit_taken_off_is_a_line_of_negative_quantity(export: Converted) -> None:
    deposit = export.written["FA2611-0014"].lines[1]
    assert (deposit.quantity, deposit.price.net, deposit.net) == (-1, 300, -300)
    assert deposit.item.name == "Acompte"


def test_quantity_times_price_less_the_discount_is_the_amount_of_the_line(
    export: Converted,
) -> None:
    discounted = [
        line for invoice in export.written.values() for line in invoice.lines if line.allowances
    ]
    assert len(discounted) == 2
    for line in discounted:
        assert line.quantity is not None
        assert line.price.net is not None
        allowance = line.allowances[0].amount or Decimal(0)
        assert round(line.quantity * line.price.net, 2) - allowance == line.net


def test_titles_and_subtotals_are_no_lines(export: Converted) -> None:
    lines = export.written["FA2611-0012"].lines
    assert [line.item.name for line in lines] == [
        "Étagère bois",
        "Pose et réglage",
        "Catalogue des essences",
    ]
    assert lines[0].note == "Lot 1 : atelier"


def test_a_reference_keeps_its_leading_zeros(export: Converted) -> None:
    assert export.written["FA2611-0012"].lines[2].item.seller_id == "0042"


def test_a_column_nobody_knows_is_told(export: Converted) -> None:
    told = [
        finding
        for finding in export.findings
        if finding["rule"] in ("XT-COLUMN-01", "XT-COLUMN-02")
    ]
    assert [finding["location"]["column"] for finding in told] == ["f.colonne_maison"]


def test_an_invoice_in_another_currency_is_held_back(tmp_path: Path) -> None:
    text = (DATA / "labels" / "factures.csv").read_text("cp1252").splitlines()
    path = tmp_path / "export.csv"
    path.write_text(f"{text[0]},Code devise\n{text[3]},USD\n", "utf-8")
    done = convert([path], "dolibarr", DATA / "company.yaml", tmp_path)
    assert done.rules("AV2611-0009") == {"MP-CODE-01"}
