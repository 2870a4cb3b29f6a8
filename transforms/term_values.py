"""The values that an invoice holds of a business term, wherever it lives in the model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from config.terms import Group, Term, registry
from transforms.invoice import Invoice


def values_of(invoice: Invoice, term: Term) -> Iterator[str]:
    """Yield each value of ``term`` as text: of the document, or of every line; absent ones not."""
    if term.path is None:
        return
    group = registry().groups.get(term.group or "")
    owners = invoice.lines if term.level == "line" else (invoice,)
    for owner in owners:
        for value in _walk(owner, term.path.split("."), group):
            yield _text(value)


def _walk(owner: Any, steps: list[str], group: Group | None) -> Iterator[Any]:
    if owner is None:
        return
    if not steps:
        yield owner
        return
    step, *rest = steps
    if step.endswith("[]"):
        for member in getattr(owner, step[:-2]):
            fixed = group.fixed if group is not None else {}
            if all(getattr(member, name, value) == value for name, value in fixed.items()):
                yield from _walk(member, rest, group)
    elif isinstance(owner, tuple):
        yield owner[int(step)]
    else:
        yield from _walk(getattr(owner, step), rest, group)


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)
