"""The tree of an EDIFACT invoice: segments named, dates made readable, groups put together.

``config/codes/edifact_invoic.yaml`` says what the elements are called and which segment stands in
which. A message has three sections: the document, one ``LIN`` per line, and ``UNS``, the summary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from config.layouts import Composite, edifact_layout
from transforms.segments import Segment

#: A segment as the parser gives it: per data element, its components.
Elements = Sequence[Sequence[str]]

LINE = "LIN"
SUMMARY = "UNS"
_NUMBER = re.compile(r"[+-]?[0-9]*[.,][0-9]+[+-]?")
_PERIOD = re.compile(r"([0-9]{8})(?:[0-9]{4})?-?([0-9]{8})(?:[0-9]{4})?")


def named_segments(tag: str, elements: Elements, line: int) -> Iterator[Segment]:
    """Yield the segment ``tag`` with its elements named; once for each of those that repeat.

    An element that the table does not know is called by its place: ``e5``, ``e5c2``. A ``DTM`` has
    ``date`` besides, the day as ISO text where format and text agree, else the text as it is; and
    ``until``, the last day of a period.
    """
    layout = edifact_layout()
    composites = layout.segments.get(tag, ())
    fields: dict[str, str] = {}
    repeated: list[dict[str, str]] = []
    for rank, components in enumerate(elements):
        composite = composites[rank] if rank < len(composites) else None
        last = composites[-1] if composites else None
        if composite is None and last is not None and last.each:
            composite = last
        values = dict(_named(composite, components, rank + 1))
        if composite is not None and composite.each:
            if values:
                repeated.append(values)
        else:
            fields |= values
    if tag == "DTM":
        fields |= _days(fields.get("2380", ""), fields.get("2379", ""))
    for values in repeated or [{}]:
        yield Segment(tag, {**fields, **values}, line)


def _named(
    composite: Composite | None, components: Sequence[str], place: int
) -> Iterator[tuple[str, str]]:
    numbers = edifact_layout().numbers
    names = composite.names if composite is not None else ()
    for rank, value in enumerate(components):
        if not value:
            continue
        if rank < len(names):
            name = names[rank]
        else:
            name = f"e{place}" if len(components) == 1 else f"e{place}c{rank + 1}"
        if name in numbers and _NUMBER.fullmatch(value):
            # ISO 9735 knows no mark between thousands: a lone comma is a decimal mark.
            value = value.replace(",", ".")
        yield name, value


def _days(text: str, form: str) -> dict[str, str]:
    """Return ``date`` and ``until`` of a date in format ``form`` (UNTDID 2379)."""
    stripped = text.strip()
    if not stripped:
        return {}
    layout = edifact_layout()
    if form in layout.periods:
        period = _PERIOD.fullmatch(stripped)
        first, last = (_iso(period[1]), _iso(period[2])) if period else (None, None)
        return {"date": first, "until": last} if first and last else {"date": text}
    shape = layout.dates.get(form, "")
    if not shape or not _is_written(stripped, shape):
        return {"date": text}
    year = stripped[shape.index("y") : shape.rindex("y") + 1]
    year = year if len(year) == 4 else f"20{year}"
    month, day = (stripped[shape.index(mark) :][:2] for mark in ("m", "d"))
    return {"date": _iso(year + month + day) or text}


def _is_written(text: str, shape: str) -> bool:
    """Whether ``text`` is written as ``shape`` says, from its first to its last character."""
    fixed = shape.removesuffix("Z")
    if len(text) < len(fixed) or (fixed == shape and len(text) > len(shape)):
        return False
    return all(
        mark == "T" if place == "T" else mark in "0123456789"
        for mark, place in zip(text, fixed, strict=False)
    )


def _iso(digits: str) -> str | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return None


class MessageTree:
    """Puts the segments of one message together as they come.

    Attributes:
        root: the message, named UNH; its children are the segments of the first level.
    """

    def __init__(self, root: Segment) -> None:
        self.root = root
        self._open = [root]

    def add(self, segment: Segment) -> None:
        """Put ``segment`` where it belongs."""
        if segment.name in (LINE, SUMMARY):
            self.root.children.append(segment)
            self._open = [segment]
            return
        allowed = edifact_layout().parents.get(segment.name, frozenset())
        ranks = [rank for rank, above in enumerate(self._open) if above.name in allowed]
        del self._open[ranks[-1] + 1 if ranks else 1 :]
        self._open[-1].children.append(segment)
        self._open.append(segment)
