from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.bundle import Member, write_bundle
from transforms.unbundle import DEFAULT_LIMITS, Limits, UnbundleError, read_bundle


def read(data: bytes, limits: Limits = DEFAULT_LIMITS, name: str = "") -> list[tuple[str, bytes]]:
    return list(read_bundle(io.BytesIO(data), limits, name=name))


def refused(data: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    with pytest.raises(UnbundleError) as caught:
        read(data, limits)
    return caught.value.reason


def tar(*entries: tarfile.TarInfo | tuple[str, bytes], pax: bool = False) -> bytes:
    stream = io.BytesIO()
    kind = tarfile.PAX_FORMAT if pax else tarfile.USTAR_FORMAT
    with tarfile.open(fileobj=stream, mode="w", format=kind) as archive:
        for entry in entries:
            if isinstance(entry, tuple):
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
            else:
                archive.addfile(entry)
    return stream.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def test_a_plain_xml_is_one_member_with_the_name_given() -> None:
    assert read(b"<a/>", name="flow") == [("flow", b"<a/>")]


def test_a_gzip_that_is_no_tar_is_one_member() -> None:
    assert read(gzip.compress(b"<a/>"), name="flow") == [("flow", b"<a/>")]


def test_an_archive_is_read_with_and_without_gzip() -> None:
    data = tar(("a.xml", b"<a/>"), ("b.xml", b"y" * 700))
    expected = [("a.xml", b"<a/>"), ("b.xml", b"y" * 700)]
    assert read(data) == expected
    assert read(gzip.compress(data)) == expected


def test_what_tar_writes_for_a_folder_is_read_as_flat() -> None:
    data = tar(special("./", tarfile.DIRTYPE), ("./a.xml", b"<a/>"))
    assert read(data) == [("a.xml", b"<a/>")]


def test_an_extended_header_that_gives_a_time_is_passed_over() -> None:
    info = tarfile.TarInfo("a.xml")
    info.mtime = 1.5  # a fraction of a second needs an extended header
    assert read(tar(info, ("b.xml", b"<b/>"), pax=True)) == [("a.xml", b""), ("b.xml", b"<b/>")]


def test_an_extended_header_that_renames_is_refused() -> None:
    assert refused(tar(("é" * 60, b"<a/>"), pax=True)) == "kind"


@pytest.mark.parametrize(
    "name", ["../a.xml", "/etc/a.xml", "a/b.xml", "..", "a\\b.xml", "././a.xml", "./"]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    data = tar((name, b"<a/>"))
    assert refused(gzip.compress(data)) in {"name", "kind"}


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
        tarfile.CONTTYPE,
        tarfile.GNUTYPE_SPARSE,
    ],
)
def test_what_is_no_file_is_refused(kind: bytes) -> None:
    assert refused(tar(special("a.xml", kind, "/etc/passwd"))) == "kind"


def test_a_name_given_twice_is_refused() -> None:
    assert refused(tar(("a.xml", b"1"), ("./a.xml", b"2"))) == "twice"


@pytest.mark.parametrize(
    "data",
    [b"", gzip.compress(b""), tar(), gzip.compress(tar())],
    ids=["no byte", "gzip of nothing", "empty tar", "empty tar.gz"],
)
def test_nothing_in_it_is_said(data: bytes) -> None:
    assert refused(data) == "empty"


def test_an_archive_that_holds_only_a_folder_is_empty() -> None:
    assert refused(tar(special("./", tarfile.DIRTYPE))) == "empty"


def test_each_limit_has_its_reason() -> None:
    two = tar(("a.xml", b"x" * 3000), ("b.xml", b"y" * 3000))
    assert refused(two, replace(DEFAULT_LIMITS, max_members=1)) == "members"
    assert refused(two, replace(DEFAULT_LIMITS, max_member_bytes=2999)) == "size"
    assert refused(two, replace(DEFAULT_LIMITS, max_bytes=4000)) == "size"
    assert refused(b"<" * 3000, replace(DEFAULT_LIMITS, max_member_bytes=2999)) == "size"
    assert refused(b"<" * 3000, replace(DEFAULT_LIMITS, max_member_bytes=100)) == "size"
    assert len(read(two, replace(DEFAULT_LIMITS, max_members=2, max_member_bytes=3000))) == 2


def test_a_bomb_is_stopped_early_by_its_ratio() -> None:
    bomb = gzip.compress(tar(("a.xml", bytes(30_000_000))))
    limits = Limits(max_ratio=200, ratio_from=1_000_000)
    assert len(bomb) < 100_000
    assert refused(bomb, limits) == "ratio"


def test_a_small_flow_may_pack_very_well() -> None:
    data = gzip.compress(tar(*[(f"{rank}.xml", bytes(8000)) for rank in range(100)]))
    assert len(read(data, replace(DEFAULT_LIMITS, max_ratio=2))) == 100


def test_every_cut_of_an_archive_is_noticed() -> None:
    stream = io.BytesIO()
    write_bundle(stream, [Member("a.xml", b"<a/>"), Member("b.xml", b"<b>1</b>")])
    data = stream.getvalue()
    for length in range(2, len(data)):
        assert refused(data[:length]) == "damaged"


def test_a_cut_of_an_uncompressed_tar_is_noticed() -> None:
    data = tar(("a.xml", b"<a/>"), ("b.xml", b"<b/>"))[:2048]
    assert refused(data) == "damaged"


def test_what_follows_the_end_of_an_archive_is_refused() -> None:
    data = tar(("a.xml", b"<a/>"))
    assert refused(data + b"more") == "damaged"
    assert refused(gzip.compress(data) + b"more") == "damaged"
    assert read(gzip.compress(data + bytes(4096))) == [("a.xml", b"<a/>")]


def test_a_flipped_bit_in_the_gzip_is_noticed() -> None:
    data = bytearray(gzip.compress(tar(("a.xml", b"<a/>"))))
    data[-6] ^= 1  # in the sum
    assert refused(bytes(data)) == "damaged"


@given(st.binary(max_size=3000), st.sampled_from(["raw", "gzip", "tar"]))
def test_any_bytes_are_read_or_refused(content: bytes, shape: str) -> None:
    data = content
    if shape == "gzip":
        data = b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + zlib.compress(content, wbits=-15)
    elif shape == "tar":
        data = content[:257].ljust(257, b"\0") + b"ustar" + content
    with suppress(UnbundleError):  # nothing else may come out
        for name, member in read(data):
            assert len(member) <= len(content)
            assert "/" not in name
