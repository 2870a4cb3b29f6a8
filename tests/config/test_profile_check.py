"""What is wrong in a profile beyond its types."""

from __future__ import annotations

from typing import Any

import pytest

from config.profile import Profile
from config.profile_check import check_profile

GOOD: dict[str, Any] = {"profile": "p", "header": {"BT-1": "number"}}


def faults(change: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    profile = Profile.model_validate(GOOD | change)
    return [(fault.keys, fault.reason) for fault in check_profile(profile)]


def test_a_sound_profile_has_no_fault() -> None:
    assert faults({}) == []


@pytest.mark.parametrize(
    ("change", "keys", "reason"),
    [
        ({"header": {"BT-1": "n", "BT-999": "x"}}, ("header", "BT-999"), "no business term"),
        ({"header": {"BT-1": "n", "BT-126": "x"}}, ("header", "BT-126"), "term of the line"),
        ({"lines": {"BT-5": "x"}}, ("lines", "BT-5"), "term of the document"),
        ({"header": {"BT-2": "d"}}, ("header",), "BT-1"),
        (
            {"header": {"BT-1": {"column": "n", "table": "codes"}}},
            ("header", "BT-1", "table"),
            "codes",
        ),
        (
            {"header": {"BT-1": {"column": "n", "pad": True}}},
            ("header", "BT-1", "pad"),
            "no SIRET",
        ),
        (
            {"header": {"BT-1": {"column": "n", "marks": {"decimal": ","}}}},
            ("header", "BT-1", "marks"),
            "no number",
        ),
        (
            {"header": {"BT-1": {"column": "n", "dates": {"formats": ["yyyyMMdd"]}}}},
            ("header", "BT-1", "dates"),
            "no date",
        ),
        (
            {"header": {"BT-1": "n", "BT-2": {"constant": "today"}}},
            ("header", "BT-2", "constant"),
            "no date",
        ),
        (
            {"header": {"BT-1": "n", "BT-112": {"column": "t", "default": "1,5"}}},
            ("header", "BT-112", "default"),
            "no amount",
        ),
        (
            {"repeated": [{"group": "BG-77", "terms": {"BT-92": "a"}}]},
            ("repeated", 0, "group"),
            "BG-20",
        ),
        (
            {"repeated": [{"group": "BG-20", "terms": {"BT-99": "a"}}]},
            ("repeated", 0, "terms", "BT-99"),
            "no term of BG-20",
        ),
        (
            {"repeated": [{"group": "BG-20", "count": 2, "terms": {"BT-92": "a"}}]},
            ("repeated", 0, "terms", "BT-92"),
            "{n}",
        ),
        (
            {
                "header": {"BT-1": "n", "BT-84": "iban"},
                "repeated": [{"group": "BG-17", "terms": {"BT-84": "iban_{n}"}}],
            },
            ("repeated", 0, "terms", "BT-84"),
            "also given",
        ),
        ({"dates": {"formats": ["yyyy-MM"]}}, ("dates", "formats", 0), "one dd"),
        ({"dates": {"formats": ["yyyy-MM-dd HH:mm Q"]}}, ("dates", "formats", 0), "'Q'"),
        (
            {"dates": {"formats": ["dd/MM/yyyy", "MM/dd/yyyy"]}},
            ("dates", "formats", 1),
            "different dates",
        ),
        (
            {"dates": {"formats": ["ddMMyyyy", "yyyyMMdd"]}},
            ("dates", "formats", 1),
            "different dates",
        ),
    ],
)
def test_each_fault_is_named_at_its_key(
    change: dict[str, Any], keys: tuple[str | int, ...], reason: str
) -> None:
    found = faults(change)
    assert [place for place, _ in found] == [keys]
    assert reason in found[0][1]


def test_formats_that_cannot_be_confused_live_together() -> None:
    formats = ["yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm:ss", "dd/MM/yyyy", "excel"]
    assert faults({"dates": {"formats": formats}}) == []


def test_a_profile_of_xml_maps_nothing_and_says_its_syntax() -> None:
    xml = {"profile": "p", "format": {"kind": "xml", "syntax": "ubl"}}
    assert check_profile(Profile.model_validate(xml)) == ()
    mapped = Profile.model_validate(xml | {"header": {"BT-1": "n"}, "tables": {"t": {"a": "b"}}})
    assert [fault.keys for fault in check_profile(mapped)] == [("header",), ("tables",)]


@pytest.mark.parametrize("layout", [{"kind": "xml"}, {"kind": "csv", "syntax": "ubl"}])
def test_a_syntax_belongs_to_xml_and_to_nothing_else(layout: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="needs a syntax"):
        Profile.model_validate(GOOD | {"format": layout})
