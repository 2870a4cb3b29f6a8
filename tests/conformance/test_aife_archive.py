"""AIFE's example of an archive (FSO1116A P100, April 2018) and of attachments, against ours."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from transforms.attachments import encode
from transforms.bundle import Member, write_bundle
from transforms.invoice import SupportingDocument
from transforms.naming import NamingError, parse_name
from transforms.unbundle import read_bundle

pytestmark = pytest.mark.conformance

RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"


@pytest.fixture(scope="module")
def archive(data_folder: Path) -> bytes:
    folder = data_folder / "chorus" / "aife_FSO1116A_P100_archive"
    return (folder / "FSO1116A_P100_official_example.tar.gz").read_bytes()


@pytest.fixture(scope="module")
def members(archive: bytes) -> list[tuple[str, bytes]]:
    return list(read_bundle(io.BytesIO(archive)))


def test_the_official_archive_is_read(members: list[tuple[str, bytes]]) -> None:
    assert [name for name, _ in members] == [
        "FSO1116A_JMRPOR_JMRPOR1116000000179.xml",
        "FSO1116A_JMRPOR_JMRPOR1116000000180.xml",
    ]
    for _, content in members:
        assert etree.fromstring(content).tag.endswith("}CrossIndustryInvoice")


def test_ours_has_the_same_shape(archive: bytes, members: list[tuple[str, bytes]]) -> None:
    """Same members in the same order at the root, same kind of entries, nothing else."""
    stream = io.BytesIO()
    write_bundle(stream, [Member(name, content) for name, content in members])
    shapes = []
    for data in (archive, stream.getvalue()):
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as opened:
            shapes.append([(i.name, i.type, i.size, i.uid, i.gid) for i in opened])
    assert shapes[0] == shapes[1]


def test_its_names_follow_the_rule_but_for_the_width_of_the_sequence(
    members: list[tuple[str, bytes]],
) -> None:
    for name, _ in members:
        with pytest.raises(NamingError, match="41 characters, not 35"):
            parse_name(name)
        stem, digits = name.removesuffix(".xml")[:-9], name.removesuffix(".xml")[-9:]
        assert parse_name(f"{stem}{digits:0>15}.xml").sequence == int(digits)


def test_attachments_are_zips_of_one_file_as_ours(members: list[tuple[str, bytes]]) -> None:
    _, content = members[0]
    (binary,) = etree.fromstring(content).iter(f"{{{RAM}}}AttachmentBinaryObject")
    theirs = zipfile.ZipFile(io.BytesIO(base64.b64decode(binary.text or "")))
    (info,) = theirs.infolist()
    document = SupportingDocument(filename=info.filename, content=theirs.read(info))
    encoded = encode(document, encoding="zip")
    ours = zipfile.ZipFile(io.BytesIO(base64.b64decode(encoded.base64)))
    assert encoded.mime == binary.get("mimeCode")
    assert [(i.filename, i.compress_type) for i in ours.infolist()] == [
        (info.filename, info.compress_type)
    ]
    assert ours.read(info.filename) == document.content
