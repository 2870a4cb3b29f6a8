"""When a kept file may go: past its retention, and only of what is settled for good."""

from __future__ import annotations

import calendar
from datetime import date, tzinfo

from config.retention_settings import Retention
from flows.ledger import (
    FlowState,
    InvoiceState,
    KeptFile,
    Ledger,
    ReturnState,
    RunState,
)

#: Flow states after which nothing more is to come, nor to be sent again.
_SETTLED_FLOWS = frozenset(
    {FlowState.INTEGRATED, FlowState.PARTIAL, FlowState.REJECTED, FlowState.ABANDONED}
)
_OVER = frozenset({RunState.DONE, RunState.FAILED, RunState.RELEASED})
#: Invoice states that somebody, or Chorus Pro, has yet to settle.
_OPEN = frozenset(
    {
        InvoiceState.BUNDLED,
        InvoiceState.DEPOSITED,
        InvoiceState.HANDED_OVER,
        InvoiceState.IN_DOUBT,
        InvoiceState.OUTCOME_UNKNOWN,
    }
)


def kept_until(kept_on: date, years: int, *, year_ends: int) -> date | None:
    """Return the last day on which a file is kept; None: it is kept for good.

    Args:
        kept_on: the day it came.
        years: of retention, counted from the end of the financial year; 0: for good.
        year_ends: last month of the financial year.
    """
    if years == 0:
        return None
    year = kept_on.year + (1 if kept_on.month > year_ends else 0) + years
    return date(year, year_ends, calendar.monthrange(year, year_ends)[1])


def years_of(kind: str, retention: Retention) -> int:
    """Return the years for which files of a kind are kept."""
    return {
        "extract": retention.extracts_years,
        "companion": retention.extracts_years,
        "flow": retention.flows_years,
        "members": retention.flows_years,
        "return": retention.returns_years,
        "report": retention.reports_years,
    }.get(kind, 0)


def is_due(file: KeptFile, retention: Retention, *, today: date, zone: tzinfo) -> bool:
    """Whether a file is past its retention on a day."""
    last = kept_until(
        file.kept_at.astimezone(zone).date(),
        years_of(file.kind, retention),
        year_ends=retention.financial_year_ends,
    )
    return last is not None and today > last


def unsettled(ledger: Ledger, run_id: str) -> str:
    """Return why the files of a run must stay whatever their age; empty when they need not."""
    run = ledger.run(run_id)
    if run is None:
        return "unknown run"
    if run.state not in _OVER:
        return f"run {run.state.value}"
    for flow in ledger.flows(run_id=run_id):
        if flow.state not in _SETTLED_FLOWS:
            return f"flow {flow.flow_id} {flow.state.value}"
    for invoice in ledger.invoices(run_id=run_id, states=_OPEN, limit=1):
        return f"invoice {invoice.number} {invoice.state.value}"
    if ledger.left_waiting(run_id):
        return "invoices wait"
    return ""


def reconciled_returns(ledger: Ledger) -> frozenset[str]:
    """Return the names, in the archive, of the return files that were read to the end."""
    return frozenset(
        f"returns/{record.kept_as}" for record in ledger.returns(states={ReturnState.RECONCILED})
    )
