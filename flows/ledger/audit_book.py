"""Book of the audit trail: the chain of manifests, and the rows they seal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, or_, select, text
from sqlalchemy.exc import IntegrityError

from flows.ledger.kept_file_book import KeptFile, KeptFileBook
from flows.ledger.records import InvoiceRecord, RunRecord
from flows.ledger.states import InvoiceState, RunState
from flows.ledger.store import PAGE, batches, columns_for, to_record
from flows.ledger.tables import deposits, events, invoices, kept_files, manifests, runs
from transforms.canonical import Row

#: Columns of an invoice that never change once it is recorded; a manifest seals them.
_INVOICE = (
    "file",
    "file_sha256",
    "first_line",
    "last_line",
    "number",
    "identity_key",
    "content_hash",
    "type_code",
    "issue_date",
    "currency",
    "total",
    "seller_id",
    "buyer_id",
)
#: Below any key, one that somebody else gave included.
_LOWEST = -(2**62)
_EVENT = (
    "at",
    "actor",
    "kind",
    "run_id",
    "invoice_id",
    "flow_id",
    "source",
    "target",
    "reason",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRecord:
    """A manifest as the ledger knows it; ``body`` is the text of its file.

    ``last_event`` is the id of the last event that the chain covers with it.
    """

    rank: int
    kind: str
    run_id: str | None
    sha256: str
    previous: str
    last_event: int
    written_at: datetime
    body: str

    @property
    def file_name(self) -> str:
        """Return the name of its file: rank, kind, run or time, and the hash it must have."""
        about = self.run_id or self.written_at.strftime("%Y%m%d-%H%M%S")
        return f"{self.rank:06d}-{self.kind}-{about}-{self.sha256[:12]}.json"


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A manifest to record with its files, and the paths of the files whose tombstones it seals."""

    record: ManifestRecord
    files: Iterable[KeptFile]
    purged: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRecord:
    """An invoice in a flow; ``attempt`` is 1 for the first flow that carried it."""

    flow_id: str
    member_id: str
    attempt: int
    outcome: InvoiceState
    reason: str
    changed_at: datetime


