"""Files written so that a crash leaves a complete one or none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.crashpoints import CrashPoint, reach
from flows.errors import ChannelRefusedError, TransportError
from flows.private_files import open_private

#: Ending of a fetch that is not complete.
PART_SUFFIX = ".part"


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable (Linux: renames and creations live in the folder)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def receive(
    blocks: Iterable[bytes],
    local: Path,
    *,
    max_bytes: int,
    expected: int | None = None,
    name: str = "",
) -> int:
    """Write blocks to ``local``: complete, fsynced and under its name, or not there at all.

    Args:
        blocks: the bytes, as they arrive.
        local: path to write; replaced if it exists.
        max_bytes: most bytes taken; checked while they arrive, whatever was announced.
        expected: size announced, compared at the end; None when none was.
        name: of the file on the other side, for messages; default: that of ``local``.

    Returns:
        The size in bytes.

    Raises:
        ChannelRefusedError: more than ``max_bytes``.
        TransportError: not as many bytes as announced, or the local disk failed.
    """
    part = local.with_name(local.name + PART_SUFFIX)
    told, size = name or local.name, 0
    with _writing(local):
        target = open_private(part)
    try:
        with target:
            for block in blocks:
                size += len(block)
                if size > max_bytes:
                    raise too_large(told, max_bytes)
                with _writing(local):
                    target.write(block)
                reach(CrashPoint.RETURN_PART)
            if expected is not None and size != expected:
                raise TransportError(
                    f"{told} was announced with {expected} bytes and came with {size}.",
                    next_step="It is fetched again at the next collect.",
                )
            with _writing(local):
                target.flush()
                os.fsync(target.fileno())
        with _writing(local):
            part.replace(local)
            fsync_folder(local.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return size


@contextmanager
def _writing(local: Path) -> Iterator[None]:
    """Tell the failures of the local disk from those of the source, both OSError."""
    try:
        yield
    except OSError as error:
        raise TransportError(
            f"The local copy {local} could not be written: {error.strerror}.",
            next_step="Check the disk and the rights of the state folder, then run again.",
        ) from error


def too_large(name: str, max_bytes: int) -> ChannelRefusedError:
    """Return the error of a file larger than we take."""
    return ChannelRefusedError(
        f"{name} is larger than {max_bytes} bytes and was not fetched.",
        next_step="Look at it on the other side; raise returns.max_bytes if it is genuine.",
    )
