"""Files that unpack to, or pretend to be, far more than the memory of a machine holds.

Each is met by a process that may have 1.5 GB of address space: whoever reads it whole dies.
"""

from __future__ import annotations

import gzip
import io
import os
import resource
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from flows.channels import open_channel
from flows.errors import ExitCode
from flows.extracts import ExtractFile, WrongProfileError, read_extracts
from flows.profiles import load_profile
from tests.integration.sshd import running
from tests.support.apart import apart
from tests.support.firm import Firm, csv, row
from tests.support.return_desk import Desk
from tests.support.return_files import document, flow_status
from transforms.sheet_rows import SheetError, sheet_rows

_ROOM = 1_500_000_000
_TEN_GB = 10 * 1024**3


def zeros_of(size: int) -> bytes:
    """Return a gzip that unpacks to ``size`` zeros: one block of deflate, over and over."""
    piece = 1 << 24
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(piece)) + packer.flush(zlib.Z_FULL_FLUSH)
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    return head + block * (size // piece) + zlib.compressobj(9, 8, -15).flush() + bytes(8)


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_ROOM, _ROOM))


def _returns(folder: Path) -> tuple[ExitCode, tuple[str, ...]]:
    _bounded()
    desk = Desk(folder)
    flow = desk.deposit("FA-0001")
    (desk.out / "CSO1106A_bomb").write_bytes(zeros_of(_TEN_GB))
    tar = bytearray(512)
    tar[:6], tar[124:136], tar[156:157] = b"a.xml\0", b"%011o\0" % (7 * 1024**3), b"0"
    tar[257:263], tar[148:156] = b"ustar\0", b" " * 8
    tar[148:156] = b"%06o\0 " % sum(tar)
    (desk.out / "CSO1106A_tar").write_bytes(gzip.compress(bytes(tar)) + zeros_of(_TEN_GB))
    with (desk.out / "CSO1106A_sparse").open("wb") as stream:
        stream.truncate(_TEN_GB)
    desk.drop("CSO1106A_zz", document(flow_status(flow_id=flow)))
    done = desk.collect()
    told = (*sorted(done.not_understood), *(f.rule for f in done.findings), *desk.states().values())
    held = sum(path.stat().st_size for path in (folder / "state").rglob("*") if path.is_file())
    desk.close()
    return done.exit_code, (*told, "small" if held < 100_000_000 else f"{held} bytes")


def test_ten_gigabytes_of_zeros_come_back_and_nothing_is_held_of_them(tmp_path: Path) -> None:
    ended = apart(_returns, tmp_path)
    assert ended.signal is None
    assert ended.told == (
        "CSO1106A_bomb",
        "CSO1106A_tar",
        "RT-FILE-02",
        "RT-FILE-01",
        "RT-FILE-01",
        "integrated",
        "small",
    ), ended


def _landing(settings: Path) -> tuple[ExitCode, tuple[str, ...]]:
    _bounded()
    firm = Firm(settings)
    with (firm.root / "landing" / "a.csv").open("wb") as stream:
        stream.truncate(1 << 29)
    os.utime(firm.root / "landing" / "a.csv", (0, 0))
    results = firm.run()
    return firm.code(results), tuple(p for result in results for p in result.problems)


def test_a_file_of_zeros_among_the_extracts_is_told_and_put_back(tmp_path: Path) -> None:
    ended = apart(_landing, tmp_path)
    assert ended.code is ExitCode.USAGE, ended
    assert "a line is longer than" in ended.told[0]
    assert [path.name for path in (tmp_path / "landing").iterdir()] == ["a.csv"]


