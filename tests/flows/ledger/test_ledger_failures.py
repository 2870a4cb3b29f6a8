"""What a database reports, and the error that it becomes: never a trace, always a next step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url, text

from config.settings import Environment
from flows.errors import ChorusFlowsError, ConfigurationError, ExitCode, LedgerUnavailableError
from flows.ledger import Ledger
from flows.ledger.dialect import connect, parse_url, translated
from tests.support.ledger_nights import RUN, start
from tests.support.postgres import Server


@pytest.fixture
def url(postgres_server: Server) -> Iterator[str]:
    """URL of an empty ledger in PostgreSQL."""
    made = postgres_server.new_ledger()
    yield made
    postgres_server.give_back(made)


def opened(url: str, *, busy_seconds: float = 30) -> Ledger:
    return Ledger.open(
        url,
        environment=Environment.SANDBOX,
        company="acme",
        emitter="AAA999",
        busy_seconds=busy_seconds,
    )


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("40001", LedgerUnavailableError),  # serialization_failure
        ("40P01", LedgerUnavailableError),  # deadlock_detected
        ("55P03", LedgerUnavailableError),  # lock_not_available
        ("53100", LedgerUnavailableError),  # disk_full
        ("53200", LedgerUnavailableError),  # out_of_memory
        ("53300", LedgerUnavailableError),  # too_many_connections
        ("57014", LedgerUnavailableError),  # query_canceled
        ("57P01", LedgerUnavailableError),  # admin_shutdown
        ("57P02", LedgerUnavailableError),  # crash_shutdown
        ("57P03", LedgerUnavailableError),  # cannot_connect_now
        ("58030", LedgerUnavailableError),  # io_error
        ("08006", LedgerUnavailableError),  # connection_failure
        ("25006", LedgerUnavailableError),  # read_only_sql_transaction
        ("25P03", LedgerUnavailableError),  # idle_in_transaction_session_timeout
        ("XX000", LedgerUnavailableError),  # internal_error
        ("42501", ConfigurationError),  # insufficient_privilege
    ],
)
def test_every_failure_of_the_server_has_its_place_in_the_error_tree(
    url: str, code: str, kind: type[ChorusFlowsError]
) -> None:
    fail = f"DO $$ BEGIN RAISE EXCEPTION 'it failed' USING ERRCODE = '{code}'; END $$"
    engine = connect(parse_url(url))
    with (
        pytest.raises(kind, match="it failed") as told,
        translated(engine.url),
        engine.begin() as connection,
    ):
        connection.execute(text(fail))
    engine.dispose()
    assert told.value.next_step


def test_a_row_locked_for_too_long_is_a_passing_trouble(url: str) -> None:
    with opened(url) as first, opened(url, busy_seconds=0.2) as second:
        start(first)
        with first._writing() as connection:
            connection.execute(text("SELECT 1 FROM runs FOR UPDATE"))
            with pytest.raises(LedgerUnavailableError, match="lock timeout") as refused:
                second.finish_run(RUN, state="done", exit_code=0, balance={})
        assert refused.value.exit_code is ExitCode.UNFINISHED
        second.finish_run(RUN, state="done", exit_code=0, balance={})


def test_a_replica_that_takes_no_writes_is_a_passing_trouble(
    postgres_server: Server, url: str
) -> None:
    name = make_url(url).database
    postgres_server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with opened(url) as ledger, pytest.raises(LedgerUnavailableError, match="read-only"):
        start(ledger)
    postgres_server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


def test_no_session_waits_for_ever_for_a_machine_that_is_gone(url: str) -> None:
    engine = connect(parse_url(url), busy_seconds=7)
    with engine.connect() as connection:
        shown = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("lock_timeout", "idle_in_transaction_session_timeout")
        }
        keepalive = connection.execute(text("SHOW tcp_keepalives_idle")).scalar_one()
    engine.dispose()
    assert shown == {"lock_timeout": "7s", "idle_in_transaction_session_timeout": "2min"}
    assert keepalive == "30"
