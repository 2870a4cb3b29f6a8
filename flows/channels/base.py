"""The interface of a channel, and the names it may use on the other side.

A *remote path* is relative to the root of the account: a folder of the settings, a slash, a name
(``in/CPP0000AAA999FSO1106…``). Flows go in by remote path (``put``, ``rename``, ``stat``,
``discard``); return flows come out by bare name of the ``out`` folder (``list_out``, ``get``,
``remove``, ``move``).

Every failure is one of three errors, so that callers never see a library's own:

- :class:`~flows.errors.TransportError`: may pass, the same call may be tried again;
- :class:`~flows.errors.ChannelRefusedError`: host key, authentication, permission, folder;
- :class:`~flows.errors.TargetExistsError`: the name is taken.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from config.channel_settings import Channel as ChannelSettings
from flows.errors import ChannelRefusedError

#: Called with the bytes sent so far and the size of the file; may raise to stop the transfer.
Progress = Callable[[int, int], None]

#: What we may write: the 41 characters of a flow name, and the same with a temporary ending.
_OUR_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
#: What we may take: any plain file name. The other side's names are not ours to forbid, but
#: none may lead out of a folder or carry control characters into a terminal or a report.
#: Nor can a name be recorded whose bytes are no UTF-8 (lone surrogates).
_THEIR_NAME = re.compile(r"[^/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}")
_MAX_NAME_BYTES = 255  # Linux file systems; a local copy keeps the name


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """A file on the other side.

    Attributes:
        name: bare file name.
        size: bytes, or None when the server does not tell.
        modified: seconds since the epoch, or None when the server does not tell.
    """

    name: str
    size: int | None
    modified: int | None


def our_name(name: str) -> str:
    """Return ``name`` if it may be created on the other side.

    Raises:
        ChannelRefusedError: it is empty, too long, or holds a character no flow name has.
    """
    if not _OUR_NAME.fullmatch(name):
        raise ChannelRefusedError(
            f"{name!r} cannot be the name of a flow on the other side.",
            next_step="Check channel.temporary_suffix in the settings.",
        )
    return name


def is_plain_name(name: str) -> bool:
    """Tell whether a name given by the other side is a bare file name, safe to keep locally."""
    return (
        name not in (".", "..")
        and _THEIR_NAME.fullmatch(name) is not None
        and len(name.encode("utf-8", "surrogateescape")) <= _MAX_NAME_BYTES
    )


def their_name(name: str) -> str:
    """Return ``name`` if it is a bare file name (see :func:`is_plain_name`).

    Raises:
        ChannelRefusedError: it is not; a path could lead out of the folder.
    """
    if not is_plain_name(name):
        raise ChannelRefusedError(f"{name!r} is not a plain file name; it is left alone.")
    return name


def join(folder: str, name: str) -> str:
    """Return the remote path of ``name`` in ``folder`` (``""`` and ``"."``: the root)."""
    folder = folder.rstrip("/") if folder != "/" else folder
    if folder in ("", "."):
        return name
    return f"/{name}" if folder == "/" else f"{folder}/{name}"


class Channel(ABC):
    """One way out and back. A context manager; connects by itself at the first operation.

    After a :class:`~flows.errors.TransportError` the channel is closed; the next operation
    connects again.
    """

    def __init__(self, settings: ChannelSettings) -> None:
        self.settings = settings

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- names ---------------------------------------------------------------------------------

    @property
    def delivered_state(self) -> Literal["deposited", "handed_over"]:
        """State of a flow whose final name is there: with Chorus Pro, or with the firm's tool."""
        return "deposited"

    def final_path(self, name: str) -> str:
        """Return the remote path of a flow, from its name of 41 characters."""
        return join(self.settings.in_folder, our_name(name))

    def temporary_path(self, name: str, attempt: str) -> str:
        """Return the remote path of one upload attempt of a flow.

        ``attempt`` makes it unique: a left-over of another attempt is never appended to nor
        taken for this one. With ``channel.temporary = "none"`` it is the final path.
        """
        if self.settings.temporary == "suffix":
            suffix = self.settings.temporary_suffix
            return join(self.settings.in_folder, our_name(f"{name}.{attempt}{suffix}"))
        if self.settings.temporary == "folder":
            return join(self.settings.temporary_folder, our_name(f"{name}.{attempt}"))
        return self.final_path(name)

    @abstractmethod
    def connect(self) -> None:
        """Make sure that the other side is there and lets us in; operations do it by themselves."""

    # -- flows going in ------------------------------------------------------------------------

    @abstractmethod
    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        """Upload a file to a remote path that must not exist.

        Returns:
            The size the other side tells afterwards, in bytes; None when it does not tell, or
            when the file has already gone from there.

        Raises:
            TargetExistsError: something has this name already.
            TransportError, ChannelRefusedError: see the module.
        """

    @abstractmethod
    def rename(self, temporary: str, final: str) -> None:
        """Give an uploaded file its final name; never overwrites.

        Raises:
            TargetExistsError: the final name is taken; nothing was renamed.
            TransportError, ChannelRefusedError: see the module. The rename may have happened.
        """

    @abstractmethod
    def stat(self, path: str) -> RemoteEntry | None:
        """Return what is at a remote path, or None when there is nothing."""

    @abstractmethod
    def discard(self, path: str) -> bool:
        """Remove an unfinished upload; False when there was nothing to remove."""

    @abstractmethod
    def list_in(self) -> list[RemoteEntry]:
        """Return the files of the ``in`` folder, by name. Names that are no names are left."""

    # -- return flows coming out ---------------------------------------------------------------

    @abstractmethod
    def list_out(self) -> list[RemoteEntry]:
        """Return the files of the ``out`` folder, by name. Names that are no names are left."""

    @abstractmethod
    def get(self, name: str, local: Path, *, max_bytes: int) -> int:
        """Fetch a file of ``out`` to a local path, complete and fsynced, or not at all.

        Returns:
            Its size in bytes.

        Raises:
            ChannelRefusedError: it is larger than ``max_bytes``, or not there.
            TransportError: it could not be read whole.
        """

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file of ``out``; nothing happens when it is not there any more."""

    @abstractmethod
    def move(self, name: str, folder: str) -> None:
        """Move a file of ``out`` to another folder of the account; never overwrites.

        Raises:
            TargetExistsError: that folder holds a file of this name.
        """

    @abstractmethod
    def close(self) -> None:
        """Drop the connection, if any. May be called twice."""
