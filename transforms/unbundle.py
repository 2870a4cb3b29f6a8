"""From the bytes of a flow back to its members, trusting nothing.

The other side decides how it packs: the first bytes tell whether a file is gzip, and what is in it
whether it is a tar or one file. Links, devices, folders and names that lead elsewhere are refused,
and so is what grows beyond the limits when unpacked. Nothing is written to disk.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

GZIP_MAGIC = b"\x1f\x8b"

_BLOCK = 512
_PIECE = 1 << 16
_TAR_MAGIC = b"ustar"
_TAR_MAGIC_AT = 257
_LARGEST_PAX_HEADER = 1 << 16
_PAX_HARMLESS = frozenset({"mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment"})
_PAX_HARMLESS_PREFIXES = ("SCHILY.", "LIBARCHIVE.")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a flow may unpack to.

    Attributes:
        max_bytes: bytes of everything, unpacked; 1 Go is Chorus Pro's limit for an E1 flow
            (AIFE, Annexe EDI, quoted by Akuiteo).
        max_member_bytes: bytes of one member.
        max_members: number of members; 500 invoices and a stylesheet by default (same source).
        max_ratio: unpacked bytes for one packed byte.
        ratio_from: unpacked bytes from which the ratio counts: equal XML packs very well, and
            a small file can do no harm.
    """

    max_bytes: int = 1_000_000_000
    max_member_bytes: int = 200_000_000
    max_members: int = 501
    max_ratio: int = 200
    ratio_from: int = 100_000_000


DEFAULT_LIMITS = Limits()


class UnbundleError(ValueError):
    """Raised when a flow cannot be unpacked, or must not be.

    Attributes:
        reason: ``empty``, ``damaged``, ``name``, ``kind``, ``twice``, ``size``, ``ratio``
            or ``members``.
    """

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_bundle(
    stream: BinaryIO, limits: Limits = DEFAULT_LIMITS, *, name: str = ""
) -> Iterator[tuple[str, bytes]]:
    """Yield the members of a flow as (name, bytes), one at a time, in their order.

    Args:
        stream: binary stream open for reading, at its start.
        limits: what the flow may unpack to.
        name: name given to the member when the flow is one file and not an archive.

    Raises:
        UnbundleError: while iterating, at the first thing that is wrong.
    """
    try:
        yield from _members(stream, limits, name)
    except (EOFError, gzip.BadGzipFile, zlib.error, tarfile.TarError, UnicodeError) as error:
        raise UnbundleError("damaged", f"the archive is damaged or cut: {error}") from error


def _members(stream: BinaryIO, limits: Limits, name: str) -> Iterator[tuple[str, bytes]]:
    packed = _Counting(stream)
    head = packed.read(len(GZIP_MAGIC))
    packed.unread(head)
    if head == GZIP_MAGIC:
        # GzipFile reads ahead by buffers: the ratio is judged on what it took, which is more than
        # it used by at most one buffer.
        content: _Readable = gzip.GzipFile(fileobj=_Raw(packed), mode="rb")
    else:
        content = packed
    source = _Guarded(content, packed, limits)
    block = source.read_up_to(_BLOCK)
    if not block.strip(b"\0"):  # an archive without member begins with the blocks of its end
        raise UnbundleError("empty", "the flow holds nothing")
    if block[_TAR_MAGIC_AT : _TAR_MAGIC_AT + len(_TAR_MAGIC)] == _TAR_MAGIC:
        yield from _archive_members(block, source, limits)
    else:
        yield name, block + source.read_rest(limits.max_member_bytes - len(block))


def _archive_members(block: bytes, source: _Guarded, limits: Limits) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    while block.strip(b"\0"):
        info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        if info.size < 0:
            raise UnbundleError("damaged", f"{info.name!r} has a negative size")
        if info.type in (tarfile.XHDTYPE, tarfile.XGLTYPE):
            _check_extended_header(_payload(source, info.size, _LARGEST_PAX_HEADER, info.name))
        elif info.isdir() and info.name in {".", "./"}:
            pass  # what `tar -C folder .` writes first
        elif info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise UnbundleError("kind", f"{info.name!r} is not a file but a link, folder or device")
        else:
            member = _flat_name(info.name)
            if member in seen:
                raise UnbundleError("twice", f"{member!r} comes twice in the archive")
            seen.add(member)
            if len(seen) > limits.max_members:
                raise UnbundleError("members", f"more than {limits.max_members} members")
            yield member, _payload(source, info.size, limits.max_member_bytes, member)
        block = source.read_exactly(_BLOCK)
    if source.has_more_than_zeros():
        raise UnbundleError("damaged", "something follows the end of the archive")
    if not seen:
        raise UnbundleError("empty", "the archive has no member")


