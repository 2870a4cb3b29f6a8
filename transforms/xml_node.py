"""Elements of an XML invoice as the readers want them: absent, or typed, and noted.

A reader is tolerant or strict by its notes (``transforms.xml_notes``): what is no number or date is
noted and left out, or it raises. A value read under a business term leaves its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from lxml import etree

from transforms.facts import BLANKS
from transforms.invoice import Identifier
from transforms.xml_notes import Group, Notes
from transforms.xml_outline import Layout, Outline, content_of
from transforms.xml_value import day, is_plain, number

_PartT = TypeVar("_PartT")

_DATE_FORMAT = "102"  # UNTDID 2379: YYYYMMDD


class ReadError(ValueError):
    """Raised when a document is no invoice, or a value of it is none; names the element."""


class Node:
    """An element, or the absence of one: reading goes on either way.

    A path is made of names of children, ``prefix:name/prefix:name``; without one, the element
    itself is meant.
    """

    __slots__ = ("_children", "element", "group")

    def __init__(self, element: etree._Element, group: Group) -> None:
        self.element: etree._Element | None = element
        self.group = group
        self._children = group.children.get(element, _NO_CHILDREN)

    def __bool__(self) -> bool:
        """Whether there is an element with something in it: text, or a child that has."""
        element = self.element
        if element is None:
            return False
        # Nearly always an answer; the exact one takes much longer.
        return self.group.outline.says(element) or any(
            str(text).strip(BLANKS) for text in element.itertext(etree.Element)
        )

    def child(self, path: str, bt: str | None = None) -> Node:
        """Return the first element at ``path``; ``bt`` notes the place of a group."""
        found = self._children.get(path)
        if found is None:
            found = self._find_below(path) if "/" in path else None
            if found is None:
                return ABSENT
        group = self.group
        if bt is not None:
            group.places[bt] = found
            group.note_there(bt)
        return Node(found, group)

    def children(self, path: str) -> list[Node]:
        """Return all elements at ``path``."""
        return [Node(one, self.group) for one in self._find_all(path)]

    def ranked(self, path: str, bt: str | None = None) -> list[Node]:
        """Return all elements at ``path``, each a group by its rank; ``bt`` notes their places."""
        nodes = []
        for rank, one in enumerate(self._find_all(path)):
            group = self.group.ranked(rank)
            if bt is not None:
                group.places[bt] = one
            nodes.append(Node(one, group))
        return nodes

    def anywhere(self, name: str) -> list[Node]:
        """Return all elements of this name in the document, one of the groups of its layout."""
        return [Node(seen.element, self.group) for seen in self.group.outline.groups(name)]

    def attribute(self, name: str, bt: str | None = None) -> str | None:
        """Return an attribute, None when absent or blank; ``bt`` notes one that is blank."""
        raw = None if self.element is None else self.element.get(name)
        if raw is None:
            return None
        value = raw.strip(BLANKS)
        if not value and bt is not None:
            self.group.note_there(bt)
        return value or None

    def text(self, path: str | None = None, bt: str | None = None) -> str | None:
        """Return the text, None when absent or blank; blanks inside are kept."""
        found = self.element if path is None else self._children.get(path)
        if found is None:
            found = self._find_below(path) if path and "/" in path else None
            if found is None:
                return None
        raw = content_of(found) if len(found) else found.text or ""
        text = raw.strip(BLANKS)
        if bt is not None:
            group = self.group
            group.places[bt] = found
            if not text:
                group.note_there(bt)
            elif text != raw:
                group.note_text(bt, raw)
        return text or None

    def decimal(self, path: str | None = None, bt: str | None = None) -> Decimal | None:
        """Return a number; None when absent, blank, or (for a tolerant reader) no number."""
        found = self.element if path is None else self._children.get(path)
        if found is None:
            found = self._find_below(path) if path and "/" in path else None
            if found is None:
                return None
        raw = content_of(found) if len(found) else found.text or ""
        text = raw.strip(BLANKS)
        value = number(text)
        group = self.group
        if value is None and text and group.notes.strict:
            msg = f"{self._name(path)}: {text!r} is no number"
            raise ReadError(msg)
        if bt is not None:
            group.places[bt] = found
            if value is None:
                group.note_there(bt)
            if value is None or raw != text:
                group.note_text(bt, raw)
        return value

    def date(self, path: str, bt: str | None = None) -> date | None:
        """Return the date of a DateTimeString, DateString, DateTime below ``path``, or of itself.

        A time or an offset after the date is left out.
        """
        holder = self._find(path)
        if holder is None:
            return None
        inner = next(iter(self.group.children.get(holder, _NO_CHILDREN).values()), holder)
        raw = content_of(inner)
        text = raw.strip(BLANKS)
        value = day(text) if text else None
        group = self.group
        if value is None and text and group.notes.strict:
            msg = f"{self._name(path)}: {text[:10].replace('-', '')!r} is no date"
            raise ReadError(msg)
        if bt is not None:
            group.places[bt] = holder
            if value is None:
                group.note_there(bt)
            if value is None or not is_plain(raw, value):
                group.note_text(bt, raw)
            if inner.get("format") != _DATE_FORMAT:
                group.note_unformatted(bt)
        return value

    def identifier(
        self, path: str | None = None, bt: str | None = None, scheme: str = "schemeID"
    ) -> Identifier | None:
        """Return an identifier with its scheme, None when absent or blank."""
        found = self if path is None else self.child(path)
        value = found.text(None, bt)
        return Identifier(value, found.attribute(scheme)) if value else None

    def has_children(self) -> bool:
        """Whether there is an element below this one."""
        return bool(self._children)

    def exists(self, path: str) -> bool:
        """Whether there is an element at ``path``, be it empty."""
        return self._find(path) is not None

    def raw(self, path: str | None = None) -> str | None:
        """Return the text with its blanks; None when there is no element."""
        found = self.element if path is None else self._find(path)
        return None if found is None else content_of(found)

    def _find(self, path: str) -> etree._Element | None:
        """Return the first element at ``path``, in the order of the document."""
        found = self._children.get(path)
        return self._find_below(path) if found is None and "/" in path else found

    def _find_below(self, path: str) -> etree._Element | None:
        head, rest = _STEPS[path]
        found = self._children.get(head)
        if found is None:
            return None
        children = self.group.children
        for step in rest:
            found = children.get(found, _NO_CHILDREN).get(step)
            if found is None:
                # Not below the first of its name: below another, perhaps.
                return next(iter(self._find_all(path)), None)
        return found

    def _find_all(self, path: str) -> Sequence[etree._Element]:
        first = self._children.get(path)
        if first is not None:
            return self.group.outline.alike(first)
        if "/" not in path:
            return ()
        head, rest = _STEPS[path]
        first = self._children.get(head)
        if first is None:
            return ()
        outline = self.group.outline
        found = outline.alike(first)
        for step in rest:
            below = [outline.children.get(one, _NO_CHILDREN).get(step) for one in found]
            found = [child for one in below if one is not None for child in outline.alike(one)]
        return found

    def _name(self, path: str | None) -> str:
        tag = etree.QName(self.element).localname if self.element is not None else ""
        shown = "/".join(step.rpartition(":")[2] for step in (path or ".").split("/"))
        return f"{tag}/{shown}"


class _Absent(Node):
    """The node of an element that is not there: it has nothing, and nothing is noted of it."""

    __slots__ = ()

    def __init__(self) -> None:
        self.element = None
        self._children = {}


class _Steps(dict[str, tuple[str, tuple[str, ...]]]):
    """First step and other steps of each path that a reader asks for."""

    def __missing__(self, path: str) -> tuple[str, tuple[str, ...]]:
        head, *rest = path.split("/")
        steps = self[path] = (head, tuple(rest))
        return steps


_NO_CHILDREN: Final[dict[str, etree._Element]] = {}
_STEPS: Final = _Steps()
ABSENT: Final = _Absent()


def open_document(root: etree._Element, layout: Layout, *, strict: bool = False) -> Node:
    """Return the root of a document to read it, strictly or not."""
    return Node(root, Notes(Outline(root, layout), strict=strict).group())


def note_tax(node: Node, term: str, *, vat: bool) -> None:
    """Note that the tax ``node`` of category ``term`` is there, and whether it is VAT."""
    if node.element is not None:
        node.group.note_there(f"{term}-TAX")
        if not vat:
            node.group.note_foreign(term)


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


def first(values: Iterable[_PartT | None]) -> _PartT | None:
    """Return the first value that is one."""
    return next((value for value in values if value is not None), None)


def present(read: Callable[[Node], _PartT | None], nodes: Iterable[Node]) -> tuple[_PartT, ...]:
    """Return what ``read`` finds in the nodes that hold something."""
    return tuple(part for node in nodes if (part := read(node)) is not None)
