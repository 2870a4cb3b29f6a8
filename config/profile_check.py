"""What is wrong in a profile beyond its types: unknown terms, columns without rank, mixed dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.profile import UNITS_TABLE, Dates, Profile, TermSource
from config.terms import DECIMAL_KINDS, Level, registry

#: The words of a date format, longest first.
DATE_WORDS = ("yyyy", "yy", "MMM", "MM", "dd", "HH", "mm", "ss")
_WORD = re.compile("|".join(DATE_WORDS) + "|[A-Za-z]")


@dataclass(frozen=True, slots=True)
class ProfileFault:
    """Something wrong: where in the profile (keys from its root), and why."""

    keys: tuple[str | int, ...]
    reason: str


def check_profile(profile: Profile) -> tuple[ProfileFault, ...]:
    """Return every fault of ``profile``; an empty tuple when it can be used."""
    return tuple(_faults(profile))


def _faults(profile: Profile) -> Iterator[ProfileFault]:
    if profile.format.kind == "xml":
        yield from _mapped(profile)
        return
    yield from _dates(("dates",), profile.dates)
    yield from _section(profile, ("header",), profile.header, level="document")
    yield from _section(profile, ("lines",), profile.lines, level="line")
    seen: dict[str, tuple[str | int, ...]] = {}
    for key in (*profile.header, *profile.lines):
        seen[key] = ("header",) if key in profile.header else ("lines",)
    for rank, repeated in enumerate(profile.repeated):
        here: tuple[str | int, ...] = ("repeated", rank)
        group = registry().groups.get(repeated.group)
        if group is None:
            known = ", ".join(registry().groups)
            yield ProfileFault(
                (*here, "group"), f"there is no group {repeated.group!r}; known: {known}"
            )
            continue
        yield from _section(profile, (*here, "terms"), repeated.terms, group=repeated.group)
        for key, source in repeated.terms.items():
            if key in seen:
                yield ProfileFault((*here, "terms", key), f"{key} is also given in {seen[key][0]}")
            if repeated.count > 1 and source.column and "{n}" not in source.column:
                yield ProfileFault(
                    (*here, "terms", key), f"column {source.column!r} needs {{n}}: count is above 1"
                )
    if "BT-1" not in profile.header:
        yield ProfileFault(("header",), "BT-1 (the invoice number) must be mapped")


def _mapped(profile: Profile) -> Iterator[ProfileFault]:
    """Yield what a profile of XML says of columns: its files are deposited as they are."""
    for key in ("header", "lines", "repeated", "filters", "tables", "ignored_columns"):
        if getattr(profile, key):
            yield ProfileFault((key,), "XML is deposited as it is: nothing in it is mapped")


def _section(
    profile: Profile,
    here: tuple[str | int, ...],
    sources: Mapping[str, TermSource],
    *,
    level: Level | None = None,
    group: str | None = None,
) -> Iterator[ProfileFault]:
    for key, source in sources.items():
        place = (*here, key)
        term = registry().terms.get(key)
        if term is None:
            yield ProfileFault(place, f"there is no business term {key!r}")
            continue
        if level is not None and term.level != level:
            yield ProfileFault(place, f"{key} is a term of the {term.level}")
        if group is not None and term.group != group:
            yield ProfileFault(place, f"{key} is no term of {group}")
        if source.table is not None and source.table not in {*profile.tables, UNITS_TABLE}:
            yield ProfileFault((*place, "table"), f"there is no table {source.table!r}")
        if source.dates is not None:
            yield from _dates((*place, "dates"), source.dates)
            if term.kind != "date":
                yield ProfileFault((*place, "dates"), f"{key} is no date")
        if source.marks is not None and term.kind not in DECIMAL_KINDS:
            yield ProfileFault((*place, "marks"), f"{key} is no number")
        for name, text in (("constant", source.constant), ("default", source.default)):
            if text is not None and not term.accepts(text):
                yield ProfileFault((*place, name), f"{text!r} is no {term.kind}")
        if source.pad and not term.siret:
            yield ProfileFault((*place, "pad"), f"{key} is no SIRET")


def _dates(here: tuple[str | int, ...], dates: Dates) -> Iterator[ProfileFault]:
    shapes: dict[str, str] = {}
    for rank, pattern in enumerate(dates.formats):
        place = (*here, "formats", rank)
        if pattern == "excel":
            continue
        words = _WORD.findall(pattern)
        unknown = [word for word in words if word not in DATE_WORDS and word not in ("T", "Z")]
        days = [word for word in words if word in {"yyyy", "yy", "MMM", "MM", "dd"}]
        years = [word for word in days if word.startswith("y")]
        if unknown:
            yield ProfileFault(place, f"{pattern!r} holds {unknown[0]!r}, no part of a date")
        elif len(years) != 1 or len(days) != 3 or days.count("dd") != 1:
            yield ProfileFault(place, f"{pattern!r} needs one year, one MM or MMM, and one dd")
        shape = re.sub("yy|(?<!M)MM(?!M)|dd|HH|mm|ss", "00", pattern)
        if shape in shapes:
            yield ProfileFault(
                place, f"{pattern!r} and {shapes[shape]!r} read the same text as different dates"
            )
        shapes[shape] = pattern
