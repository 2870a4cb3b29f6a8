"""Book of the flows: what was built, where it is, and which invoices it carries."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from flows.ledger.records import CarriedRecord, EventMark, FlowRecord, MemberRecord
from flows.ledger.states import FlowState
from flows.ledger.store import Store, columns_for, to_record
from flows.ledger.tables import deposits, flows, invoices
from transforms.outcome import BuiltFlow


class FlowBook(Store):
    """Flows of this company and emitter, and their members."""

    def flows(
        self, *, states: Collection[FlowState | str] = (), run_id: str | None = None
    ) -> list[FlowRecord]:
        """Return flows in the order of their ids (of their numbers, within an interface).

        Args:
            states: only flows in one of these; empty: in any.
            run_id: only flows built by this run.
        """
        query = select(*columns_for(FlowRecord, flows)).where(self._ours(flows))
        if states:
            query = query.where(flows.c.state.in_([FlowState(state) for state in states]))
        if run_id is not None:
            query = query.where(flows.c.run_id == run_id)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(flows.c.flow_id))
            return [to_record(FlowRecord, row._mapping) for row in rows]

    def flow(self, flow_id: str) -> FlowRecord | None:
        """Return a flow by its 25 characters, or None."""
        with self._reading() as connection:
            row = connection.execute(
                select(*columns_for(FlowRecord, flows)).where(
                    self._ours(flows), flows.c.flow_id == flow_id
                )
            ).first()
        return None if row is None else to_record(FlowRecord, row._mapping)

    def flow_by_member(self, member_id: str) -> FlowRecord | None:
        """Return the flow that carried a member (the first one shares the flow's id), or None."""
        with self._reading() as connection:
            row = connection.execute(
                select(*columns_for(FlowRecord, flows))
                .join(deposits, deposits.c.flow_id == flows.c.flow_id)
                .where(self._ours(flows), deposits.c.member_id == member_id)
            ).first()
        return None if row is None else to_record(FlowRecord, row._mapping)

    def successors(self, flow_id: str) -> list[FlowRecord]:
        """Return the flows that sent a flow again, directly or one after the other."""
        found: list[FlowRecord] = []
        wanted: str | None = flow_id
        with self._reading() as connection:
            while wanted is not None:
                row = connection.execute(
                    select(*columns_for(FlowRecord, flows)).where(
                        self._ours(flows), flows.c.replaces == wanted
                    )
                ).first()
                if row is not None:
                    found.append(to_record(FlowRecord, row._mapping))
                wanted = found[-1].flow_id if row is not None else None
        return found

    def predecessors(self, flow: FlowRecord) -> list[FlowRecord]:
        """Return the flows that ``flow`` sends again, the newest first."""
        found: list[FlowRecord] = []
        wanted = flow.replaces
        while wanted is not None and (before := self.flow(wanted)) is not None:
            found.append(before)
            wanted = before.replaces
        return found

    def members(self, flow_id: str) -> list[MemberRecord]:
        """Return the invoices a flow carried, in the order of their member ids."""
        with self._reading() as connection:
            rows = connection.execute(
                select(
                    invoices.c.id.label("invoice_row"),
                    deposits.c.member_id,
                    invoices.c.number,
                    invoices.c.identity_key,
                    invoices.c.seller_id,
                    invoices.c.state,
                    deposits.c.attempt,
                    deposits.c.outcome,
                    deposits.c.reason,
                )
                .join(invoices, invoices.c.id == deposits.c.invoice_id)
                .where(self._ours(deposits), deposits.c.flow_id == flow_id)
                .order_by(deposits.c.member_id)
            )
            return [to_record(MemberRecord, row._mapping) for row in rows]

    def carried(self, invoice_row: int) -> list[CarriedRecord]:
        """Return the flows that carried an invoice, first attempt first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(CarriedRecord, deposits))
                .where(self._ours(deposits), deposits.c.invoice_id == invoice_row)
                .order_by(deposits.c.attempt, deposits.c.id)
            )
            return [to_record(CarriedRecord, row._mapping) for row in rows]

    def _insert_flows(
        self,
        connection: Connection,
        run_id: str,
        built: Sequence[BuiltFlow],
        *,
        replaces: str | None = None,
    ) -> EventMark | None:
        if not built:
            return None
        now = self._clock()
        connection.execute(
            flows.insert(),
            [
                {
                    **self._scope,
                    "run_id": run_id,
                    "flow_id": flow.flow_id,
                    "file_name": flow.file_name,
                    "interface": flow.interface,
                    "path": flow.path,
                    "size": flow.size,
                    "sha256": flow.sha256,
                    "content_sha256": flow.content_sha256,
                    "invoices": flow.invoices,
                    "state": FlowState.BUILT,
                    "attempts": 0,
                    "detail": "",
                    "replaces": replaces,
                    "built_at": now,
                    "changed_at": now,
                }
                for flow in built
            ],
        )
        mark = None
        for flow in built:
            mark = self._record_event(
                connection,
                "flow",
                FlowState.BUILT,
                source=FlowState.RESERVED,
                run_id=run_id,
                flow_id=flow.flow_id,
            )
        return mark
