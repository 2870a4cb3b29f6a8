"""Book of the deposits: the states of the deposit protocol, and what they do to the invoices.

A night and a collect write at the same time. On PostgreSQL rows are locked one by one, so everybody
takes them in one order, or two would wait for each other: locks, flow, its invoices by row,
deposits, identities by key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal, select

from flows.errors import IllegalTransitionError
from flows.ledger.columns import UtcTime
from flows.ledger.flow_book import FlowBook
from flows.ledger.identities import IdentityBook
from flows.ledger.records import EventMark
from flows.ledger.states import (
    FLOW_EFFECTS,
    FLOW_TRANSITIONS,
    HOLDING,
    INVOICE_TRANSITIONS,
    REPLACEABLE,
    REPLACED,
    REPORTED,
    SENT_AGAIN,
    SETTLED,
    Effect,
    FlowState,
    InvoiceState,
    require,
)
from flows.ledger.store import SYSTEM
from flows.ledger.tables import deposits, events, flows, identities, invoices
from transforms.outcome import BuiltFlow

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


class DepositBook(FlowBook, IdentityBook):
    """How flows and their members move from state to state."""

    def move_flow(
        self,
        flow_id: str,
        state: FlowState | str,
        *,
        detail: str = "",
        temporary_name: str | None = None,
        actor: str = SYSTEM,
    ) -> None:
        """Move a flow to another state, and its invoices as :data:`FLOW_EFFECTS` says.

        Moving to the state it is in does nothing (a report may be read twice), except
        ``uploading``: that is a new attempt.

        Args:
            flow_id: the flow.
            state: its new state.
            detail: why; kept with the flow and in the events.
            temporary_name: name of this attempt on the other side; kept until the next one.
            actor: who decided, when it was a person.

        Raises:
            IllegalTransitionError: no such flow, or the table does not allow the change.
        """
        target = FlowState(state)
        with self._writing() as connection:
            source = self._state_of_flow(connection, flow_id)
            if source is target and target is not FlowState.UPLOADING:
                return
            require(FLOW_TRANSITIONS, f"Flow {flow_id}", source, target)
            run_id, mark = self._write_flow_state(
                connection, flow_id, source, target, detail, actor, temporary_name
            )
            effect = FLOW_EFFECTS.get(target)
            if effect is not None:
                self._apply(connection, flow_id, effect, detail, actor)
            self._note_change(connection, [run_id])
        # Before anything further is done on the other side.
        self._tell_journal(mark, flow=flow_id, state=target.value, temporary=temporary_name)

    def settle_members(
        self,
        flow_id: str,
        results: Mapping[int, tuple[InvoiceState | str, str]],
        *,
        earlier: Mapping[int, str] | None = None,
        actor: str = SYSTEM,
    ) -> None:
        """Record what became of single members of a flow.

        Args:
            flow_id: the flow that carried them.
            results: state (of :data:`flows.ledger.states.SETTLED`) and reason by invoice row. A
                member already in that state is left.
            earlier: by invoice row, the earlier flow that had brought it to Chorus Pro: that
                deposit counts as integrated, the one of ``flow_id`` as its duplicate.
            actor: who decided, when it was a person.

        Raises:
            IllegalTransitionError: not a member of this flow, a state that settles nothing (only
                its flow takes an invoice there), or a change that the table does not allow; then
                nothing is recorded.
        """
        with self._writing() as connection:
            self._lock_flow(connection, flow_id)
            rows = connection.execute(
                select(invoices.c.id, invoices.c.number, invoices.c.state, invoices.c.run_id)
                .where(self._ours(invoices), invoices.c.flow_id == flow_id)
                .order_by(invoices.c.id)
                .with_for_update(key_share=True)
            ).all()
            members = {row.id: row for row in rows}
            changes: list[dict[str, Any]] = []
            happened: list[dict[str, Any]] = []
            for invoice_row, (state, reason) in sorted(results.items()):
                member = members.get(invoice_row)
                target = InvoiceState(state)
                if member is None:
                    raise IllegalTransitionError(f"Flow {flow_id} does not carry this invoice.")
                if member.state is target:
                    continue
                if target not in SETTLED:
                    message = f"Invoice {member.number} cannot be settled as {target.value}."
                    raise IllegalTransitionError(message)
                require(INVOICE_TRANSITIONS, f"Invoice {member.number}", member.state, target)
                changes.append(
                    {"b_id": invoice_row, "b_state": target, "b_reason": reason}
                    | {"b_at": self._clock()}
                )
                happened.append(
                    self._event(
                        "invoice",
                        target,
                        source=member.state,
                        reason=reason,
                        actor=actor,
                        run_id=member.run_id,
                        invoice_id=invoice_row,
                        flow_id=flow_id,
                    )
                )
            if changes:
                self._write_members(connection, flow_id, changes, happened)
            self._credit_earlier(connection, flow_id, earlier or {})
            again = [
                change["b_id"]
                for change in changes
                if change["b_state"] in HOLDING and members[change["b_id"]].state not in HOLDING
            ]
            self._hold_again(connection, again)
            self._note_change(connection, {members[change["b_id"]].run_id for change in changes})

    def _write_members(
        self,
        connection: Connection,
        flow_id: str,
        changes: Sequence[Mapping[str, Any]],
        happened: Sequence[Mapping[str, Any]],
    ) -> None:
        connection.execute(
            invoices.update()
            .where(invoices.c.id == bindparam("b_id"))
            .values(
                state=bindparam("b_state"),
                reason=bindparam("b_reason"),
                changed_at=bindparam("b_at"),
            ),
            changes,
        )
        connection.execute(
            deposits.update()
            .where(deposits.c.flow_id == flow_id, deposits.c.invoice_id == bindparam("b_id"))
            .values(
                outcome=bindparam("b_state"),
                reason=bindparam("b_reason"),
                changed_at=bindparam("b_at"),
            ),
            changes,
        )
        connection.execute(events.insert(), happened)

    def replace_flow(
        self,
        flow_id: str,
        built: BuiltFlow,
        *,
        run_id: str,
        members: Mapping[int, str],
        actor: str,
        reason: str,
    ) -> None:
        """Send the invoices of a flow again in a new one, by an operator's word.

        The old flow is abandoned; its invoices are bundled in the new one and keep their numbers.
        Those that an earlier report or a life-cycle status has integrated or rejected stay with it.

        Args:
            flow_id: the flow whose fate is not known, or that had an incident.
            built: the new flow, in the outbox.
            run_id: run the new flow belongs to.
            members: new member id by invoice row, for every invoice of the old flow whose state is
                one of :data:`flows.ledger.states.SENT_AGAIN`.
            actor: who decided.
            reason: why.

        Raises:
            IllegalTransitionError: the old flow's state does not allow it, or its invoices and
                ``members`` differ.
        """
        with self._writing() as connection:
            source = self._state_of_flow(connection, flow_id)
            if source not in REPLACEABLE:
                message = f"Flow {flow_id} is {source.value}: it cannot be sent again."
                raise IllegalTransitionError(message)
            self._insert_flows(connection, run_id, [built], replaces=flow_id)
            carried = set(
                connection.execute(
                    select(invoices.c.id).where(
                        invoices.c.flow_id == flow_id, invoices.c.state.in_(SENT_AGAIN)
                    )
                ).scalars()
            )
            if not carried or set(members) != carried or len(members) != built.invoices:
                message = (
                    f"The invoices of flow {flow_id} that may be sent again are not exactly those "
                    f"of {built.flow_id}."
                )
                raise IllegalTransitionError(message)
            self._apply(connection, flow_id, REPLACED, reason, actor)
            moved = [
                {"b_id": row, "b_member": member, "b_flow": built.flow_id}
                for row, member in members.items()
            ]
            connection.execute(
                invoices.update()
                .where(invoices.c.id == bindparam("b_id"))
                .values(flow_id=bindparam("b_flow"), member_id=bindparam("b_member")),
                moved,
            )
            self._insert_deposits(connection, [invoices.c.flow_id == built.flow_id])
            _, mark = self._write_flow_state(
                connection, flow_id, source, FlowState.ABANDONED, reason, actor, None
            )
            self._note_change(connection, [run_id])
        self._tell_journal(
            mark,
            flow=flow_id,
            state=FlowState.ABANDONED.value,
            built=[built.flow_id],
            last=max(members.values()),
        )

    def _credit_earlier(
        self, connection: Connection, flow_id: str, earlier: Mapping[int, str]
    ) -> None:
        """Give the result to the deposits that brought the members; later ones are duplicates."""
        for invoice_row, brought_by in earlier.items():
            for flow, outcome in (
                (flow_id, InvoiceState.DUPLICATE),
                (brought_by, InvoiceState.INTEGRATED),
            ):
                connection.execute(
                    deposits.update()
                    .where(
                        deposits.c.invoice_id == invoice_row,
                        deposits.c.flow_id == flow,
                        deposits.c.outcome != outcome,
                    )
                    .values(outcome=outcome, changed_at=self._clock())
                )

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
