"""What is asked of the files of an extract: columns used, columns needed, and pairs of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from config.profile import Profile, Shape, TermSource
from config.terms import Level, registry


@dataclass(frozen=True, slots=True)
class Side:
    """How one kind of file is read: its key column, the columns used and those that must exist."""

    key: str
    wanted: frozenset[str]
    required: tuple[str, ...]


def sides_of(profile: Profile) -> tuple[Side, ...]:
    """Return how each kind of file is read: one for a flat file, header and lines for two."""
    shape = profile.shape
    header = _side(shape.key[0], _sources(profile, "document"))
    filters = [item.column for item in profile.filters if item.column is not None]
    header = Side(header.key, header.wanted | set(filters), (*header.required, *filters))
    lines = _side((shape.lines_key or shape.key)[0], _sources(profile, "line"))
    if shape.kind == "header_lines":
        return header, lines
    required = tuple(dict.fromkeys((*header.required, *lines.required)))
    return (Side(shape.key[0], header.wanted | lines.wanted, required),)


def _side(key: str, sources: Sequence[tuple[str, bool]]) -> Side:
    required = (column for column, needed in sources if needed)
    wanted = frozenset({key, *(column for column, _ in sources)})
    return Side(key, wanted, tuple(dict.fromkeys((key, *required))))


def _sources(profile: Profile, level: Level) -> list[tuple[str, bool]]:
    """Return the columns a level uses, each with whether it must exist."""

    def columns(sources: Iterable[TermSource], ranks: Iterable[int]) -> Iterator[tuple[str, bool]]:
        for source in sources:
            if source.column is not None:
                for rank in ranks:
                    yield source.column.replace("{n}", str(rank)), source.required

    section = profile.header if level == "document" else profile.lines
    found = list(columns(section.values(), (1,)))
    for repeated in profile.repeated:
        if registry().groups[repeated.group].level == level:
            found += columns(repeated.terms.values(), range(1, repeated.count + 1))
    return found


def with_likeness(column: str, columns: Sequence[str]) -> str:
    """Return ``column`` in quotes, with the column of the file that looks most like it."""
    near = get_close_matches(column, [name for name in columns if name], n=1, cutoff=0.75)
    return f"{column!r} (did you mean {near[0]!r}?)" if near else repr(column)


def pair_key(name: str, shape: Shape) -> str:
    """Return what the files that are read together have in common: of a flat one, its name."""
    if shape.kind == "header_lines":
        for pattern in (*shape.header_files, *shape.lines_files):
            if fnmatchcase(name, pattern):
                return stem_under(name, pattern)
    return name


def stem_under(name: str, pattern: str) -> str:
    """Return the text of ``name`` that stands for the ``*`` of ``pattern``, pieces joined."""
    pieces = []
    rest = name
    for fixed in pattern.split("*"):
        before, _, rest = rest.partition(fixed) if fixed else ("", "", rest)
        pieces.append(before)
    return "*".join([*pieces, rest])
