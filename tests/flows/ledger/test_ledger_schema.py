"""Creating, opening, upgrading and copying a ledger."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, select, text

from config.settings import Environment
from flows.errors import (
    ConfigurationError,
    EnvironmentMismatchError,
    ExitCode,
    LedgerOutdatedError,
    LedgerUnavailableError,
)
from flows.ledger import Ledger, StatusRow, copy_sqlite, schema, sqlite_file, upgrade
from flows.ledger.dialect import connect, parse_url
from flows.ledger.tables import metadata
from tests.support.ledger_nights import RUN, outcome, send, start


def open_ledger(url: str, **changes: object) -> Ledger:
    facts = {"environment": Environment.SANDBOX, "company": "acme", "emitter": "AAA999"}
    return Ledger.open(url, **{**facts, **changes})


def downgrade(url: str, revision: str) -> None:
    """Make the ledger what an older release would have left."""
    engine = connect(parse_url(url))
    with engine.begin() as connection:
        configuration = Config(attributes={"connection": connection})
        configuration.set_main_option("script_location", str(schema.MIGRATIONS))
        command.downgrade(configuration, revision)
    engine.dispose()


def test_the_revisions_named_in_the_code_are_those_of_the_migrations() -> None:
    script = ScriptDirectory(str(schema.MIGRATIONS))
    found = [revision.revision for revision in script.walk_revisions()]
    assert tuple(reversed(found)) == schema.REVISIONS


def shape(url: str) -> dict[str, object]:
    """Return what a database tells of its tables."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            seen = inspect(connection)
            return {
                name: (
                    {c["name"]: (str(c["type"]), c["nullable"]) for c in seen.get_columns(name)},
                    seen.get_pk_constraint(name),
                    sorted(map(str, seen.get_unique_constraints(name))),
                    sorted(map(str, seen.get_foreign_keys(name))),
                    sorted(map(str, seen.get_indexes(name))),
                )
                for name in seen.get_table_names()
            }
    finally:
        engine.dispose()


def test_the_migrations_make_exactly_the_tables_of_a_new_ledger(ledger_url: str) -> None:
    open_ledger(ledger_url).close()
    made = shape(ledger_url)
    downgrade(ledger_url, "base")
    assert list(shape(ledger_url)) == [schema.VERSION_TABLE]
    engine = connect(parse_url(ledger_url))
    with engine.begin() as connection:
        configuration = Config(attributes={"connection": connection})
        configuration.set_main_option("script_location", str(schema.MIGRATIONS))
        command.upgrade(configuration, "head")
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    assert shape(ledger_url) == made
    assert set(made) == {*metadata.tables, schema.VERSION_TABLE}


def test_every_table_tells_company_and_emitter() -> None:
    for table in metadata.tables.values():
        assert {"company", "emitter"} <= set(table.columns.keys())


def test_an_older_ledger_is_refused_until_it_is_upgraded(ledger: Ledger, ledger_url: str) -> None:
    start(ledger)
    ledger.commit_chunk(RUN, [outcome(0)], [])
    ledger.close()
    downgrade(ledger_url, "0001")
    with pytest.raises(LedgerOutdatedError, match="chorus-flows ledger upgrade") as refused:
        open_ledger(ledger_url)
    assert refused.value.exit_code is ExitCode.USAGE
    newest = schema.REVISIONS[-1]
    assert str(upgrade(ledger_url)) == f"0001 -> {newest}"
    assert str(upgrade(ledger_url)) == f"{newest} -> {newest}"
    with open_ledger(ledger_url) as opened:
        assert [i.number for i in opened.invoices()] == ["F00000"]


def test_an_upgrade_keeps_everything_that_was_recorded(ledger: Ledger, ledger_url: str) -> None:
    start(ledger)
    sent = send(ledger, 3, until="partial")
    ledger.commit_chunk(RUN, [outcome(7, number="7" * 300)], [])
    return_id = ledger.record_return(name="CSO", sha256="1", size=1, kept_as="CSO", kind="flow")
    ledger.add_statuses(return_id, [StatusRow(kind="flow", code="96", label="x", flow_id=sent)])
    later = {"changes", "told", "follows"}  # columns that an older ledger does not have
    tables = ("runs", "invoices", "identities", "flows", "deposits", "events", "statuses")

    def recorded() -> dict[str, list[dict[str, object]]]:
        engine = connect(parse_url(ledger_url))
        with engine.connect() as connection:
            found = {
                name: [
                    {key: value for key, value in row._mapping.items() if key not in later}
                    for row in connection.execute(select(metadata.tables[name]))
                ]
                for name in tables
            }
        engine.dispose()
        return found

    before = recorded()
    assert all(before.values())
    ledger.close()
    downgrade(ledger_url, "0001")
    upgrade(ledger_url)
    assert recorded() == before
    with open_ledger(ledger_url) as opened:
        assert opened.locks() == []
        assert opened.unfinished_run() is not None


