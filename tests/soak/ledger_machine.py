"""A hypothesis state machine: any sequence of calls leaves the ledger as its model foretells.

Three scopes share a database, two ledgers are open on each, and any of them may be closed and
opened again between two calls.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from flows.ledger import spool_name
from flows.ledger.states import InvoiceState
from tests.soak import ledger_dump
from tests.soak.ledger_flow_rules import FlowRules
from tests.soak.ledger_ground import FILES, NUMBERS, SCOPES, Place
from tests.soak.ledger_night_rules import NightRules
from tests.soak.ledger_rules import (
    HOLDING,
)
from transforms.balance import Tally


class LedgerMachine(NightRules, FlowRules):
    """See the module."""

    @initialize(data=st.data())
    def begin(self, data: Any) -> None:
        for scope in SCOPES[: data.draw(st.integers(1, 3), label="scopes in use")]:
            run_id = f"R{len(self.model.runs)}"
            self.model.start_run(scope, run_id)
            self._start(self.ledger(data, scope), run_id)

    @rule(data=st.data())
    def close_and_open_again(self, data: Any) -> None:
        if self.open:
            which = self.draw(data, sorted(self.open), "closed")
            self.open.pop(which).close()

    @rule(data=st.data())
    def note(self, data: Any) -> None:
        scope = self.scope(data)
        run_id = self.run_of(data, scope)
        self.ledger(data, scope).note("noted", actor="A. Martin", reason="why", run_id=run_id)

    # -- what readers are told -----------------------------------------------------------------

    @rule(data=st.data())
    def ask_about_numbers(self, data: Any) -> None:
        known = self.ledger(data, self.scope(data)).known(NUMBERS)
        found = {one.identity_key: one.invoice_row for held in known.values() for one in held}
        assert found == {
            identity: self.row(key)
            for identity, key in self.model.holders.items()
            if self.model.invoices[key].number in NUMBERS
        }

    @rule(data=st.data())
    def ask_about_a_run(self, data: Any) -> None:
        scope = self.scope(data)
        ledger = self.ledger(data, scope)
        unfinished = self.model.runs_of(scope, "running")
        record = ledger.unfinished_run()
        assert (record.run_id if record else None) == (
            unfinished[-1].run_id if unfinished else None
        )
        if (run_id := self.run_of(data, scope)) is None:
            return
        waiting = {one.invoice_row for one in ledger.waiting(run_id)}
        assert waiting == {self.row(key) for key in self.model.waiting(scope, run_id)}
        left = self.model.left_waiting(scope, run_id)
        assert set(ledger.left_waiting(run_id)) == {self.row(key) for key in left}
        spools = {spool_name(*place) for place in self.model.spent_places(run_id)}
        assert ledger.spent_spools(run_id) == spools
        mine = [one for one in self.model.invoices.values() if one.key[0] == run_id]
        assert ledger.recorded(run_id) == {one.place for one in mine}
        self._check_balance(ledger.tallies(run_id), mine)

    def _check_balance(self, tallies: Any, mine: list[Any]) -> None:
        """The places of a run hold all that was read of it, in number and to the cent."""
        assert sum(tally.count for tally in tallies.values()) == len(mine)
        for state in {one.state for one in mine}:
            there = [one for one in mine if one.state == state]
            tally: Tally = tallies[InvoiceState(state)]
            assert tally.count == len(there)
            total = sum((one.total for one in there if one.total is not None), Decimal(0))
            assert sum(tally.amounts.values(), Decimal(0)) == total

    @rule(data=st.data(), sha256=st.sampled_from(FILES))
    def ask_about_an_extract(self, data: Any, sha256: str) -> None:
        scope = self.scope(data)
        ledger = self.ledger(data, scope)
        seen = ledger.seen_by([sha256]).get(sha256)
        foretold = self.model.seen_by(scope, sha256)
        assert (seen in foretold) if foretold else (seen is None)
        assert (sha256 in ledger.spent([sha256])) == self.model.spent(scope, sha256)

    # -- after each step -----------------------------------------------------------------------

    @invariant()
    def the_ledger_is_as_foretold(self) -> None:
        with self.engine.connect() as connection:
            found = ledger_dump.of_ledger(connection)
        told = ledger_dump.differences(found, ledger_dump.of_model(self.model))
        assert not told, "\n".join(told)

    @invariant()
    def an_identity_is_held_by_one_invoice_that_should_hold_it(self) -> None:
        for identity, key in self.model.holders.items():
            holder = self.model.invoices[key]
            assert holder.identity == identity
            assert holder.state in (*HOLDING, "rejected")

    @invariant()
    def no_number_is_given_twice(self) -> None:
        for blocks in self.model.numbers.values():
            assert sum(map(len, blocks)) == len(set().union(*blocks))


__all__ = ["SCOPES", "LedgerMachine", "Place"]
