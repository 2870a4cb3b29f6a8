"""Book of the runs: which one is unfinished, and how each ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select

from flows.errors import IllegalTransitionError
from flows.ledger.records import RunRecord
from flows.ledger.states import RUN_TRANSITIONS, RunState, require
from flows.ledger.store import SYSTEM, Store, columns_for, to_record
from flows.ledger.tables import invoices, runs

NIGHTLY = "nightly"
IMPORT = "import"


class RunBook(Store):
    """Runs of this company and emitter."""

    def start_run(
        self,
        *,
        run_id: str,
        run_date: date,
        settings_hash: str,
        version: str,
        reason: str = "",
    ) -> RunRecord:
        """Record a new run in state ``running``; ``reason`` is kept in its first event.

        Raises:
            IllegalTransitionError: a run of this id exists; an unfinished one is resumed instead.
        """
        with self._writing() as connection:
            taken = connection.execute(select(runs.c.run_id).where(runs.c.run_id == run_id))
            if taken.first() is not None:
                raise IllegalTransitionError(f"Run {run_id} was started before.")
            connection.execute(
                runs.insert().values(
                    **self._scope,
                    run_id=run_id,
                    kind=NIGHTLY,
                    run_date=run_date,
                    state=RunState.RUNNING,
                    settings_hash=settings_hash,
                    version=version,
                    started_at=self._clock(),
                )
            )
            mark = self._record_event(
                connection, "run", RunState.RUNNING, run_id=run_id, reason=reason
            )
        self._tell_journal(
            mark,
            run=run_id,
            state=RunState.RUNNING.value,
            run_date=run_date.isoformat(),
            settings_hash=settings_hash,
            version=version,
            reason=reason,
        )
        record = self.run(run_id)
        assert record is not None
        return record

    def unfinished_run(self) -> RunRecord | None:
        """Return the newest run that neither ended nor was held: it crashed, or is running now."""
        with self._reading() as connection:
            row = connection.execute(
                select(*columns_for(RunRecord, runs))
                .where(self._ours(runs), runs.c.state == RunState.RUNNING)
                .order_by(runs.c.started_at.desc(), runs.c.run_id.desc())
                .limit(1)
            ).first()
        return None if row is None else to_record(RunRecord, row._mapping)

    def run(self, run_id: str) -> RunRecord | None:
        """Return a run, or None when there is none of this id."""
        with self._reading() as connection:
            row = connection.execute(
                select(*columns_for(RunRecord, runs)).where(
                    self._ours(runs), runs.c.run_id == run_id
                )
            ).first()
        return None if row is None else to_record(RunRecord, row._mapping)

    def runs(self, limit: int = 20, *, kind: str = NIGHTLY) -> list[RunRecord]:
        """Return the newest runs, newest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(RunRecord, runs))
                .where(self._ours(runs), runs.c.kind == kind)
                .order_by(runs.c.started_at.desc(), runs.c.run_id.desc())
                .limit(limit)
            )
            return [to_record(RunRecord, row._mapping) for row in rows]

    def run_before(self, run: RunRecord) -> RunRecord | None:
        """Return the run of the same kind that started last before this one, or None."""
        with self._reading() as connection:
            row = connection.execute(
                select(*columns_for(RunRecord, runs))
                .where(
                    self._ours(runs),
                    runs.c.kind == run.kind,
                    runs.c.started_at < run.started_at,
                )
                .order_by(runs.c.started_at.desc(), runs.c.run_id.desc())
                .limit(1)
            ).first()
        return None if row is None else to_record(RunRecord, row._mapping)

    def finish_run(
        self,
        run_id: str,
        *,
        state: RunState | str,
        exit_code: int,
        balance: Mapping[str, Any],
        actor: str = SYSTEM,
        reason: str = "",
    ) -> None:
        """Record how a run ended. Finishing it again in the same state replaces the figures.

        Raises:
            IllegalTransitionError: no such run, or it ended otherwise before.
        """
        target = RunState(state)
        mark = None
        with self._writing() as connection:
            source = connection.execute(
                select(runs.c.state)
                .where(self._ours(runs), runs.c.run_id == run_id)
                .with_for_update()
            ).scalar_one_or_none()
            if source is None:
                raise IllegalTransitionError(f"Run {run_id} was never started.")
            if source is not target:
                require(RUN_TRANSITIONS, f"Run {run_id}", source, target)
                mark = self._record_event(
                    connection,
                    "run",
                    target,
                    source=source,
                    reason=reason,
                    actor=actor,
                    run_id=run_id,
                )
            connection.execute(
                runs.update()
                .where(runs.c.run_id == run_id)
                .values(
                    state=target,
                    exit_code=exit_code,
                    balance=dict(balance),
                    finished_at=self._clock(),
                )
            )
            self._note_change(connection, [run_id])
        if mark is not None:
            self._tell_journal(mark, run=run_id, state=target.value)

    def untold(self) -> list[RunRecord]:
        """Return the runs of which something happened that no report tells, oldest first.

        One that is unfinished is not among them: it is at work, or will be resumed.
        """
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(RunRecord, runs))
                .where(
                    self._ours(runs),
                    runs.c.kind == NIGHTLY,
                    runs.c.changes > runs.c.told,
                    runs.c.state != RunState.RUNNING,
                )
                .order_by(runs.c.started_at, runs.c.run_id)
            )
            return [to_record(RunRecord, row._mapping) for row in rows]

    def changes(self, run_id: str) -> tuple[int, int]:
        """Return how often something happened to a run, and how much of that is told."""
        with self._reading() as connection:
            row = connection.execute(
                select(runs.c.changes, runs.c.told).where(self._ours(runs), runs.c.run_id == run_id)
            ).first()
        return (0, 0) if row is None else (row.changes, row.told)

    def tell(self, run_id: str, changes: int) -> None:
        """Record that a report tells the first ``changes`` of a run; less than before is nothing.

        A collect and a night may write the same report at the same time.
        """
        with self._writing() as connection:
            connection.execute(
                runs.update()
                .where(self._ours(runs), runs.c.run_id == run_id, runs.c.told < changes)
                .values(told=changes)
            )

    def recent_counts(self, limit: int) -> list[int]:
        """Return the number of invoices sent by each of the newest ended runs, newest first.

        Nights that sent none are left out: they say nothing of a usual night.
        """
        with self._reading() as connection:
            rows = connection.execute(
                select(func.count(invoices.c.id))
                .select_from(runs.join(invoices, invoices.c.run_id == runs.c.run_id))
                .where(
                    self._ours(runs),
                    runs.c.kind == NIGHTLY,
                    runs.c.state.in_([RunState.DONE, RunState.RELEASED]),
                    invoices.c.flow_id.is_not(None),
                )
                .group_by(runs.c.run_id, runs.c.started_at)
                .order_by(runs.c.started_at.desc())
                .limit(limit)
            )
            return list(rows.scalars())
