"""Recovery: what became of the flows that a crash, a kill or a cut left half-way.

Runs at the start of every run, after a collect (a report of Chorus Pro says more than any look at
its folders). Source of the rules: chorus-flows, docs/deposit.md, "What recovery decides".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from flows.channels import Channel, RemoteEntry
from flows.crashpoints import CrashPoint, reach
from flows.errors import ChannelRefusedError, ExitCode, TransportError, worst
from flows.ledger import Ledger
from flows.ledger.records import FlowRecord
from flows.ledger.states import FlowState, RunState

_LOG = logging.getLogger(__name__)

#: States in which an upload was begun and its end is not recorded.
HALF_WAY = frozenset({FlowState.UPLOADING, FlowState.RENAMING})

#: Runs whose flows may not leave by themselves: an operator's word is missing. A flow that is sent
#: again in the place of another one has it.
_WITHHELD = frozenset({RunState.HELD, RunState.FAILED})


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """What a recovery found; flow records as they are afterwards.

    Attributes:
        delivered: their final name was there: deposited, or handed over.
        returned: nothing of them can have arrived; they are ``built`` again.
        in_doubt: nobody can tell; only Chorus Pro's report or an operator will.
        to_deposit: all flows of the outbox still to deposit, oldest first: those of former runs
            and those of the unfinished run, ``returned`` included. The flows of a run that is
            still ``running`` must pass its brakes first.
        withheld: flows of the outbox of a run that is held or failed: an operator releases them.
        missing: flows to deposit whose file is not in the outbox any more; they cannot be sent.
        unsettled: left half-way, as they were, because of ``problem`` or because nobody may be
            asked; a deposit settles them first when it is given them, else the next recovery.
        problem: why the other side could not be asked, or None.
    """

    delivered: tuple[FlowRecord, ...] = ()
    returned: tuple[FlowRecord, ...] = ()
    in_doubt: tuple[FlowRecord, ...] = ()
    to_deposit: tuple[FlowRecord, ...] = ()
    withheld: tuple[FlowRecord, ...] = ()
    missing: tuple[FlowRecord, ...] = ()
    unsettled: tuple[FlowRecord, ...] = ()
    problem: TransportError | ChannelRefusedError | None = None

    @property
    def exit_code(self) -> ExitCode:
        """Attention when a person must look, unfinished when the other side was not there."""
        look = (ExitCode.ATTENTION,) if self.in_doubt or self.missing else ()
        again = (self.problem.exit_code,) if self.problem else ()
        return worst(*look, *again)


def recover(
    ledger: Ledger, channel: Channel, outbox: Path, settings: Settings, *, ask: bool = True
) -> RecoveryResult:
    """Settle every flow left half-way, and tell which flows are still to deposit.

    The other side is only asked when a flow was left half-way. Raises nothing of the channel's:
    a server that is down must not keep the night's extracts from being transformed.

    Args:
        ledger: says what was under way, and learns what became of it.
        channel: where the flows went.
        outbox: folder the flows' paths are relative to.
        settings: tell whether the server ignores temporary names.
        ask: whether the other side may be called; if not, what is half-way stays so.

    Raises:
        LedgerUnavailableError: the ledger cannot be read or written.
    """
    settled: dict[FlowState, list[FlowRecord]] = {}
    unsettled: list[FlowRecord] = []
    problem: TransportError | ChannelRefusedError | None = None
    ignored = settings.channel.temporary_ignored
    for flow in _oldest_first(ledger.flows(states=HALF_WAY)):
        if ask and problem is None:
            try:
                channel.connect()
                state = settle(ledger, channel, flow, temporary_ignored=ignored)
            except (TransportError, ChannelRefusedError) as error:
                problem = error
            else:
                settled.setdefault(state, []).append(_again(ledger, flow))
                continue
        unsettled.append(flow)
    to_deposit, withheld, missing = _waiting_in_outbox(ledger, outbox)
    return RecoveryResult(
        delivered=tuple(
            settled.get(FlowState.DEPOSITED, []) + settled.get(FlowState.HANDED_OVER, [])
        ),
        returned=tuple(settled.get(FlowState.BUILT, [])),
        in_doubt=tuple(settled.get(FlowState.IN_DOUBT, [])),
        to_deposit=to_deposit,
        withheld=withheld,
        missing=missing,
        unsettled=tuple(unsettled),
        problem=problem,
    )


def settle(
    ledger: Ledger, channel: Channel, flow: FlowRecord, *, temporary_ignored: bool
) -> FlowState:
    """Look at the other side and record what became of a flow left half-way.

    ============  =======================================  ===================================
    state         seen                                     becomes
    ============  =======================================  ===================================
    any           final name, right size                   deposited (handed over)
    any           final name, another size                 in doubt
    uploading     no final name                            built, its temporary removed; in
                                                           doubt if the server may take
                                                           temporary names, or none was used
    renaming      temporary name only                      as for uploading: a rename moves, so
                                                           it did not happen
    renaming      nothing                                  in doubt
    ============  =======================================  ===================================

    Args:
        ledger: learns the new state.
        channel: where the flow went.
        flow: in state ``uploading`` or ``renaming``.
        temporary_ignored: whether the server never takes a temporary name.

    Returns:
        The new state.

    Raises:
        TransportError: the other side could not be asked; nothing is recorded.
        ChannelRefusedError: it refused the connection; nothing is recorded.
        LockLostError: another machine took the deposit over; nothing is touched.
    """
    ledger.require_locks()
    final = channel.final_path(flow.file_name)
    state, detail = _judge(channel, flow, final, temporary_ignored)
    ledger.move_flow(flow.flow_id, state, detail=detail)
    reach(CrashPoint.RECOVERED)
    _LOG.info("flow %s, left %s: %s (%s)", flow.flow_id, flow.state.value, state.value, detail)
    return state


def _judge(
    channel: Channel, flow: FlowRecord, final: str, temporary_ignored: bool
) -> tuple[FlowState, str]:
    seen = _look(channel, final)
    if seen is not None:
        return _judge_final(channel, flow, final, seen)
    temporary = flow.temporary_name
    if temporary is None or temporary == final:
        return FlowState.IN_DOUBT, "upload under the final name not ended, and nothing is there"
    if not temporary_ignored:
        return FlowState.IN_DOUBT, "the server may have taken the temporary name"
    removed = discard_quietly(channel, temporary)
    reach(CrashPoint.TEMPORARY_REMOVED)
    if flow.state is FlowState.UPLOADING:
        return FlowState.BUILT, "upload not ended; nothing can have arrived"
    if removed:
        return FlowState.BUILT, "not renamed: the temporary name was still there"
    # The rename may have been under way while we looked.
    seen = _look(channel, final)
    if seen is not None:
        return _judge_final(channel, flow, final, seen)
    return FlowState.IN_DOUBT, "rename asked for, and neither name is there"


def _judge_final(
    channel: Channel, flow: FlowRecord, final: str, seen: RemoteEntry
) -> tuple[FlowState, str]:
    complete = seen.size == flow.size or (
        # A server that hides sizes: a name reached by a rename is complete, an upload may be cut.
        seen.size is None and flow.state is FlowState.RENAMING
    )
    if not complete:
        return FlowState.IN_DOUBT, f"final name there with {seen.size} of {flow.size} bytes"
    temporary = flow.temporary_name
    if temporary is not None and temporary != final:
        discard_quietly(channel, temporary)  # a rename made of link and unlink can be cut too
    return FlowState(channel.delivered_state), "final name seen with the right size"


def _look(channel: Channel, path: str) -> RemoteEntry | None:
    """Look at a path; a server that forbids it shows nothing."""
    try:
        return channel.stat(path)
    except ChannelRefusedError as error:
        # Told apart from a refused login, which must be raised: asked again, that one fails.
        channel.connect()
        _LOG.warning("%s", error)
        return None


def discard_quietly(channel: Channel, temporary: str) -> bool:
    """Remove an upload of ours that is not needed; True when it is certain that it is gone by us.

    A server that forbids it leaves a file that nobody takes: untidy, not wrong.
    """
    try:
        return channel.discard(temporary)
    except ChannelRefusedError as error:
        _LOG.warning("%s stays behind: %s", temporary, error)
        return False


def _waiting_in_outbox(
    ledger: Ledger, outbox: Path
) -> tuple[tuple[FlowRecord, ...], tuple[FlowRecord, ...], tuple[FlowRecord, ...]]:
    """Return the built flows: to deposit, withheld, missing."""
    ready: list[FlowRecord] = []
    withheld: list[FlowRecord] = []
    missing: list[FlowRecord] = []
    runs: dict[str, RunState | None] = {}
    for flow in _oldest_first(ledger.flows(states={FlowState.BUILT})):
        if flow.run_id not in runs:
            run = ledger.run(flow.run_id)
            runs[flow.run_id] = run.state if run else None
        if not (outbox / flow.path).is_file():
            missing.append(flow)
        elif runs[flow.run_id] in _WITHHELD and flow.replaces is None:
            withheld.append(flow)
        else:
            ready.append(flow)
    return tuple(ready), tuple(withheld), tuple(missing)


def _oldest_first(flows: list[FlowRecord]) -> list[FlowRecord]:
    return sorted(flows, key=lambda flow: flow.flow_id)


def _again(ledger: Ledger, flow: FlowRecord) -> FlowRecord:
    return ledger.flow(flow.flow_id) or flow
