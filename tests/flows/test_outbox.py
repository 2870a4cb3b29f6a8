"""Flow files appear in the outbox whole, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.outbox import write_flow
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
