"""Build the invoice model from cells: a profile compiled once into a tree of builders.

The tree follows the model's dataclasses. Each builder reads its own cells, lets its children read
theirs, and makes one object; constants and defaults only complete an object that the extract or
the company file gave something to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from transforms import invoice as model
from transforms.converters import Converter, ReadError
from transforms.finding import Finding, Location, Severity
from transforms.invoice import VatBreakdown


@dataclass(slots=True)
class Reading:
    """What is collected while one invoice is built."""

    file: str = ""
    line: int = 0
    said: list[str] = field(default_factory=list)
    """Canonical texts of the values read, each with its term."""
    findings: list[Finding] = field(default_factory=list)
    reasons: dict[VatBreakdown, None] = field(default_factory=dict)
    """Exemption reasons of the VAT codes used, as groups without amounts; each once."""

    def report(
        self,
        rule: str,
        *,
        bt: str | None = None,
        column: str | None = None,
        value: str | None = None,
        params: Mapping[str, str] | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Add a finding at the row being read."""
        place = Location(self.file, self.line, column)
        self.findings.append(Finding(rule, severity, place, bt, value, dict(params or {})))


@dataclass(frozen=True, slots=True)
class Cell:
    """A field fed by a column: its rank in the row, how it is read, and what names it."""

    field: str
    rank: int
    convert: Converter
    term: str
    column: str
    prefix: str
    """What stands before its canonical text: the term, and the rank in a repeated group."""


@dataclass(slots=True)
class Wiring:
    """How one term is wired: a path in the model, fed by a cell or by fixed values.

    A step of the path that repeats carries its group and rank: ``allowances[BG-20.1]``.
    ``given`` makes the object be there (company file), ``complement`` does not (constant, default).
    """

    path: tuple[str, ...]
    cell: Cell | None = None
    given: Any = None
    complement: Any = None


Finish = Callable[[dict[str, Any], Reading], None]


class Builder:
    """Builds one object of the model from a row."""

    __slots__ = ("_base", "_cells", "_children", "_empty", "_finish", "_lists", "_make")

    def __init__(
        self,
        make: Callable[..., Any],
        cells: Sequence[Cell],
        children: Sequence[tuple[str, Builder]],
        lists: Sequence[tuple[str, tuple[Builder, ...]]],
        *,
        base: Mapping[str, Any],
        always: bool,
        finish: Finish | None,
    ) -> None:
        self._make = make
        self._cells = tuple(
            (cell.field, cell.rank, cell.convert, cell.prefix, cell) for cell in cells
        )
        self._children = tuple(children)
        self._lists = tuple(lists)
        self._base = dict(base)
        self._finish = finish
        # An object the extract says nothing of: made once and shared, for it is immutable.
        self._empty = make(**base) if always else None

    @property
    def never(self) -> bool:
        """Whether no row can ever make the object: its columns are not in the file."""
        return self.fixed and self._empty is None

    @property
    def fixed(self) -> bool:
        """Whether every row makes the same object, :attr:`empty`."""
        return not (self._cells or self._children or self._lists)

    @property
    def empty(self) -> Any:
        """Return the object of a row that says nothing; None for an optional object."""
        return self._empty

    @property
    def base(self) -> Mapping[str, Any]:
        """Return the fields that every object has unless a row says otherwise."""
        return self._base

    def values(self, row: Sequence[str], reading: Reading) -> dict[str, Any]:
        """Return the fields that ``row`` gives, children included."""
        values: dict[str, Any] = {}
        said = reading.said
        for name, rank, convert, prefix, cell in self._cells:
            text = row[rank]
            if text:
                try:
                    value, canonical = convert(text)
                except ReadError as error:
                    self._refused(cell, text, error, reading)
                    continue
                if value is not None:
                    values[name] = value
                    said.append(prefix + canonical)
        for name, child in self._children:
            value = child.build(row, reading)
            if value is not None:
                values[name] = value
        for name, members in self._lists:
            built = [made for member in members if (made := member.build(row, reading)) is not None]
            if built:
                values[name] = tuple(built)
        return values

    @staticmethod
    def _refused(cell: Cell, text: str, error: ReadError, reading: Reading) -> None:
        reading.said.append(cell.prefix + text)
        reading.report(
            error.rule, bt=cell.term, column=cell.column, value=text, params=error.params
        )

    def build(self, row: Sequence[str], reading: Reading) -> Any:
        """Return the object, or None when an optional object is not given by ``row``."""
        values = self.values(row, reading)
        if not values:
            return self._empty
        if self._base:
            values = {**self._base, **values}
        if self._finish is not None:
            self._finish(values, reading)
        return self._make(**values)


