"""Elements of a Cross Industry Invoice as the reader wants them: absent, or typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from lxml import etree

from transforms.cii import QDT, RAM, RSM, UDT
from transforms.invoice import Identifier

NAMESPACES: Final = {"rsm": RSM, "ram": RAM, "udt": UDT, "qdt": QDT}

_PartT = TypeVar("_PartT")


class ReadError(ValueError):
    """Raised when a document is no CII, or a value of it is none; names the element."""


def parse_cii(data: bytes) -> etree._Element:
    """Return the root of ``data``, parsed without entities, DTD or network.

    libxml2 refuses a text over 10 MB here (a large attachment); the tree of ``schemas.xsd`` has it.

    Raises:
        ReadError: not well-formed, or not a Cross Industry Invoice.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        msg = f"not well-formed: {error}"
        raise ReadError(msg) from error
    if root.tag != f"{{{RSM}}}CrossIndustryInvoice":
        msg = f"not a Cross Industry Invoice: {root.tag}"
        raise ReadError(msg)
    return root


class Node:
    """An element, or the absence of one: reading goes on either way."""

    __slots__ = ("element",)

    def __init__(self, element: etree._Element | None) -> None:
        self.element = element

    def __bool__(self) -> bool:
        """Whether there is an element with something in it: text, or a child that has."""
        if self.element is None:
            return False
        return any(text.strip() for text in self.element.itertext(etree.Element))

    def child(self, path: str) -> Node:
        return Node(None if self.element is None else self.element.find(path, NAMESPACES))

    def children(self, path: str) -> list[Node]:
        if self.element is None:
            return []
        return [Node(one) for one in self.element.findall(path, NAMESPACES)]

    def attribute(self, name: str) -> str | None:
        """Return an attribute, None when absent or blank."""
        return None if self.element is None else (self.element.get(name) or "").strip() or None

    def text(self, path: str = ".") -> str | None:
        """Return the text, None when absent or blank; blanks inside are kept."""
        found = self.child(path).element
        if found is None:
            return None
        # Comments may stand between two pieces of text: their own text is left out.
        content = (found.text or "") + "".join(part.tail or "" for part in found)
        return content.strip() or None

    def decimal(self, path: str = ".") -> Decimal | None:
        text = self.text(path)
        if text is None:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            msg = f"{self._name(path)}: {text!r} is no number"
            raise ReadError(msg)
        return value

    def date(self, path: str) -> date | None:
        """Return the date of a DateTimeString, DateString or DateTime below ``path``."""
        holder = self.child(path).element
        if holder is None:
            return None
        for part in holder.iterchildren(etree.Element):
            text = (Node(part).text() or "")[:10].replace("-", "")
            if not text:
                continue
            try:
                return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
            except ValueError as error:
                msg = f"{self._name(path)}: {text!r} is no date"
                raise ReadError(msg) from error
        return None

    def identifier(self, path: str, scheme: str = "schemeID") -> Identifier | None:
        found = self.child(path)
        value = found.text()
        return Identifier(value, found.attribute(scheme)) if value else None

    def _name(self, path: str) -> str:
        tag = etree.QName(self.element).localname if self.element is not None else ""
        return f"{tag}/{path.replace('ram:', '')}"


def first(values: Iterable[_PartT | None]) -> _PartT | None:
    return next((value for value in values if value is not None), None)


def present(read: Callable[[Node], _PartT | None], nodes: Iterable[Node]) -> tuple[_PartT, ...]:
    return tuple(part for node in nodes if (part := read(node)) is not None)
