"""Book of the invoices: what a run read and where each is now; the waiting; the tallies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import Select, and_, or_, select

from flows.errors import IllegalTransitionError
from flows.ledger.records import InvoiceRecord, WaitingRecord, spool_name
from flows.ledger.states import HOLDING, InvoiceState, RunState
from flows.ledger.store import PAGE, SYSTEM, Store, batches, columns_for, to_record
from flows.ledger.tables import events, invoices, runs
from transforms.balance import RunningTally, Tally

_ROW = {"invoice_row": "id"}


class InvoiceBook(Store):
    """Invoices of this company and emitter."""

    def invoices(
        self,
        *,
        run_id: str | None = None,
        states: Collection[InvoiceState | str] = (),
        number: str | None = None,
        flow_id: str | None = None,
        life_statuses: Collection[str] | None = None,
        limit: int | None = None,
    ) -> Iterator[InvoiceRecord]:
        """Yield invoices in the order they were recorded; arguments narrow them down.

        They are fetched page by page: memory stays small, and no transaction stays open while the
        caller works.
        """
        query = select(*columns_for(InvoiceRecord, invoices, _ROW)).where(self._ours(invoices))
        if run_id is not None:
            query = query.where(invoices.c.run_id == run_id)
        if states:
            query = query.where(invoices.c.state.in_([InvoiceState(state) for state in states]))
        if number is not None:
            query = query.where(invoices.c.number == number)
        if flow_id is not None:
            query = query.where(invoices.c.flow_id == flow_id)
        if life_statuses is not None:
            query = query.where(invoices.c.life_status.in_(life_statuses))
        return self._paged(query, limit)

    def invoice(self, invoice_row: int) -> InvoiceRecord | None:
        """Return one invoice, or None."""
        query = select(*columns_for(InvoiceRecord, invoices, _ROW)).where(
            self._ours(invoices), invoices.c.id == invoice_row
        )
        return next(self._paged(query, 1), None)

    def life_statuses(self) -> frozenset[str]:
        """Return the last life-cycle statuses that invoices have, as they were received."""
        query = select(invoices.c.life_status).distinct()
        with self._reading() as connection:
            rows = connection.execute(
                query.where(self._ours(invoices), invoices.c.life_status.is_not(None))
            )
            return frozenset(rows.scalars())

    def followers(self, invoice_rows: Iterable[int]) -> dict[int, InvoiceRecord]:
        """Return the invoices issued in place of others that the buyer refused, by their row.

        Only one that left counts: it holds its number. The newest of several is returned.
        """
        found: dict[int, InvoiceRecord] = {}
        with self._reading() as connection:
            for batch in batches(sorted(set(invoice_rows))):
                rows = connection.execute(
                    select(*columns_for(InvoiceRecord, invoices, _ROW))
                    .where(
                        self._ours(invoices),
                        invoices.c.follows.in_(batch),
                        invoices.c.state.in_(HOLDING),
                    )
                    .order_by(invoices.c.id)
                )
                for row in rows:
                    record = to_record(InvoiceRecord, row._mapping)
                    found[record.follows or 0] = record
        return found

    def invoices_by_number(
        self, numbers: Collection[str], *, states: Collection[InvoiceState | str] = ()
    ) -> dict[str, tuple[InvoiceRecord, ...]]:
        """Return the invoices of many numbers at once, oldest first; unknown numbers are absent."""
        wanted = [InvoiceState(state) for state in states]
        found: dict[str, list[InvoiceRecord]] = {}
        with self._reading() as connection:
            for batch in batches(sorted(set(numbers))):
                query = select(*columns_for(InvoiceRecord, invoices, _ROW)).where(
                    self._ours(invoices), invoices.c.number.in_(batch)
                )
                if wanted:
                    query = query.where(invoices.c.state.in_(wanted))
                for row in connection.execute(query.order_by(invoices.c.id)):
                    record = to_record(InvoiceRecord, row._mapping)
                    found.setdefault(record.number or "", []).append(record)
        return {number: tuple(records) for number, records in found.items()}

    def tallies(self, run_id: str) -> dict[InvoiceState, Tally]:
        """Return count and amounts of a run's invoices, per state they are in.

        Amounts are summed as decimals, per currency and document type.
        """
        found: dict[InvoiceState, RunningTally] = {}
        with self._reading() as connection:
            rows = connection.execution_options(yield_per=PAGE).execute(
                select(
                    invoices.c.state, invoices.c.currency, invoices.c.type_code, invoices.c.total
                ).where(self._ours(invoices), invoices.c.run_id == run_id)
            )
            for state, currency, type_code, total in rows:
                found.setdefault(state, RunningTally()).add(currency, type_code, total)
        return {state: running.tally() for state, running in found.items()}

    def waiting(self, run_id: str) -> list[WaitingRecord]:
        """Return the invoices that former runs left waiting, for this run to take over.

        Those it took over before it crashed are among them when it is resumed; those it left
        waiting itself are not, nor those of a run that is held: nothing of it may leave yet. A run
        that is still to be resumed keeps its own.
        """

        def of_runs(*states: RunState) -> Select[tuple[str]]:
            return select(runs.c.run_id).where(runs.c.state.in_(states), self._ours(runs))

        left = and_(
            invoices.c.taken_over_by.is_(None), invoices.c.run_id.not_in(of_runs(RunState.RUNNING))
        )
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(WaitingRecord, invoices, _ROW))
                .where(
                    self._ours(invoices),
                    invoices.c.state == InvoiceState.WAITING,
                    invoices.c.run_id != run_id,
                    invoices.c.run_id.not_in(of_runs(RunState.HELD, RunState.FAILED)),
                    or_(left, invoices.c.taken_over_by == run_id),
                )
                .order_by(invoices.c.id)
            )
            return [to_record(WaitingRecord, row._mapping) for row in rows]

    def sellers(
        self, run_id: str, *, states: Collection[InvoiceState | str] = ()
    ) -> frozenset[str]:
        """Return the seller identifiers of a run's invoices (BT-30, as the identity has them)."""
        query = (
            select(invoices.c.seller_id)
            .distinct()
            .where(
                self._ours(invoices),
                invoices.c.run_id == run_id,
                invoices.c.seller_id.is_not(None),
            )
        )
        if states:
            query = query.where(invoices.c.state.in_([InvoiceState(state) for state in states]))
        with self._reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def take_over_waiting(
        self, invoice_row: int, run_id: str, *, actor: str = SYSTEM, reason: str = ""
    ) -> None:
        """Mark a waiting invoice of a former run as read again by this one.

        It stays waiting in the balance of its own run; in this one it is a new invoice of the same
        file and line. Doing it again changes nothing.

        Raises:
            IllegalTransitionError: no such invoice, it does not wait, or another run took it over.
        """
        with self._writing() as connection:
            row = connection.execute(
                select(invoices.c.number, invoices.c.state, invoices.c.taken_over_by)
                .where(self._ours(invoices), invoices.c.id == invoice_row)
                .with_for_update()
            ).first()
            if row is None:
                raise IllegalTransitionError(f"The ledger knows no invoice row {invoice_row}.")
            if row.taken_over_by == run_id:
                return
            if row.taken_over_by is not None:
                message = f"Invoice {row.number} was taken over by run {row.taken_over_by}."
                raise IllegalTransitionError(message)
            if row.state is not InvoiceState.WAITING:
                message = f"Invoice {row.number} is {row.state.value}: it does not wait."
                raise IllegalTransitionError(message)
            connection.execute(
                invoices.update().where(invoices.c.id == invoice_row).values(taken_over_by=run_id)
            )
            self._record_event(
                connection,
                "invoice",
                "taken_over",
                source=row.state,
                reason=reason,
                actor=actor,
                run_id=run_id,
                invoice_id=invoice_row,
            )

    def give_up_waiting(
        self, invoice_rows: Collection[int], *, reason: str, actor: str = SYSTEM
    ) -> None:
        """Quarantine invoices that wait and that no later night may take over.

        Raises:
            IllegalTransitionError: one of them does not wait, or is unknown; then none is changed.
        """
        given_up: set[str] = set()
        with self._writing() as connection:
            for batch in batches(sorted(invoice_rows)):
                mine = (self._ours(invoices), invoices.c.id.in_(batch))
                rows = connection.execute(
                    select(
                        invoices.c.id, invoices.c.number, invoices.c.state, invoices.c.run_id
                    ).where(*mine)
                ).all()
                if unknown := set(batch) - {row.id for row in rows}:
                    raise IllegalTransitionError(f"The ledger knows no invoice row {min(unknown)}.")
                for row in rows:
                    if row.state is not InvoiceState.WAITING:
                        message = f"Invoice {row.number} is {row.state.value}: it does not wait."
                        raise IllegalTransitionError(message)
                connection.execute(
                    events.insert(),
                    [
                        self._event(
                            "invoice",
                            InvoiceState.QUARANTINED,
                            source=row.state,
                            reason=reason,
                            actor=actor,
                            run_id=row.run_id,
                            invoice_id=row.id,
                        )
                        for row in rows
                    ],
                )
                connection.execute(
                    invoices.update()
                    .where(*mine)
                    .values(state=InvoiceState.QUARANTINED, reason=reason, changed_at=self._clock())
                )
                given_up.update(row.run_id for row in rows)
            self._note_change(connection, given_up)

    def left_waiting(self, run_id: str) -> list[int]:
        """Return the rows of a run's invoices that wait and that nobody took over."""
        with self._reading() as connection:
            rows = connection.execute(
                select(invoices.c.id)
                .where(
                    self._ours(invoices),
                    invoices.c.run_id == run_id,
                    invoices.c.state == InvoiceState.WAITING,
                    invoices.c.taken_over_by.is_(None),
                )
                .order_by(invoices.c.id)
            )
            return list(rows.scalars())

    def hand_back_waiting(self, run_id: str, *, reason: str, actor: str = SYSTEM) -> int:
        """Let the invoices that a failed run had taken over wait again; return how many."""
        with self._writing() as connection:
            mine = (self._ours(invoices), invoices.c.taken_over_by == run_id)
            rows = connection.execute(select(invoices.c.id, invoices.c.state).where(*mine)).all()
            for row in rows:
                self._record_event(
                    connection,
                    "invoice",
                    "handed_back",
                    source=row.state,
                    reason=reason,
                    actor=actor,
                    run_id=run_id,
                    invoice_id=row.id,
                )
            connection.execute(invoices.update().where(*mine).values(taken_over_by=None))
            return len(rows)

    def spent_spools(self, run_id: str) -> frozenset[str]:
        """Return the spools of a run that no invoice of the ledger needs now.

        Those it took over, and those it wrote itself before it was given up.
        """
        over = select(runs.c.run_id).where(runs.c.state.in_([RunState.DONE, RunState.RELEASED]))
        place = (invoices.c.file_sha256, invoices.c.first_line)
        with self._reading() as connection:
            given_up = and_(
                invoices.c.run_id == run_id,
                invoices.c.state == InvoiceState.QUARANTINED,
                invoices.c.nights > 0,
            )
            taken = connection.execute(
                select(*place).where(or_(invoices.c.taken_over_by == run_id, given_up))
            )
            spent = {spool_name(sha256, line) for sha256, line in taken}
            # Of all companies: they may share a state folder.
            waiting = connection.execute(
                select(*place).where(
                    invoices.c.state == InvoiceState.WAITING,
                    or_(invoices.c.taken_over_by.is_(None), invoices.c.taken_over_by.not_in(over)),
                )
            )
            return frozenset(spent - {spool_name(sha256, line) for sha256, line in waiting})

    def _paged(self, query: Select[Any], limit: int | None) -> Iterator[InvoiceRecord]:
        last = 0
        left = limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            with self._reading() as connection:
                rows = connection.execute(
                    query.where(invoices.c.id > last).order_by(invoices.c.id).limit(size)
                ).all()
            for row in rows:
                yield to_record(InvoiceRecord, row._mapping)
            if len(rows) < size:
                return
            last = rows[-1].invoice_row
            left = None if left is None else left - size
