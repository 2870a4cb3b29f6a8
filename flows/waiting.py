"""Waiting invoices: their rows are kept on disk until a later night takes them over.

The extract they came from is done; what it said of them is here, so that the night which finds
their attachments can read them again as if they stood in its own extract.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.crashpoints import CrashPoint, reach
from flows.errors import ExitCode, FinalError
from flows.ledger import Ledger, WaitingRecord
from flows.ledger.records import spool_name
from flows.private_files import private_folder
from transforms.grouping import InvoiceRows


class SpoolLostError(FinalError):
    """Says that the rows of an invoice that waits are no longer on disk, or cannot be read."""

    exit_code = ExitCode.ATTENTION
    cause = "rows_lost"

    def __init__(self, what: str, *, next_step: str = "", run_id: str = "") -> None:
        super().__init__(what, next_step=next_step)
        self.run_id = run_id
        """Run that had left the invoice waiting."""


@dataclass(frozen=True, slots=True)
class WaitingInvoice:
    """An invoice of an earlier night: its record and its rows."""

    record: WaitingRecord
    rows: InvoiceRows


def keep(folder: Path, rows: InvoiceRows) -> Path:
    """Write the rows of a waiting invoice, complete and on disk, or not at all."""
    private_folder(folder)
    span = rows.span
    path = folder / spool_name(span.file_sha256, span.first_line)
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(rows.to_json())
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path


def sweep(ledger: Ledger, folder: Path, run_id: str) -> None:
    """Remove the rows of a run, ended now, that no invoice waits for any more."""
    for name in ledger.spent_spools(run_id):
        with suppress(OSError):  # untidy, and said by the next listing of the folder
            (folder / name).unlink(missing_ok=True)


def take_over(
    ledger: Ledger, folder: Path, run_id: str, lost: list[SpoolLostError]
) -> Iterator[WaitingInvoice]:
    """Yield the invoices of earlier nights that wait, now taken over by ``run_id``.

    One whose rows are not there any more is quarantined in its own night and told in ``lost``: it
    must not keep the others from leaving.
    """
    for record in ledger.waiting(run_id):
        path = folder / record.spool
        try:
            rows = InvoiceRows.from_json(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            if _carried(ledger, record, run_id):
                continue
            message = (
                f"Invoice {record.number} ({record.file}, line {record.first_line}) waited, but "
                f"its rows in {path} cannot be read: {error}. It was quarantined."
            )
            step = "Extract it again in a new file; its number is free."
            ledger.give_up_waiting([record.invoice_row], reason=f"rows lost: {path.name}")
            lost.append(SpoolLostError(message, next_step=step, run_id=record.run_id))
            continue
        ledger.take_over_waiting(record.invoice_row, run_id)
        reach(CrashPoint.TAKEN_OVER)
        yield WaitingInvoice(record, rows)


def _carried(ledger: Ledger, record: WaitingRecord, run_id: str) -> bool:
    """Whether this run has sent the invoice before its ledger was restored, and swept its rows."""
    if record.taken_over_by != run_id or record.number is None:
        return False
    held = ledger.known([record.number]).get(record.number, ())
    return any(known.run_id == run_id for known in held)
