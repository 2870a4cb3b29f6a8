"""The ``folder`` channel: a folder that the firm's own transfer tool (PeSIT, AS2, CFT) empties.

A flow under its final name is *handed over*, not deposited: the tool's acknowledgement or Chorus
Pro's report tells the rest. Folders are never created here: a missing one is most often a share
that is not mounted, and what would be written below it would be lost from sight.
"""

from __future__ import annotations

import errno
import logging
import os
import stat as modes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from config.channel_settings import Channel as ChannelSettings
from flows.channels.base import Channel, Progress, RemoteEntry, is_plain_name, join, their_name
from flows.channels.localfile import fsync_folder, receive, too_large
from flows.crashpoints import CrashPoint, reach
from flows.errors import (
    ChannelRefusedError,
    ChorusFlowsError,
    ConfigurationError,
    TargetExistsError,
    TransportError,
)

_LOG = logging.getLogger(__name__)
_BLOCK = 1 << 20
_FINAL = frozenset(
    (errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EROFS, errno.ELOOP)
)
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
#: File systems without hard links (FAT, some SMB shares) answer one of these.
_NO_LINKS = frozenset((errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK))


class FolderChannel(Channel):
    """Drops flows in ``<root>/<in_folder>`` and takes return flows from ``<root>/<out_folder>``.

    Raises:
        ConfigurationError: ``channel.root`` is not set.
    """

    def __init__(self, settings: ChannelSettings) -> None:
        super().__init__(settings)
        if settings.root is None:
            raise ConfigurationError("channel.root is needed by the folder channel.")
        self._root = settings.root

    @property
    def delivered_state(self) -> Literal["deposited", "handed_over"]:
        """``handed_over``: the firm's tool still has to carry it."""
        return "handed_over"

    def connect(self) -> None:
        """Check that the folder is there: of a share that is not mounted, nothing can be told."""
        folder = self._root / self.settings.in_folder
        with _operation(f"opening {folder}"):
            (folder / ".").stat()

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        """Copy a file to a name that must not exist, and make it durable."""
        target = self._root / path
        with local.open("rb") as source, _operation(f"writing {target}"):
            try:
                sink = target.open("xb")
            except FileExistsError:
                raise _taken(path) from None
            with sink:
                _copy(source, sink, total=local.stat().st_size, progress=progress)
                size = os.fstat(sink.fileno()).st_size
            fsync_folder(target.parent)
            return size

    def rename(self, temporary: str, final: str) -> None:
        """Rename without overwriting: a hard link under the new name, then the old one goes."""
        source, target = self._root / temporary, self._root / final
        with _operation(f"renaming {source} to {target}"):
            try:
                os.link(source, target, follow_symlinks=False)
            except FileExistsError:
                raise _taken(final) from None
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                # The lock of the run makes us the only writer, so looking first is enough.
                if target.exists():
                    raise _taken(final) from None
                source.rename(target)
            else:
                reach(CrashPoint.LINKED)
                _drop_old_name(source)
            fsync_folder(target.parent)
            if source.parent != target.parent:
                fsync_folder(source.parent)

    def stat(self, path: str) -> RemoteEntry | None:
        """Return what is at a path below the root."""
        place = self._root / path
        with _operation(f"looking at {place}"):
            try:
                found = place.lstat()
            except FileNotFoundError:
                return None
        return RemoteEntry(place.name, found.st_size, int(found.st_mtime))

    def discard(self, path: str) -> bool:
        """Remove an unfinished copy."""
        with _operation(f"removing {path}"):
            try:
                (self._root / path).unlink()
            except FileNotFoundError:
                return False
        return True

    def list_out(self) -> list[RemoteEntry]:
        """Return the regular files of ``out``; links are left alone."""
        return _listed(self._out)

    def list_in(self) -> list[RemoteEntry]:
        """Return the regular files of ``in``; links are left alone."""
        return _listed(self._root / self.settings.in_folder)

    def get(self, name: str, local: Path, *, max_bytes: int) -> int:
        """Copy a file of ``out``."""
        source_path = self._out / their_name(name)
        with _operation(f"reading {source_path}"):
            # A link in `out` could name any file of the machine: it is not followed.
            # Nor is a pipe waited for that took the place of a file since the listing.
            handle = os.open(source_path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as source:
                facts = os.fstat(handle)
                if not modes.S_ISREG(facts.st_mode):
                    raise ChannelRefusedError(f"{source_path} is no file; it is left alone.")
                if facts.st_size > max_bytes:
                    raise too_large(name, max_bytes)
                blocks = iter(lambda: source.read(_BLOCK), b"")
                return receive(blocks, local, max_bytes=max_bytes, name=name)

    def remove(self, name: str) -> None:
        """Remove a file of ``out``."""
        with _operation(f"removing {name}"):
            (self._out / their_name(name)).unlink(missing_ok=True)

    def move(self, name: str, folder: str) -> None:
        """Move a file of ``out`` to another folder below the root."""
        self.rename(join(self.settings.out_folder, their_name(name)), join(folder, name))

    def close(self) -> None:
        """Nothing is held open."""

    @property
    def _out(self) -> Path:
        return self._root / self.settings.out_folder


def _listed(folder: Path) -> list[RemoteEntry]:
    entries = []
    with _operation(f"listing {folder}"), os.scandir(folder) as found:
        for item in found:
            if not is_plain_name(item.name):
                _LOG.warning("left alone in %s: %r is no file name", folder, item.name)
                continue
            try:
                facts = item.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # taken by somebody since the listing
            if modes.S_ISREG(facts.st_mode):
                entries.append(RemoteEntry(item.name, facts.st_size, int(facts.st_mtime)))
    return sorted(entries, key=lambda entry: entry.name)


def _copy(source: IO[bytes], sink: IO[bytes], *, total: int, progress: Progress | None) -> None:
    sent = 0
    if progress:
        progress(0, total)
    for block in iter(lambda: source.read(_BLOCK), b""):
        sink.write(block)
        sent += len(block)
        if progress:
            progress(sent, total)
    sink.flush()
    os.fsync(sink.fileno())


def _drop_old_name(source: Path) -> None:
    """Remove the temporary name of a flow that has its final one; a failure is only untidy."""
    try:
        source.unlink()
    except OSError as error:
        _LOG.warning("the temporary name %s could not be removed: %s", source, error)


def _taken(path: str) -> TargetExistsError:
    return TargetExistsError(
        f"{path} exists already in the folder of the transfer tool; nothing was overwritten.",
        next_step="Compare it with the flow: chorus-flows status --flow ID.",
    )


@contextmanager
def _operation(what: str) -> Iterator[None]:
    """Give an OSError its place in the error tree."""
    try:
        yield
    except ChorusFlowsError:
        raise
    except OSError as error:
        if error.errno in _FINAL:
            raise ChannelRefusedError(
                f"The folder channel refused {what}: {error.strerror}.",
                next_step="Check that the share is mounted and writable, and the channel settings.",
            ) from error
        step = "Run again: chorus-flows run; nothing is sent twice."
        if error.errno in _FULL:
            step = "Make room on the share, or have our quota raised. Then run again: "
            step += "chorus-flows run; nothing is sent twice."
        raise TransportError(
            f"The folder channel failed in {what}: {error.strerror or error}.", next_step=step
        ) from error
