"""An SFTP server that misbehaves: one small class per fault, each overrides what goes wrong.

asyncssh in a thread, over the folders of a sandbox (``exchange``): what it received is judged by
the sandbox like any deposit.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import posixpath
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NoReturn, Self

import asyncssh

from flows.sandbox.server import HOST, PATIENCE, USER, make_keys

#: Bytes of a flow of one small invoice that arrive before an upload goes wrong.
SOME = 700


class Honest(asyncssh.SFTPServer):
    """A server without a fault: renames refuse a taken name, sizes are told.

    A fault is a subclass. ``struck`` of the server counts how often it went wrong.
    """

    #: Whether the user's key is accepted.
    lets_in: ClassVar[bool] = True
    #: What becomes of a session that asks for SFTP: ``sftp``, ``refused`` or ``silent``.
    session: ClassVar[str] = "sftp"
    #: How often the fault strikes; after that the server behaves.
    times: ClassVar[int] = 1_000_000

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], server: FaultyServer) -> None:
        super().__init__(channel, chroot=str(server.folder).encode())
        self.server = server
        self.paths: dict[int, str] = {}

    def strikes(self) -> bool:
        """Whether the fault is still to come; counts it."""
        if self.server.struck >= self.times:
            return False
        self.server.struck += 1
        return True

    def cut(self) -> NoReturn:
        """Lose the connection."""
        self.connection.abort()
        raise asyncssh.SFTPConnectionLost("cut")

    def local(self, path: str) -> Path:
        """Return where a path of the client lies."""
        return self.server.folder / posixpath.normpath(path).lstrip("/")

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        opened: Any = await _result(super().open(path, pflags, attrs))
        self.paths[id(opened)] = path.decode()
        return opened

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        done: int = await _result(super().write(file_obj, offset, data))
        return done

    async def keep(self, file_obj: object, offset: int, data: bytes, most: int) -> None:
        """Write only what lies below ``most`` bytes."""
        if offset < most:
            await _result(super().write(file_obj, offset, data[: most - offset]))

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await _result(super().rename(oldpath, newpath))

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> NoReturn:
        raise asyncssh.SFTPOpUnsupported("posix-rename is not offered")


# -- at the door -----------------------------------------------------------------------------------


class KeyRefused(Honest):
    """Does not know our key."""

    lets_in = False


class NoSession(Honest):
    """Lets in, and gives no session: an account that is not open for SFTP."""

    session = "refused"


class ChannelHang(Honest):
    """Accepts the session, and its SFTP never says a word."""

    session = "silent"


# -- during an upload ------------------------------------------------------------------------------


class CutAt(Honest):
    """Loses the connection in each upload."""

    after = SOME

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if offset + len(data) >= self.after and self.strikes():
            await self.keep(file_obj, offset, data, self.after)
            self.cut()
        return await super().write(file_obj, offset, data)


class CutOnce(CutAt):
    """Loses the connection in the first upload only."""

    times = 1


class CutAtTheStart(CutAt):
    """Loses the connection before a byte is written."""

    after = 0


class CutAtTheEnd(Honest):
    """Loses the connection when every byte has arrived, before it says so."""

    async def close(self, file_obj: object) -> None:
        await _result(super().close(file_obj))
        if self.paths.pop(id(file_obj), "").endswith(".tmp") and self.strikes():
            self.cut()


class CutUnderTheSecondFlow(CutAt):
    """Loses the connection in the second upload; the first flow is there."""

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if not any("." not in name.name for name in self.local("in").iterdir()):
            return await Honest.write(self, file_obj, offset, data)
        return await super().write(file_obj, offset, data)


class UploadHang(Honest):
    """Stops answering during an upload."""

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        await self.keep(file_obj, offset, data, SOME)
        self.strikes()
        await _forever()


class DiskFull(Honest):
    """Has no room left; SFTP can only say that it failed."""

    words = "No space left on device"

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        await self.keep(file_obj, offset, data, SOME)
        self.strikes()
        raise asyncssh.SFTPFailure(self.words)


class Quota(DiskFull):
    """Has room, but not for us."""

    words = "Disk quota exceeded"


class LosesTheEnd(Honest):
    """Says that all is written, and keeps only the beginning."""

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        self.strikes()
        await self.keep(file_obj, offset, data, SOME)
        return len(data)


class Denied(Honest):
    """Lets us read and not write."""

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & asyncssh.FXF_WRITE:
            self.strikes()
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        return await super().open(path, pflags, attrs)


class LeftBehind(CutAt):
    """Loses the connection, and does not let us remove what it kept."""

    def remove(self, path: bytes) -> NoReturn:
        raise asyncssh.SFTPPermissionDenied("Permission denied")


class NoSizes(Honest):
    """Tells nothing of a file: neither size nor whether it is there."""

    def _hidden(self) -> NoReturn:
        self.strikes()
        raise asyncssh.SFTPPermissionDenied("Permission denied")

    def stat(self, path: bytes) -> NoReturn:
        self._hidden()

    def lstat(self, path: bytes) -> NoReturn:
        self._hidden()

    def fstat(self, file_obj: object) -> NoReturn:
        self._hidden()

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        for entry in self.local(path.decode()).iterdir():
            yield asyncssh.SFTPName(entry.name.encode())


# -- at the rename ---------------------------------------------------------------------------------


class RenameRefused(Honest):
    """Lets us write and not rename."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.strikes()
        raise asyncssh.SFTPPermissionDenied("Permission denied")


