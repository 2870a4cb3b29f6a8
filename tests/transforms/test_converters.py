"""Cells to values, by the kind of the term."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from config.profile import Profile, TermSource
from config.terms import term
from transforms.converters import NOTHING, ReadError, checked_siret, converter

PROFILE = Profile.model_validate(
    {
        "profile": "p",
        "header": {"BT-1": "n"},
        "numbers": {"decimal": ",", "thousands": " "},
        "dates": {"formats": ["dd/MM/yyyy"], "empty": ["00/00/0000"]},
        "tables": {"types": {"FAC": "380", "AVO": "381"}, "units": {"PCE": "H87"}},
    }
)


def convert(term_id: str, text: str, **source: Any) -> tuple[Any, str]:
    read = converter(term(term_id), TermSource(column="c", **source), PROFILE, {"ST": "C62"})
    return read(text)


@pytest.mark.parametrize(
    ("term_id", "text", "value", "canonical"),
    [
        ("BT-27", "  Été  ", "Été", "Été"),
        ("BT-1", " 0012 ", "0012", "0012"),
        ("BT-47", "732 829\u00a0320 00074", "73282932000074", "73282932000074"),
        ("BT-84", "FR76 3000 6000", "FR7630006000", "FR7630006000"),
        ("BT-112", "1 234,50", Decimal("1234.50"), "1234.5"),
        ("BT-112", "100,00", Decimal("100.00"), "100"),
        ("BT-112", "0,00-", Decimal("0.00"), "0"),
        ("BT-152", "5,5 %", Decimal("5.5"), "5.5"),
        ("BT-2", "23/11/2026", date(2026, 11, 23), "2026-11-23"),
    ],
)
def test_reads_each_kind_and_its_canonical_text(
    term_id: str, text: str, value: Any, canonical: str
) -> None:
    assert convert(term_id, text) == (value, canonical)


@pytest.mark.parametrize("term_id", ["BT-27", "BT-1", "BT-112", "BT-152", "BT-2"])
@pytest.mark.parametrize("text", [" ", "\u00a0"])
def test_a_blank_cell_is_nothing(term_id: str, text: str) -> None:
    assert convert(term_id, text) == NOTHING


def test_a_null_date_is_nothing() -> None:
    assert convert("BT-2", "00/00/0000") == NOTHING


@pytest.mark.parametrize(
    ("term_id", "text", "rule"),
    [
        ("BT-112", "12.5", "MP-NUMBER-01"),
        ("BT-112", "abc", "MP-NUMBER-01"),
        ("BT-112", "1,2E+5", "MP-SCIENTIFIC-01"),
        ("BT-47", "7,32829E+13", "MP-SCIENTIFIC-01"),
        ("BT-1", "1.5e7", "MP-SCIENTIFIC-01"),
        ("BT-2", "2026-11-23", "MP-DATE-01"),
        ("BT-2", "30/02/2026", "MP-DATE-01"),
    ],
)
def test_what_cannot_be_read_names_its_rule(term_id: str, text: str, rule: str) -> None:
    with pytest.raises(ReadError) as caught:
        convert(term_id, text)
    assert caught.value.rule == rule


def test_a_column_may_have_marks_and_formats_of_its_own() -> None:
    assert convert("BT-112", "12.5", marks={"decimal": "."})[0] == Decimal("12.5")
    assert convert("BT-2", "20261123", dates={"formats": ["yyyyMMdd"]})[0] == date(2026, 11, 23)


def test_a_table_translates_and_the_hash_keeps_what_the_extract_said() -> None:
    assert convert("BT-3", " AVO ", table="types") == ("381", "AVO")
    assert convert("BT-3", "", table="types") == NOTHING


def test_units_of_the_company_complete_those_of_the_profile() -> None:
    assert convert("BT-130", "PCE", table="units")[0] == "H87"
    assert convert("BT-130", "ST", table="units")[0] == "C62"


def test_an_unknown_code_is_a_finding_unless_it_is_kept() -> None:
    with pytest.raises(ReadError) as caught:
        convert("BT-3", "XXX", table="types")
    assert (caught.value.rule, caught.value.params) == ("MP-CODE-01", {"table": "types"})
    assert convert("BT-3", "380", table="types", unknown="keep") == ("380", "380")


@pytest.mark.parametrize(
    ("value", "scheme", "pad", "expected"),
    [
        ("73282932000074", "1", False, ("73282932000074", None)),
        ("3282932000074", "1", False, ("3282932000074", "MP-SIRET-01")),
        ("3282932000074", None, False, ("3282932000074", "MP-SIRET-01")),
        ("3282932000074", "1", True, ("03282932000074", None)),
        ("282932000074", "1", True, ("00282932000074", None)),
        ("1850675123456", "7", True, ("1850675123456", None)),
        ("12345", "1", True, ("12345", None)),
        ("FR12345678901", "2", True, ("FR12345678901", None)),
    ],
)
def test_a_siret_that_lost_its_zeros_is_never_mended_in_silence(
    value: str, scheme: str | None, pad: bool, expected: tuple[str, str | None]
) -> None:
    assert checked_siret(value, scheme, pad=pad) == expected
