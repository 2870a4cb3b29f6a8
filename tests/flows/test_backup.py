"""The ledger copied, verified and put back, in SQLite and in PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from flows.backup import back_up
from flows.configuration import Configuration
from flows.errors import ConfigurationError, ExitCode, LedgerUnavailableError
from tests.support import postgres
from tests.support.firm import Firm, csv, row


def ready(firm: Firm) -> Configuration:
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    return firm.configuration()


def in_postgres(folder: Path, server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> Firm:
    url = make_url(server.new_ledger(company="default", emitter="ABC123"))
    monkeypatch.setenv("BACKUP_TEST_PASSWORD", url.password or "unused")
    plain = url.set(password=None).render_as_string(hide_password=False)
    settings = {"ledger_url": plain, "ledger_password_env": "BACKUP_TEST_PASSWORD"}
    return Firm(folder, {"": {"environment": "sandbox", **settings}})


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_sqlite_ledger_is_copied_verified_and_told(tmp_path: Path) -> None:
    loaded = ready(Firm(tmp_path))
    done = back_up(loaded, tmp_path / "copy")
    assert (done.runs, done.revision) == (1, "0003")
    assert str(done) == (
        f"ledger: copied to {tmp_path / 'copy'} and verified: revision 0003, 1 runs, "
        f"the newest {done.newest}"
    )
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigurationError, match="exists already"):
        back_up(loaded, tmp_path / "copy")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        back_up(loaded, tmp_path / "no" / "folder")


def test_a_ledger_that_is_not_there_yet_is_not_copied(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no ledger"):
        back_up(Firm(tmp_path).configuration(), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    "harm", ["DELETE FROM ledger_version", "DROP TABLE runs", "DROP TABLE ledger_version"]
)
def test_a_copy_that_is_no_ledger_does_not_stay(tmp_path: Path, harm: str) -> None:
    loaded = ready(Firm(tmp_path))
    with closing(sqlite3.connect(tmp_path / "state" / "ledger.sqlite")) as connection:
        connection.execute(harm)
        connection.commit()
    with pytest.raises(LedgerUnavailableError, match="not sound") as stopped:
        back_up(loaded, tmp_path / "copy")
    assert stopped.value.exit_code is ExitCode.UNFINISHED
    assert not (tmp_path / "copy").exists()


def test_a_postgresql_ledger_is_dumped_and_read_back(
    tmp_path: Path, postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = ready(in_postgres(tmp_path, postgres_server, monkeypatch))
    done = back_up(loaded, tmp_path / "copy")
    assert (done.runs, done.revision) == (1, "0003")
    assert done.newest is not None
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "copy").read_bytes().startswith(b"PGDMP")
    with pytest.raises(ConfigurationError, match="exists already"):
        back_up(loaded, tmp_path / "copy")


@pytest.mark.parametrize(
    ("script", "kind", "told"),
    [
        ("echo 'aborting because of server version mismatch' >&2; exit 1", 2, "older than the"),
        ("echo 'connection refused' >&2; exit 1", 3, "connection refused"),
        ("echo nonsense", 3, "cannot be read back"),
    ],
)
def test_a_dump_that_fails_is_told_and_does_not_stay(
    tmp_path: Path,
    postgres_server: postgres.Server,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    kind: int,
    told: str,
) -> None:
    loaded = in_postgres(tmp_path, postgres_server, monkeypatch).configuration()
    program(tmp_path / "bin", "pg_dump", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises((ConfigurationError, LedgerUnavailableError), match=told) as stopped:
        back_up(loaded, tmp_path / "copy")
    assert stopped.value.exit_code == kind
    assert not (tmp_path / "copy").exists()


def test_the_password_goes_by_the_environment_alone(
    tmp_path: Path, postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = in_postgres(tmp_path, postgres_server, monkeypatch).configuration()
    monkeypatch.setenv("BACKUP_TEST_PASSWORD", "se-cret")
    program(
        tmp_path / "bin", "pg_dump", 'echo "words: $@; by environment: $PGPASSWORD" >&2; exit 1'
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(LedgerUnavailableError) as stopped:
        back_up(loaded, tmp_path / "copy")
    words, _, environment = str(stopped.value).partition("; by environment: ")
    assert "se-cret" not in words
    assert environment.startswith("se-cret")


def test_without_the_client_of_postgresql_the_server_own_back_up_is_advised(
    tmp_path: Path, postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = in_postgres(tmp_path, postgres_server, monkeypatch).configuration()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="pg_dump") as stopped:
        back_up(loaded, tmp_path / "copy")
    assert "server's own back-up" in stopped.value.next_step
