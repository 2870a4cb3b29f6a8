"""The ledger as a whole: all its books over one database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from config.settings import Environment
from flows.ledger import dialect, schema
from flows.ledger.audit_book import AuditBook
from flows.ledger.audit_checks import AuditChecks
from flows.ledger.directory_book import DirectoryBook
from flows.ledger.extracts import ExtractBook
from flows.ledger.locks import LockBook
from flows.ledger.quarantine_book import QuarantineBook
from flows.ledger.recovered import RecoveredBook
from flows.ledger.returns import ReturnBook
from flows.ledger.runs import RunBook
from flows.ledger.sent_import import SentImport
from flows.ledger.sequences import SequenceBook
from flows.ledger.store import JournalWriter, utc_now


class Ledger(
    RunBook,
    ExtractBook,
    SequenceBook,
    RecoveredBook,
    QuarantineBook,
    ReturnBook,
    SentImport,
    DirectoryBook,
    LockBook,
    AuditBook,
    AuditChecks,
):
    """The ledger of one environment, seen by one company and emitter.

    It is safe to use from several threads, and from several processes that opened it each for
    itself; it must not be carried into a forked process.
    """

    @classmethod
    def open(
        cls,
        url: str,
        *,
        environment: Environment,
        company: str,
        emitter: str,
        clock: Callable[[], datetime] = utc_now,
        create: bool = True,
        busy_seconds: float = dialect.BUSY_SECONDS,
        journal: JournalWriter | None = None,
    ) -> Self:
        """Open a ledger.

        Args:
            url: SQLAlchemy URL (``sqlite:////path/ledger.sqlite``, ``postgresql+psycopg://…``).
            environment: the settings' environment; a new ledger is bound to it for good.
            company: key of the company.
            emitter: partner code of who deposits.
            clock: tells the present moment, with a zone.
            create: whether to make a new ledger where there is none.
            busy_seconds: how long to wait for another writer, or for the server to answer.
            journal: is told of each change that matters outside; None: nobody.

        Raises:
            LedgerOutdatedError: the ledger is older than the code.
            EnvironmentMismatchError: it belongs to another environment.
            LedgerUnavailableError: the database cannot be reached or stays locked.
            ConfigurationError: wrong URL, no ledger there and ``create`` is off, no ledger at all.
        """
        parsed = dialect.parse_url(url)
        path = dialect.sqlite_file(parsed)
        if path is not None and not path.exists():
            if not create:
                raise schema.no_ledger(parsed)
            dialect.create_file(path)
        engine = dialect.connect(parsed, busy_seconds=busy_seconds)
        try:
            with dialect.translated(parsed):
                schema.prepare(
                    engine,
                    environment=environment,
                    company=company,
                    emitter=emitter,
                    create=create,
                    clock=clock,
                )
        except BaseException:
            engine.dispose()
            raise
        return cls(
            engine,
            environment=environment,
            company=company,
            emitter=emitter,
            clock=clock,
            journal=journal,
        )

    def close(self) -> None:
        """Give all connections back; the ledger cannot be used any more."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