class CutBeforeRename(Honest):
    """Loses the connection when asked to rename; nothing moved."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.strikes()
        self.cut()


class CutAfterRename(Honest):
    """Renames, and loses the connection before it says so."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await super().rename(oldpath, newpath)
        if self.strikes():
            self.cut()


class CutAfterRenameAndTaken(Honest):
    """As above, and Chorus Pro takes the flow at once."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await super().rename(oldpath, newpath)
        self.server.take(self.local(newpath.decode()))
        self.strikes()
        self.cut()


class TakenAtOnce(Honest):
    """Chorus Pro takes each flow the moment it has its name."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await super().rename(oldpath, newpath)
        self.server.take(self.local(newpath.decode()))
        self.strikes()


class RenameHang(Honest):
    """Never answers a rename, and does not do it."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.strikes()
        await _forever()


class RenamedAndFailed(Honest):
    """Renames, and says that it failed."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await super().rename(oldpath, newpath)
        self.strikes()
        raise asyncssh.SFTPFailure("Failure")


class NameTakenMeanwhile(Honest):
    """Another tool of the firm takes the first final name while we upload."""

    times = 1

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        if self.strikes():
            self.local(newpath.decode()).write_bytes(b"of another tool")
        await super().rename(oldpath, newpath)


class ClosesIdle(Honest):
    """Closes the connection after each flow, as one that waits too little for the next."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await super().rename(oldpath, newpath)
        self.strikes()
        asyncio.get_running_loop().call_later(0.01, self.connection.abort)


# -- at the collect --------------------------------------------------------------------------------


class ListingHang(Honest):
    """Never answers a listing of ``out``."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if path.rstrip(b"/").endswith(b"out"):
            self.strikes()
            await _forever()
        async for entry in super().scandir(path):
            yield entry


class ListingDenied(Honest):
    """Does not let us look into a folder."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        self.strikes()
        raise asyncssh.SFTPPermissionDenied("Permission denied")
        yield asyncssh.SFTPName(b"")


class CutFetch(Honest):
    """Loses the connection in the first fetch."""

    times = 1

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if self.strikes():
            self.cut()
        data: bytes = await _result(super().read(file_obj, offset, size))
        return data


# -- the server ------------------------------------------------------------------------------------


class FaultyServer:
    """A server of one fault in a thread; a context manager.

    Attributes:
        port: known once started.
        logins: how often a key was shown.
        struck: how often the fault struck.
    """

    def __init__(self, exchange: Path, keys: Path, kind: type[Honest] = Honest) -> None:
        self.folder = exchange
        self.keys = make_keys(keys)
        self.kind = kind
        self.port = 0
        self.logins = 0
        self.struck = 0
        self._taken = exchange.parent / "taken_at_once"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        asyncssh.set_log_level(logging.CRITICAL)  # cuts are what is asked for
        self._thread.start()
        assert self._ready.wait(PATIENCE), "the faulty server does not start"
        key = asyncssh.read_private_key(str(self.keys.host_key)).export_public_key("openssh")
        kind, blob = key.decode("ascii").split()[:2]
        self.keys.known_hosts.write_text(f"[{HOST}]:{self.port} {kind} {blob}\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(PATIENCE)

    def take(self, path: Path) -> None:
        """Take a flow away, as Chorus Pro does; :meth:`give_back` shows it to the judge."""
        self._taken.mkdir(exist_ok=True)
        path.replace(self._taken / path.name)

    def give_back(self) -> None:
        """Put what was taken back, to be judged with the rest."""
        for path in self._taken.iterdir() if self._taken.is_dir() else ():
            assert not (self.folder / "in" / path.name).exists(), "sent again"
            path.replace(self.folder / "in" / path.name)

    def login(self) -> dict[str, object]:
        """Return the ``[channel.sftp]`` that leads here, with waits fit for tests."""
        return {
            "host": HOST,
            "port": self.port,
            "user": USER,
            "key_file": self.keys.client_key,
            "known_hosts": self.keys.known_hosts,
            "connect_timeout": 30,
            "operation_timeout": 30,
        }

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        connections: set[asyncssh.SSHServerConnection] = set()
        sftp = self.kind.session == "sftp"
        listener = await asyncssh.listen(
            HOST,
            0,
            server_factory=lambda: _Door(self, connections),
            server_host_keys=[str(self.keys.host_key)],
            sftp_factory=(lambda channel: self.kind(channel, self)) if sftp else None,
            allow_scp=False,
        )
        self.port = listener.get_port()
        self._ready.set()
        await self._closing.wait()
        listener.close()
        for connection in list(connections):
            connection.abort()
        await listener.wait_closed()


class _Door(asyncssh.SSHServer):
    def __init__(
        self, server: FaultyServer, connections: set[asyncssh.SSHServerConnection]
    ) -> None:
        self._server = server
        self._connections = connections
        self._key = asyncssh.read_public_key(str(server.keys.authorized))

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.add(conn)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._server.logins += 1
        return self._server.kind.lets_in and key == self._key

    def session_requested(self) -> Any:
        self._server.struck += 1
        return _Silent() if self._server.kind.session == "silent" else False


class _Silent(asyncssh.SSHServerSession[bytes]):
    def subsystem_requested(self, subsystem: str) -> bool:
        return True


async def _result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def _forever() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")
