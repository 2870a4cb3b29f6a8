"""Broken IDocs and interchanges, and what may become of their invoices.

An invoice that differs without a finding may only say what its own document now says: the same
kinds of segments in the same order, the same totals, and every new value written in it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

from tests.support.documents import EANCOM, idoc_flat, idoc_invoice, idoc_xml, interchange, message
from tests.support.extract_engine import Engine, Result
from tests.support.extract_oracle import leaves
from tests.support.firm import COMPANY
from transforms.invoice import Invoice

#: The code of the tax in the sample IDoc.
FIRM = COMPANY.replace("vat_codes:", "vat_codes:\n  A2: {category: S, rate: 20}")
#: What company file and profile give where a document says nothing any more.
_GIVEN = f"{FIRM} C62 380 EUR FR A1"


@dataclass(frozen=True)
class DocumentBase:
    """A file of documents, and how a naive reader finds the kinds of its segments."""

    name: str
    profile: str
    file: str
    data: bytes
    encoding: str
    segment: str
    """Pattern of the beginning of a segment; its first group is the kind."""


def document_bases() -> tuple[DocumentBase, ...]:
    """Return files of three documents each."""
    messages = [
        message([part.replace("F-2026-1", f"F-2026-{n}") for part in EANCOM], str(n))
        for n in range(1, 4)
    ]
    idocs = [idoc_invoice(f"009000000{n}", docnum=f"000000000000000{n}") for n in range(1, 4)]
    edifact = "edifact_invoic"
    idoc = "sap_invoic02"
    wrapped = interchange(*messages, end="\r\n")
    return (
        DocumentBase("one line", edifact, "a.edi", interchange(*messages), "cp1252", r"'(\w{3})\b"),
        DocumentBase("lines", edifact, "b.edi", wrapped, "cp1252", r"'\s*(\w{3})\b"),
        DocumentBase("idoc xml", idoc, "a.xml", idoc_xml(*idocs), "utf-8", r"<(/?\w+)"),
        DocumentBase("idoc flat", idoc, "a.txt", idoc_flat(*idocs), "cp1252", r"(?m)^(\w+)"),
    )


class DocumentOracle:
    """Judges what a file of documents became."""

    def __init__(self, base: DocumentBase, engine: Engine) -> None:
        self._base = base
        self._engine = engine
        self.original = engine.run({base.file: base.data})
        assert len(self.original.ready) == 3, self.original
        assert self.original.rules == set(), self.original.rules
        self._kinds = self._segments(base.data)

    def faults(self, data: bytes) -> tuple[Result, list[str]]:
        """Return what became of ``data``, and what is wrong with that."""
        result = self._engine.run({self._base.file: data})
        if result.refused:
            return result, [] if len(result.refused) > 20 else [result.refused]
        return result, list(self._faults(result, data))

    def _faults(self, result: Result, data: bytes) -> Iterator[str]:
        for key, findings in result.held.items():
            if not any(finding.blocks for finding in findings):
                yield f"{key}: held back without a finding"
            if any(finding.rule == "XT-INTERNAL-01" for finding in findings):
                yield f"{key}: {findings[-1].value} {findings[-1].params}"
        told = bool(result.orphans or result.held or result.excluded)
        gone = self.original.ready.keys() - result.ready.keys()
        if gone and not told and not self._renumbered(result, gone, data):
            yield f"{sorted(gone)}: gone without a word"
        for key, several in result.ready.items():
            invoice, findings = several[0]
            if len(several) == 1 and not findings and not result.orphans:
                yield from self._different(key, invoice, data)

    def _renumbered(self, result: Result, gone: set[str], data: bytes) -> bool:
        """Whether the documents have other numbers now, and are all there."""
        new = result.ready.keys() - self.original.ready.keys()
        text = data.decode(self._base.encoding, "replace")
        return len(new) == len(gone) and all(key.partition(" ")[0] in text for key in new)

    def _different(self, key: str, invoice: Invoice, data: bytes) -> Iterator[str]:
        known = self.original.ready.get(key) or next(iter(self.original.ready.values()))
        original = known[0][0]
        had, have = leaves(original), leaves(invoice)
        new = have - had
        if not new and not had - have:
            return
        paths = sorted({path for path, _ in new + (had - have)})
        if original.totals != invoice.totals or len(original.lines) != len(invoice.lines):
            yield f"{key}: totals or lines differ: {paths[:6]}"
        elif self._segments(data) != self._kinds:
            if not self._only_lost(paths):
                yield f"{key}: segments came or went: {paths[:6]}"
        else:
            text = data.decode(self._base.encoding, "replace")
            strange = [(path, value) for path, value in new if not _written(value, text + _GIVEN)]
            if strange:
                yield f"{key}: nobody wrote {strange[:3]}"

    @staticmethod
    def _only_lost(paths: list[str]) -> bool:
        """Whether only texts and references differ: a segment of them became another one."""
        return not any(
            path.endswith((".net", "].quantity", "_rate", "_category")) for path in paths
        )

    def _segments(self, data: bytes) -> list[str]:
        return re.findall(self._base.segment, data.decode(self._base.encoding, "replace"))


def _written(value: Any, text: str) -> bool:
    squeezed = re.sub(r"[\s?]|<[^>]*>", "", unescape(text))
    if isinstance(value, date):
        return value.strftime("%Y%m%d") in text or value.isoformat() in text
    if isinstance(value, Decimal):
        return f"{value.normalize():f}".partition(".")[0] in text
    words = re.split(r"\s+", str(value).replace("?", ""))
    return all(word in squeezed for word in words)


def document_mutations(base: DocumentBase, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield broken files with the way they are broken, the same ones every time."""
    for number in range(count):
        rng = random.Random(f"{base.name} {number}")
        way = _WAYS[number % len(_WAYS)]
        yield f"{number} {way.__name__}", way(rng, base.data, base)


