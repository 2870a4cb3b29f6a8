"""Which files of an extract are read together: a header file, its lines file, what joins them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from config.profile import Profile, Shape
from flows.errors import ConfigurationError
from flows.extract_sides import Side, Sides


class WrongProfileError(ConfigurationError):
    """Raised when a file is not what its profile describes; nothing of it was read."""

    cause = "profile"


@dataclass(frozen=True, slots=True)
class ExtractFile:
    """An extract: where it is, the name it arrived under, its SHA-256."""

    path: Path
    name: str
    sha256: str

    @classmethod
    def at(cls, path: Path) -> ExtractFile:
        """Return the file at ``path``, with its hash.

        Raises:
            ConfigurationError: it cannot be read.
        """
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(path, error) from error
        return cls(path, path.name, digest)

    def open(self) -> BinaryIO:
        """Open it for reading.

        Raises:
            ConfigurationError: it cannot be opened.
        """
        try:
            return self.path.open("rb")
        except OSError as error:
            raise _unreadable(self.path, error) from error


def _unreadable(path: Path, error: OSError) -> ConfigurationError:
    message = f"The extract {path} cannot be read: {error.strerror}."
    return ConfigurationError(message, next_step="Check the file, then run again.")


@dataclass(frozen=True, slots=True)
class ExtractSet:
    """Files that are read together; ``lines`` is None for a flat file."""

    header: ExtractFile
    lines: ExtractFile | None = None
    joined: Mapping[str, tuple[ExtractFile, ...]] = field(default_factory=dict)
    """Files of each join, by its name."""

    @property
    def invoices(self) -> tuple[ExtractFile, ...]:
        """Return the files that hold the invoices themselves."""
        return (self.header,) if self.lines is None else (self.header, self.lines)


#: Tells how many columns of a side a file has; none when it lacks one that the side must have.
Fits = Callable[[ExtractFile, Side], int]


def sets_of(
    files: Sequence[ExtractFile], profile: Profile, sides: Sides, fits: Fits
) -> tuple[ExtractSet, ...]:
    """Return the files in sets, in the order in which they are read.

    The name of a file says what it is; a file that no name fits is known by its columns.

    Raises:
        WrongProfileError: a file fits nothing, a pair lacks a half, a joined file is missing.
    """
    joins = {join.name: join for join in profile.joined if join.files is not None}
    by_join = {
        name: tuple(file for file in files if matching(file.name, join.files or ()) is not None)
        for name, join in joins.items()
    }
    serving = {
        file.name for name, found in by_join.items() if not joins[name].of_itself for file in found
    }
    if profile.shape.kind != "header_lines":
        own = [file for file in files if file.name not in serving]
        if not own:
            own = [file for file in files if fits(file, sides.header)]
        pairs = [_Pair(file, None, file.name) for file in own]
    else:
        own = [file for file in files if not joined_only(file.name, profile)]
        pairs, unknown = _pairs(own, profile.shape, sides, fits, serving)
        for file in unknown:
            others = [name for name, join in joins.items() if not join.of_itself]
            held = {name: fits(file, sides.joined[name]) for name in others}
            best = max(held, key=lambda name: held[name], default="")
            if not best or not held[best]:
                raise _fits_nothing(file, profile.shape)
            # Joins of the same files take it together: several read the same master data.
            for name in others:
                if held[name] and joins[name].files == joins[best].files:
                    by_join[name] = (*by_join[name], file)
    itself = tuple(pair.header for pair in pairs)
    by_join |= {name: itself for name, join in joins.items() if join.of_itself}
    missing = [
        f"{name} ({', '.join(join.files or ())})"
        for name, join in joins.items()
        if not by_join[name] and not join.optional
    ]
    if missing and pairs:
        message = f"Files are missing that the profile {profile.profile} joins: "
        step = "Bring them with the extract, or make the join optional in the profile."
        raise WrongProfileError(f"{message}{', '.join(missing)}.", next_step=step)
    return tuple(
        ExtractSet(
            pair.header,
            pair.lines,
            {
                name: _of_stem(found, pair.stem, joins[name].files or (), len(pairs))
                for name, found in by_join.items()
            },
        )
        for pair in pairs
    )


def joined_only(name: str, profile: Profile) -> bool:
    """Whether a file of this name only completes others: master data, the same every night.

    Of a name that fits an invoice file and a joined one, the longer pattern is meant.
    """
    patterns = [
        pattern for join in profile.joined if not join.of_itself for pattern in join.files or ()
    ]
    joined = matching(name, patterns)
    if joined is None:
        return False
    shape = profile.shape
    if shape.kind != "header_lines":
        return True
    own = matching(name, (*shape.header_files, *shape.lines_files))
    return own is None or len(joined) > len(own)


def pair_key(name: str, shape: Shape) -> str:
    """Return what the files that are read together have in common: of a flat one, its name."""
    if shape.kind == "header_lines":
        for pattern in (*shape.header_files, *shape.lines_files):
            if _fits_name(name, pattern):
                return stem_under(name, pattern)
    return name


def stem_under(name: str, pattern: str) -> str:
    """Return the text of ``name`` that stands for the ``*`` of ``pattern``, pieces joined.

    In small letters: capitals make no difference to the names of files.
    """
    pieces = []
    rest = name.casefold()
    for fixed in pattern.casefold().split("*"):
        before, _, rest = rest.partition(fixed) if fixed else ("", "", rest)
        pieces.append(before)
    return "*".join([*pieces, rest])


def matching(name: str, patterns: Iterable[str]) -> str | None:
    """Return the longest pattern that ``name`` fits, capitals aside; None when it fits none."""
    found = [pattern for pattern in patterns if _fits_name(name, pattern)]
    return max(found, key=len, default=None)


def _fits_name(name: str, pattern: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())


@dataclass(frozen=True, slots=True)
class _Pair:
    header: ExtractFile
    lines: ExtractFile | None
    stem: str


def _pairs(
    files: Sequence[ExtractFile],
    shape: Shape,
    sides: Sides,
    fits: Fits,
    serving: set[str],
) -> tuple[list[_Pair], list[ExtractFile]]:
    """Return the pairs of header and lines files, and the files that are neither."""
    assert sides.lines is not None
    headers: dict[int, list[ExtractFile]] = {}
    lines: dict[int, list[ExtractFile]] = {}
    unknown: list[ExtractFile] = []
    for file in files:
        head = matching(file.name, shape.header_files)
        body = matching(file.name, shape.lines_files)
        if head is not None and body is not None:
            # Both names fit: the longer one is meant, of equals the columns tell.
            if len(head) != len(body):
                head, body = (head, None) if len(head) > len(body) else (None, body)
            else:
                known = fits(file, sides.header) > fits(file, sides.lines)
                head, body = (head, None) if known else (None, body)
        if head is not None:
            headers.setdefault(shape.header_files.index(head), []).append(file)
        elif body is not None:
            lines.setdefault(shape.lines_files.index(body), []).append(file)
        elif file.name not in serving:
            of_header, of_lines = fits(file, sides.header), fits(file, sides.lines)
            if of_header != of_lines:
                (headers if of_header > of_lines else lines).setdefault(-1, []).append(file)
            else:
                unknown.append(file)
    _adopt(headers, lines)
    pairs = [
        pair
        for rank in sorted({*headers, *lines})
        for pair in _paired(headers.get(rank, []), lines.get(rank, []), shape, rank)
    ]
    return sorted(pairs, key=lambda pair: files.index(pair.header)), unknown


def _adopt(headers: dict[int, list[ExtractFile]], lines: dict[int, list[ExtractFile]]) -> None:
    """Let a file known by its columns stand beside a single one known by its name."""
    for known, other in ((headers, lines), (lines, headers)):
        stray = known.get(-1, [])
        lacking = [rank for rank in other if rank >= 0 and rank not in known]
        if len(stray) == 1 and len(lacking) == 1 and -1 not in other:
            known[lacking[0]] = known.pop(-1)


def _paired(
    headers: list[ExtractFile], lines: list[ExtractFile], shape: Shape, rank: int
) -> list[_Pair]:
    if len(headers) == len(lines) == 1:
        stem = stem_under(headers[0].name, shape.header_files[rank]) if rank >= 0 else ""
        return [_Pair(headers[0], lines[0], stem)]
    by_header, by_lines = (
        {stem_under(file.name, patterns[rank]) if rank >= 0 else file.name: file for file in found}
        for found, patterns in ((headers, shape.header_files), (lines, shape.lines_files))
    )
    alone = [
        (by_header.get(key) or by_lines[key]).name for key in by_header.keys() ^ by_lines.keys()
    ]
    if alone:
        message = f"Files without their other half: {', '.join(sorted(alone))}."
        raise WrongProfileError(message, next_step="Bring both files of the pair, then run.")
    return [_Pair(file, by_lines[key], key) for key, file in by_header.items()]


def _of_stem(
    files: tuple[ExtractFile, ...], stem: str, patterns: Sequence[str], sets: int
) -> tuple[ExtractFile, ...]:
    """Return the files of a join that go with a set: those of its stem, else all of them."""
    if sets == 1:
        return files
    same = tuple(
        file
        for file in files
        if (pattern := matching(file.name, patterns)) and stem_under(file.name, pattern) == stem
    )
    return same or files


def _fits_nothing(file: ExtractFile, shape: Shape) -> WrongProfileError:
    message = (
        f"{file.name} is neither a header file ({', '.join(shape.header_files)}) nor a lines file"
        f" ({', '.join(shape.lines_files)}), by its name or by its columns."
    )
    return WrongProfileError(message, next_step="Check shape in the profile.")
