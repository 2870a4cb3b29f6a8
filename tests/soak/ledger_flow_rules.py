"""What deposits, returns and people ask of the ledger: flows, members, numbers let go, statuses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from flows.ledger import StatusRow
from tests.soak import ledger_dump
from tests.soak.ledger_ground import MOMENTS, PEOPLE, SCOPES, LedgerGround, built
from tests.soak.ledger_rules import (
    FLOW_MOVES,
    FLOW_STATES,
    INVOICE_STATES,
    RETURN_MOVES,
    SETTLED,
    SYSTEM,
    Key,
    RefusedError,
    Scope,
)


class FlowRules(LedgerGround):
    """Rules about what was sent."""

    def _a_flow(self, data: Any) -> tuple[Scope, str] | None:
        if not self.model.flows:
            return None
        flow = self.model.flows[self.draw(data, list(self.model.flows), "flow")]
        # Now and then by whom it is none of.
        return self.draw(data, [flow.scope, flow.scope, flow.scope, *SCOPES], "by"), flow.flow_id

    @rule(data=st.data())
    def move_flow(self, data: Any) -> None:
        """Ask for any change at all, legal or not."""
        if (found := self._a_flow(data)) is None:
            return
        state = self.draw(data, FLOW_STATES, "state")
        self._move(data, *found, state)

    @rule(data=st.data())
    def move_flow_onwards(self, data: Any) -> None:
        """Ask for a change that the rules allow, so that flows get far."""
        going = [flow for flow in self.model.flows.values() if FLOW_MOVES[flow.state]]
        if going:
            flow = self.draw(data, going, "flow")
            state = self.draw(data, FLOW_MOVES[flow.state], "state")
            self._move(data, flow.scope, flow.flow_id, state)

    def _move(self, data: Any, scope: Scope, flow_id: str, state: str) -> None:
        actor = self.draw(data, PEOPLE, "who")
        ledger = self.ledger(data, scope)
        with self.as_foretold(lambda: self.model.move_flow(scope, flow_id, state, actor)):
            ledger.move_flow(flow_id, state, detail="why", temporary_name="t.tmp", actor=actor)

    @rule(data=st.data())
    def settle_members(self, data: Any) -> None:
        if (found := self._a_flow(data)) is None:
            return
        scope, flow_id = found
        members = [one.key for one in self.model.of_flow(flow_id)]
        others = [key for key in self.model.invoices if key not in members][:2]
        keys = data.draw(
            st.lists(st.sampled_from([*members, *members, *others]), max_size=3, unique=True)
            if members or others
            else st.just([]),
            label="members",
        )
        results = {
            key: self.draw(data, [*SETTLED, *SETTLED, *INVOICE_STATES], "state") for key in keys
        }
        actor = self.draw(data, PEOPLE, "who")
        ledger = self.ledger(data, scope)
        with self.as_foretold(lambda: self.model.settle(scope, flow_id, results, actor)):
            ledger.settle_members(
                flow_id,
                {self.row(key): (state, "why") for key, state in results.items()},
                actor=actor,
            )

    @rule(data=st.data())
    def settle_well(self, data: Any) -> None:
        """Say what a report may say, of some members of one flow."""
        flows = {one.flow for one in self.model.invoices.values() if one.flow}
        if not flows:
            return
        flow = self.model.flows[self.draw(data, sorted(flows), "flow")]
        results = {
            one.key: self.draw(data, SETTLED, "state")
            for one in self.model.of_flow(flow.flow_id)
            if data.draw(st.booleans(), label="told of")
        }
        ledger = self.ledger(data, flow.scope)
        settle = self.model.settle
        with self.as_foretold(lambda: settle(flow.scope, flow.flow_id, results, SYSTEM)):
            ledger.settle_members(
                flow.flow_id, {self.row(key): (state, "why") for key, state in results.items()}
            )

    @rule(data=st.data())
    def send_again(self, data: Any) -> None:
        if (found := self._a_flow(data)) is None:
            return
        scope, flow_id = found
        flow = self.model.flows[flow_id]
        again = self.model.to_send_again(flow_id) or self.model.of_flow(flow_id)
        left_out = data.draw(st.integers(0, 3), label="all but one if 0") == 0
        keys = [one.key for one in again][int(left_out) :]
        _, ids = self.new_members(data, flow.scope, max(1, len(keys)))
        members = dict(zip(keys, ids, strict=False))
        ledger = self.ledger(data, scope)
        with self.as_foretold(
            lambda: self.model.replace_flow(scope, flow_id, ids[0], flow.run_id, members, "op")
        ):
            ledger.replace_flow(
                flow_id,
                built(ids[0], len(members)),
                run_id=flow.run_id,
                members={self.row(key): member for key, member in members.items()},
                actor="op",
                reason="why",
            )

    @rule(data=st.data())
    def free_identities(self, data: Any) -> None:
        scope = self.scope(data)
        rejected = [one.key for one in self.model.invoices.values() if one.state == "rejected"]
        others = list(self.model.invoices)[-3:]
        keys = data.draw(
            st.lists(st.sampled_from([*rejected, *others]), max_size=3, unique=True)
            if rejected or others
            else st.just([]),
            label="invoices",
        )
        actor = self.draw(data, PEOPLE, "who")
        rows = [self.row(key) for key in keys]
        ledger = self.ledger(data, scope)
        with self.as_foretold(lambda: self.model.free(scope, keys, actor)) as foretold:
            found = ledger.free_identities(rows, reason="why", actor=actor)
            assert not foretold or found == foretold[0]

    @rule(data=st.data(), sha256=st.sampled_from(("r1", "r2", "r3")))
    def return_arrives(self, data: Any, sha256: str) -> None:
        scope = self.scope(data)
        ledger = self.ledger(data, scope)
        assert ledger.return_seen(sha256) == ((scope, sha256) in self.model.returns)
        self.model.record_return(scope, sha256)
        return_id = ledger.record_return(
            name=sha256, sha256=sha256, size=1, kept_as=sha256, kind=""
        )
        rows: list[tuple[Key, str, datetime | None]] = []
        if self.model.invoices:
            for _ in range(data.draw(st.integers(0, 3), label="statuses")):
                key = self.draw(data, list(self.model.invoices)[-6:], "invoice")
                code = self.draw(data, ("01", "06", "11"), "code")
                at = self.draw(data, (*MOMENTS, None), "its time")
                rows.append((key, code, at))
        self.model.add_statuses(scope, sha256, rows)
        ledger.add_statuses(
            return_id,
            [
                StatusRow(kind="invoice", code=code, at=at, invoice_row=self.row(key))
                for key, code, at in rows
            ],
        )

    @rule(data=st.data(), state=st.sampled_from(list(RETURN_MOVES)))
    def move_return(self, data: Any, state: str) -> None:
        if not self.model.returns:
            return
        owner, sha256 = self.draw(data, sorted(self.model.returns), "return")
        scope = self.draw(data, [owner, owner, *SCOPES], "by")
        with self.engine.connect() as connection:
            table = ledger_dump.tables.returns
            [return_id] = [
                one["id"]
                for one in connection.execute(table.select()).mappings()
                if (one["company"], one["emitter"], one["sha256"]) == (*owner, sha256)
            ]
        ledger = self.ledger(data, scope)

        def foretold() -> None:
            if scope != owner:
                raise RefusedError
            self.model.move_return(scope, sha256, state)

        with self.as_foretold(foretold):
            ledger.move_return(return_id, state)
