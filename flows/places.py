"""Where an invoice of a run counts in the balance, by the state it is in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flows.ledger import InvoiceState
from transforms.balance import Balance, Place, Tally

#: Places by state (architecture, invariant 1). What Chorus Pro answered later does not move an
#: invoice: the night deposited it.
PLACES: Mapping[InvoiceState, Place] = {
    InvoiceState.BUNDLED: Place.WAITING,
    InvoiceState.RECEIVED: Place.WAITING,
    InvoiceState.WAITING: Place.WAITING,
    InvoiceState.QUARANTINED: Place.QUARANTINED,
    InvoiceState.SKIPPED: Place.SKIPPED,
    InvoiceState.EXCLUDED: Place.EXCLUDED,
    InvoiceState.DEPOSITED: Place.DEPOSITED,
    InvoiceState.HANDED_OVER: Place.DEPOSITED,
    InvoiceState.INTEGRATED: Place.DEPOSITED,
    InvoiceState.REJECTED: Place.DEPOSITED,
    InvoiceState.DUPLICATE: Place.DEPOSITED,
    InvoiceState.OUTCOME_UNKNOWN: Place.DEPOSITED,
    InvoiceState.IN_DOUBT: Place.IN_DOUBT,
}


def balance_of(read: Tally, states: Mapping[InvoiceState, Tally], orphans: int) -> Balance:
    """Return what was read against the places that the states of the ledger mean.

    Args:
        read: counted while reading, apart from the ledger.
        states: figures per state, from the ledger (``Ledger.tallies``).
        orphans: rows that belong to no invoice.
    """
    places: dict[Place, Tally] = {}
    for state, part in states.items():
        place = PLACES[state]
        places[place] = places.get(place, Tally()).joined(part)
    return Balance(read, places, orphans)


def read_tally(record: Mapping[str, Any]) -> Tally:
    """Return a tally as it is kept with a run: amounts as text, by ``"EUR 380"``."""
    amounts: dict[tuple[str, str], Decimal] = {}
    for key, total in record["amounts"].items():
        currency, _, type_code = key.rpartition(" ")
        amounts[currency, type_code] = Decimal(total)
    return Tally(int(record["count"]), amounts, int(record["unreadable"]))


def balance_record(balance: Balance) -> dict[str, object]:
    """Return a balance as plain data, amounts as text."""

    def plain_tally(part: Tally) -> dict[str, object]:
        return {
            "count": part.count,
            "unreadable": part.unreadable,
            "amounts": {f"{c} {k}": str(v) for (c, k), v in sorted(part.amounts.items())},
        }

    return {
        "holds": balance.holds,
        "read": plain_tally(balance.read),
        "places": {place.value: plain_tally(t) for place, t in sorted(balance.places.items())},
        "orphans": balance.orphan_findings,
    }
