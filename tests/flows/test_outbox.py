"""Flow files appear in the outbox whole, or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.errors import OutboxDamagedError
from flows.outbox import IDENTITY, OutboxUnavailableError, identity_of, write_flow
from transforms.bundle import Member

ONE = Member("FSO1106A_ABC123_ABC1231106000000000000001.xml", b"<a/>")
TWO = Member("FSO1106A_ABC123_ABC1231106000000000000002.xml", b"<b/>")


def test_a_single_member_is_the_file_itself_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "run" / "FLOW"
    digest = write_flow(path, [ONE], gzip_level=6, stylesheet=None)
    assert path.read_bytes() == ONE.xml
    assert (digest.size, digest.members) == (len(ONE.xml), 1)
    assert digest.sha256 == hashlib.sha256(ONE.xml).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_several_members_are_one_archive_with_the_hash_of_its_bytes(tmp_path: Path) -> None:
    digest = write_flow(tmp_path / "FLOW", [ONE, TWO], gzip_level=6, stylesheet=None)
    content = (tmp_path / "FLOW").read_bytes()
    assert content.startswith(b"\x1f\x8b")
    assert digest.sha256 == hashlib.sha256(content).hexdigest()
    again = write_flow(tmp_path / "AGAIN", [ONE, TWO], gzip_level=6, stylesheet=None)
    assert again == digest


def test_a_flow_that_could_not_be_built_has_no_name(tmp_path: Path) -> None:
    def members() -> Iterator[Member]:
        yield ONE
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_flow(tmp_path / "FLOW", members(), gzip_level=6, stylesheet=None)
    assert not (tmp_path / "FLOW").exists()


def test_what_a_crash_left_behind_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".FLOW.part").write_bytes(b"half a flow, longer than the whole")
    write_flow(tmp_path / "FLOW", [ONE], gzip_level=6, stylesheet=None)
    assert [path.name for path in tmp_path.iterdir()] == ["FLOW"]
    assert (tmp_path / "FLOW").read_bytes() == ONE.xml


def test_an_outbox_tells_itself_from_every_other_one_for_good(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    first = identity_of(one)
    assert identity_of(one) == first
    assert identity_of(two) != first
    assert [path.name for path in one.iterdir()] == [IDENTITY]
    assert (one / IDENTITY).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_who_asks_at_the_same_time_is_told_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    link = os.link

    def linked_by_another(source: Path, target: Path) -> None:
        if links:
            Path(target).write_text("5f0c4e0c-6c0e-4a43-9d43-0d5f5f3a7c11\n")
            link(source, target)
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", linked_by_another)
    told = identity_of(tmp_path)
    assert (told == "5f0c4e0c-6c0e-4a43-9d43-0d5f5f3a7c11") is links
    assert identity_of(tmp_path) == told
    assert [path.name for path in tmp_path.iterdir()] == [IDENTITY]


@pytest.mark.parametrize("content", ["", "not an identity\n", "\xff"])
def test_an_identity_that_was_damaged_is_not_replaced_by_itself(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / IDENTITY).write_text(content, encoding="latin-1")
    with pytest.raises(OutboxDamagedError, match="identity"):
        identity_of(tmp_path)
    assert (tmp_path / IDENTITY).read_text(encoding="latin-1") == content


def test_an_outbox_that_cannot_be_written_may_pass(tmp_path: Path) -> None:
    with pytest.raises(OutboxUnavailableError, match="mounted"):
        identity_of(tmp_path / "not there")
