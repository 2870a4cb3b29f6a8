"""The balance of a run: every invoice read is in exactly one place, and amounts agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Place(StrEnum):
    """The places an invoice read may end in (invariant 1)."""

    DEPOSITED = "deposited"  # or handed over to the firm's own transfer tool
    WAITING = "waiting"  # attachment missing, held, or deposit to be tried again
    IN_DOUBT = "in_doubt"
    QUARANTINED = "quarantined"
    SKIPPED = "skipped"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Tally:
    """Count, and sum of totals per (currency, document type); ``unreadable`` have no amount."""

    count: int = 0
    amounts: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    unreadable: int = 0

    def plus(self, currency: str | None, type_code: str | None, total: Decimal | None) -> Tally:
        """Return the tally with one more invoice."""
        if total is None:
            return Tally(self.count + 1, self.amounts, self.unreadable + 1)
        key = (currency or "?", type_code or "?")
        amounts = {**self.amounts, key: self.amounts.get(key, Decimal(0)) + total}
        return Tally(self.count + 1, amounts, self.unreadable)

    def joined(self, other: Tally) -> Tally:
        """Return both tallies as one."""
        amounts = dict(self.amounts)
        for key, amount in other.amounts.items():
            amounts[key] = amounts[key] + amount if key in amounts else amount
        return Tally(self.count + other.count, amounts, self.unreadable + other.unreadable)


@dataclass(frozen=True, slots=True)
class Balance:
    """Invoices read against the places they ended in."""

    read: Tally
    places: Mapping[Place, Tally]
    orphan_findings: int = 0
    """Rows that belong to no invoice, each with a finding of its own."""

    @property
    def differences(self) -> tuple[str, ...]:
        """Return what does not balance, in words; empty when the balance holds."""
        found: list[str] = []
        placed = sum(tally.count for tally in self.places.values())
        if placed != self.read.count:
            found.append(f"{self.read.count} invoices read, {placed} accounted for")
        unreadable = sum(tally.unreadable for tally in self.places.values())
        if unreadable != self.read.unreadable:
            found.append(
                f"{self.read.unreadable} invoices without amount read, {unreadable} accounted for"
            )
        keys = set(self.read.amounts).union(*(t.amounts for t in self.places.values()))
        for currency, kind in sorted(keys):
            was = self.read.amounts.get((currency, kind), Decimal(0))
            now = sum(
                (t.amounts.get((currency, kind), Decimal(0)) for t in self.places.values()),
                Decimal(0),
            )
            if was != now:
                found.append(f"{currency} {kind}: {was} read, {now} accounted for")
        return tuple(found)

    @property
    def holds(self) -> bool:
        """Whether every invoice read is in exactly one place and the amounts agree."""
        return not self.differences


class RunningTally:
    """A tally that grows by one invoice at a time, however many there are."""

    def __init__(self) -> None:
        self.count = 0
        self._amounts: dict[tuple[str, str], Decimal] = {}
        self._unreadable = 0

    def add(self, currency: str | None, type_code: str | None, total: Decimal | None) -> None:
        """Add an invoice; without a total it is counted apart."""
        self.count += 1
        if total is None:
            self._unreadable += 1
            return
        key = (currency or "?", type_code or "?")
        self._amounts[key] = self._amounts.get(key, Decimal(0)) + total

    def tally(self) -> Tally:
        """Return the tally so far."""
        return Tally(self.count, dict(self._amounts), self._unreadable)


def tally(items: Iterable[tuple[str | None, str | None, Decimal | None]]) -> Tally:
    """Return the tally of ``(currency, type code, total)`` items."""
    running = RunningTally()
    for currency, type_code, total in items:
        running.add(currency, type_code, total)
    return running.tally()
