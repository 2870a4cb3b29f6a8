"""Moves of extracts: nothing is written over, and what goes along goes along."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from config.landing_settings import Landing
from flows.landing_moves import bring_companions, keep_private, move, send_companions, shown


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("landing", "claimed"):
        (tmp_path / name).mkdir()
    return tmp_path / "landing", tmp_path / "claimed"


def test_a_name_that_is_taken_is_numbered(folders: tuple[Path, Path]) -> None:
    landing, claimed = folders
    found = []
    for content in "123":
        (landing / "a.csv").write_text(content)
        found.append(move(landing / "a.csv", claimed).name)
    assert found == ["a.csv", "a~2.csv", "a~3.csv"]
    assert [(claimed / name).read_text() for name in found] == ["1", "2", "3"]


def test_the_longest_name_still_takes_a_number(folders: tuple[Path, Path]) -> None:
    landing, claimed = folders
    name = "é" * 125 + ".csv"
    for _ in range(2):
        (landing / name).write_text("x")
        moved = move(landing / name, claimed)
    assert len(os.fsencode(moved.name)) <= 255
    assert moved.name.endswith("é~2.csv")


def test_companions_follow_their_extract_there_and_back(folders: tuple[Path, Path]) -> None:
    landing, claimed = folders
    settings = Landing(folder=landing)
    for name in ("a.csv", "a.csv.ctl", "a.csv.done"):
        (landing / name).write_text(name)
    there = move(landing / "a.csv", claimed)
    bring_companions(settings, landing / "a.csv", there)
    assert sorted(path.name for path in claimed.iterdir()) == ["a.csv", "a.csv.ctl", "a.csv.done"]
    back = move(there, landing)
    send_companions(settings, there, back)
    assert sorted(path.name for path in landing.iterdir()) == ["a.csv", "a.csv.ctl", "a.csv.done"]


def test_companions_stay_while_another_extract_of_their_name_is_there(
    folders: tuple[Path, Path],
) -> None:
    landing, claimed = folders
    (landing / "a.csv").write_text("first")
    there = move(landing / "a.csv", claimed)
    (landing / "a.csv").write_text("second")
    (landing / "a.csv.ctl").write_text("of the second")
    bring_companions(Landing(folder=landing), landing / "a.csv", there)
    assert [path.name for path in claimed.iterdir()] == ["a.csv"]


def test_a_claimed_file_is_for_its_owner_alone(folders: tuple[Path, Path]) -> None:
    path = folders[1] / "a.csv"
    path.write_text("x")
    path.chmod(0o644)
    keep_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "told"),
    [("a.csv", "a.csv"), ("a\nb.csv", "a\\x0ab.csv"), (os.fsdecode(b"\xe9.csv"), "\\xe9.csv")],
)
def test_a_name_is_shown_as_text_that_can_be_written(name: str, told: str) -> None:
    assert shown(Path(name)) == told
