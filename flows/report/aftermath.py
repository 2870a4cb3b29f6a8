"""What came back since the run before: return files, flows of earlier runs, what is still open.

The newest run's report is the one that is read in the morning: it also tells what earlier runs
left open. The report of an older run keeps to its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from config.settings import Settings
from flows.collect_result import GRAVE
from flows.ledger import (
    FlowRecord,
    FlowState,
    InvoiceState,
    Ledger,
    ReturnRecord,
    ReturnState,
    RunRecord,
    RunState,
)
from flows.overdue import overdue_flows
from flows.report.to_do import ToDoBook
from flows.report.told import CaseBook, tell_all
from transforms.run_report import Attention, FlowLine, ReturnLine, RunLine, Told

#: Runs looked at for one that is still held.
_RECENT_RUNS = 60


class Aftermath:
    """What came back since the run before, and what is open when the report is written."""

    def __init__(
        self,
        ledger: Ledger,
        run: RunRecord,
        settings: Settings,
        *,
        now: datetime,
        unknown: CaseBook,
        to_do: ToDoBook,
        line: Callable[[FlowRecord], FlowLine],
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._settings = settings
        self._now = now
        self._language = settings.report.language
        self._limit = settings.report.rows_per_list
        self._unknown = unknown
        self._to_do = to_do
        self._line = line
        newest = ledger.runs(1)
        self._newest = bool(newest) and newest[0].run_id == run.run_id
        self._grave: dict[Told, None] = {}
        self.returns: tuple[ReturnLine, ...] = ()
        self.earlier_flows: tuple[FlowLine, ...] = ()
        self.earlier_refused = 0
        """Flows of earlier runs whose answer refused invoices."""

    def run(self) -> Aftermath:
        """Read what came since the run before ended, and who it is about."""
        lines: list[ReturnLine] = []
        answered: dict[str, None] = {}
        since, until = self._span()
        for record in self._ledger.returns(since=since):
            if record.received_at > until:
                break
            lines.append(self._return_line(record))
            for said in self._ledger.statuses(return_id=record.return_id, foreign=False):
                if said.status.kind == "flow" and said.status.flow_id:
                    answered[said.status.flow_id] = None
                elif said.status.invoice_row is not None:
                    self._look_at(said.status.invoice_row, said.status.code)
        self.returns = tuple(lines)
        flows = (self._ledger.flow(flow_id) for flow_id in answered)
        earlier = [f for f in flows if f is not None and f.run_id != self._run.run_id]
        self.earlier_flows = tuple(self._line(flow) for flow in earlier[: self._limit])
        for flow in earlier:
            self.earlier_refused += flow.state in {FlowState.REJECTED, FlowState.PARTIAL}
            self._hear_of(flow, since, until)
        if self._newest:
            self._add_unknown()
            self._to_do.add_all_open()
        return self

    def attention(self, told: tuple[Told, ...]) -> Attention:
        """Return what needs a person; ``told`` are grave findings about the run's own invoices."""
        late = overdue_flows(self._ledger, self._settings, self._now)
        doubtful = self._concerned(self._ledger.flows(states={FlowState.IN_DOUBT}))
        in_doubt = {flow.flow_id for flow in doubtful}
        overdue = [flow for flow in self._concerned(late) if flow.flow_id not in in_doubt]
        return Attention(
            in_doubt=tuple(map(self._line, doubtful)),
            incidents=tuple(
                map(self._line, self._concerned(self._ledger.flows(states={FlowState.INCIDENT})))
            ),
            overdue=tuple(map(self._line, overdue)),
            unknown=self._unknown.groups(),
            not_understood=self._not_understood(),
            held_runs=self._held_runs(),
            to_do=self._to_do.groups(),
            told=tuple(dict.fromkeys((*told, *self._grave))),
        )

    # -- helpers -------------------------------------------------------------------------------

    def _span(self) -> tuple[datetime, datetime]:
        """Return the time the run tells of: what a collect by day brought in is in the next one."""
        before = self._ledger.run_before(self._run)
        since = self._run.started_at
        if before is not None:
            since = min(since, before.finished_at or before.started_at)
        return since, self._now if self._newest else self._run.finished_at or self._now

    def _hear_of(self, flow: FlowRecord, since: datetime, until: datetime) -> None:
        """Take the grave findings about a flow of an earlier run that came in this time."""
        found = self._ledger.findings(flow_id=flow.flow_id)
        recent = (one.finding for one in found if since <= one.found_at <= until)
        grave = (finding for finding in recent if finding.rule in GRAVE)
        self._grave.update(dict.fromkeys(tell_all(grave, self._language)))

    def _concerned(self, flows: list[FlowRecord]) -> list[FlowRecord]:
        if self._newest:
            return flows
        return [flow for flow in flows if flow.run_id == self._run.run_id]

    def _return_line(self, record: ReturnRecord) -> ReturnLine:
        found = self._ledger.findings(return_id=record.return_id)
        told = tell_all((each.finding for each in found), self._language)
        self._grave.update(dict.fromkeys(each for each in told if each.rule in GRAVE))
        return ReturnLine(
            name=record.name,
            kind=record.kind,
            state=record.state.value,
            reason=record.reason,
            received_at=record.received_at,
            told=told,
        )

    def _look_at(self, invoice_row: int, code: str) -> None:
        """Take an invoice of an earlier run for the to-dos when a status that came asks for it."""
        if not self._to_do.asks(code):
            return
        invoice = self._ledger.invoice(invoice_row)
        if invoice is not None and invoice.run_id != self._run.run_id:
            self._to_do.add(invoice)

    def _add_unknown(self) -> None:
        for invoice in self._ledger.invoices(states={InvoiceState.OUTCOME_UNKNOWN}):
            if invoice.run_id == self._run.run_id:
                continue
            found = self._ledger.findings(invoice_row=invoice.invoice_row)
            self._unknown.add(invoice, tell_all((f.finding for f in found), self._language))

    def _not_understood(self) -> tuple[ReturnLine, ...]:
        if not self._newest:
            return tuple(line for line in self.returns if line.state == ReturnState.NOT_UNDERSTOOD)
        records = self._ledger.returns(states={ReturnState.NOT_UNDERSTOOD})
        return tuple(map(self._return_line, records))

    def _held_runs(self) -> tuple[RunLine, ...]:
        if not self._newest:
            return ()
        return tuple(
            RunLine(run_id=run.run_id, run_date=run.run_date)
            for run in self._ledger.runs(_RECENT_RUNS)
            if run.state is RunState.HELD and run.run_id != self._run.run_id
        )
