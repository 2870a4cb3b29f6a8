"""Each flow brought to where the journal and the other side say that it was.

============  ==========================================  =====================================
journal       other side                                  becomes
============  ==========================================  =====================================
delivered,    –                                           deposited (handed over)
or reported
uploading,    –                                           the same: recovery looks, as after a
renaming                                                  crash
in doubt      –                                           in doubt
abandoned     –                                           abandoned
built         –                                           built: not a byte left, for an upload
                                                          is told before it begins
nothing, or   the final name, with the right size         deposited (handed over)
not trusted
nothing, or   anything else                               in doubt
not trusted
============  ==========================================  =====================================
"""

from __future__ import annotations

from collections.abc import Mapping

from flows.channels import Channel
from flows.ledger import FlowRecord, FlowState, Ledger
from flows.ledger.states import REPLACEABLE, REPORTED
from flows.lost_nights import Told
from flows.recovery import HALF_WAY

_DELIVERED = frozenset({FlowState.DEPOSITED, FlowState.HANDED_OVER, *REPORTED})
#: States of which the journal may know more than the ledger.
_OPEN = frozenset({FlowState.BUILT, *HALF_WAY, FlowState.IN_DOUBT})


class Aligner:
    """Brings the open flows of a restored ledger to where they were.

    Args:
        ledger: knows every flow by now.
        channel: tells which state a delivered flow has.
        told: by the journal.
        remote: sizes of the flows that the other side shows, by id.
        trusted: whether the journal is as new as the other side.
        by: who asks for it.
        reason: why.
    """

    def __init__(
        self,
        ledger: Ledger,
        channel: Channel,
        told: Told,
        remote: Mapping[str, int | None],
        *,
        trusted: bool,
        by: str,
        reason: str,
    ) -> None:
        self._ledger = ledger
        self._channel = channel
        self._told = told
        self._remote = remote
        self._trusted = trusted
        self._by = by
        self._reason = reason

    def align(self) -> None:
        """Align every open flow; doing it again changes nothing."""
        for flow in self._ledger.flows(states=_OPEN):
            self._align(flow)

    def replaceable(self, flow_id: str) -> bool:
        """Bring a flow that the journal calls abandoned to where it can be replaced; tell if so."""
        flow = self._ledger.flow(flow_id)
        if flow is None:
            return False
        if flow.state in {FlowState.BUILT, *HALF_WAY, FlowState.HANDED_OVER}:
            self._move(flow, FlowState.IN_DOUBT)
            return True
        if flow.state is FlowState.DEPOSITED:
            # Nothing else lets a deposited flow go again.
            self._move(flow, FlowState.INCIDENT)
            return True
        return flow.state in REPLACEABLE

    def _align(self, flow: FlowRecord) -> None:
        told = self._told.flows.get(flow.flow_id)
        if told in _DELIVERED:
            self._deliver(flow, FlowState.HANDED_OVER if told is FlowState.HANDED_OVER else None)
        elif told is FlowState.ABANDONED:
            if flow.state in HALF_WAY:
                self._move(flow, FlowState.IN_DOUBT)
            self._move(flow, FlowState.ABANDONED)
        elif flow.state is FlowState.IN_DOUBT and told is not None:
            return
        elif told is FlowState.IN_DOUBT:
            self._move(flow, FlowState.IN_DOUBT)
        elif told in HALF_WAY and self._trusted:
            self._half_way(flow, told)
        elif told is None or not self._trusted:
            self._unseen(flow)

    def _half_way(self, flow: FlowRecord, told: FlowState | None) -> None:
        """Bring a flow to the step at which the journal left it."""
        if flow.state is FlowState.BUILT:
            temporary = self._told.temporary.get(flow.flow_id)
            self._move(flow, FlowState.UPLOADING, temporary=temporary)
        if told is FlowState.RENAMING:
            self._move(flow, FlowState.RENAMING)

    def _unseen(self, flow: FlowRecord) -> None:
        """Settle a flow of which no journal tells, by what the other side shows of it."""
        if flow.flow_id in self._remote and self._remote[flow.flow_id] in (None, flow.size):
            self._deliver(flow, None)
        elif flow.state is not FlowState.RENAMING:  # recovery looks at that one
            self._move(flow, FlowState.IN_DOUBT)

    def _deliver(self, flow: FlowRecord, told: FlowState | None) -> None:
        state = told or FlowState(self._channel.delivered_state)
        if state is FlowState.HANDED_OVER and flow.state is FlowState.BUILT:
            self._move(flow, FlowState.IN_DOUBT)  # the table knows no shorter way
        self._move(flow, state)

    def _move(self, flow: FlowRecord, state: FlowState, *, temporary: str | None = None) -> None:
        self._ledger.move_flow(
            flow.flow_id,
            state,
            detail=f"ledger restored: {self._reason}",
            temporary_name=temporary,
            actor=self._by,
        )
