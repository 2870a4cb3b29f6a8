"""The chain of an invoice: what became of it, in the order of time, from extract to last status.

Every step says when, what, and who did it and why; each file that proves it is named with its hash:
the extract, the flow and the member in it, the return file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from config.catalogue import Language
from config.settings import Settings
from config.statuses import Status, StatusTable, statuses_for
from flows.ledger import (
    CarriedRecord,
    EventRecord,
    FlowRecord,
    InvoiceRecord,
    Ledger,
    ReturnRecord,
    StatusRecord,
)
from flows.report.told import tell
from flows.sent import is_as_built, sent_members
from flows.view import Step, finding_data, moment, place_lines
from transforms.naming import NamingError, member_name, parse_name
from transforms.statuses import status_code
from transforms.unbundle import UnbundleError


@dataclass(frozen=True, slots=True)
class SentXml:
    """An invoice as it was sent: the member of a flow, or why it cannot be read."""

    flow: FlowRecord
    member_id: str
    file: Path
    name: str = ""
    content: bytes = b""
    problem: str = ""

    @property
    def sha256(self) -> str:
        """Return the hash of the XML; empty when it cannot be read."""
        return hashlib.sha256(self.content).hexdigest() if not self.problem else ""


def sent_xml(outbox: Path, flow: FlowRecord, member_id: str) -> SentXml:
    """Return the XML of a member from the flow file that the outbox keeps."""
    path = outbox / flow.path
    try:
        if not is_as_built(outbox, flow):
            return SentXml(flow, member_id, path, problem="the file is not the one that was built")
        for member, xml in sent_members(outbox, flow):
            if member == member_id:
                return SentXml(flow, member_id, path, _member_name(flow, member_id), xml)
    except OSError as error:
        return SentXml(flow, member_id, path, problem=f"it cannot be read: {error.strerror}")
    except (UnbundleError, NamingError) as error:
        return SentXml(flow, member_id, path, problem=str(error))
    return SentXml(flow, member_id, path, problem="the flow has no such member")


def _member_name(flow: FlowRecord, member_id: str) -> str:
    parts = parse_name(flow.file_name)
    sequence = int(member_id[-_SEQUENCE:])
    return member_name(parts.application_code, flow.interface, sequence)


#: Digits of the sequence number at the end of a member id.
_SEQUENCE = 15


class InvoiceChain:
    """One reading of an invoice.

    Args:
        ledger: knows what happened.
        record: the reading.
        settings: where files are kept.
        language: of findings and statuses.
    """

    def __init__(
        self, ledger: Ledger, record: InvoiceRecord, settings: Settings, language: Language
    ) -> None:
        self._ledger = ledger
        self.record = record
        self._settings = settings
        self._language = language

    @cached_property
    def carried(self) -> list[CarriedRecord]:
        """The flows that carried the invoice, first attempt first."""
        return self._ledger.carried(self.record.invoice_row)

    @cached_property
    def xml(self) -> list[SentXml]:
        """The invoice as each of its flows has it."""
        outbox = self._settings.state_folder / "outbox"
        flows = ((each, self._ledger.flow(each.flow_id)) for each in self.carried)
        return [sent_xml(outbox, flow, each.member_id) for each, flow in flows if flow is not None]

    @cached_property
    def replaces(self) -> InvoiceRecord | None:
        """The invoice refused by the buyer that this one replaces under a new number."""
        row = self.record.follows
        return self._ledger.invoice(row) if row is not None else None

    @cached_property
    def replaced_by(self) -> InvoiceRecord | None:
        """The invoice that replaces this one, which the buyer refused."""
        row = self.record.invoice_row
        return self._ledger.followers([row]).get(row)

    def head(self) -> list[str]:
        """Return what the invoice is and where it is now."""
        record = self.record
        lines = [f"Invoice {record.number}: {record.state}, run {record.run_id}"]
        lines.append(f"  extract   {record.file}, lines {record.first_line}-{record.last_line}")
        lines.append(f"  SHA-256   {record.file_sha256 or '-'}")
        if record.total is not None:
            lines.append(f"  total     {record.total} {record.currency} (type {record.type_code})")
        if record.buyer_name or record.buyer_id:
            lines.append(f"  buyer     {record.buyer_name or ''} {record.buyer_id or ''}".rstrip())
        if record.flow_id:
            lines.append(f"  flow      {record.flow_id}, member {record.member_id}")
        if record.reason:
            lines.append(f"  reason    {record.reason}")
        if self.replaces is not None:
            lines.append(f"  replaces  {self.replaces.number}, refused by the buyer")
        if self.replaced_by is not None:
            lines.append(f"  replaced by {self.replaced_by.number}: {self.replaced_by.state}")
        return lines

    def steps(self) -> list[Step]:
        """Return what happened, in the order of time; of equal moments, as it was recorded."""
        found = [
            *self._extract(),
            *self._findings(),
            *self._events(),
            *self._xml(),
            *self._flows(),
            *self._statuses(),
        ]
        return sorted(found, key=lambda step: step.at)

    def body(self) -> dict[str, object]:
        """Return the chain as plain data."""
        row = self.record.invoice_row
        return {
            "invoice": asdict(self.record),
            "replaces": self.replaces.number if self.replaces is not None else None,
            "replaced_by": self.replaced_by.number if self.replaced_by is not None else None,
            "findings": [
                finding_data(each.finding) for each in self._ledger.findings(invoice_row=row)
            ],
            "events": [asdict(event) for event in self._ledger.events(invoice_row=row)],
            "statuses": [asdict(status) for status in self._ledger.statuses(invoice_row=row)],
            "xml": [_xml_data(each) for each in self.xml],
            "steps": [step.as_dict() for step in self.steps()],
        }

    # -- steps ---------------------------------------------------------------------------------

    def _extract(self) -> Iterator[Step]:
        record = self.record
        for claim in self._ledger.claims_of({record.file_sha256}).get(record.file_sha256, ()):
            if claim.run_id == record.run_id:
                kept = self._settings.state_folder / "claimed" / claim.run_id
                lines = (f"claimed {claim.name}", f"{claim.size} bytes, kept in {kept}")
                yield Step(claim.claimed_at, lines, "extract", asdict(claim))

    def _findings(self) -> Iterator[Step]:
        for each in self._ledger.findings(invoice_row=self.record.invoice_row):
            finding, place = each.finding, each.finding.location
            told = tell(finding, self._language)
            where = ", ".join(
                part
                for part in (
                    f"line {place.line}" if place.line is not None else "",
                    f"column {place.column}" if place.column else "",
                )
                if part
            )
            first = f"finding {finding.rule} {told.bt} {finding.value or ''}".rstrip()
            lines = [f"{first} ({where})" if where else first, f"{told.message} {told.advice}"]
            lines += [line.strip() for line in place_lines(finding)]
            yield Step(each.found_at, tuple(lines), "finding", finding_data(finding))

    def _events(self) -> Iterator[Step]:
        for event in self._ledger.events(invoice_row=self.record.invoice_row):
            yield Step(event.at, (event_text(event),), "event", asdict(event))

    def _xml(self) -> Iterator[Step]:
        for each in self.xml:
            lines = [f"XML {each.name or each.member_id}, in {each.file}"]
            lines.append(each.problem or f"{len(each.content)} bytes, SHA-256 {each.sha256}")
            yield Step(each.flow.built_at, tuple(lines), "xml", _xml_data(each))

    def _flows(self) -> Iterator[Step]:
        for each in self.carried:
            flow = self._ledger.flow(each.flow_id)
            if flow is None:
                continue
            yield Step(flow.built_at, tuple(flow_facts(flow)), "flow", asdict(flow))
            for event in self._ledger.events(flow_id=flow.flow_id, kind="flow"):
                lines = (f"flow {flow.flow_id}: {event_text(event)}",)
                yield Step(event.at, lines, "flow_event", asdict(event))

    def _statuses(self) -> Iterator[Step]:
        row = self.record.invoice_row
        said = self._ledger.statuses(invoice_row=row)
        members = {each.member_id for each in self.carried}
        for each in self.carried:
            said += [
                status
                for status in self._ledger.statuses(flow_id=each.flow_id)
                if status.status.kind == "flow"
                and (status.status.member_id is None or status.status.member_id in members)
            ]
        files = self._ledger.returns_of({status.return_id for status in said})
        folder = self._settings.state_folder / "returns"
        table = statuses_for(self._settings.returns)
        for status in said:
            yield status_step(status, files, folder, table, self._language)


def chain_of(chains: Iterable[InvoiceChain]) -> list[str]:
    """Return several readings of a number as lines."""
    lines: list[str] = []
    for chain in chains:
        lines += chain.head()
        for step in chain.steps():
            lines += step.told()
    return lines


def status_step(
    record: StatusRecord,
    files: Mapping[int, ReturnRecord],
    folder: Path,
    table: StatusTable,
    language: Language,
) -> Step:
    """Return a status as a step: its words, who acts, what to do, and the file it came in."""
    said = record.status
    code = status_code(said.code)
    known: Status | None = table.of_flow(code) if said.kind == "flow" else table.of_invoice(code)
    label = said.label or (known.label if known else "")
    first = f"{'report' if said.kind == 'flow' else 'status'} {said.code} {label}".rstrip()
    lines = [first]
    if said.message:
        lines.append(said.message)
    lines += [
        " ".join(filter(None, (d.get("code"), d.get("label"), d.get("description"))))
        for d in said.details
        if d.get("label") or d.get("description")
    ]
    data = asdict(record)
    if known is not None:
        words = known.words(language)
        lines.append(f"{words.meaning} {words.next_step}".strip())
        lines.append(f"who acts: {known.actor}")
        data |= {"label": known.label, "who_acts": known.actor, "meaning": words.meaning}
        data["next_step"] = words.next_step
    file = files.get(record.return_id)
    if file is not None:
        lines.append(
            f"in {file.name}, received {moment(file.received_at)}, kept as {folder / file.kept_as}"
        )
        data["return"] = asdict(file)
    return Step(said.at or record.received_at, tuple(lines), f"{said.kind}_status", data)


def event_text(event: EventRecord) -> str:
    """Return an event as a line: from what to what, who, why."""
    why = f" ({event.reason})" if event.reason else ""
    return f"{event.source or '-'} -> {event.target}  by {event.actor}{why}"


def flow_facts(flow: FlowRecord) -> list[str]:
    """Return what a flow is, as lines."""
    lines = [
        f"flow {flow.flow_id}: {flow.state}, run {flow.run_id}",
        f"name {flow.file_name}, {flow.size} bytes, {flow.invoices} invoices",
        f"SHA-256 {flow.sha256}",
        f"SHA-256 of the content {flow.content_sha256}",
        f"{flow.attempts} attempts"
        + (f", the last as {flow.temporary_name}" if flow.temporary_name else ""),
    ]
    if flow.deposited_at is not None:
        lines.append(f"deposited {moment(flow.deposited_at)}")
    if flow.reported_at is not None:
        lines.append(f"reported {moment(flow.reported_at)}")
    if flow.replaces:
        lines.append(f"sends again flow {flow.replaces}")
    if flow.detail:
        lines.append(flow.detail)
    return lines


def _xml_data(each: SentXml) -> dict[str, object]:
    return {
        "flow_id": each.flow.flow_id,
        "member_id": each.member_id,
        "name": each.name,
        "file": str(each.file),
        "size": len(each.content),
        "sha256": each.sha256,
        "problem": each.problem,
    }
