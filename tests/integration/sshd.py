"""A real OpenSSH server for the tests: loopback, own host key, own authorized key.

Runs as whoever runs the tests: root (as in a container) or an ordinary user. Root also gets one
as a gateway is set up: an account without rights, chrooted in its folder.
"""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from config.channel_settings import Channel, Sftp

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_key(kind: str = "ed25519") -> PrivateKey:
    """Return a fresh key: ``ed25519``, ``ecdsa`` or ``rsa``."""
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if kind == "ecdsa":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def write_key(key: PrivateKey, path: Path, *, passphrase: str = "") -> Path:
    """Write a private key in OpenSSH's format."""
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock))
    path.chmod(0o600)
    return path


def public_line(key: PrivateKey) -> str:
    """Return the public key as OpenSSH writes it."""
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@dataclass
class Sshd:
    """A running server; ``account`` is the folder that its user sees."""

    port: int
    account: Path
    host_key: PrivateKey
    key_file: Path
    known_hosts: Path
    process: subprocess.Popen[bytes]
    user: str

    def settings(self, *, sftp: dict[str, object] | None = None, **changes: object) -> Channel:
        """Return channel settings that log in here; short waits, no retry unless asked."""
        login: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "key_file": self.key_file,
            "known_hosts": self.known_hosts,
            "connect_timeout": 20,
            "operation_timeout": 20,
        }
        values: dict[str, object] = {
            "retries": 0,
            "retry_wait": 0,
            "sftp": Sftp.model_validate(login | (sftp or {})),
        }
        return Channel.model_validate(values | changes)

    def sessions(self) -> list[int]:
        """Return the processes that serve connections."""
        return _descendants(self.process.pid)

    def cut(self) -> None:
        """Kill every connection; new ones are still accepted."""
        self._signal_sessions(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop every connection from answering, without closing it."""
        self._signal_sessions(signal.SIGSTOP)

    def stop(self) -> None:
        """Kill the server and its connections: nothing listens any more."""
        sessions = self.sessions()
        self.process.kill()
        self.process.wait()
        for pid in sessions:
            _signal(pid, signal.SIGKILL)

    def _signal_sessions(self, number: signal.Signals) -> None:
        for pid in self.sessions():
            _signal(pid, number)


@contextmanager
def running(folder: Path, *, sftp_options: str = "") -> Iterator[Sshd]:
    """Run a server whose account holds ``in``, ``out``, ``tmp`` and ``done``.

    Args:
        folder: empty folder for keys, configuration and account.
        sftp_options: of ``internal-sftp``, for instance ``-R`` (read only).
    """
    account = folder / "account"
    for name in ("in", "out", "tmp", "done"):
        (account / name).mkdir(parents=True)
    way = f"Subsystem sftp internal-sftp -d {account} {sftp_options}"
    with _serving(folder, account, pwd.getpwuid(os.geteuid()).pw_name, way) as server:
        yield server


#: Whether :func:`gateway` chroots: it takes root.
CHROOTS = os.geteuid() == 0
#: The account of the chroot: everybody's, without rights, and its shell is never asked for.
_WITHOUT_RIGHTS = "nobody"


@contextmanager
def gateway(folder: Path, account: Path, *, file_limit: int | None = None) -> Iterator[Sshd]:
    """Run a server as a platform does: ``ChrootDirectory`` and ``ForceCommand internal-sftp``.

    Args:
        folder: for keys and configuration; up to the root nobody but root may write in it.
        account: what the client sees, in a folder of that kind; ``in``, ``out``, ``tmp`` and
            ``done`` are there and become the client's.
        file_limit: largest size of a file in bytes; beyond it writing fails, as on a full disk.
    """
    if not CHROOTS:
        way = f"Subsystem sftp internal-sftp -d {account}"
        user = pwd.getpwuid(os.geteuid()).pw_name
    else:
        way = f"Subsystem sftp internal-sftp\nForceCommand internal-sftp\nChrootDirectory {account}"
        user = _WITHOUT_RIGHTS
        for name in ("in", "out", "tmp", "done"):
            shutil.chown(account / name, user)
    with _serving(folder, account, user, way, file_limit) as server:
        yield server


@contextmanager
def _serving(
    folder: Path, account: Path, user: str, way: str, file_limit: int | None = None
) -> Iterator[Sshd]:
    """Make keys, and run a server with this way to SFTP."""
    host_key, user_key = new_key(), new_key()
    key_file = write_key(user_key, folder / "user_key")
    write_key(host_key, folder / "host_key")
    (folder / "authorized_keys").write_text(public_line(user_key) + "\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process, port = _start(folder, way, file_limit)
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {public_line(host_key)}\n")
    server = Sshd(port, account, host_key, key_file, known_hosts, process, user)
    try:
        yield server
    finally:
        server.stop()


def _start(folder: Path, way: str, file_limit: int | None) -> tuple[subprocess.Popen[bytes], int]:
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
    assert program, "these tests need OpenSSH's sshd (package openssh-server)"
    for _ in range(5):  # the free port may be taken between our look and sshd's
        port = _free_port()
        config = folder / "sshd_config"
        config.write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "PermitRootLogin prohibit-password\nLogLevel ERROR\n"
            f"{way}\n"
        )
        log = (folder / "sshd.log").open("ab")
        with log:
            process = subprocess.Popen(
                [program, "-D", "-e", "-f", str(config)],
                stderr=log,
                preexec_fn=None if file_limit is None else lambda: _limit(file_limit),
                # Python ignores SIGXFSZ; inherited, writing too much fails instead of killing.
                restore_signals=file_limit is None,
            )
        if _greets(process, port):
            return process, port
    raise AssertionError((folder / "sshd.log").read_text())


def _limit(octets: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))


def _greets(process: subprocess.Popen[bytes], port: int) -> bool:
    for _ in range(500):
        if process.poll() is not None:
            return False
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            if line.recv(4) == b"SSH-":
                return True
        time.sleep(0.02)
    process.kill()
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _descendants(pid: int) -> list[int]:
    children = [
        int(line)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for line in _read(task).split()
    ]
    return [found for child in children for found in (*_descendants(child), child)]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process ended
        return ""


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
