"""The locks of the ledger: taken once, renewed, taken over, lost; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from config.settings import Environment
from flows.errors import ConfigurationError, ExitCode, LockHeldError, LockLostError
from flows.ledger import COLLECT, DEPOSIT, FlowState, Ledger, LockRecord, copy_sqlite
from flows.ledger.tables import locks
from flows.machine import Process
from tests.support.ledger_nights import RUN, send, start

ACTIVE = Process("alpha", "boot-a", 100, 1)
STANDBY = Process("beta", "boot-b", 200, 2)
STALE = timedelta(minutes=10)
OUTBOX = "outbox-1"


def take(
    ledger: Ledger,
    owner: Process,
    *,
    name: str = DEPOSIT,
    outbox: str = OUTBOX,
    ended: Callable[[LockRecord], bool] = lambda _: False,
) -> LockRecord | None:
    token = f"{owner.host}-{owner.pid}-{id(ledger)}"
    return ledger.take_lock(name, owner, token=token, outbox=outbox, stale_after=STALE, ended=ended)


@contextmanager
def opened(url: str, *, company: str = "acme", emitter: str = "AAA999") -> Iterator[Ledger]:
    with Ledger.open(
        url, environment=Environment.SANDBOX, company=company, emitter=emitter
    ) as ledger:
        yield ledger


@pytest.fixture
def standby(ledger: Ledger, ledger_url: str) -> Iterator[Ledger]:
    """The same ledger, as another machine has it open."""
    with opened(ledger_url) as other:
        yield other


def silent(url: str, span: timedelta = STALE) -> None:
    """Let the last sign of life be that much older."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for row in connection.execute(locks.select()).all():
            connection.execute(
                locks.update().where(locks.c.name == row.name).values(seen_at=row.seen_at - span)
            )
    engine.dispose()


def test_a_lock_is_taken_told_and_let_go(ledger: Ledger) -> None:
    assert ledger.lock(DEPOSIT) is None
    assert take(ledger, ACTIVE) is None
    held = ledger.lock(DEPOSIT)
    assert held is not None
    assert (held.name, held.company, held.process, held.outbox) == (
        "deposit",
        "acme",
        ACTIVE,
        OUTBOX,
    )
    assert str(held).startswith("process 100 on alpha since 20")
    assert held.as_dict()["host"] == "alpha"
    ledger.release_lock(DEPOSIT)
    assert ledger.locks() == []
    ledger.release_lock(DEPOSIT)


def test_a_second_owner_is_told_who_where_since_when_and_what_to_do(
    ledger: Ledger, standby: Ledger
) -> None:
    take(ledger, ACTIVE)
    with pytest.raises(LockHeldError) as refused:
        take(standby, STANDBY)
    told = str(refused.value)
    assert "process 100 on alpha since 20" in told
    assert "last sign of life" in told
    assert "600 s" in told
    assert refused.value.exit_code is ExitCode.UNFINISHED
    # Refused, it does not hold anything, and writes what it likes.
    start(standby)


def test_deposit_and_collect_do_not_exclude_each_other(ledger: Ledger, standby: Ledger) -> None:
    take(ledger, ACTIVE)
    take(standby, STANDBY, name=COLLECT)
    assert [lock.name for lock in ledger.locks()] == ["collect", "deposit"]


def test_emitters_have_locks_of_their_own_and_companies_of_one_share_them(
    ledger: Ledger, ledger_url: str
) -> None:
    take(ledger, ACTIVE)
    with opened(ledger_url, emitter="BBB999") as other:
        assert take(other, STANDBY) is None
        assert [lock.process for lock in other.locks()] == [STANDBY]
    with opened(ledger_url, company="north") as other, pytest.raises(LockHeldError, match="alpha"):
        take(other, STANDBY)


def test_a_lock_is_not_stale_while_its_owner_gives_signs_of_life(
    ledger: Ledger, standby: Ledger, ledger_url: str
) -> None:
    take(ledger, ACTIVE)
    silent(ledger_url)
    assert ledger.renew_lock(DEPOSIT)
    with pytest.raises(LockHeldError):
        take(standby, STANDBY)


def test_a_stale_lock_is_taken_over_with_an_event_that_names_both(
    ledger: Ledger, standby: Ledger, ledger_url: str
) -> None:
    take(ledger, ACTIVE)
    silent(ledger_url)
    former = take(standby, STANDBY)
    assert former is not None
    assert former.process == ACTIVE
    held = standby.lock(DEPOSIT)
    assert held is not None
    assert held.process == STANDBY
    (event,) = standby.events(kind="lock")
    assert (event.source, event.target) == ("deposit", "taken_over")
    assert "process 100 on alpha" in event.reason
    assert "process 200 on beta" in event.reason


def test_a_stale_lock_with_another_outbox_is_left_and_the_way_out_named(
    ledger: Ledger, standby: Ledger, ledger_url: str
) -> None:
    take(ledger, ACTIVE)
    with pytest.raises(LockHeldError, match="another outbox"):
        take(standby, STANDBY, outbox="outbox-2", ended=lambda _: True)
    silent(ledger_url)
    with pytest.raises(LockHeldError, match="ledger unlock deposit"):
        take(standby, STANDBY, outbox="outbox-2", ended=lambda _: True)


