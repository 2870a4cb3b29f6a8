"""The balance of a run as its report shows it: all places named, all amounts in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from transforms.balance import Balance, Place, Tally


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of totals with VAT (BT-112) of one currency (BT-5) and document type (BT-3)."""

    currency: str
    type_code: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """How many invoices, their amounts, and how many of them have no readable amount."""

    count: int = 0
    amounts: tuple[Amount, ...] = ()
    unreadable: int = 0

    @classmethod
    def of(cls, tally: Tally) -> Figures:
        """Return a tally as figures, in the order of currencies and types."""
        amounts = tuple(Amount(c, k, total) for (c, k), total in sorted(tally.amounts.items()))
        return cls(tally.count, amounts, tally.unreadable)

    def total(self, currency: str, type_code: str) -> Decimal | None:
        """Return the sum of a currency and document type; None when there is no such invoice."""
        wanted = (currency, type_code)
        return next((a.total for a in self.amounts if (a.currency, a.type_code) == wanted), None)


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """The balance (invariant 1): read on one side, the places on the other."""

    read: Figures
    places: Mapping[Place, Figures]
    accounted: Figures
    """Sum of all places."""
    orphan_rows: int
    """Rows of the extract that belong to no invoice."""
    to_deposit: int
    """Of those waiting: ready in a flow that is not sent yet."""
    holds: bool
    differences: tuple[str, ...]

    @classmethod
    def of(cls, balance: Balance, *, to_deposit: int) -> BalanceSheet:
        """Return a balance with all six places named, also the empty ones."""
        places = {place: Figures.of(balance.places.get(place, Tally())) for place in Place}
        return cls(
            read=Figures.of(balance.read),
            places=places,
            accounted=Figures.of(_sum(balance.places)),
            orphan_rows=balance.orphan_findings,
            to_deposit=to_deposit,
            holds=balance.holds,
            differences=balance.differences,
        )

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        """Return every currency and document type that occurs, in order."""
        figures = (self.read, self.accounted)
        return tuple(sorted({(a.currency, a.type_code) for f in figures for a in f.amounts}))


def _sum(places: Mapping[Place, Tally]) -> Tally:
    amounts: dict[tuple[str, str], Decimal] = {}
    for tally in places.values():
        for key, total in tally.amounts.items():
            amounts[key] = amounts.get(key, Decimal(0)) + total
    return Tally(
        sum(tally.count for tally in places.values()),
        amounts,
        sum(tally.unreadable for tally in places.values()),
    )
