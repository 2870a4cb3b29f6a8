"""What is asked of the files of an extract."""

from __future__ import annotations

import pytest

from config.profile import Profile
from flows.extract_sets import stem_under
from flows.extract_sides import sides_of, with_likeness

PROFILE = Profile.model_validate(
    {
        "profile": "p",
        "header": {"BT-1": {"column": "no", "required": True}, "BT-5": {"constant": "EUR"}},
        "lines": {"BT-131": {"column": "net", "required": True}},
        "repeated": [
            {"group": "BG-20", "count": 2, "terms": {"BT-92": "rebate_{n}"}},
            {"group": "BG-27", "terms": {"BT-136": "line_rebate"}},
        ],
        "filters": [{"name": "f", "column": "kind", "equals": "P"}],
        "shape": {"key": "id"},
    }
)


def test_a_flat_file_has_all_columns_and_needs_those_of_both_levels() -> None:
    (side,) = sides_of(PROFILE).all
    assert side.wanted == {"id", "no", "net", "rebate_1", "rebate_2", "line_rebate", "kind"}
    assert side.required == ("id", "no", "kind", "net")


def test_two_files_share_the_columns_by_level() -> None:
    shape = PROFILE.shape.model_copy(update={"kind": "header_lines", "lines_key": ("parent",)})
    header, lines = sides_of(PROFILE.model_copy(update={"shape": shape})).all
    assert (header.key, header.wanted) == (("id",), {"id", "no", "rebate_1", "rebate_2", "kind"})
    assert (lines.key, lines.wanted) == (("parent",), {"parent", "net", "line_rebate"})
    assert lines.required == ("parent", "net")


@pytest.mark.parametrize(
    ("pattern", "name", "stem"),
    [
        ("*header*", "night_header_1.csv", "*night_**_1.csv"),
        ("*lines*", "night_lines_1.csv", "*night_**_1.csv"),
        ("H_*.csv", "H_42.csv", None),
    ],
)
def test_names_that_differ_only_in_the_fixed_words_are_a_pair(
    pattern: str, name: str, stem: str | None
) -> None:
    assert stem_under(name, pattern) == (stem or stem_under("L_42.csv", "L_*.csv"))


def test_a_missing_column_is_told_with_the_one_that_looks_like_it() -> None:
    assert with_likeness("invoice_number", ["invoice_numbr", "x"]) == (
        "'invoice_number' (did you mean 'invoice_numbr'?)"
    )
    assert with_likeness("net", ["day", ""]) == "'net'"