def workbook(**parts: bytes) -> bytes:
    """Return a workbook of one sheet, with some parts in the place of the usual ones."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    usual = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.'
        'openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData><row r="1">'
        '<c r="A1" t="inlineStr"><is><t>invoice_number</t></is></c></row></sheetData></worksheet>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in usual.items():
            key = name.rpartition("/")[2].partition(".")[0]
            archive.writestr(name, parts.pop(key, text.encode()))
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return made.getvalue()


def announced(data: bytes, size: int) -> bytes:
    """Return a workbook whose sheet says that it unpacks to ``size`` bytes."""
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]


ENTITY = b'<!DOCTYPE x [<!ENTITY a "%s">]>' % (b"ha" * 40)
EXTERNAL = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'


def _workbooks(folder: Path) -> tuple[ExitCode, tuple[str, ...]]:
    _bounded()
    bombs = {
        "zeros": workbook(sheet1=b"<worksheet>" + b" " * 70_000_000 + b"</worksheet>"),
        "texts": workbook(
            xl__sharedStrings_xml=b"", **{"xl__sharedStrings.xml": b" " * 280_000_000}
        ),
        "announced": announced(workbook(), 4_294_967_295),
        "entity": workbook(sheet1=ENTITY + b"<worksheet>&a;</worksheet>"),
        "external": workbook(sheet1=EXTERNAL),
        "entity in a relation": workbook(workbook=ENTITY + b"<workbook/>"),
        "utf-16": workbook(sheet1=EXTERNAL.decode().encode("utf-16")),
        "parts": workbook(**{f"p{rank}.bin": b"" for rank in range(10_001)}),
        "slip": workbook(**{"..__..__escaped.xml": b"<x/>"}),
    }
    told = []
    profile = load_profile("generic")
    for name, data in bombs.items():
        path = folder / f"{name}.xlsx"
        path.write_bytes(data)
        try:
            list(read_extracts([ExtractFile.at(path)], profile, spill_folder=folder))
            told.append(f"{name}: read")
        except WrongProfileError as error:
            told.append(f"{name}: {error.what}")
        try:
            told.append(f"{name}: {sum(len(cells) for _, cells in sheet_rows(io.BytesIO(data)))}")
        except SheetError as error:
            told.append(f"{name}: {error}")
    return ExitCode.OK, tuple(told)


def test_no_workbook_takes_the_memory_or_reads_another_file(tmp_path: Path) -> None:
    ended = apart(_workbooks, tmp_path)
    assert ended.code is ExitCode.OK, ended
    reasons = {
        "zeros": "times its size",
        "texts": "unpacks to",
        "announced": "",
        "entity": "document type declaration",
        "external": "document type declaration",
        "entity in a relation": "document type declaration",
        "utf-16": "document type declaration",
        "parts": "10006 parts",
        "slip": "",
    }
    for name, reason in reasons.items():
        mine = [one for one in ended.told if one.startswith(f"{name}: ")]
        assert len(mine) == 2
        assert all(reason in one for one in mine), mine
    assert not any("root:" in one for one in ended.told)
    assert not list(tmp_path.parent.rglob("escaped.xml"))


@pytest.mark.integration
def test_over_sftp_neither_size_nor_name_keeps_the_others_from_us(tmp_path: Path) -> None:
    with running(tmp_path / "server") as server:
        out = server.account / "out"
        with (out / "CSO1106A_sparse").open("wb") as stream:
            stream.truncate(_TEN_GB)
        Path(os.fsdecode(os.fsencode(out) + b"/CSO1106A_\xe9\xff")).write_bytes(b"x")
        (out / "CSO1106A_good").write_bytes(document(flow_status()))
        desk = Desk(tmp_path / "desk")
        with open_channel(server.settings()) as channel:
            desk.channel = channel
            flow = desk.deposit("FA-0001")
            done = desk.collect()
            desk.ledger.close()
    assert done.problem is None
    assert done.fetched == ("CSO1106A_good",)
    assert [finding.rule for finding in done.findings] == ["RT-FILE-02"]
    assert done.flows == {flow: "integrated"}


def test_attachments_too_large_are_told_and_never_held(tmp_path: Path) -> None:
    ended = apart(_attachments, tmp_path)
    assert ended.code is ExitCode.FINDINGS, ended
    assert ended.told == ("F1 AT-SIZE-01 AT-SIZE-02", "F2 AT-SIZE-02", "F3 handed_over")


def _attachments(folder: Path) -> tuple[ExitCode, tuple[str, ...]]:
    _bounded()
    firm = Firm(folder)
    store = firm.root / "attachments"
    with (store / "huge.pdf").open("wb") as stream:
        stream.truncate(_TEN_GB)
    names = [f"b{rank}.pdf" for rank in range(400)]
    for name in names:
        with (store / name).open("wb") as stream:
            stream.truncate(9_900_000)
    (store / "ok.pdf").write_bytes(b"pdf")
    firm.drop(
        "a.csv",
        csv(
            [
                row("F1", attachments="huge.pdf"),
                row("F2", attachments="|".join(names)),
                row("F3", attachments="ok.pdf"),
            ]
        ),
    )
    code = firm.code(firm.run())
    told = [
        " ".join(["F1", *sorted(firm.rules("F1"))]),
        " ".join(["F2", *sorted(firm.rules("F2"))]),
    ]
    return code, (*told, "F3 " + firm.states()["F3"][0])
