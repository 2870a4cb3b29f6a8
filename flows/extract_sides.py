"""What is asked of the files of an extract: columns used, columns needed, and their key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from config.profile import Profile, Shape
from transforms.formulas import Used, used_columns


@dataclass(frozen=True, slots=True)
class Side:
    """How one kind of file is read: its key columns, the columns used and those that must exist."""

    key: tuple[str, ...]
    wanted: frozenset[str]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sides:
    """How each kind of file of a profile is read: ``lines`` is None for a flat file."""

    header: Side
    lines: Side | None
    joined: Mapping[str, Side]

    @property
    def all(self) -> tuple[Side, ...]:
        """Return the sides of the invoices themselves."""
        return (self.header,) if self.lines is None else (self.header, self.lines)

    def without_keys(self, ranks: Collection[int]) -> Sides:
        """Return the sides without the key columns of these ranks, which a file does not have."""
        header, *lines = (
            replace(
                side, key=tuple(name for rank, name in enumerate(side.key) if rank not in ranks)
            )
            for side in self.all
        )
        return replace(self, header=header, lines=lines[0] if lines else None)


def sides_of(profile: Profile) -> Sides:
    """Return how each kind of file is read."""
    used = used_columns(profile)
    shape = profile.shape
    joined = {
        join.name: Side(
            tuple(join.on), frozenset(used.joined[join.name]), tuple(dict.fromkeys(join.on))
        )
        for join in profile.joined
        if join.files is not None
    }
    if shape.kind == "header_lines":
        lines_key = shape.lines_key or shape.key
        header = _side(shape.key, used.header, shape)
        return Sides(header, _side(lines_key, used.lines, shape), joined)
    return Sides(_side(shape.key, _both(used), shape), None, joined)


def _both(used: Used) -> dict[str, bool]:
    found = dict(used.header)
    for column, required in used.lines.items():
        found[column] = found.get(column, False) or required
    return found


def _side(key: tuple[str, ...], columns: Mapping[str, bool], shape: Shape) -> Side:
    required = (column for column, needed in columns.items() if needed)
    needed = (name for name, own in zip(key, shape.key, strict=True) if not shape.may_lack(own))
    return Side(key, frozenset({*key, *columns}), tuple(dict.fromkeys((*needed, *required))))


def like(column: str, columns: Sequence[str]) -> str | None:
    """Return the one of ``columns`` that looks most like ``column``, if one does."""
    near = get_close_matches(column, [name for name in columns if name], n=1, cutoff=0.75)
    return near[0] if near else None


def with_likeness(column: str, columns: Sequence[str]) -> str:
    """Return ``column`` in quotes, with the column of the file that looks most like it."""
    near = like(column, columns)
    return f"{column!r} (did you mean {near!r}?)" if near else repr(column)
