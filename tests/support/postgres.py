"""A real PostgreSQL server for the tests, started by whoever first asks for it.

Its data is in a folder of its own and goes with the test run. Ledgers are emptied and given to
the next test: making a database and migrating it for each would take most of its time.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, inspect, make_url, select, text
from sqlalchemy.exc import DBAPIError

from config.settings import Environment
from flows.ledger import Ledger, schema
from flows.ledger.tables import meta, metadata

_OWNER = "postgres"


class NoPostgresError(RuntimeError):
    """Raised when PostgreSQL is not installed: the tests that need it must not pass."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; ``url`` leads to its maintenance database."""

    url: str
    folder: Path
    programs: Path
    options: str = ""
    """How it is started."""
    free: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Empty ledgers, by company and emitter."""

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        log = self.folder / "log"
        control = self.programs / "pg_ctl"
        _run(control, "start", "-w", "-D", self._data, "-l", log, "-o", self.options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: ``immediate`` as a power cut does, ``fast`` ending all sessions."""
        _run(self.programs / "pg_ctl", "stop", "-D", self._data, "-m", mode)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def new_database(self, *, template: str | None = None) -> str:
        """Create a database, empty or a copy of another one, and return its URL."""
        name = f"ledger_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return str(make_url(self.url).set(database=name).render_as_string(hide_password=False))

    def new_ledger(self, *, company: str = "acme", emitter: str = "AAA999") -> str:
        """Return the URL of an empty ledger of the sandbox environment."""
        free = self.free.setdefault((company, emitter), [])
        if free:
            return free.pop()
        url = self.new_database()
        Ledger.open(url, environment=Environment.SANDBOX, company=company, emitter=emitter).close()
        return url

    def give_back(self, url: str) -> None:
        """Empty a ledger for the next test; drop it when it is not what a new one is."""
        engine = create_engine(url)
        try:
            with engine.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = '5s'"))
                if schema.revision_of(connection) == schema.REVISIONS[-1]:
                    names = set(inspect(connection).get_table_names())
                    owner = connection.execute(select(meta)).all()
                    if names == {*metadata.tables, schema.VERSION_TABLE} and len(owner) == 1:
                        rest = ", ".join(sorted(metadata.tables.keys() - {meta.name}))
                        connection.execute(text(f"TRUNCATE {rest} RESTART IDENTITY"))
                        self.free[owner[0].company, owner[0].emitter].append(url)
                        return
        except (DBAPIError, KeyError):
            pass  # still locked by somebody, or made otherwise: it goes
        finally:
            engine.dispose()
        self.drop(url)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run a statement outside a transaction, on the maintenance database."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


@contextmanager
def running() -> Iterator[Server]:
    """Start a server on a free port of the loopback interface, and stop it at the end.

    Raises:
        NoPostgresError: PostgreSQL is not installed (``tools/servers`` installs it).
    """
    programs = _programs()
    # Not below the tests' own folder: a server never runs as root, and could not go there.
    folder = Path(tempfile.mkdtemp(prefix="chorus-flows-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, _OWNER)
        data = folder / "data"
        _run(
            programs / "initdb",
            *("--pgdata", data, "--username", _OWNER, "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )
        port = _free_port()
        options = f"-h 127.0.0.1 -p {port} -c unix_socket_directories={folder}"
        # The tests kill clients, never the machine: the disk need not be waited for.
        options += " -c fsync=off -c full_page_writes=off -c max_connections=60"
        url = f"postgresql+psycopg://{_OWNER}@127.0.0.1:{port}/postgres"
        server = Server(url, folder, programs, options)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        message = "PostgreSQL is not installed; tools/servers installs it (package postgresql)"
        raise NoPostgresError(message)
    return Path(on_path).resolve().parent


def _run(*command: str | Path) -> None:
    line = [str(part) for part in command]
    if os.getuid() == 0:
        line = ["setpriv", f"--reuid={_OWNER}", f"--regid={_OWNER}", "--init-groups", *line]
    # pg_ctl hands its output to the server: a pipe would keep us waiting for its end.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            line, stdout=output, stderr=output, check=False, timeout=120, cwd=tempfile.gettempdir()
        )
        output.seek(0)
        if done.returncode:
            raise RuntimeError(f"{line}: {output.read()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
