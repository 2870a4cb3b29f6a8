"""From the text of a cell to the value of a business term, by the kind of the term.

A converter returns the value and its canonical text: what the content hash is taken over, so that
``1 234,50`` and ``1234.50`` are the same amount. An empty cell gives ``(None, "")``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from config.profile import UNITS_TABLE, Dates, Marks, Profile, TermSource
from config.terms import DECIMAL_KINDS, Term
from transforms import amounts, dates

Converted: TypeAlias = tuple[Any, str]
Converter: TypeAlias = Callable[[str], Converted]

#: How a computed column is written: decimal point, ISO date.
_CANONICAL_MARKS = Marks()
_CANONICAL_DATES = Dates()
#: Different cells remembered per column: prices, rates and dates come again and again.
_REMEMBERED = 2048
_SIRET_LENGTH = 14
#: At most two leading zeros count as lost: a shorter number is no SIRET at all.
_SHORTEST_SIRET = 12

NOTHING: Converted = (None, "")


class ReadError(ValueError):
    """Raised when a cell cannot be read as its term; carries the rule broken and its facts."""

    def __init__(self, rule: str, params: Mapping[str, str] | None = None) -> None:
        self.rule = rule
        self.params = dict(params or {})
        super().__init__(rule)


def converter(
    term: Term,
    source: TermSource,
    profile: Profile,
    units: Mapping[str, str],
) -> Converter:
    """Return the converter of ``term`` as ``source`` of ``profile`` asks for it.

    Args:
        units: units of the company file, which complete the profile's table ``units``.
    """
    read = _by_kind(term, source, profile)
    if source.table is not None:
        table = dict(profile.tables.get(source.table, {}))
        if source.table == UNITS_TABLE:
            table.update(units)
        read = _translated(read, source, table)
    if term.kind in DECIMAL_KINDS or term.kind == "date":
        return lru_cache(maxsize=_REMEMBERED)(read)
    return read


def _by_kind(term: Term, source: TermSource, profile: Profile) -> Converter:
    computed = source.value is not None
    if term.kind == "date":
        return _date(_CANONICAL_DATES if computed else source.dates or profile.dates)
    if term.kind in DECIMAL_KINDS:
        return _decimal(term, _CANONICAL_MARKS if computed else source.marks or profile.numbers)
    if term.kind == "identifier":
        return _identifier(term)
    return _text


def _text(text: str) -> Converted:
    stripped = text.strip()
    return (stripped, stripped) if stripped else NOTHING


def _identifier(term: Term) -> Converter:
    def read(text: str) -> Converted:
        stripped = "".join(text.split()) if term.compact else text.strip()
        if not stripped:
            return NOTHING
        if ("E" in stripped or "e" in stripped) and amounts.is_scientific(stripped):
            raise ReadError("MP-SCIENTIFIC-01")
        return stripped, stripped

    return read


def _date(declared: Dates) -> Converter:
    parse = dates.parser(declared)

    def read(text: str) -> Converted:
        try:
            found = parse(text)
        except dates.DateError as error:
            raise ReadError("MP-DATE-01", {"formats": ", ".join(declared.formats)}) from error
        return (found, found.isoformat()) if found is not None else NOTHING

    return read


def _decimal(term: Term, marks: Marks) -> Converter:
    parse = amounts.parser(marks)
    is_rate = term.kind == "rate"

    def read(text: str) -> Converted:
        stripped = text.strip()
        if is_rate:
            stripped = re.sub(r"\s*%$", "", stripped)
        if not stripped:
            return NOTHING
        try:
            number = parse(stripped)
        except amounts.AmountError as error:
            if amounts.is_scientific(stripped):
                raise ReadError("MP-SCIENTIFIC-01") from error
            example = f"1{(*marks.groupings, '')[0]}234{marks.decimal}56"
            raise ReadError("MP-NUMBER-01", {"example": example}) from error
        canonical = f"{number:f}"
        if "." in canonical:
            canonical = canonical.rstrip("0").rstrip(".")
        return number, canonical

    return read


def _translated(read: Converter, source: TermSource, table: Mapping[str, str]) -> Converter:
    known = {key.strip(): value for key, value in table.items()}

    def translate(text: str) -> Converted:
        stripped = text.strip()
        if not stripped:
            return NOTHING
        target = known.get(stripped)
        if target is None:
            if source.unknown == "keep":
                return read(stripped)
            raise ReadError("MP-CODE-01", {"table": source.table or ""})
        value, _ = read(target)
        # The hash is over what the extract said, not over what a table makes of it.
        return value, stripped

    return translate


def checked_siret(value: str, scheme: str | None, *, pad: bool) -> tuple[str, str | None]:
    """Return the SIRET and the rule it breaks: one that lost its leading zeros is never guessed.

    Only identifiers of type SIRET (scheme 1, or none said) are looked at. With ``pad`` the zeros
    are put back, as the profile asks.
    """
    if scheme not in (None, "1") or not (value.isascii() and value.isdigit()):
        return value, None
    if _SHORTEST_SIRET <= len(value) < _SIRET_LENGTH:
        if pad:
            return value.zfill(_SIRET_LENGTH), None
        return value, "MP-SIRET-01"
    return value, None
