"""The tables of the generic columns in docs/profiles.md, written from the profile and the terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.profile import TermSource
from config.terms import Level, registry
from flows.profiles import load_profile

_BEGIN, _END = "<!-- {} columns: written by make docs -->", "<!-- end of {} columns -->"
_SECTIONS = ("document", "line", "repeated document", "repeated line")


def with_columns(text: str) -> str:
    """Return the page ``text`` with the tables between its marks written anew."""
    for section in _SECTIONS:
        begin, end = _BEGIN.format(section), _END.format(section)
        before, mark, rest = text.partition(begin)
        if not mark:
            continue
        after = rest.partition(end)[2]
        table = "\n".join(_table(section))
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def _table(section: str) -> Iterator[str]:
    profile = load_profile("generic")
    level: Level = "document" if section.endswith("document") else "line"
    if not section.startswith("repeated"):
        yield "| column | term | meaning | en français | |"
        yield "|---|---|---|---|---|"
        yield from _rows(profile.header if level == "document" else profile.lines)
        return
    yield "| columns | {n} | term | meaning | en français |"
    yield "|---|---|---|---|---|"
    for repeated in profile.repeated:
        if registry().groups[repeated.group].level != level:
            continue
        for key, source in repeated.terms.items():
            term = registry().terms[key]
            ranks = f"1 to {repeated.count}" if repeated.count > 1 else "1"
            yield f"| `{source.column}` | {ranks} | {key} | {term.name('en')} | {term.name('fr')} |"


def _rows(sources: Mapping[str, TermSource]) -> Iterator[str]:
    for key, source in sources.items():
        term = registry().terms[key]
        notes = ["**required**"] if source.required else []
        notes += ["company file"] if source.company else []
        notes += [f"default `{source.default}`"] if source.default is not None else []
        notes += [f"table `{source.table}`"] if source.table else []
        yield (
            f"| `{source.column}` | {key} | {term.name('en')} | {term.name('fr')} "
            f"| {', '.join(notes)} |"
        )
