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

from config.settings import Settings
from flows.crashpoints import CrashPoint, reach
from flows.duplicates import precedent_of
from flows.evidence import Evidence, Reader
from flows.ledger import (
    FlowRecord,
    FlowState,
    InvoiceRecord,
    InvoiceState,
    Ledger,
)
from flows.revalidation import complete_messages
from flows.ruling import Findings, Ruling, words_of
from transforms.error_lines import Member
from transforms.finding import Finding, Severity
from transforms.settlement import (
    Fate,
    FlowFate,
    Settlement,
    outcome_of,
)
from transforms.statuses import FlowStatusReport

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
    reader = Reader(ledger, settings.returns)
    for flow in _concerned(ledger, flow_ids):
        _Settling(ledger, reader, flow, settings, columns or {}, done).run()
    return done


def _concerned(ledger: Ledger, flow_ids: Iterable[str]) -> list[FlowRecord]:
    """Return the flows to settle; what is said of an abandoned one may settle its successors."""
    named = (ledger.flow(flow_id) for flow_id in sorted(set(flow_ids)))
    flows = {flow.flow_id: flow for flow in named if flow is not None}
    abandoned = [flow for flow in flows.values() if flow.state is FlowState.ABANDONED]
    for flow in abandoned:
        flows |= {after.flow_id: after for after in ledger.successors(flow.flow_id)}
    # The successors first: whether an abandoned flow is alarming depends on them.
    return sorted(flows.values(), key=lambda f: (f.state is FlowState.ABANDONED, f.flow_id))


class _Settling:
    """Settles one flow."""

    def __init__(
        self,
        ledger: Ledger,
        reader: Reader,
        flow: FlowRecord,
        settings: Settings,
        columns: Mapping[str, str],
        done: Reconciliation,
    ) -> None:
        self._ledger = ledger
        self._reader = reader
        self._flow = flow
        self._settings = settings
        self._columns = columns
        self._findings = Findings(flow.flow_id, columns)
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
        evidence = self._reader.evidence(self._flow.flow_id)
        if self._flow.state is FlowState.ABANDONED:
            self._report_of_abandoned(evidence)
            return
        members = [
            Member(invoice.invoice_row, invoice.member_id or "", invoice.number or "")
            for invoice in self._invoices.values()
        ]
        settlement = self._reader.settlement(self._flow.flow_id, members, evidence)
        self._apply(settlement, evidence.reports)

    def _rulings(self, settlement: Settlement) -> dict[int, Ruling]:
        """Return what becomes of the invoices that something decisive was said of."""
        rulings: dict[int, Ruling] = {}
        for row, verdict in settlement.verdicts.items():
            if verdict.fate is Fate.DUPLICATE:
                known = precedent_of(self._ledger, self._reader, self._flow, self._invoices[row])
                rulings[row] = Ruling(known.result, verdict, known)
            elif verdict.fate is not Fate.PENDING:
                rulings[row] = Ruling(InvoiceState(verdict.fate.value), verdict)
        # A person looked at the portal because the reports do not say it: they still do not.
        unknown = (row for row, one in rulings.items() if one.verdict.fate is Fate.UNKNOWN)
        for row in self._ledger.settled_by_hand(unknown):
            del rulings[row]
        return rulings

    def _apply(self, settlement: Settlement, reports: Sequence[FlowStatusReport]) -> None:
        flow_id = self._flow.flow_id
        rulings = self._rulings(settlement)
        changed = {
            row: ruling
            for row, ruling in rulings.items()
            if ruling.state is not self._invoices[row].state
        }
        # Told before it is done: after a crash in between it is told twice rather than never.
        self._tell_of_invoices(changed, settlement)
        reach(CrashPoint.SETTLEMENT_TOLD)
        state = self._flow.state
        if settlement.fate is not FlowFate.PENDING:
            state = FlowState(settlement.fate.value)
        elif settlement.arrived and state in _UNCERTAIN and self._may_have_left(reports):
            state = FlowState.DEPOSITED
        detail = words_of(reports[-1]) if reports else "a life-cycle status of one of its invoices"
        if state is not self._flow.state:
            self._tell(self._findings.of_flow(settlement, state, reports))
            if self._flow.state in _UNCERTAIN:
                # It had arrived after all: what was in doubt is deposited, then settled.
                self._ledger.move_flow(flow_id, FlowState.DEPOSITED, detail=detail)
                reach(CrashPoint.ARRIVAL_RECORDED)
        if settlement.received_twice:
            self._tell_once(self._findings.about_flow("RT-FLOW-05", {}, Severity.WARNING))
        self._ledger.settle_members(
            flow_id,
            {row: (ruling.state, ruling.reason) for row, ruling in changed.items()},
            earlier={row: one.earlier for row, one in rulings.items() if one.earlier is not None},
        )
        reach(CrashPoint.MEMBERS_SETTLED)
        self._ledger.move_flow(flow_id, state, detail=detail)
        reach(CrashPoint.FLOW_MOVED)
        if self._settings.identity.reuse_number_after_rejection:
            rejected = [row for row, one in rulings.items() if one.state is InvoiceState.REJECTED]
            self._ledger.free_identities(rejected, reason=f"rejected at integration of {flow_id}")
        self._done.moved.update(ruling.state for ruling in changed.values())
        if state is not self._flow.state:
            self._done.flows[flow_id] = state

    def _may_have_left(self, reports: Sequence[FlowStatusReport]) -> bool:
        # A life-cycle status of an invoice whose flow waits to be sent again is the first one's.
        return bool(reports) or self._flow.attempts > 0 or self._flow.replaces is None

    # -- what a person should know -------------------------------------------------------------

    def _tell_of_invoices(self, changed: Mapping[int, Ruling], settlement: Settlement) -> None:
        found: dict[str, list[Finding]] = {}
        for row, ruling in changed.items():
            invoice = self._invoices[row]
            found[invoice.member_id or ""] = self._findings.of_invoice(
                invoice, ruling, settlement, number_taken=self._number_taken
            )
        told = complete_messages(
            self._ledger, self._flow, self._settings, found, columns=self._columns
        )
        for row in changed:
            invoice = self._invoices[row]
            self._tell([_at(one, invoice) for one in told[invoice.member_id or ""]], row)

    def _report_of_abandoned(self, evidence: Evidence) -> None:
        outcomes = {outcome_of(report, self._reader.table) for report in evidence.reports}
        if not evidence.confirmed and not outcomes & {"integrated", "partial", "pending"}:
            return
        # The operator gave up or replaced a flow that Chorus Pro had received. Nothing is there
        # twice when the second deposit was refused as a duplicate of the first.
        settlement = self._reader.sent_in(self._flow.flow_id)
        there = {
            row
            for row, verdict in settlement.verdicts.items()
            if verdict.fate not in {Fate.REJECTED, Fate.DUPLICATE}
        }
        refused = {
            member.invoice_row
            for after in self._ledger.successors(self._flow.flow_id)
            for member in self._ledger.members(after.flow_id)
            if member.outcome is InvoiceState.DUPLICATE
        }
        if there - refused:
            self._tell([self._findings.about_flow("RT-FLOW-03", {})])

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

    def _tell_once(self, finding: Finding) -> None:
        known = self._ledger.findings(flow_id=self._flow.flow_id)
        if finding.rule not in {record.finding.rule for record in known}:
            self._tell([finding])


def _at(finding: Finding, invoice: InvoiceRecord) -> Finding:
    """Return the finding at the place of the extract where the invoice begins."""
    place = replace(finding.location, file=invoice.file, line=invoice.first_line)
    return replace(finding, location=place)
