"""Heading of a SAP list, and its bands: a physical line of a row, cut where its bars stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from transforms.column_names import ColumnNames
from transforms.sniffing import first_lines

#: Lines in which the heading is looked for: selection criteria may stand above it.
HEADING_LINES = 200

_RULER = re.compile(r"[-|+]*-{3}[-|+]*")
#: Fills the second place of a wide character; no text holds it (U+FDD0 is no character).
_FILLER = "\ufdd0"


def is_ruler(text: str) -> bool:
    """Whether a line is a ruler: dashes, from bar to bar or not."""
    return _RULER.fullmatch(text.strip()) is not None


@dataclass(frozen=True, slots=True)
class Band:
    """One line of the heading: where its bars stand, and the columns between them.

    Attributes:
        bars: places of the bars, in order.
        spans: where each cell begins and ends; the end of the last one is None when it is open.
        labels: names of the columns, one per span.
    """

    bars: tuple[int, ...]
    spans: tuple[tuple[int, int | None], ...]
    labels: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Whether the last cell has no closing bar, as when the page ends there."""
        return bool(self.spans) and self.spans[-1][1] is None

    def fitted(self, text: str) -> str | None:
        """Return ``text`` so that its bars stand as in the heading, or None when they do not.

        Some systems fill a cell up by the places on the screen, where a Chinese character takes
        two: it is then followed by a filler, which :meth:`cell` drops.
        """
        if self._fits(text):
            return None if _FILLER in text else text
        if not text.isascii():
            widened = "".join(
                letter + _FILLER if unicodedata.east_asian_width(letter) in "FW" else letter
                for letter in text
            )
            if len(widened) > len(text) and self._fits(widened):
                return widened
        return None

    def cell(self, text: str, span: int) -> str:
        """Return a cell of a line that :meth:`fitted`, without the blanks that fill it up."""
        begin, end = self.spans[span]
        return text[begin:end].strip(" ").replace(_FILLER, "")

    def exceeded_by(self, text: str) -> bool:
        """Whether ``text`` goes on beyond the last bar of a closed band."""
        return not self.open and bool(text[self.bars[-1] + 1 :].strip())

    def leading_cells(self, text: str) -> tuple[str, ...]:
        """Return the first cells of a line, as long as the bars around them stand right."""
        found: list[str] = []
        for begin, end in self.spans:
            if begin and text[begin - 1 : begin] != "|":
                break
            if end is None or text[end : end + 1] != "|":
                break
            found.append(text[begin:end].strip(" "))
        return tuple(found)

    def _fits(self, text: str) -> bool:
        if len(text) <= self.bars[-1] or self.exceeded_by(text):
            return False
        if self.open and text.rstrip().endswith("|") and text.rstrip()[self.bars[-1] + 1 :]:
            return False  # a closing bar that the heading lacks, or has lost
        if self.spans[0][0] and text[: self.bars[0]].strip():
            return False
        return all(text[bar] == "|" for bar in self.bars)


def bands_of(heading: Sequence[str]) -> tuple[Band, ...]:
    """Return the bands of a heading; none at all when a line of it has no cells."""
    bands = []
    for text in heading:
        bars = tuple(place for place, letter in enumerate(text) if letter == "|")
        if not bars:
            return ()
        spans: list[tuple[int, int | None]] = [
            (begin + 1, end) for begin, end in pairwise(bars) if end > begin + 1
        ]
        if text[: bars[0]].strip():
            spans.insert(0, (0, bars[0]))
        if text[bars[-1] + 1 :].strip():
            spans.append((bars[-1] + 1, None))
        if not spans:
            return ()
        labels = tuple(text[begin:end].strip() for begin, end in spans)
        bands.append(Band(bars, tuple(spans), labels))
    return tuple(bands)


def told_apart(bands: Sequence[Band]) -> bool:
    """Whether the first line of a row can be told from the others, by its bars."""
    first = set(bands[0].bars)
    return not any(first <= set(band.bars) for band in bands[1:])


def sap_heading(
    stream: BinaryIO, encoding: str, names: ColumnNames
) -> tuple[int, tuple[str, ...]] | None:
    """Return the heading of a SAP list: its first line (from 1) and its texts; None for others.

    It is framed by bars and stands above a ruler. Of several tables in a file it is the one that
    holds most of the wanted columns. ``stream`` is left at its beginning.
    """
    lines = first_lines(stream, encoding, HEADING_LINES)
    best: tuple[tuple[int, bool, int], int, tuple[str, ...]] | None = None
    start: int | None = None
    for rank, text in enumerate(lines):
        if not is_ruler(text) and "|" in text:
            start = rank if start is None else start
            continue
        if start is not None and is_ruler(text):
            texts = tuple(line.rstrip() for line in lines[start:rank])
            bands = bands_of(texts)
            labels = [label for band in bands for label in band.labels]
            held = names.held(labels)
            # A title may be framed too: where nothing is wanted, the widest table tells most.
            score = (
                held,
                not held and bool(bands) and told_apart(bands),
                0 if held else len(labels),
            )
            # With one bar only, a row that loses it would be no row any more.
            framed = bool(bands) and len(bands[0].bars) > 1
            if framed and (best is None or score > best[0]):
                best = score, start + 1, texts
        start = None
    return None if best is None else best[1:]
