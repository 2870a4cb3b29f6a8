"""Which paths a profile of documents uses, and what is wrong with them.

Its columns are paths (``transforms.segments``), as they stand in ``column`` and in expressions.
``config`` cannot check them, for it knows no paths: they are checked when a profile is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from config.layouts import edifact_layout
from config.profile import Profile, TermSource
from config.profile_check import ProfileFault
from config.terms import Level, registry
from transforms.segments import PathError, compile_path

#: Kinds of format whose files are documents.
DOCUMENT_KINDS = frozenset({"idoc", "edifact"})

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"([^\"]*)\"|(\btotal\s*\(\s*)\"([^\"]*)\"")
_POSITION = re.compile(r"e[0-9]+(c[0-9]+)?")
_RANKED = re.compile(r"_[0-9]+$")
#: Names of columns that are no paths, whatever the profile.
_OWN = frozenset({"comment"})


def quoted_columns(expression: str) -> Iterator[str]:
    """Yield the columns that stand in double quotes in an expression; texts are passed over."""
    for found in _TOKEN.finditer(expression):
        column = found[1] or found[3]
        if column:
            yield column


def columns_of(profile: Profile, level: Level) -> tuple[str, ...]:
    """Return the paths that the document, or a line, is asked for; each once, in order of use."""
    found: dict[str, None] = {}
    for at, _, column in _used(profile):
        if at == level and not _is_own(profile, column):
            found.setdefault(column)
    return tuple(found)


def path_faults(profile: Profile) -> tuple[ProfileFault, ...]:
    """Return what is wrong with the paths of ``profile``; nothing when it is one of tables."""
    of_documents = profile.shape.kind == "documents"
    if (profile.format.kind in DOCUMENT_KINDS) != of_documents:
        mismatch = "format.kind idoc or edifact goes with shape.kind documents"
        return (ProfileFault(("shape", "kind"), mismatch),)
    if not of_documents:
        return ()
    found: dict[tuple[tuple[str | int, ...], str], None] = {}
    for _, keys, column in _used(profile):
        reason = None if _is_own(profile, column) else _reason(profile, column)
        if reason is not None:
            found.setdefault((keys, reason))
    return tuple(ProfileFault(keys, reason) for keys, reason in found)


def _reason(profile: Profile, column: str) -> str | None:
    """Return why ``column`` cannot be a path of this profile."""
    try:
        path = compile_path(column)
    except PathError as error:
        return str(error)
    if profile.format.kind != "edifact":
        # An IDoc as XML may have fields that no table knows: told when a file has none of them.
        return None
    layout = edifact_layout()
    asked: list[tuple[str, str]] = []
    for step in path.steps:
        for condition in step.conditions:
            below, _, last = condition.name.rpartition(".")
            asked.append((below or step.name, last))
    asked += [(step.name, "") for step in path.steps]
    asked.append((path.steps[-1].name, path.field))
    for segment, name in asked:
        known = layout.fields(segment) | ({"date", "until"} if segment == "DTM" else set())
        if not known:
            return f"{column!r}: there is no segment {segment!r} (config/codes/edifact_invoic.yaml)"
        if name and name not in known and _RANKED.sub("", name) not in known:
            if _POSITION.fullmatch(name):
                continue
            near = get_close_matches(name, sorted(known), n=1)
            like = f"; did you mean {near[0]}?" if near else ""
            return f"{column!r}: {segment} has no element {name!r}{like}"
    return None


def _used(profile: Profile) -> Iterator[tuple[Level, tuple[str | int, ...], str]]:
    """Yield every column a profile uses: for what, where it stands in the profile, and its text."""
    if "key" in profile.shape.model_fields_set:
        yield from (("document", ("shape", "key"), column) for column in profile.shape.key)
    for key, source in profile.header.items():
        yield from _of_source("document", ("header", key), source, (1,))
    for key, source in profile.lines.items():
        yield from _of_source("line", ("lines", key), source, (1,))
    for rank, repeated in enumerate(profile.repeated):
        group = registry().groups.get(repeated.group)
        ranks = range(1, repeated.count + 1)
        for key, source in repeated.terms.items():
            place = ("repeated", rank, "terms", key)
            yield from _of_source(group.level if group else "document", place, source, ranks)
    for rank, item in enumerate(profile.filters):
        here: tuple[str | int, ...] = ("filters", rank)
        if item.column is not None:
            yield "document", (*here, "column"), item.column
        yield from _of_expression("document", (*here, "when"), item.when)
    for name, expression in profile.derived.get("header", {}).items():
        yield from _of_expression("document", ("derived", "header", name), expression)
    for name, expression in profile.derived.get("lines", {}).items():
        yield from _of_expression("line", ("derived", "lines", name), expression)
    yield from _of_expression("line", ("lines_when",), profile.lines_when)
    for rank, kind in enumerate(profile.rows):
        yield from _of_expression("line", ("rows", rank, "when"), kind.when)
        if kind.text:
            yield "line", ("rows", rank, "text"), kind.text


def _of_source(
    level: Level, keys: tuple[str | int, ...], source: TermSource, ranks: Iterable[int]
) -> Iterator[tuple[Level, tuple[str | int, ...], str]]:
    for rank in ranks:
        if source.column is not None:
            yield level, keys, source.column.replace("{n}", str(rank))
        yield from _of_expression(level, keys, (source.value or "").replace("{n}", str(rank)))


def _of_expression(
    level: Level, keys: tuple[str | int, ...], expression: str
) -> Iterator[tuple[Level, tuple[str | int, ...], str]]:
    for found in _TOKEN.finditer(expression):
        if found[3]:
            # total(COLUMN) adds a column of the lines up.
            yield "line", keys, found[3]
        elif found[1]:
            own = found[1].removeprefix("header.")
            yield ("document" if own != found[1] else level), keys, own


def _is_own(profile: Profile, column: str) -> bool:
    """Whether ``column`` is a name that the profile itself gives, and no path."""
    derived = (name for names in profile.derived.values() for name in names)
    joined = tuple(f"{join.name}." for join in profile.joined)
    return column in _OWN or column in derived or (bool(joined) and column.startswith(joined))
