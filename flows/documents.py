"""Read documents (SAP IDocs, EDIFACT interchanges) into invoices.

Each document is an invoice. One document is held at a time, whatever the size of the file. A file
that breaks gives the invoices that stand before the break; the break is an orphan finding.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from config.layouts import edifact_layout, idoc_layout
from config.profile import Profile
from flows.extract_sets import ExtractFile, WrongProfileError
from transforms.document_rows import Document, DocumentRows
from transforms.edifact import edifact_documents, is_edifact
from transforms.finding import Finding, Location, Severity
from transforms.grouping import InvoiceRows
from transforms.idoc import idoc_form, xml_documents
from transforms.idoc_flat import flat_documents
from transforms.segments import Path

_HEAD = 4096
_NAMES = {"idoc": "an SAP IDoc, as XML or flat", "edifact": "an EDIFACT interchange"}


class DocumentReading:
    """The invoices of some files of documents, in the order of the files; iterate once.

    Attributes:
        rows_read: documents seen so far, those that are no invoice included.
        rows_by_file: the same per file name.
        orphan_findings: what is wrong beside the invoices, filled while iterating.
        warnings: what is worth telling about the files themselves, complete after the iteration.

    Raises:
        WrongProfileError: on creation, when a file is not of the profile's format.
    """

    def __init__(self, files: Sequence[ExtractFile], profile: Profile) -> None:
        self._files = tuple(files)
        self._profile = profile
        self.rows_read = 0
        self.rows_by_file: dict[str, int] = {file.name: 0 for file in files}
        self.orphan_findings: list[Finding] = []
        self.warnings: list[Finding] = []
        faults = [fault for file in self._files for fault in self._check(file)]
        if faults:
            message = f"The profile {profile.profile} does not fit: {'; '.join(faults)}."
            step = "Check source.profile in the settings, or what was dropped in the folder."
            raise WrongProfileError(message, next_step=step)

    def __iter__(self) -> Iterator[InvoiceRows]:
        """Yield each invoice with its rows: one of the header, one for each line."""
        for file in self._files:
            with file.open() as stream:
                if stream.read(_HEAD).strip():
                    stream.seek(0)
                    yield from self._invoices(file, stream)

    def _check(self, file: ExtractFile) -> Iterator[str]:
        with file.open() as stream:
            head = stream.read(_HEAD)
        kind = self._profile.format.kind
        if not head.strip():
            self.warnings.append(Finding("XT-EMPTY-01", Severity.WARNING, Location(file.name)))
        elif head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            yield f"{file.name} is UTF-32 text; have it written as UTF-8"
        elif not (is_edifact(head) if kind == "edifact" else idoc_form(head)):
            yield f"{file.name} is not {_NAMES[kind]}"

    def _invoices(self, file: ExtractFile, stream: BinaryIO) -> Iterator[InvoiceRows]:
        rows = DocumentRows(self._profile, file.name, file.sha256)
        for found in self._documents(file, stream):
            if isinstance(found, Finding):
                told = self.orphan_findings if found.severity.blocks else self.warnings
                told.append(found)
                if found.rule != "XT-OTHER-01":
                    continue
            self.rows_read += 1
            self.rows_by_file[file.name] += 1
            if isinstance(found, Document):
                yield rows.rows(found)
        self.warnings.extend(
            Finding("XT-SEGMENT-01", Severity.WARNING, Location(file.name, line, name))
            for name, line in rows.unused.items()
        )
        if rows.seen:
            self.warnings.extend(self._never_there(file, rows))

    def _documents(self, file: ExtractFile, stream: BinaryIO) -> Iterator[Document | Finding]:
        layout = self._profile.format
        if layout.kind == "edifact":
            return edifact_documents(stream, file=file.name, layout=layout)
        form = idoc_form(stream.read(_HEAD))
        stream.seek(0)
        read = xml_documents if form == "xml" else flat_documents
        return read(stream, file=file.name, layout=layout)

    def _never_there(self, file: ExtractFile, rows: DocumentRows) -> Iterator[Finding]:
        """Yield a warning for each path whose field no table and no document of the file knows."""
        for path in rows.paths:
            segment = path.steps[-1].name
            if (segment, path.field) not in rows.seen and not self._is_known(path):
                place = Location(file.name, None, path.text)
                yield Finding("XT-PATH-01", Severity.WARNING, place)

    def _is_known(self, path: Path) -> bool:
        segment = path.steps[-1].name
        if self._profile.format.kind == "edifact":
            # Its fields were checked with the profile.
            return segment in edifact_layout().segments
        return idoc_layout().knows(segment, path.field)
