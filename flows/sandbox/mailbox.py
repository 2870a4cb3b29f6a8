"""The folders of the sandbox: what the client sees, what was taken, what is archived."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: Endings of names the sandbox leaves alone in ``in``: uploads under way.
TEMPORARY_ENDINGS = (".tmp", ".part", ".filepart")
_KEPT_BYTES = 240
_ORDER = 8  # digits before a kept name: the order of arrival


def is_final(name: str) -> bool:
    """Tell whether a name in ``in`` is that of a flow, not of an upload under way."""
    return not name.startswith(".") and not name.endswith(TEMPORARY_ENDINGS)


def numbered(order: int, name: str) -> str:
    """Return a name that sorts by ``order``."""
    return f"{order:0{_ORDER}d}_{name}"


def without_number(name: str) -> tuple[int, str]:
    """Return the order and the name that :func:`numbered` was given."""
    return int(name[:_ORDER]), name[_ORDER + 1 :]


def printable(text: str) -> str:
    """Return a text that a report, a database and a terminal can bear; clients name freely."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _kept_name(name: str) -> str:
    """Return a name that still fits a file system with its number before it."""
    return printable(name).encode()[:_KEPT_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file that has arrived: where it lies, and the name it bore in ``in``."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    @property
    def sha256(self) -> str:
        """Hash of the bytes."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


class Mailbox:
    """The folders below a root, made when missing.

    ``exchange/`` is the client's world: ``in``, ``out``, ``tmp``, ``done``. ``taken/`` holds what
    is out of ``in`` and not judged, ``archive/`` what is judged.
    """

    def __init__(self, root: Path) -> None:
        self.exchange = root / "exchange"
        self.incoming = self.exchange / "in"
        self.outgoing = self.exchange / "out"
        self._taken = root / "taken"
        self._archive = root / "archive"
        for folder in (
            self.incoming,
            self.outgoing,
            self.exchange / "tmp",
            self.exchange / "done",
            self._taken,
            self._archive,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        kept = [*self._taken.iterdir(), *self._archive.iterdir()]
        self._last = max((without_number(path.name)[0] for path in kept), default=0)

    def take(self, path: Path) -> None:
        """Take a file out of ``in``, unless its name is temporary. Safe from any thread."""
        if path.parent != self.incoming or not is_final(path.name):
            return
        with self._lock:
            if path.is_file():
                self._last += 1
                path.replace(self._taken / numbered(self._last, _kept_name(path.name)))

    def take_all(self) -> list[Parcel]:
        """Take all that lies in ``in``, and return what is taken and not judged, oldest first."""
        for parcel in self._lying():
            self.take(parcel.path)
        return self.taken()

    def taken(self) -> list[Parcel]:
        """Return what is taken and not judged, oldest first."""
        return [
            Parcel(path, without_number(path.name)[1]) for path in sorted(self._taken.iterdir())
        ]

    def waiting(self) -> list[Parcel]:
        """Return all that has arrived under a final name and is not judged, oldest first."""
        return self.taken() + self._lying()

    def archive(self, parcel: Parcel) -> None:
        """Put a judged parcel away."""
        parcel.path.replace(self._archive / parcel.path.name)

    def _lying(self) -> list[Parcel]:
        found: list[tuple[int, str, Path]] = []
        for path in self.incoming.iterdir():
            with suppress(FileNotFoundError):  # taken or removed at this very moment
                if path.is_file() and is_final(path.name):
                    found.append((path.stat().st_mtime_ns, path.name, path))
        return [Parcel(path, name) for _, name, path in sorted(found)]
