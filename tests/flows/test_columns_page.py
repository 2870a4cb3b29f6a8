"""The tables of the generic columns."""

from __future__ import annotations

from flows.columns_page import with_columns

PAGE = """# Columns
<!-- document columns: written by make docs -->
old
<!-- end of document columns -->
between
<!-- repeated line columns: written by make docs -->
<!-- end of repeated line columns -->
end
"""


def test_the_tables_between_the_marks_are_written_and_the_rest_is_kept() -> None:
    page = with_columns(PAGE)
    assert "\nold\n" not in page
    assert "| `invoice_number` | BT-1 | Invoice number | Numéro de facture | **required** |" in page
    assert "| `buyer_country` | BT-55 | Buyer country | Pays de l'acheteur | default `FR` |" in page
    assert "| `line_allowance_{n}_amount` | 1 to 3 | BT-136 |" in page
    assert page.startswith("# Columns\n")
    assert "\nbetween\n" in page
    assert page.endswith("\nend\n")
    assert with_columns(page) == page


def test_a_page_without_marks_is_left_as_it_is() -> None:
    assert with_columns("# Nothing here\n") == "# Nothing here\n"
