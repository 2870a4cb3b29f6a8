"""The SFTP channel against a real OpenSSH server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.channel_settings import Channel as ChannelSettings
from flows.channels import open_channel
from flows.channels.sftp import SftpChannel
from flows.errors import (
    ChannelRefusedError,
    ConfigurationError,
    TargetExistsError,
    TransportError,
)
from tests.integration.sshd import Sshd, new_key, public_line, running, write_key

pytestmark = pytest.mark.integration

NAME = "FSO1106A_AAA999_AAA999FSO1106A00000000001"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    with running(tmp_path / "server") as sshd:
        yield sshd


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "flow"
    path.write_bytes(os.urandom(300_000))
    return path


def channel_to(
    server: Sshd, *, sftp: dict[str, object] | None = None, **changes: object
) -> SftpChannel:
    channel = open_channel(server.settings(sftp=sftp, **changes))
    assert isinstance(channel, SftpChannel)
    return channel


def test_a_file_arrives_whole_under_its_final_name_only(server: Sshd, local: Path) -> None:
    with channel_to(server) as channel:
        temporary, final = channel.temporary_path(NAME, "a1"), channel.final_path(NAME)
        sent: list[tuple[int, int]] = []
        size = channel.put(
            local, temporary, progress=lambda done, total: sent.append((done, total))
        )
        assert size == 300_000
        assert channel.stat(final) is None
        channel.rename(temporary, final)
        seen = channel.stat(final)
    assert seen is not None
    assert (seen.name, seen.size) == (NAME, 300_000)
    assert sent[0] == (0, 300_000)
    assert sent[-1] == (300_000, 300_000)
    assert [path.name for path in (server.account / "in").iterdir()] == [NAME]
    assert (server.account / "in" / NAME).read_bytes() == local.read_bytes()


@pytest.mark.parametrize("size", [0, 1, 32 * 1024, 32 * 1024 + 1])
def test_any_size_arrives(server: Sshd, tmp_path: Path, size: int) -> None:
    local = tmp_path / "flow"
    local.write_bytes(os.urandom(size))
    with channel_to(server) as channel:
        assert channel.put(local, "in/X") == size
    assert (server.account / "in" / "X").read_bytes() == local.read_bytes()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_each_kind_of_key_logs_in(server: Sshd, tmp_path: Path, kind: str) -> None:
    key = new_key(kind)
    (server.key_file.parent / "authorized_keys").write_text(public_line(key) + "\n")
    key_file = write_key(key, tmp_path / "key")
    with channel_to(server, sftp={"key_file": key_file}) as channel:
        assert channel.list_out() == []


def test_a_key_with_a_passphrase_logs_in(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    (server.key_file.parent / "authorized_keys").write_text(public_line(key) + "\n")
    key_file = write_key(key, tmp_path / "key", passphrase="sésame")
    monkeypatch.setenv("SFTP_PASSPHRASE", "sésame")
    sftp = {"key_file": key_file, "key_passphrase_env": "SFTP_PASSPHRASE"}
    with channel_to(server, sftp=sftp) as channel:
        assert channel.list_out() == []


def test_a_changed_host_key_is_refused_and_both_keys_are_shown(server: Sshd, local: Path) -> None:
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public_line(new_key())}\n")
    with channel_to(server) as channel, pytest.raises(ChannelRefusedError) as refusal:
        channel.put(local, "in/X")
    assert str(refusal.value).count("SHA256:") == 2
    assert not any((server.account / "in").iterdir())


def test_an_unknown_host_is_refused_and_its_line_is_shown(server: Sshd, local: Path) -> None:
    server.known_hosts.write_text(f"elsewhere.example {public_line(new_key())}\n")
    with channel_to(server) as channel, pytest.raises(ChannelRefusedError) as refusal:
        channel.put(local, "in/X")
    line = f"[127.0.0.1]:{server.port} {public_line(server.host_key)}"
    assert line in refusal.value.next_step
    assert not any((server.account / "in").iterdir())
    assert "elsewhere.example" in server.known_hosts.read_text()
    assert line not in server.known_hosts.read_text()


def test_the_host_key_of_another_port_is_not_enough(server: Sshd) -> None:
    server.known_hosts.write_text(f"127.0.0.1 {public_line(server.host_key)}\n")
    with channel_to(server) as channel, pytest.raises(ChannelRefusedError, match="known_hosts"):
        channel.connect()


def test_a_key_that_is_not_authorized_is_refused(server: Sshd, tmp_path: Path) -> None:
    key_file = write_key(new_key(), tmp_path / "other")
    with (
        channel_to(server, sftp={"key_file": key_file}) as channel,
        pytest.raises(ChannelRefusedError, match="refused our key"),
    ):
        channel.connect()


def test_no_key_but_the_configured_one_is_tried(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home" / ".ssh"
    home.mkdir(parents=True)
    (home / "id_ed25519").write_bytes(server.key_file.read_bytes())
    monkeypatch.setenv("HOME", str(home.parent))
    key_file = write_key(new_key(), tmp_path / "other")
    with (
        channel_to(server, sftp={"key_file": key_file}) as channel,
        pytest.raises(ChannelRefusedError, match="refused our key"),
    ):
        channel.connect()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"host": ""}, "channel.sftp.host"),
        ({"user": ""}, "channel.sftp.user"),
        ({"key_file": None}, "channel.sftp.key_file"),
        ({"known_hosts": None}, "channel.sftp.known_hosts"),
        ({"key_file": Path("nowhere")}, "nowhere"),
        ({"known_hosts": Path("nowhere")}, "nowhere"),
        ({"key_passphrase_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
    ],
)
def test_incomplete_settings_are_named(server: Sshd, change: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        channel_to(server, sftp=change)


def test_unreadable_keys_are_configuration_errors(server: Sshd, tmp_path: Path) -> None:
    (tmp_path / "rubbish").write_text("not a key\n")
    locked = write_key(new_key(), tmp_path / "locked", passphrase="secret")
    for key_file in (tmp_path / "rubbish", locked):
        with pytest.raises(ConfigurationError, match=key_file.name):
            channel_to(server, sftp={"key_file": key_file})
    (tmp_path / "empty").write_text("# no host yet\n")
    with pytest.raises(ConfigurationError, match="holds no host key"):
        channel_to(server, sftp={"known_hosts": tmp_path / "empty"})


def test_a_missing_folder_is_a_refusal(server: Sshd, local: Path) -> None:
    with channel_to(server, in_folder="nowhere", out_folder="nowhere") as channel:
        with pytest.raises(ChannelRefusedError, match="no such file or folder"):
            channel.put(local, channel.temporary_path(NAME, "a"))
        with pytest.raises(ChannelRefusedError, match="no such file or folder"):
            channel.list_out()


def test_a_permission_denied_is_a_refusal(tmp_path: Path, local: Path) -> None:
    with running(tmp_path / "server", sftp_options="-R") as server, channel_to(server) as channel:
        with pytest.raises(ChannelRefusedError, match="permission denied"):
            channel.put(local, "in/X")
        (server.account / "in" / "Y").touch()
        with pytest.raises(ChannelRefusedError, match="permission denied"):
            channel.rename("in/Y", "in/Z")
        with pytest.raises(ChannelRefusedError, match="permission denied"):
            channel.discard("in/Y")


def test_a_server_that_forbids_looking_still_takes_flows(tmp_path: Path, local: Path) -> None:
    hidden = "-P stat,lstat,fstat"
    with running(tmp_path / "server", sftp_options=hidden) as server, channel_to(server) as channel:
        assert channel.put(local, "in/X.tmp") is None
        channel.rename("in/X.tmp", "in/X")
        with pytest.raises(ChannelRefusedError):
            channel.stat("in/X")
    assert (server.account / "in" / "X").read_bytes() == local.read_bytes()


def test_a_rename_never_overwrites(server: Sshd, local: Path) -> None:
    (server.account / "in" / "X").write_text("theirs")
    with channel_to(server) as channel:
        channel.put(local, "in/X.tmp")
        with pytest.raises(TargetExistsError):
            channel.rename("in/X.tmp", "in/X")
        assert channel.stat("in/X.tmp") is not None
    assert (server.account / "in" / "X").read_text() == "theirs"


def test_an_upload_never_overwrites(server: Sshd, local: Path) -> None:
    (server.account / "in" / "X").write_text("theirs")
    with channel_to(server) as channel, pytest.raises(TargetExistsError):
        channel.put(local, "in/X")
    assert (server.account / "in" / "X").read_text() == "theirs"


def test_a_rename_of_nothing_is_a_refusal(server: Sshd) -> None:
    with channel_to(server) as channel, pytest.raises(ChannelRefusedError, match="no such file"):
        channel.rename("in/X.tmp", "in/X")


def test_a_cut_in_the_middle_may_be_tried_again(server: Sshd, local: Path) -> None:
    def cut_half_way(sent: int, total: int) -> None:
        if 2 * sent >= total:
            server.cut()

    with channel_to(server) as channel:
        with pytest.raises(TransportError):
            channel.put(local, "in/X.1", progress=cut_half_way)
        assert channel.put(local, "in/X.2") == 300_000  # a new connection, by itself
        channel.rename("in/X.2", "in/X")
    assert (server.account / "in" / "X").read_bytes() == local.read_bytes()


def test_a_server_that_is_gone_may_come_back(server: Sshd) -> None:
    channel = channel_to(server)
    server.stop()
    with channel, pytest.raises(TransportError):
        channel.connect()


def test_a_server_that_hangs_is_given_up(server: Sshd, local: Path) -> None:
    with channel_to(server, sftp={"operation_timeout": 0.5}) as channel:
        channel.connect()
        server.freeze()
        with pytest.raises(TransportError):
            channel.stat("in/X")


def test_a_server_that_hangs_during_an_upload_is_given_up(server: Sshd, tmp_path: Path) -> None:
    local = tmp_path / "large"
    local.write_bytes(bytes(8_000_000))  # more than what the window and the pipes hold

    def freeze(sent: int, total: int) -> None:
        if sent == 0:
            server.freeze()

    with (
        channel_to(server, sftp={"operation_timeout": 0.5}) as channel,
        pytest.raises(TransportError),
    ):
        channel.put(local, "in/X", progress=freeze)


def test_an_error_of_the_last_writes_is_not_lost(tmp_path: Path, local: Path) -> None:
    # Every write is refused, and pipelined writes do not wait to hear so.
    with (
        running(tmp_path / "server", sftp_options="-P write") as server,
        channel_to(server) as channel,
        pytest.raises(ChannelRefusedError),
    ):
        channel.put(local, "in/X")


def test_a_listener_that_raises_stops_the_upload(server: Sshd, local: Path) -> None:
    def stop(sent: int, total: int) -> None:
        if sent:
            raise TransportError("enough")

    with channel_to(server) as channel:
        with pytest.raises(TransportError, match="enough"):
            channel.put(local, "in/X", progress=stop)
        assert channel.discard("in/X")  # the answers of the upload do not disturb it
        assert not channel.discard("in/X")


def test_return_flows_are_listed_and_fetched(server: Sshd, tmp_path: Path) -> None:
    out = server.account / "out"
    content = os.urandom(200_000)
    (out / "CSO1106A_B").write_bytes(content)
    (out / "CSO1106A_A").write_bytes(b"")
    (out / "with\nnewline").write_bytes(b"x")
    (out / "folder").mkdir()
    with channel_to(server) as channel:
        entries = channel.list_out()
        assert [(entry.name, entry.size) for entry in entries] == [
            ("CSO1106A_A", 0),
            ("CSO1106A_B", 200_000),
        ]
        assert entries[0].modified == int((out / "CSO1106A_A").stat().st_mtime)
        assert channel.get("CSO1106A_B", tmp_path / "B", max_bytes=200_000) == 200_000
        assert channel.get("CSO1106A_A", tmp_path / "A", max_bytes=1) == 0
    assert (tmp_path / "B").read_bytes() == content
    assert (tmp_path / "A").read_bytes() == b""


def test_a_return_flow_that_is_too_large_is_not_fetched(server: Sshd, tmp_path: Path) -> None:
    (server.account / "out" / "CSO").write_bytes(bytes(1001))
    with channel_to(server) as channel, pytest.raises(ChannelRefusedError, match="1000"):
        channel.get("CSO", tmp_path / "CSO", max_bytes=1000)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("CSO")]


def test_a_return_flow_is_moved_or_removed(server: Sshd) -> None:
    out, done = server.account / "out", server.account / "done"
    for name in ("A", "B", "C"):
        (out / name).write_text(name)
    (done / "C").write_text("former")
    with channel_to(server) as channel:
        channel.move("A", "done")
        channel.remove("B")
        channel.remove("B")
        with pytest.raises(TargetExistsError):
            channel.move("C", "done")
        assert [entry.name for entry in channel.list_out()] == ["C"]
    assert {path.name: path.read_text() for path in done.iterdir()} == {"A": "A", "C": "former"}


def test_a_name_that_leads_elsewhere_is_refused(server: Sshd, tmp_path: Path) -> None:
    with channel_to(server) as channel:
        for name in ("../in/X", "..", "", "a/b", "a\x00b"):
            with pytest.raises(ChannelRefusedError):
                channel.get(name, tmp_path / "X", max_bytes=1)
            with pytest.raises(ChannelRefusedError):
                channel.remove(name)


def test_the_settings_of_a_channel_choose_its_class(tmp_path: Path) -> None:
    settings = ChannelSettings(kind="folder", root=tmp_path)
    assert type(open_channel(settings)).__name__ == "FolderChannel"
