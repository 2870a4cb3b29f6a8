"""A claimed file that is one invoice, on its way to a worker: where it is, not what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from transforms.finding import Finding
from transforms.grouping import RowBlock
from transforms.outcome import Span


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """An XML invoice that the ERP wrote; it stands where ``InvoiceRows`` stand for an extract.

    Attributes:
        path: where the claimed file is.
        name: name under which it arrived.
        sha256: hash it was claimed with.
    """

    path: Path
    name: str
    sha256: str

    @property
    def key(self) -> str:
        """Return nothing: no other file belongs to the same invoice."""
        return ""

    @property
    def span(self) -> Span:
        """Return the whole file; how many lines it has is known to who reads it."""
        return Span(file=self.name, file_sha256=self.sha256, first_line=1, last_line=1)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return nothing: the file is looked at by the worker."""
        return ()

    @property
    def blocks(self) -> tuple[RowBlock, ...]:
        """Return nothing: there are no rows."""
        return ()
