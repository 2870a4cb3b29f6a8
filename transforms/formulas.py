"""The expressions of a profile, parsed once, and the columns that the whole profile reads.

What a term, a derived column, a kind of rows, a join or a filter names is looked up in one way: a
derived column, the column ``comment``, a join (``customer.NAME1``), the header seen from a line
(``header.WAERK``), or else a column of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, TypeAlias

from config.profile import Join, Profile, RowKind, TermSource
from config.profile_check import ProfileFault
from config.terms import DECIMAL_KINDS, Level, Term, registry
from transforms.expression import parse_expression
from transforms.expression_nodes import Environment, ExpressionError, Kind, Node

Side: TypeAlias = Literal["header", "lines"]
#: Column of the texts of comment rows.
COMMENT = "comment"
_LEVELS: Mapping[Level, Side] = {"document": "header", "line": "lines"}


@dataclass(frozen=True, slots=True)
class Formula:
    """A computed column: its name, its expression, and the term it feeds, if it is one's own."""

    name: str
    node: Node
    term: str | None = None
    required: bool = False
    """Whether the columns it reads must exist."""


@dataclass(frozen=True, slots=True)
class Formulas:
    """All that a profile computes, in the order in which it is computed."""

    header: tuple[Formula, ...] = ()
    lines: tuple[Formula, ...] = ()
    kinds: tuple[tuple[RowKind, Node], ...] = ()
    is_line: Node | None = None
    joins: tuple[tuple[Join, Node | None], ...] = ()
    filters: tuple[tuple[str, Node], ...] = ()


@dataclass(slots=True)
class Used:
    """Columns that a profile reads: of the header and of the lines, each with whether it must
    exist, and of each join."""

    header: dict[str, bool] = field(default_factory=dict)
    lines: dict[str, bool] = field(default_factory=dict)
    joined: dict[str, set[str]] = field(default_factory=dict)

    def of(self, side: Side) -> dict[str, bool]:
        """Return the columns of one side."""
        return self.header if side == "header" else self.lines


def column_of(source: TermSource, term: str, instance: str = "0") -> str | None:
    """Return the column a term is read from: the one named, or that of its own expression."""
    if source.value is not None:
        return f"={term}#{instance}" if instance != "0" else f"={term}"
    if source.column is None:
        return None
    return source.column.replace("{n}", instance) if instance != "0" else source.column


@lru_cache(maxsize=16)
def formulas_of(profile_text: str) -> Formulas:
    """Return the formulas of a profile, given as its JSON (profiles are not hashable)."""
    return _Compiler(Profile.model_validate_json(profile_text)).formulas()


def formulas(profile: Profile) -> Formulas:
    """Return the formulas of a profile that has no faults (:func:`check_formulas`)."""
    return formulas_of(profile.model_dump_json(by_alias=True, exclude_unset=True))


def check_formulas(profile: Profile) -> tuple[ProfileFault, ...]:
    """Return what is wrong with the expressions of ``profile``, and with the names they use."""
    compiler = _Compiler(profile)
    compiler.formulas()
    return (*compiler.faults, *_join_faults(profile))


def used_columns(profile: Profile) -> Used:
    """Return the columns that ``profile`` reads."""
    used = Used(joined={join.name: set(join.on) for join in profile.joined})
    found = formulas(profile)
    names = _Names(profile)
    for side, column, required in _plain_columns(profile):
        names.add(used, side, column, required=required)
    for side, computed in (("header", found.header), ("lines", found.lines)):
        for formula in computed:
            own: Side = "header" if side == "header" else "lines"
            names.add_all(used, own, formula.node, required=formula.required)
    for kind, node in found.kinds:
        names.add_all(used, "lines", node)
        if kind.text:
            names.add(used, "lines", kind.text, required=True)
    if found.is_line is not None:
        names.add_all(used, "lines", found.is_line)
    for _, node in found.filters:
        names.add_all(used, "header", node)
    for join, when in found.joins:
        used.joined[join.name].update(when.columns if when is not None else ())
        for other in join.on.values():
            names.add(
                used,
                "lines" if join.to == "lines" else "header",
                other,
                required=not join.optional,
            )
    for join in profile.joined:
        if join.rows is not None:  # rows of the lines file: their columns are columns of that file
            used.lines |= dict.fromkeys(used.joined.pop(join.name), False) | used.lines
    return used


