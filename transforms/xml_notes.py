"""What a reader notes of an XML invoice beside the values of the model.

A value is noted under its business term, in the group it was read in: the document itself, or a
line, an allowance, a VAT group... by their ranks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from lxml import etree

from transforms.facts import Key
from transforms.xml_outline import Outline

#: GroupKey, from 0, of the groups that a group stands in, and its own; the document has none.
GroupKey: TypeAlias = tuple[int, ...]
#: Element of each business term that was read in a group.
Places: TypeAlias = Mapping[GroupKey, Mapping[str, etree._Element]]


class Notes:
    """Notes of one document. See ``transforms.facts`` for what each of them means.

    ``strict``: the reader shall raise what is no number or date, and not note it.
    """

    __slots__ = (
        "foreign",
        "indicators",
        "outline",
        "places",
        "strict",
        "texts",
        "there",
        "unformatted",
    )

    def __init__(self, outline: Outline, *, strict: bool = False) -> None:
        self.outline = outline
        self.strict = strict
        self.places: dict[GroupKey, dict[str, etree._Element]] = {}
        """Element of each business term that was read, by group."""
        self.there: set[Key] = set()
        self.texts: dict[Key, str] = {}
        self.foreign: set[Key] = set()
        self.unformatted: set[Key] = set()
        self.indicators: dict[Key, str] = {}

    def group(self, *at: int) -> Group:
        """Return the group of these ranks; without any, the document."""
        return Group(self, at)


class Group:
    """A group of one document: what is noted in it, and where its values stand."""

    __slots__ = ("at", "children", "notes", "outline", "places")

    def __init__(self, notes: Notes, at: GroupKey) -> None:
        self.notes = notes
        self.outline = notes.outline
        self.children = notes.outline.children
        self.at = at
        self.places = notes.places.setdefault(at, {})

    def ranked(self, rank: int) -> Group:
        """Return the group of this rank in this one."""
        return self.notes.group(*self.at, rank)

    def note_there(self, bt: str) -> None:
        """Note that an element is there, whose value may not be."""
        self.notes.there.add((bt, *self.at))

    def note_text(self, bt: str, raw: str) -> None:
        """Note a value as it is written."""
        self.notes.texts[bt, *self.at] = raw

    def note_foreign(self, bt: str) -> None:
        """Note that the category ``bt`` is not one of VAT."""
        self.notes.foreign.add((bt, *self.at))

    def note_unformatted(self, bt: str) -> None:
        """Note a date that has no format of its own."""
        self.notes.unformatted.add((bt, *self.at))

    def note_indicator(self, bt: str, raw: str) -> None:
        """Note an indicator that is written neither true nor false."""
        self.notes.indicators[bt, *self.at] = raw
