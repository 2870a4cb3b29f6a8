"""Book of the returns: return files, the statuses they carry, and each invoice's last one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select

from flows.errors import IllegalTransitionError
from flows.ledger.records import ReturnRecord, StatusRecord, StatusRow
from flows.ledger.runs import NIGHTLY
from flows.ledger.states import RETURN_TRANSITIONS, ReturnState, require
from flows.ledger.store import Store, batches, columns_for, to_record
from flows.ledger.tables import flows, invoices, returns, runs, statuses

_ROW = {"return_id": "id"}


class ReturnBook(Store):
    """Return files of this company and emitter."""

    def return_seen(self, sha256: str) -> bool:
        """Whether a return file of this content was recorded before (in whatever state)."""
        with self._reading() as connection:
            found = connection.execute(
                select(returns.c.id).where(self._ours(returns), returns.c.sha256 == sha256)
            ).first()
        return found is not None

    def record_return(
        self,
        *,
        name: str,
        sha256: str,
        size: int,
        kept_as: str,
        kind: str,
        state: ReturnState | str = ReturnState.FETCHED,
        reason: str = "",
    ) -> int:
        """Record a return file whose local copy is safe, and return its id.

        A file of the same content keeps the record it has.
        """
        with self._writing() as connection:
            known = connection.execute(
                select(returns.c.id).where(self._ours(returns), returns.c.sha256 == sha256)
            ).scalar_one_or_none()
            if known is not None:
                return int(known)
            key = connection.execute(
                returns.insert()
                .values(
                    **self._scope,
                    name=name,
                    sha256=sha256,
                    size=size,
                    kept_as=kept_as,
                    kind=kind,
                    state=ReturnState(state),
                    reason=reason,
                    received_at=self._clock(),
                )
                .returning(returns.c.id)
            ).scalar_one()
            self._record_event(connection, "return", ReturnState(state), reason=name)
        return int(key)

    def returns(
        self, *, states: Collection[ReturnState | str] = (), since: datetime | None = None
    ) -> list[ReturnRecord]:
        """Return the return files in the order of arrival; a ``fetched`` one is to reconcile.

        Args:
            states: only files in one of these; empty: in any.
            since: only files received at this moment or later.
        """
        query = select(*columns_for(ReturnRecord, returns, _ROW)).where(self._ours(returns))
        if states:
            query = query.where(returns.c.state.in_([ReturnState(state) for state in states]))
        if since is not None:
            query = query.where(returns.c.received_at >= since)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(returns.c.id))
            return [to_record(ReturnRecord, row._mapping) for row in rows]

    def returns_of(self, return_ids: Collection[int]) -> dict[int, ReturnRecord]:
        """Return some return files by their ids."""
        found: dict[int, ReturnRecord] = {}
        with self._reading() as connection:
            for batch in batches(sorted(return_ids)):
                rows = connection.execute(
                    select(*columns_for(ReturnRecord, returns, _ROW)).where(
                        self._ours(returns), returns.c.id.in_(batch)
                    )
                )
                for row in rows:
                    record = to_record(ReturnRecord, row._mapping)
                    found[record.return_id] = record
        return found

    def move_return(
        self,
        return_id: int,
        state: ReturnState | str,
        *,
        kind: str | None = None,
        reason: str = "",
    ) -> None:
        """Record what became of a return file; the same state again changes nothing.

        Raises:
            IllegalTransitionError: no such file, or the table does not allow the change.
        """
        target = ReturnState(state)
        with self._writing() as connection:
            row = connection.execute(
                select(returns.c.state, returns.c.name)
                .where(self._ours(returns), returns.c.id == return_id)
                .with_for_update()
            ).first()
            if row is None:
                raise IllegalTransitionError(f"The ledger knows no return file {return_id}.")
            if row.state is target:
                return
            require(RETURN_TRANSITIONS, f"Return file {row.name}", row.state, target)
            values: dict[str, Any] = {"state": target, "reason": reason}
            if kind is not None:
                values["kind"] = kind
            connection.execute(returns.update().where(returns.c.id == return_id).values(**values))
            mark = self._record_event(
                connection,
                "return",
                target,
                source=row.state,
                reason=f"{row.name} {reason}".strip(),
            )
            if target is ReturnState.NOT_UNDERSTOOD:
                # It is about no run that we know of; the newest report is the one that is read.
                newest = connection.execute(
                    select(runs.c.run_id)
                    .where(self._ours(runs), runs.c.kind == NIGHTLY)
                    .order_by(runs.c.started_at.desc(), runs.c.run_id.desc())
                    .limit(1)
                )
                self._note_change(connection, newest.scalars())
        # Before the remote file may go.
        self._tell_journal(mark, returned=row.name, state=target.value)

    def add_statuses(self, return_id: int, rows: Sequence[StatusRow]) -> None:
        """Record the statuses of one return file, in its order, once.

        The life-cycle columns of an invoice follow the status with the latest time of its own;
        of equal times the one that arrived last; one without a readable time only counts while
        no other is there. Recording the same file again changes nothing.
        """
        with self._writing() as connection:
            present = connection.execute(
                select(func.count()).select_from(statuses).where(statuses.c.return_id == return_id)
            ).scalar_one()
            # All of a file is recorded in one transaction: some present means all are.
            if present or not rows:
                return
            now = self._clock()
            connection.execute(
                statuses.insert(),
                [
                    {
                        **self._scope,
                        "return_id": return_id,
                        "rank": rank,
                        "kind": row.kind,
                        "code": row.code,
                        "label": row.label,
                        "at": row.at,
                        "at_text": row.at_text,
                        "received_at": now,
                        "flow_id": row.flow_id,
                        "member_id": row.member_id,
                        "invoice_id": row.invoice_row,
                        "seller_scheme": row.seller_scheme,
                        "seller_id": row.seller_id,
                        "number": row.number,
                        "message": row.message,
                        "details": [dict(detail) for detail in row.details],
                        "unknown_to_us": row.foreign,
                    }
                    for rank, row in enumerate(rows)
                ],
            )
            latest: dict[int, StatusRow] = {}
            for row in rows:
                if row.kind == "invoice" and row.invoice_row is not None:
                    before = latest.get(row.invoice_row)
                    if before is None or _not_older(row.at, before.at):
                        latest[row.invoice_row] = row
            for batch in batches(sorted(latest)):
                current = connection.execute(
                    select(invoices.c.id, invoices.c.life_status, invoices.c.life_at)
                    .where(self._ours(invoices), invoices.c.id.in_(batch))
                    .order_by(invoices.c.id)  # the order in which everybody takes invoices
                    .with_for_update(key_share=True)
                )
                changes = [
                    {
                        "b_id": known.id,
                        "b_status": latest[known.id].code,
                        "b_label": latest[known.id].label,
                        "b_at": latest[known.id].at,
                    }
                    for known in current
                    if known.life_status is None or _not_older(latest[known.id].at, known.life_at)
                ]
                if changes:
                    connection.execute(
                        invoices.update()
                        .where(invoices.c.id == bindparam("b_id"))
                        .values(
                            life_status=bindparam("b_status"),
                            life_label=bindparam("b_label"),
                            life_at=bindparam("b_at"),
                        ),
                        changes,
                    )
            self._note_change(connection, _runs_of(connection, rows))

    def statuses(
        self,
        *,
        return_id: int | None = None,
        invoice_row: int | None = None,
        flow_id: str | None = None,
        number: str | None = None,
        foreign: bool | None = None,
    ) -> list[StatusRecord]:
        """Return statuses in the order of arrival; arguments narrow them down."""
        query = select(statuses).where(self._ours(statuses))
        for column, wanted in (
            (statuses.c.return_id, return_id),
            (statuses.c.invoice_id, invoice_row),
            (statuses.c.flow_id, flow_id),
            (statuses.c.number, number),
            (statuses.c.unknown_to_us, foreign),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(statuses.c.id))
            return [_to_status(row._mapping) for row in rows]


def _runs_of(connection: Connection, rows: Sequence[StatusRow]) -> set[str]:
    """Return the runs whose flows or invoices some statuses speak of."""
    found: set[str] = set()
    for batch in batches({row.flow_id for row in rows if row.flow_id is not None}):
        query = select(flows.c.run_id).where(flows.c.flow_id.in_(batch))
        found.update(connection.execute(query).scalars())
    for members in batches({row.invoice_row for row in rows if row.invoice_row is not None}):
        query = select(invoices.c.run_id).distinct().where(invoices.c.id.in_(members))
        found.update(connection.execute(query).scalars())
    return found


def _not_older(at: datetime | None, than: datetime | None) -> bool:
    """Whether a status that arrives later replaces one of this time."""
    if than is None:
        return True
    return at is not None and at >= than


def _to_status(row: RowMapping) -> StatusRecord:
    status = StatusRow(
        kind=row["kind"],
        code=row["code"],
        label=row["label"],
        at=row["at"],
        at_text=row["at_text"],
        flow_id=row["flow_id"],
        member_id=row["member_id"],
        invoice_row=row["invoice_id"],
        seller_scheme=row["seller_scheme"],
        seller_id=row["seller_id"],
        number=row["number"],
        message=row["message"],
        details=tuple(row["details"]),
        foreign=row["unknown_to_us"],
    )
    return StatusRecord(
        return_id=row["return_id"],
        rank=row["rank"],
        status=status,
        received_at=row["received_at"],
    )
