"""Book of the deposits: the states of the deposit protocol, and what they do to the invoices.

A night and a collect write at the same time; see :mod:`flows.ledger.flow_writes` on their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from flows.errors import IllegalTransitionError
from flows.ledger.flow_writes import FlowWrites
from flows.ledger.states import (
    FLOW_EFFECTS,
    FLOW_TRANSITIONS,
    HOLDING,
    INVOICE_TRANSITIONS,
    REPLACEABLE,
    REPLACED,
    SENT_AGAIN,
    SETTLED,
    FlowState,
    InvoiceState,
    require,
)
from flows.ledger.store import SYSTEM
from flows.ledger.tables import deposits, events, invoices
from transforms.outcome import BuiltFlow


class DepositBook(FlowWrites):
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
