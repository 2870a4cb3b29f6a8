"""Layouts of documents that ship: the segments of SAP IDocs and of EDIFACT invoices.

Facts about file formats (``config/codes/idoc_invoic02.yaml`` and ``edifact_invoic.yaml``): which
fields a segment has, and in which segment it stands. Read once per process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from config.yaml_text import load_yaml


@dataclass(frozen=True, slots=True)
class IdocLayout:
    """Segments of an IDoc type.

    Attributes:
        head: characters before the fields of a data record, in a flat file.
        fields: segment -> its fields, each with its first character (from 0) and the one after it.
        elsewhere: segment -> fields that are known by name only, as XML has them.
        parents: segment -> the segment it stands in.
        beginnings: beginning of a name -> the segment it stands in, for those not in ``parents``.
    """

    head: int
    fields: Mapping[str, Mapping[str, tuple[int, int]]]
    elsewhere: Mapping[str, frozenset[str]]
    parents: Mapping[str, str]
    beginnings: Mapping[str, str]

    def knows(self, segment: str, field: str) -> bool:
        """Whether a field of this name is known, be it by its place or by its name only."""
        names = self.elsewhere.get(segment, frozenset())
        return field in names or field in self.fields.get(segment, {})


@dataclass(frozen=True, slots=True)
class Composite:
    """A data element of an EDIFACT segment: the names of its components, in order.

    ``each``: it may come several times, and the segment is then given once for each.
    """

    names: tuple[str, ...]
    each: bool = False


@dataclass(frozen=True, slots=True)
class EdifactLayout:
    """Segments of a message.

    Attributes:
        segments: segment -> its data elements by position.
        numbers: names of the components that hold a number.
        parents: segment -> those it may stand in, apart from its section.
        dates: format of a date (2379) -> how it is written, such as ``yyyymmdd``.
        periods: formats with a first and a last day.
    """

    segments: Mapping[str, tuple[Composite, ...]]
    numbers: frozenset[str]
    parents: Mapping[str, frozenset[str]]
    dates: Mapping[str, str]
    periods: frozenset[str]

    def fields(self, segment: str) -> frozenset[str]:
        """Return the names of all components of ``segment``; empty when it is unknown."""
        elements = self.segments.get(segment, ())
        return frozenset(name for element in elements for name in element.names)


@lru_cache(maxsize=1)
def idoc_layout() -> IdocLayout:
    """Return the layout of INVOIC02."""
    content = _content("idoc_invoic02")
    head = int(content["head"])
    fields: dict[str, Mapping[str, tuple[int, int]]] = {}
    for segment, text in content["segments"].items():
        place = 0 if segment == "EDI_DC40" else head
        ranges: dict[str, tuple[int, int]] = {}
        for item in text.split(","):
            name, length = item.split()
            ranges[name] = (place, place + int(length))
            place += int(length)
        fields[segment] = MappingProxyType(ranges)
    return IdocLayout(
        head,
        MappingProxyType(fields),
        MappingProxyType(
            {name: frozenset(text.split()) for name, text in content["elsewhere"].items()}
        ),
        MappingProxyType(content["parents"]),
        MappingProxyType(content["beginnings"]),
    )


@lru_cache(maxsize=1)
def edifact_layout() -> EdifactLayout:
    """Return the layout of INVOIC, of D.96A and D.14B alike."""
    content = _content("edifact_invoic")
    return EdifactLayout(
        MappingProxyType(
            {name: tuple(_elements(text)) for name, text in content["segments"].items()}
        ),
        frozenset(str(number) for number in content["numbers"]),
        MappingProxyType({name: frozenset(of) for name, of in content["parents"].items()}),
        MappingProxyType({str(form): shape for form, shape in content["dates"].items()}),
        frozenset(str(form) for form in content["periods"]),
    )


def _elements(text: str) -> Iterator[Composite]:
    seen: dict[str, int] = {}

    def named(name: str) -> str:
        seen[name] = seen.get(name, 0) + 1
        return name if seen[name] == 1 else f"{name}_{seen[name]}"

    for element in text.split(","):
        words = element.split()
        each = words[0] == "each"
        names: list[str] = []
        for word in words[each:]:
            count, times, name = word.rpartition("x")
            names += [named(name) for _ in range(int(count) if times else 1)]
        yield Composite(tuple(names), each)


def _content(name: str) -> Any:
    file = files("config") / "codes" / f"{name}.yaml"
    return load_yaml(file.read_text(encoding="utf-8"))
