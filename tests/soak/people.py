"""What people do in a soak: collect, settle what is in doubt, release and give up runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flows import collecting, configuration, release
from flows.collect_result import CollectResult
from flows.crashpoints import CrashPoint
from flows.errors import ExitCode
from flows.fate import settle
from flows.ledger import FlowState
from flows.resolve import resolve
from tests.soak.known import Known
from tests.soak.world import REPORT_DEADLINE, ViolationError, World
from tests.support.apart import apart

OPERATOR = "A. Martin"


class People(World):
    """Operators look at what really happened, accountants send again what came to nothing."""

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
        limit = self._now - timedelta(hours=REPORT_DEADLINE)
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
        self._say_fates(known, all_of_them=all_of_them)
        for run_id, state in sorted(known.runs.items()):
            if state == "held" and (all_of_them or self.random.random() < 0.6):
                self._decide_on_held(run_id, discard=self.random.random() < 0.3)

    def _say_fates(self, known: Known, *, all_of_them: bool) -> None:
        """Look on the portal for invoices that a report left without a fate."""
        seen = {
            (arrival.name, invoice.number): invoice.accepted
            for arrival in self.sandbox.received()
            for invoice in arrival.invoices
        }
        for one in known.everything:
            accepted = seen.get((known.flow_name(one.flow_id), one.number))
            if one.state != "outcome_unknown" or accepted is None:
                continue
            if known.flows[one.flow_id].state == "incident":
                continue  # the flow is settled whole
            if all_of_them or self.random.random() < 0.4:
                self._by_operator(settle_invoice, one.number, one.flow_id, accepted)
                if any(i.id == one.id and i.state == one.state for i in self.known().everything):
                    word = one.number, one.flow_id, accepted
                    file, now = self.firm.settings_file, self._now
                    self._here(lambda f=file, n=now, w=word: settle_invoice(f, n, *w))
                self.figures.resolved["integrated" if accepted else "rejected"] += 1

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

    def _mend_controls(self, known: Known) -> None:
        """Files whose control did not hold come again with a right one."""
        for sha256, extract in list(self.truth.extracts.items()):
            if extract.wrong_control and sha256 not in known.done:
                self.drop(self._erp.again(extract))


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


def settle_invoice(
    settings: Path, now: datetime, number: str, flow_id: str, integrated: bool
) -> tuple[ExitCode, tuple[str, ...]]:
    """Say what the portal shows of an invoice, in whatever process."""
    told = settle(
        configuration.load(settings),
        [number],
        integrated=integrated,
        flow_id=flow_id,
        by=OPERATOR,
        reason="seen on the portal",
        clock=lambda: now,
    )
    return ExitCode.OK, told
