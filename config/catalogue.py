"""The catalogue of findings: per rule its layer, source, severity, and words in French and English.

One YAML file per area under ``config/findings``. A rule has exactly one entry; a finding
(``transforms.finding``) carries only the id of its rule, so that what is wrong and how it is said
are kept apart. Shape of an entry::

    CP-SIRET-01:
      layer: rules
      term: BT-30
      severity: {production: fatal, qualification: warning, sandbox: warning}
      source: "INSEE, SIRENE: the 14th digit is a check digit"
      fr: {title: "…", message: "… {value} …", advice: "…"}
      en: {title: "…", message: "… {value} …", advice: "…"}

A language may add ``advice_xml``, the advice for a value of XML that the ERP wrote itself, and
``values``, words for the codes that fill a placeholder (``values: {reason: {empty: "…"}}``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from config.yaml_text import YamlTextError, load_yaml

Language = Literal["fr", "en"]
SeverityName = Literal["fatal", "error", "warning"]
Layer = Literal[
    "shape",
    "mapping",
    "rules",
    "directory",
    "xsd",
    "referee",
    "platform",
    "ledger",
    "deposit",
    "internal",
]

LANGUAGES: tuple[Language, ...] = get_args(Language)
LAYERS: tuple[Layer, ...] = get_args(Layer)
SEVERITIES: tuple[SeverityName, ...] = get_args(SeverityName)
ENVIRONMENTS = ("production", "qualification", "sandbox")

#: What stands in a sentence for a placeholder that the finding does not fill.
UNFILLED = "–"

#: Stands for it until the sentence is whole; no text from outside holds this character (U+FDD0).
_MISSING = "\ufdd0"
_PARENTHESES = re.compile(f"( ?)\\(([^()]*{_MISSING}[^()]*)\\)")

_PARTS = ("title", "message", "advice")
_OPTIONAL = "advice_xml"
_VALUES = "values"
_KEYS = frozenset({"layer", "term", "severity", "source", *LANGUAGES})


class CatalogueError(ValueError):
    """Raised when a file of the catalogue is malformed, or when a rule has no entry."""


@dataclass(frozen=True, slots=True)
class Text:
    """The words of a finding, or their templates."""

    title: str
    message: str
    advice: str
    advice_xml: str = ""
    """Advice for XML that the ERP wrote itself; empty: the same."""
    values: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )
    """Words for a code that fills a placeholder, by placeholder and code; others stand as is."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """What the catalogue knows of one rule.

    Attributes:
        id: rule id, for example ``CP-SIRET-01`` or ``BR-CO-10``.
        layer: the layer of validation that emits it.
        source: where the rule comes from (document, version, rule number).
        term: business term concerned, when there is one.
        area: name of the YAML file, without extension.
    """

    id: str
    layer: Layer
    source: str
    severities: Mapping[str, SeverityName]
    texts: Mapping[Language, Text]
    term: str | None = None
    area: str = ""

    def severity(self, environment: str) -> SeverityName:
        """Return the severity in ``environment`` (sandbox, qualification or production)."""
        return self.severities[environment]

    def text(self, language: Language) -> Text:
        """Return the templates in ``language``."""
        return self.texts[language]


class Catalogue:
    """All rules by id."""

    def __init__(self, rules: Mapping[str, RuleText]) -> None:
        self._rules = MappingProxyType(dict(rules))

    def __contains__(self, rule: object) -> bool:
        return rule in self._rules

    def __len__(self) -> int:
        return len(self._rules)

    @property
    def rules(self) -> Mapping[str, RuleText]:
        """Return every rule by id, in the order of the files and of their entries."""
        return self._rules

    def rule(self, rule: str) -> RuleText:
        """Return the entry of ``rule``.

        Raises:
            CatalogueError: when there is none.
        """
        try:
            return self._rules[rule]
        except KeyError:
            msg = f"rule {rule} has no entry in config/findings"
            raise CatalogueError(msg) from None

    def render(self, rule: str, language: Language, fields: Mapping[str, str]) -> Text:
        """Return the words of ``rule``, its placeholders filled by ``fields``.

        A placeholder without a field is left out when it stands in parentheses, else shown as a
        dash: a poor sentence is better than no report.

        Raises:
            CatalogueError: when the rule has no entry.
        """
        template = self.rule(rule).text(language)
        filled = Filler(fields)
        for name, words in template.values.items():
            if name in filled:
                filled[name] = words.get(filled[name], filled[name])
        return Text(
            template.title,
            tidy(template.message.format_map(filled)),
            tidy(template.advice.format_map(filled)),
            tidy(template.advice_xml.format_map(filled)),
        )


class Filler(dict[str, str]):
    """Fields of a sentence; one that is not there leaves a mark for :func:`tidy`."""

    def __missing__(self, key: str) -> str:
        return _MISSING


def tidy(text: str) -> str:
    """Return a filled sentence without what it cannot tell.

    ``(line {line}, {file})`` keeps the part that is known, and goes when none is.
    """
    if _MISSING not in text:
        return text
    return _PARENTHESES.sub(_known_parts, text).replace(_MISSING, UNFILLED)


def _known_parts(match: re.Match[str]) -> str:
    parts = match.group(2).split(", ")
    known = [part for part in parts if _MISSING not in part]
    return f"{match.group(1)}({', '.join(known)})" if known else ""


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """Return the catalogue that ships with the project, read once per process.

    Raises:
        CatalogueError: when a file is malformed or two entries have the same id.
    """
    folder = files("config") / "findings"
    rules: dict[str, RuleText] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        for rule in read_rules(file.read_text(encoding="utf-8"), name=file.name):
            if rule.id in rules:
                msg = f"{file.name}: rule {rule.id} is already in {rules[rule.id].area}.yaml"
                raise CatalogueError(msg)
            rules[rule.id] = rule
    return Catalogue(rules)


def read_rules(text: str, *, name: str) -> tuple[RuleText, ...]:
    """Return the rules of one YAML ``text``; ``name`` is its file, for messages and the area.

    Raises:
        CatalogueError: naming the file, the rule and what is wrong.
    """
    try:
        content = load_yaml(text)
    except YamlTextError as error:
        msg = f"{name}: {error}"
        raise CatalogueError(msg) from error
    if not isinstance(content, dict):
        msg = f"{name}: must be a mapping of rule ids"
        raise CatalogueError(msg)
    area = name.removesuffix(".yaml")
    return tuple(_read_rule(str(rule), entry, area) for rule, entry in content.items())


def _read_rule(rule: str, entry: Any, area: str) -> RuleText:
    place = f"{area}.yaml, {rule}"
    if not isinstance(entry, dict):
        msg = f"{place}: must be a mapping"
        raise CatalogueError(msg)
    if unknown := sorted(set(entry) - _KEYS):
        msg = f"{place}: unknown key {', '.join(map(str, unknown))}"
        raise CatalogueError(msg)
    layer = entry.get("layer")
    if layer not in LAYERS:
        msg = f"{place}: layer {layer!r} is none of {', '.join(LAYERS)}"
        raise CatalogueError(msg)
    term = entry.get("term")
    if term is not None and not isinstance(term, str):
        msg = f"{place}: term must be text"
        raise CatalogueError(msg)
    return RuleText(
        id=rule,
        layer=layer,
        source=_words(entry.get("source"), f"{place}, source"),
        severities=_severities(entry.get("severity"), place),
        texts=MappingProxyType({lang: _text(entry, lang, place) for lang in LANGUAGES}),
        term=term,
        area=area,
    )


def _severities(value: Any, place: str) -> Mapping[str, SeverityName]:
    by_environment = value if isinstance(value, dict) else dict.fromkeys(ENVIRONMENTS, value)
    if set(by_environment) != set(ENVIRONMENTS):
        msg = f"{place}: severity must be one word, or name {', '.join(ENVIRONMENTS)}"
        raise CatalogueError(msg)
    for severity in by_environment.values():
        if severity not in SEVERITIES:
            msg = f"{place}: severity {severity!r} is none of {', '.join(SEVERITIES)}"
            raise CatalogueError(msg)
    return MappingProxyType(cast("dict[str, SeverityName]", by_environment))


def _text(entry: dict[str, Any], language: Language, place: str) -> Text:
    words = entry.get(language)
    if not isinstance(words, dict) or set(words) - {_OPTIONAL, _VALUES} != set(_PARTS):
        msg = f"{place}: {language} must give {', '.join(_PARTS)}"
        raise CatalogueError(msg)
    title, message, advice = (_words(words[part], f"{place}, {language}.{part}") for part in _PARTS)
    if placeholders(title):
        msg = f"{place}: the {language} title must be constant (it groups findings)"
        raise CatalogueError(msg)
    written = words.get(_OPTIONAL)
    advice_xml = "" if written is None else _words(written, f"{place}, {language}.{_OPTIONAL}")
    for template in (message, advice, advice_xml):
        if wrong := sorted(name for name in placeholders(template) if not name.isidentifier()):
            msg = f"{place}: {language} placeholder {{{wrong[0]}}} is not a plain name"
            raise CatalogueError(msg)
    values = _values(words.get(_VALUES, {}), f"{place}, {language}.{_VALUES}")
    if unused := sorted(values.keys() - placeholders(message) - placeholders(advice)):
        msg = f"{place}: {language}.{_VALUES} has words for {{{unused[0]}}}, which no text holds"
        raise CatalogueError(msg)
    return Text(title, message, advice, advice_xml, values)


def _values(value: Any, place: str) -> Mapping[str, Mapping[str, str]]:
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        msg = f"{place}: must give words by placeholder and code"
        raise CatalogueError(msg)
    return MappingProxyType(
        {
            str(name): MappingProxyType(
                {str(code): _words(said, f"{place}.{name}.{code}") for code, said in each.items()}
            )
            for name, each in value.items()
        }
    )


def _words(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        msg = f"{place}: must be text, not empty"
        raise CatalogueError(msg)
    return " ".join(value.split())


def placeholders(template: str) -> frozenset[str]:
    """Return the names between braces in ``template``.

    Raises:
        CatalogueError: when the braces do not match.
    """
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)
    except ValueError as error:
        msg = f"{template!r}: {error}"
        raise CatalogueError(msg) from error
