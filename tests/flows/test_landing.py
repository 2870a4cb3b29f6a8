"""Landing: complete files are claimed once, growing ones are left, known ones set aside."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from config.landing_settings import Landing
from flows import landing
from flows.landing import ALREADY_PROCESSED
from flows.landing_moves import LandingUnavailableError

NOW = datetime(2026, 9, 14, 21, 0, tzinfo=UTC)


def drop(folder: Path, name: str, content: bytes = b"a;b\n", age: int = 3600) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    moment = (NOW - timedelta(seconds=age)).timestamp()
    os.utime(path, (moment, moment))
    return path


def never(_hashes: Collection[str]) -> frozenset[str]:
    return frozenset()


@pytest.fixture
def settings(tmp_path: Path) -> Landing:
    (tmp_path / "landing").mkdir()
    return Landing(folder=tmp_path / "landing")


def test_a_stable_file_is_moved_into_the_run_and_hashed(settings: Landing, tmp_path: Path) -> None:
    source = drop(settings.folder, "invoices.csv", b"number\n1\n")
    claim = landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)
    assert [file.name for file in claim.files] == ["invoices.csv"]
    assert claim.files[0].path.read_bytes() == b"number\n1\n"
    assert claim.files[0].size == 9
    assert not source.exists()


def test_a_file_that_changed_a_moment_ago_is_left_where_it_is(
    settings: Landing, tmp_path: Path
) -> None:
    source = drop(settings.folder, "growing.csv", age=settings.stable_seconds - 1)
    claim = landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)
    assert claim.files == ()
    assert claim.incomplete == ("growing.csv",)
    assert source.exists()


def test_with_done_files_only_a_file_that_has_one_is_taken(tmp_path: Path) -> None:
    settings = Landing(folder=tmp_path / "landing", complete_when="done_file")
    drop(settings.folder, "half.csv")
    drop(settings.folder, "whole.csv", b"x\n", age=0)
    drop(settings.folder, "whole.csv.done", b"", age=0)
    claim = landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)
    assert [file.name for file in claim.files] == ["whole.csv"]
    assert claim.incomplete == ("half.csv",)
    assert sorted(path.name for path in settings.folder.iterdir()) == ["half.csv"]


def test_yesterdays_file_under_a_new_name_is_set_aside_and_said(
    settings: Landing, tmp_path: Path
) -> None:
    drop(settings.folder, "again.csv", b"yesterday\n")
    claim = landing.claim(settings, tmp_path / "claimed", now=NOW, processed=set)
    assert claim.files == ()
    assert [file.name for file in claim.already_processed] == ["again.csv"]
    assert (tmp_path / "claimed" / ALREADY_PROCESSED / "again.csv").exists()


def test_the_same_content_twice_in_one_night_is_read_once_and_the_other_file_waits(
    settings: Landing, tmp_path: Path
) -> None:
    drop(settings.folder, "a.csv", b"same\n")
    drop(settings.folder, "b.csv", b"same\n")
    drop(settings.folder, "b.csv.ctl", b"invoices=1\n")
    seen = landing.peek(settings, now=NOW, processed=never)
    claim = landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)
    for found in (seen, claim):
        assert [file.name for file in found.files] == ["a.csv"]
        assert found.already_processed == ()
        assert found.twins == ("b.csv",)
    assert sorted(path.name for path in settings.folder.iterdir()) == ["b.csv", "b.csv.ctl"]


def test_a_resumed_run_takes_what_it_had_claimed_and_nothing_new(
    settings: Landing, tmp_path: Path
) -> None:
    drop(settings.folder, "first.csv", b"1\n")
    landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)
    drop(settings.folder, "second.csv", b"2\n")
    claim = landing.claimed_before(settings, tmp_path / "claimed", processed=never)
    assert [file.name for file in claim.files] == ["first.csv"]
    assert (settings.folder / "second.csv").exists()


def test_the_same_name_on_two_nights_of_one_run_overwrites_nothing(
    settings: Landing, tmp_path: Path
) -> None:
    drop(settings.folder, "invoices.csv", b"1\n")
    landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)
    drop(settings.folder, "invoices.csv", b"2\n")
    claim = landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)
    assert sorted(file.path.read_bytes() for file in claim.files) == [b"1\n", b"2\n"]


def test_a_link_or_a_hidden_file_is_never_taken(settings: Landing, tmp_path: Path) -> None:
    secret = drop(tmp_path / "elsewhere", "secret.csv")
    (settings.folder / "link.csv").symlink_to(secret)
    drop(settings.folder, ".hidden.csv")
    assert landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never).files == ()


def test_a_folder_that_is_not_there_is_an_error_that_may_pass(tmp_path: Path) -> None:
    settings = Landing(folder=tmp_path / "nowhere")
    with pytest.raises(LandingUnavailableError, match="nowhere cannot be read"):
        landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)


def test_peek_moves_nothing(settings: Landing, tmp_path: Path) -> None:
    source = drop(settings.folder, "invoices.csv")
    claim = landing.peek(settings, now=NOW, processed=never)
    assert [file.name for file in claim.files] == ["invoices.csv"]
    assert source.exists()


def test_a_landing_folder_that_may_not_be_read_is_an_error_that_may_pass(
    settings: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_folder: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "iterdir", refused)  # root reads everything: no mode stops it
    with pytest.raises(LandingUnavailableError, match="Permission denied"):
        landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)


def test_an_extract_taken_back_while_it_is_claimed_is_no_fault(
    settings: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv"):
        (settings.folder / name).write_text(name)
        os.utime(settings.folder / name, (0, 0))
    rename = Path.rename

    def race(path: Path, target: Path) -> Path:
        if path.name == "a.csv":
            path.unlink()
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", race)
    taken = landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never)
    assert [file.name for file in taken.files] == ["b.csv"]


def test_what_is_put_back_is_claimed_again_with_its_companions(tmp_path: Path) -> None:
    folder = tmp_path / "landing"
    folder.mkdir()
    settings = Landing(folder=folder, complete_when="done_file")
    for name in ("a.csv", "a.csv.done", "a.csv.ctl"):
        (folder / name).write_text(name)
    first = landing.claim(settings, tmp_path / "one", now=NOW, processed=never)
    assert landing.put_back(settings, first.files) == ("a.csv",)
    assert landing.put_back(settings, first.files) == ()  # again, after a crash
    again = landing.claim(settings, tmp_path / "two", now=NOW, processed=never)
    assert [file.sha256 for file in again.files] == [file.sha256 for file in first.files]
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == [
        "a.csv",
        "a.csv.ctl",
        "a.csv.done",
    ]


def test_a_claimed_file_that_is_neither_here_nor_there_is_missed(
    settings: Landing, tmp_path: Path
) -> None:
    (settings.folder / "b.csv").write_text("b")
    wanted = {hashlib.sha256(text).hexdigest(): name for text, name in ((b"a", "a.csv"),)}
    folder = tmp_path / "claimed"
    with pytest.raises(landing.ClaimLostError, match=r"a\.csv"):
        landing.claimed_before(settings, folder, processed=never, expected=wanted)
    put_back_before = {hashlib.sha256(b"b").hexdigest(): "b.csv"}
    claim_again = landing.claimed_before(
        settings, folder, processed=never, expected=put_back_before
    )
    assert claim_again.files == ()


def test_a_file_that_stands_for_itself_is_claimed_though_it_cannot_be_read(
    settings: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.xml", "b.xml"):
        drop(settings.folder, name, b"<same/>")
    digest = hashlib.file_digest

    def failing(stream: BinaryIO, name: str) -> hashlib._Hash:
        if stream.name.endswith("a.xml"):
            raise OSError(errno.EIO, "Input/output error")
        return digest(stream, name)

    monkeypatch.setattr(hashlib, "file_digest", failing)
    with pytest.raises(LandingUnavailableError, match=r"a\.xml"):
        landing.peek(settings, now=NOW, processed=never)
    claim = landing.claim(settings, tmp_path / "claimed", now=NOW, processed=never, apart=True)
    assert [file.name for file in claim.files] == ["a.xml", "b.xml"]
    again = landing.claimed_before(settings, tmp_path / "claimed", processed=never, apart=True)
    assert again.files == claim.files
    assert claim.files[0].sha256 != claim.files[1].sha256
