"""A night, as plain functions: collect, recover, transform, check, deposit, report.

Prefect (``flows.nightly``) and the command line both perform the same stages with the same
result. A night that a crash or a fault cut short is resumed under its own number and date.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from flows import exclusive, opening, referee, restored, starting, waiting, xml_source
from flows.audit import seal
from flows.channels import Channel, open_channel
from flows.collect import collect
from flows.configuration import Configuration
from flows.crashpoints import CrashPoint, reach
from flows.deposit import deposit_flows
from flows.errors import (
    BalanceError,
    BrakeHeldError,
    ChannelRefusedError,
    ExitCode,
    FinalError,
    LockLostError,
    RetryableError,
    TransportError,
    disk_failed,
    worst,
)
from flows.folders import StateFolders
from flows.giving_up import abandon
from flows.ledger import FlowRecord, FlowState, Ledger, RunRecord, RunState, utc_now
from flows.night_report import write_reports
from flows.night_result import Mode, NightResult
from flows.places import balance_of, balance_record
from flows.private_files import private_folder
from flows.progress import Progress, Silent
from flows.proving import prove
from flows.recovery import HALF_WAY, recover
from flows.redoing import redo_incidents
from flows.refereeing import ask_referee
from flows.sources import Sources, load_sources
from flows.stages import Stages
from flows.transform import Transformation
from flows.untold import untold
from flows.worker import rule_context
from transforms.balance import Balance
from transforms.formulas import erp_columns

Value = TypeVar("Value")
#: Performs a named stage: a plain call, or a Prefect task around it.
Perform = Callable[[str, Callable[[], Value]], Value]


_LOG = logging.getLogger(__name__)
#: How long a night waits for a collect that is at work beside it.
COLLECT_WAIT_SECONDS = 60.0


def plain(_name: str, stage: Callable[[], Value]) -> Value:
    """Perform a stage by calling it."""
    return stage()


def run(
    configuration: Configuration,
    *,
    mode: Mode = Mode.DEPOSIT,
    clock: Callable[[], datetime] = utc_now,
    progress: Progress | None = None,
    perform: Perform[object] = plain,
    results: list[NightResult] | None = None,
) -> list[NightResult]:
    """Finish the run that a crash cut short, if any, then do tonight's.

    ``results`` takes each result as soon as it is there, for a caller that must know of the first
    run when the second one fails.

    Raises:
        LockHeldError: when another run is at work, on this machine or another.
        LockLostError: when another machine took over while this one was frozen.
        RestoredLedgerError: when the ledger is behind what was done; nothing is done then.
        ConfigurationError: when settings, profile, company file or ledger are wrong.
    """
    folders = StateFolders(configuration.settings.state_folder)
    private_folder(folders.root)
    progress = progress or Silent()
    results = results if results is not None else []
    # One for all runs of this command: what it was refused once is not asked for again.
    way = functools.cache(lambda: open_channel(configuration.settings.channel))
    with exclusive.depositing(configuration, clock=clock) as ledger:
        restored.require_current(configuration, ledger)
        # Several only when a ledger was restored: the nights that it had forgotten.
        while (unfinished := ledger.unfinished_run()) is not None:
            progress.tell(f"Resuming run {unfinished.run_id}, cut short earlier.")
            night = Night(configuration, ledger, unfinished, True, mode, clock, progress, way)
            results.append(night.perform(perform))
            again = ledger.unfinished_run()
            if again is not None and again.run_id == unfinished.run_id:
                return results
        night = Night(configuration, ledger, None, False, mode, clock, progress, way)
        results.append(night.perform(perform))
    return results


class Night:
    """One run, new or resumed."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        record: RunRecord | None,
        resumed: bool,
        mode: Mode,
        clock: Callable[[], datetime],
        progress: Progress,
        way: Callable[[], Channel],
    ) -> None:
        self._configuration = configuration
        self._settings = configuration.settings
        self._ledger = ledger
        self._resumed = resumed
        self._mode = mode
        self._clock = clock
        self._progress = progress
        self._way = way
        self._folders = StateFolders(self._settings.state_folder)
        self._record = record or starting.start(
            ledger, configuration, now=clock(), hold=mode is Mode.HOLD
        )
        reach(CrashPoint.RUN_STARTED)
        self._run_id = self._record.run_id
        if resumed and mode is Mode.DEPOSIT and starting.asked_to_hold(ledger, self._run_id):
            # Whoever wanted to look before anything leaves has not looked yet.
            self._mode = Mode.HOLD
        self._done = Stages()
        self._transformation: Transformation | None = None
        #: Whether the other side was seen to know nothing that the ledger does not.
        self._remote_known = False
        #: Earlier runs whose invoices moved tonight: their reports are written anew.
        self._touched: set[str] = set()

    def perform(self, perform: Perform[object]) -> NightResult:
        """Perform the stages; the report is written whatever happened to the others."""
        # Wrong settings must be known before a file is claimed or a server called.
        sources = load_sources(
            self._settings,
            run_id=self._run_id,
            run_date=self._record.run_date,
            outbox=self._folders.outbox / self._run_id,
        )
        referee.require(self._settings.referee, self._settings.syntax.value)
        xml_source.require(self._settings, sources.setup.profile)
        try:
            if self._mode is not Mode.DRY_RUN:
                again = self._record if self._resumed else None
                self._done.untold = untold(self._ledger, resumed=again)
                perform("collect", lambda: self._collect(sources))
            perform("transform", lambda: self._transform(sources))
            if self._settings.referee.policy != "off":
                perform("referee", lambda: self._referee(sources))
            self._check(sources)
            if self._mode is Mode.DEPOSIT:
                perform("deposit", self._deposit)
            elif self._mode is Mode.HOLD:
                self._done.tell_waiting(self._left_by_former_runs())
        except LockLostError:
            raise  # what is left of this run is the other machine's now, its report too
        except (RetryableError, FinalError) as error:
            self._done.problems.append(error)
        except OSError as error:
            self._done.problems.append(disk_failed(error))
        reach(CrashPoint.BEFORE_REPORT)
        balance, code = self._close()
        code = worst(code, self._seal("run"))
        path = None
        try:
            path = perform("report", lambda: self._report(balance))
        except OSError as error:
            # What was deposited stands, and is recorded.
            self._done.problems.append(disk_failed(error, what="The report cannot be written"))
            code = worst(code, ExitCode.UNFINISHED)
        if path is not None:
            code = worst(code, self._seal("report"))
        assert path is None or isinstance(path, Path)
        deposited = self._done.deposited
        return NightResult(
            self._run_id,
            code,
            balance,
            path,
            len(deposited.delivered) if deposited else 0,
            self._done.told(),
        )

    # -- stages --------------------------------------------------------------------------------

    def _collect(self, sources: Sources) -> None:
        """Fetch reports, then settle the flows of earlier runs whose fate was open.

        A channel that fails is told by the results: the night's invoices can still be made ready,
        and the deposit will meet it again.
        """
        channel = self._way()
        shut = opening.closed(self._settings, self._clock())
        if shut is not None and not shut.collects:
            self._done.recovered = recovered = recover(
                self._ledger, channel, self._folders.outbox, self._settings, ask=False
            )
            half = len(recovered.unsettled)
            also = f", nor {half} flows left half-way looked up" if half else ""
            self._done.remarks.append(
                f"Reports were not fetched{also}: {opening.why(shut, self._settings)}."
            )
            return
        with (
            channel,
            exclusive.collecting_if_free(
                self._ledger, self._configuration, wait=COLLECT_WAIT_SECONDS, clock=self._clock
            ) as free,
        ):
            if free:
                self._done.collected = collect(
                    self._ledger,
                    channel,
                    self._settings,
                    clock=self._clock,
                    columns=erp_columns(sources.setup.profile),
                )
            else:
                told = "Reports were not fetched by this run: another collect was at work."
                self._done.remarks.append(told)
            self._require_remote_known(channel)
            if self._done.collected is not None and self._done.collected.problem is None:
                # What lies unread in ``out`` may say that the flow is there all the same.
                self._done.remarks += redo_incidents(self._configuration, self._ledger)
            self._done.recovered = recover(
                self._ledger, channel, self._folders.outbox, self._settings
            )

    def _transform(self, sources: Sources) -> None:
        self._transformation = Transformation(
            sources,
            self._ledger,
            self._folders,
            resumed=self._resumed,
            now=self._clock(),
            progress=self._progress,
        )
        self._done.transformed = self._transformation.run()

    def _referee(self, sources: Sources) -> None:
        context = rule_context(sources.setup)
        self._done.refereed = ask_referee(
            self._ledger, self._folders, self._settings, context, self._run_id
        )

    def _check(self, sources: Sources) -> None:
        """Prove the balance and look at the brakes; nothing was deposited yet."""
        transformed = self._done.transformed
        assert transformed is not None
        try:
            prove(
                self._ledger,
                self._settings,
                self._run_id,
                differences=transformed.differences,
                balance=self._balance(),
                company_sellers=sources.company_sellers,
            )
        except BrakeHeldError as error:
            self._done.held = error.brakes
            self._done.tell_waiting(self._left_by_former_runs())
            raise

    def _deposit(self) -> None:
        reach(CrashPoint.BEFORE_DEPOSIT)
        former = self._left_by_former_runs()
        own = self._ledger.flows(states={FlowState.BUILT, *HALF_WAY}, run_id=self._run_id)
        flows = [*former, *own]
        self._touched.update(flow.run_id for flow in former)
        self._progress.start("deposit", len(flows))
        with self._way() as channel:
            self._done.deposited = deposited = deposit_flows(
                self._ledger,
                channel,
                self._folders.outbox,
                flows,
                self._settings,
                clock=self._clock,
                on_progress=lambda done, total: self._progress.advance("deposit", done, total),
                # It could not be asked before: no flow leaves until it was.
                look_first=None if self._remote_known else self._compare_with_remote,
            )
        if deposited.closed is not None and deposited.remaining:
            left_over = [flow for flow in flows if flow.flow_id in set(deposited.remaining)]
            self._done.remarks.append(
                opening.waiting_words(deposited.closed, left_over, self._settings)
            )

    def _left_by_former_runs(self) -> list[FlowRecord]:
        """Return the flows of earlier runs to settle, then those to send."""
        recovered = self._done.recovered
        left = (*recovered.unsettled, *recovered.to_deposit) if recovered else ()
        # Those of a run that is resumed after this one pass its own brakes first.
        unfinished = {self._run_id, *self._ledger.unfinished_runs()}
        return [flow for flow in left if flow.run_id not in unfinished]

    def _report(self, balance: Balance | None) -> Path:
        return write_reports(
            self._ledger,
            self._settings,
            self._run_id,
            self._done,
            balance=balance,
            dry_run=self._mode is Mode.DRY_RUN,
            resumed=self._resumed,
            sent_of=self._touched,
        )

    def _require_remote_known(self, channel: Channel) -> None:
        """Look whether the other side knows more than the ledger, as far as it can be asked."""
        try:
            self._compare_with_remote(channel)
            self._remote_known = True
        except (TransportError, ChannelRefusedError) as error:
            _LOG.warning("the other side could not be compared with the ledger: %s", error)

    def _compare_with_remote(self, channel: Channel) -> None:
        restored.require_remote_known(self._ledger, channel, self._settings)

    def _seal(self, kind: str) -> ExitCode:
        """Seal the run, or its reports once they carry the head; a failure is told, not raised.

        What could not be sealed now is sealed by whatever seals next.
        """
        if self._mode is Mode.DRY_RUN:
            return ExitCode.OK
        try:
            seal(self._ledger, self._settings, kind, self._run_id if kind == "run" else None)
        except RetryableError as error:
            self._done.problems.append(error)
            return error.exit_code
        return ExitCode.OK

    # -- helpers -------------------------------------------------------------------------------

    def _balance(self) -> Balance | None:
        """Return what was read against the places of the ledger."""
        transformed = self._done.transformed
        if transformed is None:
            return None
        tallies = self._ledger.tallies(self._run_id)
        return balance_of(transformed.read, tallies, len(transformed.orphans))

    def _close(self) -> tuple[Balance | None, ExitCode]:
        """Finish the run unless it must be resumed; return its balance and exit code."""
        done = self._done
        state = done.ends_in(
            deposits=self._mode is Mode.DEPOSIT, anything_recorded=self._anything_recorded
        )
        if state is RunState.FAILED:
            self._give_up()
        balance = self._balance()
        code = worst(*done.codes(balance))
        if state is not None:
            self._ledger.finish_run(
                self._run_id,
                state=state,
                exit_code=int(code),
                balance=balance_record(balance) if balance else {},
            )
            reach(CrashPoint.RUN_FINISHED)
        if state in {RunState.DONE, RunState.FAILED}:
            # Also of runs that were killed before they could.
            for run_id in (self._run_id, *(run.run_id for run in done.untold)):
                waiting.sweep(self._ledger, self._folders.waiting, run_id)
        return balance, code

    def _give_up(self) -> None:
        """Free what a failed run holds: the right extract may bring the same numbers again."""
        done = self._done
        abandon(self._ledger, self._run_id, reason="; ".join(p.what for p in done.problems))
        reach(CrashPoint.GIVEN_UP)
        if self._transformation is None or any(isinstance(p, BalanceError) for p in done.problems):
            return
        names = self._transformation.put_back()
        if names:
            listed = ", ".join(names)
            self._ledger.note("put_back", run_id=self._run_id, reason=listed)
            done.remarks.append(f"Put back into the landing folder for the next run: {listed}.")

    def _anything_recorded(self) -> bool:
        return next(self._ledger.invoices(run_id=self._run_id, limit=1), None) is not None
