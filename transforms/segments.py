"""Documents made of segments (IDoc, EDIFACT), and the paths by which a profile names their values.

A path is used where a profile of tables has a column name::

    E1EDK01.BELNR                                   field of a segment
    E1EDKA1[PARVW=RE].NAME1                         of the segment with that value in a field
    E1EDKA1[PARVW=RS|BK].NAME1                      of the RS ones where there are some, else of BK
    E1EDPT1[TDID=0002,TSSPRAS_ISO=FR].E1EDPT2.TDLINE*   of all that fit, joined by a space
    E1EDK05[ALCKZ=-]#2.BETRG                        of the second one that fits
    FTX[4451!=DOC|AGM]#1.4440*                      of the first one with another value
    ALC[5463=A,MOA.5025=204]#1.4471                 of the first one in which such a segment stands
    /E1EDK01.CURCY                                  in a line: from the document

Names are compared exactly; values apart from blanks around them. A path starts at the document, or
at the line in the section ``lines``: its own name may then come first. See docs/documents.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(slots=True)
class Segment:
    """A segment of a document.

    Attributes:
        name: as in the file (``E1EDK01``, ``NAD``).
        fields: value of each field that is there; see :func:`numbered` for one that repeats.
        children: segments that stand in it, in order.
        line: where it begins in the file, from 1.
    """

    name: str
    fields: Mapping[str, str]
    line: int = 0
    children: list[Segment] = field(default_factory=list)

    def walk(self) -> Iterator[Segment]:
        """Yield the segment and all below it, in the order of the file."""
        pending = [self]
        while pending:
            segment = pending.pop()
            yield segment
            pending.extend(reversed(segment.children))


class PathError(ValueError):
    """Raised when a text is no path; says what is wrong with it."""


def numbered(name: str, rank: int) -> str:
    """Return the name of the ``rank``-th (from 1) field called ``name`` in one segment."""
    return name if rank == 1 else f"{name}_{rank}"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field of a segment must be: one of ``values``, or none of them.

    ``name`` may be that of a field of a segment below: ``MOA.5025``; one of them must fit then.
    """

    name: str
    values: tuple[str, ...]
    negated: bool = False

    def fits(self, segment: Segment, values: tuple[str, ...]) -> bool:
        """Whether ``segment`` fits with ``values`` in place of all."""
        below, dot, name = self.name.rpartition(".")
        if not dot:
            return (segment.fields.get(name, "").strip() in values) is not self.negated
        found = (child for child in segment.children if child.name == below)
        fits = any(child.fields.get(name, "").strip() in values for child in found)
        return fits is not self.negated


@dataclass(frozen=True, slots=True)
class Step:
    """A segment on the way: its name, what its fields must be, and which of those that fit."""

    name: str
    conditions: tuple[Condition, ...] = ()
    rank: int = 0

    def among(self, segments: list[Segment]) -> list[Segment]:
        """Return the segments that fit; of a choice, those of the first value that has any."""
        found = [segment for segment in segments if segment.name == self.name]
        for condition in self.conditions:
            # A party must come whole: a choice is made between segments, not field by field.
            groups = [condition.values] if condition.negated else [(v,) for v in condition.values]
            for values in groups:
                fitting = [segment for segment in found if condition.fits(segment, values)]
                if fitting:
                    break
            found = fitting
        if self.rank:
            found = found[self.rank - 1 : self.rank]
        return found


@dataclass(frozen=True, slots=True)
class Path:
    """A path, compiled; see :func:`compile_path`."""

    text: str
    steps: tuple[Step, ...]
    field: str
    joined: bool = False
    from_document: bool = False

    def segments(self, root: Segment, document: Segment) -> list[Segment]:
        """Return the segments that hold the field, from ``root`` or from ``document``."""
        current = [document if self.from_document else root]
        steps = self.steps
        if steps and steps[0].name == current[0].name:
            current, steps = steps[0].among(current), steps[1:]
        for step in steps:
            # The rank counts among all that fit, whatever segment each stands in.
            current = step.among([child for parent in current for child in parent.children])
        return current

    def values(self, root: Segment, document: Segment) -> tuple[str, ...]:
        """Return the different values found, blank ones left out; of ``*`` the joined one alone."""
        found: list[str] = []
        for segment in self.segments(root, document):
            rank, name = 1, self.field
            while rank == 1 or (self.joined and name in segment.fields):
                value = segment.fields.get(name, "")
                if value.strip():
                    found.append(value)
                rank += 1
                name = numbered(self.field, rank)
        if self.joined:
            return (" ".join(value.strip() for value in found),) if found else ()
        return tuple({value.strip(): value for value in found}.values())


_NAME = r"[A-Za-z0-9_\-]+"
_VALUES = r"[^\[\],|=!]*(?:\|[^\[\],|=!]*)*"
_CONDITION = rf"{_NAME}(?:\.{_NAME})?!?={_VALUES}"
_STEP = re.compile(rf"({_NAME})(?:\[({_CONDITION}(?:,{_CONDITION})*)\])?(?:#([1-9][0-9]{{0,2}}))?")
_FIELD = re.compile(rf"({_NAME})(\*?)")


@lru_cache(maxsize=4096)
def compile_path(text: str) -> Path:
    """Return the path that ``text`` writes.

    Raises:
        PathError: saying what is wrong.
    """
    rest = text.removeprefix("/")
    steps: list[Step] = []
    while True:
        found = _STEP.match(rest)
        if found is None or rest[found.end() : found.end() + 1] != ".":
            break
        name, conditions, rank = found.groups()
        told = [_condition(part) for part in conditions.split(",")] if conditions else []
        # A choice is made among the segments that all other conditions leave.
        told.sort(key=lambda condition: len(condition.values) > 1 and not condition.negated)
        steps.append(Step(name, tuple(told), int(rank or 0)))
        rest = rest[found.end() + 1 :]
    last = _FIELD.fullmatch(rest)
    if last is None or not steps:
        msg = f"{text!r} is no path at {rest[:20]!r}: SEGMENT.FIELD, SEGMENT[FIELD=value].FIELD…"
        raise PathError(msg)
    return Path(text, tuple(steps), last[1], bool(last[2]), text.startswith("/"))


def _condition(text: str) -> Condition:
    name, mark, values = text.partition("!=") if "!=" in text else text.partition("=")
    return Condition(name, tuple(values.split("|")), mark == "!=")
