"""The folder channel: handing flows to a firm's own transfer tool."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.channel_settings import Channel as ChannelSettings
from flows.channels import Channel, open_channel
from flows.channels.base import is_plain_name, join, our_name
from flows.deposit import deposit_flows
from flows.errors import (
    ChannelRefusedError,
    ConfigurationError,
    TargetExistsError,
    TransportError,
)
from flows.recovery import recover
from tests.flows.outbox import (
    build_flows,
    half_way,
    open_ledger,
    records,
    settings_with,
    states,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("in", "out", "tmp", "done"):
        (tmp_path / "share" / name).mkdir(parents=True)
    return tmp_path / "share"


@pytest.fixture
def channel(root: Path) -> Iterator[Channel]:
    with open_channel(ChannelSettings(kind="folder", root=root)) as found:
        yield found


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "flow"
    path.write_bytes(os.urandom(3_000_000))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_under_its_final_name(
    channel: Channel, root: Path, local: Path
) -> None:
    heard: list[tuple[int, int]] = []
    size = channel.put(local, "in/X.tmp", progress=lambda sent, total: heard.append((sent, total)))
    assert size == 3_000_000
    assert (heard[0], heard[-1]) == ((0, 3_000_000), (3_000_000, 3_000_000))
    channel.rename("in/X.tmp", "in/X")
    assert names(root / "in") == ["X"]
    assert (root / "in" / "X").read_bytes() == local.read_bytes()
    seen = channel.stat("in/X")
    assert seen is not None
    assert (seen.name, seen.size) == ("X", 3_000_000)


def test_nothing_is_seen_where_nothing_is(channel: Channel) -> None:
    assert channel.stat("in/X") is None
    assert channel.discard("in/X") is False


def test_neither_upload_nor_rename_overwrites(channel: Channel, root: Path, local: Path) -> None:
    (root / "in" / "X").write_text("theirs")
    with pytest.raises(TargetExistsError):
        channel.put(local, "in/X")
    channel.put(local, "in/X.tmp")
    with pytest.raises(TargetExistsError):
        channel.rename("in/X.tmp", "in/X")
    assert (root / "in" / "X").read_text() == "theirs"
    assert names(root / "in") == ["X", "X.tmp"]


def test_a_share_without_hard_links_serves_as_well(
    channel: Channel, root: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    channel.put(local, "in/X.tmp")
    channel.rename("in/X.tmp", "in/X")
    assert names(root / "in") == ["X"]
    channel.put(local, "in/X.tmp")
    with pytest.raises(TargetExistsError):
        channel.rename("in/X.tmp", "in/X")


def test_a_missing_folder_is_refused_and_not_created(
    channel: Channel, root: Path, local: Path
) -> None:
    (root / "in").rmdir()
    for attempt in (
        channel.connect,
        lambda: channel.put(local, "in/X"),
        lambda: channel.rename("tmp/X", "in/X"),
    ):
        with pytest.raises(ChannelRefusedError):
            attempt()
    assert "in" not in names(root)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_what_may_pass_is_retryable(
    channel: Channel, local: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(TransportError):
        channel.put(local, "in/X")


def test_return_flows_are_listed_fetched_moved_and_removed(
    channel: Channel, root: Path, tmp_path: Path
) -> None:
    out = root / "out"
    (out / "B").write_bytes(b"bb")
    (out / "A").write_bytes(b"a")
    (out / "folder").mkdir()
    (out / "link").symlink_to(tmp_path / "flow")
    (out / "with\nnewline").touch()
    assert [(entry.name, entry.size) for entry in channel.list_out()] == [("A", 1), ("B", 2)]
    assert channel.get("B", tmp_path / "B", max_bytes=2) == 2
    assert (tmp_path / "B").read_bytes() == b"bb"
    channel.move("A", "done")
    channel.remove("B")
    channel.remove("B")
    assert channel.list_out() == []
    assert names(root / "done") == ["A"]
    (out / "A").write_bytes(b"again")
    with pytest.raises(TargetExistsError):
        channel.move("A", "done")


def test_a_fetch_that_fails_leaves_nothing(channel: Channel, root: Path, tmp_path: Path) -> None:
    (root / "out" / "R").write_bytes(bytes(11))
    with pytest.raises(ChannelRefusedError, match="10 bytes"):
        channel.get("R", tmp_path / "R", max_bytes=10)
    with pytest.raises(ChannelRefusedError):
        channel.get("nothing", tmp_path / "R", max_bytes=10)
    assert [name for name in names(tmp_path) if name.startswith("R")] == []


def test_a_link_in_out_is_not_followed(channel: Channel, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (root / "out" / "R").symlink_to(tmp_path / "secret")
    with pytest.raises(ChannelRefusedError):
        channel.get("R", tmp_path / "R", max_bytes=100)


def test_the_folder_must_be_named() -> None:
    with pytest.raises(ConfigurationError, match=r"channel\.root"):
        open_channel(ChannelSettings(kind="folder"))


# -- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", ".x", "é", "a b", "a\n", "x" * 201])
def test_names_we_must_not_create(name: str) -> None:
    with pytest.raises(ChannelRefusedError):
        our_name(name)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("CSO1106A_CPP001_CSO1106A0000000000000001", True),
        ("état du 3 février.xml", True),
        ("a'b", True),
        ("", False),
        (".", False),
        ("..", False),
        ("../x", False),
        ("a\\b", False),
        ("a\x1b[2J", False),
        ("\x85", False),
        ("é" * 128, False),
    ],
)
def test_names_we_may_take(name: str, plain: bool) -> None:
    assert is_plain_name(name) is plain


@pytest.mark.parametrize(
    ("folder", "path"),
    [("in", "in/X"), ("in/", "in/X"), ("", "X"), (".", "X"), ("/", "/X"), ("/a/b/", "/a/b/X")],
)
def test_folder_and_name_make_a_path(folder: str, path: str) -> None:
    assert join(folder, "X") == path


# -- the protocol over it ----------------------------------------------------------------------


@pytest.mark.parametrize("temporary", ["suffix", "folder", "none"])
def test_flows_are_handed_over(tmp_path: Path, root: Path, temporary: str) -> None:
    settings = settings_with(root=root, temporary=temporary)
    with open_ledger(tmp_path) as ledger, open_channel(settings.channel) as channel:
        ids = build_flows(ledger, tmp_path / "outbox", b"one", b"two")
        flows = records(ledger, ids)
        result = deposit_flows(ledger, channel, tmp_path / "outbox", flows, settings)
        assert result.delivered == ids
        assert states(ledger, ids) == ["handed_over"] * 2
        assert [invoice.state for invoice in ledger.invoices()] == ["handed_over"] * 2
        assert names(root / "in") == [flow.file_name for flow in flows]
        assert names(root / "tmp") == []


def test_what_was_left_half_way_is_recovered(tmp_path: Path, root: Path) -> None:
    settings = settings_with(root=root)
    with open_ledger(tmp_path) as ledger, open_channel(settings.channel) as channel:
        ids = build_flows(ledger, tmp_path / "outbox", b"one", b"two")
        first, second = records(ledger, ids)
        half_way(ledger, ids[0], "renaming", f"in/{first.file_name}.0.tmp")
        (root / "in" / first.file_name).write_bytes(b"one")
        half_way(ledger, ids[1], "uploading", f"in/{second.file_name}.0.tmp")
        (root / "in" / f"{second.file_name}.0.tmp").write_bytes(b"t")
        recover(ledger, channel, tmp_path / "outbox", settings)
        assert states(ledger, ids) == ["handed_over", "built"]
        assert names(root / "in") == [first.file_name]


def test_an_unmounted_share_leaves_the_flows_as_they_were(tmp_path: Path, root: Path) -> None:
    settings = settings_with(root=root)
    with open_ledger(tmp_path) as ledger, open_channel(settings.channel) as channel:
        ids = build_flows(ledger, tmp_path / "outbox", b"one")
        half_way(ledger, ids[0], "renaming", "in/x.tmp")
        (root / "in").rmdir()
        result = recover(ledger, channel, tmp_path / "outbox", settings)
        assert isinstance(result.problem, ChannelRefusedError)
        assert states(ledger, ids) == ["renaming"]
