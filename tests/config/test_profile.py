"""The types of a profile, and the profiles that ship."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from pydantic import ValidationError

from config.profile import Filter, Format, Marks, Profile, TermSource

SMALLEST: dict[str, Any] = {"profile": "small", "header": {"BT-1": "number"}}


def test_a_text_alone_is_a_column() -> None:
    profile = Profile.model_validate(SMALLEST)
    assert profile.header["BT-1"] == TermSource(column="number")
    assert profile.encoding == "utf-8"


def test_each_term_knows_its_column() -> None:
    profile = Profile.model_validate(
        {
            "profile": "p",
            "header": {"BT-1": "number", "BT-5": {"constant": "EUR"}},
            "lines": {"BT-126": "line"},
            "repeated": [{"group": "BG-20", "count": 2, "terms": {"BT-92": "rebate_{n}"}}],
        }
    )
    assert profile.columns == {
        "BT-1": "number",
        "BT-126": "line",
        "BT-92": "rebate_1",
    }


def test_a_profile_travels_to_worker_processes() -> None:
    profile = Profile.model_validate(SMALLEST)
    assert pickle.loads(pickle.dumps(profile)) == profile


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"constant": "x", "column": "y"},
        {"constant": "x", "company": True},
        {"default": "x"},
        {"company": True, "required": True},
        {"column": "x", "colour": "red"},
        {"constant": 380},
    ],
)
def test_a_term_has_exactly_one_kind_of_origin(source: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TermSource.model_validate(source)


def test_the_two_marks_of_a_number_differ() -> None:
    with pytest.raises(ValidationError, match="same"):
        Marks(decimal=",", thousands=",")


@pytest.mark.parametrize("separator", ['"', "\n", ";;", ""])
def test_a_separator_is_one_character_that_is_no_quote(separator: str) -> None:
    with pytest.raises(ValidationError):
        Format(separator=separator)


def test_a_filter_takes_one_value_or_several() -> None:
    assert Filter.model_validate({"name": "a", "column": "c", "equals": "X"}).values == {"X"}
    assert Filter.model_validate({"name": "a", "column": "c", "in": ["X", "Y"]}).values == {
        "X",
        "Y",
    }
    with pytest.raises(ValidationError, match="equals"):
        Filter.model_validate({"name": "a", "column": "c"})
