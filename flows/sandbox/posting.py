"""Put return flows into ``out``: in the scenario's manner, at the sandbox's own time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.sandbox.mailbox import numbered, without_number
from flows.sandbox.memory import KnownInvoice, Memory
from flows.sandbox.reports import (
    LIFE_CYCLE,
    FlowVerdict,
    InvoiceStatus,
    integration_report,
    life_cycle,
    pack,
    return_name,
)
from flows.sandbox.scenario import FlowAnswer, Scenario

PARIS = ZoneInfo("Europe/Paris")
#: Interface of the report on a flow whose own interface could not be read.
FALLBACK_REPORT = "CSO1100A"
#: Statuses that come with the scenario's comment: the buyer owes a reason.
_WITH_REASON = frozenset({4, 5, 6})


@dataclass(frozen=True, slots=True)
class Batch:
    """Statuses that travel in one life-cycle file."""

    at: datetime
    application: str
    statuses: tuple[InvoiceStatus, ...]


class Post:
    """Writes return files.

    Args:
        root: folder of the sandbox, for work and for reports to come later.
        out: folder the client fetches from.
        memory: counters of names, steps and time; the lives of invoices.
        scenario: the manner.
        clock: present time.
    """

    def __init__(
        self,
        root: Path,
        out: Path,
        memory: Memory,
        scenario: Scenario,
        clock: Callable[[], datetime],
    ) -> None:
        self._out = out
        self._held = root / "held"
        self._work = root / "work"
        for folder in (self._held, self._work):
            folder.mkdir(parents=True, exist_ok=True)
        self._memory = memory
        self._scenario = scenario
        self._clock = clock

    def now(self) -> datetime:
        """Return the sandbox's time in Paris: the clock plus what has passed, never twice alike."""
        passed = self._memory.counter("aged") * self._scenario.step
        passed += timedelta(hours=self._memory.counter("hours"))
        ticks = timedelta(milliseconds=self._memory.advance("ticks"))
        start = self._scenario.now or self._clock()
        if start.tzinfo is None:
            start = start.replace(tzinfo=PARIS)
        # In UTC: hours pass one by one, also where the clocks go forward or back.
        return (start.astimezone(UTC) + passed + ticks).astimezone(PARIS)

    def report(
        self,
        verdict: FlowVerdict,
        interface: str,
        answer: FlowAnswer,
        *,
        at: datetime | None = None,
    ) -> list[str]:
        """Write the integration report of a flow; return the names now in ``out``.

        Args:
            verdict: what the judge found.
            interface: interface of the flow; empty when its name could not be read.
            answer: what the story says of this flow.
            at: time of the status; none: now.
        """
        manner = self._scenario.reporting
        turn = manner.naming[(self._memory.advance("reports") - 1) % len(manner.naming)]
        naming = answer.naming or turn
        now = self.now()
        at = at or now

        def render(report_id: str) -> bytes:
            return integration_report(
                verdict,
                report_id=report_id,
                at=at,
                manner=manner,
                naming=naming,
                status=answer.status,
            )

        due = self._memory.counter("aged") + answer.late if answer.late else None
        report_interface = f"C{interface[1:]}" if interface else FALLBACK_REPORT
        return self._publish(report_interface, render, now, due)

    def drop(self, name: str, text: str) -> str:
        """Put a file into ``out`` as it is; return its name."""
        unfinished = self._work / Path(name).name
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(self._out / unfinished.name)
        return unfinished.name

    def release(self) -> None:
        """Bring out the reports that are due."""
        step = self._memory.counter("aged")
        for path in sorted(self._held.iterdir()):
            due, name = without_number(path.name)
            if due <= step:
                path.replace(self._out / name)

    def step(self, living: Sequence[KnownInvoice]) -> list[Batch]:
        """Let invoices take one step of their life; return the files to write."""
        self._memory.step_forward(invoice.row for invoice in living)
        size = self._scenario.reporting.statuses_per_file
        batches = []
        for application in sorted({invoice.application for invoice in living}):
            mine = [invoice for invoice in living if invoice.application == application]
            for start in range(0, len(mine), size):
                at = self.now()
                statuses = tuple(_status(invoice, at) for invoice in mine[start : start + size])
                batches.append(Batch(at, application, statuses))
        return batches

    def life(self, batches: Sequence[Batch]) -> list[str]:
        """Write life-cycle files; return the names now in ``out``."""
        manner = self._scenario.reporting
        names = []
        for batch in reversed(batches) if manner.disorder else batches:

            def render(report_id: str, batch: Batch = batch) -> bytes:
                return life_cycle(
                    batch.statuses,
                    application=batch.application,
                    report_id=report_id,
                    at=batch.at,
                    manner=manner,
                )

            names += self._publish(LIFE_CYCLE, render, batch.at, None)
        return names

    def _publish(
        self,
        interface: str,
        render: Callable[[str], bytes],
        at: datetime,
        due: int | None,
    ) -> list[str]:
        """Write a return file and its repeats to ``out``, or hold them until step ``due``."""
        manner = self._scenario.reporting
        names = []
        for _ in range(1 + manner.repeats):
            name, flow_id = return_name(interface, self._memory.advance(interface))
            unfinished = self._work / name
            unfinished.write_bytes(pack(render(flow_id), name, manner.compression, at))
            if due is None:
                unfinished.replace(self._out / name)
                names.append(name)
            else:
                unfinished.replace(self._held / numbered(due, name))
        return names


def _status(invoice: KnownInvoice, at: datetime) -> InvoiceStatus:
    status = invoice.next_status
    return InvoiceStatus(
        status=status,
        supplier_type=invoice.supplier_type,
        supplier=invoice.supplier,
        supplier_name=invoice.supplier_name,
        buyer=invoice.buyer,
        buyer_name=invoice.buyer_name,
        service=invoice.service,
        number=invoice.number,
        issued=invoice.issued,
        at=at,
        comment=invoice.comment if status in _WITH_REASON or status not in range(1, 13) else "",
    )
