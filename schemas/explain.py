"""Findings in words: the texts of the catalogue, filled with what was seen and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from config.catalogue import Filler, Language, Text, load_catalogue, tidy
from config.terms import name_of
from schemas.platform_messages import complete_cut, explain_platform_message
from transforms.finding import Finding, Location, Severity

__all__ = ["Explained", "complete_cut", "explain", "explain_platform_message"]


#: Where to correct a value: given by no column, by one, or by XML that the ERP wrote.
_PLACES: Mapping[Language, tuple[str, str, str]] = {
    "fr": (
        "« {term} » dans le fichier société ou le profil",
        "colonne « {column} » (ligne {line}, {file})",
        "« {term} » dans l'ERP qui écrit le XML (ligne {line}, {file})",
    ),
    "en": (
        "“{term}” in the company file or the profile",
        "column “{column}” (line {line}, {file})",
        "“{term}” in the ERP that writes the XML (line {line}, {file})",
    ),
}
#: XML has no columns: a term is then called by its name alone.
_COLUMN: Mapping[Language, re.Pattern[str]] = {
    "fr": re.compile(r"\b(?:[Ll]a )?colonne (?=« )"),
    "en": re.compile(r"\b(?:[Tt]he )?column (?=“)"),
}
#: Advice that sends to where values of an extract come from says nothing to who writes XML...
_ELSEWHERE: Mapping[Language, re.Pattern[str]] = {
    "fr": re.compile(r"\b(?:profil|fichier société|extrait)\b"),
    "en": re.compile(r"\b(?:profile|company file|extract)\b"),
}
#: ...who reads this instead, unless the rule has words of its own (``advice_xml``).
_IN_THE_ERP: Mapping[Language, str] = {
    "fr": "Renseignez ou corrigez « {term} » dans l'ERP qui écrit le XML (ligne {line}, {file}).",
    "en": "Fill or correct “{term}” in the ERP that writes the XML (line {line}, {file}).",
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
    that no column gave, the company file or the profile; for one of XML that the ERP wrote, the
    ERP), and the finding's own params, which win. A value that was not read from a column is
    called by the everyday name of its term.

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
        place = _PLACES[lang][2 if finding.of_xml else bool(location.column)]
        fields["place"] = tidy(place.format_map(Filler(fields)))
    fields |= finding.params
    text = load_catalogue().render(finding.rule, lang, fields)
    advice = _advice_for_xml(text, lang, fields) if finding.of_xml else text.advice
    return Explained(
        rule=finding.rule,
        severity=finding.severity,
        title=text.title,
        message=text.message,
        advice=advice,
        source=rule.source,
        location=location,
        bt=bt,
        term=term,
        value=finding.value,
    )


def _advice_for_xml(text: Text, lang: Language, fields: Mapping[str, str]) -> str:
    if text.advice_xml:
        return text.advice_xml
    if _ELSEWHERE[lang].search(text.advice):
        return tidy(_IN_THE_ERP[lang].format_map(Filler(fields)))
    return _COLUMN[lang].sub("", text.advice)
