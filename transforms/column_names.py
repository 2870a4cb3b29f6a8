"""Names of columns: those of a file become those of the profile when the table is opened.

An extract may carry captions in another language, in other capitals, or with no-break spaces; the
profile says so (``aliases``, ``ignore_case``) and everything after the table knows one name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from config.profile import Profile
from transforms.finding import Finding
from transforms.records import RowFault
from transforms.table import Table, TableChunk, TableError, kept_columns

#: Ranks that ``{n}`` in an alias stands for, as in the columns of a repeated group.
_RANKS = range(1, 100)


@dataclass(frozen=True)
class ColumnNames:
    """The names a profile knows.

    Attributes:
        wanted: columns that are used: two columns of a file must not both be the same of these.
        aliases: name of the profile -> other names in files; ``{n}`` stands for the rank.
        ignore_case: whether capitals and small letters are the same.
        others: columns known by name and not used.
    """

    wanted: frozenset[str]
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ignore_case: bool = False
    others: frozenset[str] = frozenset()

    @classmethod
    def of(cls, profile: Profile, wanted: Collection[str]) -> ColumnNames:
        """Return the names of ``profile`` for a file of which ``wanted`` is used."""
        return cls(
            frozenset(wanted),
            profile.aliases,
            profile.ignore_case,
            frozenset(profile.ignored_columns),
        )

    def canonical(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the profile's names of the ``columns`` of a file; unknown ones keep theirs.

        A name that is exactly one of the profile's is that one; then capitals, then aliases count.
        Blanks around a name do not matter, nor which blanks stand inside it.

        Raises:
            TableError: when a column may be several of the profile's, or when columns of different
                names are the same wanted one.
        """
        names = []
        for column in columns:
            meant = self._meant(column)
            if len(meant) > 1:
                choices = " or ".join(repr(name) for name in sorted(meant))
                msg = f"the column {column.strip()!r} may be {choices}"
                raise TableError(msg)
            names.append(next(iter(meant), column.strip()))
        own: dict[str, set[str]] = {}
        for column, name in zip(columns, names, strict=True):
            own.setdefault(name, set()).add(column.strip())
        for name, called in own.items():
            if len(called) > 1 and name in self.wanted:
                told = " and ".join(repr(column) for column in sorted(called))
                msg = f"the columns {told} are all {name!r}: which one counts is unknown"
                raise TableError(msg)
        return tuple(names)

    def held(self, columns: Sequence[str]) -> int:
        """Return how many of the wanted columns are among ``columns``."""
        return len({name for column in columns for name in self._meant(column)} & self.wanted)

    # -- which name is meant ---------------------------------------------------------------------

    def _meant(self, column: str) -> frozenset[str]:
        exact = column.strip()
        alike = self._alike(column)
        for folded, lookup in self._steps:
            found = lookup.get(alike if folded else exact)
            if found:
                return found
        return frozenset()

    @cached_property
    def _steps(self) -> tuple[tuple[bool, dict[str, frozenset[str]]], ...]:
        """Return where a name is looked up, in order: whether blanks and capitals are levelled."""
        return tuple(self._lookups())

    def _lookups(self) -> Iterator[tuple[bool, dict[str, frozenset[str]]]]:
        known = self.wanted | self.others
        own = [(name, name) for name in known]
        other = [(alias, name) for name, alias in self._aliases(known)]
        for pairs in (own, other):
            for folded in (False, True):
                lookup: dict[str, frozenset[str]] = {}
                for text, name in pairs:
                    key = self._alike(text) if folded else text.strip()
                    if key:
                        lookup[key] = lookup.get(key, frozenset()) | {name}
                yield folded, lookup

    def _aliases(self, known: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Yield (name of the profile, alias) of the names that this file may hold."""
        for name, aliases in self.aliases.items():
            ranks = _RANKS if "{n}" in name else range(1)
            for rank in ranks:
                ranked = name.replace("{n}", str(rank))
                if ranked in known:
                    for alias in aliases:
                        yield ranked, alias.replace("{n}", str(rank))

    def _alike(self, name: str) -> str:
        # ``split`` knows the no-break spaces (U+00A0, U+202F) that captions carry.
        text = " ".join(name.split())
        return text.casefold() if self.ignore_case else text


def canonical(
    columns: Sequence[str],
    wanted: Collection[str],
    aliases: Mapping[str, Sequence[str]],
    *,
    ignore_case: bool = False,
) -> tuple[str, ...]:
    """Return the profile's names of ``columns``; see :meth:`ColumnNames.canonical`."""
    return ColumnNames(frozenset(wanted), aliases, ignore_case).canonical(columns)


class NamedTable:
    """A table under the profile's names, with what is worth telling beside its own warnings.

    Findings of the strict pass keep the name the file gives a column: that is what is looked for.

    Raises:
        TableError: when two columns of the file are the same wanted one.
    """

    def __init__(self, table: Table, names: ColumnNames, warnings: Sequence[Finding] = ()) -> None:
        self._table = table
        self._own = table.columns
        self._columns = names.canonical(table.columns)
        self._warnings = tuple(warnings)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column of the file, in order, under the profile's names."""
        return self._columns

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what is worth telling about the file itself, complete after the last chunk."""
        return (*self._warnings, *self._table.warnings)

    def chunks(self, wanted: Collection[str]) -> Iterator[TableChunk]:
        """Yield the rows with the ``wanted`` columns only, in the order of the file.

        Raises:
            TableError: when a wanted column is there twice.
        """
        kept_columns(self._columns, wanted)
        pairs = zip(self._columns, self._own, strict=True)
        yield from self._table.chunks({own for name, own in pairs if name in wanted})

    def keys(self, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]] | RowFault]:
        """Yield (line, cells of ``columns``) of each row, and the faults; instead of chunks."""
        return self._table.keys([self._own[self._columns.index(name)] for name in columns])

    @property
    def heading_end(self) -> int:
        """Return the last physical line of the heading."""
        return self._table.heading_end

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last physical line of each row or fault; instead of chunks."""
        return self._table.places()

    def close(self) -> None:
        """Let go of the stream without closing it."""
        self._table.close()
