"""A chunk of invoices on its way to a worker and back; everything here is picklable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from config.company import Company
from config.directory import DirectoryView
from config.profile import Profile
from config.settings import Settings
from config.target import Target
from flows.attachments import AttachmentFile
from flows.ledger import Known
from flows.xml_document import XmlDocument
from transforms.enrichment import EnrichmentTable
from transforms.grouping import InvoiceRows
from transforms.outcome import BuiltFlow, InvoiceOutcome

#: Rule of a finding that stands for a defect of ours.
INTERNAL_RULE = "XT-INTERNAL-01"


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What every chunk of a run shares. ``digest`` names it, so that a process builds it once."""

    digest: str
    run_id: str
    settings: Settings
    profile: Profile
    company: Company | None
    target: Target
    run_date: date
    outbox: Path
    """Folder of this run below the outbox."""
    stylesheet: bytes | None = None
    tables: tuple[EnrichmentTable, ...] = ()
    """What accountants keep beside the company file."""


@dataclass(frozen=True, slots=True)
class ChunkItem:
    """One invoice to do: its rows, its attachments, and what the ledger knows of its number.

    ``rows`` is the file itself where the ERP writes XML, ``size`` then the bytes of that.
    """

    position: int
    rows: InvoiceRows | XmlDocument
    number: str | None = None
    files: tuple[AttachmentFile, ...] = ()
    missing: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    nights_waited: int = 0
    excluded_by: str | None = None
    known: tuple[Known, ...] = ()
    buyer: str | None = None
    service: str | None = None
    """Recipient and service code, which the directory is asked for."""
    size: int = 0

    @property
    def weight(self) -> int:
        """Return the bytes that come from outside: attachments, or the XML with its own."""
        return self.size + sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk: its invoices in order and the sequence numbers it may use."""

    rank: int
    items: tuple[ChunkItem, ...]
    sequences: range
    directory: DirectoryView | None = None
    """What the directory says of the recipients of the chunk; None: no directory."""


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What became of a chunk."""

    outcomes: tuple[InvoiceOutcome, ...]
    flows: tuple[BuiltFlow, ...]
