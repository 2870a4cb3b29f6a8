"""Column types of the ledger: exact money, UTC times, states, big integer keys."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

#: SQLite only numbers rows by itself when the key is a plain INTEGER.
BigKey = BigInteger().with_variant(Integer, "sqlite")


class Money(TypeDecorator[Decimal]):
    """A decimal kept as text, digit for digit: ``10.50`` comes back as ``10.50``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write the decimal without exponent; refuse what is not a finite decimal."""
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            message = f"an amount must be a finite Decimal, not {value!r}"
            raise TypeError(message)
        return format(value, "f")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """Read the decimal back."""
        return None if value is None else Decimal(value)


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept in UTC; times without a zone are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn the moment into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a ledger time needs a zone: {value!r}"
            raise TypeError(message)
        # SQLite's DateTime drops the zone when it writes: what it holds is always UTC.
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Give the moment its zone again."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class State(TypeDecorator[StrEnum]):
    """A state of :mod:`flows.ledger.states`, kept as its text."""

    impl = Text
    cache_ok = True

    def __init__(self, states: type[StrEnum]) -> None:
        self.states = states
        super().__init__()

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """Write the text of the state; a word that is no state is refused."""
        return None if value is None else self.states(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> StrEnum | None:
        """Read the state back."""
        return None if value is None else self.states(value)
