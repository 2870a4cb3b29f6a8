"""What the stages of a night came to, and what that means in words and as an exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flows.collect_result import CollectResult
from flows.deposit import DepositResult
from flows.errors import (
    BalanceError,
    BrakeHeldError,
    ChorusFlowsError,
    ControlError,
    ExitCode,
    OutboxDamagedError,
)
from flows.extract_sets import WrongProfileError
from flows.ledger import FlowRecord, RunState
from flows.recovery import RecoveryResult
from flows.refereeing import Refereed
from flows.transform import Transformed
from flows.untold import Untold
from transforms.balance import Balance, Place, Tally


@dataclass(slots=True)
class Stages:
    """What the stages of a run found; None: not reached."""

    collected: CollectResult | None = None
    recovered: RecoveryResult | None = None
    transformed: Transformed | None = None
    refereed: Refereed | None = None
    deposited: DepositResult | None = None
    held: tuple[str, ...] = ()
    """The brakes that held the run."""
    problems: list[ChorusFlowsError] = field(default_factory=list)
    """What stopped a stage."""
    untold: tuple[Untold, ...] = ()
    """Earlier runs of which a killed process could not tell."""
    remarks: list[str] = field(default_factory=list)
    """What is worth telling and changes no exit code."""

    @property
    def errors(self) -> list[ChorusFlowsError]:
        """Return what stopped a stage, then what was lost without stopping one."""
        return [*self.problems, *(self.transformed.lost if self.transformed else ())]

    @property
    def causes(self) -> tuple[str, ...]:
        """Return the kinds of what went wrong, once each; a brake is told apart."""
        errors: list[ChorusFlowsError] = list(self.errors)
        stages = [stage for stage in (self.collected, self.recovered) if stage is not None]
        errors += [stage.problem for stage in stages if stage.problem is not None]
        if self.deposited is not None:
            errors += self.deposited.errors
        causes = [error.cause for error in errors if not isinstance(error, BrakeHeldError)]
        if self.recovered is not None and self.recovered.missing:
            causes.append(OutboxDamagedError.cause)
        return tuple(dict.fromkeys(causes))

    def tell_waiting(self, flows: Sequence[FlowRecord]) -> None:
        """Remark that flows of earlier runs wait as well, as the run stops before its deposit."""
        if flows:
            runs = ", ".join(dict.fromkeys(flow.run_id for flow in flows))
            self.remarks.append(
                f"Flows of earlier runs wait as well ({len(flows)}, of {runs}): this run stopped "
                "before its deposit. To send them: chorus-flows run"
            )

    def told(self, *, remarks: bool = True, attention: bool = True) -> tuple[str, ...]:
        """Return what went wrong, in words, once each.

        Args:
            remarks: also what is only worth telling.
            attention: also what a person must look at, which a report shows apart.
        """
        told = [str(problem) for problem in self.errors]
        told += [str(run) for run in self.untold if run.code is not ExitCode.OK]
        if self.collected is not None:
            told += self.collected.attention if attention else ()
            told += [str(self.collected.problem)] if self.collected.problem else []
        if self.recovered is not None:
            told += [str(self.recovered.problem)] if self.recovered.problem else []
            told += [_in_doubt(f.flow_id) for f in self.recovered.in_doubt] if attention else []
            told += [
                f"Flow {flow.flow_id} cannot be sent: its file is not in the outbox any more. "
                f"Restore it, or give up what is left of its run: chorus-flows release "
                f"{flow.run_id} --discard --by … --reason …"
                for flow in self.recovered.missing
            ]
        if self.refereed is not None:
            told += self.refereed.told
        if self.deposited is not None:
            told += [str(error) for error in self.deposited.errors]
            told += map(_in_doubt, self.deposited.in_doubt) if attention else ()
        return tuple(dict.fromkeys([*told, *(self._remarks() if remarks else ())]))

    def _remarks(self) -> list[str]:
        withheld = self.recovered.withheld if self.recovered else ()
        runs = dict.fromkeys(flow.run_id for flow in withheld)
        quiet = [str(run) for run in self.untold if run.code is ExitCode.OK]
        held = [
            f"Run {run_id} is held or was given up, and has flows that are not sent: "
            f"chorus-flows release {run_id} --by … --reason …, with --discard to give them up"
            for run_id in runs
        ]
        return [*self.remarks, *quiet, *held]

    def ends_in(self, *, deposits: bool, anything_recorded: Callable[[], bool]) -> RunState | None:
        """Return the state the run ends in; None when the next run must resume it.

        Args:
            deposits: whether the run was to deposit.
            anything_recorded: tells whether the ledger has an invoice of it.
        """
        kinds = {type(problem) for problem in self.problems}
        if ControlError in kinds or BalanceError in kinds:
            return RunState.FAILED
        if WrongProfileError in kinds and not anything_recorded():
            return RunState.FAILED
        if BrakeHeldError in kinds:
            return RunState.HELD
        if self.transformed is None:
            return None
        # What could not be sent is in the outbox: the next run's recovery hands it on.
        return RunState.DONE if deposits else RunState.HELD

    def codes(self, balance: Balance | None) -> list[ExitCode]:
        """Return every exit code that applies."""
        codes = [error.exit_code for error in self.errors]
        codes += [run.code for run in self.untold]
        if self.transformed is not None and self.transformed.internal:
            codes.append(ExitCode.UNEXPECTED)
        results = (self.collected, self.recovered, self.refereed, self.deposited)
        codes += [result.exit_code for result in results if result is not None]
        if balance is None:
            return codes
        if not balance.holds:
            codes.append(ExitCode.ATTENTION)
        if balance.places.get(Place.IN_DOUBT, Tally()).count:
            codes.append(ExitCode.ATTENTION)
        if balance.places.get(Place.QUARANTINED, Tally()).count or balance.orphan_findings:
            codes.append(ExitCode.FINDINGS)
        return codes


def _in_doubt(flow_id: str) -> str:
    return (
        f"Flow {flow_id} is in doubt: it may have arrived, and is not sent again by itself. Chorus "
        "Pro's report settles it at a later collect. If none comes, look for it on the portal, "
        f"then: chorus-flows flow resolve {flow_id} --deposited or --resend, with --by and --reason"
    )
