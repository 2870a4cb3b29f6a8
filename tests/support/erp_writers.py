"""Write invoices as ERPs do: each its own signs, marks, paddings and files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from transforms.amounts import round_half_up

BUYER = "21590035800015"
RATES = ("20", "10", "5.5", "2.1", "0")
COMPANY = """
seller:
  name: Atelier du Rivage SARL
  siret: "53410279300021"
  vat_id: FR20534102793
  address: {line1: 4 quai des Hollandais, postcode: "59140", city: Dunkerque, country: FR}
payment: {means: "30", iban: FR7630006000011234567890189, terms: Paiement à 30 jours}
defaults: {BT-8: "5"}
vat_codes:
  "20": {category: S, rate: 20}
  "10": {category: S, rate: 10}
  "5.5": {category: S, rate: 5.5}
  "2.1": {category: S, rate: 2.1}
  "0": {category: E, rate: 0, reason: Exonération}
"""


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line as an ERP reckons it: the amount is rounded after the discount."""

    quantity: Decimal
    price: Decimal
    discount: Decimal
    """Percentage."""
    net: Decimal
    rate: str


@dataclass(frozen=True, slots=True)
class Sold:
    """An invoice or a credit note, positive."""

    number: str
    credit: bool
    lines: tuple[SoldLine, ...]

    @property
    def net(self) -> Decimal:
        """Return the total without VAT."""
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def vat(self) -> Decimal:
        """Return the VAT, rounded per rate."""
        bases: dict[str, Decimal] = {}
        for line in self.lines:
            bases[line.rate] = bases.get(line.rate, Decimal(0)) + line.net
        taxes = (round_half_up(base * Decimal(rate) / 100) for rate, base in bases.items())
        return sum(taxes, Decimal(0))

    @property
    def gross(self) -> Decimal:
        """Return the total with VAT."""
        return self.net + self.vat


def sold(seed: int, count: int) -> tuple[Sold, ...]:
    """Return some invoices of every kind: odd prices, free lines, lines taken off."""
    chance = random.Random(seed)
    found = []
    for rank in range(count):
        credit = chance.random() < 0.25
        lines = tuple(_line(chance, credit=credit) for _ in range(chance.randint(1, 6)))
        one = Sold(f"F{rank:05d}", credit, lines)
        if one.net > 0:
            found.append(one)
    return tuple(found)


def _line(chance: random.Random, *, credit: bool) -> SoldLine:
    quantity = round_half_up(Decimal(chance.randint(1, 200_000)) / 1000, chance.randint(0, 3))
    price = round_half_up(Decimal(chance.randint(1, 99_999_999)) / 100_000, chance.randint(2, 5))
    discount = Decimal(chance.choice(("0", "0", "0", "5", "10", "12.5", "33.33", "100")))
    quantity = quantity or Decimal(1)
    if not credit and chance.random() < 0.07:
        quantity, discount = -quantity, Decimal(0)
    net = round_half_up(quantity * price * (100 - discount) / 100)
    return SoldLine(quantity, price, discount, net, chance.choice(RATES))


# -- shapes --------------------------------------------------------------------------------------


def dolibarr(documents: Sequence[Sold]) -> dict[str, str]:
    """One file, eight decimals, credit notes by a negative price."""
    rows = [
        "f.ref;f.type;f.datef;f.date_lim_reglement;s.nom;s.siret;f.total_ht;f.total_tva;f.total_ttc;"
        "fd.description;fd.qty;fd.subprice;fd.remise_percent;fd.tva_tx;fd.total_ht"
    ]
    for one in documents:
        sign = -1 if one.credit else 1
        totals = f"{sign * one.net};{sign * one.vat};{sign * one.gross}"
        head = f"{one.number};{2 if one.credit else 0};2026-11-03;2026-12-03;Ville;{BUYER};{totals}"
        rows += [
            f"{head};Article;{line.quantity};{sign * line.price:.8f};{line.discount};"
            f"{Decimal(line.rate):.3f};{sign * line.net}"
            for line in one.lines
        ]
    return {"export.csv": _text(rows)}


def business_central(documents: Sequence[Sold]) -> dict[str, str]:
    """Four files, French numbers, credit memos in tables of their own."""
    files = {}
    names = (
        ("112_SalesInvoiceHeader", "113_SalesInvoiceLine"),
        ("114_SalesCrMemoHeader", "115_SalesCrMemoLine"),
    )
    for (header, lines), credit in zip(names, (False, True), strict=True):
        heads = ["No.;Document Date;Due Date;Bill-to Name;SIRET;Amount;Amount Including VAT"]
        rows = [
            "Document No.;Line No.;Type;No.;Description;Quantity;Unit of Measure Code;Unit Price;"
            "Line Discount %;Line Discount Amount;Amount;VAT %"
        ]
        for one in documents:
            if one.credit is credit:
                totals = f"{_french(one.net)};{_french(one.gross)}"
                heads.append(f"{one.number};03/11/2026;03/12/2026;Ville;{BUYER};{totals}")
                rows += [
                    f"{one.number};{rank}0000;Article;A;Article;{_french(line.quantity)};PCE;"
                    f"{_french(line.price)};{_french(line.discount)};"
                    f"{_french(round_half_up(line.quantity * line.price) - line.net)};"
                    f"{_french(line.net)};{_french(Decimal(line.rate))}"
                    for rank, line in enumerate(one.lines, 1)
                ]
        files |= {f"bc_{header}.csv": _text(heads), f"bc_{lines}.csv": _text(rows)}
    return files


