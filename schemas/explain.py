"""Findings in words: the texts of the catalogue, filled with what was seen and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.catalogue import Filler, Language, load_catalogue, tidy
from config.terms import name_of
from schemas.platform_messages import complete_cut, explain_platform_message
from transforms.finding import Finding, Location, Severity

__all__ = ["Explained", "complete_cut", "explain", "explain_platform_message"]


#: Where to correct a value: given by no column, or by one.
_PLACES: Mapping[Language, tuple[str, str]] = {
    "fr": (
        "« {term} » dans le fichier société ou le profil",
        "colonne « {column} » (ligne {line}, {file})",
    ),
    "en": (
        "“{term}” in the company file or the profile",
        "column “{column}” (line {line}, {file})",
    ),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding in one language, ready for a report.

    Attributes:
        title: short and constant: groups findings of the same rule.
        message: what is wrong, with the value seen.
        advice: what to do, naming column, line and file.
        source: where the rule comes from.
        term: everyday name of the business term, empty when there is none.
    """

    rule: str
    severity: Severity
    title: str
    message: str
    advice: str
    source: str
    location: Location
    bt: str | None
    term: str
    value: str | None


def explain(finding: Finding, lang: Language) -> Explained:
    """Return ``finding`` in words.

    Placeholders: value, file, line, column, bt, term, place (column, line and file; for a value
    that no column gave, the company file or the profile), and the finding's own params, which win.
    A value that was not read from a column is called by the everyday name of its term.

    Raises:
        CatalogueError: the rule has no entry in ``config/findings``.
    """
    rule = load_catalogue().rule(finding.rule)
    bt = finding.bt or rule.term
    term = name_of(bt, lang)
    location = finding.location
    known = {
        "value": finding.value,
        "file": location.file,
        "line": None if location.line is None else str(location.line),
        "column": location.column or term,
        "bt": bt,
        "term": term,
    }
    fields = {key: value for key, value in known.items() if value}
    if fields.get("column"):
        fields["place"] = tidy(_PLACES[lang][bool(location.column)].format_map(Filler(fields)))
    fields |= finding.params
    text = load_catalogue().render(finding.rule, lang, fields)
    return Explained(
        rule=finding.rule,
        severity=finding.severity,
        title=text.title,
        message=text.message,
        advice=text.advice,
        source=rule.source,
        location=location,
        bt=bt,
        term=term,
        value=finding.value,
    )