def erp_columns(profile: Profile) -> dict[str, str]:
    """Return the ERP column of each term: the one it names, or the first its expression reads."""
    found: dict[str, str] = {}
    computed = formulas(profile)
    shown = _shown_columns(computed)
    for formula in (*computed.lines, *computed.header):
        if formula.term is not None and formula.node.columns:
            found.setdefault(formula.term, shown[formula.name])
    return {**found, **profile.columns}


def _shown_columns(found: Formulas) -> dict[str, str]:
    """Return the column of the file that each computed one is told as: the first that it reads,
    itself or through the derived columns it names."""
    shown: dict[str, str] = {}
    for formula in (*found.header, *found.lines):
        first = next(iter((*formula.node.columns, *formula.node.totals)), formula.name)
        first = first.removeprefix("header.")
        shown[formula.name] = shown.get(first, first)
    return shown


def _plain_columns(profile: Profile) -> Iterator[tuple[Side, str, bool]]:
    """Yield the columns that terms and filters name."""
    for level, sources in (("document", profile.header), ("line", profile.lines)):
        for source in sources.values():
            if source.column is not None:
                yield (
                    _LEVELS["document" if level == "document" else "line"],
                    source.column,
                    (source.required),
                )
    for repeated in profile.repeated:
        side = _LEVELS[registry().groups[repeated.group].level]
        for source in repeated.terms.values():
            for rank in range(1, repeated.count + 1):
                if source.column is not None:
                    yield side, source.column.replace("{n}", str(rank)), source.required
    for item in profile.filters:
        if item.column is not None:
            yield "header", item.column, True


class _Names:
    """Looks up what a name stands for."""

    def __init__(self, profile: Profile) -> None:
        self._flat = profile.shape.kind == "flat"
        self._joins = {join.name: join for join in profile.joined}
        self._derived = {side: frozenset(names) for side, names in profile.derived.items()}
        self._comments = any(kind.use == "comment" for kind in profile.rows)

    def add_all(self, used: Used, side: Side, node: Node, *, required: bool = False) -> None:
        for name in node.columns:
            if not name.startswith("@"):
                self.add(used, side, name, required=required)
        for name in node.totals:
            if name:
                self.add(used, "lines", name)

    def add(self, used: Used, side: Side, name: str, *, required: bool = False) -> None:
        """Note that ``name``, said on ``side``, is read."""
        if name in self._derived.get(side, ()) or (name == COMMENT and self._comments):
            return
        first, _, rest = name.partition(".")
        join = self._joins.get(first)
        if join is not None and rest and join.to == side:
            if join.count > 1:
                rest = rest.partition(".")[2]
            used.joined[first].add(rest)
        elif side == "lines" and first == "header" and rest:
            self.add(used, "header", rest, required=required)
        else:
            columns = used.of(side)
            columns[name] = columns.get(name, False) or required


