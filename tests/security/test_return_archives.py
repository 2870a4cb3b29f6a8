"""Return files made to do harm: none reaches a place of its own, none keeps the others from us."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.errors import ExitCode
from tests.support.return_desk import Desk
from tests.support.return_files import document, flow_status

GOOD = document(flow_status())
SECRET = "of another file"
ENTITY = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
LAUGHS = "<!DOCTYPE a [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)
)


def member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", content: bytes = GOOD
) -> bytes:
    """Return a tar of one member of any kind, packed by gzip."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    regular = kind in {tarfile.REGTYPE, tarfile.GNUTYPE_SPARSE}
    info.size = len(content) if regular else 0
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(content) if regular else None)
    return packed.getvalue()


def many(count: int, name: str = "m{}.xml") -> bytes:
    """Return a tar of many members."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for rank in range(count):
            info = tarfile.TarInfo(name.format(rank))
            info.size = len(GOOD)
            archive.addfile(info, io.BytesIO(GOOD))
    return packed.getvalue()


def hostile() -> Iterator[tuple[str, bytes]]:
    """Yield names and contents."""
    yield "traversal", member("../../escaped.xml")
    yield "backslash", member("..\\escaped.xml")
    yield "absolute", member("/tmp/escaped.xml")
    yield "folder", member("a/b.xml")
    yield "symlink", member("l.xml", tarfile.SYMTYPE, "/etc/passwd")
    yield "hardlink", member("l.xml", tarfile.LNKTYPE, "../../ledger.sqlite")
    yield "device", member("d.xml", tarfile.CHRTYPE)
    yield "block", member("d.xml", tarfile.BLKTYPE)
    yield "pipe", member("p.xml", tarfile.FIFOTYPE)
    yield "sparse", member("s.xml", tarfile.GNUTYPE_SPARSE)
    yield "twice", many(2, "same.xml")
    yield "members", many(30)
    yield "nested", gzip.compress(gzip.compress(GOOD))
    yield "nested-tar", member("inner.xml", content=member("x.xml"))
    yield "cut", member("a.xml")[:-20]
    yield "cut-tar", gzip.decompress(member("a.xml"))[:700]
    yield "zeros", gzip.compress(b"\0" * 3_000_000)
    yield "entity", document(flow_status(), before=ENTITY)
    yield "laughs", document(flow_status(), before=LAUGHS + "]>")
    yield (
        "include",
        (
            b'<CPPStatut xmlns:xi="http://www.w3.org/2001/XInclude">'
            b'<xi:include href="file:///etc/hostname" parse="text"/></CPPStatut>'
        ),
    )
    yield "deep", b"<CPPStatut>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</CPPStatut>"
    yield "attribute", b'<CPPStatut a="' + b"x" * 11_000_000 + b'"/>'
    yield "utf-16", ENTITY.join(("", "<CPPStatut>&e;</CPPStatut>")).encode("utf-16")
    yield "utf-7", b'<?xml version="1.0" encoding="UTF-7"?>+ADw-CPPStatut/+AD4-'
    yield "empty", b""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with small limits."""
    limits = {"max_members": 20, "max_bytes": 20_000_000, "max_ratio": 100}
    desk = Desk(tmp_path, {"returns": limits})
    yield desk
    desk.close()


def test_each_is_raised_and_the_report_among_them_is_read(desk: Desk, tmp_path: Path) -> None:
    flow = desk.deposit("FA-0001")
    names = {}
    for name, content in hostile():
        names[f"CSO1106A_{name}"] = content
        desk.drop(f"CSO1106A_{name}", content)
    desk.drop("CSO1106A_zz", document(flow_status(flow_id=flow)))
    before = {path for path in tmp_path.rglob("*") if "state/returns" not in str(path)}
    done = desk.collect()
    assert done.exit_code is ExitCode.ATTENTION
    assert set(done.not_understood) == set(names)
    assert desk.states() == {"FA-0001": "integrated"}
    after = {path for path in tmp_path.rglob("*") if "state/returns" not in str(path)}
    assert {path for path in after - before if "ledger.sqlite" not in path.name} <= {
        tmp_path / "state"
    }
    kept = [path for path in (tmp_path / "state" / "returns").rglob("*") if path.is_file()]
    assert {path.read_bytes() for path in kept} <= {
        *names.values(),
        document(flow_status(flow_id=flow)),
    }
    host = Path("/etc/hostname").read_text().strip() if Path("/etc/hostname").exists() else SECRET
    told = [str(status) for status in desk.ledger.statuses()]
    assert not any(host and host in one for one in told)
    again = desk.collect()
    assert again.not_understood == ()


@pytest.mark.parametrize(
    "name",
    ["CSO1106A_" + "é" * 120, "CSO1106A_" + "x" * 190, "CSO1106A_\u202egpj.exe", "CSO1106A_%s%n"],
)
def test_a_report_is_read_whatever_its_name(desk: Desk, name: str) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop(name, document(flow_status(flow_id=flow)))
    assert desk.collect().fetched == (name,)
    assert desk.states() == {"FA-0001": "integrated"}
    (kept,) = desk.ledger.returns()
    path = desk.settings.state_folder / "returns" / kept.kept_as
    assert path.read_bytes() == document(flow_status(flow_id=flow))


@pytest.mark.parametrize("odd", ["latin-1", "newline", "long", "link", "pipe", "folder"])
def test_what_is_no_plain_file_is_left_alone(desk: Desk, odd: str) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_good", document(flow_status(flow_id=flow)))
    other = document(flow_status(flow_id=flow, at="2026-03-03T01:02:03+01:00"))
    out = os.fsencode(desk.out)
    if odd == "latin-1":
        Path(os.fsdecode(out + b"/CSO1106A_\xe9\xff")).write_bytes(other)
    elif odd == "newline":
        desk.drop("CSO1106A_\n2026 INFO forged", other)
    elif odd == "long":
        desk.drop("CSO1106A_" + "x" * 240, other)
    elif odd == "link":
        (desk.out / "CSO1106A_link").symlink_to("/etc/passwd")
    elif odd == "pipe":
        os.mkfifo(desk.out / "CSO1106A_pipe")
    else:
        (desk.out / "CSO1106A_folder").mkdir()
    done = desk.collect()
    assert desk.states() == {"FA-0001": "integrated"}
    assert done.fetched == ("CSO1106A_good",)
    assert len(desk.ledger.returns()) == 1
