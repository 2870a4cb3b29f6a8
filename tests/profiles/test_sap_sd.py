"""The profile ``sap_sd``: from the billing tables, as SE16N, lists and dumps show them, to XML."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import Converted, check_case, convert, terms_of

DATA = Path(__file__).parent / "data" / "sap_sd"
COMPANY = DATA / "company.yaml"


@pytest.fixture(scope="module")
def se16n(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """VBRK, VBRP, VBPA, KNA1 and KONV as SE16N writes them, converted."""
    files = sorted((DATA / "se16n").iterdir())
    return convert(files, "sap_sd", COMPANY, tmp_path_factory.mktemp("sap_sd"))


@pytest.mark.parametrize("case", ["se16n", "dump"])
def test_an_extract_becomes_the_invoices_of_the_golden_file(
    case: str, tmp_path: Path, update_goldens: bool
) -> None:
    check_case("sap_sd", case, DATA, tmp_path, update=update_goldens)


def test_pro_forma_and_cancelled_documents_are_counted_apart(se16n: Converted) -> None:
    assert se16n.excluded == {"90007004": "pro_forma", "90007005": "cancelled"}


@pytest.mark.parametrize(
    ("number", "original"), [("90007002", "90007001"), ("90007006", "90007005")]
)
def test_credit_memos_and_cancellations_are_positive_and_name_their_invoice(
    number: str, original: str, se16n: Converted
) -> None:
    invoice = se16n.written[number]
    assert invoice.type_code == "381"
    assert [reference.number for reference in invoice.preceding] == [original]
    assert (invoice.totals.with_vat or 0) > 0


def test_a_price_for_ten_pieces_stays_one(se16n: Converted) -> None:
    line = se16n.written["90007001"].lines[0]
    assert (line.quantity, line.price.net, line.price.base_quantity) == (250, 48, 10)
    assert line.net == 1200


def test_a_condition_that_takes_off_shows_between_gross_and_net_price(se16n: Converted) -> None:
    line = se16n.written["90007001"].lines[1]
    assert (line.price.gross, line.price.discount, line.price.net) == (
        35,
        Decimal("3.5"),
        Decimal("31.5"),
    )
    assert line.allowances == ()  # NETWR has it already


def test_components_and_texts_are_no_items_and_a_return_takes_off(se16n: Converted) -> None:
    lines = se16n.written["90007001"].lines
    assert [line.id for line in lines] == ["10", "20", "50"]
    assert lines[1].note == "Tirage couleur Livré sur palettes consignées"
    assert (lines[2].quantity, lines[2].net, lines[2].price.net) == (-4, -60, 15)


def test_inactive_and_statistical_conditions_do_not_count(se16n: Converted) -> None:
    lines = se16n.written["90007001"].lines
    assert [line.vat_rate for line in lines] == [20, Decimal("5.5"), 10]


def test_the_buyer_is_the_bill_to_party_else_the_payer(se16n: Converted) -> None:
    buyers = {number: invoice.buyer.name for number, invoice in se16n.written.items()}
    assert buyers["90007001"] == "Ville de Lille Direction de la voirie"
    assert buyers["90007003"] == "Institut des métiers"


def test_an_amount_without_quantity_is_one_of_it(se16n: Converted) -> None:
    (line,) = se16n.written["90007009"].lines
    assert (line.quantity, line.unit, line.price.net) == (1, "C62", 80)


def test_unknown_codes_hold_back(se16n: Converted) -> None:
    assert se16n.rules("90007007") == {"MP-VAT-02"}
    assert se16n.rules("90007008") == {"MP-CODE-01"}
    assert "MP-COMPANY-01" in se16n.rules("90007011")


def test_no_vat_without_an_entry_in_the_table_is_held_back(tmp_path: Path) -> None:
    company = company_in(tmp_path)
    company.write_text(company.read_text("utf-8").replace("  A8:", "  XX:"), "utf-8")
    done = convert(sorted((DATA / "se16n").iterdir()), "sap_sd", company, tmp_path)
    assert done.rules("90007003") == {"MP-VAT-02"}


# -- the same invoices however they were saved ----------------------------------------------------

NBSP = "\u00a0"
HEAD = ["VBELN", "FKART", "VBTYP", "WAERK", "FKDAT", "BUKRS", "VALDT", "NETWR", "MWSBK", "KUNRG"]
HEADS = [
    ["0012000451", "F2", "M", "EUR", "20261103", "FR10", "00000000", f"1{NBSP}034,56", "206,91"],
    ["0012000452", "F2", "M", "JPY", "20261104", "FR10", "20261215", "1.234,50", "246,90"],
    ["0012000453", "G2", "O", "EUR", "20261105", "FR10", "00000000", "50,00", "10,00"],
]
ITEM = ["VBELN", "POSNR", "MATNR", "ARKTX", "FKIMG", "VRKME", "NETWR", "MWSBP", "MWSKZ"]
ITEMS = [
    [*place, *cells]
    for place, cells in (
        (
            ("0012000451", "000010", "000000000000004711", "Cuve 2 000 l"),
            ("2,000", "ST", f"2{NBSP}269,12", "453,82", "A1"),
        ),
        (
            ("0012000451", "000020", "", "Reprise de l'ancienne cuve"),
            ("1,000", "ST", "1.234,56-", "246,91-", "A1"),
        ),
        (
            ("0012000452", "000010", "000000000000004712", "Joint NBR"),
            ("15,000", "ST", "1.234,50", "246,90", "A1"),
        ),
        (
            ("0012000453", "000010", "", "Geste commercial"),
            ("1,000", "LE", "50,00", "10,00", "A1"),
        ),
    )
]


def separated(separator: str) -> Callable[[Sequence[str], Sequence[Sequence[str]]], str]:
    def write(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        return "\n".join(separator.join(row) for row in (columns, *rows)) + "\n"

    return write


def tab_download(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a list saved with tabs: titles, an empty column on the left, a blank line."""
    lines = ["03.11.2026\t\tAffichage dynamique", "", "\t" + "\t".join(columns), ""]
    return "\r\n".join([*lines, *("\t" + "\t".join(row) for row in rows)]) + "\r\n"


