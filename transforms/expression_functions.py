"""Functions of expressions: what a profile may compute from the cells of a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from transforms import amounts, dates
from transforms.expression_nodes import (
    Columns,
    Environment,
    Evaluate,
    ExpressionError,
    Fault,
    Kind,
    Node,
    Scope,
    Value,
)
from transforms.expression_operators import columns_of, made
from transforms.expression_values import PLAIN_FUNCTIONS

#: Different cells remembered per column: prices, rates and dates come again and again.
_REMEMBERED = 2048


def call(name: str, arguments: Sequence[Node], environment: Environment) -> Node:
    """Return the node of a call.

    Raises:
        ExpressionError: no such function, or arguments that do not fit.
    """
    special = _SPECIAL.get(name)
    if special is not None:
        return special(list(arguments), environment)
    plain = PLAIN_FUNCTIONS.get(name)
    if plain is None:
        known = ", ".join(
            sorted(name for name in (*PLAIN_FUNCTIONS, *_SPECIAL) if name != "negate")
        )
        msg = f"there is no function {name!r}; there are {known}"
        raise ExpressionError(msg)
    _fit(name, arguments, plain.takes)
    compute = plain.compute
    if plain.skips:
        compute = _skipping(compute)
    return made(plain.gives, arguments, compute)


def _skipping(compute: Callable[..., Value]) -> Callable[..., Value]:
    return lambda *values: None if any(value is None for value in values) else compute(*values)


def _fit(name: str, arguments: Sequence[Node], kinds: Sequence[Kind]) -> None:
    given = [argument.kind for argument in arguments]
    if given != list(kinds):
        wanted = ", ".join(kinds) or "nothing"
        msg = f"{name}({', '.join(given)}): it takes ({wanted})"
        raise ExpressionError(msg)


def _number(arguments: list[Node], environment: Environment) -> Node:
    return _reading("number", arguments, amounts.parser(environment.marks), environment)


def _date(arguments: list[Node], environment: Environment) -> Node:
    return _reading("date", arguments, dates.parser(environment.dates), environment)


def _reading(
    kind: Kind,
    arguments: list[Node],
    parse: Callable[[str], Value],
    environment: Environment,
) -> Node:
    if len(arguments) == 1 and arguments[0].kind == kind:
        return arguments[0]
    _fit(kind, arguments, ("text",))
    (argument,) = arguments
    column = (*argument.columns, None)[0]
    marks = environment.marks
    params = {
        "example": f"1{(*marks.groupings, '')[0]}234{marks.decimal}56",
        "formats": ", ".join(environment.dates.formats),
    }
    rule = "MP-NUMBER-01" if kind == "number" else "MP-DATE-01"
    parse = lru_cache(maxsize=_REMEMBERED)(parse)

    def bind(columns: Columns) -> Evaluate:
        text = argument.bind(columns)

        def evaluate(scope: Scope) -> Value:
            cell = text(scope)
            if cell is None:
                return None
            try:
                return parse(str(cell))
            except (amounts.AmountError, dates.DateError):
                scientific = kind == "number" and amounts.is_scientific(str(cell))
                broken = "MP-SCIENTIFIC-01" if scientific else rule
                scope.faults.append(Fault(broken, column, str(cell), params))
                return None

        return evaluate

    return replace(argument, kind=kind, bind=bind, literal=None)


def _first(arguments: list[Node], _environment: Environment) -> Node:
    if not arguments:
        msg = "first() needs at least one value"
        raise ExpressionError(msg)
    kind = arguments[0].kind
    _fit("first", arguments, [kind] * len(arguments))

    def bind(columns: Columns) -> Evaluate:
        parts = [argument.bind(columns) for argument in arguments]

        def evaluate(scope: Scope) -> Value:
            for part in parts:
                value = part(scope)
                if value is not None:
                    return value
            return None

        return evaluate

    return Node(kind, bind, *columns_of(arguments))


def _if(arguments: list[Node], _environment: Environment) -> Node:
    if len(arguments) not in (2, 3) or arguments[0].kind != "truth":
        msg = "if(condition, value, other value) needs a condition first"
        raise ExpressionError(msg)
    condition, *values = arguments
    _fit("if", values, [values[0].kind] * len(values))

    def bind(columns: Columns) -> Evaluate:
        holds, *parts = (argument.bind(columns) for argument in (condition, *values))
        then, other = parts[0], parts[1] if len(parts) > 1 else None

        def evaluate(scope: Scope) -> Value:
            if holds(scope):
                return then(scope)
            return other(scope) if other is not None else None

        return evaluate

    return Node(values[0].kind, bind, *columns_of(arguments))


def _extreme(pick: Callable[..., Value]) -> Callable[[list[Node], Environment], Node]:
    def build(arguments: list[Node], _environment: Environment) -> Node:
        kind: Kind = "date" if arguments and arguments[0].kind == "date" else "number"
        _fit(pick.__name__, arguments, [kind] * max(len(arguments), 1))
        return made(kind, arguments, _skipping(lambda *values: pick(values)))

    return build


def _match(arguments: list[Node], _environment: Environment) -> Node:
    _fit("match", arguments, ("text", "text"))
    text, pattern = arguments
    if not isinstance(pattern.literal, str):
        msg = "match(text, 'pattern') needs the pattern in quotes"
        raise ExpressionError(msg)
    try:
        regex = re.compile(pattern.literal)
    except re.error as error:
        msg = f"match: {pattern.literal!r} is no pattern: {error}"
        raise ExpressionError(msg) from error

    def search(cell: str) -> str | None:
        found = regex.search(cell)
        if found is None:
            return None
        return (found.group(1) if regex.groups else found.group()) or None

    return made("text", [text], _skipping(search))


def _lookup(arguments: list[Node], environment: Environment) -> Node:
    _fit("lookup", arguments, ("text", "text"))
    name, key = arguments
    table = environment.tables.get(str(name.literal))
    if not isinstance(name.literal, str) or table is None:
        known = ", ".join(environment.tables) or "none"
        msg = f"lookup: there is no table {name.literal!r}; tables of the profile: {known}"
        raise ExpressionError(msg)
    return made("text", [key], _skipping(lambda cell: table.get(cell) or None))


def _total(arguments: list[Node], environment: Environment) -> Node:
    if len(arguments) != 1 or len(arguments[0].columns) != 1 or arguments[0].kind != "text":
        msg = "total(COLUMN) adds up one column of the lines"
        raise ExpressionError(msg)
    (name,) = arguments[0].columns
    cell = _number(arguments, environment)

    def bind(columns: Columns) -> Evaluate:
        of_line = cell.bind(Columns(columns.lines, columns.header, columns.lines))

        def evaluate(scope: Scope) -> Value:
            found = [
                of_line(Scope(row, scope.header, (), scope.file, 0, scope.faults))
                for row in scope.lines
            ]
            numbers = [value for value in found if isinstance(value, Decimal)]
            return sum(numbers, Decimal(0)) if numbers else None

        return evaluate

    return Node("number", bind, (), (name,))


def _common(arguments: list[Node], _environment: Environment) -> Node:
    if len(arguments) != 1 or len(arguments[0].columns) != 1 or arguments[0].kind != "text":
        msg = "common(COLUMN) looks at one column of the lines"
        raise ExpressionError(msg)
    (name,) = arguments[0].columns

    def bind(columns: Columns) -> Evaluate:
        of_line = arguments[0].bind(Columns(columns.lines, columns.header, columns.lines))

        def evaluate(scope: Scope) -> Value:
            found = {of_line(Scope(row, scope.header)) for row in scope.lines}
            return found.pop() if len(found) == 1 else None

        return evaluate

    return Node("text", bind, (), (name,))


def _count_lines(arguments: list[Node], _environment: Environment) -> Node:
    _fit("count_lines", arguments, ())
    return Node("number", lambda _columns: lambda scope: Decimal(len(scope.lines)), (), ("",))


_SPECIAL: dict[str, Callable[[list[Node], Environment], Node]] = {
    "number": _number,
    "date": _date,
    "first": _first,
    "if": _if,
    "min": _extreme(min),
    "max": _extreme(max),
    "match": _match,
    "lookup": _lookup,
    "total": _total,
    "common": _common,
    "count_lines": _count_lines,
}
