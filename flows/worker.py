"""One chunk of invoices, from rows to a flow in the outbox; runs in a worker process.

Everything pure happens here in one go: map, identify, complete the totals, check, render, gate,
bundle. Attachments are read one invoice at a time and streamed into the archive. The worker
writes only to the outbox; the ledger is the parent's.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from config.attachments import attachment_limits
from config.codes import load_limits
from config.settings import Syntax
from config.statuses import statuses_for
from flows import attachments
from flows.attachments import Content
from flows.chunk import INTERNAL_RULE, Chunk, ChunkItem, ChunkResult, WorkerSetup
from flows.crashpoints import CrashPoint, reach
from flows.outbox import write_flow
from flows.rewriting import rewritten
from flows.taken import already_taken
from flows.written import WrittenInvoices
from flows.xml_document import XmlDocument
from schemas.registry import RuleContext
from schemas.rules import check
from schemas.xsd import XsdGate
from transforms import attachments as pieces
from transforms.bundle import Member
from transforms.cii import render_cii
from transforms.finding import Finding, Location, Severity
from transforms.identity import content_hash, identity_of
from transforms.invoice import Invoice, SupportingDocument
from transforms.mapping import Mapper
from transforms.naming import flow_id, flow_name, member_name
from transforms.outcome import BuiltFlow, Fate, InvoiceOutcome
from transforms.totals import complete
from transforms.ubl import render_ubl
from transforms.writable import check_writable


@dataclass(frozen=True, slots=True)
class _Ready:
    """An invoice ready for the archive."""

    outcome: InvoiceOutcome
    xml: bytes = field(repr=False)


_WORKERS: dict[str, Worker] = {}


def rule_context(setup: WorkerSetup) -> RuleContext:
    """Return what the rules of a run may know besides an invoice."""
    return RuleContext(
        environment=setup.settings.environment,
        target=setup.target,
        run_date=setup.run_date,
        syntax=setup.settings.syntax.value,
    )


def process(setup: WorkerSetup, chunk: Chunk) -> ChunkResult:
    """Do ``chunk`` with the worker of this process, built at its first chunk."""
    worker = _WORKERS.get(setup.digest)
    if worker is None:
        _WORKERS.clear()
        worker = _WORKERS[setup.digest] = Worker(setup)
    return worker.process(chunk)


class Worker:
    """Mapper, rules and gate of one run, built once per process."""

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._settings = setup.settings
        self._mapper = Mapper(setup.profile, setup.company, setup.tables)
        self._gate = XsdGate(setup.settings.syntax.value)
        self._limits = attachment_limits(setup.settings.attachments)
        self._context = rule_context(setup)
        self._refusals = statuses_for(setup.settings.returns).refusals
        written = setup.profile.format.syntax
        self._written = WrittenInvoices(setup, written) if written is not None else None

    def process(self, chunk: Chunk) -> ChunkResult:
        """Return the outcome of every invoice of ``chunk`` and the flows built from it."""
        self._context = replace(self._context, directory=chunk.directory)
        outcomes: dict[int, InvoiceOutcome] = {}
        seen: dict[str, InvoiceOutcome] = {}
        ready = self._ready(chunk, outcomes, seen)
        flows: list[BuiltFlow] = []
        sequences = iter(chunk.sequences)
        pending = next(ready, None)
        while pending is not None:
            built, members, pending = self._build(pending, ready, sequences)
            flows.append(built)
            for outcome in members:
                outcomes[outcome.position] = outcome
        reach(CrashPoint.BUILT)
        ordered = tuple(outcomes[position] for position in sorted(outcomes))
        return ChunkResult(ordered, tuple(flows))

    def convert(self, item: ChunkItem) -> tuple[InvoiceOutcome, bytes | None]:
        """Return the outcome of one invoice and its XML (None when it is held back)."""
        try:
            result = self._one(item, {})
        except Exception as error:
            return _failed(item, error), None
        if isinstance(result, InvoiceOutcome):
            return result, None
        return result.outcome, result.xml

    # -- one invoice ---------------------------------------------------------------------------

    def _ready(
        self, chunk: Chunk, outcomes: dict[int, InvoiceOutcome], seen: dict[str, InvoiceOutcome]
    ) -> Iterator[_Ready]:
        for item in chunk.items:
            try:
                result = self._one(item, seen)
            except Exception as error:
                # One odd invoice must not stop a night of a million: it is kept out, told, and
                # the run ends with the exit code of a defect of ours.
                result = _failed(item, error)
            reach(CrashPoint.MAP)
            if isinstance(result, InvoiceOutcome):
                outcomes[item.position] = result
            else:
                yield result

    def _one(self, item: ChunkItem, seen: dict[str, InvoiceOutcome]) -> InvoiceOutcome | _Ready:
        if isinstance(item.rows, XmlDocument):
            return self._as_written(item, item.rows, seen)
        mapped = self._mapper.map(item.rows)
        findings = [*item.rows.findings, *mapped.findings]
        content = attachments.read(
            item.files,
            max_file=self._limits.max_file_bytes,
            max_total=self._limits.max_invoice_bytes,
        )
        item = replace(item, missing=(*item.missing, *content.gone))
        documents = (*mapped.invoice.documents, *_documents(content))
        invoice = replace(mapped.invoice, documents=documents)
        invoice, closing = complete(invoice, self._settings.totals)
        outcome = self._describe(item, invoice, content_hash(mapped.source_values, content.hashes))
        said = mapped.invoice.totals.with_vat
        if said is not None:
            # What the customer owes is what the ERP says: amounts balance on that.
            outcome = replace(outcome, total=said)
        if item.excluded_by is not None:
            return replace(outcome, fate=Fate.EXCLUDED, reason=item.excluded_by)
        taken = already_taken(
            replace(outcome, findings=tuple(findings)),
            item.known,
            seen,
            run_id=self._setup.run_id,
            refusals=self._refusals,
        )
        if taken is not None:
            return taken
        findings += self._judge(item, invoice, closing, mapped.findings)
        invoice, told = pieces.prepare(invoice, self._limits)
        findings += told
        findings += pieces.refuse_unread(invoice, content.too_large, content.total, self._limits)
        findings += _outside(item, invoice)
        waits = self._missing(item, invoice)
        if _blocked(findings):
            return replace(outcome, findings=(*findings, *waits))
        if waits:
            fate = Fate.QUARANTINED if _blocked(waits) else Fate.WAITING
            return replace(outcome, fate=fate, findings=(*findings, *waits))
        xml = self._render(invoice)
        _, refused = self._gate.check(xml, invoice)
        refused += pieces.check_rendered(invoice, len(xml), self._limits)
        findings += refused
        outcome = replace(outcome, findings=tuple(findings))
        if _blocked(refused):
            return outcome
        outcome = replace(outcome, fate=Fate.BUNDLED)
        if outcome.identity is not None:
            seen[outcome.identity.key] = outcome
        return _Ready(outcome, xml)

    def _as_written(
        self, item: ChunkItem, document: XmlDocument, seen: dict[str, InvoiceOutcome]
    ) -> InvoiceOutcome | _Ready:
        """Return what becomes of an XML that the ERP wrote: it leaves as it is.

        Only ``convert`` asks for another syntax than that of the profile.
        """
        assert self._written is not None  # the profile that reads such files says their syntax
        result = self._written.one(
            item, document, seen, context=self._context, describe=self._describe
        )
        if result.xml is not None and self._written.syntax != self._settings.syntax.value:
            result = rewritten(
                result,
                came_as=self._written.syntax,
                syntax=self._settings.syntax.value,
                render=self._render,
                gate=self._gate,
                limits=self._limits,
            )
        if result.xml is None:
            return result.outcome
        if result.outcome.identity is not None:
            seen[result.outcome.identity.key] = result.outcome
        return _Ready(result.outcome, result.xml)

    def _judge(
        self,
        item: ChunkItem,
        invoice: Invoice,
        closing: Sequence[Finding],
        mapping: Sequence[Finding],
    ) -> list[Finding]:
        """Return what the totals and the rules say, as far as what was read allows to judge.

        A row that is lost makes sums and presence meaningless, an unreadable cell its own term:
        the accountant should read the cause once, not what follows from it.
        """
        if _blocked(item.rows.findings):
            return []
        found = [*check(invoice, self._context)]
        found += check_writable(invoice, self._settings.syntax.value)
        if not _blocked(mapping):
            return [*closing, *found]
        told = {finding.bt for finding in mapping if finding.blocks}
        return [f for f in found if f.rule.startswith(("CP-", "DR-")) and f.bt not in told]

    def _describe(self, item: ChunkItem, invoice: Invoice, digest: str) -> InvoiceOutcome:
        identity = identity_of(
            invoice,
            environment=self._settings.environment.value,
            settings=self._settings.identity,
        )
        order = invoice.order
        return InvoiceOutcome(
            position=item.position,
            span=item.rows.span,
            fate=Fate.QUARANTINED,
            # A cut row may have lost its number: the key of its rows still tells which it was.
            number=invoice.number or item.rows.key or None,
            identity=identity,
            content_hash=digest,
            type_code=invoice.type_code,
            issue_date=invoice.issue_date,
            currency=invoice.currency,
            total=invoice.totals.with_vat,
            buyer_id=invoice.buyer.legal_id.value if invoice.buyer.legal_id else None,
            buyer_name=invoice.buyer.name,
            service_code=invoice.buyer_reference,
            engagement=order.number if order else None,
            preceding=tuple(one.number for one in invoice.preceding if one.number),
        )

    def _missing(self, item: ChunkItem, invoice: Invoice) -> list[Finding]:
        policy = self._settings.attachments
        give_up = policy.missing == "quarantine" or item.nights_waited >= policy.max_wait_nights
        rule = "AT-MISSING-02" if give_up else "AT-MISSING-01"
        severity = Severity.ERROR if give_up else Severity.WARNING
        return [
            Finding(
                rule,
                severity,
                invoice.locate("BG-24"),
                "BG-24",
                name,
                {
                    "nights": str(item.nights_waited),
                    "max_nights": str(policy.max_wait_nights),
                    "folder": str(policy.folder.name),
                },
            )
            for name in item.missing
        ]

    def _render(self, invoice: Invoice) -> bytes:
        target = self._setup.target
        encoded = [
            pieces.encode(document, encoding=target.options.attachment_encoding)
            for document in invoice.documents
            if document.content is not None
        ]
        sheet = self._settings.bundle.stylesheet
        stylesheet = sheet.name if sheet else None
        if self._settings.syntax is Syntax.CII:
            return render_cii(invoice, target, attachments=encoded, stylesheet=stylesheet)
        return render_ubl(invoice, target, attachments=encoded, stylesheet=stylesheet)

    # -- one flow ------------------------------------------------------------------------------

    def _build(
        self, first: _Ready, others: Iterator[_Ready], sequences: Iterator[int]
    ) -> tuple[BuiltFlow, list[InvoiceOutcome], _Ready | None]:
        """Write one flow; return it, its members and the invoice that no longer fitted."""
        settings = self._settings
        application, interface = settings.emitter.application_code, settings.interface
        limit, room = settings.bundle.max_flow_bytes, settings.bundle.max_invoices
        members: list[InvoiceOutcome] = []
        left: list[_Ready] = []
        head = next(sequences)
        flow = flow_id(application, interface, head)
        name = flow_name(application, interface, head)

        def stream() -> Iterator[Member]:
            nonlocal limit
            current: _Ready | None = first
            sequence = head
            while current is not None:
                if members and (len(members) >= room or len(current.xml) > limit):
                    left.append(current)
                    return
                if members:
                    sequence = next(sequences)
                limit -= len(current.xml)
                member = flow_id(application, interface, sequence)
                members.append(replace(current.outcome, flow_id=flow, member_id=member))
                yield Member(member_name(application, interface, sequence), current.xml)
                current = next(others, None)

        digest = write_flow(
            self._setup.outbox / name,
            stream(),
            gzip_level=settings.bundle.gzip_level,
            stylesheet=self._stylesheet(),
        )
        built = BuiltFlow(
            flow_id=flow,
            file_name=name,
            interface=interface,
            path=f"{self._setup.outbox.name}/{name}",
            size=digest.size,
            sha256=digest.sha256,
            content_sha256=digest.content_sha256,
            invoices=len(members),
        )
        return built, members, left[0] if left else None

    def _stylesheet(self) -> Member | None:
        name, content = self._settings.bundle.stylesheet, self._setup.stylesheet
        return Member(name.name, content) if name is not None and content is not None else None


def _documents(content: Content) -> tuple[SupportingDocument, ...]:
    """Return the attachments that were read as documents of an invoice."""
    longest = load_limits()["BT-122"].largest
    return tuple(
        SupportingDocument(
            # A file is known by its name alone: too long for a reference, it is cut as its name
            # will be, and AT-NAME-01 tells it.
            reference=pieces.safe_name(name, longest),
            filename=name,
            mime=pieces.mime_of(file.name),
            content=read,
        )
        for file, read in content.files
        for name in (Path(file.name.replace("\\", "/")).name,)
    )


def _failed(item: ChunkItem, error: Exception) -> InvoiceOutcome:
    span = item.rows.span
    trace = "".join(traceback.format_exception(error)[-3:])[-600:]
    where = Location(span.file, span.first_line)
    finding = Finding(INTERNAL_RULE, Severity.ERROR, where, None, repr(error), {"trace": trace})
    return InvoiceOutcome(
        position=item.position,
        span=span,
        fate=Fate.QUARANTINED,
        number=item.rows.key or item.number,
        findings=(*item.rows.findings, finding),
    )


def _blocked(findings: Sequence[Finding]) -> bool:
    return any(finding.blocks for finding in findings)


def _outside(item: ChunkItem, invoice: Invoice) -> list[Finding]:
    place = invoice.locate("BG-24")
    return [Finding("AT-OUTSIDE-01", Severity.ERROR, place, "BG-24", name) for name in item.outside]
