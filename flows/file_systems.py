"""The file system that a folder is on: a ledger in SQLite needs a disk of this machine."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flows.errors import ConfigurationError

_LOG = logging.getLogger(__name__)

MOUNTS = Path("/proc/self/mountinfo")

#: Blanks, tabs, line ends and backslashes are written as three octal digits (proc(5)).
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system: where, of which type, what is mounted, its device (``8:1``)."""

    place: PurePosixPath
    kind: str
    source: str
    device: str


def mount_of(folder: Path, mountinfo: str, *, device: str = "") -> Mount | None:
    """Return the mount that a folder is on, or None when no line tells.

    Args:
        folder: absolute, without links.
        mountinfo: text of ``/proc/self/mountinfo``.
        device: number of the folder's device, major and minor (``8:1``). Of the mounts above the
            folder those of this device come first: one mounted over another hides it.
    """
    above = [
        mount
        for line in mountinfo.splitlines()
        if (mount := _parse(line)) is not None and folder.is_relative_to(mount.place)
    ]
    same = [mount for mount in above if mount.device == device]
    # Of several at one place the last one was mounted over the others.
    return max(enumerate(same or above), key=_rank, default=(0, None))[1]


def refuse_network_disk(file: Path, refused: Collection[str], *, mounts: Path = MOUNTS) -> None:
    """Make sure that a SQLite ledger is not on a network file system.

    Where the mounts cannot be read the log says so, and the ledger is used.

    Args:
        file: the database, present or not.
        refused: types of file systems (setting ``sqlite_not_on``).
        mounts: table of the mounts.

    Raises:
        ConfigurationError: it is; names the folder, the file system and what to do.
    """
    mount = look_up(file, mounts=mounts)
    if mount is not None and mount.kind in refused:
        raise ConfigurationError(
            f"The ledger {file} is on {mount.kind} ({mount.source} at {mount.place}): SQLite does "
            "not work on a file system that is shared over a network.",
            next_step='Put the ledger on a local disk (ledger_url = "sqlite:////…"; '
            "chorus-flows ledger backup FILE copies it), or use PostgreSQL (docs/ledger.md).",
        )


def look_up(file: Path, *, mounts: Path = MOUNTS) -> Mount | None:
    """Return the mount that a file is, or would be, on; None when it cannot be told."""
    try:
        whole = file.resolve()
        folder = next(place for place in whole.parents if place.is_dir())
        number = folder.stat().st_dev  # an automatic mount is made by this look, if any
        device = f"{os.major(number)}:{os.minor(number)}"
        mount = mount_of(folder, mounts.read_text(errors="surrogateescape"), device=device)
    except OSError as error:
        _LOG.warning("It cannot be told on which file system %s is: %s", file, error)
        return None
    if mount is None:
        _LOG.warning("It cannot be told on which file system %s is: no mount is above it", file)
    return mount


def _rank(ranked: tuple[int, Mount]) -> tuple[int, int]:
    order, mount = ranked
    return len(mount.place.parts), order


def _parse(line: str) -> Mount | None:
    """Read a line: ``36 35 98:0 /root /place options optional… - type source options``."""
    before, dash, after = line.partition(" - ")
    left, right = before.split(" "), after.split(" ")
    if not dash or len(left) < 5 or len(right) < 2:
        return None
    place = PurePosixPath(_plain(left[4]))
    return Mount(place, right[0], _plain(right[1]), left[2])


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 8)), text)
