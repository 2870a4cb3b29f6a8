"""Name, compression and limits: what makes a whole flow irrecevable."""

from __future__ import annotations

import gzip
import io
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sandbox.envelope import IrrecevableError, check_name, members, read_name
from tests.support.sandbox_flows import flow_name, tar_gz

FIRST, SECOND = flow_name(7), flow_name(8)
XML = b"<x/>"


def opened(tmp_path: Path, data: bytes, name: str = FIRST) -> list[tuple[str, bytes]]:
    path = tmp_path / "flow"
    path.write_bytes(data)
    return [(member.flow_id, member.content) for member in members(path, read_name(name))]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "facture.xml",
        f"{FIRST}.xml",
        f"{FIRST}.tar.gz",
        FIRST[:-1],
        FIRST.lower(),
        FIRST.replace("_AAA9991106", "_BBB9991106"),
        FIRST.replace("9991106", "9991100"),
        f"{FIRST}\n",
    ],
)
def test_a_name_against_the_rule_is_irrecevable(name: str) -> None:
    with pytest.raises(IrrecevableError, match="regle de nommage"):
        read_name(name)


def test_a_name_of_41_characters_tells_interface_partner_and_flow_id() -> None:
    name = read_name(FIRST)
    assert (len(FIRST), name.interface, name.application) == (41, "FSO1106A", "AAA999")
    assert name.flow_id == "AAA9991106000000000000007"


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_a_name(text: str) -> None:
    try:
        name = read_name(text)
    except IrrecevableError:
        return
    assert len(text) == 41
    assert text.endswith(name.flow_id)


@pytest.mark.parametrize(
    ("interface", "words"),
    [("FSO1116A", "n'est pas ouverte"), ("FSO9999A", "est inconnue")],
)
def test_another_interface_is_irrecevable(interface: str, words: str) -> None:
    with pytest.raises(IrrecevableError, match=words):
        check_name(read_name(flow_name(1, interface)), ())


def test_an_unknown_partner_is_irrecevable() -> None:
    assert check_name(read_name(FIRST), {"AAA999"}) == "cii"
    with pytest.raises(IrrecevableError, match="code application AAA999"):
        check_name(read_name(FIRST), {"BBB111"})


def test_one_xml_alone_is_its_own_member(tmp_path: Path) -> None:
    assert opened(tmp_path, XML) == [("AAA9991106000000000000007", XML)]
    assert opened(tmp_path, b"\xef\xbb\xbf" + XML)[0][1].endswith(XML)


def test_an_archive_gives_its_members_in_order_and_lets_a_style_sheet_by(tmp_path: Path) -> None:
    files = [(f"{FIRST}.xml", b"<a/>"), ("FSO1106A.xsl", b"<xsl/>"), (f"{SECOND}.xml", b"<b/>")]
    found = opened(tmp_path, tar_gz(files))
    assert [(member[-2:], content) for member, content in found] == [
        ("07", b"<a/>"),
        ("08", b"<b/>"),
    ]


def _link() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(f"{FIRST}.xml")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    return gzip.compress(buffer.getvalue())


GOOD = tar_gz([(f"{FIRST}.xml", XML), (f"{SECOND}.xml", XML * 5000)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "vide"),
        (b"PK\x03\x04rest of a zip", "ni un fichier XML ni une archive"),
        (gzip.compress(XML), "archive tar.gz lisible"),
        (gzip.compress(b""), "aucune facture|archive tar.gz lisible"),
        (GOOD[: len(GOOD) // 2], "archive tar.gz lisible"),
        (GOOD[:-6], "archive tar.gz lisible"),
        (GOOD[:-8] + b"\0\0\0\0" + GOOD[-4:], "archive tar.gz lisible"),
        (tar_gz([]), "aucune facture"),
        (tar_gz([(f"dir/{FIRST}.xml", XML)]), "a sa racine"),
        (tar_gz([("../evil.xml", XML)]), "a sa racine"),
        (_link(), "a sa racine"),
        (tar_gz([("facture1.xml", XML)]), "regle de nommage"),
        (tar_gz([(f"{SECOND}.xml", XML)]), "nom de son premier fichier"),
        (tar_gz([(f"{FIRST}.xml", XML)] * 2), "en double"),
        (
            tar_gz([(f"{FIRST}.xml", XML), (f"{flow_name(8, 'FSO1100A')}.xml", XML)]),
            "pas de l'interface",
        ),
        (
            tar_gz([(f"{flow_name(7 + order)}.xml", XML) for order in range(501)]),
            "depasse 500 factures",
        ),
        (tar_gz([(f"{FIRST}.xml", b"\0" * 21_000_000)]), "taux de compression"),
        (tar_gz([(f"{FIRST}.xml", XML), *[("x.txt", b"x")] * 11]), "fichiers inattendus"),
    ],
    ids=lambda value: value.split("|")[0] if isinstance(value, str) else "",
)
def test_a_badly_packed_flow_is_irrecevable(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(IrrecevableError, match=words):
        opened(tmp_path, data)


def test_500_invoices_are_allowed(tmp_path: Path) -> None:
    data = tar_gz([(f"{flow_name(7 + order)}.xml", XML) for order in range(500)])
    assert len(opened(tmp_path, data)) == 500


@given(st.binary(max_size=400))
def test_no_bytes_break_the_opening(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("flow")
    for content in (data, b"\x1f\x8b" + data, gzip.compress(data)):
        with suppress(IrrecevableError):
            opened(folder, content)
