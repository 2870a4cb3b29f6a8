"""Valid extracts of several shapes, all with totals: what mutations are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from tests.support.extract_forms import Form, Row

CENT = Decimal("0.01")
RATES = {"N20": Decimal("20"), "R55": Decimal("5.5")}


@dataclass(frozen=True)
class Sheet:
    """A file of an extract as a grid: the names of the columns first."""

    name: str
    key: tuple[str, ...]
    """Columns that say which invoice (or customer) a row belongs to."""
    rows: tuple[Row, ...]
    completes: bool = False
    """Whether its rows only complete those of other files."""

    @property
    def columns(self) -> Row:
        """Return the names of the columns."""
        return self.rows[0]


@dataclass(frozen=True)
class Base:
    """A valid extract, another export of the same firm, and the profile of both.

    ``feeds``: paths of the model that an expression makes of a column, beside those of the terms
    that take the column itself. ``excludes``: columns that a filter looks at.
    """

    name: str
    profile: str
    sheets: tuple[Sheet, ...]
    other: tuple[Sheet, ...]
    form: Form
    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """Name in the file -> name in the profile."""
    excludes: frozenset[str] = frozenset()
    ignore_case: bool = False


# -- invoices under the advised columns ----------------------------------------------------------

#: number, type, lines of (name, quantity, price, VAT code), header cells.
Draft = tuple[str, str, tuple[tuple[str, str, str, str], ...], Mapping[str, str]]

DRAFTS: tuple[Draft, ...] = (
    (
        "F2026-0001",
        "380",
        (
            ("Ramette A4 80 g, « Été »", "10", "3.90", "N20"),
            ("Livre scolaire", "4", "12.50", "R55"),
            ("Échantillon offert", "1", "0.00", "N20"),
        ),
        {"note_1": "Merci de votre commande", "note_1_subject": "AAI", "due_date": "2026-10-12"},
    ),
    (
        "F2026-0002",
        "380",
        (
            ("Câble réseau 24 paires", "3", "17.35", "N20"),
            ("Pose et réglage", "2.5", "48.00", "N20"),
        ),
        {
            "delivery_name": "École Jules-Ferry",
            "delivery_city": "Crécy",
            "delivery_date": "2026-09-07",
        },
    ),
    (
        "A2026-0003",
        "381",
        (("Ramette A4 80 g", "2", "3.90", "N20"), ("Livre scolaire", "1", "12.50", "R55")),
        {
            "preceding_invoice_1_number": "F2026-0900",
            "preceding_invoice_1_date": "2026-08-20",
            "due_date": "2026-09-30",
        },
    ),
    (
        "F2026-0004",
        "380",
        (
            ("Abonnement août", "1", "1250.00", "N20"),
            ("Abonnement septembre", "1", "1250.00", "N20"),
            ("Mise en service", "1", "310.40", "N20"),
        ),
        {
            "allowance_1_amount": "10.00",
            "allowance_1_vat_code": "N20",
            "allowance_1_reason": "Remise fidélité",
            "charge_1_amount": "24.00",
            "charge_1_vat_code": "N20",
            "charge_1_reason": "Port",
            "contract_number": "M-2026-17",
            "period_start": "2026-08-01",
            "period_end": "2026-09-30",
        },
    ),
)

#: Another night of the same firm; F2026-0002 was written otherwise then.
OTHER_DRAFTS: tuple[Draft, ...] = (
    (
        "F2026-0101",
        "380",
        (("Toner noir", "6", "61.20", "N20"), ("Toner couleur", "2", "83.15", "N20")),
        {},
    ),
    (
        "F2026-0002",
        "380",
        (("Câble réseau 12 paires", "3", "11.35", "N20"), ("Pose", "1.5", "48.00", "N20")),
        {},
    ),
)

HEADER = [
    "invoice_number",
    "invoice_date",
    "document_type",
    "currency",
    "due_date",
    "buyer_service_code",
    "contract_number",
    "engagement_number",
    "payment_terms",
    "process_code",
    "buyer_siret",
    "buyer_name",
    "buyer_address_line1",
    "buyer_postcode",
    "buyer_city",
    "delivery_name",
    "delivery_date",
    "delivery_city",
    "period_start",
    "period_end",
    "preceding_invoice_1_number",
    "preceding_invoice_1_date",
    "note_1",
    "note_1_subject",
    "allowance_1_amount",
    "allowance_1_vat_code",
    "allowance_1_reason",
    "charge_1_amount",
    "charge_1_vat_code",
    "charge_1_reason",
    "total_lines",
    "total_without_vat",
    "total_vat",
    "total_with_vat",
]
LINE = [
    "line_number",
    "item_name",
    "item_seller_id",
    "quantity",
    "unit",
    "unit_price",
    "line_net_amount",
    "vat_code",
    "line_note",
    "item_attribute_1_name",
    "item_attribute_1_value",
]


def header_cells(draft: Draft) -> dict[str, str]:
    """Return the header of an invoice under the advised columns, totals included."""
    number, kind, lines, given = draft
    cells = dict.fromkeys(HEADER, "") | {
        "invoice_number": number,
        "invoice_date": "2026-09-08",
        "document_type": kind,
        "currency": "EUR",
        "due_date": "2026-10-08",
        "buyer_service_code": "SERVICE-1",
        "engagement_number": "4500001234",
        "payment_terms": "Paiement à 30 jours",
        "process_code": "A1",
        "buyer_siret": "01000200400009",
        "buyer_name": "Mairie de Crécy",
        "buyer_address_line1": "1 place d'Armes",
        "buyer_postcode": "01500",
        "buyer_city": "Crécy",
        **given,
    }
    allowance = Decimal(cells["allowance_1_amount"] or 0)
    charge = Decimal(cells["charge_1_amount"] or 0)
    taxable: dict[str, Decimal] = {}
    for _, quantity, price, code in lines:
        net = rounded(Decimal(quantity) * Decimal(price))
        taxable[code] = taxable.get(code, Decimal(0)) + net
    total = sum(taxable.values())
    if allowance or charge:
        taxable["N20"] += charge - allowance
    vat = sum(rounded(base * RATES[code] / 100) for code, base in taxable.items())
    net = total - allowance + charge
    cells |= {
        "total_lines": str(total),
        "total_without_vat": str(net),
        "total_vat": str(vat),
        "total_with_vat": str(net + vat),
    }
    return cells


def line_cells(draft: Draft) -> list[dict[str, str]]:
    """Return the lines of an invoice under the advised columns."""
    found = []
    for rank, (name, quantity, price, code) in enumerate(draft[2], 1):
        cells = dict.fromkeys(LINE, "") | {
            "line_number": str(rank),
            "item_name": name,
            "item_seller_id": f"0{rank}-{len(name)}",
            "quantity": quantity,
            "unit": "C62",
            "unit_price": price,
            "line_net_amount": str(rounded(Decimal(quantity) * Decimal(price))),
            "vat_code": code,
        }
        if rank == 2:
            cells |= {
                "line_note": "Livré\nle matin",
                "item_attribute_1_name": "Couleur",
                "item_attribute_1_value": "Bleu",
            }
        found.append(cells)
    return found


def rounded(value: Decimal) -> Decimal:
    """Return a value to the cent, halves away from zero."""
    return value.quantize(CENT, ROUND_HALF_UP)


def flat_rows(drafts: Sequence[Draft], change: Callable[[str, str], str]) -> tuple[Row, ...]:
    """Return one row per line; ``change`` writes the cell of a column as the ERP does."""
    columns = [*HEADER, *LINE]
    rows: list[Row] = [tuple(columns)]
    for draft in drafts:
        head = header_cells(draft)
        for line in line_cells(draft):
            cells = head | line
            rows.append(tuple(change(column, cells[column]) for column in columns))
    return tuple(rows)


def as_it_is(_: str, cell: str) -> str:
    """Return a cell unchanged."""
    return cell


def one_line(_: str, cell: str) -> str:
    """Return a cell without line breaks, as lists have them."""
    return cell.replace("\n", " ")


def french(column: str, cell: str) -> str:
    """Return a cell as a French ERP writes it."""
    cell = cell.replace("\n", " ")
    if column.endswith(("_date", "_start", "_end")) and cell:
        return "/".join(reversed(cell.split("-")))
    if column.startswith("total") or column.endswith(("_amount", "_price", "quantity")):
        whole, mark, rest = cell.partition(".")
        grouped = f"{int(whole):,}".replace(",", "\u00a0") if whole else ""
        return grouped + ("," + rest if mark else "")
    return cell


def pair_sheets(drafts: Sequence[Draft]) -> tuple[Sheet, ...]:
    """Return a header file and a lines file."""
    heads = [tuple(header_cells(draft).values()) for draft in drafts]
    lines = [(draft[0], *cells.values()) for draft in drafts for cells in line_cells(draft)]
    key = ("invoice_number",)
    return (
        Sheet("header.csv", key, (tuple(HEADER), *heads)),
        Sheet("lines.csv", key, (("invoice_number", *LINE), *lines)),
    )
