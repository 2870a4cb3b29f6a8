"""SAP IDocs of type INVOIC as documents: the XML form; the flat one is ``transforms.idoc_flat``.

The root is whatever the ERP calls it (``INVOIC02``, the name of an extension): an ``IDOC`` element
is a document, and what stands in it is known by its shape. A file is read piece by piece; only one
document is held at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Literal

from lxml import etree

from config.profile import Format
from transforms.document_rows import Document
from transforms.finding import Finding, Location, Severity
from transforms.segments import Segment, numbered

#: Elements of one document; an invoice of 30,000 lines has about 750,000.
MOST_ELEMENTS = 1_000_000
CONTROL = "EDI_DC40"
_CHUNK = 1 << 16
#: Encodings of a profile as an XML parser calls them; ``auto``: what the file declares.
_XML_NAMES = {
    "utf-8": "UTF-8",
    "cp1252": "windows-1252",
    "latin-1": "ISO-8859-1",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
}


def idoc_form(head: bytes) -> Literal["xml", "flat"] | None:
    """Return the form of an IDoc file from its first bytes, in whatever encoding; None: neither."""
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if text.startswith(b"<"):
        return "xml"
    return "flat" if text.startswith(CONTROL.encode()) else None


def is_invoice(root: Segment) -> bool:
    """Whether the control record of a document says that it is an invoice, or says nothing."""
    control = next((child for child in root.children if child.name == CONTROL), None)
    if control is None:
        return True
    told = [control.fields.get(name, "").strip() for name in ("MESTYP", "IDOCTYP")]
    return not any(told) or any(name.startswith("INVOIC") for name in told)


def no_invoice(root: Segment, file: str) -> Finding:
    """Return XT-OTHER-01 for a document that is no invoice."""
    control = next(child for child in root.children if child.name == CONTROL)
    told = control.fields.get("MESTYP", "").strip() or control.fields.get("IDOCTYP", "").strip()
    number = control.fields.get("DOCNUM", "").strip()
    place = Location(file, root.line)
    return Finding(
        "XT-OTHER-01", Severity.ERROR, place, value=told or None, params={"document": number}
    )


def xml_documents(stream: BinaryIO, *, file: str, layout: Format) -> Iterator[Document | Finding]:
    """Yield the documents of an XML file, and what is wrong with the file itself.

    A file that breaks gives the documents before the break, then the finding: XT-XML-01 (no
    well-formed XML), XT-XML-02 (it declares entities), XT-SIZE-01 (a document too large).
    """
    encoding = _XML_NAMES.get(layout.encoding)
    parser = etree.XMLPullParser(
        events=("start", "end"),
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    reader = _XmlReader(file)
    while not reader.stopped:
        chunk = stream.read(_CHUNK)
        problem = None
        try:
            if chunk:
                parser.feed(chunk)
            else:
                parser.close()
        except etree.XMLSyntaxError as error:
            problem = error
        yield from reader.take(parser.read_events())
        if problem is not None and not reader.stopped:
            line = problem.lineno or reader.line
            params = {"reason": problem.msg or "", "read": str(reader.documents)}
            yield Finding("XT-XML-01", Severity.ERROR, Location(file, line), params=params)
            return
        if not chunk:
            break
    if not reader.stopped and not reader.documents:
        yield Finding("XT-NONE-01", Severity.ERROR, Location(file))


class _XmlReader:
    """Builds documents from the events of a parser.

    Attributes:
        documents: how many were met.
        line: the last line seen.
        stopped: whether nothing of the file is read any more.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        #: Segments that are open, each with its fields and how often each name came.
        self._open: list[tuple[Segment, dict[str, str], Counter[str]]] = []
        self._elements = 0
        self._last_line = 0
        self._begun = False
        self.documents = 0
        self.line = 0
        self.stopped = False

    def take(self, events: Iterable[tuple[str, Any]]) -> Iterator[Document | Finding]:
        for event, element in events:
            if self.stopped:
                return
            if event == "start":
                yield from self._start(element)
            elif self._open:
                yield from self._end(element)
            else:
                _forget(element)

    def _start(self, element: etree._Element) -> Iterator[Finding]:
        self.line = _line_of(element, self.line)
        if not self._begun:
            self._begun = True
            if element.getroottree().docinfo.internalDTD is not None:
                self.stopped = True
                yield Finding("XT-XML-02", Severity.ERROR, Location(self._file))
                return
        # Not by QName, which refuses what the parser lets through: a prefix that nobody declared.
        name = str(element.tag).rpartition("}")[2]
        if not self._open and name != "IDOC":
            return
        if not self._open:
            self.documents += 1
            self._elements = 0
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            self.stopped = True
            place = Location(self._file, self._open[0][0].line)
            yield Finding(
                "XT-SIZE-01", Severity.ERROR, place, params={"limit": f"{MOST_ELEMENTS:,}"}
            )
            return
        fields: dict[str, str] = {}
        self._open.append((Segment(name, fields, self.line), fields, Counter()))

    def _end(self, element: etree._Element) -> Iterator[Document | Finding]:
        segment, fields, _ = self._open.pop()
        if not self._open:
            _forget(element)
            yield self._document(segment)
            return
        above, above_fields, times = self._open[-1]
        if fields or segment.children or element.get("SEGMENT") is not None:
            above.children.append(segment)
            _forget(element)
            return
        # What is called as the repeated one would be (A_2 beside A) keeps its place.
        times[segment.name] += 1
        while numbered(segment.name, times[segment.name]) in above_fields:
            times[segment.name] += 1
        above_fields[numbered(segment.name, times[segment.name])] = element.text or ""

    def _document(self, root: Segment) -> Document | Finding:
        # Two documents never begin in the same place, for an invoice is known by it: in a file
        # that is one line, the place is the rank of the document.
        first = max(root.line, self._last_line + 1)
        if first != root.line:
            for segment in root.walk():
                segment.line = max(segment.line, first)
        self._last_line = first
        if not is_invoice(root):
            return no_invoice(root, self._file)
        return Document(root, self.documents)


def _line_of(element: Any, otherwise: int) -> int:
    line = element.sourceline
    return line if isinstance(line, int) else otherwise


def _forget(element: etree._Element) -> None:
    """Let go of an element that has ended and of those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)
