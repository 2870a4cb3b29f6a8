"""Ground of the ledger: connection, scope, transactions, events, and row to record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Label, RowMapping, Table, and_, select

from config.settings import Environment
from flows.errors import LockLostError
from flows.ledger import dialect
from flows.ledger.records import EventMark
from flows.ledger.tables import events, locks, runs

#: Who changes a state when no operator does.
SYSTEM = "chorus-flows"

#: Values per ``IN (…)``: both databases take more, but plans and statements stay small.
IN_BATCH = 500

#: Rows fetched at a time by the readers that walk through large tables.
PAGE = 2_000


class Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class JournalWriter(Protocol):
    """What repeats the ledger's changes outside of its database (``flows.journal``)."""

    def append(self, mark: EventMark, facts: Mapping[str, object]) -> None:
        """Write a change down, on disk when this returns."""


RecordT = TypeVar("RecordT", bound=Dataclass)
ItemT = TypeVar("ItemT")


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class Store:
    """Base of the ledger's books: what they share."""

    def __init__(
        self,
        engine: Engine,
        *,
        environment: Environment,
        company: str,
        emitter: str,
        clock: Callable[[], datetime],
        journal: JournalWriter | None = None,
    ) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**{dialect.READ_ONLY: True})
        self.environment = environment
        self.company = company
        self.emitter = emitter
        self._clock = clock
        #: Token by name of the locks that this ledger holds (``flows.ledger.locks``).
        self._fences: dict[str, str] = {}
        self._journal = journal

    def now(self) -> datetime:
        """Return the present moment by the ledger's clock."""
        return self._clock()

    @property
    def _scope(self) -> dict[str, str]:
        return {"company": self.company, "emitter": self.emitter}

    def _ours(self, table: Table) -> ColumnElement[bool]:
        return and_(table.c.company == self.company, table.c.emitter == self.emitter)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Open a transaction that writes, and only as long as the locks held are still ours.

        Raises:
            LockLostError: another process took one of them over; nothing is written.
        """
        with self._transaction() as connection:
            self._check_fences(connection)
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with dialect.translated(self._engine.url), self._engine.begin() as connection:
            yield connection

    def _check_fences(self, connection: Connection) -> None:
        """Hold on to the rows of our locks until the transaction ends: a take-over waits for it."""
        if not self._fences:
            return
        rows = connection.execute(
            select(locks.c.name, locks.c.token, locks.c.host, locks.c.pid, locks.c.taken_at)
            .where(locks.c.emitter == self.emitter, locks.c.name.in_(self._fences))
            .order_by(locks.c.name)
            .with_for_update(read=True)
        )
        found = {row.name: row for row in rows}
        for name, token in self._fences.items():
            row = found.get(name)
            if row is not None and row.token == token:
                continue
            by = "taken away by an operator"
            if row is not None:
                when = f"{row.taken_at:%Y-%m-%d %H:%M:%S} UTC"
                by = f"taken over by process {row.pid} on {row.host} at {when}"
            raise LockLostError(
                f"The {name} lock of {self.emitter} was {by}; this process gave no sign of life "
                "for too long and has stopped.",
                next_step="Let the other one end; what is left open, the next run settles.",
            )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with dialect.translated(self._engine.url), self._reader.begin() as connection:
            yield connection

    def _event(
        self,
        kind: str,
        target: str,
        *,
        source: str = "",
        reason: str = "",
        actor: str = SYSTEM,
        run_id: str | None = None,
        invoice_id: int | None = None,
        flow_id: str | None = None,
    ) -> dict[str, Any]:
        return {
            **self._scope,
            "at": self._clock(),
            "actor": actor,
            "kind": kind,
            "run_id": run_id,
            "invoice_id": invoice_id,
            "flow_id": flow_id,
            "source": source,
            "target": target,
            "reason": reason,
        }

    def _note_change(self, connection: Connection, run_ids: Iterable[str]) -> None:
        """Count a change of runs, for their reports; the last thing of a transaction.

        Last, because the rows of runs are shared by all that is done: whoever holds one must not
        wait for anything else.
        """
        for batch in batches(sorted(set(run_ids))):
            connection.execute(
                runs.update()
                .where(self._ours(runs), runs.c.run_id.in_(batch))
                .values(changes=runs.c.changes + 1)
            )

    def _record_event(
        self, connection: Connection, kind: str, target: str, **facts: Any
    ) -> EventMark:
        row = self._event(kind, target, **facts)
        key = connection.execute(events.insert().returning(events.c.id), row).scalar_one()
        return EventMark(event=int(key), at=row["at"], kind=kind, target=str(target))

    def _tell_journal(self, mark: EventMark, **facts: object) -> None:
        """Repeat a change outside of the database, once its transaction is over."""
        if self._journal is not None:
            self._journal.append(mark, facts)


def batches(items: Iterable[ItemT], size: int = IN_BATCH) -> Iterator[list[ItemT]]:
    """Yield the items in lists of at most ``size``."""
    batch: list[ItemT] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def columns_for(
    record: type[Dataclass], table: Table, renamed: Mapping[str, str] | None = None
) -> Sequence[ColumnElement[Any] | Label[Any]]:
    """Return the columns of a table that fill a record, labelled by its fields.

    Args:
        record: the dataclass to fill; its fields are named like the columns.
        table: where they are.
        renamed: column by field, where the names differ.
    """
    names = renamed or {}
    return [table.c[names.get(f.name, f.name)].label(f.name) for f in fields(record)]


def to_record(record: type[RecordT], row: RowMapping) -> RecordT:
    """Return the record filled from a row that was selected with :func:`columns_for`."""
    return record(**row)
