"""The ledger as plain Python: what it must hold after any sequence of calls.

A call that the rules refuse raises :class:`RefusedError` before anything is changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tests.soak.ledger_rules import (
    EFFECTS,
    FLOW_MOVES,
    HOLDING,
    RETURN_MOVES,
    RUN_MOVES,
    SETTLED,
    SYSTEM,
    UNDERWAY,
    Flow,
    Invoice,
    Key,
    Offer,
    RefusedError,
    Return,
    Run,
    Scope,
)


class LedgerModel:
    """What the ledger must hold."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.invoices: dict[Key, Invoice] = {}
        self.flows: dict[str, Flow] = {}
        self.holders: dict[str, Key] = {}
        self.numbers: dict[tuple[str, str], list[range]] = defaultdict(list)
        self.returns: dict[tuple[Scope, str], Return] = {}
        self.history: dict[tuple[str, object], list[tuple[str, str, str]]] = defaultdict(list)
        """By kind and subject: from, to, who."""
        self.freed: Counter[Key] = Counter()

    # -- helpers -------------------------------------------------------------------------------

    def runs_of(self, scope: Scope, *states: str) -> list[Run]:
        """Return the nightly runs of a scope, oldest first."""
        return [
            run
            for run in self.runs.values()
            if run.scope == scope and run.kind == "nightly" and (not states or run.state in states)
        ]

    def of_flow(self, flow_id: str) -> list[Invoice]:
        """Return the invoices that are in a flow now."""
        return [one for one in self.invoices.values() if one.flow == flow_id]

    def _told(self, kind: str, subject: object, source: str, target: str, actor: str) -> None:
        self.history[kind, subject].append((source, target, actor))

    def _move(self, invoice: Invoice, state: str, actor: str) -> None:
        before, invoice.state = invoice.state, state
        self._told("invoice", invoice.key, before, state, actor)
        if state in HOLDING and before not in HOLDING:
            self.holders.setdefault(invoice.identity, invoice.key)
        elif state not in HOLDING and state != "rejected":
            self._let_go(invoice)

    def _let_go(self, invoice: Invoice) -> bool:
        if self.holders.get(invoice.identity) != invoice.key:
            return False
        del self.holders[invoice.identity]
        return True

    # -- runs and extracts ---------------------------------------------------------------------

    def start_run(self, scope: Scope, run_id: str) -> None:
        """Start a run."""
        if run_id in self.runs:
            raise RefusedError
        self.runs[run_id] = Run(run_id, scope)
        self._told("run", run_id, "", "running", SYSTEM)

    def finish_run(self, scope: Scope, run_id: str, state: str, actor: str) -> None:
        """End a run."""
        run = self.runs.get(run_id)
        if run is None or run.scope != scope:
            raise RefusedError
        if run.state == state:
            return
        if state not in RUN_MOVES[run.state]:
            raise RefusedError
        self._told("run", run_id, run.state, state, actor)
        run.state = state

    def record_extracts(self, run_id: str, hashes: Iterable[str]) -> None:
        """Claim files."""
        for sha256 in hashes:
            if self.runs[run_id].extracts.setdefault(sha256, "") == "":
                self.runs[run_id].extracts[sha256] = "claimed"
                self._told("extract", run_id, "", "claimed", SYSTEM)

    def finish_extracts(self, run_id: str, hashes: Sequence[str]) -> None:
        """Say that files are read to the end."""
        extracts = self.runs[run_id].extracts
        if any(sha256 not in extracts for sha256 in hashes):
            raise RefusedError
        for sha256 in hashes:
            if extracts[sha256] == "claimed":
                extracts[sha256] = "done"
                self._told("extract", run_id, "claimed", "done", SYSTEM)

    def seen_by(self, scope: Scope, sha256: str) -> set[str]:
        """Return the runs that did a file (the ledger names the first)."""
        return {
            run.run_id
            for run in self.runs_of(scope)
            if run.state != "failed" and run.extracts.get(sha256) == "done"
        }

    def spent(self, scope: Scope, sha256: str) -> bool:
        """Whether an invoice of a file is anywhere else than held back."""
        return any(
            invoice.place[0] == sha256 and invoice.state not in {"quarantined", "rejected"}
            for run in self.runs_of(scope)
            if run.state != "failed" and sha256 in run.extracts
            for invoice in self.invoices.values()
            if invoice.key[0] == run.run_id
        )

    # -- numbers -------------------------------------------------------------------------------

    def reserve(self, emitter: str, interface: str, count: int, first: int) -> range:
        """Reserve flow numbers."""
        taken = self.numbers[emitter, interface]
        start = max([first, *(block.stop for block in taken)])
        taken.append(range(start, start + count))
        return taken[-1]

    # -- chunks --------------------------------------------------------------------------------

    def commit(self, scope: Scope, run_id: str, offers: Sequence[Offer]) -> list[int]:
        """Record a chunk, or return the positions that conflict."""
        before = {
            offer.place: known
            for offer in offers
            if (known := self.invoices.get((run_id, *offer.place))) is not None
        }
        conflicts: list[int] = []
        taken = set(self.holders)
        for offer in offers:
            known = before.get(offer.place)
            if offer.fate != "bundled":
                continue
            if known is not None:
                if known.flow != offer.flow:
                    conflicts.append(offer.position)
            elif offer.identity in taken:
                conflicts.append(offer.position)
            else:
                taken.add(offer.identity)
        if conflicts:
            return conflicts
        fresh = [offer for offer in offers if offer.place not in before]
        if {o.flow for o in fresh if o.flow} & {known.flow for known in before.values()}:
            raise ValueError
        for offer in fresh:
            if offer.flow is not None and offer.flow not in self.flows:
                self.flows[offer.flow] = Flow(offer.flow, scope, run_id)
                self._told("flow", offer.flow, "reserved", "built", SYSTEM)
            self._record(scope, run_id, offer)
        return []

    def _record(self, scope: Scope, run_id: str, offer: Offer) -> None:
        waited = [
            one.nights
            for one in self.invoices.values()
            if one.taken_over_by == run_id and one.place == offer.place
        ]
        nights = max(waited, default=0) + (offer.fate == "waiting")
        invoice = Invoice(
            (run_id, *offer.place),
            scope,
            offer.number,
            offer.identity,
            "received",
            offer.total,
            offer.flow,
            offer.member,
            nights,
        )
        if offer.flow is not None and offer.member is not None:
            invoice.members.append((offer.flow, offer.member))
        self.invoices[invoice.key] = invoice
        self._move(invoice, offer.fate, SYSTEM)

    def import_sent(
        self,
        scope: Scope,
        run_id: str,
        rows: Sequence[tuple[int, str, str, str]],
        actor: str,
    ) -> int:
        """Record invoices of a former tool (line, number, identity, state); return how many."""
        self.runs[run_id] = Run(run_id, scope, "import", "done")
        self._told("run", run_id, "", "done", actor)
        imported = 0
        for line, number, identity, state in rows:
            if identity in self.holders:
                continue
            invoice = Invoice((run_id, "", line), scope, number, identity, state, None)
            self.invoices[invoice.key] = invoice
            self.holders[identity] = invoice.key
            self._told("invoice", invoice.key, "import", state, actor)
            imported += 1
        return imported

    # -- flows ---------------------------------------------------------------------------------

    def _flow(self, scope: Scope, flow_id: str) -> Flow:
        flow = self.flows.get(flow_id)
        if flow is None or flow.scope != scope:
            raise RefusedError
        return flow

    def move_flow(self, scope: Scope, flow_id: str, state: str, actor: str) -> None:
        """Move a flow, and its invoices with it."""
        flow = self._flow(scope, flow_id)
        if flow.state == state and state != "uploading":
            return
        if state not in FLOW_MOVES[flow.state]:
            raise RefusedError
        self._told("flow", flow_id, flow.state, state, actor)
        flow.state = state
        flow.attempts += state == "uploading"
        sources, target = EFFECTS.get(state, ((), ""))
        for invoice in self.of_flow(flow_id):
            if invoice.state in sources:
                self._move(invoice, target, actor)

    def settle(self, scope: Scope, flow_id: str, results: Mapping[Key, str], actor: str) -> None:
        """Say what became of single members, all or none."""
        members = {one.key: one for one in self.of_flow(flow_id) if one.scope == scope}
        moved: list[tuple[Invoice, str]] = []
        for key, state in results.items():
            if key not in members:
                raise RefusedError
            member = members[key]
            if member.state == state:
                continue
            if state not in SETTLED or member.state not in (*HOLDING, "rejected"):
                raise RefusedError
            moved.append((member, state))
        for member, state in moved:
            self._move(member, state, actor)

    def to_send_again(self, flow_id: str) -> list[Invoice]:
        """Return the invoices of a flow that nobody knows to be integrated or refused."""
        return [one for one in self.of_flow(flow_id) if one.state in UNDERWAY]

    def replace_flow(
        self, scope: Scope, flow_id: str, new: str, run_id: str, members: Mapping[Key, str], by: str
    ) -> None:
        """Send the invoices of a flow again in a new one."""
        flow = self._flow(scope, flow_id)
        again = self.to_send_again(flow_id)
        if flow.state not in {"in_doubt", "incident"} or not again:
            raise RefusedError
        if set(members) != {one.key for one in again}:
            raise RefusedError
        self.flows[new] = Flow(new, scope, run_id, replaces=flow_id)
        self._told("flow", new, "reserved", "built", SYSTEM)
        for invoice in again:
            if invoice.state != "bundled":
                self._move(invoice, "bundled", by)
            invoice.flow, invoice.member = new, members[invoice.key]
            invoice.members.append((new, members[invoice.key]))
        self._told("flow", flow_id, flow.state, "abandoned", by)
        flow.state = "abandoned"

    def free(self, scope: Scope, keys: Sequence[Key], actor: str) -> int:
        """Let numbers of rejected invoices go; return how many."""
        ours = [self.invoices[key] for key in keys if self.invoices[key].scope == scope]
        holding = [one for one in ours if self.holders.get(one.identity) == one.key]
        if any(one.state != "rejected" for one in holding):
            raise RefusedError
        for invoice in holding:
            self._let_go(invoice)
            self._told("identity", invoice.key, "held", "free", actor)
        return len(holding)

    # -- waiting -------------------------------------------------------------------------------

    def waiting(self, scope: Scope, run_id: str) -> set[Key]:
        """Return what a run may take over."""
        return {
            one.key
            for one in self.invoices.values()
            if one.scope == scope
            and one.state == "waiting"
            and one.key[0] != run_id
            and self.runs[one.key[0]].state not in {"held", "failed"}
            and (
                one.taken_over_by == run_id
                or (one.taken_over_by is None and self.runs[one.key[0]].state != "running")
            )
        }

    def left_waiting(self, scope: Scope, run_id: str) -> set[Key]:
        """Return what a run left waiting and nobody took over."""
        return {
            one.key
            for one in self.invoices.values()
            if one.scope == scope
            and one.key[0] == run_id
            and one.state == "waiting"
            and one.taken_over_by is None
        }

    def take_over(self, scope: Scope, key: Key, run_id: str) -> None:
        """Mark a waiting invoice as read again."""
        invoice = self.invoices[key]
        if invoice.scope != scope:
            raise RefusedError
        if invoice.taken_over_by == run_id:
            return
        if invoice.taken_over_by is not None or invoice.state != "waiting":
            raise RefusedError
        invoice.taken_over_by = run_id
        self._told("invoice", key, "waiting", "taken_over", SYSTEM)

    def give_up_waiting(self, scope: Scope, keys: Iterable[Key], actor: str) -> None:
        """Quarantine what waits, all or none."""
        ours = [self.invoices[key] for key in keys]
        if any(one.scope != scope or one.state != "waiting" for one in ours):
            raise RefusedError
        for invoice in ours:
            self._move(invoice, "quarantined", actor)

    def hand_back(self, scope: Scope, run_id: str, actor: str) -> int:
        """Undo what a run took over; return how many."""
        taken = [
            one
            for one in self.invoices.values()
            if one.scope == scope and one.taken_over_by == run_id
        ]
        for invoice in taken:
            invoice.taken_over_by = None
            self._told("invoice", invoice.key, invoice.state, "handed_back", actor)
        return len(taken)

    def spent_places(self, run_id: str) -> set[tuple[str, int]]:
        """Return the places that a run took over, or gave up, and that no invoice waits at."""
        taken = {
            one.place
            for one in self.invoices.values()
            if one.taken_over_by == run_id
            or (one.key[0] == run_id and one.state == "quarantined" and one.nights > 0)
        }
        needed = {
            one.place
            for one in self.invoices.values()
            if one.state == "waiting"
            and (
                one.taken_over_by is None
                or self.runs[one.taken_over_by].state not in {"done", "released"}
            )
        }
        return taken - needed

    # -- returns -------------------------------------------------------------------------------

    def record_return(self, scope: Scope, sha256: str) -> None:
        """Record a return file, once."""
        if (scope, sha256) not in self.returns:
            self.returns[scope, sha256] = Return(scope, sha256)
            self._told("return", (scope, sha256), "", "fetched", SYSTEM)

    def move_return(self, scope: Scope, sha256: str, state: str) -> None:
        """Say what became of a return file."""
        known = self.returns.get((scope, sha256))
        if known is None:
            raise RefusedError
        if known.state == state:
            return
        if state not in RETURN_MOVES[known.state]:
            raise RefusedError
        self._told("return", (scope, sha256), known.state, state, SYSTEM)
        known.state = state

    def add_statuses(
        self, scope: Scope, sha256: str, rows: Sequence[tuple[Key, str, datetime | None]]
    ) -> None:
        """Record life-cycle statuses (invoice, code, own time) of a file, once."""
        known = self.returns[scope, sha256]
        if known.statuses:
            return
        known.statuses = len(rows)
        for key, code, at in rows:
            invoice = self.invoices[key]
            if invoice.scope != scope:
                continue
            current = invoice.life[1] if invoice.life else None
            if current is None or (at is not None and at >= current):
                invoice.life = code, at
