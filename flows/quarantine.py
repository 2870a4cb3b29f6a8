"""What ``quarantine list`` shows: the invoices that are still held back, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from config.catalogue import Language
from flows.errors import ConfigurationError
from flows.ledger import FindingRecord, InvoiceRecord, InvoiceState, Ledger
from flows.report.told import tell
from flows.view import View, finding_data, place_lines

#: Invoices whose findings are asked for at once.
_AT_ONCE = 500
#: Operator's word that an invoice's mended rows are to be read again.
RETRY = "retry"


def listed(
    ledger: Ledger, run_id: str | None, language: Language, *, everything: bool = False
) -> View:
    """Return the invoices that are held back, with their findings.

    Args:
        ledger: where they are.
        run_id: only those of this run; None: of all runs.
        language: of the texts.
        everything: also those that were read again since.

    Raises:
        ConfigurationError: there is no such run, or none at all.
    """
    known_run(ledger, run_id)
    lines: list[str] = []
    held: list[dict[str, object]] = []
    for invoice, findings, asked in _with_findings(ledger, held_back(ledger, run_id, everything)):
        number = invoice.number or "?"
        lines.append(f"{number}  {invoice.file}, line {invoice.first_line}, run {invoice.run_id}")
        if invoice.reason:
            lines.append(f"  {invoice.reason}")
        for record in findings:
            told = tell(record.finding, language)
            lines.append(f"  {told.rule}: {told.message} {told.advice}")
            lines += place_lines(record.finding)
        if asked:
            lines.append(f"  {asked}")
        held.append(
            {
                "invoice": asdict(invoice),
                "findings": [finding_data(record.finding) for record in findings],
                "retry": asked or None,
            }
        )
    where = f" in run {run_id}" if run_id else ""
    still = "" if everything else " still"
    lines.append(f"{len(held)} invoices{still} quarantined{where}")
    return View(tuple(lines), {"run": run_id, "all": everything, "invoices": held})


def known_run(ledger: Ledger, run_id: str | None) -> None:
    """Check that a run exists; None: that there is any.

    Raises:
        ConfigurationError: it does not.
    """
    if ledger.run(run_id) if run_id else ledger.runs(1):
        return
    message = f"The ledger knows no run {run_id}." if run_id else "No run yet."
    raise ConfigurationError(message, next_step="See: chorus-flows status")


def held_back(
    ledger: Ledger, run_id: str | None, everything: bool = False
) -> Iterator[InvoiceRecord]:
    """Yield the quarantined invoices of a run, or of all; ``everything``: read again or not."""
    if everything:
        return ledger.invoices(run_id=run_id, states={InvoiceState.QUARANTINED})
    return ledger.open_quarantine(run_id)


def _with_findings(
    ledger: Ledger, invoices: Iterable[InvoiceRecord]
) -> Iterator[tuple[InvoiceRecord, list[FindingRecord], str]]:
    batch: list[InvoiceRecord] = []
    for invoice in invoices:
        batch.append(invoice)
        if len(batch) == _AT_ONCE:
            yield from _batch_with_findings(ledger, batch)
            batch = []
    yield from _batch_with_findings(ledger, batch)


def _batch_with_findings(
    ledger: Ledger, batch: list[InvoiceRecord]
) -> Iterator[tuple[InvoiceRecord, list[FindingRecord], str]]:
    rows = {invoice.invoice_row for invoice in batch}
    found = ledger.findings_of(rows)
    asked = ledger.last_word(rows, RETRY)
    for invoice in batch:
        event = asked.get(invoice.invoice_row)
        told = ""
        if event is not None:
            when = event.at.isoformat(timespec="minutes")
            told = f"retry asked for {when} by {event.actor} ({event.reason})"
        yield invoice, found.get(invoice.invoice_row, []), told
