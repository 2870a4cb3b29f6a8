"""The ``sftp`` channel: Chorus Pro's SFTP server, by paramiko.

What is deliberate here, and why (each seen with paramiko 5.1 against OpenSSH 9.2):

- the host key is pinned by a known_hosts file; an unknown or changed key is refused, always;
- only the configured key is tried: no agent, no ``~/.ssh``, no password;
- everything has a timeout: a keepalive alone does not notice a server that hangs;
- writes are pipelined (else about 1 MB/s), save the last one, which waits for all answers: the
  errors of pipelined writes, a full disk for one, are lost otherwise;
- files are created exclusively and renamed by the plain ``RENAME``, which refuses an existing
  target, never by ``posix-rename@openssh.com``, which replaces it;
- a connection that failed once is dropped: what is left in it would be read as other answers;
- a login that was refused is not tried again by the same object: accounts get locked.
"""

from __future__ import annotations

import logging
import socket
import stat as modes
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import paramiko

from config.channel_settings import Channel as ChannelSettings
from flows.channels.base import Channel, Progress, RemoteEntry, is_plain_name, join, their_name
from flows.channels.localfile import receive, too_large
from flows.channels.sftp_errors import final_refusal, is_absent, transport_failure
from flows.channels.sftp_login import check_known_hosts, load_key, refuse_unknown_host
from flows.channels.sftp_names import NamedClient
from flows.errors import ChorusFlowsError, LoginRefusedError, TargetExistsError

_LOG = logging.getLogger(__name__)
# Every failure is raised, in our words: paramiko's own traces go only where logging is set up.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

_BLOCK = 32 * 1024  # largest read every SFTP server must accept
#: Bytes per write. With its heads a request fits one SSH packet (32 KiB with OpenSSH, of which
#: paramiko leaves 64 bytes); 32 KiB would take two, at half the speed.
_WRITE = 32_000
_PREFETCH = 64  # requests in flight of a download; unbounded, paramiko floods the server
_FAST_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")


class SftpChannel(Channel):
    """Chorus Pro's folders over SFTP; one connection, reopened after a failure.

    Raises:
        ConfigurationError: host, user, key or known_hosts is missing, or a file is unreadable.
    """

    def __init__(self, settings: ChannelSettings) -> None:
        super().__init__(settings)
        self._sftp_settings = settings.sftp
        self._key = load_key(settings.sftp)
        self._known_hosts = check_known_hosts(settings.sftp)
        self._client: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None
        self._refusal: LoginRefusedError | None = None

    def __repr__(self) -> str:
        return f"<SftpChannel {self._place}>"

    @property
    def _place(self) -> str:
        where = self._sftp_settings
        return f"{where.user}@{where.host}:{where.port}"

    # -- connection ----------------------------------------------------------------------------

    def connect(self) -> None:
        """Connect, unless connected."""
        with self._operation("connecting"):
            pass

    def close(self) -> None:
        """Drop the connection."""
        client, self._client, self._sftp = self._client, None, None
        if client is not None:
            with suppress(Exception):  # nothing that a dying connection says matters any more
                client.close()

    def _open(self) -> paramiko.SFTPClient:
        if self._sftp is not None and self._alive():
            return self._sftp
        self.close()
        if self._refusal is not None:
            raise self._refusal
        where = self._sftp_settings
        client = self._client = paramiko.SSHClient()
        client.load_system_host_keys(self._known_hosts)
        client.set_missing_host_key_policy(refuse_unknown_host())
        client.connect(
            where.host,
            port=where.port,
            username=where.user,
            pkey=self._key,
            timeout=where.connect_timeout,
            banner_timeout=where.connect_timeout,
            auth_timeout=where.connect_timeout,
            channel_timeout=where.connect_timeout,
            look_for_keys=False,
            allow_agent=False,
            transport_factory=_transport,
        )
        transport = client.get_transport()
        if transport is None:  # closed by the server between the two calls
            raise EOFError("the server closed the connection after the login")
        transport.set_keepalive(where.keepalive)
        with _watchdog(transport, where.connect_timeout):
            session = transport.open_session(timeout=where.connect_timeout)
            session.settimeout(where.operation_timeout)
            session.invoke_subsystem("sftp")
            self._sftp = NamedClient(session)
        return self._sftp

    def _alive(self) -> bool:
        transport = self._client.get_transport() if self._client is not None else None
        return transport is not None and transport.is_active()

    @contextmanager
    def _operation(self, what: str) -> Iterator[paramiko.SFTPClient]:
        """Run one operation; whatever fails, the errors are ours and the connection is sound."""
        try:
            yield self._open()
        except TargetExistsError:
            raise  # an answer of the server, not a failure
        except ChorusFlowsError as error:
            self.close()  # raised half-way (size limit, deadline): answers may be outstanding
            self._remember(error)
            raise
        except (
            OSError,
            EOFError,
            paramiko.SSHException,
            paramiko.SFTPError,
            UnicodeError,
        ) as error:
            self.close()
            refusal = final_refusal(error, place=self._place, what=what)
            self._remember(refusal)
            raise (refusal or transport_failure(error, place=self._place, what=what)) from error
        except BaseException:
            self.close()
            raise

    def _remember(self, error: ChorusFlowsError | None) -> None:
        if isinstance(error, LoginRefusedError):
            self._refusal = error

    # -- flows going in ------------------------------------------------------------------------

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        """Upload to a name that must not exist; compare the size returned."""
        total = local.stat().st_size
        with local.open("rb") as source, self._operation(f"uploading {path}") as sftp:
            try:
                sink = sftp.open(path, "wx")
            except OSError as error:
                # SFTP v3 has no code for it: a plain "Failure" may mean "exists".
                if error.errno is None and _look(sftp, path) is not None:
                    raise _taken(path) from None
                raise
            _send(source, sink, total=total, progress=progress)
            sink.close()
            return _told_size(sftp, path)

    def rename(self, temporary: str, final: str) -> None:
        """Rename by the plain SFTP request, which refuses an existing target."""
        with self._operation(f"renaming {temporary} to {final}") as sftp:
            # Looked at first as well: some servers overwrite where the protocol says refuse.
            if _look_if_allowed(sftp, final) is not None:
                raise _taken(final)
            try:
                sftp.rename(temporary, final)
            except OSError as error:
                if error.errno is not None or _look_if_allowed(sftp, final) is None:
                    raise
                if _look_if_allowed(sftp, temporary) is not None:
                    raise _taken(final) from None
                # It was free before, and ours is gone: done, whatever the server answered.
                _LOG.warning("%s was renamed although the server said: %s", final, error)

    def stat(self, path: str) -> RemoteEntry | None:
        """Return what is at a remote path."""
        with self._operation(f"looking at {path}") as sftp:
            found = _look(sftp, path)
        if found is None:
            return None
        return RemoteEntry(path.rpartition("/")[2], found.st_size, found.st_mtime)

    def discard(self, path: str) -> bool:
        """Remove an unfinished upload."""
        with self._operation(f"removing {path}") as sftp:
            try:
                sftp.remove(path)
            except OSError as error:
                if is_absent(error):
                    return False
                raise
        return True

    # -- return flows coming out ---------------------------------------------------------------

    def list_out(self) -> list[RemoteEntry]:
        """Return the regular files of ``out``."""
        return self._listed(self.settings.out_folder)

    def list_in(self) -> list[RemoteEntry]:
        """Return the regular files of ``in``."""
        return self._listed(self.settings.in_folder)

    def _listed(self, folder: str) -> list[RemoteEntry]:
        with self._operation(f"listing {folder}") as sftp:
            found = sftp.listdir_attr(folder or ".")
        entries = []
        for item in found:
            if item.st_mode is not None and not modes.S_ISREG(item.st_mode):
                continue
            if not is_plain_name(item.filename):
                _LOG.warning("left alone in %s: %r is no file name", folder, item.filename)
                continue
            entries.append(RemoteEntry(item.filename, item.st_size, item.st_mtime))
        return sorted(entries, key=lambda entry: entry.name)

    def get(self, name: str, local: Path, *, max_bytes: int) -> int:
        """Download a file of ``out``, with a bounded number of requests in flight."""
        path = join(self.settings.out_folder, their_name(name))
        with self._operation(f"fetching {path}") as sftp, sftp.open(path, "rb") as source:
            size = source.stat().st_size
            if size is not None and size > max_bytes:
                raise too_large(name, max_bytes)
            if size:
                source.prefetch(size, _PREFETCH)
            blocks = iter(lambda: source.read(_BLOCK), b"")
            return receive(blocks, local, max_bytes=max_bytes, expected=size, name=name)

    def remove(self, name: str) -> None:
        """Remove a file of ``out``."""
        self.discard(join(self.settings.out_folder, their_name(name)))

    def move(self, name: str, folder: str) -> None:
        """Move a file of ``out`` to another folder of the account."""
        self.rename(join(self.settings.out_folder, their_name(name)), join(folder, name))


