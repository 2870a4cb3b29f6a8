"""An XML invoice in outline: who stands below whom, and what is asked of it wherever it stands.

Readers ask elements for hundreds of children, most of which are not there, and the artefacts of
EN 16931 look for codes, and for some groups, at any depth. Searches of the tree for each would
take most of the time of a reading; one pass over it answers them all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias

from lxml import etree

from transforms.facts import CodeUse

#: Names kept of all documents read so far: more than the schemas have, a bound for hostile ones.
_MOST_NAMES: Final = 2000

#: Rule, list and term of a code.
Use: TypeAlias = tuple[str, str, str]
#: What to look at in an element, given its parent: a use and the code, or nothing.
Finder: TypeAlias = Callable[[etree._Element, etree._Element], "tuple[Use, str] | None"]


class Names(dict[object, str]):
    """``prefix:name`` of a tag, with the prefixes of the readers; empty for a comment."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        super().__init__()
        self._prefixes = {namespace: prefix for prefix, namespace in namespaces.items()}

    def __missing__(self, tag: object) -> str:
        if not isinstance(tag, str):  # the tag of a comment is a function
            return ""
        namespace, _, local = tag.rpartition("}")
        prefix = self._prefixes.get(namespace[1:])
        name = f"{prefix}:{local}" if prefix else f"{namespace}}}{local}"
        if len(self) < _MOST_NAMES:
            self[tag] = name
        return name


class Layout(NamedTuple):
    """Where the documents of a syntax have their lines, and what is asked of them everywhere.

    ``holder`` is the child of the root that holds the lines; None: the root itself. ``finders``
    look at elements wherever they stand; :func:`keep_group` has them kept. Names are
    ``prefix:name``.
    """

    names: Names
    lines: frozenset[str]
    holder: str | None = None
    finders: Mapping[str, Finder] = {}


class Seen(NamedTuple):
    """A group that was met: the child of the root or holder that it stands in, and its line."""

    element: etree._Element
    part: etree._Element
    line: int | None


class Ranks:
    """Ranks of elements among those of their name below one parent, each parent counted once."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[etree._Element, int] = {}

    def of(self, element: etree._Element) -> int | None:
        """Return the rank of an element, from 0; None for a root."""
        parent = element.getparent()
        if parent is None:
            return None
        if element not in self._known:
            alike = parent.iterchildren(str(element.tag))
            self._known.update((one, rank) for rank, one in enumerate(alike))
        return self._known[element]


class Outline:
    """The outline of one document.

    Attributes:
        children: of each element that has any, the first child of each name, in their order.
        codes: where the artefacts look for them, in the order of the document.
    """

    __slots__ = ("_alike", "_groups", "children", "codes")

    def __init__(self, root: etree._Element, layout: Layout) -> None:
        self.children: defaultdict[etree._Element | None, dict[str, etree._Element]] = defaultdict(
            dict
        )
        self.codes: list[CodeUse] = []
        #: Children of the same name below the same parent, by the first of them.
        self._alike: dict[etree._Element, list[etree._Element]] = {}
        self._groups: dict[str, list[Seen]] = {}
        self._pass(root, layout)

    def alike(self, first: etree._Element) -> list[etree._Element]:
        """Return the children with the name of this one, the first of them, below its parent."""
        return self._alike.get(first) or [first]

    def says(self, element: etree._Element, depth: int = 3) -> bool:
        """Whether there is text in an element, or in the first ones of each name below it."""
        text = element.text
        if text and not text.isspace():
            return True
        below = self.children.get(element, _NONE).values() if depth else ()
        return any(self.says(one, depth - 1) for one in below)

    def groups(self, name: str) -> list[Seen]:
        """Return the groups of this name, if the layout asks for them."""
        return self._groups.get(name, [])

    def _pass(self, root: etree._Element, layout: Layout) -> None:
        names, lines, holder_name, finders = layout
        children = self.children
        holder = root if holder_name is None else None
        part, line, rank = root, None, 0
        for element in root.iter():
            name = names[element.tag]
            if not name:
                continue
            parent = element.getparent()
            first = children[parent].setdefault(name, element)
            if first is not element:
                self._alike.setdefault(first, [first]).append(element)
            if parent is root or parent is holder:
                part, line = element, None
                if parent is holder and name in lines:
                    line, rank = rank, rank + 1
                elif parent is root and name == holder_name:
                    holder = element
            finder = finders.get(name)
            if finder is None or parent is None:
                continue
            if finder is keep_group:
                self._groups.setdefault(name, []).append(Seen(element, part, line))
                continue
            found = finder(element, parent)
            if found is not None:
                (rule, codes, bt), value = found
                self.codes.append(CodeUse(rule, codes, value, bt, line))


def keep_group(_element: etree._Element, _parent: etree._Element) -> None:
    """Stand for a finder: the element is a group that is asked for wherever it stands."""


_NONE: Final[dict[str, etree._Element]] = {}


def content_of(element: etree._Element) -> str:
    """Return the text of an element as written: without comments, with that of elements below."""
    return str(element.xpath("string()")) if len(element) else element.text or ""


def text_within(use: Use, tags: Iterable[str] = ()) -> Finder:
    """Return a finder of the text of an element that has one of ``tags`` as parent, or any."""
    parents = frozenset(tags)

    def find(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
        return (use, content_of(element)) if not parents or parent.tag in parents else None

    return find


def attribute_within(
    use: Use, name: str, tags: Iterable[str] = (), default: str | None = None
) -> Finder:
    """Return a finder of an attribute of an element that has it, or else of a default."""
    parents = frozenset(tags)

    def find(element: etree._Element, parent: etree._Element) -> tuple[Use, str] | None:
        value = element.get(name, default)
        return (
            (use, value) if value is not None and (not parents or parent.tag in parents) else None
        )

    return find
