"""A night, as plain functions: collect, recover, transform, check, deposit, report.

Prefect (``flows.nightly``) and the command line both perform the same stages with the same
result. A night that a crash or a fault cut short is resumed under its own number and date.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from flows import brakes, locking
from flows.channels import Channel, open_channel
from flows.collect import collect
from flows.collect_result import CollectResult
from flows.configuration import Configuration
from flows.crashpoints import CrashPoint, reach
from flows.deposit import DepositResult, deposit_flows
from flows.errors import (
    BalanceError,
    BrakeHeldError,
    ChorusFlowsError,
    ControlError,
    ExitCode,
    FinalError,
    RetryableError,
    worst,
)
from flows.folders import StateFolders
from flows.ledger import SYSTEM, FlowState, InvoiceState, Ledger, RunRecord, RunState, utc_now
from flows.ledger_access import open_ledger
from flows.places import balance_of
from flows.progress import Progress, Silent
from flows.recovery import RecoveryResult, recover
from flows.report import RunFacts, write_report
from flows.transform import Sources, Transformation, Transformed, load_sources
from transforms.balance import Balance, Place, Tally

Value = TypeVar("Value")
#: Performs a named stage: a plain call, or a Prefect task around it.
Perform = Callable[[str, Callable[[], Value]], Value]


class Mode(StrEnum):
    """How far a run goes."""

    DEPOSIT = "deposit"
    HOLD = "hold"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class NightResult:
    """What a run came to: its number, exit code, balance and the report to read."""

    run_id: str
    exit_code: ExitCode
    balance: Balance | None
    report: Path | None
    deposited_flows: int = 0
    problems: tuple[str, ...] = ()


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
) -> list[NightResult]:
    """Finish the run that a crash cut short, if any, then do tonight's.

    Raises:
        LockHeldError: when another run is at work.
        ConfigurationError: when settings, profile, company file or ledger are wrong.
    """
    folders = StateFolders(configuration.settings.state_folder)
    folders.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    progress = progress or Silent()
    results: list[NightResult] = []
    with (
        locking.held(folders.root, "run", clock=clock),
        open_ledger(configuration, clock=clock) as ledger,
    ):
        unfinished = ledger.unfinished_run()
        if unfinished is not None:
            progress.tell(f"Resuming run {unfinished.run_id}, cut short earlier.")
            night = Night(configuration, ledger, unfinished, True, mode, clock, progress)
            results.append(night.perform(perform))
            if ledger.unfinished_run() is not None:
                return results
        night = Night(configuration, ledger, None, False, mode, clock, progress)
        results.append(night.perform(perform))
    return results


@dataclass(slots=True)
class _Done:
    """What the stages of a run found."""

    collected: CollectResult | None = None
    recovered: RecoveryResult | None = None
    transformed: Transformed | None = None
    deposited: DepositResult | None = None
    held: tuple[str, ...] = ()
    problems: list[ChorusFlowsError] = field(default_factory=list)


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
    ) -> None:
        self._configuration = configuration
        self._settings = configuration.settings
        self._ledger = ledger
        self._resumed = resumed
        self._mode = mode
        self._clock = clock
        self._progress = progress
        self._folders = StateFolders(self._settings.state_folder)
        self._record = record or self._start()
        self._run_id = self._record.run_id
        self._done = _Done()
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
        try:
            if self._mode is not Mode.DRY_RUN:
                perform("collect", lambda: self._collect(sources))
            perform("transform", lambda: self._transform(sources))
            self._check(sources)
            if self._mode is Mode.DEPOSIT:
                perform("deposit", self._deposit)
        except (RetryableError, FinalError) as error:
            self._done.problems.append(error)
        reach(CrashPoint.BEFORE_REPORT)
        balance, code = self._close()
        path = perform("report", lambda: self._report(balance))
        assert path is None or isinstance(path, Path)
        deposited = self._done.deposited
        return NightResult(
            self._run_id,
            code,
            balance,
            path,
            len(deposited.delivered) if deposited else 0,
            self._problems(),
        )

    # -- stages --------------------------------------------------------------------------------

    def _start(self) -> RunRecord:
        now = self._clock()
        base = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
        run_id, rank = base, 1
        while self._ledger.run(run_id) is not None:
            rank += 1
            run_id = f"{base}-{rank}"
        return self._ledger.start_run(
            run_id=run_id,
            run_date=now.astimezone(ZoneInfo(self._settings.run_date)).date(),
            settings_hash=self._configuration.digest,
            version=version("chorus-flows"),
        )

    def _collect(self, sources: Sources) -> None:
        """Fetch reports, then settle the flows of earlier runs whose fate was open.

        A channel that fails is told by the results: the night's invoices can still be made ready,
        and the deposit will meet it again.
        """
        with self._channel() as channel:
            self._done.collected = collect(
                self._ledger,
                channel,
                self._settings,
                clock=self._clock,
                columns=sources.setup.profile.columns,
            )
            self._done.recovered = recover(
                self._ledger, channel, self._folders.outbox, self._settings
            )

    def _transform(self, sources: Sources) -> None:
        self._done.transformed = Transformation(
            sources,
            self._ledger,
            self._folders,
            resumed=self._resumed,
            now=self._clock(),
            progress=self._progress,
        ).run()

    def _check(self, sources: Sources) -> None:
        """Prove the balance and look at the brakes; nothing was deposited yet.

        Raises:
            ControlError, BalanceError, BrakeHeldError: nothing may be deposited.
        """
        transformed = self._done.transformed
        assert transformed is not None
        if transformed.differences:
            message = (
                f"The extract is not what was announced: {'; '.join(transformed.differences)}."
            )
            step = "Ask for the extract again; nothing was deposited."
            raise ControlError(message, next_step=step)
        balance = self._balance()
        if balance is not None and not balance.holds:
            message = f"Run {self._run_id} is out of balance: {'; '.join(balance.differences)}."
            step = f"Nothing was deposited; see: chorus-flows status --run {self._run_id}"
            raise BalanceError(message, next_step=step)
        held = brakes.held(
            self._settings.brakes, self._figures(), company_sellers=sources.company_sellers
        )
        if held:
            self._done.held = tuple(str(brake) for brake in held)
            message = f"Run {self._run_id} is held: {'; '.join(self._done.held)}."
            step = (
                f"Look at the report, then: chorus-flows release {self._run_id} --by … --reason …"
            )
            raise BrakeHeldError(message, next_step=step)

    def _deposit(self) -> None:
        reach(CrashPoint.BEFORE_DEPOSIT)
        recovered = self._done.recovered
        # What former runs left half-way is settled first, then sent with what they left unsent.
        left = (*recovered.unsettled, *recovered.to_deposit) if recovered else ()
        former = [flow for flow in left if flow.run_id != self._run_id]
        flows = [*former, *self._ledger.flows(states={FlowState.BUILT}, run_id=self._run_id)]
        self._touched.update(flow.run_id for flow in former)
        self._progress.start("deposit", len(flows))
        with self._channel() as channel:
            self._done.deposited = deposit_flows(
                self._ledger,
                channel,
                self._folders.outbox,
                flows,
                self._settings,
                clock=self._clock,
                on_progress=lambda done, total: self._progress.advance("deposit", done, total),
            )

    def _problems(self) -> tuple[str, ...]:
        """Return what went wrong, in words, once each."""
        done = self._done
        told = [str(problem) for problem in done.problems]
        if done.collected is not None:
            told += done.collected.attention
            told += [str(done.collected.problem)] if done.collected.problem else []
        if done.recovered is not None:
            told += [str(done.recovered.problem)] if done.recovered.problem else []
            told += [
                f"Flow {flow.flow_id} cannot be sent: its file is not in the outbox any more."
                for flow in done.recovered.missing
            ]
        if done.deposited is not None:
            told += [str(error) for error in done.deposited.errors]
        return tuple(dict.fromkeys(told))

    def _report(self, balance: Balance | None) -> Path:
        done = self._done
        facts = RunFacts(
            dry_run=self._mode is Mode.DRY_RUN,
            resumed=self._resumed,
            held=done.held,
            problems=self._problems(),
            balance=balance,
            already_processed=tuple(
                file.name
                for file in (done.transformed.claim.already_processed if done.transformed else ())
            ),
            incomplete=done.transformed.claim.incomplete if done.transformed else (),
        )
        touched = {*self._touched, *(done.collected.runs_touched if done.collected else ())}
        for run_id in sorted(touched - {self._run_id}):
            write_report(self._ledger, run_id, self._settings, RunFacts())
        return write_report(self._ledger, self._run_id, self._settings, facts)

    # -- helpers -------------------------------------------------------------------------------

    def _channel(self) -> Channel:
        return open_channel(self._settings.channel)

    def _balance(self) -> Balance | None:
        """Return what was read against the places of the ledger."""
        transformed = self._done.transformed
        if transformed is None:
            return None
        tallies = self._ledger.tallies(self._run_id)
        return balance_of(transformed.read, tallies, len(transformed.orphans))

    def _figures(self) -> brakes.NightFigures:
        tallies = self._ledger.tallies(self._run_id)
        bundled = tallies.get(InvoiceState.BUNDLED, Tally())
        return brakes.NightFigures(
            to_deposit=bundled.count,
            quarantined=tallies.get(InvoiceState.QUARANTINED, Tally()).count,
            totals=bundled.amounts,
            sellers=self._ledger.sellers(self._run_id, states={InvoiceState.BUNDLED}),
            recent=self._ledger.recent_counts(self._settings.brakes.recent_nights),
        )

    def _close(self) -> tuple[Balance | None, ExitCode]:
        """Finish the run unless it must be resumed; return its balance and exit code."""
        done = self._done
        codes = [problem.exit_code for problem in done.problems]
        state = self._final_state()
        if state is RunState.FAILED:
            # The right extract may bring the same numbers again.
            reason = "; ".join(problem.what for problem in done.problems)
            abandon(self._ledger, self._run_id, reason=reason)
        balance = self._balance()
        if balance is not None:
            codes += self._codes(balance)
        if done.transformed is not None and done.transformed.internal:
            codes.append(ExitCode.UNEXPECTED)
        for result in (done.collected, done.recovered, done.deposited):
            if result is not None:
                codes.append(result.exit_code)
        code = worst(*codes)
        if state is not None:
            self._ledger.finish_run(
                self._run_id,
                state=state,
                exit_code=int(code),
                balance=balance_record(balance) if balance else {},
            )
        return balance, code

    def _codes(self, balance: Balance) -> list[ExitCode]:
        codes = []
        if not balance.holds:
            codes.append(ExitCode.ATTENTION)
        if balance.places.get(Place.IN_DOUBT, Tally()).count:
            codes.append(ExitCode.ATTENTION)
        if balance.places.get(Place.QUARANTINED, Tally()).count or balance.orphan_findings:
            codes.append(ExitCode.FINDINGS)
        return codes

    def _final_state(self) -> RunState | None:
        """Return the state the run ends in; None when the next run must resume it."""
        done = self._done
        kinds = {type(problem) for problem in done.problems}
        if ControlError in kinds or BalanceError in kinds:
            return RunState.FAILED
        if BrakeHeldError in kinds:
            return RunState.HELD
        if done.transformed is None:
            return None
        if self._mode is not Mode.DEPOSIT:
            return RunState.HELD
        # What could not be sent is in the outbox: the next run's recovery hands it on.
        return RunState.DONE


def abandon(ledger: Ledger, run_id: str, *, reason: str, actor: str = SYSTEM) -> None:
    """Abandon the flows of a run that were never sent; the ledger frees their numbers."""
    for flow in ledger.flows(states={FlowState.BUILT}, run_id=run_id):
        ledger.move_flow(flow.flow_id, FlowState.ABANDONED, detail=reason, actor=actor)


def balance_record(balance: Balance) -> dict[str, object]:
    """Return a balance as plain data, amounts as text."""

    def plain_tally(part: Tally) -> dict[str, object]:
        return {
            "count": part.count,
            "unreadable": part.unreadable,
            "amounts": {f"{c} {k}": str(v) for (c, k), v in sorted(part.amounts.items())},
        }

    return {
        "holds": balance.holds,
        "read": plain_tally(balance.read),
        "places": {place.value: plain_tally(t) for place, t in sorted(balance.places.items())},
        "orphans": balance.orphan_findings,
    }
