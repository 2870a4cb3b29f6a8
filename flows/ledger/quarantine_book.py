"""Book of the quarantine: which invoices are still held back, and what people did about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import ColumnElement, and_, exists, or_, select

from flows.ledger.invoices import InvoiceBook
from flows.ledger.records import EventRecord, InvoiceRecord
from flows.ledger.states import InvoiceState
from flows.ledger.store import batches, columns_for, to_record
from flows.ledger.tables import events, invoices


class QuarantineBook(InvoiceBook):
    """Quarantined invoices of this company and emitter."""

    def open_quarantine(self, run_id: str | None = None) -> Iterator[InvoiceRecord]:
        """Yield the invoices whose newest reading is quarantined, in the order of their reading.

        A number that was read again since, by whatever run, is where that reading is: sent,
        waiting, or quarantined anew. Readings are of one invoice when number and seller are equal,
        or when one of them could not tell its seller. One without a number stays open.

        Args:
            run_id: only those read by this run; None: of all runs.
        """
        query = select(*columns_for(InvoiceRecord, invoices, {"invoice_row": "id"})).where(
            self._ours(invoices),
            invoices.c.state == InvoiceState.QUARANTINED,
            ~self._read_again(),
        )
        if run_id is not None:
            query = query.where(invoices.c.run_id == run_id)
        return self._paged(query, None)

    def open_quarantine_of(
        self, numbers: Collection[str], run_id: str | None = None
    ) -> dict[str, tuple[InvoiceRecord, ...]]:
        """Return the open ones of some numbers; see :meth:`open_quarantine`."""
        found: dict[str, list[InvoiceRecord]] = {}
        with self._reading() as connection:
            for batch in batches(sorted(set(numbers))):
                query = select(*columns_for(InvoiceRecord, invoices, {"invoice_row": "id"})).where(
                    self._ours(invoices),
                    invoices.c.state == InvoiceState.QUARANTINED,
                    invoices.c.number.in_(batch),
                    ~self._read_again(),
                )
                if run_id is not None:
                    query = query.where(invoices.c.run_id == run_id)
                for row in connection.execute(query.order_by(invoices.c.id)):
                    record = to_record(InvoiceRecord, row._mapping)
                    found.setdefault(record.number or "", []).append(record)
        return {number: tuple(records) for number, records in found.items()}

    def note_invoices(
        self, what: str, records: Iterable[InvoiceRecord], *, actor: str, reason: str
    ) -> None:
        """Record an operator's word about many invoices at once, an event for each."""
        with self._writing() as connection:
            for batch in batches(records):
                connection.execute(
                    events.insert(),
                    [
                        self._event(
                            "invoice",
                            what,
                            source=record.state,
                            reason=reason,
                            actor=actor,
                            run_id=record.run_id,
                            invoice_id=record.invoice_row,
                        )
                        for record in batch
                    ],
                )

    def last_word(self, invoice_rows: Collection[int], what: str) -> dict[int, EventRecord]:
        """Return the last event ``what`` of each of some invoices; those without are absent."""
        found: dict[int, EventRecord] = {}
        with self._reading() as connection:
            for batch in batches(sorted(invoice_rows)):
                rows = connection.execute(
                    select(*columns_for(EventRecord, events, {"invoice_row": "invoice_id"}))
                    .where(
                        self._ours(events), events.c.invoice_id.in_(batch), events.c.target == what
                    )
                    .order_by(events.c.id)
                )
                found |= {row.invoice_row: to_record(EventRecord, row._mapping) for row in rows}
        return found

    @staticmethod
    def _read_again() -> ColumnElement[bool]:
        """Return whether the number of a row was read again after it."""
        later = invoices.alias()
        unknown = or_(later.c.seller_id.is_(None), invoices.c.seller_id.is_(None))
        same = and_(
            later.c.seller_id == invoices.c.seller_id,
            later.c.seller_scheme == invoices.c.seller_scheme,
        )
        return exists(
            select(later.c.id).where(
                later.c.company == invoices.c.company,
                later.c.emitter == invoices.c.emitter,
                later.c.number == invoices.c.number,
                later.c.id > invoices.c.id,
                or_(unknown, same),
            )
        )
