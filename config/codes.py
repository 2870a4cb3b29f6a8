"""Code lists and limits that ship with the project: dated, sourced, read once per process.

A list is a YAML file of ``config/codes`` with ``source``, ``dated`` (of the list, not of ours) and
``codes``: either a mapping of code to names and facts, or the codes alone, separated by blanks.
Currencies come from the package ``iso4217``, which follows the maintenance agency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import iso4217

from config.yaml_text import YamlTextError, load_yaml


class CodeListError(ValueError):
    """Raised when a list that ships is missing or malformed; names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code: its names (empty when the list has none) and what else is known of it."""

    code: str
    fr: str = ""
    en: str = ""
    facts: Mapping[str, str | bool] = field(default_factory=dict)

    def name(self, language: str) -> str:
        """Return the name in ``language`` (``fr`` or ``en``); the code when it has none."""
        return (self.fr if language == "fr" else self.en) or self.code


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list of codes, with the document and the day it was taken from."""

    name: str
    source: str
    dated: date
    codes: Mapping[str, Code]

    def __contains__(self, code: object) -> bool:
        return code in self.codes

    def __iter__(self) -> Iterator[str]:
        return iter(self.codes)

    def get(self, code: str | None) -> Code | None:
        """Return the entry of ``code``, or None."""
        return self.codes.get(code) if code is not None else None

    def having(self, fact: str) -> frozenset[str]:
        """Return the codes for which ``fact`` is given and not false."""
        return frozenset(code for code, entry in self.codes.items() if entry.facts.get(fact))


@dataclass(frozen=True, slots=True)
class Limit:
    """Largest length of a text, or largest number, of a business term.

    ``mark`` tells how sure the figure is: C confirmed by an official document, P proven in
    production elsewhere; a rule on a P figure can be turned into a warning by a policy.
    """

    term: str
    largest: int
    mark: str
    source: str


@lru_cache(maxsize=64)
def load_codes(name: str) -> CodeList:
    """Return the list ``name`` (a file of ``config/codes`` without its extension).

    Raises:
        CodeListError: when there is no such list, or it is malformed.
    """
    content = _content(name)
    if set(content) != {"source", "dated", "codes"} or not isinstance(content["dated"], date):
        msg = f"{name}.yaml: must give source, dated (a date) and codes"
        raise CodeListError(msg)
    entries = content["codes"]
    if isinstance(entries, str):
        codes = {code: Code(code) for code in entries.split()}
    elif isinstance(entries, dict):
        codes = {code: _code(code, entry, name) for code, entry in entries.items()}
    else:
        msg = f"{name}.yaml: codes must be a mapping, or codes separated by blanks"
        raise CodeListError(msg)
    return CodeList(name, str(content["source"]), content["dated"], MappingProxyType(codes))


@lru_cache(maxsize=1)
def load_limits() -> Mapping[str, Limit]:
    """Return the limits of ``config/codes/limits.yaml`` by business term.

    Raises:
        CodeListError: when the file is malformed.
    """
    limits: dict[str, Limit] = {}
    for term, entry in _content("limits").items():
        try:
            limits[term] = Limit(term, int(entry["max"]), entry["mark"], entry["source"])
        except (KeyError, TypeError, ValueError) as error:
            msg = f"limits.yaml, {term}: must give max, mark and source"
            raise CodeListError(msg) from error
    return MappingProxyType(limits)


@lru_cache(maxsize=1)
def load_currencies() -> frozenset[str]:
    """Return the currency codes of ISO 4217 (package ``iso4217``, version pinned by the lock)."""
    return frozenset(currency.code for currency in iso4217.Currency)


def _content(name: str) -> dict[str, Any]:
    file = files("config") / "codes" / f"{name}.yaml"
    try:
        content = load_yaml(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"there is no code list {name!r}"
        raise CodeListError(msg) from error
    except YamlTextError as error:
        msg = f"{name}.yaml: {error}"
        raise CodeListError(msg) from error
    if not isinstance(content, dict):
        msg = f"{name}.yaml: must be a mapping"
        raise CodeListError(msg)
    return content


def _code(code: Any, entry: Any, name: str) -> Code:
    if not isinstance(code, str):
        msg = f"{name}.yaml, {code!r}: a code must be text, in quotes when it looks like a number"
        raise CodeListError(msg)
    if not isinstance(entry, dict) or not entry.get("fr") or not entry.get("en"):
        msg = f"{name}.yaml, {code}: must give the names fr and en"
        raise CodeListError(msg)
    facts = {key: value for key, value in entry.items() if key not in ("fr", "en")}
    return Code(code, entry["fr"], entry["en"], MappingProxyType(facts))
