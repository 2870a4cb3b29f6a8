"""Kill -9 and cuts during a deposit on a real OpenSSH server: nothing lost, nothing sent twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.channel_settings import Channel
from config.settings import Settings
from flows.channels import open_channel
from flows.channels.base import Progress
from flows.channels.sftp import SftpChannel
from flows.crashpoints import VARIABLE, CrashPoint
from flows.deposit import deposit_flows
from flows.errors import ExitCode, LoginRefusedError
from flows.ledger import Ledger
from flows.recovery import recover
from tests.flows.outbox import build_flows, open_ledger, records, states
from tests.integration.sshd import Sshd, new_key, public_line, running

pytestmark = pytest.mark.integration

CHILD = Path(__file__).with_name("deposit_child.py")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    with running(tmp_path / "server") as sshd:
        yield sshd


@pytest.fixture
def content() -> bytes:
    return os.urandom(400_000)


def deposit_in_child(folder: Path, settings: Settings, crash_at: str = "") -> int:
    """Deposit in another process; return its exit status (negative: the signal it died by)."""
    path = folder / "settings.json"
    path.write_text(settings.model_dump_json())
    done = subprocess.run(
        [sys.executable, str(CHILD), str(folder), str(path)],
        env=os.environ | {VARIABLE: crash_at},
        check=False,
        timeout=120,
        capture_output=True,
    )
    return done.returncode


def take(server: Sshd) -> dict[str, bytes]:
    """Take the complete names of ``in`` away, as Chorus Pro does at once."""
    taken = {}
    for path in (server.account / "in").iterdir():
        if "." not in path.name:
            taken[path.name] = path.read_bytes()
            path.unlink()
    return taken


def recover_and_deposit(ledger: Ledger, folder: Path, channel: Channel) -> None:
    settings = Settings(channel=channel)
    with open_channel(channel) as way:
        ready = recover(ledger, way, folder / "outbox", settings).to_deposit
        deposit_flows(ledger, way, folder / "outbox", ready, settings)


@pytest.mark.parametrize("taken_at_once", [False, True], ids=["stays", "taken"])
@pytest.mark.parametrize(
    ("temporary", "crash_at", "left_in"),
    [
        ("suffix", CrashPoint.UPLOAD_0, "uploading"),
        ("suffix", CrashPoint.UPLOAD_50, "uploading"),
        ("suffix", CrashPoint.UPLOAD_100, "uploading"),
        ("suffix", CrashPoint.BEFORE_RENAMING_RECORD, "uploading"),
        ("suffix", CrashPoint.AFTER_RENAMING_RECORD, "renaming"),
        ("suffix", CrashPoint.AFTER_RENAME, "renaming"),
        ("folder", CrashPoint.UPLOAD_50, "uploading"),
        ("folder", CrashPoint.AFTER_RENAMING_RECORD, "renaming"),
        ("none", CrashPoint.UPLOAD_0, "uploading"),
        ("none", CrashPoint.UPLOAD_50, "uploading"),
        ("none", CrashPoint.AFTER_RENAME, "uploading"),
    ],
)
def test_a_killed_deposit_is_recovered(
    server: Sshd,
    tmp_path: Path,
    content: bytes,
    temporary: str,
    crash_at: CrashPoint,
    left_in: str,
    taken_at_once: bool,
) -> None:
    channel = server.settings(temporary=temporary)
    with open_ledger(tmp_path) as ledger:
        ids = build_flows(ledger, tmp_path / "outbox", content, b"second")
        killed = deposit_in_child(tmp_path, Settings(channel=channel), crash_at)
        assert killed == -signal.SIGKILL
        assert states(ledger, ids) == [left_in, "built"]
        taken = take(server) if taken_at_once else {}
        recover_and_deposit(ledger, tmp_path, channel)
        recover_and_deposit(ledger, tmp_path, channel)  # and the night after changes nothing
        first, second = records(ledger, ids)
        left = {path.name: path.read_bytes() for path in (server.account / "in").iterdir()}

    assert second.state == "deposited"
    assert left.pop(second.file_name) == b"second"
    copies = [files[first.file_name] for files in (taken, left) if first.file_name in files]
    assert len(copies) <= 1
    if first.state == "deposited":
        assert copies == [content]
    else:
        # In doubt: the name was renamed to or uploaded under, and who looks sees no whole file.
        assert first.state == "in_doubt"
        assert temporary == "none" or (crash_at is CrashPoint.AFTER_RENAME and taken_at_once)
    assert set(left) <= {first.file_name}  # no temporary name is left behind
    assert not any((server.account / "tmp").iterdir())


def test_a_deposit_that_is_not_killed_ends_well_in_its_own_process(
    server: Sshd, tmp_path: Path, content: bytes
) -> None:
    with open_ledger(tmp_path) as ledger:
        ids = build_flows(ledger, tmp_path / "outbox", content, b"second")
        assert deposit_in_child(tmp_path, Settings(channel=server.settings())) == ExitCode.OK
        assert states(ledger, ids) == ["deposited"] * 2
    assert len(take(server)) == 2


class CuttingAt(SftpChannel):
    """The real channel, whose server loses its connections once, half-way through an upload."""

    server: Sshd
    stop_it = False
    cuts = 1

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        def listen(sent: int, total: int) -> None:
            if self.cuts and 2 * sent >= total:
                self.cuts -= 1
                (self.server.stop if self.stop_it else self.server.cut)()
            if progress:
                progress(sent, total)

        return super().put(local, path, progress=listen)


def test_a_cut_upload_is_sent_again_within_the_same_deposit(
    server: Sshd, tmp_path: Path, content: bytes
) -> None:
    settings = Settings(channel=server.settings(retries=2))
    channel = CuttingAt(settings.channel)
    channel.server = server
    with open_ledger(tmp_path) as ledger, channel:
        ids = build_flows(ledger, tmp_path / "outbox", content, b"second")
        result = deposit_flows(ledger, channel, tmp_path / "outbox", records(ledger, ids), settings)
        assert result.delivered == ids
        names = [flow.file_name for flow in records(ledger, ids)]
        assert records(ledger, ids)[0].attempts == 2
    assert sorted(path.name for path in (server.account / "in").iterdir()) == names
    assert (server.account / "in" / names[0]).read_bytes() == content


def test_a_server_that_dies_and_stays_away_leaves_the_flows_to_the_next_night(
    server: Sshd, tmp_path: Path, content: bytes
) -> None:
    settings = Settings(channel=server.settings(retries=1))
    channel = CuttingAt(settings.channel)
    channel.server = server
    channel.stop_it = True
    with open_ledger(tmp_path) as ledger, channel:
        ids = build_flows(ledger, tmp_path / "outbox", content, b"second")
        result = deposit_flows(ledger, channel, tmp_path / "outbox", records(ledger, ids), settings)
        assert result.remaining == ids
        assert result.exit_code is ExitCode.UNFINISHED
        assert states(ledger, ids) == ["built", "built"]
    assert take(server) == {}


def test_a_changed_host_key_stops_the_deposit_before_anything_is_recorded(
    server: Sshd, tmp_path: Path, content: bytes
) -> None:
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public_line(new_key())}\n")
    settings = Settings(channel=server.settings(retries=3))
    with open_ledger(tmp_path) as ledger, open_channel(settings.channel) as channel:
        ids = build_flows(ledger, tmp_path / "outbox", content)
        result = deposit_flows(ledger, channel, tmp_path / "outbox", records(ledger, ids), settings)
        assert result.remaining == ids
        assert [type(error) for error in result.errors] == [LoginRefusedError]
        assert records(ledger, ids)[0].attempts == 0


def test_a_folder_that_does_not_exist_stops_the_deposit(
    server: Sshd, tmp_path: Path, content: bytes
) -> None:
    settings = Settings(channel=server.settings(in_folder="nowhere"))
    with open_ledger(tmp_path) as ledger, open_channel(settings.channel) as channel:
        ids = build_flows(ledger, tmp_path / "outbox", content, b"second")
        result = deposit_flows(ledger, channel, tmp_path / "outbox", records(ledger, ids), settings)
        assert result.remaining == ids
        assert states(ledger, ids) == ["built"] * 2
        assert "channel.in_folder" in str(result.errors[0])