def compile_tree(root: type, wirings: Sequence[Wiring], finishes: Mapping[str, Finish]) -> Builder:
    """Return the builder of ``root`` for ``wirings``.

    Args:
        finishes: what to do with the fields of an object before it is made, by its path from the
            root with groups but no ranks (``allowances[BG-20]``, ``seller.legal_id``; empty: the
            root itself).
    """
    return _compile(root, wirings, finishes, "", always=True)


def _compile(
    kind: Any,
    wirings: Sequence[Wiring],
    finishes: Mapping[str, Finish],
    here: str,
    *,
    always: bool,
) -> Builder:
    cells: list[Cell] = []
    base: dict[str, Any] = {}
    given = False
    branches: dict[str, list[Wiring]] = {}
    for wiring in wirings:
        head, *rest = wiring.path
        if rest:
            branches.setdefault(head, []).append(
                Wiring(tuple(rest), wiring.cell, wiring.given, wiring.complement)
            )
            continue
        if wiring.cell is not None:
            cells.append(wiring.cell)
        if wiring.given is not None:
            given = True
        value = wiring.given if wiring.given is not None else wiring.complement
        if value is not None:
            base[head] = value
    children: list[tuple[str, Builder]] = []
    lists: dict[str, list[Builder]] = {}
    for step, below in branches.items():
        name, mark, group = step.partition("[")
        inner, optional = field_of(kind, name)
        always_made = not mark and not optional
        label = f"{name}[{group.partition('.')[0]}]" if mark else name
        path = f"{here}.{label}" if here else label
        builder = _compile(inner, below, finishes, path, always=always_made)
        if builder.never:
            continue
        if mark:
            lists.setdefault(name, []).append(builder)
        elif builder.fixed:
            base[name] = builder.empty
            given = given or not always_made
        else:
            children.append((name, builder))
    make: Callable[..., Any] = kind
    if get_origin(kind) is tuple:
        make = _pair
    elif kind is model.Identifier:
        make = _identifier
    return Builder(
        make,
        cells,
        children,
        [(name, tuple(members)) for name, members in lists.items()],
        base=base,
        always=always or given,
        finish=finishes.get(here),
    )


def _pair(**values: str) -> tuple[str, str] | None:
    """Return a (name, value) pair such as BG-32, or None when one of the two is missing."""
    name, value = values.get("0"), values.get("1")
    return (name, value) if name and value else None


def _identifier(
    value: str | None = None, scheme: str | None = None, scheme_version: str | None = None
) -> model.Identifier | None:
    """Return an identifier, or None: a scheme without a value identifies nothing."""
    return model.Identifier(value, scheme, scheme_version) if value else None


@lru_cache(maxsize=64)
def _hints(kind: type) -> Mapping[str, Any]:
    # The names of the module alone: a field may be called like its type (Delivery.date).
    return get_type_hints(kind, vars(model), vars(model))


def field_of(kind: Any, name: str) -> tuple[Any, bool]:
    """Return the class below field ``name``, and whether it may be absent."""
    hint = _hints(kind)[name]
    declared = next(item for item in fields(kind) if item.name == name)
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True
    if get_origin(hint) is UnionType:
        inner = next(part for part in get_args(hint) if part is not NoneType)
        return inner, True
    return hint, declared.default_factory is MISSING
