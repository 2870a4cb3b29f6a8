"""Attachments of an invoice (BG-24): names, limits, and the ZIP in base64 that Chorus Pro reads.

In every AIFE example (FSO1116A, 2018, and FSO1117A) the binary object is the base64 of a ZIP that
holds the one file, even where the declared media type is the one of a PDF. EN 16931 practice is
the bare file: which of the two is written is an option of the target.
"""

from __future__ import annotations

import base64
import io
import re
import unicodedata
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from config.attachments import AttachmentLimits, attachment_limits
from transforms.finding import Finding, Location, Severity
from transforms.invoice import Invoice, SupportingDocument

ZipTime = tuple[int, int, int, int, int, int]

FIXED_TIME: ZipTime = (1980, 1, 1, 0, 0, 0)
"""Time written into the ZIPs: the first one the format can hold, so that bytes do not change."""

DEFAULT_MEDIA_TYPE = "application/octet-stream"

_FILE_MODE = 0o644
_UNIX = 3  # "version made by" of the ZIP header; zipfile would write the machine's own
_DEFLATE_LEVEL = 6
#: What file systems refuse, controls, and what neither XML nor UTF-8 can carry (a file name that
#: is not UTF-8 comes with lone surrogates).
_REFUSED_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff<>:"/\\|?*]+')


