"""Attachments on disk: found by name or pattern, never outside their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import Attachments
from flows.attachments import find


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "attachments"
    (folder / "2026").mkdir(parents=True)
    (folder / "2026" / "bl.pdf").write_bytes(b"pdf")
    (folder / "F1_a.pdf").write_bytes(b"1")
    (folder / "F1_b.pdf").write_bytes(b"22")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


def test_names_are_relative_to_the_folder_and_keep_their_order(folder: Path) -> None:
    found = find(Attachments(folder=folder), ["F1_b.pdf", "2026\\bl.pdf"], "F1")
    assert [(file.name, file.size) for file in found.files] == [
        ("F1_b.pdf", 2),
        ("2026\\bl.pdf", 3),
    ]
    assert found.missing == ()


def test_a_missing_file_is_told_by_its_name(folder: Path) -> None:
    assert find(Attachments(folder=folder), ["gone.pdf"], "F1").missing == ("gone.pdf",)


@pytest.mark.parametrize(
    "name", ["../secret.txt", "/etc/passwd", "2026/../../secret.txt", "a\0b", "..", "."]
)
def test_a_name_that_leads_out_is_refused(folder: Path, name: str) -> None:
    found = find(Attachments(folder=folder), [name], "F1")
    assert found.outside == (name,)
    assert found.files == ()


def test_a_link_that_leads_out_is_refused(folder: Path) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    assert find(Attachments(folder=folder), ["link.txt"], "F1").outside == ("link.txt",)


def test_a_pattern_finds_the_files_of_the_number(folder: Path) -> None:
    settings = Attachments(folder=folder, pattern="{number}_*.pdf")
    assert [file.name for file in find(settings, [], "F1").files] == ["F1_a.pdf", "F1_b.pdf"]
    assert find(settings, [], "F2").missing == ("F2_*.pdf",)


def test_a_number_is_no_pattern(folder: Path) -> None:
    settings = Attachments(folder=folder, pattern="{number}_*.pdf")
    assert find(settings, [], "*").missing == ("[*]_*.pdf",)
