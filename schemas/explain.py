"""Findings in words: the texts of the catalogue, filled with what was seen and where."""

from __future__ import annotations

from dataclasses import dataclass

from config.catalogue import UNFILLED, Language, load_catalogue
from config.terms import name_of
from schemas.platform_messages import explain_platform_message
from transforms.finding import Finding, Location, Severity

__all__ = ["Explained", "explain", "explain_platform_message"]


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

    Placeholders: value, file, line, column, bt, term, and the finding's own params, which win.
    A value that was not read from a column is called by the everyday name of its term.

    Raises:
        CatalogueError: the rule has no entry in ``config/findings``.
    """
    rule = load_catalogue().rule(finding.rule)
    bt = finding.bt or rule.term
    term = name_of(bt, lang)
    location = finding.location
    fields = {
        "value": UNFILLED if finding.value in (None, "") else str(finding.value),
        "file": location.file or UNFILLED,
        "line": UNFILLED if location.line is None else str(location.line),
        "column": location.column or term or UNFILLED,
        "bt": bt or UNFILLED,
        "term": term or UNFILLED,
        **finding.params,
    }
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
