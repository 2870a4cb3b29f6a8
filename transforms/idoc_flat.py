"""SAP IDocs of type INVOIC as a flat file: one record per line, fields at fixed places.

The parent that a record names (PSGNUM) is zero in genuine files: a segment stands in the last one
before it that may hold it (``config/codes/idoc_invoic02.yaml``).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from config.layouts import idoc_layout
from config.profile import Format
from transforms.document_rows import Document
from transforms.finding import Finding, Location, Severity
from transforms.idoc import CONTROL, MOST_ELEMENTS, is_invoice, no_invoice
from transforms.segments import Segment
from transforms.text_faults import KEEP_BYTES, settled_encoding

#: Characters of a record; SAP's have 1063 at most.
LONGEST_RECORD = 8192
#: Records of one document; each has about ten fields.
MOST_RECORDS = MOST_ELEMENTS // 5
#: Field of a segment that no table describes: what stands in it.
RAW = "SDATA"
_SUMMARY = "E1EDS01"
_LINE = "E1EDP01"
_NAME = re.compile(r"[A-Z0-9_/]+")
_RELEASE = re.compile(r"(.+?)[0-9]{3}")
_DOCNUM = slice(33, 49)


def segment_name(name: str) -> str:
    """Return the name of a segment without the release that a flat file adds.

    ``E2EDK01005`` is E1EDK01. Names of customers (``Z2…``) are kept: their form is not known.
    """
    if not name.startswith("E2"):
        return name
    found = _RELEASE.fullmatch(name)
    return f"E1{(found[1] if found else name)[2:]}"


def flat_documents(stream: BinaryIO, *, file: str, layout: Format) -> Iterator[Document | Finding]:
    """Yield the documents of a flat file, and what is wrong with the file itself.

    A record that cannot be read is a finding of its document (XT-RECORD-01), one that belongs to
    another document too (XT-RECORD-02); a last document without totals is cut (XT-CUT-01).
    """
    encoding = settled_encoding(stream, layout)
    text = io.TextIOWrapper(stream, encoding, errors=KEEP_BYTES, newline="\n")
    try:
        yield from _FlatReader(file).read(text)
    finally:
        text.detach()


class _FlatReader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._document: Document | None = None
        self._open: list[Segment] = []
        self._number = ""
        self._records = 0
        self._rank = 0
        self._stray = False

    def read(self, text: io.TextIOWrapper) -> Iterator[Document | Finding]:
        line = 0
        ended = True
        while physical := text.readline(LONGEST_RECORD):
            line += 1
            ended = physical.endswith("\n")
            record = physical.rstrip("\r\n")
            if not ended and len(physical) >= LONGEST_RECORD:
                # Without line ends nothing tells where the next record begins.
                yield from self._close(last=True)
                params = {"limit": f"{LONGEST_RECORD:,}"}
                yield Finding("XT-SIZE-01", Severity.ERROR, self._place(line), params=params)
                return
            if not record.strip(" \0\x1a\ufeff"):
                continue
            yield from self._take(line, record.lstrip("\ufeff"))
        yield from self._close(last=True)
        if line and not ended:
            yield Finding("XT-END-01", Severity.WARNING, self._place(line))

    def _take(self, line: int, record: str) -> Iterator[Document | Finding]:
        if record[:10].rstrip() == CONTROL:
            yield from self._close(last=False)
            self._rank += 1
            root = Segment("IDOC", {}, line)
            control = Segment(CONTROL, _fields(CONTROL, record), line)
            root.children.append(control)
            self._document = Document(root, self._rank)
            self._open = [root]
            self._number = control.fields.get("DOCNUM", "")
            self._records = 0
            return
        if self._document is None:
            if not self._stray:
                self._stray = True
                value = record[:30].strip()
                yield Finding("XT-STRAY-01", Severity.ERROR, self._place(line), value=value)
            return
        self._records += 1
        name = record[:30].rstrip()
        if len(record) < idoc_layout().head or _NAME.fullmatch(name) is None:
            self._tell("XT-RECORD-01", line, name)
        elif self._number and record[_DOCNUM].strip() not in ("", self._number):
            self._tell("XT-RECORD-02", line, record[_DOCNUM].strip())
        elif self._records > MOST_RECORDS:
            self._tell("XT-SIZE-01", line, None)
        else:
            self._place_in(Segment(segment_name(name), {}, line), record)

    def _tell(self, rule: str, line: int, value: str | None) -> None:
        """Add a finding to the document, once per rule: one bad record may bring many."""
        assert self._document is not None
        findings = self._document.findings
        if all(finding.rule != rule for finding in findings):
            params = {"limit": f"{MOST_RECORDS:,}", "document": self._number}
            findings.append(
                Finding(rule, Severity.ERROR, self._place(line), value=value, params=params)
            )

    def _place_in(self, segment: Segment, record: str) -> None:
        segment.fields = _fields(segment.name, record)
        parent = _parent(segment.name)
        ranks = [rank for rank, above in enumerate(self._open) if above.name == parent]
        del self._open[ranks[-1] + 1 if ranks else 1 :]
        self._open[-1].children.append(segment)
        self._open.append(segment)

    def _close(self, *, last: bool) -> Iterator[Document | Finding]:
        document, self._document = self._document, None
        if document is None:
            return
        if not is_invoice(document.root):
            yield no_invoice(document.root, self._file)
            return
        if last and all(child.name != _SUMMARY for child in document.root.children):
            # Totals come last: without them nobody knows whether lines are missing.
            place = self._place(self._open[-1].line)
            document.findings.append(
                Finding("XT-CUT-01", Severity.ERROR, place, params={"missing": _SUMMARY})
            )
        yield document

    def _place(self, line: int) -> Location:
        return Location(self._file, line)


def _parent(name: str) -> str:
    """Return the segment in which one called ``name`` stands; empty: the document."""
    layout = idoc_layout()
    if name in layout.parents:
        return layout.parents[name]
    if name == _LINE:
        return ""
    for beginning, parent in layout.beginnings.items():
        if name.startswith(beginning):
            return parent
    # A segment of a customer, by its place: of the line that is open, if one is.
    return "" if name.startswith("E1") else _LINE


def _fields(name: str, record: str) -> dict[str, str]:
    """Return the fields of a record that are not blank; of an unknown segment, all it says."""
    layout = idoc_layout()
    ranges = layout.fields.get(name)
    if ranges is None:
        return {RAW: record[layout.head :].rstrip()}
    values = ((field, record[begin:end].rstrip()) for field, (begin, end) in ranges.items())
    return {field: value for field, value in values if value.strip()}