def _payload(source: _Guarded, size: int, limit: int, name: str) -> bytes:
    if size > limit:
        raise UnbundleError("size", f"{name!r} has {size} bytes, the limit is {limit}")
    content = source.read_exactly(size)
    source.read_exactly(-size % _BLOCK)
    return content


def _flat_name(name: str) -> str:
    """Return the name without ``./``; refuse one that leads out of the root of the archive."""
    flat = name.removeprefix("./")
    if not flat or flat in {".", ".."} or "/" in flat or "\\" in flat or "\0" in flat:
        raise UnbundleError("name", f"{name!r} is not at the root of the archive")
    return flat


def _check_extended_header(content: bytes) -> None:
    """Accept an extended header that changes neither the name, the size nor the kind of a file."""
    rest = content
    while rest.strip(b"\0"):
        digits, _, _ = rest.partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        record, rest = rest[:length], rest[length:]
        key, equals, _ = record[len(digits) + 1 :].partition(b"=")
        if not equals:
            raise UnbundleError("damaged", "an extended header cannot be read")
        word = key.decode("utf-8")
        if word not in _PAX_HARMLESS and not word.startswith(_PAX_HARMLESS_PREFIXES):
            raise UnbundleError("kind", f"the archive uses the extension {word!r}")


class _Counting:
    """Counts what is taken from a stream; a few bytes may be put back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._back = b""
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        if self._back:
            data, self._back = self._back[:size], self._back[size:]
        else:
            data = self._stream.read(size)
        self.taken += len(data)
        return data

    def unread(self, data: bytes) -> None:
        self._back = data + self._back
        self.taken -= len(data)


class _Raw(io.RawIOBase):
    """Gives a :class:`_Counting` the face of a stream, which GzipFile wants."""

    def __init__(self, source: _Counting) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._source.read(size if size >= 0 else _PIECE)


class _Guarded:
    """Reads unpacked bytes and stops as soon as a limit is passed."""

    def __init__(self, content: _Readable, packed: _Counting, limits: Limits) -> None:
        self._content = content
        self._packed = packed
        self._limits = limits
        self._given = 0

    def read_up_to(self, size: int) -> bytes:
        """Return ``size`` bytes, or fewer when the content ends before."""
        pieces: list[bytes] = []
        missing = size
        while missing > 0:
            piece = self._content.read(min(missing, _PIECE))
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
            self._count(len(piece))
        return b"".join(pieces)

    def read_exactly(self, size: int) -> bytes:
        """Return ``size`` bytes; the end of the content before is a damage."""
        data = self.read_up_to(size)
        if len(data) != size:
            raise UnbundleError("damaged", "the archive is cut")
        return data

    def read_rest(self, limit: int) -> bytes:
        """Return all that is left, when it is not more than ``limit``."""
        data = self.read_up_to(limit + 1)
        if len(data) > limit:
            raise UnbundleError("size", f"more than {self._limits.max_member_bytes} bytes")
        return data

    def has_more_than_zeros(self) -> bool:
        """Read to the end, which also checks the sum of the gzip; tell of anything but padding."""
        while piece := self.read_up_to(_PIECE):
            if piece.strip(b"\0"):
                return True
        return False

    def _count(self, size: int) -> None:
        self._given += size
        limits = self._limits
        if self._given > limits.max_bytes:
            raise UnbundleError("size", f"more than {limits.max_bytes} bytes unpacked")
        if self._given > limits.ratio_from and self._given > limits.max_ratio * self._packed.taken:
            raise UnbundleError("ratio", f"unpacks to more than {limits.max_ratio} times its size")
