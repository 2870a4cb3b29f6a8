"""Numbers and times as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.display import Display, visible

FRENCH = Display("fr", ZoneInfo("Europe/Paris"))
ENGLISH = Display("en", ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("value", "currency", "french", "english"),
    [
        ("1234.56", "EUR", "1\u202f234,56\u00a0€", "€1,234.56"),
        ("0", "EUR", "0,00\u00a0€", "€0.00"),
        ("-1234567.5", "EUR", "-1\u202f234\u202f567,50\u00a0€", "-€1,234,567.50"),
        ("12.3456", "CHF", "12,3456\u00a0CHF", "12.3456\u00a0CHF"),
        ("1E+3", "EUR", "1\u202f000,00\u00a0€", "€1,000.00"),
        ("5", None, "5,00\u00a0?", "5.00\u00a0?"),
    ],
)
def test_money(value: str, currency: str | None, french: str, english: str) -> None:
    assert FRENCH.money(Decimal(value), currency) == french
    assert ENGLISH.money(Decimal(value), currency) == english


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**15))
def test_an_amount_shows_every_digit_and_changes_none(value: Decimal) -> None:
    shown = FRENCH.amount(value).replace("\u202f", "").replace(",", ".")
    assert Decimal(shown) == value


@pytest.mark.parametrize(
    ("octets", "french", "english"),
    [
        (0, "0\u00a0octets", "0\u00a0bytes"),
        (999, "999\u00a0octets", "999\u00a0bytes"),
        (1_500, "1,5\u00a0ko", "1.5\u00a0kB"),
        (2_345_678, "2,3\u00a0Mo", "2.3\u00a0MB"),
        (900_000_000, "900\u00a0Mo", "900\u00a0MB"),
        (5_000_000_000_000, "5000\u00a0Go", "5000\u00a0GB"),
    ],
)
def test_sizes(octets: int, french: str, english: str) -> None:
    assert FRENCH.size(octets) == french
    assert ENGLISH.size(octets) == english


def test_counts_and_shares() -> None:
    assert FRENCH.count(20_000) == "20\u202f000"
    assert ENGLISH.count(-20_000) == "-20,000"
    assert FRENCH.percent(1, 3) == "33,3\u00a0%"
    assert ENGLISH.percent(1, 3) == "33.3%"
    assert FRENCH.percent(0, 0) == ""


def test_times_are_told_in_the_zone_of_the_reader_also_across_midnight() -> None:
    moment = datetime(2026, 3, 2, 23, 30, 5, tzinfo=UTC)
    assert FRENCH.moment(moment) == "03/03/2026 à\u00a000:30"
    assert ENGLISH.moment(moment) == "2026-03-03 00:30"
    assert FRENCH.clock(moment) == "00:30:05"
    assert FRENCH.day(date(2026, 3, 2)) == "02/03/2026"
    assert (FRENCH.moment(None), FRENCH.clock(None), FRENCH.day(None)) == ("", "", "")


def test_invisible_characters_are_shown_and_line_ends_are_kept() -> None:
    assert visible("a\u202eb\x00c\x7f\u2066") == "a�b␀c��"
    assert visible("a\nb\tc é €") == "a\nb\tc é €"
