"""A fresh ledger for each test, once in SQLite and once in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Environment
from flows.ledger import Ledger, copy_sqlite, sqlite_file
from tests.support import postgres
from tests.support.ledger_nights import Clock


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database the ledger of this test is in."""
    return str(request.param)


@pytest.fixture
def ledger_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a place where no ledger is yet, unless the test asks for one."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    if "ledger" in request.fixturenames:
        url = server.new_ledger()
        yield url
        server.give_back(url)
    else:
        url = server.new_database()
        yield url
        server.drop(url)


@pytest.fixture
def clock() -> Clock:
    """A clock that moves on at each look."""
    return Clock()


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite ledger to copy: migrating anew for each test would take most of its time."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    Ledger.open(
        f"sqlite:///{path}", environment=Environment.SANDBOX, company="acme", emitter="AAA999"
    ).close()
    return path


@pytest.fixture
def ledger(ledger_url: str, empty_ledger: Path, clock: Clock) -> Iterator[Ledger]:
    """A new, empty ledger."""
    path = sqlite_file(ledger_url)
    if path is not None:
        copy_sqlite(empty_ledger, path)
    with Ledger.open(
        ledger_url,
        environment=Environment.SANDBOX,
        company="acme",
        emitter="AAA999",
        clock=clock,
    ) as opened:
        yield opened
