"""Import of the directory of public structures from the files that Chorus Pro publishes.

A CSV (UTF-8, with or without mark) or an Excel workbook (first sheet) of structures, and one of
services. The new directory takes the place of the former one at once, or not at all.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from zoneinfo import ZoneInfo

from config.catalogue import Language
from config.directory import Service, Structure
from config.directory_settings import Directory
from flows.errors import ConfigurationError
from flows.ledger import DirectoryImport, DirectorySource, Ledger
from flows.word import word
from schemas.explain import explain
from transforms.directory_rows import DirectoryFileError, Row, ServiceReader, StructureReader
from transforms.finding import Finding
from transforms.sheet_rows import SheetError, sheet_rows

#: First bytes of a ZIP, and so of a workbook.
_ZIP = b"PK\x03\x04"
_MARKS = ";,\t|"
#: A day in a file name: ``AIFE-Chorus-Pro-Annuaire_20200309.xlsx``, ``annuaire-2026-09-14.csv``.
_DAY = re.compile(r"(?<![0-9])(20[0-9]{2})[-_]?(0[1-9]|1[0-2])[-_]?([0-2][0-9]|3[01])(?![0-9])")

_NOT_UTF8 = "it is not UTF-8 (save it as “CSV UTF-8”, or import the workbook itself)"

#: Rows left out that are told on a terminal.
_SHOWN = 20

#: A new directory that has lost more than half of a former one of this size was cut short.
_LARGE = 1_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        record: what the ledger keeps of it.
        date_from: where the date of the directory was taken from: option, name or file.
        findings: rows left out.
        pseudo: services of the name FACTURES_PUBLIQUES, ignored.
        orphans: services of structures that are not in the structures file, ignored.
    """

    record: DirectoryImport
    date_from: str
    findings: tuple[Finding, ...]
    pseudo: int
    orphans: int

    def lines(self, language: Language) -> list[str]:
        """Return what was done, for a terminal."""
        record = self.record
        told = [
            f"directory of {record.dated} (day taken from: {self.date_from})",
            f"{record.structures} structures, "
            + (
                f"{record.services} services"
                if record.services is not None
                else "no services: service codes are not checked (--services FILE)"
            ),
        ]
        if record.repaired:
            told.append(f"{record.repaired} identifiers got their leading zeros back")
        if self.pseudo:
            told.append(f"{self.pseudo} pseudo-services FACTURES_PUBLIQUES ignored")
        if self.orphans:
            told.append(f"{self.orphans} services of structures not in the file ignored")
        told += [explain(finding, language).message for finding in self.findings[:_SHOWN]]
        if len(self.findings) > _SHOWN:
            told.append(
                f"… and {len(self.findings) - _SHOWN} more rows left out (--json lists all)"
            )
        return told

    def as_dict(self, language: Language) -> dict[str, object]:
        """Return what was done as plain data."""
        return {
            **asdict(self.record),
            "date_from": self.date_from,
            "pseudo_services": self.pseudo,
            "services_without_structure": self.orphans,
            "findings": [
                {
                    "rule": finding.rule,
                    "severity": finding.severity.value,
                    "file": finding.location.file,
                    "line": finding.location.line,
                    "value": finding.value,
                    "message": explain(finding, language).message,
                }
                for finding in self.findings
            ],
        }


def import_directory(
    ledger: Ledger,
    settings: Directory,
    structures: Path,
    services: Path | None = None,
    *,
    dated: date | None = None,
    zone: str = "Europe/Paris",
    by: str,
    reason: str = "",
) -> Imported:
    """Replace the directory of the ledger by that of the files.

    Args:
        ledger: where it is kept.
        settings: names of the columns.
        structures: CSV or XLSX of the structures.
        services: CSV or XLSX of the services; None: the services become unknown.
        dated: day it was published; by default the day in the name of the structures file, else
            the day that file was last changed.
        zone: where days begin.
        by: who imports.
        reason: why; by default the name of the file.

    Raises:
        ConfigurationError: a file cannot be used, or holds much less than the former directory, or
            nobody is named; the former one stays.
    """
    said = word(by, reason or structures.name, command="directory import")
    today = ledger.now().astimezone(ZoneInfo(zone)).date()
    day, date_from = _date_of(structures, dated, zone)
    if day > today:
        message = f"The directory cannot be of {day}: today is {today}."
        raise ConfigurationError(message, next_step="Give its day with --date YYYY-MM-DD.")
    former = ledger.directory_now()
    with ExitStack() as stack:
        first = stack.enter_context(_opened(structures))
        source = DirectorySource(
            dated=day,
            actor=said.by,
            structures_file=structures.name,
            structures_sha256=_digest(first),
            reason=said.reason,
        )
        second = None
        if services is not None:
            second = stack.enter_context(_opened(services))
            source.services_file, source.services_sha256 = services.name, _digest(second)
        reading = _Reading(source, settings, structures, first, services, second, former)
        record = ledger.replace_directory(
            source, reading.structures(), reading.services() if second is not None else None
        )
    return Imported(record, date_from, tuple(reading.findings), reading.pseudo, reading.orphans)


