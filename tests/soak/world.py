"""The world of a soak: a firm, the other side, a clock, and what is drawn for them.

One seed says everything that is drawn. What a race or a loaded machine adds (whether a cut comes
before or after a rename) is not foretold: the checks ask the other side what happened.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, inspect

from flows import night
from flows.errors import ChorusFlowsError, ExitCode, worst
from flows.ledger import FlowState, sqlite_file
from flows.night_result import Mode
from flows.sandbox import Sandbox, Scenario, settings_fragment
from flows.sandbox.scenario import FlowAnswer
from tests.soak.erp import PROFILE, Erp, Extract
from tests.soak.known import Known, known_of
from tests.soak.truth import Truth
from tests.support.apart import Ended
from tests.support.firm import Firm

#: A few days before the hour that autumn brings twice.
FIRST_EVENING = datetime(2026, 10, 20, 19, 0, tzinfo=UTC)
AUTUMN = FIRST_EVENING.date().replace(day=24)
PARIS = ZoneInfo("Europe/Paris")
#: Of every firm of the tests.
EMITTER = "ABC123"
#: Hours after which a flow without a report is raised.
REPORT_DEADLINE = 60


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


class World:
    """A firm, the other side, and what is known of both.

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
                "returns": {"report_deadline_hours": REPORT_DEADLINE, "after_fetch": "keep"},
                "referee": {"policy": "off"},
            },
            self._now,
        )
        self._url = ledger_url or f"sqlite:///{root / 'state' / 'ledger.sqlite'}"
        self._engine = create_engine(self._url, pool_pre_ping=True)

    def close(self) -> None:
        """Stop the other side."""
        self.sandbox.close()
        self._engine.dispose()

    # -- time and extracts ---------------------------------------------------------------------

    def _evening(self) -> None:
        """Go to the next evening; in the night of autumn, into the hour that comes twice."""
        later = FIRST_EVENING + timedelta(days=self._night - 1)
        if later.date() == AUTUMN:
            later = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
        self._pass(later - self._now)

    def _pass(self, time: timedelta) -> None:
        self._now += time
        self.firm.now = self._now

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
            wanted = self.sandbox.scenario.flow_answers(arrival.name[:8], position, ())
            self.truth.answers.append(next((answer for _, answer in wanted), FlowAnswer()))

    def _other_side(self) -> None:
        self.judge()
        if self.random.random() < 0.8:
            self.sandbox.age(1)

    # -- work, and what it says ----------------------------------------------------------------

    def known(self) -> Known:
        """Return what the ledger holds now."""
        return known_of(self._engine)

    def _made(self) -> bool:
        """Whether the first night got as far as to make the ledger."""
        path = sqlite_file(self._url)
        return (path is None or path.exists()) and inspect(self._engine).has_table("events")

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


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"
