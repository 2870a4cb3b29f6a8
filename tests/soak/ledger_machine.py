"""A hypothesis state machine: any sequence of calls leaves the ledger as its model foretells.

Three scopes share a database, two ledgers are open on each, and any of them may be closed and
opened again between two calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import create_engine

from config.settings import Environment
from flows.errors import IllegalTransitionError
from flows.ledger import Ledger, SentInvoice, StatusRow, spool_name
from flows.ledger.states import InvoiceState
from tests.soak import ledger_dump
from tests.soak.ledger_model import (
    FLOW_MOVES,
    FLOW_STATES,
    HOLDING,
    INVOICE_STATES,
    RETURN_MOVES,
    RUN_MOVES,
    SETTLED,
    SYSTEM,
    Key,
    LedgerModel,
    Offer,
    RefusedError,
    Scope,
)
from tests.support.ledger_nights import Clock
from transforms.balance import Tally
from transforms.outcome import BuiltFlow, Fate, Identity, InvoiceOutcome, Span

SCOPES: tuple[Scope, ...] = (("acme", "AAA999"), ("zeta", "AAA999"), ("acme", "BBB888"))
NUMBERS = ("F1", "F2", "F3", "F4", "F5", "F6")
SELLERS = ("73282932000074", "40678483500521")
FILES = ("sha-a", "sha-b", "sha-c")
INTERFACES = ("FSO1106A", "FSO1100A")
FATES = ("bundled", "bundled", "bundled", "waiting", "quarantined", "skipped", "excluded")
TOTALS = (Decimal("120.00"), Decimal("0.10"), Decimal("-7.5"), None)
PEOPLE = (SYSTEM, "A. Martin")
NIGHT = date(2026, 10, 24)
#: The hour that autumn brings twice is among them: times are moments, not clock faces.
MOMENTS = tuple(datetime(2026, 10, 25, 0, 15, tzinfo=UTC) + timedelta(hours=n) for n in range(3))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the ledgers of one example are; ``leave`` gives the database back."""

    url: str
    leave: Callable[[], None]


