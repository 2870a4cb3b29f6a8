"""Book of the extracts: which files a run claimed, and which are wholly recorded."""

from __future__ import annotations

from sqlalchemy import select

from flows.errors import IllegalTransitionError
from flows.ledger.records import ExtractRecord
from flows.ledger.states import ExtractState, RunState
from flows.ledger.store import Store, columns_for, to_record
from flows.ledger.tables import extracts, runs


class ExtractBook(Store):
    """Extract files of this company and emitter."""

    def extract_seen(self, sha256: str) -> ExtractRecord | None:
        """Return the record of a file of this content whose invoices are all recorded.

        A file whose run failed or was given up does not count: nothing of it was sent by that run,
        and it may come again as it was.
        """
        with self._reading() as connection:
            row = connection.execute(
                select(*columns_for(ExtractRecord, extracts))
                .join(runs, runs.c.run_id == extracts.c.run_id)
                .where(
                    self._ours(extracts),
                    extracts.c.sha256 == sha256,
                    extracts.c.state == ExtractState.DONE,
                    runs.c.state != RunState.FAILED,
                )
                .order_by(extracts.c.id)
                .limit(1)
            ).first()
        return None if row is None else to_record(ExtractRecord, row._mapping)

    def record_extract(
        self, run_id: str, *, name: str, sha256: str, size: int, claimed_as: str
    ) -> None:
        """Record a claimed file; doing it again (a resumed run) changes nothing."""
        with self._writing() as connection:
            known = connection.execute(
                select(extracts.c.id).where(
                    extracts.c.run_id == run_id, extracts.c.sha256 == sha256
                )
            ).first()
            if known is not None:
                return
            connection.execute(
                extracts.insert().values(
                    **self._scope,
                    run_id=run_id,
                    name=name,
                    sha256=sha256,
                    size=size,
                    claimed_as=claimed_as,
                    state=ExtractState.CLAIMED,
                    claimed_at=self._clock(),
                )
            )
            self._record_event(
                connection, "extract", ExtractState.CLAIMED, reason=name, run_id=run_id
            )

    def finish_extract(self, run_id: str, sha256: str, *, rows: int, invoices: int) -> None:
        """Record that every invoice of a file is in the ledger.

        Raises:
            IllegalTransitionError: the run claimed no such file.
        """
        with self._writing() as connection:
            found = connection.execute(
                select(extracts.c.id, extracts.c.name, extracts.c.state).where(
                    self._ours(extracts),
                    extracts.c.run_id == run_id,
                    extracts.c.sha256 == sha256,
                )
            ).first()
            if found is None:
                raise IllegalTransitionError(f"Run {run_id} claimed no file of hash {sha256}.")
            connection.execute(
                extracts.update()
                .where(extracts.c.id == found.id)
                .values(
                    state=ExtractState.DONE,
                    rows=rows,
                    invoices=invoices,
                    finished_at=self._clock(),
                )
            )
            if found.state is not ExtractState.DONE:
                self._record_event(
                    connection,
                    "extract",
                    ExtractState.DONE,
                    source=found.state,
                    reason=found.name,
                    run_id=run_id,
                )

    def extracts(self, run_id: str) -> list[ExtractRecord]:
        """Return the files a run claimed, in the order they were recorded."""
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(ExtractRecord, extracts))
                .where(self._ours(extracts), extracts.c.run_id == run_id)
                .order_by(extracts.c.id)
            )
            return [to_record(ExtractRecord, row._mapping) for row in rows]
