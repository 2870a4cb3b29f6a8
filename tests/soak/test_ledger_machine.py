"""The ledger against its model: whatever is asked of it, it holds what the model foretells."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.ledger_machine import LedgerMachine
from tests.soak.places import in_postgres, in_sqlite
from tests.support.postgres import Server

#: The same examples each time; ``make soak`` looks for others.
SHORT = settings(
    max_examples=20,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_a_ledger_in_sqlite_holds_what_its_model_foretells(tmp_path: Path) -> None:
    find = in_sqlite(tmp_path)
    run_state_machine_as_test(lambda: LedgerMachine(find), settings=SHORT)


@pytest.mark.exhaustive
def test_a_ledger_in_postgres_holds_what_its_model_foretells(postgres_server: Server) -> None:
    find = in_postgres(postgres_server)
    run_state_machine_as_test(
        lambda: LedgerMachine(find), settings=settings(SHORT, max_examples=10)
    )