class LedgerMachine(RuleBasedStateMachine):
    """See the module; ``find_place`` gives an empty ledger of :data:`SCOPES`' first company."""

    def __init__(self, find_place: Callable[[], Place]) -> None:
        super().__init__()
        self.place = find_place()
        self.engine = create_engine(self.place.url)
        self.clock = Clock()
        self.model = LedgerModel()
        self.open: dict[tuple[Scope, int], Ledger] = {}
        self.lines = 0
        self.rows: dict[Key, int] = {}
        self.last_chunk: tuple[Scope, str, list[Offer]] | None = None

    def teardown(self) -> None:
        for ledger in self.open.values():
            ledger.close()
        self.engine.dispose()
        self.place.leave()

    # -- helpers -------------------------------------------------------------------------------

    def draw(self, data: Any, among: Sequence[Any], label: str) -> Any:
        """Draw one of some things, told by name when an example fails."""
        return data.draw(st.sampled_from(list(among)), label=label)

    def scope(self, data: Any) -> Scope:
        found: Scope = self.draw(data, SCOPES, "scope")
        return found

    def ledger(self, data: Any, scope: Scope) -> Ledger:
        """Return one of the two ledgers of a scope, opened if need be."""
        which = scope, self.draw(data, (0, 1), "ledger")
        if which not in self.open:
            self.open[which] = Ledger.open(
                self.place.url,
                environment=Environment.SANDBOX,
                company=scope[0],
                emitter=scope[1],
                clock=self.clock,
                create=False,
            )
        return self.open[which]

    def run_of(self, data: Any, scope: Scope, *states: str) -> str | None:
        """Return a run of a scope, or None when there is none."""
        runs = self.model.runs_of(scope, *states)
        return self.draw(data, [run.run_id for run in runs], "run") if runs else None

    def row(self, key: Key) -> int:
        """Return the ledger's number of an invoice."""
        if key not in self.rows:
            with self.engine.connect() as connection:
                table = ledger_dump.tables.invoices
                for one in connection.execute(table.select()).mappings():
                    self.rows[one["run_id"], one["file_sha256"], one["first_line"]] = one["id"]
        return self.rows[key]

    @contextmanager
    def as_foretold(self, foretold: Callable[[], Any]) -> Any:
        """Let the model speak first: a call that it refuses must be refused by the ledger.

        Yields a list that holds what the model answers; empty when it refuses.
        """
        try:
            answer = [foretold()]
        except RefusedError:
            with pytest.raises(IllegalTransitionError):
                yield []
        else:
            yield answer

    # -- rules: opening ------------------------------------------------------------------------

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

    # -- rules: runs and extracts --------------------------------------------------------------

    def _start(self, ledger: Ledger, run_id: str) -> None:
        ledger.start_run(run_id=run_id, run_date=NIGHT, settings_hash="s", version="1")

    @rule(data=st.data())
    def start_run(self, data: Any) -> None:
        scope = self.scope(data)
        names = [f"R{len(self.model.runs)}", *list(self.model.runs)[:2]]
        run_id = self.draw(data, names, "run id")
        ledger = self.ledger(data, scope)
        with self.as_foretold(lambda: self.model.start_run(scope, run_id)):
            self._start(ledger, run_id)

    @rule(data=st.data())
    def finish_run(self, data: Any) -> None:
        scope = self.scope(data)
        run_id = self.draw(data, [*self.model.runs, "nobody"], "run")
        known = self.model.runs.get(run_id)
        if known is not None and known.kind == "import":
            return
        state = self.draw(data, list(RUN_MOVES), "state")
        actor = self.draw(data, PEOPLE, "who")
        ledger = self.ledger(data, scope)
        with self.as_foretold(lambda: self.model.finish_run(scope, run_id, state, actor)):
            ledger.finish_run(run_id, state=state, exit_code=0, balance={}, actor=actor)

    @rule(data=st.data(), files=st.lists(st.sampled_from(FILES), max_size=3))
    def claim_extracts(self, data: Any, files: list[str]) -> None:
        scope = self.scope(data)
        if (run_id := self.run_of(data, scope)) is None:
            return
        self.model.record_extracts(run_id, files)
        self.ledger(data, scope).record_extracts(run_id, [_Landed(name) for name in files])

    @rule(data=st.data(), files=st.lists(st.sampled_from(FILES), max_size=2, unique=True))
    def finish_extracts(self, data: Any, files: list[str]) -> None:
        scope = self.scope(data)
        if (run_id := self.run_of(data, scope)) is None:
            return
        ledger = self.ledger(data, scope)
        with self.as_foretold(lambda: self.model.finish_extracts(run_id, files)):
            ledger.finish_extracts(run_id, dict.fromkeys(files, (1, 1)))

    # -- rules: numbers ------------------------------------------------------------------------

    @rule(data=st.data(), count=st.integers(1, 5), first=st.sampled_from((1, 1, 7, 1000)))
    def reserve_numbers(self, data: Any, count: int, first: int) -> None:
        scope = self.scope(data)
        interface = self.draw(data, INTERFACES, "interface")
        foretold = self.model.reserve(scope[1], interface, count, first)
        found = self.ledger(data, scope).reserve_sequences(interface, count, first=first)
        assert found == foretold

    @rule(data=st.data(), count=st.integers(1, 3))
    def reserve_numbers_side_by_side(self, data: Any, count: int) -> None:
        """Two companies of one emitter at the same moment: whoever is first, no number twice."""
        ledgers = [self.ledger(data, SCOPES[0]), self.ledger(data, SCOPES[1])]
        foretold = [self.model.reserve("AAA999", INTERFACES[0], count, 1) for _ in ledgers]
        with ThreadPoolExecutor(len(ledgers)) as pool:
            jobs = [
                pool.submit(one.reserve_sequences, INTERFACES[0], count, first=1) for one in ledgers
            ]
            found = [job.result() for job in jobs]
        assert sorted(found, key=lambda block: block.start) == foretold

    # -- rules: chunks -------------------------------------------------------------------------

    def _members(self, data: Any, scope: Scope, count: int) -> tuple[str, list[str]]:
        """Reserve numbers for a flow; return its id and those of its members."""
        numbers = self.ledger(data, scope).reserve_sequences(INTERFACES[0], count, first=1)
        assert numbers == self.model.reserve(scope[1], INTERFACES[0], count, 1)
        ids = [f"{scope[1]}1106{number:015d}" for number in numbers]
        return ids[0], ids

    def _offers(self, data: Any, scope: Scope, run_id: str) -> list[Offer]:
        again = [one.place for one in self.model.invoices.values() if one.taken_over_by == run_id]
        mine = [one.place for one in self.model.invoices.values() if one.key[0] == run_id]
        offers: list[Offer] = []
        for position in range(data.draw(st.integers(1, 4), label="invoices of the chunk")):
            self.lines += 1
            fresh = (self.draw(data, FILES, "file"), self.lines)
            free = [place for place in (*again, *mine) if place not in {o.place for o in offers}]
            place = self.draw(data, [fresh, fresh, *free], "place")
            number = self.draw(data, NUMBERS, "number")
            identity = f"sandbox|1|{self.draw(data, SELLERS, 'seller')}|{number}|"
            fate = self.draw(data, FATES, "fate")
            total = self.draw(data, TOTALS, "total")
            offers.append(Offer(position, place, number, identity, fate, total))
        bundled = [offer for offer in offers if offer.fate == "bundled"]
        cut = data.draw(st.integers(0, len(bundled)), label="flow cut after")
        for part in (bundled[:cut], bundled[cut:]):
            if part:
                flow, ids = self._members(data, scope, len(part))
                for offer, member in zip(part, ids, strict=True):
                    offers[offer.position] = replace(offer, flow=flow, member=member)
        return offers

    @rule(data=st.data())
    def commit_chunk(self, data: Any) -> None:
        scope = self.scope(data)
        if (run_id := self.run_of(data, scope)) is None:
            return
        offers = self._offers(data, scope, run_id)
        self._commit(self.ledger(data, scope), scope, run_id, offers)
        self.last_chunk = scope, run_id, offers

    @precondition(lambda self: self.last_chunk is not None)
    @rule(data=st.data())
    def commit_the_last_chunk_again(self, data: Any) -> None:
        assert self.last_chunk is not None
        scope, run_id, offers = self.last_chunk
        self._commit(self.ledger(data, scope), scope, run_id, offers)

    @precondition(lambda self: self.last_chunk is not None)
    @rule(data=st.data())
    def offer_one_more_in_a_recorded_flow(self, data: Any) -> None:
        assert self.last_chunk is not None
        scope, run_id, offers = self.last_chunk
        flows = [offer.flow for offer in offers if offer.flow]
        if not flows:
            return
        self.lines += 1
        number = f"N{self.lines}"
        _, ids = self._members(data, scope, 1)
        more = Offer(
            len(offers),
            (FILES[0], self.lines),
            number,
            f"sandbox|1|{SELLERS[0]}|{number}|",
            "bundled",
            None,
            flows[0],
            ids[0],
        )
        self._commit(self.ledger(data, scope), scope, run_id, [*offers, more])

    def _commit(self, ledger: Ledger, scope: Scope, run_id: str, offers: list[Offer]) -> None:
        outcomes = [_outcome(offer) for offer in offers]
        flows = dict.fromkeys(offer.flow for offer in offers if offer.flow)
        built = [_built(flow, sum(o.flow == flow for o in offers)) for flow in flows]
        try:
            foretold = self.model.commit(scope, run_id, offers)
        except ValueError:
            with pytest.raises(ValueError, match="was recorded before with other invoices"):
                ledger.commit_chunk(run_id, outcomes, built)
            return
        found = ledger.commit_chunk(run_id, outcomes, built)
        assert [conflict.position for conflict in found] == foretold

    @rule(data=st.data(), rows=st.lists(st.sampled_from([*NUMBERS, "X1", "X2"]), max_size=3))
    def import_sent(self, data: Any, rows: list[str]) -> None:
        scope = self.scope(data)
        actor = self.draw(data, PEOPLE, "who")
        wanted: list[tuple[int, str, str, str]] = []
        for line, number in enumerate(rows):
            state = self.draw(data, [*HOLDING[1:], "bundled", "rejected"], "state")
            wanted.append((line, number, f"sandbox|1|{SELLERS[0]}|{number}|", state))
        sent = [
            SentInvoice(
                identity=Identity("sandbox", "1", SELLERS[0], number),
                line=line,
                state=InvoiceState(state),
            )
            for line, number, _, state in wanted
        ]
        ledger = self.ledger(data, scope)
        if any(state in {"bundled", "rejected"} for *_, state in wanted):
            with pytest.raises(ValueError, match="is not sent"):
                ledger.import_sent(sent, actor=actor)
            return
        result = ledger.import_sent(sent, actor=actor)
        foretold = self.model.import_sent(scope, result.run_id, wanted, actor)
        assert result.imported == foretold
        assert len(result.known) == len(wanted) - foretold

    # -- rules: flows --------------------------------------------------------------------------

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
        _, ids = self._members(data, flow.scope, max(1, len(keys)))
        members = dict(zip(keys, ids, strict=False))
        ledger = self.ledger(data, scope)
        with self.as_foretold(
            lambda: self.model.replace_flow(scope, flow_id, ids[0], flow.run_id, members, "op")
        ):
            ledger.replace_flow(
                flow_id,
                _built(ids[0], len(members)),
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

    # -- rules: waiting ------------------------------------------------------------------------

    def _some(self, data: Any, state: str) -> Key | None:
        """Return an invoice, most often one in a state."""
        wanted = [one.key for one in self.model.invoices.values() if one.state == state]
        keys = [*wanted, *wanted, *wanted, *list(self.model.invoices)[-1:]]
        return self.draw(data, keys, "invoice") if keys else None

    @rule(data=st.data())
    def take_over_waiting(self, data: Any) -> None:
        scope = self.scope(data)
        key, run_id = self._some(data, "waiting"), self.run_of(data, scope)
        if key is None or run_id is None:
            return
        row, ledger = self.row(key), self.ledger(data, scope)
        with self.as_foretold(lambda: self.model.take_over(scope, key, run_id)):
            ledger.take_over_waiting(row, run_id)

    @rule(data=st.data())
    def hand_back_waiting(self, data: Any) -> None:
        scope = self.scope(data)
        if (run_id := self.run_of(data, scope)) is None:
            return
        actor = self.draw(data, PEOPLE, "who")
        foretold = self.model.hand_back(scope, run_id, actor)
        ledger = self.ledger(data, scope)
        assert ledger.hand_back_waiting(run_id, reason="why", actor=actor) == foretold

    @rule(data=st.data())
    def give_up_waiting(self, data: Any) -> None:
        scope = self.scope(data)
        if (key := self._some(data, "waiting")) is None:
            return
        actor = self.draw(data, PEOPLE, "who")
        row, ledger = self.row(key), self.ledger(data, scope)
        with self.as_foretold(lambda: self.model.give_up_waiting(scope, [key], actor)):
            ledger.give_up_waiting([row], reason="why", actor=actor)

    # -- rules: returns ------------------------------------------------------------------------

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

    @rule(data=st.data())
    def note(self, data: Any) -> None:
        scope = self.scope(data)
        run_id = self.run_of(data, scope)
        self.ledger(data, scope).note("noted", actor="A. Martin", reason="why", run_id=run_id)

    # -- rules: what readers are told ----------------------------------------------------------

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


@dataclass(frozen=True, slots=True)
class _Landed:
    sha256: str
    size: int = 1

    @property
    def name(self) -> str:
        return f"{self.sha256}.csv"


def _outcome(offer: Offer) -> InvoiceOutcome:
    environment, scheme, seller, number, year = offer.identity.split("|")
    sha256, line = offer.place
    return InvoiceOutcome(
        position=offer.position,
        span=Span(file=f"{sha256}.csv", file_sha256=sha256, first_line=line, last_line=line),
        fate=Fate(offer.fate),
        number=offer.number,
        identity=Identity(environment, scheme, seller, number, year),
        content_hash=f"v1:{offer.number}",
        type_code="380",
        issue_date=NIGHT,
        currency="EUR",
        total=offer.total,
        flow_id=offer.flow,
        member_id=offer.member,
    )


def _built(flow_id: str, invoices: int) -> BuiltFlow:
    return BuiltFlow(
        flow_id=flow_id,
        file_name=f"{INTERFACES[0]}_{flow_id[:6]}_{flow_id}",
        interface=INTERFACES[0],
        path=flow_id,
        size=1,
        sha256=f"t-{flow_id}",
        content_sha256=f"c-{flow_id}",
        invoices=invoices,
    )