class _Reading:
    """Both files, read one after the other while the ledger writes."""

    def __init__(
        self,
        source: DirectorySource,
        settings: Directory,
        structures_path: Path,
        structures: BufferedReader,
        services_path: Path | None,
        services: BufferedReader | None,
        former: DirectoryImport | None,
    ) -> None:
        self._source = source
        self._settings = settings
        self._structures_path, self._structures = structures_path, structures
        self._services_path, self._services = services_path, services
        self._former = former
        self._identifiers: set[str] = set()
        self.findings: list[Finding] = []
        self.pseudo = 0
        self.orphans = 0

    def structures(self) -> Iterator[Structure]:
        """Yield the structures; at the end, refuse a file that holds too few."""
        path = self._structures_path
        rows, exact = _rows(self._structures)
        with _naming(path), closing(rows):
            reader = StructureReader(
                rows,
                file=path.name,
                columns=self._settings.structure_columns,
                exact_width=exact,
            )
            yield from reader
        self._identifiers = reader.identifiers
        count, former = len(reader.identifiers), self._former.structures if self._former else 0
        if count == 0 or (former >= _LARGE and count * 2 < former):
            message = (
                f"{path.name} holds {count} structures ({len(reader.findings)} rows left out); "
                f"the directory in use has {former}. It stays as it is."
            )
            step = "The file may be cut short or be another one: download it again."
            raise ConfigurationError(message, next_step=step)
        self._count(reader.findings, reader.repaired)

    def services(self) -> Iterator[tuple[str, Service]]:
        """Yield the services of the structures read before."""
        assert self._services_path is not None
        assert self._services is not None
        rows, exact = _rows(self._services)
        with _naming(self._services_path), closing(rows):
            reader = ServiceReader(
                rows,
                file=self._services_path.name,
                columns=self._settings.service_columns,
                structures=self._identifiers,
                exact_width=exact,
            )
            yield from reader
        self.pseudo, self.orphans = reader.pseudo, reader.orphans
        self._count(reader.findings, reader.repaired)

    def _count(self, findings: list[Finding], repaired: int) -> None:
        self.findings += findings
        self._source.refused += sum(finding.blocks for finding in findings)
        self._source.repaired += repaired


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what the readers raise into an error that names the file."""
    try:
        yield
    except (DirectoryFileError, SheetError, UnicodeDecodeError) as error:
        why = _NOT_UTF8 if isinstance(error, UnicodeDecodeError) else str(error)
        message = f"The directory file {path.name} cannot be used: {why}."
        step = "Nothing was imported. See docs/directory.md for its columns."
        raise ConfigurationError(message, next_step=step) from error


def _rows(stream: BufferedReader) -> tuple[Generator[Row, None, None], bool]:
    """Return the rows of a file, and whether they must be as wide as the header (CSV)."""
    start = stream.read(len(_ZIP))
    stream.seek(0)
    return (sheet_rows(stream), False) if start == _ZIP else (_csv_rows(stream), True)


def _csv_rows(stream: BufferedReader) -> Generator[Row, None, None]:
    text = TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        head = text.readline()
        text.seek(0)
        mark = max(_MARKS, key=head.count)
        reader = csv.reader(text, delimiter=mark, strict=True)
        line = 1
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        msg = f"line {reader.line_num}: {error}"
        raise DirectoryFileError(msg) from error
    finally:
        text.detach()


def _opened(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        message = f"The directory file {path} cannot be read: {error.strerror}."
        raise ConfigurationError(message) from error


def _digest(stream: BufferedReader) -> str:
    digest = hashlib.file_digest(stream, "sha256").hexdigest()
    stream.seek(0)
    return digest


def _date_of(path: Path, dated: date | None, zone: str) -> tuple[date, str]:
    if dated is not None:
        return dated, "option --date"
    for match in _DAY.finditer(path.stem):
        try:
            return date(*(int(part) for part in match.groups())), "name of the file"
        except ValueError:
            continue
    try:
        changed = path.stat().st_mtime
    except OSError as error:
        message = f"The directory file {path} cannot be read: {error.strerror}."
        raise ConfigurationError(message) from error
    return datetime.fromtimestamp(changed, ZoneInfo(zone)).date(), "last change of the file"