class _Compiler:
    """Parses the expressions of a profile and collects what is wrong with them."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._kinds: dict[Side, dict[str, Kind]] = {"header": {}, "lines": {}}
        self.faults: list[ProfileFault] = []

    def formulas(self) -> Formulas:
        profile = self._profile
        header = tuple(self._side("header", "document"))
        lines = tuple(self._side("lines", "line"))
        kinds = [
            (kind, node)
            for rank, kind in enumerate(profile.rows)
            if (node := self._truth(("rows", rank, "when"), kind.when)) is not None
        ]
        joins = [
            (join, self._truth(("joined", rank, "when"), join.when) if join.when else None)
            for rank, join in enumerate(profile.joined)
        ]
        filters = [
            (item.name, node)
            for rank, item in enumerate(profile.filters)
            if item.when and (node := self._truth(("filters", rank, "when"), item.when, "header"))
        ]
        is_line = profile.lines_when and self._truth(("lines_when",), profile.lines_when)
        return Formulas(
            header=header,
            lines=lines,
            kinds=tuple(kinds),
            is_line=is_line or None,
            joins=tuple(joins),
            filters=tuple(filters),
        )

    def _side(self, side: Side, level: Level) -> Iterator[Formula]:
        for name, text in self._profile.derived.get(side, {}).items():
            node = self._parsed(("derived", side, name), text, self._environment(side))
            if node is not None:
                self._kinds[side][name] = node.kind
                yield Formula(name, node)
        section = self._profile.header if level == "document" else self._profile.lines
        for key, source in section.items():
            yield from self._term((side, key, "value"), key, source, ["0"], side)
        for rank, repeated in enumerate(self._profile.repeated):
            group = registry().groups.get(repeated.group)
            if group is not None and group.level == level:
                ranks = [str(number) for number in range(1, repeated.count + 1)]
                for key, source in repeated.terms.items():
                    keys = ("repeated", rank, "terms", key, "value")
                    yield from self._term(keys, key, source, ranks, side)

    def _term(
        self,
        keys: tuple[str | int, ...],
        key: str,
        source: TermSource,
        ranks: Iterable[str],
        side: Side,
    ) -> Iterator[Formula]:
        term = registry().terms.get(key)
        if source.value is None or term is None:
            return
        environment = replace(
            self._environment(side),
            marks=source.marks or self._profile.numbers,
            dates=source.dates or self._profile.dates,
        )
        for rank in ranks:
            text = _as_kind(source.value.replace("{n}", rank), term, environment)
            node = self._parsed(keys, text, environment)
            if node is not None:
                yield Formula(column_of(source, key, rank) or "", node, key, source.required)

    def _environment(self, side: Side | None) -> Environment:
        """Return what expressions of a side may use; None: rows as they are in their file."""
        kinds = dict(self._kinds[side]) if side is not None else {}
        if side == "lines":
            kinds |= {f"header.{name}": kind for name, kind in self._kinds["header"].items()}
        profile = self._profile
        return Environment(profile.numbers, profile.dates, profile.tables, kinds)

    def _truth(
        self, keys: tuple[str | int, ...], text: str, side: Side | None = None
    ) -> Node | None:
        node = self._parsed(keys, text, self._environment(side))
        if node is not None and node.kind != "truth":
            self.faults.append(ProfileFault(keys, f"{text!r} is no condition but a {node.kind}"))
            return None
        return node

    def _parsed(
        self, keys: tuple[str | int, ...], text: str, environment: Environment
    ) -> Node | None:
        try:
            return parse_expression(text, environment)
        except ExpressionError as error:
            fault = ProfileFault(keys, str(error))
            if fault not in self.faults:
                self.faults.append(fault)
            return None


def _as_kind(text: str, term: Term, environment: Environment) -> str:
    """Return the expression of a term, read as a number or date when the term is one."""
    wanted = "number" if term.kind in DECIMAL_KINDS else "date" if term.kind == "date" else ""
    try:
        kind = parse_expression(text, environment).kind
    except ExpressionError:
        return text  # told when it is parsed as it stands
    return f"{wanted}({text})" if wanted and kind != wanted else text


def _join_faults(profile: Profile) -> Iterator[ProfileFault]:
    kinds = {kind.name: kind for kind in profile.rows}
    seen: set[str] = set()
    for rank, join in enumerate(profile.joined):
        place: tuple[str | int, ...] = ("joined", rank)
        if join.name in seen or join.name in ("header", "lines"):
            yield ProfileFault((*place, "name"), f"the name {join.name!r} is taken")
        seen.add(join.name)
        if join.rows is not None:
            kind = kinds.get(join.rows)
            if kind is None or kind.use != "join":
                reason = f"no kind of rows {join.rows!r} with use: join"
                yield ProfileFault((*place, "rows"), reason)
    taken = {join.rows for join in profile.joined}
    for rank, kind in enumerate(profile.rows):
        if kind.use == "join" and kind.name not in taken:
            yield ProfileFault(("rows", rank, "use"), f"no join takes the rows {kind.name!r}")
    for rank, repeated in enumerate(profile.repeated):
        for key, source in repeated.terms.items():
            if repeated.count > 1 and source.value is not None and "{n}" not in source.value:
                reason = f"the expression {source.value!r} needs {{n}}: count is above 1"
                yield ProfileFault(("repeated", rank, "terms", key, "value"), reason)
