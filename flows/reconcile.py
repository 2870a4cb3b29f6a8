"""Reconcile: what the statuses received make of flows and of their invoices.

The fate of a flow is settled anew from *all* that the ledger knows of it, each time something new
arrives (``transforms.settlement``): reports may come twice, late or in disorder, and a crash in
between only means that the same is settled again. Source of the rules: chorus-flows,
docs/returns.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from config.settings import Settings
from config.statuses import load_statuses
from flows.crashpoints import CrashPoint, reach
from flows.ledger import (
    FlowRecord,
    FlowState,
    InvoiceRecord,
    InvoiceState,
    Ledger,
)
from flows.revalidation import complete_messages
from flows.status_rows import flow_report
from schemas.explain import explain_platform_message
from transforms.error_lines import Member
from transforms.finding import Finding, Severity
from transforms.settlement import (
    Fate,
    FlowFate,
    Settlement,
    Verdict,
    outcome_of,
    settle,
)
from transforms.statuses import ErrorLine, FlowStatusReport, status_code

#: States of a flow whose arrival was not certain: any word of Chorus Pro makes it so.
_UNCERTAIN = frozenset(
    {
        FlowState.BUILT,
        FlowState.UPLOADING,
        FlowState.RENAMING,
        FlowState.HANDED_OVER,
        FlowState.IN_DOUBT,
    }
)
#: Invoices of a flow that are not in Chorus Pro's hands (their flow was given up by an operator).
_TAKEN_BACK = frozenset({InvoiceState.QUARANTINED})
_REASON_LENGTH = 300


@dataclass(slots=True)
class Reconciliation:
    """What settling changed.

    Attributes:
        moved: invoices that changed, by their new state.
        flows: flows settled or settled again, by id, with their new state.
        findings: what a person should know, as recorded in the ledger.
        runs: runs whose invoices or flows are concerned.
    """

    moved: Counter[InvoiceState] = field(default_factory=Counter)
    flows: dict[str, FlowState] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    runs: set[str] = field(default_factory=set)


def reconcile(
    ledger: Ledger,
    flow_ids: Iterable[str],
    settings: Settings,
    *,
    columns: Mapping[str, str] | None = None,
) -> Reconciliation:
    """Settle flows from all their statuses in the ledger; doing it again changes nothing.

    Args:
        ledger: holds the statuses (``ledger.add_statuses``).
        flow_ids: flows that something new was said of; unknown ones are passed over.
        settings: meaning of statuses, zone of times, whether a rejected number is free.
        columns: ERP column by business term, to tell where a rejected value comes from.
    """
    done = Reconciliation()
    for flow_id in sorted(set(flow_ids)):
        flow = ledger.flow(flow_id)
        if flow is not None:
            _Settling(ledger, flow, settings, columns or {}, done).run()
    return done


class _Settling:
    """Settles one flow."""

    def __init__(
        self,
        ledger: Ledger,
        flow: FlowRecord,
        settings: Settings,
        columns: Mapping[str, str],
        done: Reconciliation,
    ) -> None:
        self._ledger = ledger
        self._flow = flow
        self._settings = settings
        self._columns = columns
        self._done = done
        self._invoices = {
            invoice.invoice_row: invoice
            for invoice in sorted(
                ledger.invoices(flow_id=flow.flow_id), key=lambda i: i.member_id or ""
            )
            if invoice.state not in _TAKEN_BACK
        }

    def run(self) -> None:
        self._done.runs.add(self._flow.run_id)
        reports, confirmed = self._evidence()
        if self._flow.state is FlowState.ABANDONED:
            self._report_of_abandoned(reports, bool(confirmed))
            return
        members = [
            Member(invoice.invoice_row, invoice.member_id or "", invoice.number or "")
            for invoice in self._invoices.values()
        ]
        settlement = settle(
            self._flow.flow_id,
            members,
            reports,
            confirmed=confirmed,
            overrides=self._settings.returns.flow_outcomes,
        )
        self._apply(settlement, members, reports)

    def _evidence(self) -> tuple[list[FlowStatusReport], set[int]]:
        """Return the reports of the flow, and the invoices that life-cycle statuses prove."""
        zone = ZoneInfo(self._settings.returns.timezone)
        table = load_statuses()
        reports: list[FlowStatusReport] = []
        confirmed: set[int] = set()
        for record in self._ledger.statuses(flow_id=self._flow.flow_id):
            if record.status.kind == "flow":
                reports.append(flow_report(record, zone))
            elif record.status.invoice_row is not None:
                status = table.of_invoice(status_code(record.status.code))
                if status is not None and status.exists:
                    confirmed.add(record.status.invoice_row)
        return reports, confirmed

    def _apply(
        self,
        settlement: Settlement,
        members: Sequence[Member],
        reports: Sequence[FlowStatusReport],
    ) -> None:
        flow_id = self._flow.flow_id
        changed = {
            row: verdict
            for row, verdict in settlement.verdicts.items()
            if verdict.fate is not Fate.PENDING
            and verdict.fate.value != self._invoices[row].state.value
        }
        # Told before it is done: after a crash in between it is told twice rather than never.
        self._tell_of_invoices(changed, len(members))
        reach(CrashPoint.SETTLEMENT_TOLD)
        state = self._flow.state
        if settlement.fate is not FlowFate.PENDING:
            state = FlowState(settlement.fate.value)
        elif settlement.arrived and state in _UNCERTAIN:
            state = FlowState.DEPOSITED
        detail = _words(reports[-1]) if reports else "a life-cycle status of one of its invoices"
        if state is not self._flow.state:
            self._tell(self._of_flow(settlement, state, len(members), reports))
            if self._flow.state in _UNCERTAIN:
                # It had arrived after all: what was in doubt is deposited, then settled.
                self._ledger.move_flow(flow_id, FlowState.DEPOSITED, detail=detail)
                reach(CrashPoint.ARRIVAL_RECORDED)
        self._ledger.settle_members(
            flow_id,
            {row: (verdict.fate.value, _reason(verdict)) for row, verdict in changed.items()},
        )
        reach(CrashPoint.MEMBERS_SETTLED)
        self._ledger.move_flow(flow_id, state, detail=detail)
        reach(CrashPoint.FLOW_MOVED)
        if self._settings.identity.reuse_number_after_rejection:
            rejected = [r for r, v in settlement.verdicts.items() if v.fate is Fate.REJECTED]
            self._ledger.free_identities(rejected, reason=f"rejected at integration of {flow_id}")
        self._done.moved.update(InvoiceState(v.fate.value) for v in changed.values())
        if state is not self._flow.state:
            self._done.flows[flow_id] = state

    # -- what a person should know -------------------------------------------------------------

    def _tell_of_invoices(self, changed: Mapping[int, Verdict], members: int) -> None:
        found: dict[str, list[Finding]] = {}
        for row, verdict in changed.items():
            invoice = self._invoices[row]
            found[invoice.member_id or ""] = self._of_invoice(invoice, verdict, members)
        told = complete_messages(
            self._ledger, self._flow, self._settings, found, columns=self._columns
        )
        for row in changed:
            invoice = self._invoices[row]
            self._tell([_at(one, invoice) for one in told[invoice.member_id or ""]], row)

    def _of_invoice(self, invoice: InvoiceRecord, verdict: Verdict, members: int) -> list[Finding]:
        facts = {"number": invoice.number or "", "flow": self._flow.flow_id}
        found: list[Finding] = []
        match verdict.fate:
            case Fate.UNKNOWN:
                found.append(self._finding("RT-OUTCOME-01", facts))
            case Fate.REJECTED if not verdict.errors or not (verdict.named or members == 1):
                found.append(self._finding("RT-REJECT-01", facts))
            case _:  # in a flow of one, what is said of the flow is said of the invoice
                found += self._explained(verdict.errors)
        if verdict.fate is Fate.INTEGRATED and (
            invoice.state is InvoiceState.REJECTED or verdict.contradicted
        ):
            found.append(self._finding("RT-REJECT-02", facts))
            if self._number_taken(invoice):
                found.append(self._finding("RT-REJECT-03", facts))
        return found

    def _of_flow(
        self,
        settlement: Settlement,
        state: FlowState,
        members: int,
        reports: Sequence[FlowStatusReport],
    ) -> list[Finding]:
        found: list[Finding] = []
        if settlement.contradictory:
            found.append(self._finding("RT-FLOW-01", {}))
        if state is FlowState.INCIDENT:
            found.append(self._finding("RT-FLOW-02", {"detail": _words(reports[-1])}))
        if members > 1 or state is not FlowState.REJECTED:
            found += self._explained(settlement.unattributed)
        return found

    def _report_of_abandoned(self, reports: Sequence[FlowStatusReport], confirmed: bool) -> None:
        overrides = self._settings.returns.flow_outcomes
        outcomes = {outcome_of(report, overrides) for report in reports}
        if confirmed or outcomes & {"integrated", "partial", "pending"}:
            # The operator gave up or replaced a flow that Chorus Pro had received.
            self._tell([self._finding("RT-FLOW-03", {})])

    def _explained(self, lines: Iterable[ErrorLine]) -> list[Finding]:
        found: list[Finding] = []
        for line in lines:
            # The description may only name the member: read with the label, it would spoil it.
            named = " ".join(part for part in (line.nature, line.code) if part)
            text = line.label or line.description or named
            found += explain_platform_message(text, self._columns)
        return found

    def _finding(self, rule: str, params: Mapping[str, str]) -> Finding:
        return Finding(rule, Severity.ERROR, value=self._flow.flow_id, params=dict(params))

    def _number_taken(self, invoice: InvoiceRecord) -> bool:
        held = self._ledger.known([invoice.number or ""]).get(invoice.number or "", ())
        return any(
            known.identity_key == invoice.identity_key and known.invoice_row != invoice.invoice_row
            for known in held
        )

    def _tell(self, findings: Sequence[Finding], invoice_row: int | None = None) -> None:
        if findings:
            self._ledger.add_findings(
                self._flow.run_id,
                findings,
                invoice_row=invoice_row,
                flow_id=self._flow.flow_id,
            )
            self._done.findings.extend(findings)


def _at(finding: Finding, invoice: InvoiceRecord) -> Finding:
    """Return the finding at the place of the extract where the invoice begins."""
    place = replace(finding.location, file=invoice.file, line=invoice.first_line)
    return replace(finding, location=place)


def _words(report: FlowStatusReport) -> str:
    """Return a status as a few words for the ledger: its number and what came with it."""
    said = " – ".join(text for text in (report.complement, report.comment) if text)
    return f"{report.raw_code} {said}".strip()[:_REASON_LENGTH]


def _reason(verdict: Verdict) -> str:
    texts = [line.label or line.description or line.code for line in verdict.errors]
    if not texts and verdict.report is not None:
        texts = [_words(verdict.report)]
    return " | ".join(dict.fromkeys(texts))[:_REASON_LENGTH]