def test_a_ledger_of_a_newer_release_is_refused(ledger: Ledger, ledger_url: str) -> None:
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE ledger_version SET version_num = '9999'"))
    engine.dispose()
    for attempt in (open_ledger, upgrade):
        with pytest.raises(ConfigurationError, match="newer") as refused:
            attempt(ledger_url)
        assert not isinstance(refused.value, LedgerOutdatedError)


def test_another_environment_is_refused(ledger: Ledger, ledger_url: str) -> None:
    with pytest.raises(EnvironmentMismatchError, match=r"sandbox.*production"):
        open_ledger(ledger_url, environment=Environment.PRODUCTION)


def test_no_ledger_is_made_when_none_is_wanted(ledger_url: str) -> None:
    with pytest.raises(ConfigurationError, match="no ledger"):
        open_ledger(ledger_url, create=False)
    with pytest.raises(ConfigurationError, match="no ledger"):
        upgrade(ledger_url)
    path = sqlite_file(ledger_url)
    assert path is None or not path.exists()


def test_a_database_with_other_tables_is_left_alone(ledger_url: str) -> None:
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE runs (x INTEGER)"))
    with pytest.raises(ConfigurationError, match="other tables"):
        open_ledger(ledger_url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "understood"),
        ("mysql://host/db", "mysql"),
        ("sqlite://", "memory"),
        ("sqlite:///:memory:", "memory"),
    ],
)
def test_what_cannot_hold_a_ledger_is_refused(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        open_ledger(url)


def test_the_files_of_a_new_ledger_are_their_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "ledger.sqlite"
    with open_ledger(f"sqlite:///{path}") as opened:
        start(opened)
        files = sorted(path.parent.iterdir())
        assert [f.name for f in files] == [
            "ledger.sqlite",
            "ledger.sqlite-shm",
            "ledger.sqlite-wal",
        ]
        assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("an invoice extract, by mistake; " * 40)
    with pytest.raises(ConfigurationError, match="not a ledger"):
        open_ledger(f"sqlite:///{path}")
    assert path.read_text().startswith("an invoice extract")


def test_a_server_that_does_not_answer_is_a_passing_trouble() -> None:
    url = "postgresql+psycopg://me:secret@127.0.0.1:1/ledger"
    with pytest.raises(LedgerUnavailableError) as refused:
        open_ledger(url, busy_seconds=2)
    assert refused.value.exit_code is ExitCode.UNFINISHED
    assert "secret" not in str(refused.value)


def test_a_database_locked_for_too_long_is_a_passing_trouble(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(f"sqlite:///{path}", busy_seconds=0.1) as opened:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerUnavailableError, match="locked"):
                start(opened)
            assert opened.runs() == []  # reading goes on
            other.execute("ROLLBACK")
        start(opened)


def test_a_copy_is_whole_while_a_run_is_writing(tmp_path: Path) -> None:
    path, target = tmp_path / "ledger.sqlite", tmp_path / "copy.sqlite"
    with open_ledger(f"sqlite:///{path}") as opened:
        start(opened)
        opened.commit_chunk(RUN, [outcome(0)], [])
        copy_sqlite(path, target)
        opened.commit_chunk(RUN, [outcome(1)], [])
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with open_ledger(f"sqlite:///{target}", create=False) as copied:
        assert [i.number for i in copied.invoices()] == ["F00000"]
    with pytest.raises(ConfigurationError, match="exists"):
        copy_sqlite(path, target)


def test_a_closed_ledger_can_be_copied_too(tmp_path: Path) -> None:
    path, target = tmp_path / "ledger.sqlite", tmp_path / "copy.sqlite"
    open_ledger(f"sqlite:///{path}").close()
    copy_sqlite(path, target)
    open_ledger(f"sqlite:///{target}", create=False).close()
    with pytest.raises(LedgerUnavailableError):
        copy_sqlite(tmp_path / "absent", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_times_must_have_a_zone(tmp_path: Path) -> None:
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(Exception, match="needs a zone"):
        open_ledger(f"sqlite:///{tmp_path / 'l.sqlite'}", clock=lambda: naive)
    # A creation that failed half-way leaves nothing behind that a next one would stumble over.
    open_ledger(f"sqlite:///{tmp_path / 'l.sqlite'}").close()
