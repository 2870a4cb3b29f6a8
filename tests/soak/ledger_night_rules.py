"""What a night asks of the ledger: runs, extracts, numbers, chunks, waiting invoices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from flows.ledger import Ledger, SentInvoice
from flows.ledger.states import InvoiceState
from tests.soak.ledger_ground import (
    FATES,
    FILES,
    INTERFACES,
    NIGHT,
    NUMBERS,
    PEOPLE,
    SCOPES,
    SELLERS,
    TOTALS,
    LedgerGround,
    built,
)
from tests.soak.ledger_rules import (
    HOLDING,
    RUN_MOVES,
    Key,
    Offer,
    Scope,
)
from transforms.outcome import Fate, Identity, InvoiceOutcome, Span


class NightRules(LedgerGround):
    """Rules about what is read in a night."""

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
                flow, ids = self.new_members(data, scope, len(part))
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
        _, ids = self.new_members(data, scope, 1)
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
        made = [built(flow, sum(o.flow == flow for o in offers)) for flow in flows]
        try:
            foretold = self.model.commit(scope, run_id, offers)
        except ValueError:
            with pytest.raises(ValueError, match="was recorded before with other invoices"):
                ledger.commit_chunk(run_id, outcomes, made)
            return
        found = ledger.commit_chunk(run_id, outcomes, made)
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
