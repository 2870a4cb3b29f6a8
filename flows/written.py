"""One XML invoice that the ERP wrote, from its claimed file to the bytes of a flow, unchanged.

It is judged as ``validate`` judges a file, with what only a night knows: the directory and the
numbers that are taken. Its bytes are those that were claimed, or it does not leave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from config.attachments import attachment_limits
from config.statuses import statuses_for
from config.target import SyntaxName
from flows.chunk import ChunkItem, WorkerSetup
from flows.taken import already_taken
from flows.xml_document import XmlDocument
from flows.xml_file import read_xml_file
from schemas.registry import RuleContext
from schemas.written import judge_written, located, open_written
from schemas.xsd import XsdGate
from transforms.finding import Finding, Severity
from transforms.identity import content_hash_of_xml
from transforms.invoice import Invoice
from transforms.outcome import Fate, InvoiceOutcome

#: Describes an invoice as it was read: the item, the invoice, its content hash.
Describe = Callable[[ChunkItem, Invoice, str], InvoiceOutcome]

#: Digits of an amount beyond which it is none: sums of such would not be exact.
MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class WrittenResult:
    """What became of an XML: its outcome, and, when it may leave, its bytes and its model."""

    outcome: InvoiceOutcome
    xml: bytes | None = field(default=None, repr=False)
    invoice: Invoice | None = field(default=None, repr=False)


class WrittenInvoices:
    """Gate and limits for XML of one syntax, built once per process."""

    def __init__(self, setup: WorkerSetup, syntax: SyntaxName) -> None:
        self._run_id = setup.run_id
        self.syntax: SyntaxName = syntax
        self._gate = XsdGate(syntax)
        self._limits = attachment_limits(setup.settings.attachments)
        self._totals = setup.settings.totals
        self._refusals = statuses_for(setup.settings.returns).refusals

    def one(
        self,
        item: ChunkItem,
        document: XmlDocument,
        seen: Mapping[str, InvoiceOutcome],
        *,
        context: RuleContext,
        describe: Describe,
    ) -> WrittenResult:
        """Return what becomes of the XML of ``item``.

        Args:
            item: what the ledger and the directory know of it.
            document: its file.
            seen: invoices made ready before it in the same chunk, by identity.
            context: of the run and the chunk.
            describe: makes the outcome of an invoice.
        """
        content = read_xml_file(document.path, limit=self._limits.max_invoice_bytes)
        if isinstance(content, Finding):
            return WrittenResult(_refused(item, document, content))
        if hashlib.sha256(content).hexdigest() != document.sha256:
            changed = Finding("XI-CHANGED-01", Severity.ERROR)
            return WrittenResult(_refused(item, document, changed))
        opened = open_written(content, file=document.name, syntax=self.syntax)
        span = replace(document.span, last_line=content.count(b"\n") + 1)
        if opened.root is None or opened.reading is None:
            refused = _refused(item, document, *opened.findings)
            return WrittenResult(replace(refused, span=span))
        invoice = opened.reading.invoice
        outcome = describe(item, invoice, content_hash_of_xml(document.sha256))
        outcome = replace(outcome, span=span, findings=opened.findings)
        if outcome.total is not None and len(f"{outcome.total:f}") > MOST_DIGITS:
            outcome = replace(outcome, total=None)
        if any(finding.rule == "XI-SYNTAX-01" for finding in opened.findings):
            return WrittenResult(outcome)
        taken = already_taken(
            outcome, item.known, seen, run_id=self._run_id, refusals=self._refusals
        )
        if taken is not None:
            return WrittenResult(taken)
        judged = judge_written(
            opened.root,
            opened.reading,
            file=document.name,
            gate=self._gate,
            context=context,
            limits=self._limits,
            totals=self._totals,
        )
        outcome = replace(outcome, findings=(*outcome.findings, *judged))
        if not _blocked(outcome) and outcome.identity is None:
            # The rules that ask for a number and a seller may be waived; this may not.
            unknown = Finding("LG-IDENTITY-01", Severity.ERROR)
            outcome = replace(outcome, findings=(*outcome.findings, *_at(document, unknown)))
        if _blocked(outcome):
            return WrittenResult(outcome)
        return WrittenResult(replace(outcome, fate=Fate.BUNDLED), content, invoice)


def _refused(item: ChunkItem, document: XmlDocument, *findings: Finding) -> InvoiceOutcome:
    """Return the outcome of a file that no invoice could be read from."""
    return InvoiceOutcome(
        position=item.position,
        span=document.span,
        fate=Fate.QUARANTINED,
        number=item.number,
        findings=_at(document, *findings),
    )


def _at(document: XmlDocument, *findings: Finding) -> tuple[Finding, ...]:
    return tuple(located(findings, file=document.name))


def _blocked(outcome: InvoiceOutcome) -> bool:
    return any(finding.blocks for finding in outcome.findings)
