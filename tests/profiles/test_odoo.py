"""The profile ``odoo``: from the nested export to XML."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert

DATA = Path(__file__).parent / "data" / "odoo"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """The export with technical names, converted."""
    files = sorted((DATA / "technical_names").iterdir())
    return convert(files, "odoo", DATA / "company.yaml", tmp_path_factory.mktemp("odoo"))


@pytest.mark.parametrize("case", ["technical_names", "french_labels"])
def test_an_export_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("odoo", case, DATA, tmp_path, update=update_goldens)


def test_rows_without_a_number_are_lines_of_the_invoice_above(export: Converted) -> None:
    lines = export.written["FAC/2026/00031"].lines
    assert [line.item.name for line in lines] == [
        "Étagère bois",
        "Pose et réglage",
        "Catalogue des essences",
    ]


def test_sections_and_notes_are_texts(export: Converted) -> None:
    lines = export.written["FAC/2026/00031"].lines
    assert [line.note for line in lines] == ["Lot 1 : atelier", "Pose du lundi au vendredi", None]
    assert lines[0].item.description == "montée, sur place"


def test_drafts_cancelled_and_other_entries_are_counted_apart(export: Converted) -> None:
    assert export.excluded == {
        "/": "draft",
        "FAC/2026/00030": "cancelled",
        "BILL/2026/00001": "not_sales",
    }


def test_a_refund_names_its_invoice_and_its_reason_is_no_engagement(export: Converted) -> None:
    refund = export.written["AVO/2026/00004"]
    assert refund.type_code == "381"
    assert [reference.number for reference in refund.preceding] == ["FAC/2026/00031"]
    assert refund.order is None


def test_a_price_that_includes_vat_is_replaced_by_what_makes_the_amount(
    export: Converted,
) -> None:
    (line,) = export.written["FAC/2026/00033"].lines
    assert (line.price.net, line.net, line.allowances) == (90, 90, ())


def test_signed_totals_are_turned(tmp_path: Path) -> None:
    files = sorted((DATA / "french_labels").iterdir())
    done = convert(files, "odoo", DATA / "company.yaml", tmp_path)
    totals = done.written["AVO/2026/00005"].totals
    assert (totals.without_vat, totals.vat, totals.with_vat) == (
        Decimal(45),
        Decimal(9),
        Decimal(54),
    )


def test_an_unknown_tax_is_held_back(export: Converted) -> None:
    assert export.held_back == ["FAC/2026/00034"]
    assert export.rules("FAC/2026/00034") == {"MP-VAT-02"}


def test_a_draft_without_a_number_does_not_pass_for_a_line(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "name,move_type,state,invoice_date,partner_id,invoice_line_ids/name,"
        "invoice_line_ids/quantity,invoice_line_ids/price_unit,invoice_line_ids/tax_ids\n"
        "FAC/1,out_invoice,posted,2026-11-03,Ville,Pose,1,10,20%\n"
        ",out_invoice,draft,2026-11-04,Ville,Banc,1,10,20%\n",
        "utf-8",
    )
    done = convert([path], "odoo", DATA / "company.yaml", tmp_path)
    assert "MP-HEADER-01" in done.rules("FAC/1")
