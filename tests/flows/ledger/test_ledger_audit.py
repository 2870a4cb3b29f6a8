"""The audit trail in the ledger: chain, kept files, tombstones, what follows from events."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from flows.landing import ClaimedFile
from flows.ledger import KeptFile, Ledger, ManifestRecord
from flows.ledger.audit_checks import Contradiction
from tests.support.ledger_nights import RUN, Clock, outcome, send, start
from transforms.canonical import sha256_of

AT = datetime(2026, 3, 2, 22, tzinfo=UTC)


def manifest(rank: int, run_id: str | None = None, written_at: datetime = AT) -> ManifestRecord:
    body = f"manifest {rank}\n"
    return ManifestRecord(
        rank=rank,
        kind="run",
        run_id=run_id,
        sha256=sha256_of(body),
        previous="" if rank == 1 else sha256_of(f"manifest {rank - 1}\n"),
        last_event=rank * 10,
        written_at=written_at,
        body=body,
    )


def kept(path: str, rank: int = 1, run_id: str | None = None) -> KeptFile:
    return KeptFile(
        run_id=run_id, rank=rank, kind="flow", path=path, sha256=path, size=3, kept_at=AT
    )


def test_a_chain_grows_by_its_end_only(ledger: Ledger) -> None:
    assert ledger.manifest_head() is None
    assert ledger.add_manifest(manifest(1, RUN), [kept("outbox/a"), kept("outbox/b")])
    assert not ledger.add_manifest(manifest(1), [kept("outbox/c")])
    assert ledger.add_manifest(manifest(2), [kept("outbox/a", 2)])
    assert ledger.manifest_head() == manifest(2)
    assert list(ledger.manifests()) == [manifest(1, RUN), manifest(2)]
    assert list(ledger.manifests(from_rank=2)) == [manifest(2)]
    assert list(ledger.manifests(run_id=RUN)) == [manifest(1, RUN)]
    assert [file.path for file in ledger.kept_files(rank=1)] == ["outbox/a", "outbox/b"]
    assert [file.rank for file in ledger.kept_files()] == [1, 1, 2]


def test_chains_of_two_companies_are_apart(ledger: Ledger, ledger_url: str, clock: Clock) -> None:
    ledger.add_manifest(manifest(1), [kept("outbox/a")])
    with Ledger.open(
        ledger_url,
        environment=ledger.environment,
        company="other",
        emitter=ledger.emitter,
        clock=clock,
    ) as other:
        assert other.manifest_head() is None
        assert other.add_manifest(manifest(1), [kept("outbox/a")])
    assert len(list(ledger.kept_files())) == 1


def test_a_manifest_has_a_file_name_that_tells_rank_kind_run_and_hash() -> None:
    assert manifest(7, RUN).file_name == f"000007-run-{RUN}-{manifest(7).sha256[:12]}.json"
    assert manifest(7).file_name.startswith("000007-run-20260302-220000-")
    assert manifest(1_000_000).file_name.startswith("1000000-run-")


def test_events_are_read_by_range_with_all_that_they_say(ledger: Ledger) -> None:
    start(ledger)
    ledger.note("looked", actor="M. Dupont", reason="x", run_id=RUN)
    last = ledger.last_event()
    rows = list(ledger.event_rows(0, last))
    assert [row[0] for row in rows] == [last - 1, last]
    assert list(ledger.event_rows(last - 1, last)) == rows[1:]
    assert rows[1][1][1:] == ("M. Dupont", "run", RUN, None, None, "", "looked", "x")
    assert (ledger.count_events(last - 1), ledger.count_events(last)) == (1, 0)
    assert ledger.noted("run", after=last - 1) == [(RUN, "x")]


def test_an_event_that_is_still_being_written_is_waited_for(
    ledger: Ledger, ledger_url: str, backend: str
) -> None:
    """PostgreSQL gives ids before it commits: a smaller one must not appear after the seal."""
    start(ledger)
    if backend == "sqlite":
        assert ledger.last_event() == 1  # one writer at a time: there is nobody to wait for
        return
    engine = create_engine(ledger_url)
    answered: list[int] = []
    asking = threading.Thread(target=lambda: answered.append(ledger.last_event()))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO events (company, emitter, at, actor, kind, source, target, reason)"
                " SELECT company, emitter, at, actor, kind, source, 'slow', reason FROM events"
            )
        )
        asking.start()
        _until_blocked(ledger_url)
        assert answered == []
    asking.join()
    engine.dispose()
    assert len(list(ledger.event_rows(0, answered[0]))) == 2


def _until_blocked(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        while not connection.execute(
            text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        ).scalar():
            connection.rollback()
    engine.dispose()


def test_what_never_changes_of_an_invoice_is_sealed_and_its_state_is_not(ledger: Ledger) -> None:
    start(ledger)
    send(ledger, 1, until="built")
    ledger.commit_chunk(RUN, [outcome(1)], [])
    before = list(ledger.invoice_rows(RUN))
    assert len(before) == 2
    (built,) = ledger.flows()
    for state in ("uploading", "renaming", "deposited", "rejected"):
        ledger.move_flow(built.flow_id, state)
    assert list(ledger.invoice_rows(RUN)) == before


def test_a_run_that_ended_is_unsealed_until_a_manifest_comes_after_its_end(ledger: Ledger) -> None:
    start(ledger)
    assert ledger.unsealed_runs() == []
    ledger.finish_run(RUN, state="held", exit_code=0, balance={})
    assert [run.run_id for run in ledger.unsealed_runs()] == [RUN]
    ledger.add_manifest(manifest(1, RUN, written_at=ledger.now()), [])
    assert ledger.unsealed_runs() == []
    ledger.finish_run(RUN, state="released", exit_code=0, balance={})
    assert [run.run_id for run in ledger.unsealed_runs()] == [RUN]


def test_a_purged_file_becomes_a_tombstone_that_the_next_manifest_seals(ledger: Ledger) -> None:
    start(ledger)
    ledger.add_manifest(manifest(1), [kept("outbox/a", run_id=RUN), kept("outbox/b")])
    ledger.add_manifest(manifest(2), [kept("outbox/a", 2, RUN)])
    (file,) = (f for f in ledger.kept_files() if f.path == "outbox/a" and f.rank == 2)
    ledger.mark_purged([file], actor="M. Dupont", reason="ten years")
    ledger.mark_purged([file], actor="M. Dupont", reason="ten years")
    (tombstone,) = ledger.tombstones_to_seal()
    assert (tombstone.path, tombstone.rank) == ("outbox/a", 2)
    assert tombstone.purged_at is not None
    (event, *_) = ledger.events(kind="purge")
    assert (event.actor, event.run_id) == ("M. Dupont", RUN)
    assert event.reason == "outbox/a outbox/a ten years"
    ledger.add_manifest(manifest(3), [], ["outbox/a"])
    assert ledger.tombstones_to_seal() == []
    assert [f.rank for f in ledger.kept_files(purged_rank=3)] == [1, 2]
    assert [f.purged_at for f in ledger.kept_files(rank=1)][1] is None


def test_return_files_are_to_seal_until_a_manifest_names_them(ledger: Ledger) -> None:
    for name in ("a", "b"):
        ledger.record_return(name=name, sha256=name, size=1, kept_as=f"2026-03/{name}", kind="")
    ledger.add_manifest(manifest(1), [kept("returns/2026-03/a")])
    assert [record.name for record in ledger.returns_not_sealed()] == ["b"]


def test_deposits_and_neighbours_of_an_invoice(ledger: Ledger) -> None:
    start(ledger)
    send(ledger, 1, first=3)
    ledger.commit_chunk(RUN, [outcome(4), outcome(7)], [])
    carried, left_out, _ = ledger.invoices(run_id=RUN)
    (deposit,) = ledger.deposits_of(carried.invoice_row)
    assert (deposit.flow_id, deposit.member_id) == (carried.flow_id, carried.member_id)
    assert ledger.deposits_of(left_out.invoice_row) == []
    assert ledger.neighbours(carried) == (5, False)
    assert ledger.neighbours(replace(carried, last_line=6)) == (5, True)


def spoilt(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1
    engine.dispose()


def test_every_state_follows_from_its_events(ledger: Ledger) -> None:
    start(ledger)
    ledger.record_extracts(RUN, [ClaimedFile(Path("f"), "f.csv", "ab", 1)])
    send(ledger, 1, until="built")
    ledger.commit_chunk(RUN, [outcome(1)], [])
    ledger.note("released", run_id=RUN)  # a word that is also a state changes none
    assert ledger.states_without_event(10) == []
    assert ledger.numbers_not_held(10) == []
    assert ledger.numbers_held_wrongly(10) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE invoices SET state = 'integrated' WHERE number = 'F00000'",
            Contradiction("F00000", "integrated", "bundled"),
        ),
        ("UPDATE runs SET state = 'failed'", Contradiction(RUN, "failed", "running")),
        (
            "DELETE FROM events WHERE kind = 'invoice' AND target = 'quarantined'",
            Contradiction("F00001", "quarantined", ""),
        ),
    ],
)
def test_a_state_that_no_event_tells_is_found(
    ledger: Ledger, ledger_url: str, statement: str, told: Contradiction
) -> None:
    start(ledger)
    send(ledger, 1, until="built")
    ledger.commit_chunk(RUN, [outcome(1)], [])
    spoilt(ledger_url, statement)
    assert ledger.states_without_event(10) == [told]


def test_a_number_that_was_sent_and_is_free_or_another_s_is_found(
    ledger: Ledger, ledger_url: str
) -> None:
    start(ledger)
    send(ledger, 1, until="built")
    ledger.commit_chunk(RUN, [outcome(1)], [])
    spoilt(ledger_url, "UPDATE identities SET number = 'X'")
    assert ledger.numbers_held_wrongly(10) == ["X"]
    spoilt(ledger_url, "DELETE FROM identities")
    assert [number for _, number in ledger.numbers_not_held(10)] == ["F00000"]
