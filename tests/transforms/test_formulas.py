"""The expressions of a profile, and the columns that a profile reads."""

from __future__ import annotations

from typing import Any

import pytest

from config.profile import Profile
from transforms.formulas import check_formulas, erp_columns, used_columns

BASE: dict[str, Any] = {
    "profile": "p",
    "shape": {"kind": "header_lines", "key": "NO"},
    "rows": [
        {"name": "tax", "when": "KIND = 'TAX'", "use": "join"},
        {"name": "remark", "when": "KIND = ''", "use": "comment", "text": "TEXT"},
    ],
    "joined": [
        {"name": "customer", "files": "*kna1*", "on": {"KUNNR": "KUNRG"}, "when": "LAND1 = 'FR'"},
        {"name": "tax", "rows": "tax", "to": "lines", "on": {"LINK": "ID"}},
        {"name": "rebate", "files": "*k*", "to": "lines", "on": {"K": "header.KNUMV"}, "count": 2},
    ],
    "derived": {"header": {"kind": "if(total(NET) < 0, '381', '380')"}},
    "header": {
        "BT-1": {"value": "strip_zeros(NO)"},
        "BT-3": "kind",
        "BT-22-": "x",
        "BT-44": "customer.NAME1",
        "BT-20": "comment",
    },
    "lines": {
        "BT-131": {"column": "NET", "required": True},
        "BT-152": "tax.RATE",
        "BT-127": "comment",
        "BT-5-": {"value": "header.WAERK"},
    },
    "repeated": [
        {"group": "BG-27", "count": 2, "terms": {"BT-136": {"value": "number(rebate.{n}.V)"}}}
    ],
    "filters": [{"name": "f", "when": "STATUS = 'X'"}],
}


def profile(**change: Any) -> Profile:
    made = BASE | change
    for section in ("header", "lines"):
        made[section] = {key: term for key, term in made[section].items() if key[-1] != "-"}
    return Profile.model_validate(made)


def test_every_column_that_is_read_is_known_by_its_side() -> None:
    used = used_columns(profile())
    assert used.header == {"NO": False, "STATUS": False, "KUNRG": True, "KNUMV": True}
    assert used.lines == {
        "NET": True,
        "KIND": False,
        "TEXT": True,
        "ID": True,
        "LINK": False,
        "RATE": False,
    }
    assert used.joined == {"customer": {"KUNNR", "LAND1", "NAME1"}, "rebate": {"K", "V"}}


def test_a_term_of_an_expression_is_told_by_the_first_column_it_reads() -> None:
    columns = erp_columns(profile())
    assert (columns["BT-1"], columns["BT-131"]) == ("NO", "NET")


def test_a_sound_profile_has_no_faults() -> None:
    assert check_formulas(profile()) == ()


@pytest.mark.parametrize(
    ("change", "keys", "reason"),
    [
        ({"header": {"BT-1": {"value": "strip("}}}, ("header", "BT-1", "value"), "missing"),
        ({"lines_when": "KIND"}, ("lines_when",), "no condition"),
        ({"derived": {"lines": {"x": "1 +"}}}, ("derived", "lines", "x"), "missing"),
        ({"filters": [{"name": "f", "when": "1"}]}, ("filters", 0, "when"), "no condition"),
        (
            {"joined": [{"name": "a", "rows": "none", "on": {"A": "B"}}]},
            ("joined", 0, "rows"),
            "no kind of rows",
        ),
        (
            {"joined": [{"name": "header", "files": "x", "on": {"A": "B"}}]},
            ("joined", 0, "name"),
            "taken",
        ),
        ({"joined": []}, ("rows", 0, "use"), "no join takes"),
        (
            {"repeated": [{"group": "BG-27", "count": 2, "terms": {"BT-136": {"value": "1"}}}]},
            ("repeated", 0, "terms", "BT-136", "value"),
            "needs {n}",
        ),
    ],
)
def test_a_fault_names_its_place(
    change: dict[str, Any], keys: tuple[str | int, ...], reason: str
) -> None:
    faults = {fault.keys: fault.reason for fault in check_formulas(profile(**change))}
    assert reason in faults[keys]


def test_a_value_is_told_as_the_column_of_the_file_that_it_comes_from() -> None:
    derived = {
        "header": {"turned": "if(KIND = 'G', '1', '0')"},
        "lines": {"net": "number(NET)", "half": "net / 2", "turned_too": "header.turned"},
    }
    lines = {"BT-131": {"value": "half"}, "BT-127": {"value": "turned_too"}}
    profile = Profile.model_validate(
        {
            "profile": "p",
            "shape": {"kind": "header_lines", "key": "NO"},
            "derived": derived,
            "header": {"BT-1": "NO"},
            "lines": lines,
        }
    )
    assert erp_columns(profile) == {"BT-1": "NO", "BT-131": "NET", "BT-127": "KIND"}


def test_an_optional_join_of_the_extract_itself_asks_for_no_column() -> None:
    join = {"name": "origin", "files": "*", "on": {"ID": "ORIGIN"}}
    needed = {}
    for optional in (True, False):
        profile = Profile.model_validate(
            {
                "profile": "p",
                "shape": {"kind": "flat", "key": "NO"},
                "joined": [join | {"optional": optional}],
                "header": {"BT-1": "NO", "BT-14": "origin.NO"},
            }
        )
        needed[optional] = used_columns(profile).header["ORIGIN"]
    assert needed == {True: False, False: True}
