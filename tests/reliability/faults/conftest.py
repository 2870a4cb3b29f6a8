"""Both kinds of ledger for every fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty ledger; empty: SQLite in the state folder of the firm."""
    if request.param == "sqlite":
        yield ""
        return
    server: Server = request.getfixturevalue("postgres_server")
    url = server.new_ledger(company="default", emitter="ABC123")
    yield url
    server.give_back(url)
