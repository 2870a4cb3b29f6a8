"""Channels in memory that misbehave, a small class for each fault."""

from __future__ import annotations

from pathlib import Path

from flows.channels import RemoteEntry
from flows.channels.base import Progress
from flows.errors import (
    ChannelRefusedError,
    TransportError,
)
from tests.flows.outbox import (
    MemoryChannel,
)


class CutAt(MemoryChannel):
    """Loses the connection in the first ``cuts`` uploads, half-way."""

    cuts = 1

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        if self.cuts:
            self.cuts -= 1
            content = local.read_bytes()
            self.files[path] = content[: len(content) // 2]
            raise TransportError("cut")
        return super().put(local, path, progress=progress)


class CutAlways(CutAt):
    cuts = 1000


class Down(MemoryChannel):
    """Cannot be reached."""

    def connect(self) -> None:
        super().connect()
        raise TransportError("down")


class DownAfterCut(CutAlways):
    """Loses the connection in an upload and does not come back."""

    def connect(self) -> None:
        super().connect()
        if self.files:
            raise TransportError("down")


class Refusing(MemoryChannel):
    """Refuses the login."""

    def connect(self) -> None:
        raise ChannelRefusedError("host key")


class ReadOnly(MemoryChannel):
    """Refuses to create files."""

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        raise ChannelRefusedError("permission denied")


class Truncating(MemoryChannel):
    """Loses the end of the first upload without saying so."""

    lost = False

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        size = super().put(local, path, progress=progress)
        if self.lost:
            return size
        self.lost = True
        self.files[path] = self.files[path][:-1]
        return len(self.files[path])


class SizeHidden(MemoryChannel):
    """Does not tell sizes, and forbids looking."""

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        super().put(local, path, progress=progress)
        return None

    def stat(self, path: str) -> RemoteEntry | None:
        raise ChannelRefusedError("permission denied")


class RenameAnswerLost(MemoryChannel):
    """Renames, then loses the connection before it answers."""

    def rename(self, temporary: str, final: str) -> None:
        super().rename(temporary, final)
        raise TransportError("cut")


class RenameLostAndTaken(RenameAnswerLost):
    """As above, and Chorus Pro takes the file at once."""

    def rename(self, temporary: str, final: str) -> None:
        try:
            super().rename(temporary, final)
        finally:
            self.files.pop(final)


class RenameNotDone(MemoryChannel):
    """Loses the connection before the first rename."""

    tried = False

    def rename(self, temporary: str, final: str) -> None:
        if not self.tried:
            self.tried = True
            raise TransportError("cut")
        super().rename(temporary, final)


class DownAfterRename(RenameAnswerLost):
    """Does not come back after a rename."""

    def connect(self) -> None:
        super().connect()
        if self.arrivals:
            raise TransportError("down")


class TemporaryVanishes(MemoryChannel):
    """Takes temporary names away although it should ignore them."""

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        size = super().put(local, path, progress=progress)
        del self.files[path]
        return size


class NameTakenMeanwhile(MemoryChannel):
    """Another tool takes the final name during the upload."""

    def rename(self, temporary: str, final: str) -> None:
        self.files[final] = b"theirs"
        super().rename(temporary, final)
