"""Rows of the files of the directory, read as structures and services.

Strict where a guess would judge invoices: a flag or a date that cannot be read stops the import,
naming its line. An identifier that a spreadsheet has spoilt costs its row only, and is told;
leading zeros that it dropped are given back, and counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import TypeAlias

from config.directory import PSEUDO_SERVICE, Service, Structure
from config.directory_settings import ServiceColumns, StructureColumns
from config.section import Section
from transforms.finding import Finding, Location, Severity

#: A row of a file: its number from 1, and its cells.
Row: TypeAlias = tuple[int, Sequence[str]]

#: Rows in which the header is looked for: a title may stand above it.
HEADER_WITHIN = 20

_SIRET = re.compile(r"[0-9]{14}")
#: At most two leading zeros count as lost: a shorter number is no SIRET at all.
_SHORTENED = re.compile(r"[0-9]{12,13}")
#: Other kinds of identifier keep their form. Source: AIFE, Swagger of the API Structures.
_SIRET_KINDS = frozenset({"", "1", "01", "siret"})

#: Spellings of a flag. Chorus Pro's own is not published: true/false or O/N (unsure).
_FLAGS = {
    **dict.fromkeys(("true", "vrai", "1", "o", "oui", "y", "yes", "x", "actif", "active"), True),
    **dict.fromkeys(("false", "faux", "0", "n", "non", "no", "inactif", "inactive"), False),
}

_ISO_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ].*)?")
_FRENCH_DATE = re.compile(r"([0-9]{2})[/.-]([0-9]{2})[/.-]([0-9]{4})(?:[T ].*)?")
#: Day number of Excel's 1900 date system: five digits from 1927 to 2173.
_EXCEL_DAY = re.compile(r"([0-9]{5})(?:[.][0-9]+)?")
_EXCEL_EPOCH = date(1899, 12, 30)


class DirectoryFileError(ValueError):
    """Raised when a file of the directory cannot be used; names the line where there is one."""


class _Reader:
    """What both files share: the header, the cells of a row by field, and what was left out."""

    def __init__(
        self, rows: Iterable[Row], columns: Section, *, file: str, exact_width: bool
    ) -> None:
        self._rows = iter(rows)
        self._names: dict[str, tuple[str, ...]] = columns.model_dump()
        self._file = file
        self._exact = exact_width
        self._ranks: dict[str, int] = {}
        self._width = 0
        self._find_header()
        self.repaired = 0
        """Identifiers whose leading zeros were given back."""
        self.findings: list[Finding] = []
        """Rows left out, and why."""

    def _find_header(self) -> None:
        first: Sequence[str] = ()
        for _, cells in islice(self._rows, HEADER_WITHIN):
            present: dict[str, int] = {}
            for rank, cell in enumerate(cells):
                present.setdefault(_plain(cell), rank)
            for field, names in self._names.items():
                ranks = [present[_plain(name)] for name in names if _plain(name) in present]
                if ranks:
                    self._ranks[field] = ranks[0]
            # One name alone may be a value: "SIRET" is one of TypeIdentifiant.
            if "identifier" in self._ranks and len(self._ranks) > 1:
                self._width = len(cells)
                return
            self._ranks.clear()
            first = first or cells
        wanted = " / ".join(self._names["identifier"])
        seen = ", ".join(cell for cell in first[:8] if cell)
        msg = f"no header with a column {wanted}" + (f"; it begins with {seen}" if seen else "")
        raise DirectoryFileError(msg)

    def _require(self, *fields: str) -> None:
        missing = [self._names[field][0] for field in fields if field not in self._ranks]
        if missing:
            msg = f"the header lacks {', '.join(missing)}"
            raise DirectoryFileError(msg)

    def _data(self) -> Iterator[Row]:
        """Yield the rows below the header that are whole."""
        for line, cells in self._rows:
            found = len(cells)
            if found == self._width or not any(cells):
                if any(cells):
                    yield line, cells
            elif self._exact or any(cells[self._width :]):
                params = {"found": str(found), "expected": str(self._width)}
                self._leave("DR-FILE-03", line, cells[0], params)
            else:
                # A workbook leaves out empty cells at the end of a row.
                yield line, (*cells[: self._width], *[""] * (self._width - found))

    def _text(self, cells: Sequence[str], field: str) -> str:
        rank = self._ranks.get(field)
        return "" if rank is None else cells[rank].strip()

    def _flag(self, line: int, cells: Sequence[str], field: str, *, default: bool = False) -> bool:
        text = self._text(cells, field)
        if not text:
            return default
        flag = _FLAGS.get(text.lower())
        if flag is None:
            column = self._column(field)
            msg = f"line {line}, column {column}: {text!r} is neither yes nor no"
            raise DirectoryFileError(msg)
        return flag

    def _day(self, line: int, cells: Sequence[str], field: str) -> date | None:
        text = self._text(cells, field)
        if not text:
            return None
        try:
            if match := _ISO_DATE.fullmatch(text):
                return date(int(match[1]), int(match[2]), int(match[3]))
            if match := _FRENCH_DATE.fullmatch(text):
                return date(int(match[3]), int(match[2]), int(match[1]))
            if match := _EXCEL_DAY.fullmatch(text):
                return _EXCEL_EPOCH + timedelta(days=int(match[1]))
        except ValueError:
            pass
        msg = f"line {line}, column {self._column(field)}: {text!r} is no date"
        raise DirectoryFileError(msg)

    def _column(self, field: str) -> str:
        return self._names[field][0]

    def _leave(
        self, rule: str, line: int, value: str, params: dict[str, str] | None = None
    ) -> None:
        severity = Severity.WARNING if rule == "DR-FILE-02" else Severity.ERROR
        place = Location(self._file, line)
        self.findings.append(Finding(rule, severity, place, value=value, params=params or {}))


class StructureReader(_Reader):
    """Reads the structures file: iterate once, then look at the counts.

    Args:
        rows: rows of the file, header included.
        file: its name, for findings.
        columns: names of the columns (setting ``directory.structure_columns``).
        exact_width: whether a row of another width than the header is cut short (CSV).

    Raises:
        DirectoryFileError: no header, a column is missing, or (while iterating) a flag that
            cannot be read.
    """

    def __init__(
        self, rows: Iterable[Row], *, file: str, columns: StructureColumns, exact_width: bool
    ) -> None:
        super().__init__(rows, columns, file=file, exact_width=exact_width)
        self._require(
            "active",
            "service_required",
            "engagement_required",
            "service_or_engagement",
            "works_owner_only",
        )
        self.identifiers: set[str] = set()
        """Identifiers read so far."""

    def __iter__(self) -> Iterator[Structure]:
        """Yield the structures in the order of the file."""
        text, flag = self._text, self._flag
        for line, cells in self._data():
            kind = text(cells, "kind")
            told = text(cells, "identifier")
            identifier = told if kind.lower() not in _SIRET_KINDS else whole_siret(told)
            if not identifier:
                self._leave("DR-FILE-01", line, told)
                continue
            if identifier in self.identifiers:
                self._leave("DR-FILE-02", line, identifier)
                continue
            self.identifiers.add(identifier)
            self.repaired += len(identifier) - len(told) > 0
            yield Structure(
                identifier=identifier,
                name=text(cells, "name"),
                kind=kind,
                active=flag(line, cells, "active", default=True),
                service_required=flag(line, cells, "service_required"),
                engagement_required=flag(line, cells, "engagement_required"),
                service_or_engagement=flag(line, cells, "service_or_engagement"),
                works_owner_only=flag(line, cells, "works_owner_only"),
                tells_payment=flag(line, cells, "tells_payment"),
                postcode=text(cells, "postcode"),
                city=text(cells, "city"),
            )


class ServiceReader(_Reader):
    """Reads the services file, as :class:`StructureReader` reads its own.

    Args:
        structures: identifiers of the structures: a service of another one is only counted.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        *,
        file: str,
        columns: ServiceColumns,
        structures: Container[str],
        exact_width: bool,
    ) -> None:
        super().__init__(rows, columns, file=file, exact_width=exact_width)
        self._require("code")
        self._structures = structures
        self.pseudo = 0
        """Rows of the pseudo-service, which no invoice may name; ignored."""
        self.orphans = 0
        """Services of structures that the structures file does not have; ignored."""

    def __iter__(self) -> Iterator[tuple[str, Service]]:
        """Yield identifier of the structure and service, in the order of the file."""
        seen: set[tuple[str, str]] = set()
        for line, cells in self._data():
            told, code = self._text(cells, "identifier"), self._text(cells, "code")
            identifier = told if told in self._structures else whole_siret(told)
            if not identifier or not code:
                self._leave("DR-FILE-01", line, told)
            elif code == PSEUDO_SERVICE:
                self.pseudo += 1
            elif identifier not in self._structures:
                self.orphans += 1
            elif (identifier, code) in seen:
                self._leave("DR-FILE-02", line, f"{identifier} {code}")
            else:
                seen.add((identifier, code))
                self.repaired += len(identifier) - len(told) > 0
                yield (
                    identifier,
                    Service(
                        code=code,
                        name=self._text(cells, "name"),
                        active=self._flag(line, cells, "active", default=True),
                        engagement_required=self._flag(line, cells, "engagement_required"),
                        valid_from=self._day(line, cells, "valid_from"),
                        valid_until=self._day(line, cells, "valid_until"),
                    ),
                )


def whole_siret(text: str) -> str | None:
    """Return the SIRET in ``text``, its lost leading zeros given back; None when it is none.

    What a spreadsheet shows of a SIRET (``1,23457E+13``, ``12345678200051.0``) has lost digits,
    or may have: it is not repaired.
    """
    if _SIRET.fullmatch(text):
        return text
    return text.zfill(14) if _SHORTENED.fullmatch(text) else None


def _plain(name: str) -> str:
    """Return a column name without capitals, accents, blanks and punctuation."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in parts if letter.isalnum())
