from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.bundle import MEMBER_TIME, BundleDigest, BundleError, Member, write_bundle
from transforms.naming import member_name
from transforms.unbundle import read_bundle

SHEET = Member("FSO1106A.xsl", b"<xsl/>")


def members(*contents: bytes) -> list[Member]:
    return [
        Member(member_name("ABC123", "FSO1106A", 7 + rank), content)
        for rank, content in enumerate(contents)
    ]


def written(
    parts: list[Member], *, gzip_level: int = 6, stylesheet: Member | None = None
) -> tuple[bytes, BundleDigest]:
    stream = io.BytesIO()
    digest = write_bundle(stream, iter(parts), gzip_level=gzip_level, stylesheet=stylesheet)
    return stream.getvalue(), digest


def test_one_xml_is_sent_as_it_is() -> None:
    data, digest = written(members(b"<a/>"))
    assert data == b"<a/>"
    sha = hashlib.sha256(data).hexdigest()
    assert digest == BundleDigest(4, sha, sha, 4, 1)


def test_several_xml_make_a_flat_tar_gz_in_the_given_order() -> None:
    parts = members(b"<b/>", b"<a/>", b"")
    data, digest = written(parts)
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        infos = archive.getmembers()
    assert [info.name for info in infos] == [part.name for part in parts]
    assert list(read_bundle(io.BytesIO(data))) == [(part.name, part.xml) for part in parts]
    assert {(i.mtime, i.mode, i.uid, i.gid, i.uname, i.gname) for i in infos} == {
        (MEMBER_TIME, 0o644, 0, 0, "", "")
    }
    assert digest.members == 3
    assert digest.content_size == 8


def test_the_archive_is_the_one_that_the_standard_library_writes() -> None:
    parts = members(b"<b/>", b"x" * 512, b"y" * 513)
    reference = io.BytesIO()
    with tarfile.open(fileobj=reference, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for part in parts:
            info = tarfile.TarInfo(part.name)
            info.size, info.mtime, info.mode = len(part.xml), MEMBER_TIME, 0o644
            archive.addfile(info, io.BytesIO(part.xml))
    assert gzip.decompress(written(parts)[0]) == reference.getvalue()


def test_hashes_are_over_the_bytes_sent_and_over_the_tar() -> None:
    data, digest = written(members(b"<a/>", b"<b/>"))
    assert digest.size == len(data)
    assert digest.sha256 == hashlib.sha256(data).hexdigest()
    assert digest.content_sha256 == hashlib.sha256(gzip.decompress(data)).hexdigest()


def test_the_gzip_level_changes_the_bytes_but_not_the_content_hash() -> None:
    parts = members(b"<a>" + b"abcdefgh" * 4000 + b"</a>", b"<b/>")
    fast, slow = written(parts, gzip_level=1), written(parts, gzip_level=9)
    assert fast[1].content_sha256 == slow[1].content_sha256
    assert fast[1].size > slow[1].size


def test_the_gzip_header_holds_neither_name_nor_time() -> None:
    data, _ = written(members(b"<a/>", b"<b/>"))
    assert data[:4] == b"\x1f\x8b\x08\x00"  # no flag: no name, no comment, no extra field
    assert data[4:8] == b"\0\0\0\0"


def test_a_named_file_gives_the_same_bytes(tmp_path: Path) -> None:
    with (tmp_path / "flow").open("w+b") as stream:
        write_bundle(stream, members(b"<a/>", b"<b/>"))
        stream.seek(0)
        assert stream.read() == written(members(b"<a/>", b"<b/>"))[0]


def test_a_stylesheet_comes_last_and_makes_an_archive_of_one_xml() -> None:
    data, digest = written(members(b"<a/>"), stylesheet=SHEET)
    names = [name for name, _ in read_bundle(io.BytesIO(data))]
    assert names == [members(b"")[0].name, "FSO1106A.xsl"]
    assert digest.members == 1
    assert digest.content_size == len(b"<a/>") + len(SHEET.xml)


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=6))
def test_what_is_bundled_comes_back_and_is_the_same_each_time(contents: list[bytes]) -> None:
    parts = members(*contents)
    data, digest = written(parts)
    assert (data, digest) == written(parts)
    if len(parts) > 1:
        back = list(read_bundle(io.BytesIO(data)))
        assert back == [(part.name, part.xml) for part in parts]


def test_members_are_taken_one_at_a_time() -> None:
    given: list[int] = []
    alive: list[int] = []

    class Tracked(bytes):
        def __del__(self) -> None:
            alive.remove(len(self))

    def stream() -> Iterator[Member]:
        for size in range(1, 30):
            given.append(size)
            alive.append(size)
            assert len(alive) <= 3
            yield Member(member_name("ABC123", "FSO1106A", size), Tracked(size))

    write_bundle(io.BytesIO(), stream())
    assert given == list(range(1, 30))


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b.xml", "../b.xml", "/b.xml", "a\\b.xml", "é.xml", "a\n.xml", "a" * 101],
)
def test_a_name_that_is_not_flat_is_refused(name: str) -> None:
    for parts in ([Member(name, b"<a/>")], [*members(b"<a/>"), Member(name, b"<b/>")]):
        with pytest.raises(BundleError):
            write_bundle(io.BytesIO(), parts)


def test_no_member_and_a_name_given_twice_are_refused() -> None:
    with pytest.raises(BundleError, match="at least one"):
        write_bundle(io.BytesIO(), [])
    twice = members(b"<a/>") * 2
    with pytest.raises(BundleError, match="twice"):
        write_bundle(io.BytesIO(), twice)
