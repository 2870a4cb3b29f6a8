"""A validation as one line of JSON, or as lines that a person reads."""

from __future__ import annotations

import json
from collections.abc import Iterator

from config.catalogue import Language
from flows.validation import LayerStatus, Told, Validation
from schemas.explain import explain
from transforms.finding import Severity

_WORDS: dict[Language, dict[str, str]] = {
    "fr": {
        "valid": "conforme",
        "invalid": "non conforme",
        "target": "cible",
        "ok": "sans remarque",
        "findings": "avec remarques",
        "not_run": "NON EFFECTUÉ",
        "failed": "EN ÉCHEC",
        "fatal": "refus",
        "error": "blocage",
        "warning": "avertissement",
        "total": "{files} fichier(s) : {valid} conforme(s), {invalid} non conforme(s).",
    },
    "en": {
        "valid": "valid",
        "invalid": "not valid",
        "target": "target",
        "ok": "nothing to say",
        "findings": "with findings",
        "not_run": "NOT RUN",
        "failed": "FAILED",
        "fatal": "refusal",
        "error": "block",
        "warning": "warning",
        "total": "{files} file(s): {valid} valid, {invalid} not valid.",
    },
}
_ORDER = (Severity.FATAL, Severity.ERROR, Severity.WARNING)


def as_json(validation: Validation) -> str:
    """Return the validation as one line of JSON (docs/validation.md)."""
    document = {
        "file": validation.file,
        "syntax": validation.syntax,
        "target": validation.target,
        "layers": [
            {"name": layer.name.value, "version": layer.version, "status": layer.status.value}
            for layer in validation.layers
        ],
        "valid": validation.valid,
        "findings": [_finding(told) for told in validation.told],
    }
    # A value may hold half a surrogate pair that no UTF-8 output takes.
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def as_lines(validation: Validation, language: Language) -> Iterator[str]:
    """Yield the validation in words: a verdict, then what was found, the gravest first."""
    words = _WORDS[language]
    verdict = words["valid" if validation.valid else "invalid"]
    what = ", ".join(
        part
        for part in (
            validation.number or "",
            (validation.syntax or "").upper(),
            f"{words['target']} {validation.target}",
        )
        if part
    )
    yield f"{validation.file}: {verdict} ({what})"
    for layer in validation.layers:
        if layer.status is not LayerStatus.OK:
            version = f" ({layer.version})" if layer.version else ""
            yield f"  {layer.name.value}{version}: {words[layer.status.value]}"
    seen: set[tuple[str, str | None, str | None]] = set()
    for severity in _ORDER:
        for told in validation.told:
            finding = told.finding
            key = (finding.rule, finding.location.xpath, finding.value)
            # The referee confirms most of what our rules say: once is enough for a reader.
            if finding.severity is severity and key not in seen:
                seen.add(key)
                yield from _lines(told, language)


def total_line(valid: int, invalid: int, language: Language) -> str:
    """Return the last line for several files."""
    return _WORDS[language]["total"].format(files=valid + invalid, valid=valid, invalid=invalid)


def _finding(told: Told) -> dict[str, object]:
    finding = told.finding
    french, english = explain(finding, "fr"), explain(finding, "en")
    return {
        "rule": finding.rule,
        "layer": told.layer,
        "severity": finding.severity.value,
        "location": finding.location.xpath,
        "bt": french.bt,
        "value": finding.value,
        "message_fr": french.message,
        "message_en": english.message,
        "advice_fr": french.advice,
        "advice_en": english.advice,
        "source": french.source,
    }


def _lines(told: Told, language: Language) -> Iterator[str]:
    words = explain(told.finding, language)
    yield f"  [{_WORDS[language][words.severity.value]}] {words.rule}: {words.message}"
    yield f"      {words.advice}"
    place = words.location
    if place.xpath:
        line = f" (l. {place.line})" if place.line else ""
        yield f"      {place.xpath}{line}"
