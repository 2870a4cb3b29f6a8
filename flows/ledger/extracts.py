"""Book of the extracts: which files a run claimed, and which are wholly recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, bindparam, select

from flows.errors import IllegalTransitionError
from flows.ledger.records import ExtractRecord
from flows.ledger.states import ExtractState, InvoiceState, RunState
from flows.ledger.store import Store, batches, columns_for, to_record
from flows.ledger.tables import events, extracts, invoices, runs


class Landed(Protocol):
    """A claimed file: the name it has among the claimed ones, its hash, its size."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...


class _Known(NamedTuple):
    row: int
    name: str
    state: ExtractState


class ExtractBook(Store):
    """Extract files of this company and emitter."""

    def seen_by(self, hashes: Collection[str]) -> dict[str, str]:
        """Return, by hash, the run that did a file of this content first, invoice by invoice.

        A file whose run failed or was given up does not count: nothing of it was sent by that run,
        and it may come again as it was.
        """
        found: dict[str, str] = {}
        with self._reading() as connection:
            for batch in batches(sorted(set(hashes))):
                rows = connection.execute(
                    select(extracts.c.sha256, extracts.c.run_id)
                    .join(runs, runs.c.run_id == extracts.c.run_id)
                    .where(
                        self._ours(extracts),
                        extracts.c.sha256.in_(batch),
                        extracts.c.state == ExtractState.DONE,
                        runs.c.state != RunState.FAILED,
                    )
                    .order_by(extracts.c.id)
                )
                for row in rows:
                    found.setdefault(row.sha256, row.run_id)
        return found

    def claims_of(self, hashes: Collection[str]) -> dict[str, tuple[ExtractRecord, ...]]:
        """Return the claims of files by their hash, oldest first; unknown hashes are absent."""
        found: dict[str, list[ExtractRecord]] = {}
        with self._reading() as connection:
            for batch in batches(sorted(set(hashes))):
                rows = connection.execute(
                    select(*columns_for(ExtractRecord, extracts))
                    .where(self._ours(extracts), extracts.c.sha256.in_(batch))
                    .order_by(extracts.c.id)
                )
                for row in rows:
                    record = to_record(ExtractRecord, row._mapping)
                    found.setdefault(record.sha256, []).append(record)
        return {sha256: tuple(records) for sha256, records in found.items()}

    def spent(self, hashes: Collection[str], *, but: str | None = None) -> frozenset[str]:
        """Return the hashes of files of which an invoice is anywhere else than held back.

        Quarantined or rejected, it may come again as it is.

        Args:
            hashes: of files; those never seen are no part of the answer.
            but: a run whose own invoices do not count.
        """
        found: set[str] = set()
        with self._reading() as connection:
            for batch in batches(sorted(set(hashes))):
                query = (
                    select(extracts.c.sha256)
                    .distinct()
                    .join(
                        invoices,
                        (invoices.c.run_id == extracts.c.run_id)
                        & (invoices.c.file_sha256 == extracts.c.sha256),
                    )
                    .join(runs, runs.c.run_id == extracts.c.run_id)
                    .where(
                        self._ours(extracts),
                        extracts.c.sha256.in_(batch),
                        runs.c.state != RunState.FAILED,
                        invoices.c.state.not_in([InvoiceState.QUARANTINED, InvoiceState.REJECTED]),
                    )
                )
                if but is not None:
                    query = query.where(extracts.c.run_id != but)
                found.update(connection.execute(query).scalars())
        return frozenset(found)

    def record_extracts(self, run_id: str, files: Iterable[Landed]) -> None:
        """Record claimed files at once; doing it again (a resumed run) changes nothing.

        A night of XML has as many of them as invoices.
        """
        with self._writing() as connection:
            known = self._known(connection, run_id)
            fresh = {file.sha256: file for file in files if file.sha256 not in known}
            if not fresh:
                return
            now = self._clock()
            connection.execute(
                extracts.insert(),
                [
                    {
                        **self._scope,
                        "run_id": run_id,
                        "name": file.name,
                        "sha256": file.sha256,
                        "size": file.size,
                        "claimed_as": file.name,
                        "state": ExtractState.CLAIMED,
                        "claimed_at": now,
                    }
                    for file in fresh.values()
                ],
            )
            connection.execute(
                events.insert(),
                [
                    self._event("extract", ExtractState.CLAIMED, reason=file.name, run_id=run_id)
                    for file in fresh.values()
                ],
            )

    def finish_extracts(self, run_id: str, counts: Mapping[str, tuple[int, int]]) -> None:
        """Record that every invoice of some files is in the ledger.

        Args:
            run_id: the run.
            counts: rows and invoices of each file, by hash.

        Raises:
            IllegalTransitionError: the run claimed no such file; then none is recorded.
        """
        with self._writing() as connection:
            known = self._known(connection, run_id)
            for sha256 in counts:
                if sha256 not in known:
                    raise IllegalTransitionError(f"Run {run_id} claimed no file of hash {sha256}.")
            if not counts:
                return
            now = self._clock()
            connection.execute(
                extracts.update()
                .where(extracts.c.id == bindparam("row"))
                .values(
                    state=ExtractState.DONE,
                    rows=bindparam("row_count"),
                    invoices=bindparam("invoice_count"),
                    finished_at=now,
                ),
                [
                    {
                        "row": known[sha256].row,
                        "row_count": rows,
                        "invoice_count": invoices_,
                    }
                    for sha256, (rows, invoices_) in counts.items()
                ],
            )
            moved = [known[s] for s in counts if known[s].state is not ExtractState.DONE]
            if moved:
                connection.execute(
                    events.insert(),
                    [
                        self._event(
                            "extract",
                            ExtractState.DONE,
                            source=one.state,
                            reason=one.name,
                            run_id=run_id,
                        )
                        for one in moved
                    ],
                )

    def _known(self, connection: Connection, run_id: str) -> dict[str, _Known]:
        rows = connection.execute(
            select(extracts.c.id, extracts.c.name, extracts.c.state, extracts.c.sha256).where(
                self._ours(extracts), extracts.c.run_id == run_id
            )
        )
        return {row.sha256: _Known(row.id, row.name, row.state) for row in rows}

    def extracts(self, run_id: str) -> list[ExtractRecord]:
        """Return the files a run claimed, in the order they were recorded."""
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(ExtractRecord, extracts))
                .where(self._ours(extracts), extracts.c.run_id == run_id)
                .order_by(extracts.c.id)
            )
            return [to_record(ExtractRecord, row._mapping) for row in rows]
