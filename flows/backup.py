"""``ledger backup``: a consistent copy of the ledger, verified, readable by its owner only.

SQLite is copied page by page by the database itself; PostgreSQL is written by ``pg_dump`` in its
custom format, which ``pg_restore`` reads. Either goes on while a run is at work. What to keep
beside it and how to restore it: docs/ledger.md, "Back-up and restore".
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from flows.configuration import Configuration
from flows.errors import ConfigurationError, LedgerUnavailableError
from flows.ledger import copy_sqlite, sqlite_file
from flows.ledger.dialect import parse_url
from flows.ledger_access import ledger_url

_ADVICE = "Install the PostgreSQL client of the server's version, or use the server's own back-up."


@dataclass(frozen=True, slots=True)
class BackUp:
    """A verified copy: where, its revision, how many runs it holds and the newest of them."""

    path: Path
    revision: str
    runs: int
    newest: str | None

    def __str__(self) -> str:
        newest = f", the newest {self.newest}" if self.newest else ""
        return (
            f"ledger: copied to {self.path} and verified: revision {self.revision}, "
            f"{self.runs} runs{newest}"
        )


def back_up(configuration: Configuration, target: Path) -> BackUp:
    """Copy the ledger of the settings to ``target`` (mode 0600), verify the copy, tell of it.

    Raises:
        ConfigurationError: no ledger yet, the target exists, or ``pg_dump`` is missing or older
            than the server.
        LedgerUnavailableError: the copy failed, or is not what it should be; it is removed.
    """
    url = parse_url(ledger_url(configuration))
    source = sqlite_file(url)
    if source is None:
        return _dump(url, target)
    if not source.is_file():
        raise ConfigurationError(f"There is no ledger at {source} yet.")
    copy_sqlite(source, target)
    try:
        return _verified(target)
    except (sqlite3.Error, _WrongCopyError) as error:
        target.unlink()
        raise _failed(f"The copy {target} of the ledger {source} is not sound: {error}") from error


class _WrongCopyError(Exception):
    """Says what is wrong with a copy."""


def _verified(copy: Path) -> BackUp:
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise _WrongCopyError(verdict)
        row = connection.execute("SELECT version_num FROM ledger_version").fetchone()
        if row is None:
            raise _WrongCopyError("it has no revision")
        (count,) = connection.execute("SELECT count(*) FROM runs").fetchone()
        newest = connection.execute(
            "SELECT run_id FROM runs ORDER BY started_at DESC, run_id DESC LIMIT 1"
        ).fetchone()
    return BackUp(copy, str(row[0]), int(count), newest[0] if newest else None)


def _dump(url: URL, target: Path) -> BackUp:
    dump, restore = shutil.which("pg_dump"), shutil.which("pg_restore")
    if dump is None or restore is None:
        message = "This ledger is in PostgreSQL, and pg_dump or pg_restore is not on the path."
        raise ConfigurationError(message, next_step=_ADVICE)
    try:
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        what = f"{target} exists already."
        raise ConfigurationError(what, next_step="Name another file for the copy.") from error
    except OSError as error:
        what = f"{target} cannot be written: {error.strerror}."
        raise ConfigurationError(what, next_step="Name another place for the copy.") from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            # The password goes by the environment: a command line is seen by everybody.
            done = subprocess.run(  # noqa: S603 (no shell; program and words are ours)
                [
                    *(dump, "--format=custom", "--no-password"),
                    "--exclude-table-data=*.locks",  # nobody holds a copy
                    f"--dbname={_without_password(url)}",
                ],
                stdout=stream,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                env=_environment(url),
            )
            os.fsync(stream.fileno())
        if done.returncode:
            raise _refused(url, done.stderr)
        return BackUp(target, *_listed(restore, target))
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _without_password(url: URL) -> str:
    plain = URL.create(
        "postgresql",
        username=url.username,
        host=url.host,
        port=url.port,
        database=url.database,
        query=url.query,
    )
    return plain.render_as_string(hide_password=False)


def _environment(url: URL) -> dict[str, str]:
    environment = {**os.environ, "LC_ALL": "C"}
    if url.password is not None:
        environment["PGPASSWORD"] = str(url.password)
    return environment


def _refused(url: URL, said: str) -> ConfigurationError | LedgerUnavailableError:
    place = url.render_as_string(hide_password=True)
    lines = " ".join(said.split())
    if "version mismatch" in said:
        message = f"pg_dump is older than the server of {place}: {lines}"
        return ConfigurationError(message, next_step=_ADVICE)
    return _failed(f"The ledger {place} could not be dumped: {lines}")


def _listed(restore: str, dump: Path) -> tuple[str, int, str | None]:
    """Read a dump back: its revision, its runs, the newest; the whole file is read for that.

    Raises:
        LedgerUnavailableError: it cannot be read, or holds no ledger.
    """
    revision, runs = "", []
    for table in ("ledger_version", "runs"):
        done = subprocess.run(  # noqa: S603 (no shell; program and words are ours)
            [restore, "--data-only", f"--table={table}", "--file=-", str(dump)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
        if done.returncode:
            raise _failed(f"The dump {dump} cannot be read back: {' '.join(done.stderr.split())}")
        rows = _copied(done.stdout)
        if table == "runs":
            runs = sorted((row["started_at"], row["run_id"]) for row in rows)
        elif rows:
            revision = rows[0]["version_num"]
    if not revision:
        raise _failed(f"The dump {dump} holds no ledger.")
    return revision, len(runs), runs[-1][1] if runs else None


def _copied(script: str) -> list[dict[str, str]]:
    """Return the rows of the one ``COPY`` in the script of a restore."""
    rows: list[dict[str, str]] = []
    columns: list[str] = []
    for line in script.splitlines():
        if line.startswith("COPY "):
            inside = line.partition("(")[2].rpartition(")")[0]
            columns = [name.strip().strip('"') for name in inside.split(",")]
        elif line == "\\.":
            columns = []
        elif columns:
            rows.append(dict(zip(columns, line.split("\t"), strict=True)))
    return rows


def _failed(what: str) -> LedgerUnavailableError:
    return LedgerUnavailableError(what, next_step="See to the disk and the database; try again.")
