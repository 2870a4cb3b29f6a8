"""The soak: nights of a firm with random crashes and faults, held against what really happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import select

from flows.errors import ExitCode
from flows.ledger import FlowState, InvoiceState, tables
from flows.night_result import Mode
from tests.soak.known import Known, check_history
from tests.soak.people import People
from tests.soak.trouble import Trouble
from tests.soak.world import PARIS, Figures, ViolationError

#: Nights between two looks at the whole history of the ledger.
HISTORY_EVERY = 10
#: Nights between two changes of the other side's manners.
MANNERS_EVERY = 7
#: Rounds after which all must be at rest.
ROUNDS = 14


class Soak(Trouble, People):
    """Nights, and the rest after them."""

    def run(self, nights: int, *, until: Callable[[], bool] = lambda: False) -> Figures:
        """Live through nights, then let everything come to rest.

        Args:
            nights: how many.
            until: whether it is time to stop early.

        Raises:
            ViolationError: something was lost, doubled or silent.
        """
        while self._night < nights and not until():
            self._night += 1
            before = self.figures.crashes.total(), self.figures.faults.total()
            self.live()
            crashes = self.figures.crashes.total() - before[0]
            faults = self.figures.faults.total() - before[1]
            self._say(
                f"night {self._night:3} {self._now:%Y-%m-%d}: {crashes} crashes, {faults} faults, "
                f"{len(self.truth.places)} documents so far"
            )
        self._come_to_rest()
        return self.figures

    def live(self) -> None:
        """Live through one night: extracts land, things go wrong, the night ends, people look."""
        self.figures.nights += 1
        self._evening()
        if self._night % MANNERS_EVERY == 1:
            self._change_manners()
        self._land()
        self._go_wrong()
        self.end_well()
        self._other_side()
        self.collect()
        self._operate()
        self._check()

    def end_well(self) -> None:
        """Run again, undisturbed, until nothing is unfinished."""
        told: list[str] = []
        for _ in range(4):
            mode = Mode.HOLD if self.random.random() < 0.04 else Mode.DEPOSIT
            heard: list[str] = []

            def work(mode: Mode = mode, heard: list[str] = heard) -> tuple[ExitCode, list[str]]:
                code, problems = self._night_here(mode)
                heard += problems
                return code, heard

            before = self.known() if self._made() else None
            code = self._here(work)
            self._check_code(code, before, heard)
            if code is not ExitCode.UNFINISHED and not self._unfinished():
                return
            told += heard
            self._pass(timedelta(minutes=5))
        raise ViolationError("an undisturbed night does not end: " + "\n".join(told))

    def _unfinished(self) -> bool:
        return "running" in self.known().runs.values()

    def _check_code(self, code: ExitCode, before: Known | None, told: Sequence[str]) -> None:
        """A night that says all is well has nothing that is not, and says so of the rest."""
        if code in {ExitCode.UNFINISHED, ExitCode.ATTENTION}:
            return
        known = self.known()
        old = set(before.runs) if before is not None else set()
        new = {run for run in known.runs if run not in old}
        here = [one for one in known.everything if one.run_id in new]
        doubt = [one.number for one in here if one.state is InvoiceState.IN_DOUBT]
        unsent = [
            flow_id
            for flow_id, flow in known.flows.items()
            if flow.state in {"built", "uploading", "renaming"}
            and not known.withheld(flow_id)
            # Of an earlier run, when the one that was to send them was asked to hold.
            and not any(flow.run_id in line and "wait as well" in line for line in told)
        ]
        if doubt or unsent or any(known.runs[run] == "failed" for run in new):
            raise ViolationError(f"exit code {code.value} in spite of {doubt}, {unsent}, {told}")
        quarantined = [one.number for one in here if one.state is InvoiceState.QUARANTINED]
        if quarantined and code is ExitCode.OK:
            raise ViolationError(f"exit code 0 in spite of {quarantined} quarantined")

    # -- checks --------------------------------------------------------------------------------

    def _check(self, *, thoroughly: bool = False) -> None:
        """Hold the ledger against what really happened."""
        known = self.known()
        self.figures.doubts |= {
            flow_id for flow_id, flow in known.flows.items() if flow.state is FlowState.IN_DOUBT
        }
        told = self.truth.check(known, self.sandbox, self.firm)
        if thoroughly or self._night % HISTORY_EVERY == 0:
            told += check_history(self._engine)
        self._raise(told)

    def _raise(self, told: Sequence[str]) -> None:
        if told:
            raise ViolationError(f"{len(told)} violations:\n" + "\n".join(told))

    # -- rest ----------------------------------------------------------------------------------

    def _come_to_rest(self) -> None:
        """No more faults: everybody does what is left to do, until nothing moves any more."""
        self._change_manners(quiet=True)
        for due in self._erp.attachments_due:
            self._erp.attachments_due[due] = 0
        self._attachments_arrive(0)
        for _ in range(ROUNDS):
            self._night += 1
            self._evening()
            known = self.known()
            today = self._now.astimezone(PARIS).date()
            dead = self.truth.dead_numbers(known, self.firm.root / "landing")
            mended = [self._erp.mended_for_good(number, today) for number in dead]
            for extract in self._erp.in_files(mended):
                self.drop(extract)
            self._mend_controls(known)
            self.end_well()
            self.judge()
            self.sandbox.age(2)
            self.collect()
            self._operate(all_of_them=True)
            self.judge()  # what was released just now
            self._check(thoroughly=True)
            told = self.truth.check_rest(self.known(), self.sandbox, self.firm.root / "reports")
            if not told:
                break
        else:
            self._raise(told)
        self._count_all()

    def _count_all(self) -> None:
        events = tables.events.c
        doubted = (events.kind == "flow", events.target == FlowState.IN_DOUBT.value)
        with self._engine.connect() as connection:
            # Most are settled by a report before anybody looks.
            self.figures.doubts |= set(
                connection.execute(select(events.flow_id).where(*doubted)).scalars()
            )
        arrivals = self.sandbox.received()
        invoices = [one for arrival in arrivals for one in arrival.invoices]
        self.figures.flows = len(arrivals)
        self.figures.integrated = sum(one.accepted is True for one in invoices)
        self.figures.rejected = sum(one.accepted is False for one in invoices)
