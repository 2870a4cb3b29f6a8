"""The CSV files of a dossier, safe to open in a spreadsheet: events, statuses, findings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from config.report_texts import load_report_texts
from config.statuses import StatusTable
from flows.audit.dossier_facts import Reading
from flows.ledger import StatusRow
from flows.report.tables import harmless
from schemas.explain import explain
from transforms.statuses import status_code

#: What an event or a status is about.
_SUBJECTS = {"invoice": "facture", "flow": "flux", "run": "exécution", "identity": "numéro"}
#: Steps of a deposit: the report's words are about a flow that stopped there.
_STEPS = {"uploading": "Envoi commencé", "renaming": "Mise sous son nom définitif"}


def events_csv(reading: Reading) -> str:
    """Return the changes of state of an invoice and of its flows, oldest first."""
    return _csv(
        ("date (UTC)", "objet", "flux", "avant", "après", "par", "motif"),
        (
            (
                _moment(event.at),
                _SUBJECTS.get(event.kind, event.kind),
                event.flow_id or "",
                state_of(event.kind, event.source),
                state_of(event.kind, event.target),
                event.actor,
                event.reason,
            )
            for event in reading.events
        ),
    )


def statuses_csv(reading: Reading, table: StatusTable) -> str:
    """Return what Chorus Pro answered, in the order of arrival, labels as ``table`` has them."""
    return _csv(
        ("date du statut", "reçu le (UTC)", "objet", "code", "libellé", "message", "fichier"),
        (
            (
                status.status.at_text or _moment(status.status.at),
                _moment(status.received_at),
                _SUBJECTS.get(status.status.kind, status.status.kind),
                status.status.code,
                label_of(status.status, table),
                status.status.message,
                answer.record.name,
            )
            for answer in reading.answers
            for status in answer.statuses
        ),
    )


def findings_csv(reading: Reading) -> str:
    """Return the findings about an invoice, in words."""

    def rows() -> Iterable[Sequence[str]]:
        for record in reading.findings:
            finding = record.finding
            told = explain(finding, "fr")
            yield (
                _moment(record.found_at),
                finding.rule,
                load_report_texts("fr").named("severity", finding.severity.value),
                told.message,
                told.advice,
                finding.bt or "",
                finding.value or "",
                str(finding.location),
            )

    heads = ("date (UTC)", "règle", "gravité", "constat", "à faire", "terme", "valeur", "où")
    return _csv(heads, rows())


def state_of(kind: str, state: str) -> str:
    """Return the everyday name of a state; ``kind`` is ``invoice``, ``flow`` or ``run``."""
    group = {"flow": "flow_state", "run": "run_state"}.get(kind, "state")
    return _STEPS.get(state) or (load_report_texts("fr").named(group, state) if state else "")


def label_of(row: StatusRow, table: StatusTable) -> str:
    """Return the label of a status: that of the table, else the one it came with."""
    code = status_code(row.code)
    known = table.of_flow(code) if row.kind == "flow" else table.of_invoice(code)
    return known.label if known is not None else row.label


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S") if at is not None else ""


def _csv(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue()
