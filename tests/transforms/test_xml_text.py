"""Text for XML: nothing that comes from an invoice can break a document."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from transforms.xml_text import (
    UnwritableError,
    amount_text,
    clean,
    compact_date,
    element,
    escape,
    escape_attribute,
    is_iban,
    number_text,
    stylesheet_instruction,
    wrap,
)

ANY_TEXT = st.text(st.characters(), max_size=60)
FINITE = st.decimals(allow_nan=False, allow_infinity=False)


@given(ANY_TEXT)
def test_element_content_reads_back_as_the_cleaned_text(text: str) -> None:
    document = f"<a>{escape(text)}</a>".encode()
    assert (etree.fromstring(document).text or "") == clean(text)


@given(ANY_TEXT)
def test_attribute_reads_back_as_the_cleaned_text(text: str) -> None:
    document = f'<a b="{escape_attribute(text)}"/>'.encode()
    assert etree.fromstring(document).get("b") == clean(text)


def test_lone_surrogates_and_control_characters_are_left_out() -> None:
    assert escape("a\x00b\x1f\ud800c\ufffe") == "abc"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("10", "10.00"),
        ("10.5", "10.50"),
        ("10.50", "10.50"),
        ("10.125", "10.125"),
        ("-3", "-3.00"),
        ("-0.00", "0.00"),
        ("1E+3", "1000.00"),
        ("1E-7", "0.0000001"),
        ("0", "0.00"),
    ],
)
def test_amount_has_two_decimals_at_least_and_no_exponent(value: str, text: str) -> None:
    assert amount_text(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("20", "20"), ("20.00", "20.00"), ("5.5", "5.5"), ("2E+2", "200"), ("-0", "0"), ("-4", "-4")],
)
def test_number_is_written_as_given(value: str, text: str) -> None:
    assert number_text(Decimal(value)) == text


@given(FINITE)
def test_numbers_keep_their_value_and_are_xsd_decimals(value: Decimal) -> None:
    for text in (number_text(value), amount_text(value)):
        assert Decimal(text) == value
        assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_finite_number_is_refused(value: str) -> None:
    with pytest.raises(UnwritableError):
        amount_text(Decimal(value))


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("FR1420041010050500013M02606", True),
        ("FR14 2004 1010 0505 0001 3M02 606", True),
        ("0001234567 89", False),
        ("FR14", False),
        ("", False),
    ],
)
def test_an_iban_is_known_by_its_shape(account: str, expected: bool) -> None:
    assert is_iban(account) is expected


def test_nothing_is_written_for_what_is_absent() -> None:
    assert element("a", None) == element("a", "") == wrap("a", "") == ""
    assert stylesheet_instruction(None) == ""


def test_a_stylesheet_name_is_escaped() -> None:
    assert stylesheet_instruction('a"&.xsl') == (
        '<?xml-stylesheet type="text/xsl" href="a&quot;&amp;.xsl"?>\n'
    )


def test_a_date_has_eight_digits_whatever_the_year() -> None:
    assert compact_date(date(987, 1, 2)) == "09870102"
