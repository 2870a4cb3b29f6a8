"""Release a held run: send exactly the bytes that were held, or give them up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flows import locking
from flows.channels import open_channel
from flows.configuration import Configuration
from flows.deposit import DepositResult, deposit_flows
from flows.errors import ConfigurationError, ExitCode, RetryableError, worst
from flows.folders import StateFolders
from flows.ledger import FlowState, Ledger, RunRecord, RunState, utc_now
from flows.ledger_access import open_ledger
from flows.night import NightResult, abandon
from flows.report import RunFacts, write_report


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
        LockHeldError: another run is at work.
    """
    settings = configuration.settings
    folders = StateFolders(settings.state_folder)
    with (
        locking.held(folders.root, "run", clock=clock),
        open_ledger(configuration, clock=clock, create=False) as ledger,
    ):
        record = _held(ledger, run_id, by, reason)
        flows = ledger.flows(states={FlowState.BUILT}, run_id=run_id)
        result = DepositResult()
        codes: list[ExitCode] = []
        problems: tuple[str, ...] = ()
        try:
            with open_channel(settings.channel) as channel:
                result = deposit_flows(ledger, channel, folders.outbox, flows, settings)
        except RetryableError as error:
            codes.append(error.exit_code)
            problems = (str(error),)
        codes.append(result.exit_code)
        problems += tuple(str(error) for error in result.errors)
        code = worst(*codes)
        ledger.note("released", actor=by, reason=reason, run_id=run_id)
        if not ledger.flows(states={FlowState.BUILT}, run_id=run_id):
            ledger.finish_run(
                run_id, state=RunState.RELEASED, exit_code=int(code), balance=record.balance or {}
            )
        path = write_report(ledger, run_id, settings, RunFacts(problems=problems))
        return NightResult(run_id, code, None, path, len(result.delivered), problems)


def discard(
    configuration: Configuration,
    run_id: str,
    *,
    by: str,
    reason: str,
    clock: Callable[[], datetime] = utc_now,
) -> NightResult:
    """Give a held run up: its flows are abandoned, its numbers free again, its files not done.

    Raises:
        ConfigurationError: the run is not held, or nobody is named.
    """
    settings = configuration.settings
    folders = StateFolders(settings.state_folder)
    with (
        locking.held(folders.root, "run", clock=clock),
        open_ledger(configuration, clock=clock, create=False) as ledger,
    ):
        record = _held(ledger, run_id, by, reason)
        abandon(ledger, run_id, actor=by, reason=reason)
        ledger.finish_run(
            run_id, state=RunState.FAILED, exit_code=int(ExitCode.OK), balance=record.balance or {}
        )
        path = write_report(ledger, run_id, settings, RunFacts(problems=(reason,)))
        return NightResult(run_id, ExitCode.OK, None, path)


def _held(ledger: Ledger, run_id: str, by: str, reason: str) -> RunRecord:
    if not by.strip() or not reason.strip():
        raise ConfigurationError("A release needs --by and --reason.")
    record = ledger.run(run_id)
    if record is None:
        message = f"The ledger knows no run {run_id}."
        raise ConfigurationError(message, next_step="See: chorus-flows status")
    if record.state is not RunState.HELD:
        message = f"Run {run_id} is {record.state.value}, not held: there is nothing to release."
        raise ConfigurationError(message, next_step=f"See: chorus-flows status --run {run_id}")
    return record
