"""The soak: nights of a firm with random crashes and faults, held against what really happened.

One seed says everything that is drawn. What a race or a loaded machine adds (whether a cut comes
before or after a rename) is not foretold: the checks ask the other side what happened.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, inspect, text

from flows import collecting, configuration, night, release
from flows.collect_result import CollectResult
from flows.crashpoints import CrashPoint
from flows.errors import ChorusFlowsError, ExitCode, worst
from flows.ledger import FlowState, InvoiceState
from flows.night_result import Mode
from flows.resolve import resolve
from flows.sandbox import Fault, FaultKind, Sandbox, Scenario, at_percent, settings_fragment
from flows.sandbox.faults import UPLOAD_FAULTS
from tests.soak.erp import PROFILE, Erp, Extract
from tests.soak.truth import Known, Truth, check_history, known_of
from tests.support.apart import Ended, apart, collect_apart, night_apart
from tests.support.firm import Firm

#: A few days before the hour that autumn brings twice.
FIRST_EVENING = datetime(2026, 10, 20, 19, 0, tzinfo=UTC)
AUTUMN = FIRST_EVENING.date().replace(day=24)
PARIS = ZoneInfo("Europe/Paris")
#: Of every firm of the tests.
EMITTER = "ABC123"
OPERATOR = "A. Martin"
#: Nights between two looks at the whole history of the ledger.
HISTORY_EVERY = 10
#: Nights between two changes of the other side's manners.
MANNERS_EVERY = 7
#: Rounds after which all must be at rest.
ROUNDS = 14


class ViolationError(AssertionError):
    """Something was lost, doubled or silent."""


@dataclass(slots=True)
class Figures:
    """What a soak did."""

    nights: int = 0
    crashes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    flows: int = 0
    integrated: int = 0
    rejected: int = 0
    doubts: set[str] = field(default_factory=set)
    resolved: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """Return the figures for a terminal."""
        return [
            f"nights {self.nights}, documents put in {self.documents}, flows that arrived "
            f"{self.flows}, invoices integrated {self.integrated}, refused {self.rejected}",
            f"crashes {self.crashes.total()}: {_listed(self.crashes)}",
            f"faults {self.faults.total()}: {_listed(self.faults)}",
            f"flows in doubt {len(self.doubts)}; an operator's word: {_listed(self.resolved)}",
            f"exit codes: {_listed(self.codes)}",
        ]


class Soak:
    """A firm, the other side, and all that can happen to them.

    Args:
        root: an empty folder.
        seed: of everything that is drawn.
        ledger_url: empty for SQLite in the state folder.
        say: takes a line per night.
    """

    def __init__(
        self,
        root: Path,
        *,
        seed: int,
        ledger_url: str = "",
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.random = Random(seed)
        self.seed = seed
        self.figures = Figures()
        self.truth = Truth()
        self._erp = Erp(self.random)
        self._say = say
        self._night = 0
        self._now = FIRST_EVENING
        self._root = root
        self._port = 0
        self.sandbox = self._open_sandbox(quiet=True)
        self._port = self.sandbox.port
        (root / "profile.yaml").write_text(PROFILE)
        channel = settings_fragment(self.sandbox)
        sftp = channel.pop("sftp")
        assert isinstance(sftp, dict)
        self.firm = Firm(
            root,
            {
                "": {"environment": "sandbox"} | ({"ledger_url": ledger_url} if ledger_url else {}),
                "source": {"company_file": "company.yaml", "profile": "profile.yaml"},
                "landing": {"stable_seconds": 0},
                "landing.control": {"source": "side_file"},
                "attachments": {"max_wait_nights": self.truth.max_wait},
                "channel": {**channel, "retries": 1, "retry_wait": 0.05},
                "channel.sftp": {**sftp, "operation_timeout": 1.0, "connect_timeout": 10.0},
                "workers": {"executor": "inline", "chunk_invoices": 3},
                "returns": {"report_deadline_hours": 60, "after_fetch": "keep"},
                "referee": {"policy": "off"},
            },
            self._now,
        )
        (root / "state").mkdir(mode=0o700)
        self._url = ledger_url or f"sqlite:///{root / 'state' / 'ledger.sqlite'}"
        self._engine = create_engine(self._url, pool_pre_ping=True)

    def close(self) -> None:
        """Stop the other side."""
        self.sandbox.close()
        self._engine.dispose()

    # -- the whole -----------------------------------------------------------------------------

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

    def _evening(self) -> None:
        """Go to the next evening; in the night of autumn, into the hour that comes twice."""
        later = FIRST_EVENING + timedelta(days=self._night - 1)
        if later.date() == AUTUMN:
            later = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
        self._pass(later - self._now)

    def _pass(self, time: timedelta) -> None:
        self._now += time
        self.firm.now = self._now

    # -- extracts ------------------------------------------------------------------------------

    def _land(self) -> None:
        self._attachments_arrive(self._night)
        to_mend: list[str] = []
        if self._made():
            known = self.known()
            dead = self.truth.dead_numbers(known, self.firm.root / "landing")
            to_mend = [number for number in dead if self.random.random() < 0.5]
        today = self._now.astimezone(PARIS).date()
        for extract in self._erp.night(self._night, today, to_mend):
            self.drop(extract)
        if self.truth.extracts and self.random.random() < 0.08:
            # The ERP sends a file it has sent before.
            self.drop(self._erp.again(self.random.choice(list(self.truth.extracts.values()))))

    def drop(self, extract: Extract) -> None:
        """Put an extract and its control into the landing folder."""
        self.figures.documents += len(extract.documents)
        self.firm.drop(f"{extract.name}.ctl", extract.control)
        self.firm.drop(extract.name, extract.text)
        before = self.truth.extracts.get(extract.sha256)
        if before is None or before.wrong_control:
            self.truth.put(extract)

    def _attachments_arrive(self, night: int) -> None:
        for name, due in self._erp.attachments_due.items():
            if due <= night:
                (self.firm.root / "attachments" / name).write_bytes(b"%PDF-1.4 " + name.encode())

    # -- what goes wrong -----------------------------------------------------------------------

    def _go_wrong(self) -> None:
        """Crash, cut and fill up, up to four times in a row."""
        if self.random.random() < 0.1:
            return  # a quiet night
        for rank in range(self.random.choice((1, 2, 2, 3))):
            if rank and self.random.random() < 0.8:
                self._land()  # else there would be nothing left to crash in
            self._switch_faults_on()
            self._trouble()
            self.sandbox.faults.clear()
            self._count_faults()
            self._pass(timedelta(minutes=self.random.randint(1, 40)))
            if self.random.random() < 0.3:
                self._other_side()

    def _trouble(self) -> None:
        """One attempt at the night under trouble of some kind."""
        crash_at = ""
        if self.random.random() < 0.85:
            point = self.random.choice(list(CrashPoint)).value
            crash_at = f"{point}:{self.random.choice((1, 1, 1, 1, 2, 3))}"
        mode = Mode.HOLD if self.random.random() < 0.06 else Mode.DEPOSIT
        dice = self.random.random()
        if dice < 0.06:
            self._killed_worker()
        elif dice < 0.14:
            self._full_disk(mode)
        elif dice < 0.24:
            with self._ledger_in_use():
                self._apart(night_apart, self.firm, crash_at=crash_at, mode=mode)
        elif dice < 0.34 and self._night > 1:
            self._collect_beside(crash_at, mode)
        elif dice < 0.44 and self._night > 1:
            self._apart(collect_apart, self.firm, crash_at=crash_at)
        else:
            self._apart(night_apart, self.firm, crash_at=crash_at, mode=mode)

    def _apart(self, work: Callable[..., Ended], *args: Any, crash_at: str, **more: Any) -> None:
        """Do some work in a process of its own, which may be killed."""
        self._note_end(work(*args, crash_at=crash_at, **more), crash_at)

    def _note_end(self, ended: Ended, crash_at: str) -> None:
        if ended.signal is not None:
            self.figures.crashes[crash_at.partition(":")[0]] += 1
            if not crash_at or ended.signal != 9:
                raise ViolationError(
                    f"a process died of signal {ended.signal}, and nobody killed it"
                )
            return
        assert ended.code is not None
        self._note_code(ended.code, ended.told)

    def _note_code(self, code: ExitCode, told: Sequence[str]) -> None:
        self.figures.codes[code.name] += 1
        if code in {ExitCode.UNEXPECTED, ExitCode.USAGE}:
            raise ViolationError(f"exit code {code.value}: " + "\n".join(told))
        if any("out of balance" in line for line in told):
            raise ViolationError("\n".join(told))
        if code in {ExitCode.UNFINISHED, ExitCode.ATTENTION} and not told:
            quiet = self._in_doubt_or_held()
            if not quiet:
                raise ViolationError(f"exit code {code.value}, and nothing says why")

    def _in_doubt_or_held(self) -> bool:
        known = self.known()
        doubt = any(flow.state is FlowState.IN_DOUBT for flow in known.flows.values())
        return doubt or "held" in known.runs.values()

    def _killed_worker(self) -> None:
        """A worker of the pool dies in the middle of its chunk."""
        workers = self.firm.sections["workers"]
        self.firm.sections["workers"] = workers | {"executor": "processes", "processes": 1}
        self.firm.write_settings()
        try:
            ended = night_apart(self.firm, crash_at=CrashPoint.RENDER.value)
        finally:
            self.firm.sections["workers"] = workers
            self.firm.write_settings()
        if any("worker process died" in line for line in ended.told):
            self.figures.crashes["worker"] += 1
        self._note_end(ended, CrashPoint.RENDER.value)

    def _full_disk(self, mode: Mode) -> None:
        """From some write on, the disk of the state folder is full."""
        left = self.random.randint(0, 12)
        real = os.fsync

        def fsync(descriptor: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor)

        with mock.patch("os.fsync", fsync):
            self._here(lambda: self._night_here(mode))
        if left < 0:
            self.figures.faults["state folder full"] += 1

    @contextmanager
    def _ledger_in_use(self) -> Iterator[None]:
        """Somebody holds the ledger for a moment, or its server cuts every connection."""
        if self._night == 1:
            yield
            return
        holding = threading.Thread(target=self._hold_ledger, args=(self.random.random() * 0.8,))
        holding.start()
        try:
            yield
        finally:
            holding.join()

    def _hold_ledger(self, seconds: float) -> None:
        wait = threading.Event()
        if self._url.startswith("sqlite"):
            self.figures.faults["ledger locked"] += 1
            path = self.firm.root / "state" / "ledger.sqlite"
            connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            try:
                connection.execute("BEGIN IMMEDIATE")
                wait.wait(seconds)
                connection.execute("ROLLBACK")
            finally:
                connection.close()
            return
        engine = create_engine(self._url)
        try:
            if seconds < 0.4:
                self.figures.faults["ledger locked"] += 1
                with engine.begin() as open_:
                    open_.execute(text("LOCK TABLE invoices IN ACCESS EXCLUSIVE MODE"))
                    wait.wait(seconds)
            else:
                self.figures.faults["ledger cut"] += 1
                wait.wait(seconds)
                with engine.connect() as open_:
                    open_.execute(
                        text(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                        )
                    )
        finally:
            engine.dispose()

    def _collect_beside(self, crash_at: str, mode: Mode) -> None:
        """A collect at work while the night is, and the other side judging meanwhile."""
        ended: list[Ended] = []
        beside = threading.Thread(target=lambda: ended.append(collect_apart(self.firm)))
        beside.start()
        own = threading.Thread(
            target=lambda: ended.insert(0, night_apart(self.firm, crash_at=crash_at, mode=mode))
        )
        own.start()
        while own.is_alive():
            own.join(0.2)
            self.judge()
        beside.join()
        for one in ended:
            self._note_end(one, crash_at if one.signal is not None else "")

    def _switch_faults_on(self) -> None:
        if self.random.random() < 0.5:
            return
        for _ in range(self.random.choice((1, 1, 2, 3))):
            kind = self.random.choice(list(FaultKind))
            if kind in UPLOAD_FAULTS:
                percent = self.random.choice((0, 30, 70, 100))
                fault = at_percent(kind, percent, 3000, times=self.random.choice((1, 2)))
            else:
                fault = Fault(kind, times=self.random.choice((1, 1, 2)))
            self.sandbox.faults.switch_on(fault)

    def _count_faults(self) -> None:
        struck = self.sandbox.faults.struck
        self.figures.faults.update(kind.value for kind in struck)
        struck.clear()

    # -- a night that ends ---------------------------------------------------------------------

    def _night_here(self, mode: Mode = Mode.DEPOSIT) -> tuple[ExitCode, tuple[str, ...]]:
        results = night.run(self.firm.configuration(), mode=mode, clock=lambda: self._now)
        told = tuple(problem for result in results for problem in result.problems)
        return worst(*(result.exit_code for result in results)), told

    def _here(self, work: Callable[[], tuple[ExitCode, Sequence[str]]]) -> ExitCode:
        """Do some work in this process, as the command line would: errors are exit codes."""
        try:
            code, told = work()
        except ChorusFlowsError as error:
            code, told = error.exit_code, (str(error),)
        except Exception as error:
            raise ViolationError(f"not one of our errors:\n{traceback.format_exc()}") from error
        self._note_code(code, told)
        return code

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

    def _made(self) -> bool:
        """Whether the first night got as far as to make the ledger."""
        return inspect(self._engine).has_table("events")

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
            if flow.state in {"built", "uploading", "renaming"} and not known.withheld(flow_id)
        ]
        if doubt or unsent or any(known.runs[run] in {"held", "failed"} for run in new):
            raise ViolationError(f"exit code {code.value} in spite of {doubt}, {unsent}, {told}")
        quarantined = [one.number for one in here if one.state is InvoiceState.QUARANTINED]
        if quarantined and code is ExitCode.OK:
            raise ViolationError(f"exit code 0 in spite of {quarantined} quarantined")

    # -- the other side ------------------------------------------------------------------------

    def _open_sandbox(self, *, quiet: bool) -> Sandbox:
        scenario = Scenario() if quiet else self._scenario()
        sandbox = Sandbox(
            self._root / "sandbox",
            scenario=scenario.model_copy(update={"hours_per_step": 0}),
            port=self._port,
            clock=lambda: self._now,
            takes_at_once=not quiet and self.random.random() < 0.5,
        )
        sandbox.start()
        return sandbox

    def _scenario(self) -> Scenario:
        chance = self.random.random
        flows: list[dict[str, object]] = []
        if chance() < 0.4:
            flows.append({"every": 7, "answer": "silent"})
        if chance() < 0.4:
            flows.append({"every": 5, "answer": "incident", "status": 94})
        if chance() < 0.4:
            flows.append({"every": 3, "late": self.random.choice((1, 2))})
        if chance() < 0.2:
            flows.append({"every": 8, "status": 97})
        names = ["text", "line", "unit", *(["archive"] if chance() < 0.2 else [])]
        return Scenario.model_validate(
            {
                "name": "soak",
                "flows": flows,
                "rejections": [{"match": {"every": 13}}] if chance() < 0.5 else [],
                "lives": [
                    {"match": {"every": 6}, "statuses": [1, 2, 3, 6, 7, 8, 10, 11]},
                    {"statuses": [1, 2, 11]},
                ],
                "reporting": {
                    "naming": names,
                    "repeats": self.random.choice((0, 0, 1)),
                    "disorder": chance() < 0.4,
                    "offset": chance() < 0.6,
                    "compression": self.random.choice(("none", "gzip", "tar.gz")),
                },
                "at_integration": self.random.choice((0, 0, 1)),
            }
        )

    def _change_manners(self, *, quiet: bool = False) -> None:
        self.sandbox.close()
        self.sandbox = self._open_sandbox(quiet=quiet)
        returns = self.firm.sections["returns"]
        returns["after_fetch"] = self.random.choice(("keep", "move", "remove"))
        self.firm.write_settings()

    def judge(self) -> None:
        """Let the other side judge what has arrived, and note how it answers to each flow."""
        self.sandbox.process()
        judged = [arrival for arrival in self.sandbox.received() if arrival.invoices]
        for arrival in judged[len(self.truth.answers) :]:
            if any(one.accepted is None for one in arrival.invoices):
                break
            position = len(self.truth.answers) + 1
            answer = self.sandbox.scenario.flow_answer(arrival.name[:8], position)
            self.truth.answers.append(answer)

    def _other_side(self) -> None:
        self.judge()
        if self.random.random() < 0.8:
            self.sandbox.age(1)

    # -- collect and people --------------------------------------------------------------------

    def collect(self) -> ExitCode:
        """Collect, and see that whatever was refused is said."""
        before = {one.id for one in self.known().everything if one.state == "rejected"}

        def work() -> tuple[ExitCode, Sequence[str]]:
            collected = collecting.collect_now(self.firm.configuration(), clock=lambda: self._now)
            self._overdue_are_told(collected.result)
            return collected.exit_code, collected.lines()

        code = self._here(work)
        known = self.known()
        fresh = [
            one.number
            for one in known.everything
            if one.state == "rejected" and one.id not in before
        ]
        if fresh and code is ExitCode.OK:
            raise ViolationError(f"{fresh} were rejected, and the collect says that all is well")
        return code

    def _overdue_are_told(self, result: CollectResult) -> None:
        limit = self._now - timedelta(hours=60)
        with self.firm.ledger() as ledger:
            late = {
                flow.flow_id
                for flow in ledger.flows(states={FlowState.DEPOSITED, FlowState.IN_DOUBT})
                if (flow.deposited_at or flow.changed_at) < limit
            }
        if not late <= set(result.overdue):
            raise ViolationError(f"flows without report are not told: {late - set(result.overdue)}")

    def _operate(self, *, all_of_them: bool = False) -> None:
        """Decide what only a person decides, by looking at what really happened."""
        known = self.known()
        arrived = {arrival.name for arrival in self.sandbox.received()}
        for flow_id, flow in sorted(known.flows.items()):
            state = flow.state.value
            if state == "in_doubt":
                self.figures.doubts.add(flow_id)
            if not all_of_them and self.random.random() < 0.6:
                continue
            if state == "in_doubt" and flow.file_name in arrived:
                self._resolve(flow_id, resend=False)
            elif state in {"in_doubt", "incident"}:
                self._resolve(flow_id, resend=True)
        for run_id, state in sorted(known.runs.items()):
            if state == "held" and (all_of_them or self.random.random() < 0.6):
                self._decide_on_held(run_id, discard=self.random.random() < 0.3)

    def _resolve(self, flow_id: str, *, resend: bool) -> None:
        before = self.known().flows[flow_id].state
        self._by_operator(settle_flow, flow_id, resend)
        if self.known().flows[flow_id].state is before:
            self._here(lambda: settle_flow(self.firm.settings_file, self._now, flow_id, resend))
        self.figures.resolved["resend" if resend else "deposited"] += 1

    def _decide_on_held(self, run_id: str, *, discard: bool) -> None:
        self._by_operator(settle_run, run_id, discard)
        if self.known().runs[run_id] == "held":
            self._here(lambda: settle_run(self.firm.settings_file, self._now, run_id, discard))
        self.figures.resolved["discard" if discard else "release"] += 1
        if self.known().runs[run_id] == "failed":
            self._bring_back(run_id)

    def _by_operator(
        self, work: Callable[..., tuple[ExitCode, tuple[str, ...]]], *what: Any
    ) -> None:
        """Let a person's command be killed, now and then, before it is given again."""
        if self.random.random() < 0.4:
            point = self.random.choice(list(CrashPoint)).value
            self._apart(apart, work, self.firm.settings_file, self._now, *what, crash_at=point)

    def _bring_back(self, run_id: str) -> None:
        """The extracts of a run that was given up come again as they were."""
        claimed = self.firm.root / "state" / "claimed" / run_id
        for path in sorted(claimed.iterdir()):
            if path.is_file() and path.suffix == ".csv":
                self.firm.drop(f"{path.name}.ctl", path.with_name(f"{path.name}.ctl").read_bytes())
                self.firm.drop(path.name, path.read_bytes())

    # -- checks --------------------------------------------------------------------------------

    def known(self) -> Known:
        """Return what the ledger holds now."""
        return known_of(self._engine)

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
            self._check(thoroughly=True)
            told = self.truth.check_rest(self.known(), self.sandbox, self.firm.root / "reports")
            if not told:
                break
        else:
            self._raise(told)
        self._count_all()

    def _mend_controls(self, known: Known) -> None:
        """Files whose control did not hold come again with a right one."""
        for sha256, extract in list(self.truth.extracts.items()):
            if extract.wrong_control and sha256 not in known.done:
                self.drop(self._erp.again(extract))

    def _count_all(self) -> None:
        arrivals = self.sandbox.received()
        invoices = [one for arrival in arrivals for one in arrival.invoices]
        self.figures.flows = len(arrivals)
        self.figures.integrated = sum(one.accepted is True for one in invoices)
        self.figures.rejected = sum(one.accepted is False for one in invoices)


def settle_run(
    settings: Path, now: datetime, run_id: str, discard: bool
) -> tuple[ExitCode, tuple[str, ...]]:
    """Release a held run or give it up, in whatever process."""
    work = release.discard if discard else release.release
    result = work(
        configuration.load(settings), run_id, by=OPERATOR, reason="looked at", clock=lambda: now
    )
    return result.exit_code, result.problems


def settle_flow(
    settings: Path, now: datetime, flow_id: str, resend: bool
) -> tuple[ExitCode, tuple[str, ...]]:
    """Say that a flow arrived, or send it again, in whatever process."""
    resolve(
        configuration.load(settings),
        flow_id,
        resend=resend,
        by=OPERATOR,
        reason="seen on the portal",
        clock=lambda: now,
    )
    return ExitCode.OK, ()


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"
