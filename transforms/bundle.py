"""From the XML of invoices to the bytes of a flow.

One XML alone is sent as it is, several as a flat ``tar.gz`` without sub-folder or manifest
(AIFE, *Le mode EDI - Annexe*, July 2017, p. 4; AIFE, example FSO1116A P100, April 2018). The
bytes depend on nothing but the members: times, modes, owners and order are fixed, the gzip header
carries neither name nor time. The tar is thus the same everywhere, the gzip for the same zlib.
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

MEMBER_TIME = 315_532_800
"""Time written for each member: 1980-01-01 00:00 UTC, the first one a ZIP can hold too."""

MEMBER_MODE = 0o644

_LONGEST_NAME = 100  # what a USTAR header holds without a prefix


class BundleError(ValueError):
    """Raised when members cannot make a flow: none, a name twice, a name that is not flat."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the flow: its name (``transforms.naming.member_name``) and its bytes."""

    name: str
    xml: bytes


@dataclass(frozen=True, slots=True)
class BundleDigest:
    """What was written.

    Attributes:
        size: bytes written to the stream, as they are to be transferred.
        sha256: SHA-256 of these bytes.
        content_sha256: SHA-256 of the tar, or of the XML when it is alone: the same whatever
            the zlib.
        content_size: bytes of the members, before tar and gzip, stylesheet included.
        members: number of XML files.
    """

    size: int
    sha256: str
    content_sha256: str
    content_size: int
    members: int


def write_bundle(
    stream: BinaryIO,
    members: Iterable[Member],
    *,
    gzip_level: int = 6,
    stylesheet: Member | None = None,
) -> BundleDigest:
    """Write a flow and return its size and hashes.

    The members are taken one at a time and in the order given (two are held until the second
    tells that there is an archive), so that a generator keeps memory flat. The stream is neither
    flushed to disk nor closed.

    Args:
        stream: binary stream open for writing.
        members: the XML files; the flow bears the name of the first.
        gzip_level: 1 (fast) to 9 (small).
        stylesheet: an XSL to put last into the archive; one XML with it makes an archive too.

    Raises:
        BundleError: without a member, with the same name twice, or with a name that has a folder,
            is empty, or does not fit a USTAR header.
    """
    iterator = iter(members)
    first = next(iterator, None)
    if first is None:
        msg = "a flow needs at least one member"
        raise BundleError(msg)
    second = next(iterator, None)
    out = _Hashing(stream)
    if second is None and stylesheet is None:
        _check_name(first.name)
        out.write(first.xml)
        digest = out.hexdigest()
        return BundleDigest(out.size, digest, digest, len(first.xml), 1)

    # No name and no time in the header: both would make equal flows differ.
    packer = gzip.GzipFile(filename="", mode="wb", compresslevel=gzip_level, fileobj=out, mtime=0)
    with packer:
        content = _Hashing(packer)
        archive = _Archive(content)
        archive.add(first)
        del first
        if second is not None:
            archive.add(second)
        del second
        for member in iterator:
            archive.add(member)
        count = len(archive.names)
        if stylesheet is not None:
            archive.add(stylesheet)
        archive.end()
    return BundleDigest(out.size, out.hexdigest(), content.hexdigest(), archive.size, count)


class _Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


class _Hashing:
    """Passes bytes on to another stream, counting and hashing them."""

    def __init__(self, stream: _Writable) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self._stream.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: GzipFile asks for it, the owner of the stream decides when to flush."""

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


class _Archive:
    """Writes a USTAR archive whose headers say nothing of the machine or the moment."""

    def __init__(self, out: _Hashing) -> None:
        self._out = out
        self.names: set[str] = set()
        self.size = 0

    def add(self, member: Member) -> None:
        _check_name(member.name)
        if member.name in self.names:
            msg = f"{member.name} comes twice in the same flow"
            raise BundleError(msg)
        self.names.add(member.name)
        self.size += len(member.xml)
        info = tarfile.TarInfo(member.name)
        info.size = len(member.xml)
        info.mtime = MEMBER_TIME
        info.mode = MEMBER_MODE
        self._out.write(info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"))
        self._out.write(member.xml)
        self._out.write(bytes(-len(member.xml) % tarfile.BLOCKSIZE))

    def end(self) -> None:
        """Write the two empty blocks of the end, and fill the last record as tar does."""
        self._out.write(bytes(2 * tarfile.BLOCKSIZE))
        self._out.write(bytes(-self._out.size % tarfile.RECORDSIZE))


def _check_name(name: str) -> None:
    if not name or "/" in name or "\\" in name or name in {".", ".."}:
        msg = f"{name!r} is not the name of a file at the root of an archive"
        raise BundleError(msg)
    if not name.isascii() or not name.isprintable() or len(name) > _LONGEST_NAME:
        msg = f"{name!r} has more than {_LONGEST_NAME} characters, or some that are not ASCII"
        raise BundleError(msg)
