"""Read and set a business term of an invoice that is built already.

For terms that come once: those of the groups that repeat (BG-20, BG-23, lines…) have no single
value. The invoice is immutable; a changed one shares everything else with the old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from config.terms import DECIMAL_KINDS, TermError, term
from transforms.building import field_of
from transforms.invoice import Identifier, Invoice
from transforms.schemes import SIRET

#: A field on the way to a term, and the class below it.
_Step: TypeAlias = tuple[str, Any]
#: Digits of a SIRET (INSEE, SIRENE).
SIRET_LENGTH = 14


def value_of(invoice: Invoice, term_id: str) -> Any:
    """Return the value of a term of the document: text, date or Decimal; None when it is absent.

    Raises:
        TermError: the term is not known, repeats, or has no place in an invoice.
    """
    value: Any = invoice
    for step, _ in _steps(term_id):
        if value is None:
            return None
        value = getattr(value, step)
    return value


def with_value(invoice: Invoice, term_id: str, value: Any) -> Invoice:
    """Return the invoice with ``value`` as the term; objects on the way are made when absent.

    A SIRET brings its identifier type (BT-47-1: ``1``); another text under the same term keeps
    the type that is there unless that says SIRET. A type without an identifier is not set: it
    says nothing.

    Raises:
        TermError: as :func:`value_of`.
    """
    changed: Invoice = _with(invoice, Invoice, _steps(term_id), term(term_id).siret, value)
    return changed


def typed(term_id: str, text: str) -> Any:
    """Return the value that a canonical text of the term stands for: ISO date, decimal point.

    Raises:
        TermError: the term is not known.
    """
    kind = term(term_id).kind
    if kind in DECIMAL_KINDS:
        return Decimal(text)
    return date.fromisoformat(text) if kind == "date" else text


def is_siret(text: str) -> bool:
    """Whether ``text`` has the form of a SIRET: fourteen digits."""
    return len(text) == SIRET_LENGTH and text.isascii() and text.isdigit()


def _with(found: Any, kind: Any, steps: Sequence[_Step], siret: bool, value: Any) -> Any:
    (name, inner), *rest = steps
    if rest:
        below = _with(getattr(found, name, None), inner, rest, siret, value)
        return found if below is None else replace(found or kind(), **{name: below})
    if kind is not Identifier:
        return replace(found or kind(), **{name: value})
    if name != "value":
        return None if found is None else replace(found, **{name: value})
    scheme = found.scheme if found is not None else None
    if siret:
        scheme = SIRET if is_siret(value) else (None if scheme == SIRET else scheme)
    return replace(found or Identifier(value), value=value, scheme=scheme)


@lru_cache(maxsize=512)
def _steps(term_id: str) -> tuple[_Step, ...]:
    found = term(term_id)
    if found.path is None or found.group is not None or found.level != "document":
        msg = f"{term_id} has no single place in an invoice"
        raise TermError(msg)
    steps: list[_Step] = []
    kind: Any = Invoice
    names = found.path.split(".")
    for name in names[:-1]:
        kind, _ = field_of(kind, name)
        steps.append((name, kind))
    return (*steps, (names[-1], None))
