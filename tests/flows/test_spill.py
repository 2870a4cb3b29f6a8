"""Rows gathered on disk."""

from __future__ import annotations

from pathlib import Path

from flows import spill as module
from flows.spill import Spill
from transforms.finding import Finding, Location, Severity
from transforms.grouping import Part

CUT = Finding("XT-FIELDS-01", Severity.ERROR, Location("a.csv", 4))


def test_parts_come_back_per_key_in_the_order_they_first_came(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "deep" / "rows")
    first = Part("B", [2], [("B", "é")], [])
    again = Part("B", [5], [("B", "2")], [CUT])
    lines = Part("A", [3], [("A", "x")], [])
    for side, part in ((0, first), (0, Part("A", [3], [("A", "1")], [])), (0, again), (1, lines)):
        spill.add(side, part)
    spill.add(1, Part("C", [9], [("C", "z")], []))
    found = list(spill.parts())
    assert [key for key, _ in found] == ["B", "A", "C"]
    assert found[0][1] == ([first, again], [])
    assert found[1][1][1] == [lines]
    assert found[2][1][0] == []
    spill.close()
    assert list((tmp_path / "deep").iterdir()) == []


def test_many_parts_go_to_disk_in_batches(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "rows")
    count = module._BATCH * 2 + 1
    for rank in range(count):
        spill.add(0, Part(f"K{rank}", [rank], [], []))
    assert [key for key, _ in spill.parts()] == [f"K{rank}" for rank in range(count)]
    spill.close()


def test_the_rest_of_a_crash_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(b"half a file")
    spill = Spill(tmp_path / "rows")
    assert list(spill.parts()) == []
    spill.close()
