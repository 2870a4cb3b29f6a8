"""Elements of an XML invoice as the readers want them: absent, or typed, and noted.

A reader that gets :class:`Notes` is tolerant: what is no number or date is noted and left out. It
is strict without: such a value raises. A value read under a business term leaves its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import ClassVar, NamedTuple, TypeVar

from lxml import etree

from transforms.facts import BLANKS, Key
from transforms.invoice import Identifier

_PartT = TypeVar("_PartT")

_DATE_FORMAT = "102"  # UNTDID 2379: YYYYMMDD

_PREFIX = re.compile(r"\b([a-z]+):")

#: What XML Schema takes as a decimal (W3C, XML Schema 1.0 part 2, 3.2.3): no exponent, no NaN.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


class ReadError(ValueError):
    """Raised when a document is no invoice, or a value of it is none; names the element."""


class Notes:
    """What a reader notes of one document beside the values of the model."""

    __slots__ = ("foreign", "indicators", "places", "texts", "there", "unformatted")

    def __init__(self) -> None:
        self.places: dict[Key, etree._Element] = {}
        self.there: set[Key] = set()
        self.texts: dict[Key, str] = {}
        self.foreign: set[Key] = set()
        self.unformatted: set[Key] = set()
        self.indicators: dict[Key, str] = {}


class _Path(NamedTuple):
    """A path with namespaces for prefixes, and whether it is the name of a child."""

    path: str
    single: bool

    @classmethod
    def of(cls, path: str, namespaces: Mapping[str, str]) -> _Path:
        full = _PREFIX.sub(lambda match: f"{{{namespaces[match[1]]}}}", path)
        return cls(full, single="/" not in path and "*" not in path)


class Node:
    """An element, or the absence of one: reading goes on either way."""

    __slots__ = ("at", "element", "notes")

    #: Prefixes of the paths; a reader of one syntax has its own kind of node.
    namespaces: Mapping[str, str] = {}
    #: Paths seen so far, with their namespaces.
    paths: ClassVar[dict[str, _Path]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.paths = {}

    def __init__(
        self,
        element: etree._Element | None,
        notes: Notes | None = None,
        at: tuple[int, ...] = (),
    ) -> None:
        self.element = element
        self.notes = notes
        self.at = at

    def __bool__(self) -> bool:
        """Whether there is an element with something in it: text, or a child that has."""
        if self.element is None:
            return False
        return any(str(text).strip(BLANKS) for text in self.element.itertext(etree.Element))

    def child(self, path: str, bt: str | None = None) -> Node:
        """Return the first element at ``path``; ``bt`` notes the place of a group."""
        found = self._find(path)
        if bt is not None and found is not None and self.notes is not None:
            self.notes.places[bt, *self.at] = found
            self.notes.there.add((bt, *self.at))
        return type(self)(found, self.notes, self.at)

    def children(self, path: str) -> list[Node]:
        """Return all elements at ``path``."""
        if self.element is None:
            return []
        return [type(self)(one, self.notes, self.at) for one in self._find_all(path)]

    def ranked(self, path: str, bt: str | None = None) -> list[Node]:
        """Return all elements at ``path``, each knowing its rank; ``bt`` notes their places."""
        if self.element is None:
            return []
        nodes = []
        for rank, one in enumerate(self._find_all(path)):
            at = (*self.at, rank)
            nodes.append(type(self)(one, self.notes, at))
            if bt is not None and self.notes is not None:
                self.notes.places[bt, *at] = one
        return nodes

    def attribute(self, name: str) -> str | None:
        """Return an attribute, None when absent or blank."""
        return (
            None if self.element is None else (self.element.get(name) or "").strip(BLANKS) or None
        )

    def text(self, path: str = ".", bt: str | None = None) -> str | None:
        """Return the text, None when absent or blank; blanks inside are kept."""
        found = self._find(path)
        if found is None:
            return None
        raw = content_of(found)
        text = raw.strip(BLANKS) or None
        if bt is not None and self.notes is not None:
            key: Key = (bt, *self.at)
            self._note(key, found, told=text is not None)
            if text is not None and raw != text:
                self.notes.texts[key] = raw
        return text

    def decimal(self, path: str = ".", bt: str | None = None) -> Decimal | None:
        """Return a number; None when absent, blank, or (for a tolerant reader) no number."""
        found = self._find(path)
        if found is None:
            return None
        raw = content_of(found)
        text = raw.strip(BLANKS)
        value = _number(text) if text else None
        if self.notes is None:
            if text and value is None:
                msg = f"{self._name(path)}: {text!r} is no number"
                raise ReadError(msg)
        elif bt is not None:
            key: Key = (bt, *self.at)
            self._note(key, found, told=value is not None)
            if value is None or raw != text:
                self.notes.texts[key] = raw
        return value

    def date(self, path: str, bt: str | None = None) -> date | None:
        """Return the date of a DateTimeString, DateString, DateTime below ``path``, or of itself.

        A time or an offset after the date is left out.
        """
        holder = self._find(path)
        if holder is None:
            return None
        inner = next((one for one in holder.iterchildren(etree.Element)), holder)
        raw = content_of(inner)
        text = raw.strip(BLANKS)
        value = _day(text) if text else None
        if self.notes is None:
            if text and value is None:
                msg = f"{self._name(path)}: {text[:10].replace('-', '')!r} is no date"
                raise ReadError(msg)
        elif bt is not None:
            key: Key = (bt, *self.at)
            self._note(key, holder, told=value is not None)
            if value is None or raw not in (value.isoformat(), f"{value:%Y%m%d}"):
                self.notes.texts[key] = raw
            if inner.get("format") != _DATE_FORMAT:
                self.notes.unformatted.add(key)
        return value

    def identifier(
        self, path: str, bt: str | None = None, scheme: str = "schemeID"
    ) -> Identifier | None:
        """Return an identifier with its scheme, None when absent or blank."""
        found = self if path == "." else self.child(path)
        value = found.text(".", bt)
        return Identifier(value, found.attribute(scheme)) if value else None

    def exists(self, path: str) -> bool:
        """Whether there is an element at ``path``, be it empty."""
        return self._find(path) is not None

    def raw(self, path: str = ".") -> str | None:
        """Return the text with its blanks; None when there is no element."""
        found = self._find(path)
        return None if found is None else content_of(found)

    def _find(self, path: str) -> etree._Element | None:
        element = self.element
        if element is None or path == ".":
            return element
        found = self._steps(path)
        if found.single:
            # Much faster than a search; it makes the greater part of the time of a reading.
            return next(element.iterchildren(found.path), None)
        return element.find(found.path)

    def _find_all(self, path: str) -> list[etree._Element]:
        if self.element is None:
            return []
        found = self._steps(path)
        if found.single:
            return list(self.element.iterchildren(found.path))
        return self.element.findall(found.path)

    @classmethod
    def _steps(cls, path: str) -> _Path:
        known = cls.paths.get(path)
        if known is None:
            known = cls.paths[path] = _Path.of(path, cls.namespaces)
        return known

    def _note(self, key: Key, element: etree._Element, *, told: bool) -> None:
        if self.notes is not None:
            self.notes.places[key] = element
            if not told:
                self.notes.there.add(key)

    def _name(self, path: str) -> str:
        tag = etree.QName(self.element).localname if self.element is not None else ""
        shown = "/".join(step.rpartition(":")[2] for step in path.split("/"))
        return f"{tag}/{shown}"


def note_tax(node: Node, term: str, *, vat: bool) -> None:
    """Note that the tax ``node`` of category ``term`` is there, and whether it is VAT."""
    if node.notes is None or node.element is None:
        return
    node.notes.there.add((f"{term}-TAX", *node.at))
    if not vat:
        node.notes.foreign.add((term, *node.at))


def parse_xml(data: bytes) -> etree._Element:
    """Return the root of ``data``, parsed without entities, DTD or network.

    libxml2 refuses a text over 10 MB here (a large attachment); the tree of ``schemas.xsd`` has it.

    Raises:
        ReadError: not well-formed.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        msg = f"not well-formed: {error}"
        raise ReadError(msg) from error


def content_of(element: etree._Element) -> str:
    """Return the text of an element as written: without comments, with that of elements below."""
    return str(element.xpath("string()")) if len(element) else element.text or ""


def first(values: Iterable[_PartT | None]) -> _PartT | None:
    """Return the first value that is one."""
    return next((value for value in values if value is not None), None)


def present(read: Callable[[Node], _PartT | None], nodes: Iterable[Node]) -> tuple[_PartT, ...]:
    """Return what ``read`` finds in the nodes that hold something."""
    return tuple(part for node in nodes if (part := read(node)) is not None)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def _day(text: str) -> date | None:
    digits = text[:10].replace("-", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
