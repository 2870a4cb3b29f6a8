"""Where invoices count in the balance."""

from __future__ import annotations

from decimal import Decimal

from flows.ledger import InvoiceState
from flows.places import PLACES, balance_of, balance_record, read_tally
from transforms.balance import Place, Tally


def test_every_state_has_a_place() -> None:
    assert set(PLACES) == set(InvoiceState)
    assert set(PLACES.values()) == set(Place)


def test_states_of_one_place_are_added_up() -> None:
    euros = ("EUR", "380")
    states = {
        InvoiceState.DEPOSITED: Tally(2, {euros: Decimal("10.10")}),
        InvoiceState.REJECTED: Tally(1, {euros: Decimal("5.05"), ("EUR", "381"): Decimal("1")}),
        InvoiceState.QUARANTINED: Tally(1, {}, 1),
    }
    read = Tally(4, {euros: Decimal("15.15"), ("EUR", "381"): Decimal("1")}, 1)
    balance = balance_of(read, states, 3)
    assert balance.holds
    assert balance.places[Place.DEPOSITED].amounts[euros] == Decimal("15.15")
    assert balance.orphan_findings == 3


def test_a_tally_kept_with_a_run_comes_back_as_it_was() -> None:
    read = Tally(3, {("EUR", "380"): Decimal("1.10"), ("?", "?"): Decimal("-2")}, 1)
    kept = balance_record(balance_of(read, {}, 0))
    assert read_tally(kept["read"]) == read  # type: ignore[arg-type] # plain data
