"""Book of the locks: who deposits and who collects for an emitter, on whichever machine.

A lock is a row, kept alive by its owner. Whoever holds one through this ledger writes nothing any
more once the lock is another's: each writing transaction looks first, and keeps the row until it
ends (``Store._writing``). Times are those of the database, so that no clock of a machine matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, select
from sqlalchemy.exc import IntegrityError

from flows.errors import ConfigurationError, LockHeldError
from flows.ledger import dialect
from flows.ledger.store import SYSTEM, Store
from flows.ledger.tables import locks
from flows.machine import Process

#: Held by whoever deposits, or changes what will be deposited.
DEPOSIT = "deposit"
#: Held by whoever fetches return flows; beside a night.
COLLECT = "collect"
LOCKS = (DEPOSIT, COLLECT)

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class LockRecord:
    """Who holds a lock, and since when.

    Attributes:
        name: ``deposit`` or ``collect``.
        company: key of the company its owner works for.
        process: its owner.
        token: of this taking.
        outbox: identity of the outbox that the owner sees.
        taken_at: when it was taken, by the clock of the database.
        age: time since the owner's last sign of life, by the same clock.
    """

    name: str
    company: str
    process: Process
    token: str
    outbox: str
    taken_at: datetime
    age: timedelta

    def __str__(self) -> str:
        return (
            f"{self.process} since {self.taken_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"last sign of life {_seconds(self.age)} ago"
        )

    def as_dict(self) -> dict[str, object]:
        """Return the lock as plain data."""
        return {
            "name": self.name,
            "company": self.company,
            "host": self.process.host,
            "pid": self.process.pid,
            "taken_at": self.taken_at,
            "age_seconds": int(self.age.total_seconds()),
        }


class LockBook(Store):
    """Locks of this emitter, whatever the company."""

    def take_lock(
        self,
        name: str,
        owner: Process,
        *,
        token: str,
        outbox: str,
        stale_after: timedelta,
        ended: Callable[[LockRecord], bool],
    ) -> LockRecord | None:
        """Take a lock, or take it over from an owner that is over; this ledger holds it then.

        It is taken over when its owner has ended for certain, or gave no sign of life for
        ``stale_after``; and only from an owner with the same outbox: whoever does not see what
        the other one built would not know what to do with it.

        Args:
            name: ``deposit`` or ``collect``.
            owner: this process.
            token: of this taking; never used before.
            outbox: identity of the outbox that this process sees.
            stale_after: silence after which an owner counts as gone.
            ended: tells of an owner with the same outbox whether it has ended for certain.

        Returns:
            From whom it was taken over (with an event), or None when it was free.

        Raises:
            LockHeldError: another process holds it; says which one, since when, and what to do.
        """
        for _ in range(_ATTEMPTS):
            try:
                former = self._take(name, owner, token, outbox, stale_after, ended)
            except IntegrityError:  # another process was faster (PostgreSQL only): look again
                continue
            self._fences[name] = token
            return former
        raise LockHeldError(
            f"The {name} lock of {self.emitter} is changing hands.", next_step="Run again."
        )

    def renew_lock(self, name: str) -> bool:
        """Give a sign of life; False when the lock is not this ledger's any more."""
        with self._transaction() as connection:
            renewed = connection.execute(
                locks.update()
                .where(self._named(name), locks.c.token == self._fences.get(name))
                .values(seen_at=dialect.database_time(connection))
            )
            return renewed.rowcount == 1

    def release_lock(self, name: str) -> None:
        """Let a lock go; one that another process took over meanwhile is left to it."""
        token = self._fences.pop(name, None)
        if token is None:
            return
        with self._transaction() as connection:
            connection.execute(locks.delete().where(self._named(name), locks.c.token == token))

    def require_locks(self) -> None:
        """Make sure that the locks this ledger took are still its own.

        Raises:
            LockLostError: another process has taken one over.
        """
        if self._fences:
            with self._writing():
                pass

    def lock(self, name: str) -> LockRecord | None:
        """Return who holds a lock, or None."""
        return next((lock for lock in self.locks() if lock.name == name), None)

    def locks(self) -> list[LockRecord]:
        """Return the locks held for this emitter, in the order of their names."""
        with self._reading() as connection:
            rows = connection.execute(
                select(locks).where(locks.c.emitter == self.emitter).order_by(locks.c.name)
            ).all()
            now = dialect.database_time(connection)
        return [_to_record(row._mapping, now) for row in rows]

    def unlock(self, name: str, *, stale_after: timedelta, actor: str, reason: str) -> LockRecord:
        """Take a lock away from an owner that is gone for good, by an operator's word.

        Returns:
            Who held it.

        Raises:
            ConfigurationError: nobody holds it, or its owner gave a sign of life.
        """
        with self._writing() as connection:
            held = self._look(connection, name)
            if held is None:
                raise ConfigurationError(f"Nobody holds the {name} lock of {self.emitter}.")
            if held.age < stale_after:
                raise ConfigurationError(
                    f"The {name} lock of {self.emitter} is held by {held}: it may be at work.",
                    next_step=f"Stop that process and wait until {_seconds(stale_after)} have "
                    "passed without a sign of life (locks.stale_after_seconds).",
                )
            connection.execute(locks.delete().where(self._named(name)))
            self._record_event(
                connection,
                "lock",
                "unlocked",
                source=name,
                actor=actor,
                reason=f"{reason} (held by {held})",
            )
        return held

    def _take(
        self,
        name: str,
        owner: Process,
        token: str,
        outbox: str,
        stale_after: timedelta,
        ended: Callable[[LockRecord], bool],
    ) -> LockRecord | None:
        with self._writing() as connection:
            held = self._look(connection, name)
            now = dialect.database_time(connection)
            values = {
                "company": self.company,
                "token": token,
                "host": owner.host,
                "system": owner.system,
                "pid": owner.pid,
                "started": owner.started,
                "outbox": outbox,
                "taken_at": now,
                "seen_at": now,
            }
            if held is None:
                connection.execute(locks.insert().values(emitter=self.emitter, name=name, **values))
                return None
            if held.outbox != outbox:
                raise self._held_elsewhere(held, stale_after)
            if held.age < stale_after and not ended(held):
                raise self._held(held, stale_after)
            connection.execute(locks.update().where(self._named(name)).values(**values))
            self._record_event(
                connection,
                "lock",
                "taken_over",
                source=name,
                actor=SYSTEM,
                reason=f"from {held}, by {owner}",
            )
        return held

    def _look(self, connection: Connection, name: str) -> LockRecord | None:
        row = connection.execute(select(locks).where(self._named(name)).with_for_update()).first()
        # The clock is read once the row is ours: whoever held it has written by then.
        return None if row is None else _to_record(row._mapping, dialect.database_time(connection))

    def _named(self, name: str) -> ColumnElement[bool]:
        return and_(locks.c.emitter == self.emitter, locks.c.name == name)

    def _held(self, held: LockRecord, stale_after: timedelta) -> LockHeldError:
        return LockHeldError(
            f"The {held.name} lock of {self.emitter} is held by {held}.",
            next_step="Wait until it has ended, then run again. If that machine is gone, its lock "
            f"is taken over once {_seconds(stale_after)} have passed without a sign of life.",
        )

    def _held_elsewhere(self, held: LockRecord, stale_after: timedelta) -> LockHeldError:
        what = (
            f"The {held.name} lock of {self.emitter} is held by {held}, with another outbox than "
            "the one of this state folder."
        )
        if held.age < stale_after:
            return LockHeldError(what, next_step="Wait until it has ended, then run again.")
        return LockHeldError(
            what,
            next_step="Is the shared state folder mounted here? If so, and if that machine and its "
            f"outbox are gone for good: chorus-flows ledger unlock {held.name} --by … --reason …",
        )


def _to_record(row: RowMapping, now: datetime) -> LockRecord:
    return LockRecord(
        name=row["name"],
        company=row["company"],
        process=Process(row["host"], row["system"], row["pid"], row["started"]),
        token=row["token"],
        outbox=row["outbox"],
        taken_at=row["taken_at"],
        age=max(timedelta(0), now - row["seen_at"]),
    )


def _seconds(span: timedelta) -> str:
    return f"{int(span.total_seconds())} s"
