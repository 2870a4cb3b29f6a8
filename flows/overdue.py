"""What Chorus Pro owes us: flows without a report, invoices without a fate, after the deadline."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.settings import Settings
from flows.ledger import UNREPORTED, FlowRecord, InvoiceRecord, InvoiceState, Ledger
from transforms.finding import Finding, Severity


def overdue_flows(ledger: Ledger, settings: Settings, now: datetime) -> list[FlowRecord]:
    """Return the flows on the other side that have no report after the deadline, oldest first."""
    limit = now - timedelta(hours=settings.returns.report_deadline_hours)
    late = [
        flow
        for flow in ledger.flows(states=UNREPORTED)
        if (flow.deposited_at or flow.changed_at) < limit
    ]
    return sorted(late, key=lambda flow: flow.deposited_at or flow.changed_at)


def overdue_invoices(ledger: Ledger, settings: Settings, now: datetime) -> list[InvoiceRecord]:
    """Return the invoices whose fate is still unknown after the deadline, oldest first."""
    limit = now - timedelta(hours=settings.returns.report_deadline_hours)
    unknown = ledger.invoices(states={InvoiceState.OUTCOME_UNKNOWN})
    return [invoice for invoice in unknown if invoice.changed_at < limit]


def late_finding(flow: FlowRecord, now: datetime) -> Finding:
    """Return the finding ``RT-LATE-01`` of a flow of :func:`overdue_flows`."""
    hours = (now - (flow.deposited_at or flow.changed_at)) // timedelta(hours=1)
    return Finding("RT-LATE-01", Severity.ERROR, value=flow.flow_id, params={"hours": str(hours)})
