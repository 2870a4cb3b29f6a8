"""Book of the recovered: what a restored ledger has forgotten, recorded again from elsewhere.

``chorus-flows ledger reconcile`` reads the journal, the outbox and the other side
(``flows.reconciling``); here are the looks that tell what the ledger lacks, and the records that
it makes. Every record says who asked for it and why.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, literal, or_, select

from flows.ledger.chunks import ChunkBook
from flows.ledger.identities import place_of, recorded_among
from flows.ledger.records import EventMark, WaitingRecord
from flows.ledger.runs import NIGHTLY
from flows.ledger.states import HOLDING, InvoiceState, RunState
from flows.ledger.store import batches, columns_for, to_record
from flows.ledger.tables import (
    events,
    flows,
    identities,
    invoices,
    returns,
    runs,
    sequences,
    statuses,
)
from transforms.outcome import BuiltFlow, InvoiceOutcome

#: Digits of a flow number, and digits of the interface before it, in a flow id.
_DIGITS = 15
_CODE = slice(3, 7)


class RecoveredBook(ChunkBook):
    """What the ledger lacks, and how it is recorded again."""

    # -- looks ---------------------------------------------------------------------------------

    def newest_event(self) -> tuple[int, datetime | None]:
        """Return number and time of the newest event of the whole ledger; 0 when there is none."""
        with self._reading() as connection:
            row = connection.execute(
                select(events.c.id, events.c.at).order_by(events.c.id.desc()).limit(1)
            ).first()
        return (0, None) if row is None else (row.id, row.at)

    def unknown_marks(self, marks: Collection[EventMark]) -> list[EventMark]:
        """Return the events that this ledger never recorded, or records otherwise, oldest first."""
        known: set[EventMark] = set()
        with self._reading() as connection:
            for batch in batches(sorted({mark.event for mark in marks})):
                rows = connection.execute(
                    select(events.c.id, events.c.at, events.c.kind, events.c.target).where(
                        events.c.id.in_(batch)
                    )
                )
                known.update(
                    EventMark(event=row.id, at=row.at, kind=row.kind, target=row.target)
                    for row in rows
                )
        return sorted((mark for mark in marks if mark not in known), key=lambda mark: mark.event)

    def known_runs(self, run_ids: Collection[str]) -> dict[str, RunState]:
        """Return the state of those of the runs that the ledger knows, of whatever company."""
        found: dict[str, RunState] = {}
        with self._reading() as connection:
            for batch in batches(sorted(run_ids)):
                rows = connection.execute(
                    select(runs.c.run_id, runs.c.state).where(runs.c.run_id.in_(batch))
                )
                found.update({row.run_id: row.state for row in rows})
        return found

    def unfinished_runs(self) -> list[str]:
        """Return the runs of this company and emitter that are to be resumed, oldest first."""
        with self._reading() as connection:
            return list(
                connection.execute(
                    select(runs.c.run_id)
                    .where(self._ours(runs), runs.c.state == RunState.RUNNING)
                    .order_by(runs.c.started_at, runs.c.run_id)
                ).scalars()
            )

    def known_flows(self, flow_ids: Collection[str]) -> frozenset[str]:
        """Return those of the flows that the ledger knows, of whatever company."""
        found: set[str] = set()
        with self._reading() as connection:
            for batch in batches(sorted(flow_ids)):
                found.update(
                    connection.execute(
                        select(flows.c.flow_id).where(flows.c.flow_id.in_(batch))
                    ).scalars()
                )
        return frozenset(found)

    def known_copies(self) -> frozenset[str]:
        """Return the local copies of return files that the ledger knows, of whatever company."""
        with self._reading() as connection:
            return frozenset(connection.execute(select(returns.c.kept_as)).scalars())

    def highest_sequence(self, interface: str) -> int:
        """Return the highest flow number ever reserved for an interface; 0: none."""
        with self._reading() as connection:
            return self._highest(connection, interface)

    def reports_beyond(self, interface: str, *, first: int) -> list[str]:
        """Return flow ids of ours that reports speak of and that were never reserved here.

        Args:
            interface: of the deposits (``FSO1106A``).
            first: lowest number that is ours; those below belong to a former tool.
        """
        stem = f"{self.emitter}{interface[_CODE]}"
        number = max(self.highest_sequence(interface), first - 1)
        highest = f"{stem}{number:0{_DIGITS}d}"
        with self._reading() as connection:
            rows = connection.execute(
                select(statuses.c.flow_id)
                .distinct()
                .where(
                    self._ours(statuses),
                    statuses.c.kind == "flow",
                    statuses.c.flow_id > highest,
                    statuses.c.flow_id <= stem + "9" * _DIGITS,
                    func.length(statuses.c.flow_id) == len(highest),
                )
                .order_by(statuses.c.flow_id)
            )
            return [flow_id for flow_id in rows.scalars() if flow_id is not None]

    def forgotten_waiting(self, run_id: str) -> list[WaitingRecord]:
        """Return waiting invoices that a run carries in a flow and has not taken over.

        Known by their place in their extract, else by their identity.
        """
        carried = select(invoices.c.identity_key).where(
            invoices.c.run_id == run_id, invoices.c.flow_id.is_not(None)
        )
        mine = invoices.alias()
        same_place = (
            select(mine.c.id)
            .where(
                mine.c.run_id == run_id,
                mine.c.flow_id.is_not(None),
                mine.c.file_sha256 == invoices.c.file_sha256,
                mine.c.first_line == invoices.c.first_line,
            )
            .exists()
        )
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(WaitingRecord, invoices, {"invoice_row": "id"}))
                .where(
                    self._ours(invoices),
                    invoices.c.state == InvoiceState.WAITING,
                    invoices.c.run_id != run_id,
                    invoices.c.taken_over_by.is_(None),
                    or_(same_place, invoices.c.identity_key.in_(carried)),
                )
                .order_by(invoices.c.id)
            )
            return [to_record(WaitingRecord, row._mapping) for row in rows]

    # -- records -------------------------------------------------------------------------------

    def raise_sequences(self, interface: str, upto: int, *, actor: str, reason: str) -> bool:
        """Reserve all flow numbers up to ``upto``, so that none is given again.

        Returns:
            Whether there was anything to reserve.
        """
        with self._writing() as connection:
            first = self._highest(connection, interface) + 1
            if upto < first:
                return False
            connection.execute(
                sequences.insert().values(
                    **self._scope,
                    interface=interface,
                    first=first,
                    last=upto,
                    reserved_at=self._clock(),
                )
            )
            told = f"{interface} {first} to {upto}: {reason}"
            self._record_event(connection, "sequence", "reserved", actor=actor, reason=told)
        return True

    def recover_run(
        self,
        run_id: str,
        *,
        run_date: date,
        settings_hash: str,
        version: str,
        started_at: datetime,
        start_reason: str,
        actor: str,
        reason: str,
    ) -> bool:
        """Record a run that the ledger has forgotten, as one that was cut short.

        Args:
            run_id: its id.
            run_date, settings_hash, version, started_at: as they were.
            start_reason: what its first event said.
            actor: who asks for it.
            reason: why.

        Returns:
            False when the ledger knows the run; then nothing is recorded.
        """
        with self._writing() as connection:
            taken = connection.execute(select(runs.c.run_id).where(runs.c.run_id == run_id))
            if taken.first() is not None:
                return False
            connection.execute(
                runs.insert().values(
                    **self._scope,
                    run_id=run_id,
                    kind=NIGHTLY,
                    run_date=run_date,
                    state=RunState.RUNNING,
                    settings_hash=settings_hash,
                    version=version,
                    started_at=started_at,
                )
            )
            self._record_event(
                connection, "run", RunState.RUNNING, run_id=run_id, reason=start_reason
            )
            self._record_event(
                connection, "run", "recovered", run_id=run_id, actor=actor, reason=reason
            )
        return True

    def recover_flow(
        self,
        run_id: str,
        built: BuiltFlow,
        outcomes: Sequence[InvoiceOutcome],
        *,
        actor: str,
        reason: str,
    ) -> bool:
        """Record a flow that the ledger has forgotten, and its invoices, as just built.

        Their numbers are held from now on; one that another invoice holds stays with it for now
        (:meth:`hold_numbers`).

        Args:
            run_id: the run that built it; the ledger knows it.
            built: the flow.
            outcomes: its invoices; a place that the run has recorded otherwise is replaced by
                the place in the flow.
            actor: who asks for it.
            reason: why.

        Returns:
            False when the ledger knows the flow; then nothing is recorded.
        """
        with self._writing() as connection:
            known = select(flows.c.flow_id).where(flows.c.flow_id == built.flow_id)
            if connection.execute(known).first() is not None:
                return False
            self._insert_flows(connection, run_id, [built])
            taken = recorded_among(connection, run_id, outcomes)
            connection.execute(
                invoices.insert(),
                [
                    self._recovered_row(run_id, outcome, built, rank, place_of(outcome) in taken)
                    for rank, outcome in enumerate(outcomes, start=1)
                ],
            )
            mine = invoices.c.flow_id == built.flow_id
            self._insert_identities(
                connection,
                [
                    mine,
                    invoices.c.identity_key.is_not(None),
                    invoices.c.identity_key.not_in(select(identities.c.key)),
                ],
            )
            self._insert_deposits(connection, [mine])
            self._record_invoice_events(
                connection,
                [mine],
                literal(InvoiceState.RECEIVED.value),
                InvoiceState.BUNDLED,
                reason,
                actor,
            )
        return True

    def hold_numbers(self) -> None:
        """Let every invoice that must hold its number do so, where nobody else holds it.

        Of a number that was sent, given up or rejected, and sent again, the one that holds it is
        only known once every flow is where it was.
        """
        held = select(identities.c.key)
        with self._writing() as connection:
            newest = (
                select(func.max(invoices.c.id))
                .where(
                    self._ours(invoices),
                    invoices.c.state.in_(HOLDING),
                    invoices.c.identity_key.is_not(None),
                    invoices.c.identity_key.not_in(held),
                )
                .group_by(invoices.c.identity_key)
            )
            self._insert_identities(connection, [invoices.c.id.in_(newest)])

    def sent_twice(self, flow_ids: Collection[str]) -> dict[str, str]:
        """Return numbers of these flows that another invoice holds, and the flow of ours."""
        found: dict[str, str] = {}
        with self._reading() as connection:
            for batch in batches(sorted(flow_ids)):
                rows = connection.execute(
                    select(invoices.c.number, invoices.c.flow_id).where(
                        invoices.c.flow_id.in_(batch),
                        invoices.c.state.in_(HOLDING),
                        invoices.c.identity_key.is_not(None),
                        invoices.c.id.not_in(select(identities.c.invoice_id)),
                    )
                )
                found.update({row.number: row.flow_id for row in rows})
        return found

    def note_reconciled(self, *, actor: str, reason: str) -> EventMark:
        """Record that what the ledger had forgotten is accounted for; return the event."""
        with self._writing() as connection:
            return self._record_event(
                connection, "ledger", "reconciled", actor=actor, reason=reason
            )

    # -- helpers -------------------------------------------------------------------------------

    def _highest(self, connection: Connection, interface: str) -> int:
        highest: int | None = connection.execute(
            select(func.max(sequences.c.last)).where(
                sequences.c.emitter == self.emitter, sequences.c.interface == interface
            )
        ).scalar_one()
        return highest or 0

    def _recovered_row(
        self,
        run_id: str,
        outcome: InvoiceOutcome,
        built: BuiltFlow,
        rank: int,
        taken: bool,
    ) -> dict[str, Any]:
        row = self._invoice_row(run_id, outcome, 0)
        if taken:
            row |= {
                "file": built.file_name,
                "file_sha256": built.sha256,
                "first_line": rank,
                "last_line": rank,
            }
        return row
