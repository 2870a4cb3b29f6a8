"""Paths of a profile, checked when it is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from config.profile import Profile
from transforms.document_paths import beyond, columns_of, key_columns, path_faults


def profile(kind: str = "edifact", **changes: Any) -> Profile:
    values: dict[str, Any] = {
        "profile": "documents",
        "format": {"kind": kind, "encoding": "auto"},
        "shape": {"kind": "documents", "lines": "LIN" if kind == "edifact" else "E1EDP01"},
        "header": {"BT-1": "BGM.1004" if kind == "edifact" else "E1EDK01.BELNR"},
    }
    return Profile.model_validate(values | changes)


def reasons(found: Profile) -> dict[str, str]:
    return {".".join(map(str, fault.keys)): fault.reason for fault in path_faults(found)}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("BGM", "is no path"),
        ("BGM.1004", ""),
        ("BGM.10004", "BGM has no element '10004'; did you mean 1004?"),
        ("XYZ.1004", "there is no segment 'XYZ'"),
        ("DTM[2005=137].date", ""),
        ("DTM[2005=137].until", ""),
        ("RFF[1153=ON].date", "RFF has no element 'date'"),
        ("DTM[2006=137].date", "DTM has no element '2006'"),
        ("NAD[3035=BY].3036_2", ""),
        ("NAD[3035=BY].e12c3", ""),
        ("ALC[5463=A,MOA.5025=8].4471", ""),
        ("ALC[5463=A,MOA.5026=8].4471", "MOA has no element '5026'"),
        ("UNS.MOA[5025=79].5004*", ""),
    ],
)
def test_a_path_of_edifact_is_checked_against_its_segments(path: str, reason: str) -> None:
    found = reasons(profile(header={"BT-1": "BGM.1004", "BT-13": path}))
    assert (reason in found.get("header.BT-13", "")) if reason else (found == {})


def test_a_path_of_an_idoc_may_have_a_field_that_no_table_knows() -> None:
    header = {"BT-1": "E1EDK01.NEW", "BT-13": "Z1INV.NUMBER", "BT-12": "E1EDK01[X"}
    assert list(reasons(profile("idoc", header=header))) == ["header.BT-12"]


def test_faults_are_told_where_they_stand() -> None:
    found = reasons(
        profile(
            header={"BT-1": "BGM.1004", "BT-9": {"value": 'date("DTM[2005=13].dat")'}},
            lines={"BT-126": "LIN.0001"},
            repeated=[{"group": "BG-1", "count": 2, "terms": {"BT-22": "FTX#{n}.4441x"}}],
        )
    )
    assert set(found) == {"header.BT-9", "lines.BT-126", "repeated.0.terms.BT-22"}


@pytest.mark.parametrize(
    "changes",
    [
        {"format": {"kind": "csv"}},
        {"shape": {"kind": "flat"}, "format": {"kind": "idoc"}},
    ],
)
def test_documents_and_their_formats_go_together(changes: dict[str, Any]) -> None:
    assert list(reasons(profile(**changes))) == ["shape.kind"]


def test_a_profile_of_tables_has_no_paths() -> None:
    assert path_faults(profile(format={"kind": "csv"}, shape={"kind": "flat"})) == ()


def test_columns_come_from_terms_expressions_and_filters_each_on_its_side() -> None:
    found = profile(
        header={
            "BT-1": {"value": 'first(BGM.1004, "RFF[1153=IV].1154")'},
            "BT-106": {"value": 'total("MOA[5025=203].5004")'},
        },
        filters=[{"name": "copy", "column": "BGM.1225", "equals": "7"}],
        derived={"lines": {"unit": 'first("QTY.6411", "header.CUX.6345", \'C62\')'}},
        lines={"BT-130": "unit", "BT-127": "/FTX#1.4440"},
    )
    assert set(columns_of(found, "document")) == {
        "BGM.1004",
        "RFF[1153=IV].1154",
        "BGM.1225",
        "CUX.6345",
    }
    assert set(columns_of(found, "line")) == {"MOA[5025=203].5004", "QTY.6411", "/FTX#1.4440"}
    assert key_columns(found) == ("BGM.1004", "RFF[1153=IV].1154")


def test_the_key_may_be_said() -> None:
    shape = {"kind": "documents", "lines": "LIN", "key": ["RFF[1153=IV].1154", "BGM.1004"]}
    found = profile(shape=shape, header={"BT-1": "BGM.1004"})
    assert key_columns(found) == ("RFF[1153=IV].1154", "BGM.1004")
    assert list(reasons(profile(shape=shape | {"key": "BGM"}))) == ["shape.key"]


def test_what_comes_after_a_repeated_group_is_watched() -> None:
    found = profile(
        repeated=[
            {
                "group": "BG-20",
                "count": 2,
                "terms": {
                    "BT-92": "ALC[5463=A]#{n}.MOA.5004",
                    "BT-97": {"value": 'first("ALC[5463=A]#{n}.1230", "FTX#1.4440")'},
                },
            },
            {"group": "BG-27", "terms": {"BT-136": "ALC#{n}.MOA.5004"}},
            {"group": "BG-3", "terms": {"BT-25": "RFF[1153=IV].1154"}},
        ]
    )
    assert [(item.column, item.count) for item in beyond(found, "document")] == [("ALC[5463=A]", 2)]
    assert [(item.column, item.count) for item in beyond(found, "line")] == [("ALC", 1)]
    assert beyond(found, "document")[0].path.steps[0].rank == 3
