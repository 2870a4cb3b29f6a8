"""Deposit: send the flows of the outbox, each at most once, and know of each what became of it.

Write-ahead: the ledger says what is about to be done before it is done, so that whatever kills
the process, the next run knows where to look. Source: chorus-flows, docs/deposit.md.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from config.settings import Settings
from flows.channels import Channel
from flows.crashpoints import CrashPoint, reach
from flows.errors import (
    ChannelRefusedError,
    ChorusFlowsError,
    ExitCode,
    IllegalTransitionError,
    LockLostError,
    OutboxDamagedError,
    TargetExistsError,
    TransportError,
    worst,
)
from flows.ledger import Ledger
from flows.ledger.records import FlowRecord
from flows.ledger.states import REPORTED, FlowState
from flows.ledger.store import utc_now
from flows.opening import closed
from flows.recovery import HALF_WAY, discard_quietly, settle
from transforms.opening import Closed

_LOG = logging.getLogger(__name__)

#: Places of an upload, by the percentage of the bytes sent.
_ON_THE_WAY = (
    (1, CrashPoint.UPLOAD_1),
    (50, CrashPoint.UPLOAD_50),
    (99, CrashPoint.UPLOAD_99),
)


def _new_token() -> str:
    return secrets.token_hex(4)


@dataclass(slots=True)
class DepositResult:
    """What a deposit did, by flow id, in order.

    Attributes:
        delivered: deposited, or handed over to the firm's transfer tool.
        in_doubt: nobody can tell whether they arrived; Chorus Pro's report will.
        remaining: still in the outbox, nothing of them arrived; the next run sends them.
        damaged: still in the outbox, and their file is not the one that was built; never sent.
        unsettled: left half-way by an earlier run and not looked at, for the deposit stopped; the
            next recovery looks.
        errors: what went wrong, in order.
        closed: why the settings let nothing more begin (``channel.window``, ``blackouts``); what
            remains then waits as planned.
    """

    delivered: list[str] = field(default_factory=list)
    in_doubt: list[str] = field(default_factory=list)
    remaining: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    errors: list[ChorusFlowsError] = field(default_factory=list)
    closed: Closed | None = None

    @property
    def exit_code(self) -> ExitCode:
        """Attention for a flow in doubt, unfinished for one that remains unplanned, else 0."""
        doubt = (ExitCode.ATTENTION,) if self.in_doubt else ()
        unplanned = self.unsettled or (self.remaining and self.closed is None)
        rest = (ExitCode.UNFINISHED,) if unplanned else ()
        return worst(*doubt, *rest, *(error.exit_code for error in self.errors))


class DeadlineReachedError(TransportError):
    """Raised when ``channel.deadline`` is over; what is not sent waits for the next run."""

    cause = "deadline"


def deposit_flows(
    ledger: Ledger,
    channel: Channel,
    outbox: Path,
    flows: Sequence[FlowRecord],
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
    token: Callable[[], str] = _new_token,
    on_progress: Callable[[int, int], None] | None = None,
    look_first: Callable[[Channel], None] | None = None,
) -> DepositResult:
    """Deposit flows in the order given.

    Brakes come before: what is given here goes out. A flow that fails in a passing way is tried
    again (``channel.retries``, waits doubled, within ``channel.deadline``); after that, and after
    a refusal, the deposit stops: the others would fail alike. A flow whose outbox file is damaged
    is passed over. No flow is begun outside ``channel.window`` or in a blackout; one under way is
    ended. Failures of the channel are in the result, not raised.

    Args:
        ledger: says what each flow is, and learns what becomes of it.
        channel: where to.
        outbox: folder the flows' paths are relative to.
        flows: records in state ``built`` (or left half-way: these are settled first). A flow that
            is further by now is passed over.
        settings: give retries, deadline, hours, and whether temporary names are ignored.
        clock: the present time, for the deadline and the hours.
        sleep: waits that many seconds.
        token: text that makes the temporary name of an attempt unique.
        on_progress: called after each flow with the number done and the number of all.
        look_first: called once the other side answers, before anything is sent; what it raises
            besides failures of the channel ends the deposit.

    Raises:
        LedgerUnavailableError: a state could not be recorded; recovery settles the flow.
        LockLostError: another machine took the deposit over; nothing more is sent or touched.
    """
    deposit = _Deposit(
        ledger,
        channel,
        outbox,
        settings,
        clock=clock,
        sleep=sleep,
        token=token,
        look_first=look_first,
    )
    result = DepositResult()
    stopped = False
    for rank, flow in enumerate(flows, start=1):
        if not stopped:
            result.closed = closed(settings, clock())
        if stopped or result.closed:
            left = result.unsettled if flow.state in HALF_WAY else result.remaining
            left.append(flow.flow_id)
            continue
        stopped = deposit.perform(flow, result)
        if on_progress:
            on_progress(rank, len(flows))
    return result


class _Deposit:
    """One deposit: the deadline, and the steps that a flow goes through."""

    def __init__(
        self,
        ledger: Ledger,
        channel: Channel,
        outbox: Path,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        token: Callable[[], str],
        look_first: Callable[[Channel], None] | None,
    ) -> None:
        self._ledger = ledger
        self._channel = channel
        self._outbox = outbox
        self._clock = clock
        self._sleep = sleep
        self._token = token
        self._look_first = look_first
        self._hours = settings
        self._settings = settings.channel
        self._end = clock() + timedelta(seconds=settings.channel.deadline)

    def perform(self, flow: FlowRecord, result: DepositResult) -> bool:
        """Deposit one flow and note the outcome; True when the others should not be tried."""
        stop = False
        try:
            failure = self._try_until_settled(flow)
        except OutboxDamagedError as error:
            result.errors.append(error)
            result.damaged.append(flow.flow_id)
            return False
        except (TransportError, ChannelRefusedError, TargetExistsError) as error:
            _LOG.error("flow %s: %s", flow.flow_id, error)
            result.errors.append(error)
            self._give_up(flow.flow_id, taken=isinstance(error, TargetExistsError))
            failure, stop = None, True  # noted
        state = self._flow(flow).state
        if state is FlowState.IN_DOUBT:
            result.in_doubt.append(flow.flow_id)
            if failure:
                result.errors.append(failure)
        elif state is FlowState.BUILT:
            result.remaining.append(flow.flow_id)
        elif state is FlowState(self._channel.delivered_state) or state in REPORTED:
            result.delivered.append(flow.flow_id)
        return stop

    # -- attempts ------------------------------------------------------------------------------

    def _try_until_settled(self, flow: FlowRecord) -> TransportError | None:
        """Try as often as the settings say; return the failure met on the way, if any."""
        longest = self._settings.retry_wait_max
        wait = min(self._settings.retry_wait, longest)
        failure = None
        for remaining in range(self._settings.retries, -1, -1):
            try:
                self._try(flow)
            except DeadlineReachedError:
                raise
            except TransportError as error:
                if not remaining or not self._open_after(wait):
                    raise
                _LOG.warning("flow %s, next try in %s s: %s", flow.flow_id, wait, error)
                self._sleep(wait)
                wait = min(2 * wait, longest)
                failure = error
            else:
                break
        return failure

    def _open_after(self, wait: float) -> bool:
        """Whether a try may begin after a wait: before the deadline and within the hours."""
        then = self._clock() + timedelta(seconds=wait)
        return then < self._end and closed(self._hours, then) is None

    def _try(self, flow: FlowRecord) -> None:
        """Settle what a former try left, then send, unless that settled the flow."""
        self._check_deadline()
        self._channel.connect()
        # What is under way may be another machine's by now, and is not to be touched then.
        self._ledger.require_locks()
        if self._look_first is not None:
            self._look_first(self._channel)
            self._look_first = None
        now = self._flow(flow)
        if now.state in HALF_WAY:
            self._settle(now)
            now = self._flow(flow)
        if now.state is FlowState.BUILT:
            self._send(now, self._checked_file(now))

    def _send(self, flow: FlowRecord, local: Path) -> None:
        channel, ledger = self._channel, self._ledger
        if flow.temporary_name and flow.temporary_name != channel.final_path(flow.file_name):
            discard_quietly(channel, flow.temporary_name)  # of an attempt that could not tidy up
        final = channel.final_path(flow.file_name)
        temporary = channel.temporary_path(flow.file_name, self._token())
        self._refuse_taken_name(final)
        ledger.move_flow(flow.flow_id, FlowState.UPLOADING, temporary_name=temporary)
        reach(CrashPoint.UPLOAD_0)
        size = channel.put(local, temporary, progress=self._watch)
        reach(CrashPoint.UPLOAD_100)
        if size is not None and size != flow.size:
            raise TransportError(
                f"{temporary} has {size} bytes on the other side instead of {flow.size}.",
                next_step="Run again; nothing is sent twice.",
            )
        if temporary != final:
            reach(CrashPoint.BEFORE_RENAMING_RECORD)
            # Refused when the lock was lost. Frozen from here on, the rename fails: whoever takes
            # over has removed the temporary name, or keeps the flow in doubt.
            try:
                ledger.move_flow(flow.flow_id, FlowState.RENAMING)
            except LockLostError:
                self._remove(temporary)  # of this attempt: nobody else knows of it any more
                raise
            reach(CrashPoint.AFTER_RENAMING_RECORD)
            channel.rename(temporary, final)
        reach(CrashPoint.AFTER_RENAME)
        try:
            ledger.move_flow(flow.flow_id, FlowState(channel.delivered_state))
            reach(CrashPoint.CONFIRMED)
        except IllegalTransitionError:
            # A collect beside this night may have read the report already: it knows more.
            if self._flow(flow).state not in REPORTED:
                raise

    def _refuse_taken_name(self, final: str) -> None:
        """Look before sending: a name that is taken tells of a sequence used twice."""
        try:
            seen = self._channel.stat(final)
        except ChannelRefusedError:
            return  # looking is forbidden there; the rename refuses as well
        if seen is not None:
            raise TargetExistsError(
                f"{final} is there already, with {seen.size} bytes, and we did not put it there. "
                "Was the ledger restored, or the sequence of flow numbers used by another tool?",
                next_step="Compare, then: chorus-flows flow resolve ID --deposited or --resend.",
            )

    def _watch(self, sent: int, total: int) -> None:
        """Stop an upload at the deadline."""
        for percent, point in _ON_THE_WAY:
            if 100 * sent >= percent * total:
                reach(point)
        self._check_deadline()

    # -- endings -------------------------------------------------------------------------------

    def _give_up(self, flow_id: str, *, taken: bool) -> None:
        """Leave a flow that failed as ``built`` if nothing can have arrived, else in doubt."""
        flow = self._ledger.flow(flow_id)
        if flow is None:
            return
        if taken:
            # Also when nothing was sent: a ledger restored from a backup sees its own flow there.
            detail = "its final name was taken by a file that we did not put there now"
            self._ledger.move_flow(flow_id, FlowState.IN_DOUBT, detail=detail)
            self._tidy(flow)
            return
        if flow.state not in HALF_WAY:
            return
        try:
            self._channel.connect()
            self._settle(flow)
        except (TransportError, ChannelRefusedError) as error:
            _LOG.warning("flow %s could not be looked at: %s", flow_id, error)
            self._ledger.move_flow(
                flow_id, self._state_unseen(flow), detail="the other side could not be asked"
            )

    def _tidy(self, flow: FlowRecord) -> None:
        """Remove an upload whose final name turned out to be taken; a failure is only untidy."""
        temporary = flow.temporary_name
        if flow.state is not FlowState.RENAMING or temporary is None:
            return
        self._ledger.require_locks()
        self._remove(temporary)

    def _remove(self, temporary: str) -> None:
        """Remove an upload that is of no use; a failure is only untidy."""
        try:
            discard_quietly(self._channel, temporary)
        except TransportError as error:
            _LOG.warning("%s stays behind: %s", temporary, error)

    def _state_unseen(self, flow: FlowRecord) -> FlowState:
        """Return what a flow left half-way is when the other side cannot be asked."""
        hidden = flow.temporary_name not in (None, self._channel.final_path(flow.file_name))
        if flow.state is FlowState.UPLOADING and hidden and self._settings.temporary_ignored:
            return FlowState.BUILT
        return FlowState.IN_DOUBT

    def _settle(self, flow: FlowRecord) -> None:
        settle(
            self._ledger,
            self._channel,
            flow,
            temporary_ignored=self._settings.temporary_ignored,
        )

    # -- checks --------------------------------------------------------------------------------

    def _flow(self, flow: FlowRecord) -> FlowRecord:
        return self._ledger.flow(flow.flow_id) or flow

    def _check_deadline(self) -> None:
        if self._clock() >= self._end:
            raise DeadlineReachedError(
                f"The deposit did not end within channel.deadline ({self._settings.deadline} s).",
                next_step="The flows left are sent by the next run.",
            )

    def _checked_file(self, flow: FlowRecord) -> Path:
        """Return the outbox file of a flow, its bytes being those the ledger recorded.

        Raises:
            OutboxDamagedError: the file is missing or differs; it must not be sent.
        """
        local = self._outbox / flow.path
        try:
            with local.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise _damaged(flow, f"cannot be read: {error.strerror}") from error
        if digest != flow.sha256:
            raise _damaged(flow, "is not the one that was built (its SHA-256 differs)")
        return local


def _damaged(flow: FlowRecord, why: str) -> OutboxDamagedError:
    return OutboxDamagedError(
        f"The file {flow.path} of flow {flow.flow_id} in the outbox {why}. It was not sent.",
        next_step="Restore it, or give up what is left of its run: "
        f"chorus-flows release {flow.run_id} --discard --by … --reason …",
    )
