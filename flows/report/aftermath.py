"""What came back: return files of the night, flows of earlier runs, and what is still open.

The newest run's report is the one that is read in the morning: it also tells what earlier runs
left open. The report of an older run keeps to its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from config.catalogue import Language
from config.settings import Settings
from config.statuses import load_statuses
from flows.collect_result import GRAVE
from flows.ledger import (
    FlowRecord,
    FlowState,
    InvoiceRecord,
    InvoiceState,
    Ledger,
    ReturnRecord,
    ReturnState,
    RunRecord,
    RunState,
    StatusRow,
)
from flows.reconcile import overdue_flows
from flows.report.told import CaseBook, tell_all
from transforms.returns import status_code
from transforms.run_report import Attention, FlowLine, ReturnLine, RunLine, ToDo, Told

#: Runs looked at for one that is still held.
_RECENT_RUNS = 60


def to_do_of(invoice: InvoiceRecord, message: str, language: Language) -> ToDo | None:
    """Return what the supplier must do about an invoice by its last status, or None.

    Args:
        invoice: with its life-cycle columns.
        message: what came with that status: the buyer's own words.
        language: of the report.
    """
    status = load_statuses().of_invoice(status_code(invoice.life_status or ""))
    if status is None or status.actor != "supplier":
        return None
    words = status.words(language)
    return ToDo(
        number=invoice.number or "",
        buyer=invoice.buyer_name or "",
        currency=invoice.currency or "",
        total=invoice.total,
        run_id=invoice.run_id,
        code=invoice.life_status or "",
        label=status.label,
        message=message,
        at=invoice.life_at,
        meaning=words.meaning,
        next_step=words.next_step,
    )


class Aftermath:
    """What came back during a run, and what is open when its report is written."""

    def __init__(
        self,
        ledger: Ledger,
        run: RunRecord,
        settings: Settings,
        *,
        now: datetime,
        unknown: CaseBook,
        line: Callable[[FlowRecord], FlowLine],
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._settings = settings
        self._now = now
        self._language = settings.report.language
        self._limit = settings.report.rows_per_list
        self._unknown = unknown
        self._line = line
        newest = ledger.runs(1)
        self._newest = bool(newest) and newest[0].run_id == run.run_id
        self._to_do: dict[int, ToDo] = {}
        self._grave: dict[Told, None] = {}
        self.returns: tuple[ReturnLine, ...] = ()
        self.earlier_flows: tuple[FlowLine, ...] = ()

    def run(self) -> Aftermath:
        """Read the return files of the run's time, and who they are about."""
        lines: list[ReturnLine] = []
        answered: dict[str, None] = {}
        until = self._run.finished_at or self._now
        for record in self._ledger.returns(since=self._run.started_at):
            if record.received_at > until:
                break
            lines.append(self._return_line(record))
            for said in self._ledger.statuses(return_id=record.return_id, foreign=False):
                if said.status.kind == "flow" and said.status.flow_id:
                    answered[said.status.flow_id] = None
                elif said.status.invoice_row is not None:
                    self._look_at(said.status, said.status.invoice_row)
        self.returns = tuple(lines)
        flows = (self._ledger.flow(flow_id) for flow_id in list(answered)[: self._limit])
        self.earlier_flows = tuple(
            self._line(flow)
            for flow in flows
            if flow is not None and flow.run_id != self._run.run_id
        )
        if self._newest:
            self._add_unknown()
        return self

    def attention(
        self, *, to_do: list[ToDo], to_do_count: int, told: tuple[Told, ...]
    ) -> Attention:
        """Return what needs a person.

        Args:
            to_do: of this run's invoices, up to the limit of a list; ``to_do_count`` of them all.
            to_do_count: see ``to_do``.
            told: grave findings about this run's invoices and flows.
        """
        everyone = [*to_do, *self._to_do.values()]
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
            to_do=tuple(everyone[: self._limit]),
            to_do_count=to_do_count + len(self._to_do),
            told=tuple(dict.fromkeys((*told, *self._grave))),
        )

    # -- helpers -------------------------------------------------------------------------------

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

    def _look_at(self, status: StatusRow, invoice_row: int) -> None:
        """Note a to-do about an invoice of an earlier run, if it is still its last status."""
        known = load_statuses().of_invoice(status_code(status.code))
        if known is None or known.actor != "supplier":
            return
        invoice = self._ledger.invoice(invoice_row)
        if invoice is None or invoice.run_id == self._run.run_id:
            return
        to_do = to_do_of(invoice, status.message, self._language)
        if to_do is None or invoice.life_status != status.code:
            self._to_do.pop(invoice_row, None)
        else:
            self._to_do[invoice_row] = to_do

    def _add_unknown(self) -> None:
        for invoice in self._ledger.invoices(states={InvoiceState.OUTCOME_UNKNOWN}):
            if invoice.run_id == self._run.run_id:
                continue
            found = self._ledger.findings(invoice_row=invoice.invoice_row)
            self._unknown.add(invoice, tell_all((f.finding for f in found), self._language))

    def _not_understood(self) -> tuple[ReturnLine, ...]:
        if not self._newest:
            return tuple(
                line for line in self.returns if line.state == ReturnState.NOT_UNDERSTOOD
            )
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
