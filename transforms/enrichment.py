"""Tables that accountants keep: what they add to an invoice that is built already.

A table is asked by terms of the invoice (customer account, number of the order) and gives terms
that the ERP does not know (SIRET, service code, contract). See docs/company.md.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from config.terms import registry
from transforms.building import Reading
from transforms.finding import Location, Severity
from transforms.invoice import Invoice
from transforms.joining import key_text
from transforms.term_access import typed, value_of, with_value

#: Texts of the key columns, in the order of the table's ``key``.
Key: TypeAlias = tuple[str, ...]
#: Line of the file, and the texts of the columns given, in the order of ``gives``.
Row: TypeAlias = tuple[int, tuple[str | None, ...]]


class EnrichmentTable:
    """A table in memory, ready to be asked; it travels to workers packed, and is unpacked once.

    Args:
        file: name of the file, for findings.
        sha256: of its bytes: part of what names a run's set-up.
        key: term of the invoice -> heading of the table.
        gives: the same, for what is given.
        rows: canonical texts (ISO dates, decimal points) by key; ``None`` for an empty cell.
        when: whether only missing terms are given, or always.
        unknown: whether a key that is not in the table is a finding.
    """

    def __init__(
        self,
        *,
        file: str,
        sha256: str,
        key: Mapping[str, str],
        gives: Mapping[str, str],
        rows: Mapping[Key, Row],
        when: Literal["missing", "always"] = "missing",
        unknown: Literal["finding", "ignore"] = "finding",
    ) -> None:
        self.file = file
        self.sha256 = sha256
        self.key = dict(key)
        self.gives = dict(gives)
        self.when = when
        self.unknown = unknown
        #: Ranks of the terms given; identifier types last: they need their identifier.
        self.order = sorted(enumerate(gives), key=lambda item: _is_scheme(item[1]))
        self._rows: Mapping[Key, Row] | None = rows
        self._packed: bytes | None = None
        self._without_zeros: dict[Key, Key | None] | None = None

    def __len__(self) -> int:
        return len(self._unpacked())

    def __getstate__(self) -> dict[str, Any]:
        if self._packed is None:
            listed = [(*key, *row[1], row[0]) for key, row in self._unpacked().items()]
            self._packed = zlib.compress(json.dumps(listed).encode(), 1)
        return {**self.__dict__, "_rows": None, "_without_zeros": None}

    def find(self, key: Key) -> Row | None:
        """Return the row of ``key``; without leading zeros when no row has it as it is.

        ``0000100234`` finds ``100234`` and the other way round, unless several rows would do.
        """
        rows = self._unpacked()
        row = rows.get(key)
        if row is not None:
            return row
        if self._without_zeros is None:
            self._without_zeros = _by_bare_key(rows)
        only = self._without_zeros.get(_bare(key))
        return rows[only] if only is not None else None

    def key_of(self, invoice: Invoice, keys: Mapping[str, str]) -> Key | None:
        """Return the key of an invoice; None when one of its terms is absent.

        Args:
            keys: texts of terms that have no place in the invoice (``CF-CUSTOMER``).
        """
        found = []
        for term in self.key:
            text = keys.get(term, "").strip()
            if not text and registry().terms[term].path is not None:
                text = canonical(value_of(invoice, term))
            if not text:
                return None
            found.append(text)
        return tuple(found)

    def _unpacked(self) -> Mapping[Key, Row]:
        if self._rows is None:
            assert self._packed is not None
            width = len(self.key)
            self._rows = {
                tuple(cells[:width]): (cells[-1], tuple(cells[width:-1]))
                for cells in json.loads(zlib.decompress(self._packed))
            }
        return self._rows


def enriched(
    invoice: Invoice,
    keys: Mapping[str, str],
    tables: Sequence[EnrichmentTable],
    reading: Reading,
) -> Invoice:
    """Return the invoice with what ``tables`` give, asked in their order.

    A key that no table lists is a finding (``MP-TABLE-01``) when a term it would have given is
    still missing after the last table; an invoice without the key's terms is a warning
    (``MP-TABLE-02``).

    Args:
        keys: texts of the terms that have no place in the invoice, as the extract has them.
    """
    places: dict[str, Location] = {}
    unlisted: list[tuple[EnrichmentTable, Key | None]] = []
    for table in tables:
        missing = _missing(invoice, table.gives)
        if not missing and table.when == "missing":
            continue
        key = table.key_of(invoice, keys)
        row = table.find(key) if key is not None else None
        if row is None:
            if table.unknown == "finding":
                unlisted.append((table, key))
            continue
        line, texts = row
        for rank, term in table.order:
            text = texts[rank]
            if text is not None and (table.when == "always" or term in missing):
                invoice = with_value(invoice, term, typed(term, text))
                places[term] = Location(table.file, line, table.gives[term])
    _report(invoice, unlisted, reading)
    if places and invoice.provenance is not None:
        elsewhere = {**invoice.provenance.elsewhere, **places}
        invoice = replace(invoice, provenance=replace(invoice.provenance, elsewhere=elsewhere))
    return invoice


def key_terms(tables: Iterable[EnrichmentTable]) -> frozenset[str]:
    """Return the terms that the tables are asked by: who needs a table's answer needs these."""
    return frozenset(term for table in tables for term in table.key)


def canonical(value: Any) -> str:
    """Return the text under which a value of an invoice is looked up; empty when it is absent."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value).strip()


def _missing(invoice: Invoice, terms: Iterable[str]) -> list[str]:
    return [term for term in terms if value_of(invoice, term) is None]


def _report(
    invoice: Invoice,
    unlisted: Sequence[tuple[EnrichmentTable, Key | None]],
    reading: Reading,
) -> None:
    told: set[str] = set()
    for table, key in unlisted:
        missing = [
            term
            for term in _missing(invoice, table.gives)
            if term not in told and not _is_scheme(term)
        ]
        if not missing:
            continue
        params = {
            "table": table.file,
            "headings": ", ".join(table.gives[term] for term in missing),
            "terms": ", ".join(missing),
        }
        if key is None:
            params["key_terms"] = ", ".join(table.key)
            reading.report("MP-TABLE-02", bt=missing[0], params=params, severity=Severity.WARNING)
            continue
        told.update(missing)
        said = zip(table.key.values(), key, strict=True)
        params["key"] = ", ".join(f"{heading} = {text}" for heading, text in said)
        reading.report("MP-TABLE-01", bt=missing[0], value=" / ".join(key), params=params)


def _is_scheme(term: str) -> bool:
    path = registry().terms[term].path
    return path is not None and path.endswith(".scheme")


def _by_bare_key(rows: Mapping[Key, Row]) -> dict[Key, Key | None]:
    found: dict[Key, Key | None] = {}
    for key in rows:
        bare = _bare(key)
        found[bare] = None if bare in found else key
    return found


def _bare(key: Key) -> Key:
    """Return the key without the leading zeros of its numbers; ``0A`` is no number."""
    return tuple(key_text(text, "ignored") for text in key)