def test_an_owner_that_has_ended_for_certain_is_not_waited_for(
    ledger: Ledger, standby: Ledger
) -> None:
    take(ledger, ACTIVE)
    asked: list[LockRecord] = []

    def ended(held: LockRecord) -> bool:
        asked.append(held)
        return True

    former = take(standby, STANDBY, ended=ended)
    assert former is not None
    assert [held.process for held in asked] == [ACTIVE]


def test_whoever_lost_its_lock_writes_nothing_more(
    ledger: Ledger, standby: Ledger, ledger_url: str
) -> None:
    start(ledger)
    flow_id = send(ledger, 2, until="uploading")
    take(ledger, ACTIVE)
    silent(ledger_url)
    take(standby, STANDBY)
    before = len(standby.events())
    with pytest.raises(LockLostError, match="taken over by process 200 on beta") as lost:
        ledger.move_flow(flow_id, FlowState.RENAMING)
    assert lost.value.exit_code is ExitCode.UNFINISHED
    for write in (
        lambda: ledger.reserve_sequences("FSO1106A", 1, first=1),
        lambda: ledger.finish_run(RUN, state="done", exit_code=0, balance={}),
        lambda: ledger.note("x"),
        ledger.require_locks,
    ):
        with pytest.raises(LockLostError):
            write()
    assert not ledger.renew_lock(DEPOSIT)
    flow = standby.flow(flow_id)
    assert flow is not None
    assert flow.state is FlowState.UPLOADING
    assert len(standby.events()) == before
    # What it lets go is not the other one's lock.
    ledger.release_lock(DEPOSIT)
    assert standby.lock(DEPOSIT) is not None
    standby.move_flow(flow_id, FlowState.RENAMING)


def test_a_lock_taken_again_by_the_same_process_is_another_one(
    ledger: Ledger, standby: Ledger, ledger_url: str
) -> None:
    take(ledger, ACTIVE)
    silent(ledger_url)
    take(standby, ACTIVE)
    with pytest.raises(LockLostError):
        ledger.require_locks()
    standby.require_locks()


def test_a_take_over_waits_for_the_transaction_that_is_under_way(
    ledger: Ledger, standby: Ledger, ledger_url: str
) -> None:
    start(ledger)
    take(ledger, ACTIVE)
    silent(ledger_url)
    done: list[str] = []

    def take_over() -> None:
        take(standby, STANDBY)
        done.append("taken over")

    with ledger._writing() as connection:
        thread = threading.Thread(target=take_over)
        thread.start()
        thread.join(0.5)
        ledger._record_event(connection, "run", "noted", run_id=RUN)
        done.append("written")
    thread.join()
    assert done == ["written", "taken over"]
    assert [e.kind for e in standby.events()][-2:] == ["run", "lock"]


def test_of_many_who_ask_at_once_exactly_one_has_the_lock(ledger: Ledger, ledger_url: str) -> None:
    count = 6
    ready = threading.Barrier(count)
    told: list[str] = []
    with ExitStack() as stack:
        ledgers = [stack.enter_context(opened(ledger_url)) for _ in range(count)]

        def ask(rank: int) -> None:
            ready.wait()
            try:
                take(ledgers[rank], Process("alpha", "boot-a", rank, rank))
                told.append("held")
            except LockHeldError:
                told.append("refused")

        threads = [threading.Thread(target=ask, args=(rank,)) for rank in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(told) == ["held"] + ["refused"] * (count - 1)


def test_an_operator_frees_a_lock_only_once_it_is_silent(
    ledger: Ledger, standby: Ledger, ledger_url: str
) -> None:
    def unlock() -> LockRecord:
        return standby.unlock(DEPOSIT, stale_after=STALE, actor="A. Martin", reason="burnt down")

    with pytest.raises(ConfigurationError, match="Nobody holds"):
        unlock()
    take(ledger, ACTIVE)
    with pytest.raises(ConfigurationError, match="may be at work"):
        unlock()
    silent(ledger_url)
    assert unlock().process == ACTIVE
    (event,) = standby.events(kind="lock")
    assert (event.target, event.actor) == ("unlocked", "A. Martin")
    assert "burnt down" in event.reason
    with pytest.raises(LockLostError, match="taken away by an operator"):
        ledger.require_locks()
    assert take(standby, STANDBY, outbox="outbox-2") is None


def test_a_copy_of_the_ledger_is_held_by_nobody(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        take(ledger, ACTIVE)
        copy_sqlite(tmp_path / "ledger.sqlite", tmp_path / "copy.sqlite")
        assert [lock.process for lock in ledger.locks()] == [ACTIVE]
    with opened(f"sqlite:///{tmp_path / 'copy.sqlite'}") as copied:
        assert copied.locks() == []
