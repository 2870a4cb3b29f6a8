"""What the ledger knows of one invoice, gathered for an auditor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from flows.ledger import (
    DepositRecord,
    EventRecord,
    FindingRecord,
    FlowRecord,
    InvoiceRecord,
    Ledger,
    ReturnRecord,
    RunRecord,
    StatusRecord,
)
from schemas.explain import explain


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the dossier, and in French what it is and how to check it by hand."""

    name: str
    what: str
    sha256: str
    size: int
    check: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one return file says of the invoice, or of a flow that carried it."""

    record: ReturnRecord
    statuses: tuple[StatusRecord, ...]
    left_out: int
    """Error lines about other invoices of the flow."""

    def as_dict(self) -> dict[str, object]:
        """Return the answer as plain data."""
        return {
            "file": self.record.name,
            "sha256": self.record.sha256,
            "size": self.record.size,
            "kept_as": self.record.kept_as,
            "received_at": self.record.received_at,
            "statuses": [asdict(status) for status in self.statuses],
            "lines_about_other_invoices": self.left_out,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """An invoice as one run read it, and all that became of it."""

    invoice: InvoiceRecord
    run: RunRecord | None
    deposits: tuple[DepositRecord, ...]
    flows: Mapping[str, FlowRecord]
    events: tuple[EventRecord, ...]
    findings: tuple[FindingRecord, ...]
    answers: tuple[Answer, ...]

    def as_dict(self) -> dict[str, object]:
        """Return all of it as plain data: amounts as text, times in UTC."""
        return {
            "invoice": asdict(self.invoice),
            "run": None if self.run is None else asdict(self.run),
            "deposits": [asdict(deposit) for deposit in self.deposits],
            "flows": [asdict(flow) for flow in self.flows.values()],
            "events": [asdict(event) for event in self.events],
            "findings": [_finding(record) for record in self.findings],
            "answers": [answer.as_dict() for answer in self.answers],
        }


@dataclass(slots=True)
class Folder:
    """The part of the dossier about one reading of the number."""

    name: str
    reading: Reading
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def facts_of(ledger: Ledger, invoice: InvoiceRecord) -> Reading:
    """Return what the ledger knows of an invoice, of its flows what is about it."""
    row = invoice.invoice_row
    deposits = tuple(ledger.deposits_of(row))
    flows = {
        flow.flow_id: flow
        for deposit in deposits
        if (flow := ledger.flow(deposit.flow_id)) is not None
    }
    events = list(ledger.events(invoice_row=row))
    for flow_id in flows:
        events += [event for event in ledger.events(flow_id=flow_id) if event.kind == "flow"]
    return Reading(
        invoice=invoice,
        run=ledger.run(invoice.run_id),
        deposits=deposits,
        flows=flows,
        events=tuple(sorted(events, key=lambda event: event.at)),
        findings=tuple(ledger.findings(invoice_row=row)),
        answers=_answers(ledger, invoice, deposits),
    )


def _answers(
    ledger: Ledger, invoice: InvoiceRecord, deposits: tuple[DepositRecord, ...]
) -> tuple[Answer, ...]:
    said = list(ledger.statuses(invoice_row=invoice.invoice_row))
    left_out: dict[int, int] = {}
    for deposit in deposits:
        for status in ledger.statuses(flow_id=deposit.flow_id):
            row = status.status
            if row.kind != "flow" or row.member_id not in (None, deposit.member_id):
                continue
            own = tuple(d for d in row.details if _is_about(d, invoice, deposit))
            others = len(row.details) - len(own)
            left_out[status.return_id] = left_out.get(status.return_id, 0) + others
            said.append(_narrowed(status, own))
    records = {record.return_id: record for record in ledger.returns()} if said else {}
    by_file: dict[int, list[StatusRecord]] = {}
    for status in said:
        by_file.setdefault(status.return_id, []).append(status)
    return tuple(
        Answer(records[key], tuple(by_file[key]), left_out.get(key, 0)) for key in sorted(by_file)
    )


def _is_about(detail: Mapping[str, str], invoice: InvoiceRecord, deposit: DepositRecord) -> bool:
    """Whether an error line names the invoice, or is the only one that can be about it."""
    text = " ".join(str(value) for value in detail.values())
    names = [name for name in (invoice.number, deposit.member_id) if name]
    return "announced" in detail or any(name in text for name in names)


def _narrowed(status: StatusRecord, details: tuple[Mapping[str, str], ...]) -> StatusRecord:
    return replace(status, status=replace(status.status, details=details))


def _finding(record: FindingRecord) -> dict[str, object]:
    french, english = explain(record.finding, "fr"), explain(record.finding, "en")
    return {
        **asdict(record),
        "message_fr": french.message,
        "message_en": english.message,
        "advice_fr": french.advice,
        "source": french.source,
    }
