"""XML that the ERP writes, as a source: one file of the landing is one invoice.

The parent looks only at number and recipient of a file; its bytes travel to a worker by path and
hash, and from there into the flow as they are (``flows.written``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from config.profile import Profile
from config.settings import Settings
from flows.chunk import ChunkItem
from flows.control import Expected
from flows.documents import DocumentReading
from flows.errors import ConfigurationError, ControlError
from flows.extracts import ExtractFile, ExtractReading, read_extracts
from flows.ledger import Ledger
from flows.xml_document import XmlDocument
from flows.xml_file import read_xml_file
from schemas.xml_input import parse_input
from schemas.xsd import syntax_of
from transforms.finding import Finding
from transforms.grouping import InvoiceRows
from transforms.invoice import Invoice
from transforms.mapping import Peek
from transforms.reading import read_invoice
from transforms.xml_peek import peek_xml

#: What a reader of sources yields: the rows of an invoice, or the file that is one.
SourceItem: TypeAlias = InvoiceRows | XmlDocument

_STEP = "See docs/profiles.md, XML that your ERP writes."


class XmlReading:
    """The invoices of some XML files, in their order; it answers as an ``ExtractReading`` does.

    A file is never read here: whatever it holds, it is one invoice, and belongs to one.
    """

    def __init__(self, files: Sequence[ExtractFile]) -> None:
        self._files = tuple(files)
        self.rows_by_file: dict[str, int] = {file.name: 1 for file in files}
        self.orphan_findings: list[Finding] = []
        self.warnings: list[Finding] = []

    def __iter__(self) -> Iterator[XmlDocument]:
        """Yield each file as the invoice it is."""
        for file in self._files:
            yield XmlDocument(file.path, file.name, file.sha256)


#: What reads the files of a run: extracts, documents of an ERP, or XML invoices.
SourceReading: TypeAlias = ExtractReading | DocumentReading | XmlReading


def open_sources(
    files: Sequence[ExtractFile], profile: Profile, *, spill_folder: Path, trailer_mark: str = ""
) -> SourceReading:
    """Return the reading of files as their profile says: extracts, or XML invoices.

    Raises:
        WrongProfileError: see ``read_extracts``.
    """
    if is_xml(profile):
        return XmlReading(files)
    return read_extracts(files, profile, spill_folder=spill_folder, trailer_mark=trailer_mark)


def is_xml(profile: Profile) -> bool:
    """Whether the files of this profile are XML invoices."""
    return profile.format.kind == "xml"


def require(settings: Settings, profile: Profile) -> None:
    """Refuse settings that a night of XML cannot honour; nothing to say of other profiles.

    Raises:
        ConfigurationError: another syntax than that of the interface, a pattern for attachments,
            or a control that an XML cannot have.
    """
    if not is_xml(profile):
        return
    syntax = settings.syntax.value
    if profile.format.syntax != syntax:
        message = (
            f"The profile {profile.profile} reads {str(profile.format.syntax).upper()}, but the "
            f'setting syntax is "{syntax}": the interface {settings.interface} takes no other XML.'
        )
        step = f'Set syntax = "{profile.format.syntax}", or choose the profile {syntax}.'
        raise ConfigurationError(message, next_step=step)
    if settings.attachments.pattern:
        message = (
            f"attachments.pattern finds files to add to an invoice, but the profile "
            f"{profile.profile} deposits XML as it is: nothing can be added to it."
        )
        step = "Remove attachments.pattern, and have the ERP put attachments into its XML."
        raise ConfigurationError(message, next_step=step)
    source = settings.landing.control.source
    if source not in {"none", "side_file"}:
        message = f'landing.control.source = "{source}" has no meaning for one XML per invoice.'
        step = f'Use "side_file" (invoices=1 and total=… beside each XML), or "none". {_STEP}'
        raise ConfigurationError(message, next_step=step)


def require_no_rows(profile: Profile, name: str, expected: Expected | None) -> None:
    """Refuse a control file that announces rows of an XML.

    Raises:
        ControlError: naming the file.
    """
    if is_xml(profile) and expected is not None and expected.rows is not None:
        message = f"The control of {name} announces rows, but an XML has none."
        raise ControlError(message, next_step="Announce invoices=1 and total=… instead.")


def processed_before(
    ledger: Ledger, profile: Profile, hashes: Collection[str], *, run_id: str | None = None
) -> frozenset[str]:
    """Return the hashes of files that another run has done, so that they are set aside.

    An extract is done once. An XML that was quarantined, or that Chorus Pro rejected, may come
    again as it is: what was wrong need not have been in it (its date, the directory, an outage).

    Args:
        run_id: the run at work, whose own doings do not count.
    """
    seen = {sha256 for sha256, run in ledger.seen_by(hashes).items() if run != run_id}
    return ledger.spent(seen, but=run_id) if is_xml(profile) else frozenset(seen)


def item_of(document: XmlDocument, position: int, *, limit: int) -> ChunkItem:
    """Return what a worker is to do with a file: with number and recipient, when it has some.

    Args:
        limit: larger files are not read (``attachments.max_invoice_bytes``).
    """
    content = read_xml_file(document.path, limit=limit)
    xml = b"" if isinstance(content, Finding) else content
    peek = peek_bytes(xml)
    return ChunkItem(
        position=position,
        rows=document,
        number=peek.number,
        buyer=peek.buyer,
        service=peek.service,
        size=len(xml),
    )


def read_source(document: XmlDocument, *, limit: int) -> Invoice:
    """Return the invoice of a file, whatever its syntax; an empty one of what is none."""
    content = read_xml_file(document.path, limit=limit)
    root = None if isinstance(content, Finding) else parse_input(content)[0]
    if root is None or syntax_of(root) is None:
        return Invoice()
    return read_invoice(root, file=document.name).invoice


def peek_bytes(content: bytes) -> Peek:
    """Return number and recipient of an XML invoice; nothing of what is none."""
    try:
        root, _ = parse_input(content)
        return Peek(None) if root is None else peek_xml(root)
    except Exception:
        # Whatever a file holds must not stop the others: the worker meets it again, and tells.
        return Peek(None)
