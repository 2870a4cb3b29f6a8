"""Operators of expressions: arithmetic, comparison, joining texts, and, or, not.

An absent operand makes arithmetic and comparisons absent or false: nothing is computed from
nothing. Texts are compared as they are, without surrounding blanks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from transforms.expression_nodes import (
    Columns,
    Evaluate,
    ExpressionError,
    Fault,
    Kind,
    Node,
    Scope,
    Value,
)

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def apply(sign: str, operands: Sequence[Node]) -> Node:
    """Return the node of a binary operator, or of ``in`` with its list.

    Raises:
        ExpressionError: the types of the operands do not fit.
    """
    first, *others = operands
    if sign == "in":
        return _same(_made("truth", operands, _among), sign, operands)
    if sign in ("=", "<>"):
        plain = first.kind in ("text", "truth")
        alike, other = (_equal, _unequal) if plain else (_equal_values, _unequal_values)
        return _same(_made("truth", operands, alike if sign == "=" else other), sign, operands)
    if sign in _COMPARE:
        if first.kind not in ("number", "date"):
            msg = f"{sign!r} compares numbers or dates, not {first.kind}: use number(…) or date(…)"
            raise ExpressionError(msg)
        compare = _COMPARE[sign]
        node = _made("truth", operands, lambda left, right: _ordered(compare, left, right))
        return _same(node, sign, operands)
    if sign in ("and", "or"):
        _all(sign, operands, "truth")
        return _logic(sign, first, others[0])
    if sign == "||":
        _all(sign, operands, "text")
        return _made("text", operands, lambda left, right: f"{left or ''}{right or ''}" or None)
    _all(sign, operands, "number")
    if sign == "/":
        return _quotient(first, others[0])
    return _made("number", operands, _ARITHMETIC[sign])


def negation(node: Node) -> Node:
    """Return the node of ``not``.

    Raises:
        ExpressionError: it is no condition.
    """
    _all("not", [node], "truth")
    return _made("truth", [node], lambda value: not value)


def columns_of(nodes: Sequence[Node]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns and the totals that some nodes read, each once."""
    own = dict.fromkeys(name for node in nodes for name in node.columns)
    totals = dict.fromkeys(name for node in nodes for name in node.totals)
    return tuple(own), tuple(totals)


def made(kind: Kind, nodes: Sequence[Node], compute: Callable[..., Value]) -> Node:
    """Return the node of a plain function of the values of other nodes."""
    return _made(kind, nodes, compute)


def _made(kind: Kind, nodes: Sequence[Node], compute: Callable[..., Value]) -> Node:
    def bind(columns: Columns) -> Evaluate:
        parts = [node.bind(columns) for node in nodes]
        if len(parts) == 1:
            (only,) = parts
            return lambda scope: compute(only(scope))
        if len(parts) == 2:
            left, right = parts
            return lambda scope: compute(left(scope), right(scope))
        return lambda scope: compute(*(part(scope) for part in parts))

    own, totals = columns_of(nodes)
    return Node(kind, bind, own, totals)


def _logic(sign: str, left: Node, right: Node) -> Node:
    def bind(columns: Columns) -> Evaluate:
        first, second = left.bind(columns), right.bind(columns)
        if sign == "and":
            return lambda scope: bool(first(scope)) and bool(second(scope))
        return lambda scope: bool(first(scope)) or bool(second(scope))

    own, totals = columns_of([left, right])
    return Node("truth", bind, own, totals)


def _quotient(left: Node, right: Node) -> Node:
    own, totals = columns_of([left, right])

    def bind(columns: Columns) -> Evaluate:
        first, second = left.bind(columns), right.bind(columns)

        def evaluate(scope: Scope) -> Value:
            dividend, divisor = first(scope), second(scope)
            if not isinstance(dividend, Decimal) or not isinstance(divisor, Decimal):
                return None
            if not divisor:
                scope.faults.append(Fault("MP-DIVIDE-01", (*own, *totals, "")[0], "0"))
                return None
            return dividend / divisor

        return evaluate

    return Node("number", bind, own, totals)


def _equal(left: Value, right: Value) -> bool:
    return left == right


def _unequal(left: Value, right: Value) -> bool:
    return left != right


def _equal_values(left: Value, right: Value) -> bool:
    return left is not None and left == right


def _unequal_values(left: Value, right: Value) -> bool:
    return left is not None and right is not None and left != right


def _among(value: Value, *others: Value) -> bool:
    return value in others


def _ordered(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> bool:
    return left is not None and right is not None and compare(left, right)


def _plus(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else left + right


def _minus(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else left - right


def _times(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else left * right


_ARITHMETIC: dict[str, Callable[..., Value]] = {"+": _plus, "-": _minus, "*": _times}


def _all(sign: str, operands: Sequence[Node], kind: Kind) -> None:
    for operand in operands:
        if operand.kind != kind:
            hint = ": use number(…)" if kind == "number" and operand.kind == "text" else ""
            msg = f"{sign!r} needs a {kind}, not a {operand.kind}{hint}"
            raise ExpressionError(msg)


def _same(node: Node, sign: str, operands: Sequence[Node]) -> Node:
    kinds = {operand.kind for operand in operands}
    if len(kinds) > 1:
        msg = f"{sign!r} compares {' with '.join(sorted(kinds))}: use number(…) or date(…)"
        raise ExpressionError(msg)
    return node
