"""Which files of an extract are read together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.profile import Profile
from flows.extract_sets import (
    ExtractFile,
    ExtractSet,
    WrongProfileError,
    joined_only,
    matching,
    sets_of,
)
from flows.extract_sides import Side, sides_of

TWO: dict[str, Any] = {
    "profile": "p",
    "shape": {
        "kind": "header_lines",
        "key": "NO",
        "header_files": ["*INVOICE_ALL*", "*CREDIT_ALL*"],
        "lines_files": ["*INVOICE_LINES*", "*CREDIT_LINES*"],
    },
    "joined": [{"name": "customer", "files": "*cust*", "on": {"ACC": "ACCOUNT"}}],
    "header": {"BT-1": {"column": "NO", "required": True}},
    "lines": {"BT-131": {"column": "NET", "required": True}},
}
HEAD, LINE, CUSTOMER = ("NO", "ACCOUNT"), ("NO", "NET"), ("ACC",)


def sets(files: dict[str, tuple[str, ...]], **change: Any) -> tuple[ExtractSet, ...]:
    profile = Profile.model_validate(TWO | change)
    given = [ExtractFile(Path(name), name, name) for name in files]

    def fits(file: ExtractFile, side: Side) -> int:
        columns = set(files[file.name])
        return len(columns & side.wanted) if columns.issuperset(side.required) else 0

    return sets_of(given, profile, sides_of(profile), fits)


def named(found: tuple[ExtractSet, ...]) -> list[tuple[str, ...]]:
    return [
        (*(file.name for file in group.invoices), *(f.name for f in group.joined["customer"]))
        for group in found
    ]


def test_a_single_pair_is_one_whatever_stands_under_the_stars() -> None:
    files = {"12_INVOICE_ALL.csv": HEAD, "13_INVOICE_LINES.csv": LINE, "cust.csv": CUSTOMER}
    assert named(sets(files)) == [("12_INVOICE_ALL.csv", "13_INVOICE_LINES.csv", "cust.csv")]


def test_a_file_that_could_be_either_is_the_one_of_which_it_has_most_columns() -> None:
    change: dict[str, Any] = {
        "header": {"BT-1": "NO", "BT-13": "ORDER"},
        "lines": {"BT-131": "NET", "BT-153": "TEXT"},
        "joined": [],
    }
    found = sets({"a.csv": ("NO", "ORDER"), "b.csv": ("NO", "NET", "TEXT")}, **change)
    assert [group.header.name for group in found] == ["a.csv"]
    assert [group.lines.name for group in found if group.lines] == ["b.csv"]


def test_a_join_of_the_extract_itself_leaves_every_file_an_extract() -> None:
    change: dict[str, Any] = {
        "shape": {"kind": "flat", "key": "NO"},
        "joined": [{"name": "origin", "files": "*", "on": {"ID": "ORIGIN"}, "optional": True}],
        "lines": {},
    }
    found = sets({"a.csv": ("NO",), "b.csv": ("NO", "ID", "ORIGIN")}, **change)
    assert [group.header.name for group in found] == ["a.csv", "b.csv"]
    # The invoice that another one names may be in another file.
    assert all(len(group.joined["origin"]) == 2 for group in found)
    assert not joined_only("a.csv", Profile.model_validate(TWO | change))


def test_invoices_and_credit_notes_are_pairs_of_their_own_and_share_master_data() -> None:
    files = {
        "CREDIT_ALL.csv": HEAD,
        "CREDIT_LINES.csv": LINE,
        "INVOICE_ALL.csv": HEAD,
        "INVOICE_LINES.csv": LINE,
        "cust.csv": CUSTOMER,
    }
    assert named(sets(files)) == [
        ("CREDIT_ALL.csv", "CREDIT_LINES.csv", "cust.csv"),
        ("INVOICE_ALL.csv", "INVOICE_LINES.csv", "cust.csv"),
    ]


def test_several_pairs_are_made_by_the_text_under_the_stars() -> None:
    files = {
        "a_INVOICE_ALL": HEAD,
        "b_INVOICE_ALL": HEAD,
        "b_INVOICE_LINES": LINE,
        "a_INVOICE_LINES": LINE,
        "a_cust": CUSTOMER,
        "b_cust": CUSTOMER,
    }
    assert named(sets(files)) == [
        ("a_INVOICE_ALL", "a_INVOICE_LINES", "a_cust"),
        ("b_INVOICE_ALL", "b_INVOICE_LINES", "b_cust"),
    ]


def test_files_of_other_names_are_known_by_their_columns() -> None:
    files = {"one.csv": LINE, "two.csv": HEAD, "three.csv": CUSTOMER}
    assert named(sets(files)) == [("two.csv", "one.csv", "three.csv")]
    files = {"one.csv": LINE, "INVOICE_ALL.csv": HEAD, "three.csv": CUSTOMER}
    assert named(sets(files)) == [("INVOICE_ALL.csv", "one.csv", "three.csv")]


def test_capitals_in_the_names_of_files_do_not_matter() -> None:
    files = {"A_Invoice_All.csv": HEAD, "a_invoice_lines.csv": LINE, "CUST.csv": CUSTOMER}
    assert named(sets(files)) == [("A_Invoice_All.csv", "a_invoice_lines.csv", "CUST.csv")]


def test_a_file_of_another_name_serves_the_join_of_which_it_holds_most() -> None:
    # Both files have the account; only one has the name that the customer's join is asked for.
    joined = [
        {"name": "partner", "files": "*part*", "on": {"ACC": "ACCOUNT"}, "when": "ROLE = 'X'"},
        {"name": "customer", "files": "*cust*", "on": {"ACC": "ACCOUNT"}},
    ]
    header = TWO["header"] | {"BT-44": "customer.NAME"}
    files = {
        "INVOICE_ALL": HEAD,
        "INVOICE_LINES": LINE,
        "one": ("ACC", "NAME"),
        "two": ("ACC", "ROLE"),
    }
    (found,) = sets(files, joined=joined, header=header)
    assert [file.name for file in found.joined["customer"]] == ["one"]
    assert [file.name for file in found.joined["partner"]] == ["two"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"INVOICE_ALL": HEAD, "cust": CUSTOMER}, "other half: INVOICE_ALL"),
        ({"INVOICE_ALL": HEAD, "INVOICE_LINES": LINE}, "customer (*cust*)"),
        ({"x": ("A",), "cust": CUSTOMER}, "x is neither"),
    ],
)
def test_what_does_not_fit_stops_the_run(files: dict[str, tuple[str, ...]], told: str) -> None:
    with pytest.raises(WrongProfileError) as error:
        sets(files)
    assert told in str(error.value)


def test_an_optional_join_may_have_no_file() -> None:
    joined = [TWO["joined"][0] | {"optional": True}]
    found = sets({"INVOICE_ALL": HEAD, "INVOICE_LINES": LINE}, joined=joined)
    assert named(found) == [("INVOICE_ALL", "INVOICE_LINES")]


def test_a_header_file_may_serve_its_own_join() -> None:
    joined = [{"name": "customer", "files": "*INVOICE_ALL*", "on": {"ID": "BEFORE"}}]
    found = sets({"INVOICE_ALL": (*HEAD, "ID", "BEFORE"), "INVOICE_LINES": LINE}, joined=joined)
    assert named(found) == [("INVOICE_ALL", "INVOICE_LINES", "INVOICE_ALL")]
    profile = Profile.model_validate(TWO | {"joined": joined})
    assert not joined_only("INVOICE_ALL", profile)


def test_a_flat_file_may_be_joined_too() -> None:
    shape = {"kind": "flat", "key": "NO"}
    files = {"sales.csv": ("NO", "NET", "ACCOUNT"), "cust.csv": CUSTOMER}
    assert named(sets(files, shape=shape)) == [("sales.csv", "cust.csv")]
    assert joined_only("cust.csv", Profile.model_validate(TWO | {"shape": shape}))


def test_of_several_patterns_the_longest_is_meant() -> None:
    assert matching("RA_TRX_LINES_ALL", ["*RA_TRX*ALL*", "*RA_TRX_LINES_ALL*"]) == (
        "*RA_TRX_LINES_ALL*"
    )
    assert matching("x", ["*y*"]) is None


def test_a_joined_file_whose_pattern_is_the_longer_one_is_no_lines_file() -> None:
    joined = [{"name": "customer", "files": "*INVOICE_LINES_TAX*", "on": {"ACC": "ACCOUNT"}}]
    files = {"INVOICE_ALL": HEAD, "INVOICE_LINES": LINE, "INVOICE_LINES_TAX": CUSTOMER}
    assert named(sets(files, joined=joined)) == [tuple(files)]
    profile = Profile.model_validate(TWO | {"joined": joined})
    assert joined_only("INVOICE_LINES_TAX", profile)
    assert not joined_only("INVOICE_LINES", profile)


def test_the_extract_itself_is_its_header_files() -> None:
    joined = [
        *TWO["joined"],
        {"name": "before", "files": "*", "on": {"NO": "BEFORE"}, "optional": True},
    ]
    files = {"INVOICE_ALL": HEAD, "INVOICE_LINES": LINE, "cust": CUSTOMER}
    (found,) = sets(files, joined=joined)
    assert [file.name for file in found.joined["before"]] == ["INVOICE_ALL"]
    (found,) = sets({"x": HEAD, "y": LINE, "cust": CUSTOMER}, joined=joined)
    assert [file.name for file in found.joined["before"]] == ["x"]
