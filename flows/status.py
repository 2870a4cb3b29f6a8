"""What ``status`` and ``quarantine list`` show: the chain of an invoice, a flow, a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from flows.errors import ConfigurationError
from flows.ledger import (
    EventRecord,
    FlowRecord,
    InvoiceRecord,
    InvoiceState,
    Ledger,
    RunRecord,
    StatusRecord,
)
from schemas.explain import explain
from transforms.finding import Finding

#: Files of a run listed on a terminal: a night of XML has one per invoice.
_LISTED = 50


@dataclass(frozen=True, slots=True)
class View:
    """The same facts twice: as lines for a terminal and as plain data for ``--json``."""

    lines: tuple[str, ...]
    body: dict[str, object]


def of_invoice(ledger: Ledger, number: str) -> View:
    """Return every reading of an invoice number, each from its extract line to its last status.

    Raises:
        ConfigurationError: the ledger knows no such number.
    """
    records = list(ledger.invoices(number=number))
    if not records:
        message = f"The ledger knows no invoice {number}."
        raise ConfigurationError(message, next_step="Check the number; leading zeros count.")
    lines: list[str] = []
    readings: list[dict[str, object]] = []
    for record in records:
        findings = [f.finding for f in ledger.findings(invoice_row=record.invoice_row)]
        events = ledger.events(invoice_row=record.invoice_row)
        statuses = ledger.statuses(invoice_row=record.invoice_row)
        lines += _invoice_lines(record, findings, events, statuses)
        replaces = ledger.invoice(record.follows) if record.follows is not None else None
        replaced_by = ledger.followers([record.invoice_row]).get(record.invoice_row)
        if replaces is not None:
            lines.append(f"  replaces  {replaces.number}, refused by the buyer")
        if replaced_by is not None:
            lines.append(f"  replaced by {replaced_by.number}: {replaced_by.state}")
        readings.append(
            {
                "invoice": asdict(record),
                "replaces": replaces.number if replaces is not None else None,
                "replaced_by": replaced_by.number if replaced_by is not None else None,
                "findings": [_finding(finding) for finding in findings],
                "events": [asdict(event) for event in events],
                "statuses": [asdict(status) for status in statuses],
            }
        )
    return View(tuple(lines), {"readings": readings})


def of_flow(ledger: Ledger, flow_id: str) -> View:
    """Return a flow, its members and its history; the full name or the 25 characters will do.

    Raises:
        ConfigurationError: the ledger knows no such flow.
    """
    wanted = flow_id.rpartition("_")[2]
    flow = ledger.flow(wanted) or ledger.flow_by_member(wanted)
    if flow is None:
        raise ConfigurationError(f"The ledger knows no flow {flow_id}.")
    members = ledger.members(flow.flow_id)
    events = [event for event in ledger.events(flow_id=flow.flow_id) if event.kind == "flow"]
    lines = [*_flow_lines(flow), *(_event(event) for event in events)]
    lines += [f"  {m.member_id}  {m.number or '?':<20}  {m.state}  {m.reason}" for m in members]
    body: dict[str, object] = {
        "flow": asdict(flow),
        "members": [asdict(member) for member in members],
        "events": [asdict(event) for event in events],
    }
    return View(tuple(lines), body)


def of_run(ledger: Ledger, run_id: str) -> View:
    """Return a run, its extracts, its invoices by state and its flows.

    Raises:
        ConfigurationError: the ledger knows no such run.
    """
    record = ledger.run(run_id)
    if record is None:
        raise ConfigurationError(f"The ledger knows no run {run_id}.")
    extracts = ledger.extracts(run_id)
    flows = ledger.flows(run_id=run_id)
    tallies = ledger.tallies(run_id)
    lines = [_run(record)]
    lines += [f"  extract {e.name}: {e.state}, {e.invoices} invoices" for e in extracts[:_LISTED]]
    if len(extracts) > _LISTED:
        lines.append(f"  … and {len(extracts) - _LISTED} more files (--json lists all)")
    lines += [f"  {state:<16} {tally.count:>9}" for state, tally in sorted(tallies.items())]
    lines += [f"  flow {flow.flow_id}  {flow.state}  {flow.invoices} invoices" for flow in flows]
    body: dict[str, object] = {
        "run": asdict(record),
        "extracts": [asdict(extract) for extract in extracts],
        "states": {state: tally.count for state, tally in tallies.items()},
        "flows": [asdict(flow) for flow in flows],
    }
    return View(tuple(lines), body)


def latest(ledger: Ledger, limit: int = 10) -> View:
    """Return the newest runs, and who is at work."""
    runs = ledger.runs(limit)
    locks = ledger.locks()
    lines = [_run(run) for run in runs] or ["No run yet."]
    lines += [f"{lock.name} lock: {lock}" for lock in locks]
    body: dict[str, object] = {
        "runs": [asdict(run) for run in runs],
        "locks": [lock.as_dict() for lock in locks],
    }
    return View(tuple(lines), body)


def quarantine(ledger: Ledger, run_id: str | None, language: str) -> View:
    """Return the invoices that a run (default: the newest) held back, with their findings.

    Raises:
        ConfigurationError: there is no such run.
    """
    record = ledger.run(run_id) if run_id else next(iter(ledger.runs(1)), None)
    if record is None:
        message = f"The ledger knows no run {run_id}." if run_id else "No run yet."
        raise ConfigurationError(message, next_step="See: chorus-flows status")
    lang: Literal["fr", "en"] = "en" if language == "en" else "fr"
    lines: list[str] = []
    held: list[dict[str, object]] = []
    for invoice in ledger.invoices(run_id=record.run_id, states={InvoiceState.QUARANTINED}):
        findings = [f.finding for f in ledger.findings(invoice_row=invoice.invoice_row)]
        lines.append(f"{invoice.number or '?'}  {invoice.file}, line {invoice.first_line}")
        for finding in findings:
            told = explain(finding, lang)
            lines.append(f"  {told.rule}: {told.message} {told.advice}")
            lines += _place(finding)
        held.append(
            {"invoice": asdict(invoice), "findings": [_finding(finding) for finding in findings]}
        )
    lines.append(f"{len(held)} invoices quarantined in run {record.run_id}")
    return View(tuple(lines), {"run": record.run_id, "invoices": held})


def _invoice_lines(
    record: InvoiceRecord,
    findings: Iterable[Finding],
    events: Iterable[EventRecord],
    statuses: Iterable[StatusRecord],
) -> list[str]:
    lines = [
        f"Invoice {record.number}: {record.state}, run {record.run_id}",
        f"  extract   {record.file}, lines {record.first_line}-{record.last_line}",
    ]
    if record.total is not None:
        lines.append(f"  total     {record.total} {record.currency} (type {record.type_code})")
    if record.flow_id:
        lines.append(f"  flow      {record.flow_id}, member {record.member_id}")
    if record.reason:
        lines.append(f"  reason    {record.reason}")
    for finding in findings:
        lines.append(
            f"  finding   {finding.rule} {finding.bt or ''} {finding.value or ''}".rstrip()
        )
        lines += _place(finding)
    lines += [_event(event) for event in events]
    for status in statuses:
        said = status.status
        when = said.at.isoformat(timespec="seconds") if said.at else said.at_text
        lines.append(f"  {when}  status {said.code} {said.label} {said.message}".rstrip())
    return lines


def _place(finding: Finding) -> list[str]:
    """Return where a value of XML stands; what an extract gave is found by column and line."""
    return [f"            {finding.location}"] if finding.of_xml else []


def _flow_lines(flow: FlowRecord) -> list[str]:
    return [
        f"Flow {flow.flow_id}: {flow.state}, run {flow.run_id}",
        f"  name      {flow.file_name}",
        f"  size      {flow.size} bytes, SHA-256 {flow.sha256}",
        f"  invoices  {flow.invoices}",
    ]


def _event(event: EventRecord) -> str:
    when = event.at.isoformat(timespec="seconds")
    why = f" ({event.reason})" if event.reason else ""
    return f"  {when}  {event.source or '-'} -> {event.target}  by {event.actor}{why}"


def _run(record: RunRecord) -> str:
    code = "-" if record.exit_code is None else str(record.exit_code)
    return f"Run {record.run_id}: {record.state}, date {record.run_date}, exit code {code}"


def _finding(finding: Finding) -> dict[str, object]:
    french, english = explain(finding, "fr"), explain(finding, "en")
    return {
        **asdict(finding),
        "message_fr": french.message,
        "message_en": english.message,
        "advice_fr": french.advice,
        "advice_en": english.advice,
        "source": french.source,
    }
