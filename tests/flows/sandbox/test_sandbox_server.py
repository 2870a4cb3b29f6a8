"""The SFTP server, spoken to by another library than the one it is made of."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from config.channel_settings import Channel
from config.settings import Environment
from flows.configuration import validate
from flows.sandbox import (
    Fault,
    FaultKind,
    Sandbox,
    SandboxServerError,
    at_percent,
    serve,
    settings_fragment,
    settings_text,
)
from tests.support.sandbox_flows import Draft, flow_name

pytestmark = pytest.mark.integration

NAME = flow_name(1)
#: How paramiko tells that an operation failed or the connection is gone.
LOST = (OSError, EOFError, paramiko.SSHException)
DATA = bytes(range(256)) * 4096  # 1 MiB: several packets


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "sandbox") as running:
        yield running


@contextmanager
def connected(
    sandbox: Sandbox, *, key: Path | None = None, user: str | None = None
) -> Iterator[paramiko.SFTPClient]:
    client = paramiko.SSHClient()
    client.load_host_keys(str(sandbox.known_hosts))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        client.connect(
            sandbox.host,
            sandbox.port,
            user or sandbox.user,
            key_filename=str(key or sandbox.client_key),
            allow_agent=False,
            look_for_keys=False,
            timeout=10,
        )
        sftp = client.open_sftp()
        channel = sftp.get_channel()
        assert channel is not None
        channel.settimeout(5)
        yield sftp
    finally:
        client.close()


def be_impatient(sftp: paramiko.SFTPClient) -> None:
    channel = sftp.get_channel()
    assert channel is not None
    channel.settimeout(0.5)


def upload(sftp: paramiko.SFTPClient, name: str = f"{NAME}.tmp") -> None:
    sftp.putfo(io.BytesIO(DATA), f"in/{name}", confirm=False)


def upload_and_list(sftp: paramiko.SFTPClient) -> None:
    upload(sftp)
    sftp.listdir("in")


def in_folder(sandbox: Sandbox) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in sandbox.in_folder.iterdir()}


def test_a_flow_goes_in_by_upload_and_rename_and_its_report_comes_out(sandbox: Sandbox) -> None:
    invoice = Draft(day="20260101").cii()
    with connected(sandbox) as sftp:
        assert sorted(sftp.listdir(".")) == ["done", "in", "out", "tmp"]
        sftp.putfo(io.BytesIO(invoice), f"in/{NAME}.tmp")
        sftp.rename(f"in/{NAME}.tmp", f"in/{NAME}")
        assert sandbox.process().accepted == 1
        (report,) = sftp.listdir("out")
        with sftp.open(f"out/{report}") as stream:
            assert b"<IdStatut>90</IdStatut>" in stream.read()
        sftp.rename(f"out/{report}", f"done/{report}")
        assert sftp.listdir("out") == []
        assert sftp.listdir("in") == []


def test_the_settings_fragment_leads_to_the_sandbox(sandbox: Sandbox) -> None:
    channel = Channel.model_validate(settings_fragment(sandbox))
    assert (channel.kind, channel.sftp.port) == ("sftp", sandbox.port)
    assert channel.sftp.known_hosts == sandbox.known_hosts


def test_the_settings_text_is_a_settings_file(sandbox: Sandbox) -> None:
    import tomllib

    settings = validate(tomllib.loads(settings_text(sandbox)), "text")
    assert settings.environment is Environment.SANDBOX
    assert settings.channel.sftp.key_file == sandbox.client_key


def test_a_rename_never_overwrites(sandbox: Sandbox) -> None:
    with connected(sandbox) as sftp:
        upload(sftp)
        upload(sftp, NAME)
        with pytest.raises(OSError, match=r"exists|Failure"):
            sftp.rename(f"in/{NAME}.tmp", f"in/{NAME}")
        with pytest.raises(OSError, match="not offered"):
            sftp.posix_rename(f"in/{NAME}.tmp", f"in/{NAME}")
    assert in_folder(sandbox) == {NAME: len(DATA), f"{NAME}.tmp": len(DATA)}


def test_a_client_stays_in_its_folder(sandbox: Sandbox) -> None:
    with connected(sandbox) as sftp:
        for path in ("../sandbox.sqlite", "/sandbox.sqlite", "../../sandbox.sqlite"):
            with pytest.raises(FileNotFoundError):
                sftp.stat(path)
        with pytest.raises(OSError, match="not offered"):
            sftp.symlink("/etc/passwd", "in/link")


def test_another_key_another_user_and_a_password_are_refused(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    stranger = Sandbox(tmp_path / "stranger")
    with (
        pytest.raises(paramiko.AuthenticationException),
        connected(sandbox, key=stranger.client_key),
    ):
        pass
    with pytest.raises(paramiko.AuthenticationException), connected(sandbox, user="root"):
        pass
    with (
        pytest.raises(paramiko.SSHException),
        paramiko.Transport((sandbox.host, sandbox.port)) as transport,
    ):
        transport.connect(username=sandbox.user, password="secret")
    stranger.close()


def test_the_host_key_outlives_a_restart(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with Sandbox(tmp_path / "sandbox") as running:
            seen.append(running.known_hosts.read_text().split()[1:])
            with connected(running) as sftp:
                assert sftp.listdir("in") == []
    assert seen[0] == seen[1]


def test_private_keys_are_readable_by_their_owner_only(sandbox: Sandbox) -> None:
    assert sandbox.client_key.stat().st_mode & 0o077 == 0


def test_a_taken_port_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    second = Sandbox(tmp_path / "second", port=sandbox.port)
    with pytest.raises(SandboxServerError, match=str(sandbox.port)):
        second.start()
    second.close()


def test_it_can_be_stopped_and_started_again(sandbox: Sandbox) -> None:
    port = sandbox.port
    sandbox.stop()
    with pytest.raises(LOST), connected(sandbox):
        pass
    sandbox.start()
    assert sandbox.port == port
    with connected(sandbox) as sftp:
        assert sftp.listdir("in") == []


def test_a_gateway_that_takes_at_once_leaves_nothing_in_the_folder(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", takes_at_once=True) as sandbox, connected(sandbox) as sftp:
        upload(sftp)
        assert in_folder(sandbox) == {f"{NAME}.tmp": len(DATA)}
        sftp.rename(f"in/{NAME}.tmp", f"in/{NAME}")
        with pytest.raises(FileNotFoundError):
            sftp.stat(f"in/{NAME}")
        assert sandbox.flow_counts() == {NAME: 1}
        assert sandbox.process().flows == {93: 1}
        assert sandbox.flow_counts() == {NAME: 1}


# -- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_an_upload_is_cut_where_the_fault_says(sandbox: Sandbox, percent: int) -> None:
    sandbox.faults.switch_on(at_percent(FaultKind.CUT, percent, len(DATA)))
    with pytest.raises(LOST), connected(sandbox) as sftp:
        upload(sftp)
    assert in_folder(sandbox) == {f"{NAME}.tmp": len(DATA) * percent // 100}
    assert sandbox.faults.struck == [FaultKind.CUT]
    with connected(sandbox) as sftp:
        upload(sftp)
    assert in_folder(sandbox) == {f"{NAME}.tmp": len(DATA)}


def test_a_full_disk_fails_the_upload_and_keeps_the_connection(sandbox: Sandbox) -> None:
    sandbox.faults.switch_on(at_percent(FaultKind.DISK_FULL, 50, len(DATA)))
    with connected(sandbox) as sftp:
        with (
            sftp.open(f"in/{NAME}.tmp", "wb") as stream,
            pytest.raises(OSError, match="No space left"),
        ):
            stream.write(DATA)
        assert in_folder(sandbox) == {f"{NAME}.tmp": len(DATA) // 2}
        assert sftp.listdir("in") == [f"{NAME}.tmp"]


@pytest.mark.parametrize(
    ("kind", "moved"),
    [
        (FaultKind.REFUSE_RENAME, False),
        (FaultKind.CUT_BEFORE_RENAME, False),
        (FaultKind.CUT_AFTER_RENAME, True),
        (FaultKind.HANG_RENAME, False),
    ],
)
def test_a_rename_goes_wrong_as_the_fault_says(
    sandbox: Sandbox, kind: FaultKind, moved: bool
) -> None:
    sandbox.faults.switch_on(Fault(kind))
    with connected(sandbox) as sftp:
        upload(sftp)
        if kind is FaultKind.HANG_RENAME:
            be_impatient(sftp)
        with pytest.raises(LOST):
            sftp.rename(f"in/{NAME}.tmp", f"in/{NAME}")
    assert list(in_folder(sandbox)) == [NAME if moved else f"{NAME}.tmp"]
    assert sandbox.flow_counts() == ({NAME: 1} if moved else {})


@pytest.mark.parametrize("kind", [FaultKind.HANG_UPLOAD, FaultKind.HANG_LIST])
def test_a_server_that_hangs_answers_the_next_session(sandbox: Sandbox, kind: FaultKind) -> None:
    sandbox.faults.switch_on(Fault(kind))
    with connected(sandbox) as sftp:
        be_impatient(sftp)
        with pytest.raises(TimeoutError):
            upload_and_list(sftp)
    with connected(sandbox) as sftp:
        assert isinstance(sftp.listdir("in"), list)


def test_a_fault_strikes_as_often_as_told_and_only_where_told(sandbox: Sandbox) -> None:
    sandbox.faults.switch_on(Fault(FaultKind.REFUSE_RENAME, times=2, name=NAME))
    with connected(sandbox) as sftp:
        upload(sftp)
        upload(sftp, "other.tmp")
        sftp.rename("in/other.tmp", "in/other")
        for _ in range(2):
            with pytest.raises(PermissionError):
                sftp.rename(f"in/{NAME}.tmp", f"in/{NAME}")
        sftp.rename(f"in/{NAME}.tmp", f"in/{NAME}")
    assert sorted(in_folder(sandbox)) == sorted([NAME, "other"])


def test_faults_can_be_switched_off(sandbox: Sandbox) -> None:
    sandbox.faults.switch_on(Fault(FaultKind.CUT))
    sandbox.faults.clear()
    with connected(sandbox) as sftp:
        upload(sftp)
    assert sandbox.faults.struck == []


def test_a_percentage_is_one() -> None:
    with pytest.raises(ValueError, match="101"):
        at_percent(FaultKind.CUT, 101, 10)


def test_served_in_the_foreground_it_judges_ages_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    stop = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if "time passes" in line:
            stop.set()

    folder = tmp_path / "sandbox" / "exchange" / "in"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(Draft(day="20260101").cii())
    serve(
        tmp_path / "sandbox",
        scenario=Path("lively"),
        process_every=0.01,
        step_every=0.01,
        say=say,
        stop=stop,
    )
    assert said[0].startswith("Sandbox at sftp://fournisseur@127.0.0.1:")
    assert "flows: 1 × 90; invoices accepted 1, rejected 0" in said
    assert "time passes: 1 invoice statuses written" in said
