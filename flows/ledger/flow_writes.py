"""What a change of state writes: the flow, its event, its invoices and their deposits.

On PostgreSQL rows are locked one by one, so everybody takes them in one order, or two would wait
for each other: locks, flow, its invoices by row, deposits, identities by key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select

from flows.errors import IllegalTransitionError
from flows.ledger.columns import UtcTime
from flows.ledger.flow_book import FlowBook
from flows.ledger.identities import IdentityBook
from flows.ledger.records import EventMark
from flows.ledger.states import (
    HOLDING,
    REPORTED,
    Effect,
    FlowState,
    InvoiceState,
)
from flows.ledger.tables import deposits, events, flows, identities, invoices

_EVENT_OF_INVOICE = (
    "company",
    "emitter",
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


class FlowWrites(FlowBook, IdentityBook):
    """Writes within the transaction of whoever calls."""

    def _lock_flow(self, connection: Connection, flow_id: str) -> FlowState | None:
        """Let nobody else change a flow or its invoices until the end; return its state."""
        state: FlowState | None = connection.execute(
            select(flows.c.state)
            .where(self._ours(flows), flows.c.flow_id == flow_id)
            .with_for_update(key_share=True)
        ).scalar_one_or_none()
        return state

    def _state_of_flow(self, connection: Connection, flow_id: str) -> FlowState:
        state = self._lock_flow(connection, flow_id)
        if state is None:
            raise IllegalTransitionError(f"The ledger knows no flow {flow_id}.")
        return state

    def _write_flow_state(
        self,
        connection: Connection,
        flow_id: str,
        source: FlowState,
        target: FlowState,
        detail: str,
        actor: str,
        temporary_name: str | None,
    ) -> tuple[str, EventMark]:
        """Write the state and its event; return the run of the flow, and the event."""
        now = self._clock()
        values: dict[str, Any] = {"state": target, "detail": detail, "changed_at": now}
        if temporary_name is not None:
            values["temporary_name"] = temporary_name
        if target is FlowState.UPLOADING:
            values["attempts"] = flows.c.attempts + 1
        if target in {FlowState.DEPOSITED, FlowState.HANDED_OVER}:
            values["deposited_at"] = now
        if target in REPORTED:
            values["reported_at"] = now
        connection.execute(flows.update().where(flows.c.flow_id == flow_id).values(**values))
        run_id: str = connection.execute(
            select(flows.c.run_id).where(flows.c.flow_id == flow_id)
        ).scalar_one()
        mark = self._record_event(
            connection,
            "flow",
            target,
            source=source,
            reason=detail,
            actor=actor,
            run_id=run_id,
            flow_id=flow_id,
        )
        return run_id, mark

    def _apply(
        self, connection: Connection, flow_id: str, effect: Effect, reason: str, actor: str
    ) -> None:
        """Move the invoices of a flow, however many, by a handful of statements."""
        now = self._clock()
        concerned = (invoices.c.flow_id == flow_id, invoices.c.state.in_(effect.sources))
        if connection.dialect.name == "postgresql":
            # A statement that changes many rows takes them in an order of its own.
            connection.execute(
                select(invoices.c.id)
                .where(invoices.c.flow_id == flow_id)
                .order_by(invoices.c.id)
                .with_for_update(key_share=True)
            )
        rows = select(invoices.c.id).where(*concerned)
        self._record_invoice_events(
            connection, concerned, invoices.c.state, effect.target, reason, actor
        )
        if effect.target not in HOLDING and effect.target is not InvoiceState.REJECTED:
            connection.execute(identities.delete().where(identities.c.invoice_id.in_(rows)))
        connection.execute(
            deposits.update()
            .where(deposits.c.flow_id == flow_id, deposits.c.invoice_id.in_(rows))
            .values(outcome=effect.target, reason=reason, changed_at=now)
        )
        values: dict[str, Any] = {"state": effect.target, "changed_at": now}
        if reason:
            values["reason"] = reason
        connection.execute(invoices.update().where(*concerned).values(**values))

    def _record_invoice_events(
        self,
        connection: Connection,
        concerned: Sequence[ColumnElement[bool]],
        source: ColumnElement[Any],
        target: InvoiceState,
        reason: str,
        actor: str,
    ) -> None:
        """Record one event for each invoice concerned, before their state is changed."""
        connection.execute(
            events.insert().from_select(
                list(_EVENT_OF_INVOICE),
                select(
                    invoices.c.company,
                    invoices.c.emitter,
                    literal(self._clock(), UtcTime()),
                    literal(actor),
                    literal("invoice"),
                    invoices.c.run_id,
                    invoices.c.id,
                    invoices.c.flow_id,
                    source,
                    literal(target.value),
                    literal(reason),
                )
                .where(*concerned)
                .order_by(invoices.c.id),
            )
        )

    def _insert_deposits(
        self, connection: Connection, concerned: Sequence[ColumnElement[bool]]
    ) -> None:
        """Make the invoices concerned members of the flow that they name."""
        before = (
            select(func.count())
            .select_from(deposits)
            .where(deposits.c.invoice_id == invoices.c.id)
            .scalar_subquery()
        )
        connection.execute(
            deposits.insert().from_select(
                [
                    "company",
                    "emitter",
                    "flow_id",
                    "invoice_id",
                    "member_id",
                    "attempt",
                    "outcome",
                    "reason",
                    "changed_at",
                ],
                select(
                    invoices.c.company,
                    invoices.c.emitter,
                    invoices.c.flow_id,
                    invoices.c.id,
                    invoices.c.member_id,
                    before + 1,
                    invoices.c.state,
                    literal(""),
                    literal(self._clock(), UtcTime()),
                )
                .where(*concerned)
                .order_by(invoices.c.id),
            )
        )