def sage_100(documents: Sequence[Sold]) -> dict[str, str]:
    """Three files; a credit note has positive totals and negative lines."""
    heads = [
        "DO_Domaine;DO_Type;DO_Piece;DO_Date;DO_Tiers;DO_TotalHT;DO_TotalTTC;DO_NetAPayer;"
        "DO_Provenance"
    ]
    rows = [
        "DO_Piece;DL_Ligne;AR_Ref;DL_Design;DL_Qte;DL_PrixUnitaire;DL_Remise01REM_Valeur;"
        "DL_Remise01REM_Type;DL_MontantHT;DL_Taxe1;DL_TypeTaux1"
    ]
    for one in documents:
        sign = -1 if one.credit else 1
        totals = f"{_french(one.net)};{_french(one.gross)};{_french(one.gross)}"
        heads.append(f"0;7;{one.number};03/11/2026;C1;{totals};{2 if one.credit else 0}")
        rows += [
            f"{one.number};{rank}000;A;Article;{_french(sign * line.quantity)};"
            f"{_french(line.price)};{_french(line.discount)};1;{_french(sign * line.net)};"
            f"{_french(Decimal(line.rate))};0"
            for rank, line in enumerate(one.lines, 1)
        ]
    customers = ["CT_Num;CT_Intitule;CT_Siret", f"C1;Ville;{BUYER}"]
    names = ("F_DOCENTETE.csv", "F_DOCLIGNE.csv", "F_COMPTET.csv")
    return dict(zip(names, map(_text, (heads, rows, customers)), strict=True))


def sage_x3(documents: Sequence[Sold]) -> dict[str, str]:
    """Two files, padded cells, thirteen decimals, positive credit notes."""
    heads = [
        "NUM_0;SIVTYP_0;INVTYP_0;ACCDAT_0;BPR_0;BPRNAM_0;CRN_0;CUR_0;AMTNOT_0;AMTATI_0;STRDUDDAT_0"
    ]
    rows = [
        "NUM_0;SIDLIN_0;ITMREF_0;ITMDES_0;QTY_0;SAU_0;GROPRI_0;NETPRI_0;DISCRGVAL1_0;AMTNOTLIN_0;"
        "RATTAXLIN_0;VAT_0"
    ]
    for one in documents:
        kind = "AVC  ;2" if one.credit else "FAC  ;1"
        heads.append(
            f"{one.number:20};{kind};2026-11-03;C1   ;Ville   ;{BUYER}   ;EUR;{one.net:.13f};"
            f"{one.gross:.13f};2026-12-03 00:00:00.000"
        )
        for rank, line in enumerate(one.lines, 1):
            net_price = round_half_up(line.price * (100 - line.discount) / 100, 8)
            rows.append(
                f"{one.number:20};{rank}000;A    ;Article   ;{line.quantity:.6f};UN ;"
                f"{line.price:.8f};{net_price:.8f};{line.discount:.4f};{line.net:.13f};"
                f"{Decimal(line.rate):.3f};{line.rate:5}"
            )
    return {"SINVOICE.csv": _text(heads), "SINVOICED.csv": _text(rows)}


def odoo(documents: Sequence[Sold]) -> dict[str, str]:
    """One file, the header on the first row of each invoice, positive refunds."""
    line_columns = ("name", "quantity", "price_unit", "discount", "tax_ids", "price_subtotal")
    heading = [
        "name,move_type,state,invoice_date,invoice_date_due,partner_id/name,partner_id/siret",
        "amount_untaxed,amount_tax,amount_total",
        *(f"invoice_line_ids/{column}" for column in line_columns),
    ]
    rows = [",".join(heading)]
    for one in documents:
        kind = "out_refund" if one.credit else "out_invoice"
        head = f"{one.number},{kind},posted,2026-11-03,2026-12-03,Ville,{BUYER},"
        head += f"{one.net},{one.vat},{one.gross}"
        for line in one.lines:
            cells = (line.quantity, line.price, line.discount, line.rate, line.net)
            rows.append(",".join([head, "Article", *map(str, cells)]))
            head = "," * 9
    return {"account.move.csv": _text(rows)}


WRITERS: Mapping[str, Callable[[Sequence[Sold]], dict[str, str]]] = {
    "business_central": business_central,
    "dolibarr": dolibarr,
    "odoo": odoo,
    "sage_100": sage_100,
    "sage_x3": sage_x3,
}


def written(profile: str, documents: Sequence[Sold], folder: Path) -> Iterator[Path]:
    """Write ``documents`` in the shape of ``profile`` and yield the files."""
    for name, text in WRITERS[profile](documents).items():
        path = folder / name
        path.write_text(text, "utf-8")
        yield path


def _text(rows: Sequence[str]) -> str:
    return "\n".join(rows) + "\n"


def _french(number: Decimal) -> str:
    return f"{number:,f}".replace(",", " ").replace(".", ",")
