"""A short soak: nights with crashes and faults lose nothing, double nothing and hide nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.nights import Soak
from tests.soak.world import EMITTER
from tests.support.postgres import Server

#: The hour that autumn brings twice is among them.
NIGHTS = 5


@pytest.mark.parametrize(
    "ledger", ["sqlite", pytest.param("postgres", marks=pytest.mark.exhaustive)]
)
def test_nights_of_random_crashes_and_faults_lose_double_and_hide_nothing(
    ledger: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: Server | None = None
    url = ""
    if ledger == "postgres":
        server = request.getfixturevalue("postgres_server")
        url = server.new_ledger(company="default", emitter=EMITTER)
    soak = Soak(tmp_path, seed=3 if ledger == "sqlite" else 2, ledger_url=url)
    try:
        figures = soak.run(NIGHTS)
    finally:
        soak.close()
        if server is not None:
            server.give_back(url)
    assert figures.nights == NIGHTS
    assert figures.crashes.total() > 0
    assert figures.faults.total() > 0
    assert figures.integrated > 0
