"""Expressions of a profile: small, typed, and nothing but values of the row (docs/mapping.md).

``if(number(TOTAL) < 0, '381', '380')`` is parsed once, its types are checked once, then it is a
closure over the cells of a row. There is no way from an expression to anything else: it has
columns, literals, operators and the functions of ``transforms.expression_functions``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from transforms import expression_functions as functions
from transforms import expression_operators as operators
from transforms.expression_nodes import (
    Environment,
    ExpressionError,
    Node,
    column_node,
    literal_node,
)

__all__ = ["ExpressionError", "parse_expression"]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d+)?)
    | (?P<text>'(?:[^']|'')*')
    | (?P<column>"(?:[^"]|"")+")
    | (?P<name>@?[^\W\d][\w.]*)
    | (?P<sign>\|\||<>|<=|>=|[-+*/=<>(),])
    )""",
    re.VERBOSE,
)
_WORDS = frozenset({"and", "or", "not", "in"})
#: Binding strength of binary operators, weakest first.
_STRENGTH = {
    "or": 1,
    "and": 2,
    "=": 4,
    "<>": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "in": 4,
    "not": 4,
    "||": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
}
_NOT = 3
_NEGATE = 8


def parse_expression(text: str, environment: Environment | None = None) -> Node:
    """Return the expression written in ``text``, its types checked.

    Raises:
        ExpressionError: saying what is wrong, and where.
    """
    return _Parser(text, environment or Environment()).whole()


class _Parser:
    """A Pratt parser over the tokens of one expression."""

    def __init__(self, text: str, environment: Environment) -> None:
        self._text = text
        self._environment = environment
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self) -> Node:
        node = self._expression(0)
        if self._at < len(self._tokens):
            raise self._error(f"{self._tokens[self._at][1]!r} is not expected here")
        return node

    # -- grammar ---------------------------------------------------------------------------------

    def _expression(self, least: int) -> Node:
        left = self._operand()
        while True:
            sign = self._peek()
            strength = _STRENGTH.get(sign, 0)
            if strength <= least:
                return left
            self._take()
            if sign == "not":
                self._expect("in")
                left = operators.negation(self._in(left))
            elif sign == "in":
                left = self._in(left)
            else:
                left = self._checked(sign, left, self._expression(strength))

    def _operand(self) -> Node:
        if self._at >= len(self._tokens):
            raise self._error("something is missing at the end")
        kind, word = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return literal_node(Decimal(word))
        if kind == "text":
            return literal_node(word[1:-1].replace("''", "'"))
        if kind == "column":
            return self._column(word[1:-1].replace('""', '"'))
        if word == "(":
            node = self._expression(0)
            self._expect(")")
            return node
        if word == "-":
            return self._call("negate", [self._expression(_NEGATE)])
        if word == "not":
            return operators.negation(self._expression(_NOT))
        if kind == "name" and word.lower() not in _WORDS:
            if self._peek() == "(":
                self._take()
                return self._call(word.lower(), self._arguments())
            return self._column(word)
        raise self._error(f"{word!r} is not expected here")

    def _arguments(self) -> list[Node]:
        found: list[Node] = []
        if self._peek() == ")":
            self._take()
            return found
        while True:
            found.append(self._expression(0))
            if self._peek() != ",":
                self._expect(")")
                return found
            self._take()

    def _in(self, left: Node) -> Node:
        self._expect("(")
        return self._checked("in", left, *self._arguments())

    def _column(self, name: str) -> Node:
        return column_node(name, self._environment.kinds.get(name, "text"))

    # -- help ------------------------------------------------------------------------------------

    def _call(self, name: str, arguments: Sequence[Node]) -> Node:
        try:
            return functions.call(name, arguments, self._environment)
        except ExpressionError as error:
            raise self._error(str(error)) from error

    def _checked(self, sign: str, *operands: Node) -> Node:
        try:
            return operators.apply(sign, operands)
        except ExpressionError as error:
            raise self._error(str(error)) from error

    def _peek(self) -> str:
        if self._at >= len(self._tokens):
            return ""
        kind, word = self._tokens[self._at]
        if kind == "sign":
            return word
        return word.lower() if kind == "name" and word.lower() in _WORDS else ""

    def _take(self) -> None:
        self._at += 1

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise self._error(f"{sign!r} is missing")
        self._take()

    def _error(self, reason: str) -> ExpressionError:
        return ExpressionError(f"{self._text!r}: {reason}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None or match.lastgroup is None:
            msg = f"{text!r}: {stripped[at:].strip()[:20]!r} cannot be read"
            raise ExpressionError(msg)
        yield match.lastgroup, match.group(match.lastgroup)
        at = match.end()
