"""What differs between SQLite and PostgreSQL; nothing else in the ledger knows the database.

SQLite: WAL with ``synchronous=FULL`` (a deposit record must survive a power cut), every writing
transaction begins with ``BEGIN IMMEDIATE`` (a deferred one that reads, then writes, fails at once
with "database is locked", whatever the busy time-out), files readable by their owner only.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)

from flows.errors import ConfigurationError, LedgerUnavailableError
from flows.private_files import private_folder

#: Execution option of a connection that only reads: SQLite need not take its write lock.
READ_ONLY = "ledger_read_only"

#: Seconds to wait for another writer before giving up.
BUSY_SECONDS = 30

#: Seconds in which PostgreSQL notices that the machine of a session is gone, and lets its row locks
#: go; a machine that takes over (``locks.stale_after_seconds``) must not wait for them for hours.
_GONE_SECONDS = 120
_KEEPALIVE = {"idle": 30, "interval": 10, "count": 6}

#: SQLSTATE of what only a change of the settings or of the server's rights mends.
_WRONG_SETTINGS = frozenset({"42501", "3F000"})

#: Any number of ours: PostgreSQL's advisory locks are named by one.
_CREATION_LOCK = 4_100_1100


def parse_url(url: str) -> URL:
    """Return the parsed URL of a ledger.

    Raises:
        ConfigurationError: no such URL, or neither SQLite in a file nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        what = "The ledger URL cannot be understood."
        advice = "Check ledger_url: sqlite:////path/ledger.sqlite or postgresql+psycopg://…"
        raise ConfigurationError(what, next_step=advice) from error
    backend = parsed.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        what = f"A ledger cannot be kept in {backend}."
        raise ConfigurationError(what, next_step="Use SQLite or PostgreSQL in ledger_url.")
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        what = "A ledger in memory would forget what was sent."
        raise ConfigurationError(what, next_step="Name a file in ledger_url.")
    return parsed


def sqlite_file(url: URL | str) -> Path | None:
    """Return the database file, or None when the ledger is not in SQLite.

    Raises:
        ConfigurationError: as :func:`parse_url`.
    """
    parsed = parse_url(url) if isinstance(url, str) else url
    if parsed.get_backend_name() != "sqlite" or parsed.database is None:
        return None
    return Path(parsed.database)


def create_file(path: Path) -> None:
    """Create an empty database file (and its folder) that only its owner can read.

    The files SQLite puts beside it (``-wal``, ``-shm``) take the mode of the database.
    """
    try:
        private_folder(path.parent)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        what = f"The ledger {path} cannot be created: {error.strerror}."
        advice = "Check the rights on the state folder (setting state_folder)."
        raise ConfigurationError(what, next_step=advice) from error


def connect(url: URL, *, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """Return an engine for the ledger; nothing is opened yet."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url, json_serializer=_to_json, connect_args={"timeout": busy_seconds}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    alive = {f"keepalives_{name}": value for name, value in _KEEPALIVE.items()}
    engine = create_engine(
        url,
        json_serializer=_to_json,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": int(busy_seconds),
            "tcp_user_timeout": _GONE_SECONDS * 1000,
            **alive,
        },
    )
    event.listen(engine, "connect", _prepare_postgres(busy_seconds))
    return engine


def _prepare_postgres(busy_seconds: float) -> Callable[[DBAPIConnection, object], None]:
    """Return what gives each session its limits: nobody waits for ever, whoever vanishes."""
    limits = {
        "lock_timeout": int(busy_seconds * 1000),
        "idle_in_transaction_session_timeout": _GONE_SECONDS * 1000,
        **{f"tcp_keepalives_{name}": value for name, value in _KEEPALIVE.items()},
    }

    def prepare(connection: DBAPIConnection, _record: object) -> None:
        with closing(connection.cursor()) as cursor:
            for name, value in limits.items():
                cursor.execute(f"SET {name} = {value}")
        connection.commit()  # a setting goes with the transaction that made it

    return prepare


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        # SQLAlchemy hands its own wrapper only for asynchronous drivers, which we do not use.
        message = f"unexpected driver {type(connection)!r}"
        raise TypeError(message)
    connection.isolation_level = None  # transactions are begun by us, never by the driver
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def database_time(connection: Connection) -> datetime:
    """Return the present moment by the clock of the database: one for all machines that share it.

    SQLite's is that of the only machine that uses it.
    """
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment
    return datetime.now(UTC)


def hold_creation(connection: Connection) -> None:
    """Let one process at a time create or upgrade a ledger (SQLite does by itself)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION_LOCK})


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn what the database reports into the errors of the product.

    Raises:
        LedgerUnavailableError: not reachable or shut down, locked for too long, disk full, a
            transaction that the server gave up (deadlock, serialization, read-only replica).
        ConfigurationError: the file is no ledger, or the rights of the user do not suffice.
    """
    place = url.render_as_string(hide_password=True)
    try:
        yield
    except IntegrityError:
        raise  # tells something about the data: the caller decides
    except (OperationalError, InternalError, InterfaceError) as error:
        what = f"The ledger {place} cannot be used now: {error.orig}."
        advice = "See that its disk or server is well and no other tool holds it, then run again."
        raise LedgerUnavailableError(what, next_step=advice) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            what = f"The connection to the ledger {place} was lost: {error.orig}."
            raise LedgerUnavailableError(what, next_step="Run again.") from error
        if getattr(error.orig, "sqlstate", None) in _WRONG_SETTINGS:
            what = f"The ledger {place} cannot be used: {error.orig}."
            advice = "Check ledger_url and the rights of its user (docs/ledger.md)."
            raise ConfigurationError(what, next_step=advice) from error
        if "not a database" in str(error.orig):
            what = f"{place} is not a ledger: {error.orig}."
            advice = "Check ledger_url; restore the file from a backup if it was damaged."
            raise ConfigurationError(what, next_step=advice) from error
        raise


def copy_sqlite(source: Path, target: Path) -> None:
    """Write a consistent copy of a SQLite ledger, also while a run is writing.

    Raises:
        ConfigurationError: the target exists already.
        LedgerUnavailableError: the copy failed.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError as error:
        what = f"{target} exists already."
        raise ConfigurationError(what, next_step="Name another file for the copy.") from error
    except OSError as error:
        what = f"{target} cannot be written: {error.strerror}."
        raise ConfigurationError(what, next_step="Name another place for the copy.") from error
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            reading.backup(writing)
            _forget_locks(writing)
        with target.open("rb") as stream:
            os.fsync(stream.fileno())
    except (sqlite3.Error, OSError) as error:
        target.unlink()
        what = f"The ledger {source} could not be copied to {target}: {error}."
        raise LedgerUnavailableError(what, next_step="Run again.") from error


def _forget_locks(copied: sqlite3.Connection) -> None:
    """Leave the locks out of a copy: they are held on the ledger, not on what it says."""
    named = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'locks'"
    if copied.execute(named).fetchone():  # older ledgers have none
        with copied:
            copied.execute("DELETE FROM locks")


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    message = f"{type(value).__name__} cannot be kept in the ledger"
    raise TypeError(message)
