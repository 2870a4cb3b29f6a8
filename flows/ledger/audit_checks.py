"""What must hold between tables: states follow from events, and numbers that were sent are held.

Every change of state is an event, written with it. A state that its events do not tell, or a number
that was sent and is free, came from outside the product.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text, and_, exists, func, or_, select
from sqlalchemy import type_coerce as seen_as

from flows.ledger.states import HOLDING, FlowState, InvoiceState, RunState
from flows.ledger.store import Store
from flows.ledger.tables import events, flows, identities, invoices, runs


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A thing whose state is not what its last event says; ``event`` is empty without any."""

    what: str
    state: str
    event: str


class AuditChecks(Store):
    """Checks over whole tables, each in one statement: a run may be at work beside them."""

    def states_without_event(self, limit: int) -> list[Contradiction]:
        """Return invoices, flows and runs whose state does not follow from their events."""
        changed = events.c.source != ""
        # A run begins, and an import ends, without a state before.
        of_run = or_(changed, events.c.target.in_([RunState.RUNNING.value, RunState.DONE.value]))
        return [
            *self._states(
                invoices,
                invoices.c.id,
                events.c.invoice_id,
                "invoice",
                InvoiceState,
                changed,
                limit,
            ),
            *self._states(
                flows, flows.c.flow_id, events.c.flow_id, "flow", FlowState, changed, limit
            ),
            *self._states(runs, runs.c.run_id, events.c.run_id, "run", RunState, of_run, limit),
        ]

    def numbers_not_held(self, limit: int) -> list[tuple[int, str]]:
        """Return (row, number) of invoices that were sent and whose identity nobody holds."""
        held = exists().where(identities.c.key == invoices.c.identity_key)
        with self._reading() as connection:
            rows = connection.execute(
                select(invoices.c.id, invoices.c.number)
                .where(
                    self._ours(invoices),
                    invoices.c.state.in_(HOLDING),
                    invoices.c.identity_key.is_not(None),
                    ~held,
                )
                .order_by(invoices.c.id)
                .limit(limit)
            )
            return [(row.id, row.number or "?") for row in rows]

    def numbers_held_wrongly(self, limit: int) -> list[str]:
        """Return the numbers held by an invoice that does not bear them."""
        with self._reading() as connection:
            rows = connection.execute(
                select(identities.c.number)
                .join(invoices, invoices.c.id == identities.c.invoice_id)
                .where(
                    self._ours(identities),
                    or_(
                        invoices.c.identity_key.is_distinct_from(identities.c.key),
                        invoices.c.number.is_distinct_from(identities.c.number),
                    ),
                )
                .order_by(identities.c.number)
                .limit(limit)
            )
            return list(rows.scalars())

    def _states(
        self,
        table: Table,
        key: Column[Any],
        about: Column[Any],
        kind: str,
        states: Iterable[Any],
        changing: ColumnElement[bool],
        limit: int,
    ) -> list[Contradiction]:
        latest = (
            select(about.label("about"), func.max(events.c.id).label("event"))
            .where(
                self._ours(events),
                events.c.kind == kind,
                about.is_not(None),
                events.c.target.in_([state.value for state in states]),
                changing,
            )
            .group_by(about)
            .subquery()
        )
        state = seen_as(table.c.state, Text)
        named = table.c.number if table is invoices else key
        with self._reading() as connection:
            rows = connection.execute(
                select(named.label("named"), state.label("state"), events.c.target)
                .select_from(table)
                .outerjoin(latest, latest.c.about == key)
                .outerjoin(events, events.c.id == latest.c.event)
                .where(
                    and_(self._ours(table), or_(events.c.id.is_(None), events.c.target != state))
                )
                .order_by(key)
                .limit(limit)
            )
            return [Contradiction(str(r.named or "?"), r.state, r.target or "") for r in rows]