class AttachmentError(ValueError):
    """Raised when a document without content or name is to be encoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedAttachment:
    """A document as the XML carries it.

    Attributes:
        reference: BT-122.
        filename: BT-125-2, with its extension.
        mime: BT-125-1, media type of the file itself, also when it is in a ZIP.
        kind: Chorus Pro's type of attachment.
        description: BT-123.
        base64: BT-125, the ZIP or the file.
    """

    reference: str
    filename: str
    mime: str
    kind: str | None
    description: str | None
    base64: str


def encode(
    document: SupportingDocument,
    *,
    encoding: Literal["zip", "bare"],
    fixed_time: ZipTime = FIXED_TIME,
) -> EncodedAttachment:
    """Return the document ready for the XML; the same bytes for the same document and zlib.

    Args:
        document: a document with its content and its final file name (see :func:`prepare`).
        encoding: ``zip``: base64 of a ZIP with the one file; ``bare``: base64 of the file.
        fixed_time: time written into the ZIP, from 1980 on.

    Raises:
        AttachmentError: when the content is absent, or the name is not one of :func:`prepare`.
    """
    if document.content is None or not document.filename:
        msg = f"attachment {document.reference or document.filename!r} has no content or no name"
        raise AttachmentError(msg)
    if document.filename != safe_name(document.filename, attachment_limits().max_name):
        msg = f"attachment name {document.filename!r} was not prepared for Chorus Pro"
        raise AttachmentError(msg)
    content = document.content
    if encoding == "zip":
        content = _zip(document.filename, content, fixed_time)
    return EncodedAttachment(
        reference=document.reference or document.filename,
        filename=document.filename,
        mime=document.mime or mime_of(document.filename),
        kind=document.kind,
        description=document.description,
        base64=base64.b64encode(content).decode("ascii"),
    )


def check(invoice: Invoice, limits: AttachmentLimits | None = None) -> tuple[Finding, ...]:
    """Return what :func:`prepare` finds, without its invoice."""
    return prepare(invoice, limits)[1]


def prepare(
    invoice: Invoice, limits: AttachmentLimits | None = None
) -> tuple[Invoice, tuple[Finding, ...]]:
    """Check the attachments and give them names and media types that Chorus Pro takes.

    A name is shortened, cleaned of what file systems refuse, and made unique within the invoice;
    each change is a warning AT-NAME-01 that gives both names. The media type of the extract is
    kept; without one, the extension gives it. A document without content (a mere reference, or
    one that is still awaited) is left as it is.

    Returns:
        The invoice, and the findings AT-EMPTY-01, AT-SIZE-01, AT-SIZE-02, AT-EXT-01, AT-EXT-02
        and AT-NAME-01, located where the extract names the attachments.
    """
    if not invoice.documents:
        return invoice, ()
    rules = limits or attachment_limits()
    where = _where(invoice)
    found: list[Finding] = []
    documents: list[SupportingDocument] = []
    taken: set[str] = set()
    total = 0
    for document in invoice.documents:
        if document.content is None:
            documents.append(document)
            continue
        name = document.filename or document.reference or ""
        total += len(document.content)
        found.extend(_check_one(name, document.content, rules, where))
        written = safe_name(name, rules.max_name, taken)
        taken.add(written.casefold())
        if written != name:
            params = {"written": written, "limit": str(rules.max_name)}
            found.append(Finding("AT-NAME-01", Severity.WARNING, where, "BT-125-2", name, params))
        media_type = document.mime or mime_of(written, rules)
        documents.append(replace(document, filename=written, mime=media_type))
    if total > rules.max_invoice_bytes:
        found.append(_too_large(total, rules, where))
    return replace(invoice, documents=tuple(documents)), tuple(found)


def refuse_unread(
    invoice: Invoice,
    too_large: Sequence[tuple[str, int]],
    total: int,
    limits: AttachmentLimits | None = None,
) -> tuple[Finding, ...]:
    """Return AT-SIZE-01 and AT-SIZE-02 of attachments that are too large to be read at all.

    Args:
        invoice: tells where they are named.
        too_large: name and size in bytes of each.
        total: bytes of all attachments, those that were read included.
        limits: see :func:`prepare`.
    """
    rules = limits or attachment_limits()
    where = _where(invoice)
    found = [_file_too_large(name, size, rules, where) for name, size in too_large]
    read = sum(len(document.content or b"") for document in invoice.documents)
    if total > rules.max_invoice_bytes >= read:
        found.append(_too_large(total, rules, where))
    return tuple(found)


def check_rendered(
    invoice: Invoice, size: int, limits: AttachmentLimits | None = None
) -> tuple[Finding, ...]:
    """Return AT-SIZE-02 when the XML of the invoice, ``size`` bytes, is over the limit."""
    rules = limits or attachment_limits()
    return (_too_large(size, rules, _where(invoice)),) if size > rules.max_invoice_bytes else ()


def mime_of(name: str, limits: AttachmentLimits | None = None) -> str:
    """Return the media type for the extension of a file name (RFC 2046; never empty)."""
    rules = limits or attachment_limits()
    return rules.media_types.get(extension_of(name), DEFAULT_MEDIA_TYPE)


def safe_name(name: str, longest: int, taken: Collection[str] = ()) -> str:
    """Return a name of at most ``longest`` characters that is not in ``taken`` (case-folded).

    The extension is kept whole; the shortened stem of a name that is taken ends in ``~2``,
    ``~3``… A name that is good already comes back as it is.
    """
    clean = _REFUSED_IN_NAMES.sub("_", unicodedata.normalize("NFC", name)).strip()
    clean = clean.lstrip(".") or "_"
    suffix = PurePosixPath(clean).suffix
    if len(suffix) >= longest:  # no extension at all, but a sentence after a full stop
        suffix = ""
    stem = clean[: len(clean) - len(suffix)]
    candidate = stem[: longest - len(suffix)].rstrip() + suffix
    rank = 2
    while candidate.casefold() in taken:
        mark = f"~{rank}"
        candidate = stem[: longest - len(suffix) - len(mark)].rstrip() + mark + suffix
        rank += 1
    return candidate


def extension_of(name: str) -> str:
    """Return the extension of a file name in lower case and without its dot, '' without one."""
    return PurePosixPath(name).suffix.removeprefix(".").lower()


def _check_one(
    name: str, content: bytes, limits: AttachmentLimits, where: Location
) -> Iterator[Finding]:
    extension = extension_of(name)
    if not extension:
        yield Finding("AT-EXT-01", Severity.FATAL, where, "BT-125-2", name)
    elif extension not in limits.media_types:
        params = {"extension": extension}
        yield Finding("AT-EXT-02", Severity.FATAL, where, "BT-125-2", name, params)
    if not content:
        yield Finding("AT-EMPTY-01", Severity.FATAL, where, "BT-125", name)
    elif len(content) >= limits.max_file_bytes:
        yield _file_too_large(name, len(content), limits, where)


def _where(invoice: Invoice) -> Location:
    """Return where the extract names attachments: the column of the file, else of the group."""
    place = invoice.locate("BT-125")
    return place if place.column else invoice.locate("BG-24")


def _file_too_large(name: str, size: int, limits: AttachmentLimits, where: Location) -> Finding:
    params = {"size": str(size), "limit": str(limits.max_file_bytes)}
    return Finding("AT-SIZE-01", Severity.FATAL, where, "BT-125", name, params)


def _too_large(size: int, limits: AttachmentLimits, where: Location) -> Finding:
    params = {"size": str(size), "limit": str(limits.max_invoice_bytes)}
    return Finding("AT-SIZE-02", Severity.FATAL, where, "BG-24", str(size), params)


def _zip(name: str, content: bytes, fixed_time: ZipTime) -> bytes:
    """Return a ZIP of one file whose headers say nothing of the machine or the moment."""
    info = zipfile.ZipInfo(name, date_time=fixed_time)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = _UNIX
    info.external_attr = _FILE_MODE << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(info, content, compresslevel=_DEFLATE_LEVEL)
    return packed.getvalue()
