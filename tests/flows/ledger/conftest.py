"""A fresh ledger for each test: SQLite, or PostgreSQL when CHORUS_FLOWS_TEST_POSTGRES names one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from config.settings import Environment
from flows.ledger import Ledger, copy_sqlite, sqlite_file
from tests.support.ledger_nights import Clock


@pytest.fixture
def ledger_url(tmp_path: Path) -> Iterator[str]:
    """URL of a place where no ledger is yet."""
    server = os.environ.get("CHORUS_FLOWS_TEST_POSTGRES")
    if not server:
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        return
    schema = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()


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
