"""Which paths a profile of documents uses, and what is wrong with them.

Its columns are paths (``transforms.segments``), as they stand in ``column`` and in expressions.
``config`` cannot check them, for it knows no paths: they are checked when a profile is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from config.layouts import edifact_layout
from config.profile import Profile, TermSource
from config.profile_check import ProfileFault
from config.terms import Level, registry
from transforms.expression import parse_expression
from transforms.formulas import used_columns
from transforms.segments import Path, PathError, compile_path

#: Kinds of format whose files are documents.
DOCUMENT_KINDS = frozenset({"idoc", "edifact"})

_POSITION = re.compile(r"e[0-9]+(c[0-9]+)?")
_RANKED = re.compile(r"_[0-9]+$")

Keys: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Beyond:
    """The first segment that a repeated group would leave out: there must be none."""

    path: Path
    column: str
    count: int


def columns_of(profile: Profile, level: Level) -> tuple[str, ...]:
    """Return the paths that the document, or a line, is asked for; each once, in order of use."""
    used = used_columns(profile)
    return tuple(used.header if level == "document" else used.lines)


def key_columns(profile: Profile) -> tuple[str, ...]:
    """Return the paths that name an invoice: those of ``shape.key``, else what feeds BT-1."""
    if "key" in profile.shape.model_fields_set:
        return profile.shape.key
    return tuple(_columns_in(profile.header["BT-1"], 1))


def beyond(profile: Profile, level: Level) -> tuple[Beyond, ...]:
    """Return, for each repeated group of ``level``, what comes after its last rank."""
    found: dict[str, Beyond] = {}
    for repeated in profile.repeated:
        if registry().groups[repeated.group].level != level:
            continue
        mark = f"#{repeated.count + 1}."
        for source in repeated.terms.values():
            for column in _columns_in(source, repeated.count + 1):
                segments, ranked, _ = column.partition(mark)
                if ranked:
                    # Of the path only the segments are asked, so that any field will do.
                    path = compile_path(f"{segments}{mark}{_ANY}")
                    found.setdefault(segments, Beyond(path, segments, repeated.count))
    return tuple(found.values())


_ANY = "x"


def _columns_in(source: TermSource, rank: int) -> tuple[str, ...]:
    if source.column is not None:
        return (source.column.replace("{n}", str(rank)),)
    return parse_expression((source.value or "''").replace("{n}", str(rank))).columns


def path_faults(profile: Profile) -> tuple[ProfileFault, ...]:
    """Return what is wrong with the paths of ``profile``; nothing when it is one of tables."""
    of_documents = profile.shape.kind == "documents"
    if (profile.format.kind in DOCUMENT_KINDS) != of_documents:
        mismatch = "format.kind idoc or edifact goes with shape.kind documents"
        return (ProfileFault(("shape", "kind"), mismatch),)
    if not of_documents:
        return ()
    keys = key_columns(profile) if "key" in profile.shape.model_fields_set else ()
    columns = dict.fromkeys((*keys, *columns_of(profile, "document"), *columns_of(profile, "line")))
    return tuple(
        ProfileFault(_place(profile, column), reason)
        for column in columns
        if (reason := _reason(profile, column)) is not None
    )


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


def _place(profile: Profile, column: str) -> Keys:
    """Return where the profile names ``column``, as far as it can be told."""
    if column in profile.shape.key:
        return ("shape", "key")
    for keys, source, count in _sources(profile):
        if any(column in _columns_in(source, rank) for rank in range(1, count + 1)):
            return keys
    return ()


def _sources(profile: Profile) -> Iterator[tuple[Keys, TermSource, int]]:
    for section, sources in (("header", profile.header), ("lines", profile.lines)):
        for key, source in sources.items():
            yield (section, key), source, 1
    for rank, repeated in enumerate(profile.repeated):
        for key, source in repeated.terms.items():
            yield ("repeated", rank, "terms", key), source, repeated.count
