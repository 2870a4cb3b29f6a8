"""The tree of an EDIFACT invoice."""

from __future__ import annotations

import pytest

from transforms.edifact_tree import MessageTree, named_segments
from transforms.segments import Segment


def one(tag: str, *elements: str) -> dict[str, str]:
    [segment] = named_segments(tag, [element.split(":") for element in elements], 1)
    return dict(segment.fields)


def test_components_are_called_by_their_data_element() -> None:
    assert one("BGM", "380", "F-1", "9") == {"1001": "380", "1004": "F-1", "1225": "9"}
    assert one("NAD", "BY", "301::9", "", "A:B", "rue:2e", "Lyon", "::: R", "69000", "FR") == {
        "3035": "BY",
        "3039": "301",
        "3055": "9",
        "3036": "A",
        "3036_2": "B",
        "3042": "rue",
        "3042_2": "2e",
        "3164": "Lyon",
        "3228": " R",
        "3251": "69000",
        "3207": "FR",
    }


def test_what_the_table_does_not_know_is_called_by_its_place() -> None:
    assert one("QTY", "47:10:PCE:x", "y") == {
        "6063": "47",
        "6060": "10",
        "6411": "PCE",
        "e1c4": "x",
        "e2": "y",
    }
    assert one("ZZZ", "a", "b:c") == {"e1": "a", "e2c1": "b", "e2c2": "c"}


def test_an_element_that_repeats_gives_a_segment_each() -> None:
    found = list(named_segments("PIA", [["5"], ["A", "SA"], [""], ["B", "BP"]], 4))
    assert [dict(segment.fields) for segment in found] == [
        {"4347": "5", "7140": "A", "7143": "SA"},
        {"4347": "5", "7140": "B", "7143": "BP"},
    ]
    assert {segment.line for segment in found} == {4}
    assert one("PIA", "5") == {"4347": "5"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12,50", "12.50"), ("-1,5", "-1.5"), ("12.50", "12.50"), ("1.234,5", "1.234,5"), ("7", "7")],
)
def test_numbers_have_a_decimal_point(text: str, expected: str) -> None:
    assert one("MOA", f"203:{text}")["5004"] == expected


def test_texts_keep_their_commas() -> None:
    assert one("FTX", "AAI", "", "", "1,5")["4440"] == "1,5"


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("20261123", "102", {"date": "2026-11-23"}),
        ("202611231200", "203", {"date": "2026-11-23"}),
        ("20261123120000", "204", {"date": "2026-11-23"}),
        ("261123", "101", {"date": "2026-11-23"}),
        ("231126", "2", {"date": "2026-11-23"}),
        ("112326", "3", {"date": "2026-11-23"}),
        ("23112026", "4", {"date": "2026-11-23"}),
        ("2026110120261130", "718", {"date": "2026-11-01", "until": "2026-11-30"}),
        ("20261101-20261130", "718", {"date": "2026-11-01", "until": "2026-11-30"}),
        ("20261123T1200", "10", {"date": "2026-11-23"}),
        ("202611231200+01", "303", {"date": "2026-11-23"}),
        # Longer than its format says: a day read from its beginning would be a wrong one.
        ("15012026", "2", {"date": "15012026"}),
        ("20101115", "101", {"date": "20101115"}),
        ("20260101XX", "102", {"date": "20260101XX"}),
        ("20261301", "102", {"date": "20261301"}),
        ("2026", "102", {"date": "2026"}),
        ("20261101-2026", "718", {"date": "20261101-2026"}),
        ("202647", "616", {"date": "202647"}),
        ("20261123", "", {"date": "20261123"}),
        ("²0261123", "102", {"date": "²0261123"}),
        ("", "102", {}),
    ],
)
def test_dates_are_readable_and_never_guessed(
    text: str, form: str, expected: dict[str, str]
) -> None:
    fields = one("DTM", f"137:{text}:{form}")
    told = {name: fields[name] for name in ("date", "until") if name in fields}
    assert told == expected
    assert fields.get("2380", "") == text


def shape(root: Segment) -> str:
    inside = " ".join(shape(child) for child in root.children)
    return f"{root.name}({inside})" if inside else root.name


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("BGM DTM RFF DTM NAD RFF CTA COM NAD", "BGM DTM RFF(DTM) NAD(RFF CTA(COM)) NAD"),
        ("NAD RFF DTM RFF CUX DTM PAT DTM PCD", "NAD(RFF(DTM) RFF) CUX(DTM) PAT(DTM PCD)"),
        ("PYT DTM PYT PAI ALC PCD MOA TAX", "PYT(DTM) PYT(PAI) ALC(PCD MOA TAX)"),
        ("TAX MOA ALC MOA TAX MOA", "TAX(MOA) ALC(MOA TAX(MOA))"),
        (
            "NAD LIN PIA QTY MOA PRI RFF DTM TAX NAD RFF ALC QTY PCD MOA LIN MOA",
            "NAD LIN(PIA QTY MOA PRI RFF(DTM) TAX NAD(RFF) ALC(QTY PCD MOA)) LIN(MOA)",
        ),
        ("LIN TAX UNS MOA MOA TAX MOA MOA TAX", "LIN(TAX) UNS(MOA MOA TAX(MOA MOA) TAX)"),
        ("RFF GIR NAD FII ZZZ", "RFF(GIR) NAD(FII) ZZZ"),
        ("EFI COM RFF LIN FTX IMD", "EFI(COM RFF) LIN(FTX IMD)"),
    ],
)
def test_segments_make_groups(tags: str, expected: str) -> None:
    tree = MessageTree(Segment("UNH", {}))
    for tag in tags.split():
        tree.add(Segment(tag, {}))
    assert shape(tree.root) == f"UNH({expected})"
