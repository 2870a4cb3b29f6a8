"""Waiting invoices: their rows are kept on disk until a later night takes them over.

The extract they came from is done; what it said of them is here, so that the night which finds
their attachments can read them again as if they stood in its own extract.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flows.errors import FinalError
from flows.ledger import Ledger, WaitingRecord
from flows.ledger.records import spool_name
from transforms.grouping import InvoiceRows


class SpoolLostError(FinalError):
    """Raised when the ledger knows a waiting invoice whose rows are no longer on disk."""


@dataclass(frozen=True, slots=True)
class WaitingInvoice:
    """An invoice of an earlier night: its record and its rows."""

    record: WaitingRecord
    rows: InvoiceRows


def keep(folder: Path, rows: InvoiceRows) -> Path:
    """Write the rows of a waiting invoice, complete and on disk, or not at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    span = rows.span
    path = folder / spool_name(span.file_sha256, span.first_line)
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(rows.to_json())
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    return path


def take_over(ledger: Ledger, folder: Path, run_id: str) -> Iterator[WaitingInvoice]:
    """Yield the invoices of earlier nights that wait, now taken over by ``run_id``.

    Raises:
        SpoolLostError: when the rows of one of them are not there any more.
    """
    for record in ledger.waiting(run_id):
        path = folder / record.spool
        try:
            rows = InvoiceRows.from_json(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            message = (
                f"Invoice {record.number} ({record.file}, line {record.first_line}) waits, but its "
                f"rows in {path} cannot be read: {error}."
            )
            step = "Restore the state folder, or extract the invoice again under a new file."
            raise SpoolLostError(message, next_step=step) from error
        ledger.take_over_waiting(record.invoice_row, run_id)
        yield WaitingInvoice(record, rows)
