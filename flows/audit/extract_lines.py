"""The lines of an extract that speak of one invoice, byte for byte, for an auditor."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Lines before the first invoice that are taken for the header.
_LONGEST_HEAD = 20
#: A record whose quote is open goes on over at most so many lines.
_LONGEST_RECORD = 50
#: A number that is shorter stands in too many cells to be looked for as text.
_SHORTEST_NUMBER = 5
_WORKBOOK = b"PK\x03\x04"
_UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True, slots=True)
class Cut:
    """Lines cut out of an extract.

    Attributes:
        content: the lines as the file has them; of UTF-16, in UTF-8.
        lines: their numbers, from 1.
        note: what the reader must know (in French); empty when there is nothing.
    """

    content: bytes
    lines: tuple[int, ...]
    note: str = ""


def cut_span(
    path: Path, *, first: int, last: int, head: int, number: str, shared: bool
) -> Cut | None:
    """Return the lines of an invoice with the header line; None: the file is no text.

    Args:
        path: the extract.
        first, last: lines on which the first and the last row of the invoice begin.
        head: lines before the first invoice of the file.
        number: of the invoice.
        shared: whether rows of other invoices stand between its own.

    Raises:
        OSError: the file cannot be read.
    """
    if is_workbook(path):
        return None
    taken: list[str] = []
    lines: list[int] = []
    quotes = 0
    named = _naming(number)
    for place, text in _lines(path):
        heading = place <= min(head, _LONGEST_HEAD)
        inside = first <= place <= last and (not shared or named is None or named.search(text))
        beyond = last < place <= last + _LONGEST_RECORD and quotes % 2 == 1 and not shared
        if heading or inside or beyond:
            taken.append(text)
            lines.append(place)
        if inside or beyond:
            quotes += text.count('"')
        if place > last and not beyond:
            break
    note = ""
    if shared:
        note = (
            "Des lignes d'autres factures se trouvent entre celles-ci : seules celles qui citent "
            "le numéro ont été reprises."
        )
    return Cut(_bytes(path, taken), tuple(lines), note)


def cut_naming(path: Path, number: str) -> Cut | None:
    """Return the lines of a file that name an invoice, its first line before them.

    None: the file is no text, the number is too short to be looked for, or no line names it.

    Raises:
        OSError: the file cannot be read.
    """
    named = _naming(number)
    if named is None or len(number) < _SHORTEST_NUMBER or is_workbook(path):
        return None
    found = [(place, text) for place, text in _lines(path) if place == 1 or named.search(text)]
    if not any(named.search(text) for _, text in found):
        return None
    note = "Lignes d'un autre extrait du même traitement qui citent le numéro de la facture."
    return Cut(_bytes(path, [t for _, t in found]), tuple(place for place, _ in found), note)


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook (XLSX is a ZIP archive).

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        return stream.read(len(_WORKBOOK)) == _WORKBOOK


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the physical lines (LF, CR LF or CR), each byte as one character."""
    with path.open("rb") as stream, io.TextIOWrapper(stream, _codec(path), newline="") as text:
        yield from enumerate(text, start=1)


def _bytes(path: Path, lines: list[str]) -> bytes:
    codec = _codec(path)
    return "".join(lines).encode("utf-8" if codec == "utf-16" else codec)


def _codec(path: Path) -> str:
    with path.open("rb") as stream:
        return _UTF_16.get(stream.read(2), "latin-1")


def _naming(number: str) -> re.Pattern[str] | None:
    if not number:
        return None
    # The lines are read byte by byte: so must the number be.
    wanted = re.escape(number.encode("utf-8").decode("latin-1"))
    return re.compile(rf"(?<![0-9A-Za-z]){wanted}(?![0-9A-Za-z])")
