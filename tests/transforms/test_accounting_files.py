"""Files of accounting entries are refused; extracts are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.accounting_files import AccountingFileError, refuse_accounting_entries
from transforms.table import TableError

TRA = ["***S5EXPJRLETE   0101190001011900011     01011900", "VTE12032026FC411DURAND"]
ENTRY = "VTE120326FC4110000000000XDURAND       F2026-0001   Facture Durand           S110426D"
PNM = ["PAPETERIE DU PORT", f"{ENTRY}             2856.31N", f"{ENTRY}             2856,31N1234567"]
FEC = ["JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib"]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (TRA, "Cegid TRA"),
        (["***S1CLIJRLSTD"], "Cegid TRA"),
        (["***S5"], "Cegid TRA"),
        (PNM, "Sage PNM"),
        (["PAPETERIE DU PORT".ljust(30), *PNM[1:], ""], "Sage PNM"),
        (FEC, "FEC"),
        ([FEC[0].replace("\t", "|")], "FEC"),
        (['"JournalCode";"EcritureNum";"CompteNum"'], "FEC"),
    ],
)
def test_entries_are_refused_by_the_name_of_their_format(lines: list[str], kind: str) -> None:
    with pytest.raises(AccountingFileError, match=kind) as refusal:
        refuse_accounting_entries(lines)
    assert isinstance(refusal.value, TableError)
    assert "Export the invoices" in refusal.value.next_step


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["***"],
        ["***S5 invoices;date"],
        ["NUM;DATE", "VTE120326FC411;1"],
        ["PAPETERIE DU PORT"],
        ["PAPETERIE DU PORT", ""],
        ["PAPETERIE DU PORT", ENTRY, "F2026-0001;x"],
        ["PAPETERIE DU PORT, 59000 LILLE", ENTRY],
        ["PAPETERIE DU PORT ET DES DEUX RIVES", ENTRY],
        ["VBELN", "0090001234"],
        ["NUM", *["F" + "1" * 90] * 3],
        ["JournalCode;invoice_number"],
        ["invoice_number;invoice_date", "F1;2026-01-01"],
        ["12.03.2026      Liste dynamique", "", "-" * 90, "|VBELN |", "-" * 90],
    ],
)
def test_what_may_be_an_extract_is_let_through(lines: list[str]) -> None:
    refuse_accounting_entries(lines)


@given(st.lists(st.text(st.characters(codec="cp1252"), max_size=120), max_size=6))
def test_any_text_with_a_heading_of_several_columns_is_let_through(lines: list[str]) -> None:
    refuse_accounting_entries(["invoice_number;item_name", *lines])
