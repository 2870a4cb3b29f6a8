"""Book of the flow numbers: reserved in blocks, never given twice, gaps allowed."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from flows.errors import ConfigurationError, LedgerUnavailableError
from flows.ledger.store import Store
from flows.ledger.tables import sequences

#: A flow number has 15 digits (AIFE, Annexe EDI: naming rule of flows).
LAST_NUMBER = 10**15 - 1

_ATTEMPTS = 20


class SequenceBook(Store):
    """Flow numbers of this emitter, per interface, whatever the company."""

    def reserve_sequences(self, interface: str, count: int, *, first: int) -> range:
        """Reserve ``count`` numbers at once and for good.

        Args:
            interface: Chorus Pro interface code (``FSO1106A``).
            count: how many numbers; at least one.
            first: lowest number to give (setting ``emitter.first_sequence``); numbers reserved
                before are never given again, whatever it says.

        Raises:
            ConfigurationError: the numbers of 15 digits are used up.
            LedgerUnavailableError: other processes kept taking the same numbers.
        """
        if count < 1:
            message = f"{count} numbers cannot be reserved"
            raise ValueError(message)
        for _ in range(_ATTEMPTS):
            try:
                return self._reserve(interface, count, first)
            except IntegrityError:  # another process took the block first (PostgreSQL only)
                continue
        raise LedgerUnavailableError(
            f"No flow numbers of {interface} could be reserved.", next_step="Run again."
        )

    def _reserve(self, interface: str, count: int, first: int) -> range:
        with self._writing() as connection:
            highest = connection.execute(
                select(func.max(sequences.c.last)).where(
                    sequences.c.emitter == self.emitter, sequences.c.interface == interface
                )
            ).scalar_one()
            start = first if highest is None else max(first, highest + 1)
            last = start + count - 1
            if last > LAST_NUMBER:
                raise ConfigurationError(
                    f"The flow numbers of {interface} are used up at {LAST_NUMBER}.",
                    next_step="Check emitter.first_sequence in the settings.",
                )
            connection.execute(
                sequences.insert().values(
                    **self._scope,
                    interface=interface,
                    first=start,
                    last=last,
                    reserved_at=self._clock(),
                )
            )
        return range(start, last + 1)
