"""A real SFTP server in a thread: ``in/`` to drop flows, ``out/`` to fetch reports.

asyncssh, public key authentication only, one user, shut in its own folder. As on a gateway that
is not OpenSSH, a rename onto an existing name fails and ``posix-rename`` does not exist.
"""

from __future__ import annotations

import asyncio
import logging
import posixpath
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import asyncssh

from flows.errors import ConfigurationError
from flows.sandbox.faults import UPLOAD_FAULTS, Fault, FaultKind, Faults

HOST = "127.0.0.1"
USER = "fournisseur"
#: Seconds to wait for the thread to start or to stop.
PATIENCE = 20.0


class SandboxServerError(ConfigurationError):
    """Raised when the SFTP server of the sandbox cannot start."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Files of keys: private ones readable by their owner only."""

    host_key: Path
    client_key: Path
    authorized: Path
    known_hosts: Path


def make_keys(folder: Path) -> Keys:
    """Return the keys in ``folder``; what is missing is made (ed25519)."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = Keys(
        folder / "host_key",
        folder / "client_key",
        folder / "authorized_keys",
        folder / "known_hosts",
    )
    for path in (keys.host_key, keys.client_key):
        if not path.exists():
            key = asyncssh.generate_private_key("ssh-ed25519", comment="chorus-flows sandbox")
            path.touch(mode=0o600)
            path.write_bytes(key.export_private_key("openssh"))
    client = asyncssh.read_private_key(str(keys.client_key))
    keys.authorized.write_bytes(client.export_public_key("openssh"))
    return keys


class SftpServer:
    """The server and its thread.

    Args:
        folder: what the client sees as ``/``.
        keys_folder: where the keys live; a new host key is made when there is none.
        port: TCP port on the loopback interface; 0: any free one.
        faults: the faults to obey.
        on_arrival: called in the server's thread with the path of each file that has got a name
            by a rename, or was closed after writing.
    """

    def __init__(
        self,
        folder: Path,
        keys_folder: Path,
        *,
        port: int = 0,
        faults: Faults | None = None,
        on_arrival: Callable[[Path], None] | None = None,
    ) -> None:
        self.keys = make_keys(keys_folder)
        self.faults = faults or Faults()
        self.port = port
        self._folder = folder
        self._on_arrival = on_arrival
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Start listening; returns when a client can connect.

        Raises:
            SandboxServerError: when the port cannot be taken or the thread does not start.
        """
        if self._thread is not None:
            return
        asyncssh.set_log_level(logging.WARNING)  # each connection takes a dozen lines at INFO
        self._ready.clear()
        self._failure = None
        self._thread = threading.Thread(target=self._run, name="sandbox-sftp", daemon=True)
        self._thread.start()
        started = self._ready.wait(PATIENCE)
        if self._failure is not None or not started:
            self._thread = None
            what = f"The sandbox cannot listen on port {self.port}: {self._failure or 'no answer'}."
            step = "Choose another port, or leave the port out for a free one."
            raise SandboxServerError(what, next_step=step) from self._failure
        self._write_known_hosts()

    def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._thread is None:
            return
        if self._loop is not None and self._closing is not None:
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(PATIENCE)
        self._thread = None

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except (OSError, asyncssh.Error) as error:
            self._failure = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        connections: set[asyncssh.SSHServerConnection] = set()

        def session(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
            return _Session(channel, self._folder, self.faults, self._on_arrival)

        listener = await asyncssh.listen(
            HOST,
            self.port,
            server_factory=lambda: _Doorkeeper(self.keys.authorized, connections),
            server_host_keys=[str(self.keys.host_key)],
            sftp_factory=session,
            allow_scp=False,
            agent_forwarding=False,
        )
        self.port = listener.get_port()
        self._ready.set()
        await self._closing.wait()
        listener.close()
        for connection in list(connections):
            connection.abort()
        await listener.wait_closed()

    def _write_known_hosts(self) -> None:
        public = asyncssh.read_private_key(str(self.keys.host_key)).export_public_key("openssh")
        kind, blob = public.decode("ascii").split()[:2]
        self.keys.known_hosts.write_text(f"[{HOST}]:{self.port} {kind} {blob}\n", encoding="ascii")


class _Doorkeeper(asyncssh.SSHServer):
    """Lets one user in, with one key."""

    def __init__(self, authorized: Path, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._key = asyncssh.read_public_key(str(authorized))
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self._key


class _Session(asyncssh.SFTPServer):
    """One SFTP session: the folder, with the faults applied."""

    def __init__(
        self,
        channel: asyncssh.SSHServerChannel[bytes],
        folder: Path,
        faults: Faults,
        on_arrival: Callable[[Path], None] | None,
    ) -> None:
        super().__init__(channel, chroot=str(folder).encode())
        self._folder = folder
        self._faults = faults
        self._on_arrival = on_arrival
        self._open: dict[int, str] = {}
        self._written: set[int] = set()
        self._faulty: dict[int, Fault] = {}

    def _cut(self) -> NoReturn:
        self.connection.abort()
        raise asyncssh.SFTPConnectionLost("cut by the sandbox")

    def _arrived(self, path: str) -> None:
        if self._on_arrival is not None:
            self._on_arrival(self._folder / posixpath.normpath(path).lstrip("/"))

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        result = super().open(path, pflags, attrs)
        opened: object = await result if isinstance(result, Awaitable) else result
        self._open[id(opened)] = path.decode("utf-8", "replace")
        if pflags & asyncssh.FXF_WRITE:
            await self._upload_fault(opened, 0, b"")
        return opened

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        self._written.add(id(file_obj))
        await self._upload_fault(file_obj, offset, data)
        result = super().write(file_obj, offset, data)
        return await result if isinstance(result, Awaitable) else result

    async def _upload_fault(self, file_obj: object, offset: int, data: bytes) -> None:
        # A disk that is full stays full, a server that hangs goes on hanging: for this file.
        fault = self._faulty.get(id(file_obj))
        if fault is None:
            path = self._open.get(id(file_obj), "")
            fault = self._faults.strike(UPLOAD_FAULTS, path, reached=offset + len(data))
            if fault is None:
                return
            self._faulty[id(file_obj)] = fault
        kept = data[: max(0, fault.after_bytes - offset)]
        if kept:
            partial = super().write(file_obj, offset, kept)
            if isinstance(partial, Awaitable):
                await partial
        if fault.kind is FaultKind.DISK_FULL:
            raise asyncssh.SFTPFailure("No space left on device")
        if fault.kind is FaultKind.HANG_UPLOAD:
            await _forever()
        closing = super().close(file_obj)
        if isinstance(closing, Awaitable):
            await closing
        self._cut()

    async def close(self, file_obj: object) -> None:
        result = super().close(file_obj)
        if isinstance(result, Awaitable):
            await result
        path = self._open.pop(id(file_obj), "")
        self._faulty.pop(id(file_obj), None)
        if id(file_obj) in self._written:
            self._written.discard(id(file_obj))
            self._arrived(path)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        target = newpath.decode("utf-8", "replace")
        kinds = frozenset(FaultKind) - UPLOAD_FAULTS - {FaultKind.HANG_LIST}
        fault = self._faults.strike(kinds, target)
        if fault is not None and fault.kind is not FaultKind.CUT_AFTER_RENAME:
            if fault.kind is FaultKind.REFUSE_RENAME:
                raise asyncssh.SFTPPermissionDenied("Rename refused")
            if fault.kind is FaultKind.HANG_RENAME:
                await _forever()
            self._cut()
        result = super().rename(oldpath, newpath)
        if isinstance(result, Awaitable):
            await result
        self._arrived(target)
        if fault is not None:
            self._cut()

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if self._faults.strike(frozenset({FaultKind.HANG_LIST}), path.decode("utf-8", "replace")):
            await _forever()
        async for entry in super().scandir(path):
            yield entry

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> NoReturn:
        raise asyncssh.SFTPOpUnsupported("posix-rename is not offered")

    def symlink(self, oldpath: bytes, newpath: bytes) -> NoReturn:
        raise asyncssh.SFTPPermissionDenied("Links are not offered")

    def link(self, oldpath: bytes, newpath: bytes) -> NoReturn:
        raise asyncssh.SFTPPermissionDenied("Links are not offered")


async def _forever() -> None:
    await asyncio.Event().wait()
