"""The state folder."""

from __future__ import annotations

from pathlib import Path

from flows.folders import StateFolders


def test_folders_are_made_when_first_used_for_their_owner_only(tmp_path: Path) -> None:
    folders = StateFolders(tmp_path / "state")
    assert not folders.root.exists()
    made = [
        folders.claimed("R1"),
        folders.outbox,
        folders.waiting,
        folders.returns,
        folders.spill("R1"),
    ]
    assert [path.relative_to(folders.root).as_posix() for path in made] == [
        "claimed/R1",
        "outbox",
        "waiting",
        "returns",
        "spill/R1",
    ]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o700}
    assert folders.outbox == made[1]


def test_the_ledger_lies_in_the_state_folder_under_an_absolute_path(tmp_path: Path) -> None:
    folders = StateFolders(tmp_path / "a" / ".." / "state")
    (tmp_path / "a").mkdir()
    assert folders.ledger_url == f"sqlite:///{tmp_path / 'state' / 'ledger.sqlite'}"
    assert (tmp_path / "state").is_dir()
