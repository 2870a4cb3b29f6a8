"""A firm, a Chorus Pro in miniature, and the nights in between: what every case goes through."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flows import collecting, configuration
from flows.crashpoints import CrashPoint
from flows.errors import ExitCode, worst
from flows.ledger import FlowState, RunState
from flows.night_result import Mode
from flows.release import discard, release
from flows.resolve import resolve
from flows.sandbox import Sandbox, Scenario, settings_fragment
from flows.sandbox.scenario import FlowAnswer
from tests.reliability.cases import Case, Command
from tests.support.apart import Ended, apart, collect_apart, night_apart
from tests.support.firm import Firm, csv, row

WHO = "A. Martin"
#: Larger than a hundred blocks of an upload, so that 1 % of it can be sent, and not shrunk by gzip.
BIG = 3_600_000

PROFILE = """
extends: generic
profile: essai
description: {fr: "Profil d'essai", en: "Trial profile"}
filters:
  - {name: internal, column: buyer_name, equals: Interne}
"""


@dataclass(slots=True)
class Story:
    """One case on its way."""

    case: Case
    firm: Firm
    sandbox: Sandbox
    _ends: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Story:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def at_end(self, work: Callable[[], None]) -> None:
        """Do this when the case is over."""
        self._ends.callback(work)

    # -- nights --------------------------------------------------------------------------------

    def kill(self, crash_at: str) -> Ended:
        """Do what the case is about in a process of its own, which dies at ``crash_at``."""
        match self.case.command:
            case Command.NIGHT:
                return night_apart(self.firm, crash_at=crash_at)
            case Command.COLLECT:
                return collect_apart(self.firm, crash_at=crash_at)
            case Command.RELEASE | Command.DISCARD:
                throw_away = self.case.command is Command.DISCARD
                return self._apart(_release, self.held_run(), throw_away, crash_at=crash_at)
            case Command.RESEND | Command.CONFIRM:
                again = self.case.command is Command.RESEND
                return self._apart(_resolve, self.doubtful(), again, crash_at=crash_at)

    def again(self) -> ExitCode:
        """Do it again, as whoever finds it dead does."""
        file, now = self.firm.settings_file, self.firm.now
        match self.case.command:
            case Command.NIGHT:
                return self.night()
            case Command.COLLECT:
                return self.collect()
            case Command.RELEASE | Command.DISCARD:
                run_id = self.held_run()
                if not run_id:
                    return self.night()
                return _release(file, now, run_id, self.case.command is Command.DISCARD)[0]
            case Command.RESEND | Command.CONFIRM:
                if (flow_id := self.doubtful()) is None:
                    return self.night()
                return _resolve(file, now, flow_id, self.case.command is Command.RESEND)[0]

    def night(self, mode: Mode = Mode.DEPOSIT) -> ExitCode:
        """Do a night in this process."""
        return self.firm.code(self.firm.run(mode))

    def collect(self) -> ExitCode:
        """Collect in this process."""
        loaded, now = self.firm.configuration(), self.firm.now
        return collecting.collect_now(loaded, clock=lambda: now).exit_code

    def resolve(self, *, resend: bool) -> None:
        """Settle every flow in doubt by an operator's word."""
        while (flow_id := self.doubtful()) is not None:
            _resolve(self.firm.settings_file, self.firm.now, flow_id, resend)

    def answer(self) -> None:
        """Let Chorus Pro judge what has arrived and write its reports, now."""
        self.sandbox.process()
        for path in self.sandbox.out_folder.iterdir():
            os.utime(path, (self.firm.now.timestamp(),) * 2)

    def later(self, hours: float) -> None:
        """Let time pass."""
        self.firm.now += timedelta(hours=hours)

    def extracts(self) -> None:
        """Drop what the ERP says tonight; the attachment that was missing yesterday is there."""
        (self.firm.root / "attachments" / "LATE.pdf").write_bytes(b"%PDF-1.4 late")
        (self.firm.root / "attachments" / "F3.pdf").write_bytes(self._attachment())
        first = [
            row("F1"),
            row("F2"),
            row("OLD"),
            row("BAD", buyer_siret="123"),
            row("WAITS", attachments="nowhere.pdf"),
            row("INTERNAL", buyer_name="Interne"),
        ]
        second = [row("F3", attachments="F3.pdf"), row("F4"), row("AGAIN")]
        self.drop("a.csv", csv(first))
        self.drop("b.csv", csv(second))

    def prepare(self) -> None:
        """Go to the evening of the case, and bring about what the command is there to settle."""
        self.later(24)
        self.extracts()
        if self.case.strange_return:
            strange = self.sandbox.out_folder / "CSO1106A_CPP001_strange"
            strange.write_text("no XML")
            os.utime(strange, (self.firm.now.timestamp(),) * 2)
        if self.case.command in {Command.RELEASE, Command.DISCARD}:
            assert self.night() is ExitCode.ATTENTION
            assert self.held_run()
        if self.case.before:
            assert night_apart(self.firm, crash_at=self.case.before).signal == signal.SIGKILL
        if self.case.command in {Command.RESEND, Command.CONFIRM}:
            assert self.night() is ExitCode.ATTENTION
            assert self.doubtful() is not None
        if self.case.command is Command.COLLECT:
            self.answer()

    def extract_again(self, numbers: Iterable[str]) -> None:
        """Drop invoices again that were given up or refused."""
        attachments = {"F3": "F3.pdf", "WAITS": "nowhere.pdf", "LATE": "LATE.pdf"}
        rows = [row(number, attachments=attachments.get(number, "")) for number in numbers]
        self.drop("again.csv", csv(rows))

    # -- what is there -------------------------------------------------------------------------

    def flow_states(self) -> list[str]:
        """Return the states of the flows, in the order of their numbers."""
        with self.firm.ledger() as ledger:
            return [flow.state.value for flow in ledger.flows()]

    def doubtful(self) -> str | None:
        """Return the first flow in doubt."""
        with self.firm.ledger() as ledger:
            found = ledger.flows(states={FlowState.IN_DOUBT})
        return found[0].flow_id if found else None

    def held_run(self) -> str:
        """Return the run that is held."""
        with self.firm.ledger() as ledger:
            found = [run.run_id for run in ledger.runs() if run.state is RunState.HELD]
        return found[0] if found else ""

    def ends(self) -> dict[str, str]:
        """Return where each number ended; of one read in several nights, the last."""
        with self.firm.ledger() as ledger:
            return {i.number or "": i.state.value for i in ledger.invoices()}

    def sent(self) -> tuple[object, ...]:
        """Return what another night must not change: what was sent, how often, and arrived."""
        with self.firm.ledger() as ledger:
            flows = [(flow.flow_id, flow.attempts) for flow in ledger.flows()]
        return flows, self.sandbox.flow_counts()

    # -- helpers -------------------------------------------------------------------------------

    def _apart(self, work: Callable[..., Any], *arguments: object, crash_at: str) -> Ended:
        file, now = self.firm.settings_file, self.firm.now
        return apart(work, file, now, *arguments, crash_at=crash_at)

    def _attachment(self) -> bytes:
        size = BIG if self.case.big else 400
        return b"%PDF-1.4 " + random.Random(1).randbytes(size)

    def drop(self, name: str, content: str) -> None:
        self.firm.drop(name, content)
        if self.case.side_files:
            # Landed as well: the file that says it is complete, and what it should hold.
            self.firm.drop(f"{name}.done", "")
            count = len({line.split(";")[0] for line in content.splitlines()[1:]})
            wrong = int(name == self.case.wrong_control)
            self.firm.drop(f"{name}.ctl", f"invoices={count + wrong}")


