"""What an expression is made of: typed nodes that are bound to the columns of a file.

``transforms.expression`` parses them; an absent value is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from config.profile import Dates, Marks

Kind: TypeAlias = Literal["text", "number", "date", "truth"]
Value: TypeAlias = str | Decimal | date | bool | None
#: Computes a value from the cells of a row, absent values being None.
Evaluate: TypeAlias = Callable[["Scope"], Value]


class ExpressionError(ValueError):
    """Raised when an expression cannot be understood, or its types do not fit."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that could not be computed: the rule broken, the column and cell, and facts."""

    rule: str
    column: str | None
    value: str | None
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Scope:
    """What one evaluation sees.

    Attributes:
        cells: row of the side the expression belongs to.
        header: row of the header, for ``header.COLUMN``; the same row in a header expression.
        lines: rows of the invoice lines, for ``total`` and ``count_lines``.
        file: name of the file the row comes from; ``rank`` of the line, from 1.
        faults: what could not be computed, filled on the way.
    """

    cells: Sequence[str]
    header: Sequence[str] = ()
    lines: Sequence[Sequence[str]] = ()
    file: str = ""
    rank: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Environment:
    """What expressions of a profile may use: marks, dates, code tables, derived columns.

    ``kinds`` gives the type of each derived column; every other column is text.
    """

    marks: Marks = field(default_factory=Marks)
    dates: Dates = field(default_factory=Dates)
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of an expression are: rank by name, per side. A missing one is empty."""

    own: Mapping[str, int] = field(default_factory=dict)
    header: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression: its type, how it is bound to columns, and the columns it reads.

    ``columns`` are those of the expression's own side, ``total`` those of the lines.
    """

    kind: Kind
    bind: Callable[[Columns], Evaluate]
    columns: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    literal: str | Decimal | None = None


def literal_node(value: str | Decimal) -> Node:
    """Return the node of a fixed value; the empty text is absent."""
    fixed: Value = value if value != "" else None
    kind: Kind = "text" if isinstance(value, str) else "number"
    return Node(kind, lambda _columns: lambda _scope: fixed, literal=value)


def column_node(name: str, kind: Kind = "text") -> Node:
    """Return the node of a column: its text without surrounding blanks, absent when empty.

    A derived column that is no text was written canonically (``plain_text``), and is read so.
    """
    text = _text_of(name)
    read = () if name.startswith("@") else (name,)
    if kind == "text":
        return Node("text", text, columns=read)
    parse = _CANONICAL[kind]

    def bind(columns: Columns) -> Evaluate:
        cell = text(columns)

        def evaluate(scope: Scope) -> Value:
            found = cell(scope)
            return parse(found) if isinstance(found, str) else None

        return evaluate

    return Node(kind, bind, columns=read)


_CANONICAL: Mapping[Kind, Callable[[str], Value]] = {
    "number": Decimal,
    "date": date.fromisoformat,
    "truth": lambda text: text == "true",
}


def _text_of(name: str) -> Callable[[Columns], Evaluate]:
    def bind(columns: Columns) -> Evaluate:
        if name == "@file":
            return lambda scope: scope.file or None
        if name == "@line":
            return lambda scope: str(scope.rank)
        rank = columns.own.get(name)
        if rank is not None:
            place = rank
            return lambda scope: scope.cells[place].strip() or None
        if name.startswith("header."):
            above = columns.header.get(name.removeprefix("header."))
            if above is not None:
                other = above
                return lambda scope: scope.header[other].strip() or None
        return lambda _scope: None

    return bind
