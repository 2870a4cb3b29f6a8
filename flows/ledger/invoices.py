"""Book of the invoices: what a run read and where each is now; the waiting; the tallies."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, or_, select

from flows.errors import IllegalTransitionError
from flows.ledger.records import InvoiceRecord, WaitingRecord
from flows.ledger.states import InvoiceState
from flows.ledger.store import PAGE, SYSTEM, Store, batches, columns_for, to_record
from flows.ledger.tables import invoices
from transforms.balance import Tally, tally

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
        return self._paged(query, limit)

    def invoice(self, invoice_row: int) -> InvoiceRecord | None:
        """Return one invoice, or None."""
        query = select(*columns_for(InvoiceRecord, invoices, _ROW)).where(
            self._ours(invoices), invoices.c.id == invoice_row
        )
        return next(self._paged(query, 1), None)

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
        items: dict[InvoiceState, list[tuple[str | None, str | None, Decimal | None]]] = {}
        with self._reading() as connection:
            rows = connection.execute(
                select(
                    invoices.c.state, invoices.c.currency, invoices.c.type_code, invoices.c.total
                ).where(self._ours(invoices), invoices.c.run_id == run_id)
            )
            for state, currency, type_code, total in rows:
                items.setdefault(state, []).append((currency, type_code, total))
        return {state: tally(of_state) for state, of_state in items.items()}

    def waiting(self, run_id: str) -> list[WaitingRecord]:
        """Return the invoices that former runs left waiting, for this run to take over.

        Those it took over before it crashed are among them when it is resumed; those it left
        waiting itself are not.
        """
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(WaitingRecord, invoices, _ROW))
                .where(
                    self._ours(invoices),
                    invoices.c.state == InvoiceState.WAITING,
                    invoices.c.run_id != run_id,
                    or_(invoices.c.taken_over_by.is_(None), invoices.c.taken_over_by == run_id),
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
