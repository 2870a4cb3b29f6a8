"""EDIFACT interchanges as documents: each message INVOIC is an invoice.

Segments are cut here, so that a large file is read piece by piece and a damaged one gives what
stands before the damage; ``pydifact`` takes each of them apart. The place of a segment is its rank
in the file, which is its line where each segment has one: many interchanges are a single line.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from pydifact.control.characters import Characters
from pydifact.exceptions import EDISyntaxError
from pydifact.parser import Parser
from pydifact.tokenizer import Tokenizer

from config.profile import Format
from transforms.document_rows import Document
from transforms.edifact_tree import Elements, MessageTree, named_segments
from transforms.finding import Finding, Location, Severity
from transforms.segments import Segment
from transforms.text_faults import KEEP_BYTES, settled_encoding

#: Characters of one segment: no element of an invoice is longer than some thousands.
LONGEST_SEGMENT = 1 << 20
#: Segments of one message; an invoice of 30,000 lines has about 250,000.
MOST_SEGMENTS = 400_000
_CHUNK = 1 << 16
_BLANK = " \t\r\n\0\x1a\ufeff"
_BLANKS = re.compile(f"[{_BLANK}]*")
#: The separators of an interchange that does not say its own.
_USUAL = "UNA:+.? '"
#: Characters of a service string advice (UNA).
_ADVICE = 9
#: Stands for a release character where the interchange has none.
_NONE = "\uffff"

#: ISO 9735: syntax identifiers and their character sets. A and B are parts of ASCII.
_CHARSETS = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOW": "utf-8",
    "UNOY": "utf-8",
}


def is_edifact(head: bytes) -> bool:
    """Whether a file that begins with ``head`` may be an interchange, in whatever encoding."""
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return text.startswith((b"UNA", b"UNB"))


def edifact_documents(
    stream: BinaryIO, *, file: str, layout: Format
) -> Iterator[Document | Finding]:
    """Yield the invoices of a file, and what is wrong with the file itself.

    A message without its end, or whose count of segments is wrong, is a finding of its invoice
    (XT-CUT-01, XT-COUNT-01); an interchange without its end or with another number of messages is
    one of the file (XT-CUT-02, XT-COUNT-02), as are messages of other kinds (XT-OTHER-01).
    """
    declared = _declared(stream)
    encoding = settled_encoding(stream, layout, _CHARSETS.get(declared, ""))
    expected = _CHARSETS.get(declared, encoding)
    if layout.encoding == "auto" and encoding.removesuffix("-sig") != expected:
        params = {"declared": declared, "encoding": encoding}
        yield Finding("XT-CHARSET-01", Severity.WARNING, Location(file, 1), params=params)
    text = io.TextIOWrapper(stream, encoding, errors=KEEP_BYTES, newline="")
    try:
        yield from _Interchanges(text, file).read()
    finally:
        text.detach()


def _declared(stream: BinaryIO) -> str:
    """Return the syntax identifier (S001.0001) of the first interchange of a file."""
    start = stream.tell()
    head = stream.read(4096).replace(b"\0", b"")
    stream.seek(start)
    found = re.search(rb"UNB[^A-Z]{1,3}(UNO[A-Z])", head)
    return found[1].decode() if found else ""


class _Cutter:
    """Cuts a text into segments, and knows the separators in force."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._buffer = ""
        self._at = 0
        self.rank = 0
        self.characters = Characters.from_str(_USUAL)
        self._set(_USUAL)
        self._wrapped = False
        self._more()
        self._unwrap()

    def _set(self, advice: str) -> None:
        self.characters = Characters.from_str(advice)
        release, end = advice[6], advice[8]
        if release == " ":
            release = self.characters.escape_character = _NONE
        release, end = re.escape(release), re.escape(end)
        self._whole = re.compile(f"(?:[^{release}{end}]++|{release}.)*+{end}", re.DOTALL)

    def _more(self) -> bool:
        chunk = self._text.read(_CHUNK)
        while self._wrapped and chunk and not (joined := _joined(chunk)):
            chunk = self._text.read(_CHUNK)
        self._buffer = self._buffer[self._at :] + (joined if self._wrapped and chunk else chunk)
        self._at = 0
        return bool(chunk)

    def _unwrap(self) -> None:
        """Join lines of one length: mainframes cut interchanges like that, wherever it falls."""
        # Neither the last line, which may be short, nor what stands of the next one.
        lines = self._buffer[:4096].split("\n")[:-2]
        lengths = {len(line.rstrip("\r")) for line in lines}
        if len(lines) > 2 and len(lengths) == 1 and min(lengths) >= 64:
            self._wrapped = True
            self._buffer = _joined(self._buffer)

    def next(self) -> str | None:
        """Return the next segment with its terminator; what is left without one; None at the end.

        Raises:
            OverflowError: the segment has no end in sight.
        """
        self._skip_blank()
        if self._buffer.startswith("UNA", self._at):
            self._advice()
        while (found := self._whole.match(self._buffer, self._at)) is None:
            if len(self._buffer) - self._at > LONGEST_SEGMENT:
                raise OverflowError
            if not self._more():
                rest = self._buffer[self._at :].strip(_BLANK)
                self._at = len(self._buffer)
                self.rank += bool(rest)
                return rest or None
        self._at = found.end()
        self.rank += 1
        return found.group()

    def skip(self, characters: int) -> None:
        """Pass over an object that stands between two segments."""
        while len(self._buffer) - self._at < characters and self._more():
            pass
        self._at = min(len(self._buffer), self._at + characters)

    def _skip_blank(self) -> None:
        """Go to the next segment, and have enough of it to know a service string advice."""
        while True:
            blank = _BLANKS.match(self._buffer, self._at)
            self._at = blank.end() if blank else self._at
            if len(self._buffer) - self._at > _ADVICE or not self._more():
                return

    def _advice(self) -> None:
        advice = self._buffer[self._at : self._at + _ADVICE]
        if len(advice) < _ADVICE or len(set(advice[3:5] + advice[6] + advice[8])) < 4:
            return
        self._set(advice)
        self._at += _ADVICE
        # A line of its own counts as one, so that places are the lines an editor shows.
        self.rank += self._buffer[self._at : self._at + 1] in ("\r", "\n")
        self._skip_blank()


