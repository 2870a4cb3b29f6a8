"""An invoice of the demo before it is written to an extract: header and lines as ERP cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from transforms.totals import round_cents

#: VAT rate of each code of the company file, in percent.
RATES = {
    "N20": Decimal("20"),
    "I10": Decimal("10"),
    "R55": Decimal("5.5"),
    "P21": Decimal("2.1"),
    "EXO": Decimal(0),
    "AUTO": Decimal(0),
}

Cells = dict[str, str]
#: Damages the rows of an invoice as they would stand in the file.
Harm = Callable[[list[bytes]], list[bytes]]


@dataclass(slots=True)
class Draft:
    """An invoice: cells by column name, and what is done to its rows once written."""

    header: Cells
    lines: list[Cells] = field(default_factory=list)
    harm: Harm | None = None

    @property
    def number(self) -> str:
        """Invoice number."""
        return self.header["invoice_number"]

    def copy(self) -> Draft:
        """Return a draft that can be changed apart."""
        return Draft(deepcopy(self.header), deepcopy(self.lines), self.harm)

    def line(
        self, reference: str, name: str, quantity: str, unit: str, price: str, vat: str
    ) -> None:
        """Add a line; its amount is quantity × price, to the cent.

        Args:
            reference: article number of the ERP.
            name: what is sold.
            quantity, price: with a decimal point.
            unit, vat: codes of the ERP (``company.yaml`` says what they mean).
        """
        amount = round_cents(Decimal(quantity) * Decimal(price))
        self.lines.append(
            {
                "line_number": str(len(self.lines) + 1),
                "item_seller_id": reference,
                "item_name": name,
                "quantity": quantity,
                "unit": unit,
                "unit_price": price,
                "vat_code": vat,
                "line_net_amount": str(amount),
            }
        )

    def settle(self, *, paid: bool = False) -> None:
        """Fill the totals from lines, allowance and charge; ``paid``: nothing is left to pay."""
        bases: dict[str, Decimal] = {}
        for line in self.lines:
            _add(bases, line["vat_code"], Decimal(line["line_net_amount"]))
        for kind, sign in (("allowance", -1), ("charge", 1)):
            amount = self.header.get(f"{kind}_1_amount")
            if amount:
                _add(bases, self.header[f"{kind}_1_vat_code"], sign * Decimal(amount))
        net = sum(bases.values(), Decimal(0))
        vat = sum(
            (round_cents(base * RATES[code] / 100) for code, base in bases.items()), Decimal(0)
        )
        gross = net + vat
        self.header |= {
            "total_without_vat": str(net),
            "total_vat": str(vat),
            "total_with_vat": str(gross),
            "amount_due": "0.00" if paid else str(gross),
        }
        if paid:
            self.header["paid_amount"] = str(gross)


def dated(header: Cells, issued: date, *, days: int = 30) -> None:
    """Set issue date, and due date that many days later."""
    header["invoice_date"] = issued.isoformat()
    header["due_date"] = (issued + timedelta(days=days)).isoformat()


def rows(
    draft: Draft, columns: Sequence[str], separator: str, *, repeat: bool, encoding: str = "utf-8"
) -> list[bytes]:
    """Return the rows of a draft, without line ends.

    Args:
        columns: columns of the extract, in order.
        separator: one character.
        repeat: whether the header stands on every row, or on the first one only.
        encoding: of the file.
    """
    written = []
    for rank, line in enumerate(draft.lines):
        number = {"invoice_number": draft.number}
        cells = {**(draft.header if repeat or rank == 0 else number), **line}
        text = separator.join(_cell(cells.get(column, ""), separator) for column in columns)
        written.append(text.encode(encoding))
    return draft.harm(written) if draft.harm else written


def _cell(text: str, separator: str) -> str:
    if any(char in text for char in (separator, '"', "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text


def _add(bases: dict[str, Decimal], code: str, amount: Decimal) -> None:
    bases[code] = bases.get(code, Decimal("0.00")) + amount
