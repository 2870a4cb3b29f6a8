"""Names in odd encodings, and paths that lead elsewhere: told as text, followed nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.attachments import AttachmentFile, read
from flows.errors import ExitCode
from flows.landing_moves import shown
from tests.support.firm import Firm, csv, row

ODD = (
    b"caf\xe9.csv",
    b"caf\xe8.csv",
    b"line\nforged 2026-01-01 INFO.csv",
    b"esc\x1b[31m.csv",
    "gnp\u202e.csv".encode(),
    b"quote\"'<script>.csv",
    b"=cmd.csv",
    b"x" * 251 + b".csv",
    "é".encode() * 125 + b".csv",
)


def test_a_night_reads_files_of_any_name_and_tells_each_apart(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    landing = os.fsencode(tmp_path / "landing")
    for rank, name in enumerate(ODD):
        path = Path(os.fsdecode(landing + b"/" + name))
        columns = row("").keys() if rank else reversed(row("").keys())
        path.write_text(csv([row(f"F{rank}"), row(f"B{rank}", buyer_siret="1")], tuple(columns)))
        os.utime(path, (0, 0))
    results = firm.run()
    assert firm.code(results) is ExitCode.FINDINGS, results
    states = firm.states()
    assert [states[f"F{rank}"] for rank in range(len(ODD))] == [["handed_over"]] * len(ODD)
    with firm.ledger() as ledger:
        names = [extract.name for extract in ledger.extracts(results[0].run_id)]
    assert len(set(names)) == len(ODD)
    assert all(name.isprintable() or "\u202e" in name for name in names)
    assert r"caf\xe9.csv" in names
    told = firm.command("status", "--run", results[0].run_id).stdout
    assert not {"\x1b", "\u202e"} & set(told)
    assert not any(line.startswith("forged") for line in told.splitlines())
    for page in (tmp_path / "reports").rglob("*.csv"):
        assert not any(cell.startswith("=cmd") for cell in page.read_text("utf-8-sig").split(";"))


def test_two_files_of_the_longest_name_are_both_kept(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    name = "x" * 251 + ".csv"
    for number in ("F1", "F2"):
        firm.drop(name, csv([row(number)]))
        firm.run()
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}


@pytest.mark.parametrize(
    ("name", "told"),
    [(b"a\xff", r"a\xff"), (b"a\nb", r"a\x0ab"), ("é".encode(), "é"), (b"a\xc2\x9bb", r"a\x9bb")],
)
def test_a_name_is_told_on_one_line(name: bytes, told: str) -> None:
    assert shown(Path(os.fsdecode(name))) == told


@pytest.fixture
def found(tmp_path: Path) -> AttachmentFile:
    """An attachment that was found."""
    folder = tmp_path / "attachments"
    folder.mkdir()
    path = folder / "bl.pdf"
    path.write_bytes(b"pdf")
    (tmp_path / "secret").write_bytes(b"secret")
    return AttachmentFile("bl.pdf", path.resolve(), 3)


@pytest.mark.parametrize("exchanged", ["link", "folder link", "pipe", "device", "folder", "gone"])
def test_what_took_the_place_of_an_attachment_is_not_read(
    found: AttachmentFile, exchanged: str
) -> None:
    found.path.unlink()
    secret = found.path.parent.parent / "secret"
    if exchanged == "link":
        found.path.symlink_to(secret)
    elif exchanged == "folder link":
        found.path.parent.rmdir()
        elsewhere = found.path.parent.parent / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "bl.pdf").write_bytes(b"secret")
        found.path.parent.symlink_to(elsewhere)
    elif exchanged == "pipe":
        os.mkfifo(found.path)
    elif exchanged == "device":
        found.path.symlink_to("/dev/zero")
    elif exchanged == "folder":
        found.path.mkdir()
    content = read([found], max_file=100, max_total=100)
    assert (content.files, content.gone) == ((), ("bl.pdf",))


@pytest.mark.parametrize(
    ("size", "too_large", "hashed"),
    [(3, (), 64), (99, (), 64), (100, (("bl.pdf", 100),), 8), (5000, (("bl.pdf", 5000),), 9)],
)
def test_an_attachment_that_grew_is_read_as_far_as_it_may_be(
    found: AttachmentFile, size: int, too_large: tuple[tuple[str, int], ...], hashed: int
) -> None:
    found.path.write_bytes(b"x" * size)
    content = read([found], max_file=100, max_total=1000)
    assert content.too_large == too_large
    assert [len(data) for _, data in content.files] == ([size] if not too_large else [])
    assert [len(digest) for digest in content.hashes] == [hashed]
    assert content.total == size


def test_attachments_beyond_what_an_invoice_may_carry_are_not_read(found: AttachmentFile) -> None:
    found.path.write_bytes(b"x" * 60)
    content = read([found, found, found], max_file=100, max_total=100)
    assert [len(data) for _, data in content.files] == [60]
    assert (content.too_large, content.total) == ((), 180)
