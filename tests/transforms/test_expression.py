"""Expressions of a profile: what they compute, and what is refused before any row is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.profile import Dates, Marks
from transforms.expression import ExpressionError, parse_expression
from transforms.expression_nodes import Columns, Environment, Scope, Value

FRENCH = Environment(
    Marks(decimal=",", thousands=(".", " ")),
    Dates(formats=("dd/MM/yyyy",), empty=("00/00/0000",)),
    {"kinds": {"FAC": "380"}},
)


def run(text: str, **cells: str) -> tuple[Value, Scope]:
    columns = Columns({name: rank for rank, name in enumerate(cells)})
    scope = Scope(list(cells.values()), file="a.csv", rank=3)
    return parse_expression(text, FRENCH).bind(columns)(scope), scope


def value(text: str, **cells: str) -> Value:
    return run(text, **cells)[0]


@pytest.mark.parametrize(
    ("text", "cells", "expected"),
    [
        ("1 + 2 * 3", {}, Decimal(7)),
        ("(1 + 2) * 3", {}, Decimal(9)),
        ("10 - 2 - 3", {}, Decimal(5)),
        ("-number(A) / 4", {"A": "1.234,00"}, Decimal("-308.5")),
        ("number(A)", {"A": "1 234,56-"}, Decimal("-1234.56")),
        ("A || '/' || B", {"A": " x ", "B": "y"}, "x/y"),
        ("A || B", {"A": "", "B": ""}, None),
        ("'l''heure'", {}, "l'heure"),
        ('"a ""b"" c"', {'a "b" c': "z"}, "z"),
        ("A = 'x' and B <> 'y' or C = 'z'", {"A": "x", "B": "y", "C": "z"}, True),
        ("not A = 'x'", {"A": "x"}, False),
        ("A in ('x', 'y')", {"A": "y"}, True),
        ("A not in ('x', 'y')", {"A": "y"}, False),
        ("A = ''", {"A": "  "}, True),
        ("number(A) > 10", {"A": "9"}, False),
        ("number(A) <= 9", {"A": "9"}, True),
        ("date(A) < date(B)", {"A": "01/02/2026", "B": "02/01/2026"}, False),
        ("if(number(A) < 0, '381', '380')", {"A": "-1"}, "381"),
        ("if(A = 'x', 'yes')", {"A": "y"}, None),
        ("first(A, B, 'c')", {"A": "", "B": " b "}, "b"),
        ("@file || '#' || @line", {}, "a.csv#3"),
        ("lookup('kinds', A)", {"A": "FAC"}, "380"),
        ("lookup('kinds', A)", {"A": "?"}, None),
        ("match(A, '[A-Z]+')", {"A": "12AB34"}, "AB"),
        ("match(A, 'n° ([0-9]+)')", {"A": "Marché n° 42 du 3"}, "42"),
        ("match(A, 'x')", {"A": "abc"}, None),
        ("text(number(A))", {"A": "5,5000"}, "5.5"),
        ("text(number(A))", {"A": "1.200"}, "1200"),
        ("text(number(A))", {"A": "0,00"}, "0"),
        ("epoch_date(number(A))", {"A": "1795392000000"}, date(2026, 11, 23)),
        ("epoch_date(number(match(A, '-?[0-9]+')))", {"A": "/Date(-1)/"}, date(1969, 12, 31)),
        ("epoch_date(number(A))", {"A": "99999999999999999"}, None),
        ("epoch_date(number(A))", {"A": ""}, None),
        ("strip_zeros(A)", {"A": "0090001234"}, "90001234"),
        ("strip_zeros(A)", {"A": "000"}, "0"),
        ("pad_zeros(A, 10)", {"A": "42"}, "0000000042"),
        ("left(A, 3) || right(A, 2)", {"A": "abcdef"}, "abcef"),
        ("upper(A) || lower(A)", {"A": "aB"}, "ABab"),
        ("replace(A, '-', '')", {"A": "a-b-c"}, "abc"),
        ("round(number(A), 2)", {"A": "2,345"}, Decimal("2.35")),
        ("abs(number(A))", {"A": "3-"}, Decimal(3)),
        ("min(number(A), 2)", {"A": "3"}, Decimal(2)),
        ("max(date(A), date(B))", {"A": "01/01/2026", "B": "02/01/2026"}, date(2026, 1, 2)),
        ("days(date(A), 30)", {"A": "12/03/2026"}, date(2026, 4, 11)),
        ("end_of_month(date(A))", {"A": "12/02/2028"}, date(2028, 2, 29)),
        ("days(date(A), number(B))", {"A": "12/03/2026", "B": "999999999"}, None),
        ("round(number(A), number(B))", {"A": "1,5", "B": "999999"}, Decimal("1.5")),
        ("left(A, number(B))", {"A": "abc", "B": "1-"}, None),
        ("pad_zeros(A, number(B))", {"A": "1", "B": "999999999"}, None),
        ("text(number(A) * 2)", {"A": "1,50"}, "3"),
        ("date(A)", {"A": "00/00/0000"}, None),
        ("MISSING = ''", {}, True),
        ("number(MISSING) + 1", {}, None),
        ("number(MISSING) < 1", {}, False),
        ("number(MISSING) = number(MISSING)", {}, False),
        ("number(MISSING) <> 0", {}, False),
        ("MISSING <> 'x'", {}, True),
    ],
)
def test_an_expression_computes(text: str, cells: dict[str, str], expected: Value) -> None:
    assert value(text, **cells) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing at the end"),
        ("A +", "missing at the end"),
        ("(A", "')' is missing"),
        ("A B", "'B' is not expected"),
        ("A ; B", "cannot be read"),
        ("1 + 'a'", "needs a number"),
        ("A + 1", "use number"),
        ("A < B", "compares numbers or dates"),
        ("A = 1", "compares number with text"),
        ("not A", "needs a truth"),
        ("if(A, 'b')", "needs a condition"),
        ("if(A = '', 'b', 1)", "it takes"),
        ("first()", "at least one"),
        ("first(A, 1)", "it takes"),
        ("nothing(A)", "there is no function"),
        ("number(A, B)", "it takes"),
        ("match(A, B)", "in quotes"),
        ("match(A, '(')", "is no pattern"),
        ("lookup('none', A)", "there is no table"),
        ("__import__('os')", "there is no function"),
        ("total(number(A))", "adds up one column"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse_expression(text, FRENCH)
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("text", "cell", "rule"),
    [
        ("number(A)", "12,3,4", "MP-NUMBER-01"),
        ("number(A)", "1,2E+13", "MP-SCIENTIFIC-01"),
        ("date(A)", "31/02/2026", "MP-DATE-01"),
        ("1 / number(A)", "0", "MP-DIVIDE-01"),
    ],
)
def test_a_cell_that_cannot_be_read_is_a_fault_and_the_value_absent(
    text: str, cell: str, rule: str
) -> None:
    found, scope = run(text, A=cell)
    assert found is None
    assert [(fault.rule, fault.column) for fault in scope.faults] == [(rule, "A")]


def test_the_columns_an_expression_reads_are_known_before_any_row() -> None:
    node = parse_expression("first(A, \"b c\", A) || lookup('kinds', header.D)", FRENCH)
    assert node.columns == ("A", "b c", "header.D")
    assert parse_expression("total(NET) + count_lines()", FRENCH).totals == ("NET", "")


def test_totals_run_over_the_lines_and_the_header_is_seen_from_them() -> None:
    lines = [("1,50", "x"), ("2,25", "y"), ("", "z")]
    columns = Columns({"H": 0}, {"H": 0}, {"NET": 0, "K": 1})
    scope = Scope(["h"], ["h"], lines)
    assert parse_expression("total(NET)", FRENCH).bind(columns)(scope) == Decimal("3.75")
    assert parse_expression("count_lines()", FRENCH).bind(columns)(scope) == Decimal(3)
    of_line = parse_expression("header.H || K", FRENCH).bind(Columns({"NET": 0, "K": 1}, {"H": 0}))
    assert of_line(Scope(lines[1], ["h"])) == "hy"


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_an_expression_error(text: str) -> None:
    try:
        parse_expression(text, FRENCH)
    except ExpressionError:
        return


@given(st.decimals(-(10**9), 10**9, places=2), st.decimals(-(10**9), 10**9, places=2))
def test_arithmetic_is_exact(left: Decimal, right: Decimal) -> None:
    cells = {"A": f"{left:f}".replace(".", ","), "B": f"{right:f}".replace(".", ",")}
    assert value("number(A) + number(B)", **cells) == left + right
    assert value("number(A) - number(B)", **cells) == left - right