def _joined(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")


class _Interchanges:
    def __init__(self, text: io.TextIOWrapper, file: str) -> None:
        self._file = file
        self._cutter = _Cutter(text)
        self._parser = Parser()
        self._header: Segment | None = None
        self._messages = 0
        self._tree: MessageTree | None = None
        self._document: Document | None = None
        self._count = 0
        self._rank = 0
        self._foreign = False
        self._stray = False

    def read(self) -> Iterator[Document | Finding]:
        while True:
            try:
                raw = self._cutter.next()
            except OverflowError:
                yield from self._cut("UNT")
                yield self._finding("XT-SIZE-01", limit=f"{LONGEST_SEGMENT:,}")
                return
            if raw is None:
                break
            end = self._cutter.characters.segment_terminator
            if not raw.endswith(end):
                yield from self._cut("UNT")
                yield self._finding("XT-CUT-02", raw[:40], missing=end)
                return
            yield from self._take(raw)
        yield from self._cut("UNT")
        if self._header is not None:
            yield self._finding("XT-CUT-02", missing="UNZ")
        elif not self._rank and not self._stray:
            yield self._finding("XT-NONE-01")

    def _take(self, raw: str) -> Iterator[Document | Finding]:
        try:
            tag, elements = self._apart(raw)
        except EDISyntaxError:
            yield from self._unreadable(raw)
            return
        line = self._cutter.rank
        if tag in ("UNB", "UNZ", "UNH"):
            yield from self._cut("UNT")
            self._foreign = False
        if tag == "UNB":
            if self._header is not None:
                yield self._finding("XT-CUT-02", missing="UNZ")
            self._header = next(named_segments(tag, elements, line))
            self._messages = 0
        elif tag == "UNZ":
            yield from self._end_of_interchange(elements)
        elif tag == "UNH":
            yield from self._begin(elements, line)
        elif self._document is not None:
            if tag == "UNT":
                yield self._end_of_message(elements)
            else:
                self._add(tag, elements, line)
        elif self._foreign:
            self._foreign = tag != "UNT"
        elif tag == "UNO":
            yield from self._object(elements)
        elif tag not in ("UNG", "UNE", "UNP"):
            yield from self._outside(tag)

    def _apart(self, raw: str) -> tuple[str, Elements]:
        """Return the tag and the elements of a segment.

        Raises:
            EDISyntaxError: it is empty, or a line break follows the release character.
        """
        tokens = Tokenizer().get_tokens(raw, self._cutter.characters)
        found = next(self._parser.convert_tokens_to_raw_segments(tokens), None)
        if not found:
            msg = "empty segment"
            raise EDISyntaxError(msg)
        parts = [[part] if isinstance(part, str) else list(part) for part in found]
        return (parts[0] or [""])[0].strip(), parts[1:]

    # -- messages ------------------------------------------------------------------------------

    def _begin(self, elements: Elements, line: int) -> Iterator[Finding]:
        self._messages += 1
        if self._header is None:
            yield from self._outside("UNH")
        root = next(named_segments("UNH", elements, line))
        kind = root.fields.get("0065", "")
        self._foreign = kind != "INVOIC"
        if self._foreign:
            yield self._finding("XT-OTHER-01", kind, document=root.fields.get("0062", ""))
            return
        self._rank += 1
        self._count = 1
        self._document = Document(root, self._rank)
        self._tree = MessageTree(root)
        if self._header is not None:
            root.children.append(self._header)

    def _add(self, tag: str, elements: Elements, line: int) -> None:
        assert self._tree is not None
        self._count += 1
        if self._count > MOST_SEGMENTS:
            self._tell("XT-SIZE-01", limit=f"{MOST_SEGMENTS:,}")
            return
        for segment in named_segments(tag, elements, line):
            self._tree.add(segment)

    def _end_of_message(self, elements: Elements) -> Document:
        document = self._document
        assert document is not None
        self._count += 1
        trailer = next(named_segments("UNT", elements, self._cutter.rank)).fields
        announced, reference = trailer.get("0074", ""), trailer.get("0062", "")
        own = document.root.fields.get("0062", "")
        if announced.strip().lstrip("0") != str(self._count):
            self._tell("XT-COUNT-01", announced, count=str(self._count))
        elif reference.strip() != own.strip():
            self._tell("XT-COUNT-03", reference, document=own)
        self._document = self._tree = None
        return document

    def _cut(self, missing: str) -> Iterator[Document]:
        """Yield the message that is open, which lacks its end."""
        if self._document is not None:
            self._tell("XT-CUT-01", missing=missing)
            yield self._document
        self._document = self._tree = None

    def _unreadable(self, raw: str) -> Iterator[Finding]:
        if self._document is not None:
            self._count += 1
            self._tell("XT-SEGMENT-02", raw[:40])
        else:
            yield self._finding("XT-SEGMENT-02", raw[:40])

    # -- interchanges --------------------------------------------------------------------------

    def _outside(self, tag: str) -> Iterator[Finding]:
        """Tell, once, of a segment that stands outside any message or interchange."""
        if not self._stray:
            self._stray = True
            yield self._finding("XT-STRAY-01", tag)

    def _end_of_interchange(self, elements: Elements) -> Iterator[Finding]:
        if self._header is None:
            yield from self._outside("UNZ")
            return
        announced = elements[0][0].strip() if elements and elements[0] else ""
        if announced.lstrip("0") != (str(self._messages) if self._messages else ""):
            yield self._finding("XT-COUNT-02", announced, count=str(self._messages))
        self._header = None

    def _object(self, elements: Elements) -> Iterator[Finding]:
        """Tell of an object (an attachment), and pass over it: its bytes are no segments."""
        yield self._finding("XT-OBJECT-01", elements[1][-1] if len(elements) > 1 else None)
        length = elements[3][0] if len(elements) > 3 and elements[3] else ""
        if length.isascii() and length.isdecimal() and len(length) < 12:
            self._cutter.skip(int(length))

    def _tell(self, rule: str, value: str | None = None, **params: str) -> None:
        assert self._document is not None
        if all(finding.rule != rule for finding in self._document.findings):
            self._document.findings.append(self._finding(rule, value, **params))

    def _finding(self, rule: str, value: str | None = None, **params: str) -> Finding:
        severity = Severity.WARNING if rule == "XT-OBJECT-01" else Severity.ERROR
        return Finding(
            rule, severity, Location(self._file, self._cutter.rank), value=value, params=params
        )
