"""Open a deposited flow as Chorus Pro's exchange system does: name, compression, limits.

Anything wrong here makes the whole flow irrecevable (AIFE, Le mode EDI - annexe, 2017, p. 3-4).
The members are streamed: one XML in memory at a time.
"""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flows.sandbox.invoice_view import Syntax
from flows.sandbox.messages import Message, irrecevable

#: Interfaces the sandbox is open for, with the root element of their XML (AIFE, Le mode EDI -
#: annexe, 2017; CII 16B by the page of flow examples of 2024).
INTERFACES: dict[str, Syntax] = {"FSO1100A": "ubl", "FSO1106A": "cii"}
#: Other interfaces of suppliers: known, but this partner has no right to them here.
KNOWN_INTERFACES = frozenset(
    {"FSO1101A", "FSO1110A", "FSO1111A", "FSO1113A", "FSO1116A", "FSO1117A", "FSO1120A"}
)
NAME_LENGTH = 41  # AIFE, Le mode EDI - annexe, 2017, p. 3: 8 + 1 + 6 + 1 + 25
MAX_INVOICES = 500  # per structured flow (Annexe EDI, as quoted by Akuiteo)
MAX_BYTES = 1_000_000_000  # 1 Go per structured flow (same source)
MAX_RATIO = 200  # the sandbox's own guard against archive bombs
RATIO_FREE_BYTES = 20_000_000  # below it no ratio is looked at
MAX_PADDING = 1_000_000  # zeros after the last member
MAX_SIDE_FILES = 10  # style sheets and signatures beside the invoices

_NAME = re.compile(r"(FSO(\d{4})[A-Z])_([A-Z0-9]{6})_\3\2(\d{15})")
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class IrrecevableError(ValueError):
    """Raised when a flow is refused as a whole; carries the message."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(message.text)


def _irrecevable(code: str, text: str) -> IrrecevableError:
    return IrrecevableError(irrecevable(code, text))


@dataclass(frozen=True, slots=True)
class FlowName:
    """The parts of a flow's name."""

    interface: str
    application: str
    sequence: str
    flow_id: str


@dataclass(frozen=True, slots=True)
class Member:
    """One XML of a flow: its own flow id, the name it bears, its bytes."""

    flow_id: str
    name: str
    content: bytes


def read_name(name: str) -> FlowName:
    """Return the parts of a name of 41 characters.

    Raises:
        IrrecevableError: when the name does not follow the rule.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise _irrecevable("001", f"Le nom du flux {name} ne respecte pas la regle de nommage")
    return FlowName(match[1], match[3], match[4], name[16:])


def check_name(name: FlowName, applications: Collection[str]) -> Syntax:
    """Return the syntax (``cii``, ``ubl``) of the flow's interface.

    Args:
        name: the parts of the flow's name.
        applications: partner codes with a connection; empty: any.

    Raises:
        IrrecevableError: when the interface or the partner is not known.
    """
    if name.interface not in INTERFACES:
        reason = "n'est pas ouverte" if name.interface in KNOWN_INTERFACES else "est inconnue"
        raise _irrecevable("002", f"L'interface {name.interface} {reason} pour ce partenaire")
    if applications and name.application not in applications:
        raise _irrecevable("003", f"Le code application {name.application} est inconnu")
    return INTERFACES[name.interface]


def members(path: Path, name: FlowName) -> Iterator[Member]:
    """Yield the XML members of the flow stored at ``path``.

    Raises:
        IrrecevableError: when the compression, a member's name or a limit is not respected. Members
            already given out then belong to a flow that is refused.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(2)
    if not size:
        raise _irrecevable("004", "Le flux est vide")
    if start != _GZIP:
        if size > MAX_BYTES:
            raise _irrecevable("006", "La taille du flux depasse 1 Go")
        content = path.read_bytes()
        if content.removeprefix(_BOM).lstrip()[:1] != b"<":
            raise _irrecevable("005", "Le flux n'est ni un fichier XML ni une archive tar.gz")
        yield Member(name.flow_id, "", content)
        return
    yield from _archive_members(path, name, size)


def _archive_members(path: Path, name: FlowName, size: int) -> Iterator[Member]:
    seen: set[str] = set()
    try:
        # gzip apart from tarfile: tarfile's own stream checks neither the end nor the CRC.
        with (
            gzip.open(path) as stream,
            tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive,
        ):
            for entry, content in _plain_files(archive, size):
                member_id = _member_id(entry.name, name)
                if member_id in seen:
                    raise _irrecevable("010", f"Le fichier {entry.name} est en double")
                if not seen and member_id != name.flow_id:
                    text = "L'archive ne porte pas le nom de son premier fichier"
                    raise _irrecevable("011", text)
                seen.add(member_id)
                if len(seen) > MAX_INVOICES:
                    raise _irrecevable("012", f"Le flux depasse {MAX_INVOICES} factures")
                yield Member(member_id, entry.name, content.read())
            _drain(stream)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        text = "Le flux n'est pas une archive tar.gz lisible"
        raise _irrecevable("005", text) from error
    if not seen:
        raise _irrecevable("013", "L'archive ne contient aucune facture")


def _plain_files(
    archive: tarfile.TarFile, size: int
) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Yield the XML files at the root of the archive; style sheets and signatures are let by."""
    total = side_files = 0
    for entry in archive:
        total += entry.size
        if total > MAX_BYTES:
            raise _irrecevable("006", "La taille du flux depasse 1 Go")
        if total > max(size * MAX_RATIO, RATIO_FREE_BYTES):
            raise _irrecevable("007", "Le taux de compression du flux est anormal")
        content = archive.extractfile(entry) if entry.isfile() else None
        if content is None or "/" in entry.name or "\\" in entry.name:
            text = f"L'archive doit contenir des fichiers a sa racine : {entry.name[:60]}"
            raise _irrecevable("008", text)
        if entry.name.endswith(".xml"):
            yield entry, content
            continue
        side_files += 1
        if side_files > MAX_SIDE_FILES:
            raise _irrecevable("009", "L'archive contient des fichiers inattendus")


def _drain(stream: gzip.GzipFile) -> None:
    """Read the padding after the last member, so that gzip checks length and CRC."""
    read = 0
    while block := stream.read(65_536):
        read += len(block)
        if read > MAX_PADDING:
            raise _irrecevable("007", "Le taux de compression du flux est anormal")


def _member_id(file_name: str, flow: FlowName) -> str:
    try:
        inner = read_name(file_name.removesuffix(".xml"))
    except IrrecevableError as error:
        text = f"Le fichier {file_name[:60]} ne respecte pas la regle de nommage"
        raise _irrecevable("014", text) from error
    if (inner.interface, inner.application) != (flow.interface, flow.application):
        text = f"Le fichier {file_name} n'est pas de l'interface ou du partenaire du flux"
        raise _irrecevable("015", text)
    return inner.flow_id
