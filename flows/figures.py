"""The figures of a run that its brakes look at, from the ledger."""

from __future__ import annotations

from flows.brakes import NightFigures
from flows.ledger import InvoiceState, Ledger
from flows.places import PLACES
from transforms.balance import Place, Tally

#: States of the invoices that a run carries, from the outbox on.
CARRIED = frozenset(
    state for state, place in PLACES.items() if place in {Place.DEPOSITED, Place.IN_DOUBT}
) | {InvoiceState.BUNDLED}


def figures_of(ledger: Ledger, run_id: str, *, recent_nights: int) -> NightFigures:
    """Return what the whole run carries: also what it sent before a crash."""
    tallies = ledger.tallies(run_id)
    carried = Tally()
    for state in CARRIED & tallies.keys():
        carried = carried.joined(tallies[state])
    return NightFigures(
        to_deposit=carried.count,
        quarantined=tallies.get(InvoiceState.QUARANTINED, Tally()).count,
        totals=carried.amounts,
        sellers=ledger.sellers(run_id, states=CARRIED),
        recent=ledger.recent_counts(recent_nights),
    )