Way = Callable[[random.Random, bytes, DocumentBase], bytes]


def _flip(rng: random.Random, data: bytes, _: DocumentBase) -> bytes:
    broken = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 3))):
        broken[rng.randrange(len(broken))] = rng.randrange(256)
    return bytes(broken)


def _bit(rng: random.Random, data: bytes, _: DocumentBase) -> bytes:
    broken = bytearray(data)
    broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
    return bytes(broken)


def _insert(rng: random.Random, data: bytes, _: DocumentBase) -> bytes:
    at = rng.randrange(len(data))
    mark = rng.choice((b"'", b"+", b":", b"?", b"\n", b"\r\n", b"<", b"&", b" ", b"\0", b"9"))
    return data[:at] + mark + data[at:]


def _remove(rng: random.Random, data: bytes, _: DocumentBase) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice((1, 1, 2, 10, 200)) :]


def _cut(rng: random.Random, data: bytes, _: DocumentBase) -> bytes:
    return data[: rng.randrange(len(data))]


def _double(rng: random.Random, data: bytes, _: DocumentBase) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at : at + rng.choice((1, 5, 60, 600))] + data[at:]


def _drop_segment(rng: random.Random, data: bytes, base: DocumentBase) -> bytes:
    marks = _places(data, base)
    at = rng.randrange(len(marks) - 1)
    return data[: marks[at]] + data[marks[at + 1] :]


def _double_segment(rng: random.Random, data: bytes, base: DocumentBase) -> bytes:
    marks = _places(data, base)
    at = rng.randrange(len(marks) - 1)
    return data[: marks[at + 1]] + data[marks[at] :]


def _move_segment(rng: random.Random, data: bytes, base: DocumentBase) -> bytes:
    marks = _places(data, base)
    at, to = rng.randrange(len(marks) - 1), rng.choice(marks)
    piece = data[marks[at] : marks[at + 1]]
    rest = data[: marks[at]] + data[marks[at + 1] :]
    to = min(to, len(rest))
    return rest[:to] + piece + rest[to:]


def _places(data: bytes, base: DocumentBase) -> list[int]:
    found = re.finditer(base.segment, data.decode("latin-1"))
    return [match.start(1) - (base.segment.startswith("<")) for match in found]


_WAYS: tuple[Way, ...] = (
    _flip,
    _bit,
    _insert,
    _remove,
    _cut,
    _double,
    _drop_segment,
    _double_segment,
    _move_segment,
)
