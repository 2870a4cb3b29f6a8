"""The rows of a table that accountants keep: every cell read as its term, every fault told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from config.company_tables import Enrichment
from config.profile import Dates, Marks, Profile, TermSource
from config.terms import DECIMAL_KINDS, Term, registry
from flows.extract_sides import with_likeness
from schemas.explain import explain
from transforms.converters import Converted, Converter, ReadError, checked_siret, converter
from transforms.enrichment import Key, Row
from transforms.finding import Finding, Location, Severity
from transforms.schemes import SIRET
from transforms.sheet_rows import SheetError
from transforms.term_access import is_siret

#: How dates and numbers may be written in a table; no text is read differently by two of them.
_DATES = Dates(formats=("yyyy-MM-dd", "dd/MM/yyyy"))
_NUMBERS = (Marks(decimal=",", thousands=" "), Marks(decimal=".", thousands=" "))
#: A line: its number and its cells, or (cells None) what is wrong with it.
Line: TypeAlias = tuple[int, Sequence[str] | None, str]


class TableFaultsError(ValueError):
    """Raised with every fault of one table."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(faults))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that is used: where it stands, and how its cells are read."""

    term: Term
    heading: str
    rank: int
    convert: Converter


class EnrichmentRows:
    """The rows of one table, by key."""

    def __init__(self, file: str, entry: Enrichment, headings: Sequence[str]) -> None:
        self._file = file
        self._faults: list[str] = []
        self._key = self._columns(entry.key, headings)
        self._given = self._columns(entry.gives, headings)
        if self._faults:
            raise TableFaultsError(self._faults)
        ranks = {column.term.path: rank for rank, column in enumerate(self._given)}
        #: Rank of each SIRET among what is given, with that of its identifier type.
        self._sirets = [
            (rank, ranks.get(str(column.term.path).replace(".value", ".scheme")))
            for rank, column in enumerate(self._given)
            if column.term.siret
        ]

    def read(self, lines: Iterator[Line]) -> Mapping[Key, Row]:
        """Return the rows by key.

        Raises:
            TableFaultsError: with every fault.
        """
        rows: dict[Key, Row] = {}
        used = (*self._key, *self._given)
        try:
            for line, cells, fault in lines:
                if cells is None:
                    self._faults.append(fault)
                    continue
                texts = [_cell(cells, column.rank) for column in used]
                if any(texts):
                    self._add(rows, line, texts)
        except SheetError as error:
            self._faults.append(str(error))
        if self._faults:
            raise TableFaultsError(self._faults)
        return rows

    def _add(self, rows: dict[Key, Row], line: int, texts: Sequence[str]) -> None:
        width = len(self._key)
        before = len(self._faults)
        key = tuple(self._text(c, line, t) or "" for c, t in zip(self._key, texts, strict=False))
        values = tuple(
            self._text(c, line, t) for c, t in zip(self._given, texts[width:], strict=True)
        )
        self._check_sirets(line, values)
        if len(self._faults) > before:
            return
        if not all(key):
            empty = ", ".join(c.heading for c, t in zip(self._key, key, strict=True) if not t)
            self._faults.append(f"line {line}: {empty} is empty")
            return
        known = rows.setdefault(key, (line, values))
        if known[1] != values:
            said = ", ".join(f"{c.heading} {t}" for c, t in zip(self._key, key, strict=True))
            others = [
                column.heading
                for column, mine, other in zip(self._given, values, known[1], strict=True)
                if mine != other
            ]
            self._faults.append(
                f"line {line}: {said} is on line {known[0]} already, with another "
                f"{', '.join(others)}"
            )

    def _text(self, column: _Column, line: int, cell: str) -> str | None:
        """Return the canonical text of a cell; None when it is empty or unreadable (then told)."""
        if cell.startswith("#") and cell.endswith(("!", "?", "#N/A")):
            self._faults.append(
                f"line {line}: {column.heading} holds {cell}, an error or a formula without value"
            )
            return None
        try:
            _, canonical = column.convert(cell)
        except ReadError as error:
            self._tell(error.rule, column, line, cell, error.params)
            return None
        return canonical or None

    def _check_sirets(self, line: int, values: Sequence[str | None]) -> None:
        for rank, scheme_rank in self._sirets:
            value = values[rank]
            scheme = values[scheme_rank] if scheme_rank is not None else None
            if value is None or scheme not in (None, SIRET) or is_siret(value):
                continue
            column = self._given[rank]
            _, rule = checked_siret(value, scheme, pad=False)
            if rule is not None:
                self._tell(rule, column, line, value, {})
            else:
                self._faults.append(
                    f"line {line}: {column.heading} “{value}” is no SIRET of 14 digits (another "
                    f"identifier needs its type, {column.term.id}-1)"
                )

    def _tell(
        self, rule: str, column: _Column, line: int, value: str, params: Mapping[str, str]
    ) -> None:
        place = Location(self._file, line, column.heading)
        finding = Finding(rule, Severity.ERROR, place, column.term.id, value, dict(params))
        self._faults.append(explain(finding, "en").message.rstrip("."))

    def _columns(self, headings: Mapping[str, str], found: Sequence[str]) -> tuple[_Column, ...]:
        columns = []
        for term_id, heading in headings.items():
            term = registry().terms[term_id]
            ranks = [rank for rank, name in enumerate(found) if name == heading]
            if not ranks:
                likely = heading.casefold()
                ranks = [rank for rank, name in enumerate(found) if name.casefold() == likely]
            if len(ranks) == 1:
                columns.append(_Column(term, heading, ranks[0], _converter(term)))
            elif ranks:
                self._faults.append(f"there are {len(ranks)} columns {heading!r}")
            else:
                there = ", ".join(name for name in found if name) or "none"
                told = with_likeness(heading, found)
                self._faults.append(f"there is no column {told}; there are: {there}")
        return tuple(columns)


def _cell(cells: Sequence[str], rank: int) -> str:
    return cells[rank].strip() if rank < len(cells) else ""


def _converter(term: Term) -> Converter:
    """Return what reads a cell as ``term``; numbers with a comma or a point."""
    source = TermSource(column=term.id)
    profile = Profile(profile="table", dates=_DATES, header={})
    if term.kind not in DECIMAL_KINDS:
        return converter(term, source, profile, {})
    readers = [
        converter(term, source, profile.model_copy(update={"numbers": marks}), {})
        for marks in _NUMBERS
    ]
    return _first_that_reads(readers)


def _first_that_reads(readers: Sequence[Converter]) -> Callable[[str], Converted]:
    *others, last = readers

    def read(cell: str) -> Converted:
        for reader in others:
            try:
                return reader(cell)
            except ReadError:
                continue
        return last(cell)

    return read