def begin(case: Case, root: Path, ledger_url: str) -> Story:
    """Start the firm and what it deposits at, on the evening of the case.

    ``root`` and the ledger hold what :func:`evening_before` left there, or nothing.
    """
    sandbox = Sandbox(
        root / "chorus-pro",
        scenario=Scenario(flows=(FlowAnswer(answer="silent"),) if case.report_lost else ()),
        clock=lambda: firm.now,
        takes_at_once=case.takes_at_once,
    )
    ends = ExitStack()
    ends.enter_context(sandbox)
    firm = Firm(root, _sections(case, sandbox, ledger_url))
    (root / "essai.yaml").write_text(PROFILE)
    return Story(case, firm, sandbox, ends)


def evening_before(root: Path, ledger_url: str) -> None:
    """Do the night before, which every case but a first night ever begins with.

    Of its invoices one is integrated, one rejected, one waits; nothing is collected yet.
    """
    rows = [
        row("OLD"),
        # No such service in the directory of Chorus Pro: rejected, and its number free again.
        row("AGAIN", buyer_service_code="NOWHERE"),
        row("LATE", attachments="LATE.pdf"),
    ]
    with begin(Case(point=CrashPoint.RUN_STARTED), root, ledger_url) as story:
        story.drop("before.csv", csv(rows))
        story.night()
        story.answer()


def _sections(case: Case, sandbox: Sandbox, ledger_url: str) -> dict[str, dict[str, Any]]:
    fragment: dict[str, Any] = settings_fragment(sandbox)
    sftp = fragment.pop("sftp")
    channel = {"kind": case.channel, "retries": 0, "temporary": case.temporary}
    if case.channel == "folder":
        channel["root"] = str(sandbox.in_folder.parent)  # the firm's tool carries at once
    sections: dict[str, dict[str, Any]] = {
        "": {"environment": "sandbox", "ledger_url": ledger_url},
        "source": {"company_file": "company.yaml", "profile": "essai.yaml"},
        "channel": {**fragment, **channel},
        "channel.sftp": sftp,
        "returns": {"after_fetch": case.after_fetch},
        "workers": {"executor": "inline", "chunk_invoices": 3},
        "referee": {"policy": "off"},
        "attachments": {"max_wait_nights": 30},
    }
    if case.pool:
        sections["workers"] |= {"executor": "processes", "processes": 1}
    if case.side_files:
        sections["landing"] = {"complete_when": "done_file"}
        sections["landing.control"] = {"source": "side_file"}
    if case.command in {Command.RELEASE, Command.DISCARD}:
        sections["brakes"] = {"max_invoices": 5}
    return sections


def _release(
    settings: Path, now: datetime, run_id: str, throw_away: bool
) -> tuple[ExitCode, tuple[str, ...]]:
    action = discard if throw_away else release
    loaded = configuration.load(settings)
    result = action(loaded, run_id, by=WHO, reason="checked", clock=lambda: now)
    return worst(result.exit_code), result.problems


def _resolve(
    settings: Path, now: datetime, flow_id: str, resend: bool
) -> tuple[ExitCode, tuple[str, ...]]:
    loaded = configuration.load(settings)
    told = resolve(loaded, flow_id, resend=resend, by=WHO, reason="asked", clock=lambda: now)
    return ExitCode.OK, (told,)