def printed_list(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a list saved unconverted: bars, rulers, and a page heading before each further row."""
    widths = [max(len(row[rank]) for row in (columns, *rows)) for rank in range(len(columns))]

    def framed(row: Sequence[str]) -> str:
        return f"|{'|'.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))}|"

    ruler = "-" * len(framed(columns))
    lines: list[str] = []
    for page, row in enumerate(rows, 1):
        title = f"03.11.2026          Liste dynamique          {page}"
        lines += [title, ruler, framed(columns), ruler, framed(row)]
    return "\r\n".join([*lines, ruler]) + "\r\n"


def dump(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a CSV of a program: commas between cells, a point before decimals."""
    marked = re.compile(rf"[0-9][0-9.{NBSP}]*,[0-9]+-?")
    plain = str.maketrans({".": None, NBSP: None, ",": "."})
    written = [
        [cell.translate(plain) if marked.fullmatch(cell) else cell for cell in row] for row in rows
    ]
    return separated(",")(columns, written)


SAVED = {
    "dump": (dump, "utf-8"),
    "tabs": (tab_download, "cp1252"),
    "tabs in UTF-16": (tab_download, "utf-16"),
    "list": (printed_list, "cp1252"),
    "list in UTF-16": (printed_list, "utf-16"),
    "list in UTF-8": (printed_list, "utf-8-sig"),
    "semicolons": (separated(";"), "cp1252"),
    "plain tabs, UTF-16 without mark": (separated("\t"), "utf-16-le"),
}


@pytest.mark.parametrize("way", SAVED)
def test_however_it_was_saved_the_invoices_are_exactly_these(way: str, tmp_path: Path) -> None:
    """Leading zeros, no-break spaces, trailing minus, no date, yen stored with two decimals."""
    write, encoding = SAVED[way]
    heads = [[*row, "0000020417"] for row in HEADS]
    for name, columns, rows in (("VBRK", HEAD, heads), ("VBRP", ITEM, ITEMS)):
        (tmp_path / f"{name}.txt").write_bytes(write(columns, rows).encode(encoding))
    files = [tmp_path / "VBRK.txt", tmp_path / "VBRP.txt"]
    done = convert(files, "sap_sd", company_in(tmp_path), tmp_path)
    assert done.held_back == [], "\n".join(done.lines)
    assert list(done.written) == ["12000451", "12000452", "12000453"]
    euros, yen, credit = done.written.values()
    assert (euros.totals.without_vat, euros.totals.vat, euros.totals.with_vat) == (
        Decimal("1034.56"),
        Decimal("206.91"),
        Decimal("1241.47"),
    )
    assert [(line.quantity, line.price.net, line.net) for line in euros.lines] == [
        (2, Decimal("1134.56"), Decimal("2269.12")),
        (-1, Decimal("1234.56"), Decimal("-1234.56")),
    ]
    assert euros.due_date is None
    assert (yen.currency, yen.due_date) == ("JPY", date(2026, 12, 15))
    assert (yen.totals.without_vat, yen.totals.vat, yen.totals.with_vat) == (123450, 24690, 148140)
    assert [(line.quantity, line.price.net, line.net) for line in yen.lines] == [(15, 8230, 123450)]
    assert (credit.type_code, credit.totals.with_vat) == ("381", 60)
    assert [line.item.seller_id for line in (*euros.lines, *yen.lines)] == ["4711", None, "4712"]
    assert terms_of(euros)["BT-44"] == "Ville de Lille"


def test_captions_and_inch_marks_of_a_screen_are_read(tmp_path: Path) -> None:
    head = ["Facture", "Type de document SD", "Date de facturation", "Devise du document"]
    head += ["Valeur nette", "Montant de la taxe", "Payeur", "Société"]
    row = ["90000001", "M", "03.11.2026", "EUR", "20,00", "4,00", "20417", "FR10"]
    item = ["Facture", "Poste", "Désignation", "Quantité facturée", "Unité de vente"]
    item += ["Valeur nette", "Code TVA"]
    cells = ["90000001", "10", 'Tube 3/4" acier', "2,000", "ST", "20,00", "A1"]
    for name, columns, only in (("a.txt", head, row), ("b.txt", item, cells)):
        (tmp_path / name).write_bytes(tab_download(columns, [only]).encode("cp1252"))
    profile = tmp_path / "our_sap.yaml"
    profile.write_text('extends: sap_sd\nprofile: our_sap\nformat: {quote: ""}\n', "utf-8")
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    done = convert(files, str(profile), company_in(tmp_path), tmp_path)
    (line,) = done.written["90000001"].lines
    assert (line.item.name, line.quantity, line.price.net) == ('Tube 3/4" acier', 2, 10)


def company_in(folder: Path) -> Path:
    """Return a copy of the company file that finds its table all the same."""
    path = folder / "company.yaml"
    text = COMPANY.read_text("utf-8").replace("clients.csv", str(DATA / "clients.csv"))
    path.write_text(text, "utf-8")
    return path
