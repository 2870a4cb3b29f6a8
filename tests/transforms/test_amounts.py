"""Decimal numbers as ERPs write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.profile import Marks
from transforms.amounts import AmountError, is_scientific, parse_decimal, round_half_up

POINT = Marks()
COMMA = Marks(decimal=",")
GERMAN = Marks(decimal=",", thousands=".")
FRENCH = Marks(decimal=",", thousands=" ")
ENGLISH = Marks(decimal=".", thousands=",")
SWISS = Marks(decimal=".", thousands="'")
ANY_GROUPS = Marks(decimal=",", thousands=(" ", ".", "'"))
CREDIT = Marks(decimal=",", thousands=(" ", "."), negative=("CR", "Cr.", "C"))


@pytest.mark.parametrize(
    ("marks", "text", "number"),
    [
        (POINT, "1234.56", "1234.56"),
        (POINT, "1234.50", "1234.50"),
        (POINT, "-0.07", "-0.07"),
        (POINT, "+12", "12"),
        (POINT, ".5", "0.5"),
        (POINT, "  7 ", "7"),
        (POINT, "100.20-", "-100.20"),
        (POINT, "100.20 -", "-100.20"),
        (POINT, "(100.20)", "-100.20"),
        (POINT, "0012", "12"),
        (COMMA, "12,5", "12.5"),
        (GERMAN, "1.234,56", "1234.56"),
        (GERMAN, "1.234.567", "1234567"),
        (GERMAN, "1234,56", "1234.56"),
        (FRENCH, "1 234,56", "1234.56"),
        (FRENCH, "1\u00a0234,56", "1234.56"),
        (FRENCH, "-1\u202f234\u202f567,8", "-1234567.8"),
        (FRENCH, "(1 234)", "-1234"),
        (ENGLISH, "1,234.56", "1234.56"),
        (SWISS, "1'234.56", "1234.56"),
        (SWISS, "1\u2019234", "1234"),
        (ANY_GROUPS, "1 234 567,8", "1234567.8"),
        (ANY_GROUPS, "1.234.567,8", "1234567.8"),
        (ANY_GROUPS, "1'234'567,8", "1234567.8"),
        (ANY_GROUPS, "1234567,8", "1234567.8"),
        (CREDIT, "100,20 CR", "-100.20"),
        (CREDIT, "100,20CR", "-100.20"),
        (CREDIT, "1.100,20\u00a0\u00a0Cr.", "-1100.20"),
        (CREDIT, "1\u202f100 C", "-1100"),
        (CREDIT, "100,20", "100.20"),
        (CREDIT, "100,20-", "-100.20"),
    ],
)
def test_reads_what_erps_write(marks: Marks, text: str, number: str) -> None:
    assert str(parse_decimal(text, marks)) == number


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        (POINT, ""),
        (POINT, "-"),
        (POINT, "."),
        (POINT, "1."),
        (POINT, "1,5"),
        (POINT, "1 234"),
        (POINT, "1.2.3"),
        (POINT, "--1"),
        (POINT, "-1-"),
        (POINT, "(-1)"),
        (POINT, "(1"),
        (POINT, "1)"),
        (POINT, "1E+3"),
        (POINT, "NaN"),
        (POINT, "Infinity"),
        (POINT, "0x10"),
        (POINT, "12 €"),
        (POINT, "١٢"),
        (POINT, "1²"),
        (POINT, "1_000"),
        (POINT, "1" * 29),
        (COMMA, "1.5"),
        (GERMAN, "1.23,5"),
        (GERMAN, "1.2345"),
        (GERMAN, "1,234.5"),
        (FRENCH, "1 23"),
        (FRENCH, "1 234\u00a0567"),
        (FRENCH, "100,20 CR"),
        (ANY_GROUPS, "1.234 567"),
        (ANY_GROUPS, "1 234'567"),
        (ANY_GROUPS, "1.23"),
        (CREDIT, "-100,20 CR"),
        (CREDIT, "+100,20 CR"),
        (CREDIT, "(100,20 CR)"),
        (CREDIT, "(100,20) CR"),
        (CREDIT, "100,20- CR"),
        (CREDIT, "CR 100,20"),
        (CREDIT, "100,20 cr"),
        (CREDIT, "100,20 CRCR"),
        (CREDIT, "100,20 DB"),
        (CREDIT, "CR"),
        (Marks(negative=("",)), "1x"),
    ],
)
def test_refuses_what_it_would_have_to_guess(marks: Marks, text: str) -> None:
    with pytest.raises(AmountError):
        parse_decimal(text, marks)


amounts = st.decimals(
    min_value=Decimal("-999999999999"), max_value=Decimal("999999999999"), places=4
)


@given(amounts, st.sampled_from([POINT, COMMA, GERMAN, FRENCH, ENGLISH, SWISS]))
def test_every_amount_written_with_its_marks_is_read_back(number: Decimal, marks: Marks) -> None:
    swap = {",": marks.thousands, ".": marks.decimal}
    text = "".join(swap.get(character, character) for character in f"{number:,.4f}")
    assert parse_decimal(text, marks) == number
    assert parse_decimal(text.lstrip("-") + "-", marks) == -abs(number)
    assert parse_decimal("(" + text.lstrip("-") + ")", marks) == -abs(number)


BLANK = st.sampled_from(["", " ", "\u00a0", "\u202f", "\u2009"])


@given(
    st.decimals(min_value=Decimal("0.01"), max_value=Decimal("999999999"), places=2),
    st.sampled_from([" ", "\u00a0", "\u202f", "\u2009", "."]),
    BLANK,
    BLANK,
    st.sampled_from(
        ["{}", "-{}", "{}-", "({})", "{}CR", "+{}", "-{}CR", "(-{})", "{}-CR", "({}CR)"]
    ),
)
def test_one_sign_is_understood_and_two_are_refused_whatever_the_blanks(
    number: Decimal, group: str, inner: str, outer: str, sign: str
) -> None:
    digits = f"{number:,.2f}".translate({ord(","): group, ord("."): ","})
    text = outer + sign.format(digits).replace("-", f"-{inner}" if sign[0] == "-" else f"{inner}-")
    text = text.replace("CR", f"{inner}CR") + outer
    if sign in ("{}", "+{}"):
        assert parse_decimal(text, CREDIT) == number
    elif sign in ("-{}", "{}-", "({})", "{}CR"):
        assert parse_decimal(text, CREDIT) == -number
    else:
        with pytest.raises(AmountError):
            parse_decimal(text, CREDIT)


@given(st.text(max_size=40), st.sampled_from([POINT, GERMAN, FRENCH, SWISS, CREDIT]))
def test_any_text_is_a_finite_number_or_refused(text: str, marks: Marks) -> None:
    try:
        number = parse_decimal(text, marks)
    except AmountError:
        return
    assert number.is_finite()


@pytest.mark.parametrize(
    ("number", "places", "rounded"),
    [
        ("2.675", 2, "2.68"),
        ("-2.675", 2, "-2.68"),
        ("0.125", 2, "0.13"),
        ("0.124999", 2, "0.12"),
        ("2.5", 0, "3"),
        ("10", 2, "10.00"),
    ],
)
def test_halves_are_rounded_away_from_zero(number: str, places: int, rounded: str) -> None:
    assert str(round_half_up(Decimal(number), places)) == rounded


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1,23457E+13", True), ("1.2e5", True), ("5E-7", True), ("12E", False), ("1234", False)],
)
def test_scientific_notation_is_recognised(text: str, expected: bool) -> None:
    assert is_scientific(text) is expected


def test_zeros_before_the_first_digit_do_not_count_as_digits() -> None:
    third = "0." + "3" * 28
    assert parse_decimal(third, POINT) == Decimal(third)
    assert parse_decimal("0.00" + "3" * 28, POINT) == Decimal("0.00" + "3" * 28)
    with pytest.raises(AmountError, match="more than 28 digits"):
        parse_decimal("1." + "3" * 28, POINT)
    with pytest.raises(AmountError, match="more than 28 digits"):
        parse_decimal("0." + "0" * 60 + "1", POINT)