def _send(
    source: IO[bytes], sink: paramiko.SFTPFile, *, total: int, progress: Progress | None
) -> None:
    """Send a file, pipelined but for the last block, which collects every answer."""
    sink.set_pipelined(True)
    sent = 0
    if progress:
        progress(0, total)
    block = source.read(_WRITE)
    while block:
        following = source.read(_WRITE)
        if not following:
            sink.set_pipelined(False)
        sink.write(block)
        sent += len(block)
        if progress:
            progress(sent, total)
        block = following


def _look(sftp: paramiko.SFTPClient, path: str) -> paramiko.SFTPAttributes | None:
    try:
        return sftp.lstat(path)
    except OSError as error:
        if is_absent(error):
            return None
        raise


def _look_if_allowed(sftp: paramiko.SFTPClient, path: str) -> paramiko.SFTPAttributes | None:
    """Look at a path on a server that may forbid it; forbidden counts as nothing seen."""
    try:
        return _look(sftp, path)
    except PermissionError:
        return None


def _told_size(sftp: paramiko.SFTPClient, path: str) -> int | None:
    """Return the size the server tells of a file just written; None when it hides or moved it."""
    found = _look_if_allowed(sftp, path)
    return None if found is None else found.st_size


def _taken(path: str) -> TargetExistsError:
    return TargetExistsError(
        f"{path} exists already on the server; nothing was overwritten.",
        next_step="Compare it with the flow: chorus-flows status --flow ID.",
    )


def _transport(sock: Any, /, **options: Any) -> paramiko.Transport:
    """Return a transport that prefers AES-GCM (a third faster) and answers without delay."""
    with suppress(OSError, AttributeError):  # a socket that is not TCP
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(sock, **options)
    security = transport.get_security_options()
    others = tuple(cipher for cipher in security.ciphers if cipher not in _FAST_CIPHERS)
    security.ciphers = (*_FAST_CIPHERS, *others)
    return transport


@contextmanager
def _watchdog(transport: paramiko.Transport, seconds: float) -> Iterator[None]:
    """Close the transport when the block lasts longer: asking for ``sftp`` waits for ever."""
    timer = threading.Timer(seconds, transport.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
