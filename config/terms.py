"""The registry of business terms: what each holds, where it lives in the model, how it is called.

The data is ``config/codes/terms.yaml``. Profiles name terms by their id; the mapping engine reads
kind and path from here; findings and reports take the everyday name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from config.yaml_text import load_yaml

Kind: TypeAlias = Literal[
    "text", "amount", "quantity", "price", "rate", "date", "code", "identifier"
]
Level: TypeAlias = Literal["document", "line"]

#: Kinds read as a decimal number.
DECIMAL_KINDS: frozenset[str] = frozenset({"amount", "quantity", "price", "rate"})


class TermError(ValueError):
    """Raised when the registry is malformed, or asked for a term it does not know."""


@dataclass(frozen=True, slots=True)
class Group:
    """A repeating group: its path below the invoice or the line, and the fields it fixes.

    Attributes:
        id: ``BG-20``, or the BT number for a term that may be repeated by itself (``BT-29``).
        path: field holding the tuple, for example ``payment.transfers[]``.
        fixed: fields of each member that follow from the group (``is_charge``).
    """

    id: str
    path: str
    level: Level
    fr: str
    en: str
    fixed: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Term:
    """A business term.

    Attributes:
        id: ``BT-1``; ``CP-…`` for Chorus Pro's own terms; ``CF-…`` for those of chorus-flows.
        path: place below the invoice (document level) or below a line; None when the term only
            feeds a lookup, such as the ERP's VAT code.
        group: repeating group it belongs to, if any.
        siret: whether the identifier is a SIRET when its scheme does not say otherwise.
        compact: whether spaces inside the value are only there for the eye (IBAN, SIRET).
    """

    id: str
    kind: Kind
    level: Level
    fr: str
    en: str
    path: str | None = None
    group: str | None = None
    siret: bool = False
    compact: bool = False

    def name(self, language: str) -> str:
        """Return the everyday name of the term in ``language`` (``fr`` or ``en``)."""
        return self.en if language == "en" else self.fr

    def accepts(self, text: str) -> bool:
        """Whether ``text`` can be a fixed value of the term: ISO date, number with a point."""
        try:
            if self.kind in DECIMAL_KINDS:
                return Decimal(text).is_finite()
            if self.kind == "date":
                date.fromisoformat(text)
        except (ArithmeticError, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Registry:
    """All terms and groups, in the order of the file: the order of values in content hashes."""

    terms: Mapping[str, Term]
    groups: Mapping[str, Group]


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the registry, read once per process.

    Raises:
        TermError: when the shipped file is malformed.
    """
    return parse_registry(files("config").joinpath("codes", "terms.yaml").read_text("utf-8"))


def parse_registry(text: str) -> Registry:
    """Return the registry written in ``text``.

    Raises:
        TermError: naming the entry that is malformed.
    """
    data = load_yaml(text)
    groups = {str(key): _group(str(key), entry) for key, entry in data["groups"].items()}
    terms = {str(key): _term(str(key), entry, groups) for key, entry in data["terms"].items()}
    return Registry(MappingProxyType(terms), MappingProxyType(groups))


def term(term_id: str) -> Term:
    """Return the term ``term_id``.

    Raises:
        TermError: when there is no such term.
    """
    found = registry().terms.get(term_id)
    if found is None:
        msg = f"there is no business term {term_id!r} (see config/codes/terms.yaml)"
        raise TermError(msg)
    return found


def name_of(term_id: str | None, language: str) -> str:
    """Return the everyday name of a term or group, or the id itself when it is not listed."""
    if term_id is None:
        return ""
    found = registry().terms.get(term_id)
    if found is not None:
        return found.name(language)
    group = registry().groups.get(term_id)
    if group is not None:
        return group.en if language == "en" else group.fr
    return term_id


def _group(key: str, entry: Mapping[str, object]) -> Group:
    try:
        return Group(**{"id": key, "level": "document", **entry})  # type: ignore[arg-type] # YAML
    except TypeError as error:
        msg = f"group {key}: {error}"
        raise TermError(msg) from error


def _term(key: str, entry: Mapping[str, object], groups: Mapping[str, Group]) -> Term:
    group = groups.get(str(entry.get("group")))
    level = group.level if group else "document"
    try:
        made = Term(**{"id": key, "level": level, **entry})  # type: ignore[arg-type] # from YAML
    except TypeError as error:
        msg = f"term {key}: {error}"
        raise TermError(msg) from error
    if made.kind not in get_args(Kind) or made.level not in get_args(Level):
        msg = f"term {key}: kind {made.kind!r} or level {made.level!r} is not known"
        raise TermError(msg)
    if made.group is not None and group is None:
        msg = f"term {key}: there is no group {made.group!r}"
        raise TermError(msg)
    if group is not None and made.path is not None and not made.path.startswith(group.path + "."):
        msg = f"term {key}: path {made.path!r} is not below {group.path!r}"
        raise TermError(msg)
    return made
