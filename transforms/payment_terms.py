"""When an invoice falls due under payment terms: days, end of the month, day of the month."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from config.company_tables import PaymentTerms


def due_date(terms: PaymentTerms, issued: date) -> date:
    """Return the due date (BT-9) of an invoice issued on ``issued`` (BT-2).

    The days are counted first, then the end of that month is taken if asked (« 45 jours fin de
    mois »), then the next such day of the month, that very day included (« fin de mois le 10 »).

    Raises:
        OverflowError: the date would lie beyond the year 9999.
    """
    due = issued + timedelta(days=terms.days)
    if terms.end_of_month:
        due = due.replace(day=_length(due.year, due.month))
    if terms.day is not None:
        due = _on_day(due, terms.day)
    return due


def _on_day(earliest: date, day: int) -> date:
    """Return the first date from ``earliest`` on that is the ``day`` of its month.

    A month that is too short has its last day instead.
    """
    here = earliest.replace(day=min(day, _length(earliest.year, earliest.month)))
    if here >= earliest:
        return here
    following = earliest.replace(day=_length(earliest.year, earliest.month)) + timedelta(days=1)
    return following.replace(day=min(day, _length(following.year, following.month)))


def _length(year: int, month: int) -> int:
    return monthrange(year, month)[1]
