"""An XML invoice of one syntax, written anew in the other from the model; for ``convert`` only.

A night never does this: what the ERP wrote is deposited as it is.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

from config.attachments import AttachmentLimits
from config.target import SyntaxName
from flows.written import WrittenResult
from schemas.xsd import XsdGate
from transforms import attachments
from transforms.finding import Finding, Location, Severity
from transforms.invoice import Invoice, SupportingDocument
from transforms.outcome import Fate
from transforms.writable import check_writable


def rewritten(
    result: WrittenResult,
    *,
    came_as: SyntaxName,
    syntax: SyntaxName,
    render: Callable[[Invoice], bytes],
    gate: XsdGate,
    limits: AttachmentLimits,
) -> WrittenResult:
    """Return the result with XML of the other syntax, or held back by what that one refuses.

    Args:
        result: an invoice that may leave in its own syntax.
        came_as, syntax: the syntax it came in, and the one asked for.
        render: writes an invoice in the syntax asked for.
        gate: of the syntax asked for.
        limits: of attachments.
    """
    outcome, model = result.outcome, result.invoice
    if model is None:
        return result
    documents = tuple(_bare(document, limits) for document in model.documents)
    invoice, told = attachments.prepare(replace(model, documents=documents), limits)
    params = {"expected": syntax.upper()}
    anew = Finding(
        "XI-CONVERTED-01",
        Severity.WARNING,
        Location(outcome.span.file),
        value=came_as.upper(),
        params=params,
    )
    findings = [*outcome.findings, anew, *told, *check_writable(invoice, syntax)]
    xml = None
    if not any(finding.blocks for finding in findings):
        xml = render(invoice)
        findings += gate.check(xml, invoice)[1]
        findings += attachments.check_rendered(invoice, len(xml), limits)
    held = any(finding.blocks for finding in findings)
    fate = Fate.QUARANTINED if held else outcome.fate
    outcome = replace(outcome, fate=fate, findings=tuple(findings))
    return WrittenResult(outcome, None if held else xml, invoice)


def _bare(document: SupportingDocument, limits: AttachmentLimits) -> SupportingDocument:
    """Return the document out of the ZIP that Chorus Pro has around it, or as it is."""
    content, name = document.content, document.filename or ""
    if content is None or attachments.extension_of(name) == "zip":
        return document
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (entry,) = archive.infolist()
            if entry.file_size > limits.max_file_bytes:
                return document
            with archive.open(entry) as stream:
                inner = stream.read(limits.max_file_bytes + 1)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return document  # no ZIP of one file that can be read: it is the file itself
    return document if len(inner) > limits.max_file_bytes else replace(document, content=inner)