class AuditBook(KeptFileBook):
    """Manifests, and what they are made of; of this company and emitter."""

    # -- chain ---------------------------------------------------------------------------------

    def manifest_head(self) -> ManifestRecord | None:
        """Return the last manifest of the chain, or None when there is none yet."""
        with self._reading() as connection:
            row = connection.execute(
                self._manifests().order_by(manifests.c.rank.desc()).limit(1)
            ).first()
        return None if row is None else to_record(ManifestRecord, row._mapping)

    def manifests(
        self, *, run_id: str | None = None, from_rank: int = 0
    ) -> Iterator[ManifestRecord]:
        """Yield the manifests in the order of their ranks, one at a time: a text may be large."""
        query = self._manifests().order_by(manifests.c.rank)
        if run_id is not None:
            query = query.where(manifests.c.run_id == run_id)
        last = from_rank - 1
        while True:
            with self._reading() as connection:
                row = connection.execute(query.where(manifests.c.rank > last).limit(1)).first()
            if row is None:
                return
            record = to_record(ManifestRecord, row._mapping)
            yield record
            last = record.rank

    def add_manifest(
        self,
        record: ManifestRecord,
        files: Iterable[KeptFile],
        tombstones: Collection[str] = (),
        taken_up: Sequence[TakenUp] = (),
    ) -> bool:
        """Record a manifest with the files it names and the tombstones it seals, at once.

        Args:
            record: the manifest.
            files: that it names.
            tombstones: paths of the purged files that it seals.
            taken_up: manifests of a ledger that was put back, which come before it in the chain.

        Returns:
            Whether it was recorded; not when another process took its place in the chain.
        """
        try:
            with self._writing() as connection:
                for taken in (*taken_up, TakenUp(record, files)):
                    one = taken.record
                    connection.execute(manifests.insert().values(**self._scope, **_values_of(one)))
                    for batch in batches(taken.files, PAGE):
                        connection.execute(
                            kept_files.insert(),
                            [{**self._scope, **_values_of(file)} for file in batch],
                        )
                    for paths in batches(taken.purged):
                        connection.execute(
                            kept_files.update()
                            .where(
                                self._ours(kept_files),
                                kept_files.c.path.in_(paths),
                                kept_files.c.purged_at.is_(None),
                            )
                            .values(purged_at=one.written_at, purged_rank=one.rank)
                        )
                for paths in batches(tombstones):
                    connection.execute(
                        kept_files.update()
                        .where(
                            self._ours(kept_files),
                            kept_files.c.path.in_(paths),
                            kept_files.c.purged_at.is_not(None),
                            kept_files.c.purged_rank.is_(None),
                        )
                        .values(purged_rank=record.rank)
                    )
        except IntegrityError:
            return False
        return True

    def _manifests(self) -> Select[Any]:
        return select(*columns_for(ManifestRecord, manifests)).where(self._ours(manifests))

    # -- events --------------------------------------------------------------------------------

    def last_event(self) -> int:
        """Return the id of the newest event such that no older one can appear any more.

        PostgreSQL gives ids before it commits: who still writes events is waited for. SQLite has
        one writer at a time.
        """
        with self._writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE events IN SHARE MODE"))
            found = connection.execute(
                select(func.max(events.c.id)).where(self._ours(events))
            ).scalar_one()
        return int(found or 0)

    def event_rows(self, after: int, until: int) -> Iterator[Row]:
        """Yield the events with ``after`` < id <= ``until`` as rows to digest."""
        query = select(events.c.id, *(events.c[name] for name in _EVENT)).where(
            self._ours(events), events.c.id <= until
        )
        return self._walked(query, events.c.id, after or _LOWEST)

    def count_events(self, after: int) -> int:
        """Return how many events came after one."""
        with self._reading() as connection:
            return connection.execute(
                select(func.count())
                .select_from(events)
                .where(self._ours(events), events.c.id > after)
            ).scalar_one()

    def noted(self, kind: str, *, after: int) -> list[tuple[str | None, str]]:
        """Return (run, reason) of the events of a kind that came after one, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(events.c.run_id, events.c.reason)
                .where(self._ours(events), events.c.kind == kind, events.c.id > after)
                .order_by(events.c.id)
            )
            return [(row.run_id, row.reason) for row in rows]

    def flows_built(self, *, after: int) -> frozenset[str]:
        """Return the flows that were built by an event after one; not those that are so again."""
        with self._reading() as connection:
            rows = connection.execute(
                select(events.c.flow_id)
                .where(self._ours(events), events.c.kind == "flow", events.c.flow_id.is_not(None))
                .group_by(events.c.flow_id)
                .having(func.min(events.c.id) > after)
            )
            return frozenset(rows.scalars())

    # -- invoices ------------------------------------------------------------------------------

    def invoice_rows(self, run_id: str) -> Iterator[Row]:
        """Yield what never changes of a run's invoices, as rows to digest."""
        query = select(invoices.c.id, *(invoices.c[name] for name in _INVOICE)).where(
            self._ours(invoices), invoices.c.run_id == run_id
        )
        return self._walked(query, invoices.c.id, _LOWEST)

    def neighbours(self, record: InvoiceRecord) -> tuple[int, bool]:
        """Return the first line of the first invoice of a file, and whether spans overlap.

        Args:
            record: the invoice whose file is meant.
        """
        # Of all runs: an invoice that waited is read in another one than its neighbours.
        same = (self._ours(invoices), invoices.c.file_sha256 == record.file_sha256)
        with self._reading() as connection:
            first = connection.execute(select(func.min(invoices.c.first_line)).where(*same))
            between = connection.execute(
                select(invoices.c.id)
                .where(
                    *same,
                    or_(
                        invoices.c.first_line != record.first_line,
                        invoices.c.last_line != record.last_line,
                    ),
                    invoices.c.first_line <= record.last_line,
                    invoices.c.last_line >= record.first_line,
                )
                .limit(1)
            )
            return first.scalar_one() or record.first_line, between.first() is not None

    def deposits_of(self, invoice_row: int) -> list[DepositRecord]:
        """Return the flows that carried an invoice, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(DepositRecord, deposits))
                .where(self._ours(deposits), deposits.c.invoice_id == invoice_row)
                .order_by(deposits.c.attempt, deposits.c.id)
            )
            return [to_record(DepositRecord, row._mapping) for row in rows]

    # -- runs ----------------------------------------------------------------------------------

    def unsealed_runs(self) -> list[RunRecord]:
        """Return the runs that ended and that no manifest has sealed since, oldest first.

        A night that is killed between its end and its manifest leaves one.
        """
        sealed = exists().where(
            manifests.c.run_id == runs.c.run_id, manifests.c.written_at >= runs.c.finished_at
        )
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(RunRecord, runs))
                .where(
                    self._ours(runs),
                    runs.c.state != RunState.RUNNING,
                    runs.c.finished_at.is_not(None),
                    ~sealed,
                )
                .order_by(runs.c.started_at, runs.c.run_id)
            )
            return [to_record(RunRecord, row._mapping) for row in rows]

    def run_ids(self) -> frozenset[str]:
        """Return the ids of all runs of the ledger, of every company: they may share folders."""
        with self._reading() as connection:
            return frozenset(connection.execute(select(runs.c.run_id)).scalars())

    def _walked(self, query: Select[Any], key: Any, after: int) -> Iterator[Row]:
        last = after
        while True:
            with self._reading() as connection:
                rows = connection.execute(query.where(key > last).order_by(key).limit(PAGE)).all()
            for row in rows:
                yield row[0], row[1:]
            if len(rows) < PAGE:
                return
            last = rows[-1][0]


def _values_of(record: ManifestRecord | KeptFile) -> Mapping[str, Any]:
    return {each.name: getattr(record, each.name) for each in fields(record)}
