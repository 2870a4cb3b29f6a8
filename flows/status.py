"""What ``status`` shows: the chain of an invoice, a flow, a run."""

from __future__ import annotations

from dataclasses import asdict

from config.catalogue import Language
from config.settings import Settings
from config.statuses import statuses_for
from flows.errors import ConfigurationError
from flows.invoice_chain import (
    InvoiceChain,
    SentXml,
    chain_of,
    event_text,
    flow_facts,
    status_step,
)
from flows.ledger import EventRecord, InvoiceRecord, Ledger, RunRecord
from flows.view import Step, View, moment

#: Files of a run listed on a terminal: a night of XML has one per invoice.
_LISTED = 50


def of_invoice(ledger: Ledger, number: str, settings: Settings, language: Language) -> View:
    """Return every reading of an invoice number, each from its extract to its last status.

    Args:
        ledger: knows what happened.
        number: of the invoice; leading zeros count.
        settings: where files are kept.
        language: of findings and statuses.

    Raises:
        ConfigurationError: the ledger knows no such number.
    """
    chains = [
        InvoiceChain(ledger, record, settings, language) for record in _readings(ledger, number)
    ]
    return View(tuple(chain_of(chains)), {"readings": [chain.body() for chain in chains]})


def xml_of(ledger: Ledger, number: str, settings: Settings) -> SentXml:
    """Return the XML of an invoice as it was sent last.

    Raises:
        ConfigurationError: the ledger knows no such number, it was never in a flow, or its flow
            file cannot be read.
    """
    for record in reversed(_readings(ledger, number)):
        sent = InvoiceChain(ledger, record, settings, "en").xml
        if sent:
            if sent[-1].problem:
                message = f"The XML of invoice {number} in {sent[-1].file}: {sent[-1].problem}."
                step = "Restore the outbox from a back-up; the ledger has its SHA-256."
                raise ConfigurationError(message, next_step=step)
            return sent[-1]
    message = f"Invoice {number} was never in a flow: there is no XML."
    raise ConfigurationError(message, next_step=f"See: chorus-flows status --invoice {number}")


def _readings(ledger: Ledger, number: str) -> list[InvoiceRecord]:
    records = list(ledger.invoices(number=number))
    if not records:
        message = f"The ledger knows no invoice {number}."
        raise ConfigurationError(message, next_step="Check the number; leading zeros count.")
    return records


def of_flow(ledger: Ledger, flow_id: str, settings: Settings, language: Language) -> View:
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
    statuses = [s for s in ledger.statuses(flow_id=flow.flow_id) if s.status.kind == "flow"]
    files = ledger.returns_of({status.return_id for status in statuses})
    folder = settings.state_folder / "returns"
    steps = [Step(event.at, (event_text(event),), "event", asdict(event)) for event in events]
    table = statuses_for(settings.returns)
    steps += [status_step(status, files, folder, table, language) for status in statuses]
    steps.sort(key=lambda step: step.at)
    first, *facts = flow_facts(flow)
    path = settings.state_folder / "outbox" / flow.path
    lines = [first[0].upper() + first[1:], *(f"  {fact}" for fact in facts)]
    lines.append(f"  kept in {path}" + ("" if path.exists() else " (gone)"))
    lines += [line for step in steps for line in step.told()]
    lines += [f"  {m.member_id}  {m.number or '?':<20}  {m.state}  {m.reason}" for m in members]
    body: dict[str, object] = {
        "flow": asdict(flow),
        "file": str(path),
        "members": [asdict(member) for member in members],
        "events": [asdict(event) for event in events],
        "steps": [step.as_dict() for step in steps],
    }
    return View(tuple(lines), body)


def of_run(ledger: Ledger, run_id: str) -> View:
    """Return a run, its history, its extracts, its invoices by state and its flows.

    Raises:
        ConfigurationError: the ledger knows no such run.
    """
    record = ledger.run(run_id)
    if record is None:
        raise ConfigurationError(f"The ledger knows no run {run_id}.")
    extracts = ledger.extracts(run_id)
    flows = ledger.flows(run_id=run_id)
    tallies = ledger.tallies(run_id)
    events = ledger.events(run_id=run_id, kind="run")
    sealed = list(ledger.manifests(run_id=run_id))
    lines = [_run(record)]
    lines += [_event(event) for event in events]
    lines += [f"  manifest {m.rank} ({m.kind})  SHA-256 {m.sha256}" for m in sealed]
    for extract in extracts[:_LISTED]:
        lines.append(f"  extract {extract.name}: {extract.state}, {extract.invoices} invoices")
        lines.append(f"    {extract.size} bytes, SHA-256 {extract.sha256}")
    if len(extracts) > _LISTED:
        lines.append(f"  … and {len(extracts) - _LISTED} more files (--json lists all)")
    lines += [f"  {state:<16} {tally.count:>9}" for state, tally in sorted(tallies.items())]
    lines += [f"  flow {flow.flow_id}  {flow.state}  {flow.invoices} invoices" for flow in flows]
    body: dict[str, object] = {
        "run": asdict(record),
        "extracts": [asdict(extract) for extract in extracts],
        "events": [asdict(event) for event in events],
        "states": {state: tally.count for state, tally in tallies.items()},
        "flows": [asdict(flow) for flow in flows],
        "manifests": [
            {"rank": m.rank, "kind": m.kind, "sha256": m.sha256, "file": m.file_name}
            for m in sealed
        ],
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


def _event(event: EventRecord) -> str:
    return f"  {moment(event.at)}  {event_text(event)}"


def _run(record: RunRecord) -> str:
    code = "-" if record.exit_code is None else str(record.exit_code)
    return f"Run {record.run_id}: {record.state}, date {record.run_date}, exit code {code}"
