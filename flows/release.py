"""Release a held run: send exactly the bytes that were held, or give them up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flows import exclusive, opening, waiting
from flows.audit import seal
from flows.channels import open_channel
from flows.configuration import Configuration
from flows.crashpoints import CrashPoint, reach
from flows.deposit import DepositResult, deposit_flows
from flows.errors import (
    ChorusFlowsError,
    ConfigurationError,
    ExitCode,
    LockLostError,
    RestoredLedgerError,
    RetryableError,
    WindowClosedError,
    worst,
)
from flows.folders import StateFolders
from flows.giving_up import abandon, abandon_flows
from flows.ledger import FlowState, Ledger, RunRecord, RunState, utc_now
from flows.night_result import NightResult
from flows.recovery import HALF_WAY
from flows.report import RunFacts, write_report
from flows.restored import require_current, require_remote_known
from flows.word import word

#: Flows of a held run that have not arrived for sure.
_UNSENT = frozenset({FlowState.BUILT, *HALF_WAY})


def release(
    configuration: Configuration,
    run_id: str,
    *,
    by: str,
    reason: str,
    clock: Callable[[], datetime] = utc_now,
) -> NightResult:
    """Deposit the flows of a held run, and record who decided and why.

    Raises:
        ConfigurationError: the run is not held, or nobody is named.
        WindowClosedError: the settings allow no deposit at this hour; nothing is recorded.
        LockHeldError: another run is at work.
        RestoredLedgerError: the ledger is behind what was done; nothing is done then.
    """
    said = word(by, reason, command="release")
    by, reason = said.by, said.reason
    settings = configuration.settings
    folders = StateFolders(settings.state_folder)
    with exclusive.depositing(configuration, clock=clock, create=False) as ledger:
        require_current(configuration, ledger)
        record = _known(ledger, run_id)
        if record.state is not RunState.HELD:
            raise _nothing_to(record, "release")
        shut = opening.closed(settings, clock())
        if shut is not None:
            message = f"Run {run_id} cannot be released: {opening.why(shut, settings)}."
            step = "Nothing was changed. Give the same command after that, or change the setting."
            raise WindowClosedError(message, next_step=step)
        # The word comes first: what follows cannot be recalled.
        ledger.note("released", actor=by, reason=reason, run_id=run_id)
        reach(CrashPoint.RELEASE_NOTED)
        flows = ledger.flows(states=_UNSENT, run_id=run_id)
        result = DepositResult()
        codes: list[ExitCode] = []
        errors: list[ChorusFlowsError] = []
        try:
            with open_channel(settings.channel) as channel:
                result = deposit_flows(
                    ledger,
                    channel,
                    folders.outbox,
                    flows,
                    settings,
                    clock=clock,
                    look_first=lambda there: require_remote_known(ledger, there, settings),
                )
        except LockLostError:
            raise
        except (RetryableError, RestoredLedgerError) as error:
            codes.append(error.exit_code)
            errors.append(error)
        codes.append(result.exit_code)
        errors += result.errors
        if result.closed is not None and result.remaining:
            message = f"The rest of run {run_id} waits: {opening.why(result.closed, settings)}."
            step = f"After that: chorus-flows release {run_id} --by … --reason …"
            errors.append(WindowClosedError(message, next_step=step))  # not done as asked
            codes.append(ExitCode.UNFINISHED)
        problems = tuple(str(error) for error in errors)
        code = worst(*codes)
        reach(CrashPoint.RELEASED)
        if not ledger.flows(states=_UNSENT, run_id=run_id):
            ledger.finish_run(
                run_id, state=RunState.RELEASED, exit_code=int(code), balance=record.balance or {}
            )
            waiting.sweep(ledger, folders.waiting, run_id)
        seal(ledger, settings, "release", run_id)
        facts = RunFacts(problems=problems, causes=tuple(error.cause for error in errors))
        path = write_report(ledger, run_id, settings, facts)
        seal(ledger, settings, "report")
        return NightResult(run_id, code, None, path, len(result.delivered), problems)


def discard(
    configuration: Configuration,
    run_id: str,
    *,
    by: str,
    reason: str,
    clock: Callable[[], datetime] = utc_now,
) -> NightResult:
    """Give up what a run did not send: its flows are abandoned, their numbers free again.

    A held run, or one that was cut short and cannot be resumed, has failed then: its files may
    come again as they were. Of a run that is over, only flows that could not be sent are given up
    (their file is gone or damaged); their invoices must be extracted again in a new file.

    Raises:
        ConfigurationError: there is nothing to give up, a flow is under way, or nobody is named.
        LockHeldError: a run is at work.
        RestoredLedgerError: the ledger is behind what was done; nothing is done then.
    """
    said = word(by, reason, command="release")
    by, reason = said.by, said.reason
    settings = configuration.settings
    with exclusive.depositing(configuration, clock=clock, create=False) as ledger:
        require_current(configuration, ledger)
        record = _known(ledger, run_id)
        over = record.state not in {RunState.HELD, RunState.RUNNING}
        if over and not ledger.flows(states={FlowState.BUILT}, run_id=run_id):
            raise _nothing_to(record, "give up")
        under_way = ledger.flows(states=HALF_WAY, run_id=run_id)
        if under_way:
            message = f"Flow {under_way[0].flow_id} of run {run_id} is under way: it may arrive."
            step = "Let a run settle it first: chorus-flows run --hold; then give the run up."
            raise ConfigurationError(message, next_step=step)
        ledger.note("given_up", actor=by, reason=reason, run_id=run_id)
        if over:
            abandon_flows(ledger, run_id, actor=by, reason=reason)
        else:
            abandon(ledger, run_id, actor=by, reason=reason)
            ledger.finish_run(
                run_id,
                state=RunState.FAILED,
                exit_code=int(ExitCode.OK),
                balance=record.balance or {},
                actor=by,
                reason=reason,
            )
            waiting.sweep(ledger, StateFolders(settings.state_folder).waiting, run_id)
        seal(ledger, settings, "discard", run_id)
        path = write_report(ledger, run_id, settings, RunFacts(problems=(reason,)))
        seal(ledger, settings, "report")
        return NightResult(run_id, ExitCode.OK, None, path)


def _known(ledger: Ledger, run_id: str) -> RunRecord:
    record = ledger.run(run_id)
    if record is None:
        message = f"The ledger knows no run {run_id}."
        raise ConfigurationError(message, next_step="See: chorus-flows status")
    return record


def _nothing_to(record: RunRecord, what: str) -> ConfigurationError:
    message = f"Run {record.run_id} is {record.state.value}: there is nothing to {what}."
    return ConfigurationError(message, next_step=f"See: chorus-flows status --run {record.run_id}")
