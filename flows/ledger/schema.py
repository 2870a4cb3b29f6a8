"""Creation, check and upgrade of a ledger: alembic migrations that ship with the package.

Opening compares one number; a new ledger is made from the tables as they are now, and only an
upgrade loads migration code. A test holds the tables of both ways against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    select,
)

from config.settings import Environment
from flows.crashpoints import CrashPoint, reach
from flows.errors import (
    ConfigurationError,
    EnvironmentMismatchError,
    LedgerOutdatedError,
    NoLedgerError,
)
from flows.ledger import dialect
from flows.ledger.tables import meta, metadata

#: Every revision, oldest first. A test compares this with the migrations.
REVISIONS = ("0001", "0002", "0003")

VERSION_TABLE = "ledger_version"

MIGRATIONS = Path(__file__).parent / "migrations"

#: As alembic makes it.
_version = Table(
    VERSION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did: equal revisions mean that nothing was to do."""

    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.before} -> {self.after}"


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the ledger, or None when the database holds none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(select(_version.c.version_num)).scalar_one_or_none()


def prepare(
    engine: Engine,
    *,
    environment: Environment,
    company: str,
    emitter: str,
    create: bool,
    clock: Callable[[], datetime],
) -> None:
    """Check that the ledger can be used by this release and environment; create it when allowed.

    Raises:
        LedgerOutdatedError: it is older than the code.
        EnvironmentMismatchError: it belongs to another environment.
        ConfigurationError: there is none, it is newer than the code, or the database holds tables
            that are not ours.
    """
    with engine.execution_options(**{dialect.READ_ONLY: True}).connect() as connection:
        revision = revision_of(connection)
    if revision is None:
        if not create:
            raise no_ledger(engine.url)
        with engine.begin() as connection:
            dialect.hold_creation(connection)
            if revision_of(connection) is None:  # nobody was faster
                _create(connection, environment, company, emitter, clock())
            revision = revision_of(connection)
    if revision != REVISIONS[-1]:
        raise _wrong_revision(engine, revision)
    with engine.execution_options(**{dialect.READ_ONLY: True}).connect() as connection:
        owner = connection.execute(select(meta.c.environment)).scalar_one()
    if owner != environment.value:
        raise EnvironmentMismatchError(
            f"The ledger {_place(engine)} belongs to the environment {owner}, "
            f"the settings say {environment.value}.",
            next_step="Use another state_folder or ledger_url for each environment.",
        )


def upgrade(url: str) -> Upgrade:
    """Bring an existing ledger to the revision of this release, in one transaction.

    Raises:
        ConfigurationError: no ledger there, or one newer than the code.
        LedgerUnavailableError: the database cannot be reached or stays locked.
    """
    parsed = dialect.parse_url(url)
    path = dialect.sqlite_file(parsed)
    engine = dialect.connect(parsed)
    try:
        with dialect.translated(parsed):
            if path is not None and not path.exists():
                raise no_ledger(parsed)
            with engine.begin() as connection:
                dialect.hold_creation(connection)
                before = revision_of(connection)
                if before is None:
                    raise no_ledger(parsed)
                if before not in REVISIONS:
                    raise _wrong_revision(engine, before)
                _migrate(connection)
    finally:
        engine.dispose()
    return Upgrade(before, REVISIONS[-1])


def no_ledger(url: URL) -> ConfigurationError:
    """Return the error of a place without a ledger."""
    return NoLedgerError(
        f"There is no ledger at {url.render_as_string(hide_password=True)}.",
        next_step="Check ledger_url and state_folder in the settings.",
    )


def _create(
    connection: Connection, environment: Environment, company: str, emitter: str, now: datetime
) -> None:
    present = inspect(connection).get_table_names()
    if present:
        raise ConfigurationError(
            f"The database {_place(connection.engine)} holds other tables ({present[0]}…).",
            next_step="Give the ledger a database, or a PostgreSQL schema, of its own.",
        )
    metadata.create_all(connection, checkfirst=False)
    _version.create(connection)
    connection.execute(_version.insert().values(version_num=REVISIONS[-1]))
    connection.execute(
        meta.insert().values(
            id=1,
            company=company,
            emitter=emitter,
            environment=environment.value,
            created_at=now,
        )
    )
    reach(CrashPoint.LEDGER)


def _migrate(connection: Connection) -> None:
    # Loading alembic takes longer than opening a ledger: only who needs it pays.
    from alembic import command
    from alembic.config import Config

    configuration = Config(attributes={"connection": connection})
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(configuration, "head")


def _wrong_revision(engine: Engine, revision: str | None) -> ConfigurationError:
    if revision in REVISIONS:
        return LedgerOutdatedError(
            f"The ledger {_place(engine)} has revision {revision}, "
            f"this release needs {REVISIONS[-1]}.",
            next_step="Run chorus-flows ledger backup, then chorus-flows ledger upgrade.",
        )
    return ConfigurationError(
        f"The ledger {_place(engine)} has revision {revision}, unknown to this release: "
        "a newer chorus-flows wrote it.",
        next_step="Install the newer release again.",
    )


def _place(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
