"""Where a deposit ends: damaged files, the deadline, left-overs, a ledger that fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows.deposit import DeadlineReachedError, deposit_flows
from flows.errors import (
    ExitCode,
    LedgerUnavailableError,
    OutboxDamagedError,
)
from flows.ledger import FlowState, Ledger
from tests.flows.outbox import (
    MemoryChannel,
    build_flows,
    deposit,
    final,
    half_way,
    now,
    open_ledger,
    records,
    settings_with,
    states,
)
from tests.support.faulty_channels import (
    Down,
)

A, B, C = b"a" * 3500, b"b" * 10, b"c" * 2000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path) as book:
        yield book


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


# -- the outbox --------------------------------------------------------------------------------


def test_a_damaged_file_is_never_sent_and_the_others_are(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A, B, C)
    flows = records(ledger, ids)
    (outbox / flows[0].path).write_bytes(A[:-1] + b"x")
    (outbox / flows[1].path).unlink()
    settings = settings_with()
    channel = MemoryChannel(settings)
    result = deposit(ledger, channel, outbox, ids, settings)
    assert result.damaged == ids[:2]
    assert result.delivered == ids[2:]
    assert result.exit_code is ExitCode.ATTENTION
    assert all(isinstance(error, OutboxDamagedError) for error in result.errors)
    assert flows[0].path in str(result.errors[0])
    assert states(ledger, ids) == ["built", "built", "deposited"]


# -- deadline ----------------------------------------------------------------------------------


class Ticking:
    """A clock that a second passes at every look."""

    def __init__(self) -> None:
        self.time = now()

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.mark.parametrize("deadline", range(1, 25))
def test_the_deadline_may_fall_anywhere_and_nothing_is_lost(
    ledger: Ledger, outbox: Path, deadline: int
) -> None:
    ids = build_flows(ledger, outbox, A, B, C)
    settings = settings_with(deadline=deadline, retries=0)
    channel = MemoryChannel(settings)
    result = deposit_flows(ledger, channel, outbox, records(ledger, ids), settings, clock=Ticking())
    assert result.delivered + result.remaining == ids
    assert channel.arrivals == [final(ledger, flow_id) for flow_id in result.delivered]
    assert set(channel.files) == set(channel.arrivals)
    assert all(isinstance(error, DeadlineReachedError) for error in result.errors)
    assert bool(result.errors) == bool(result.remaining)


def test_the_range_of_deadlines_above_reaches_from_nothing_to_all(
    ledger: Ledger, outbox: Path
) -> None:
    ids = build_flows(ledger, outbox, A, B, C)
    counts = []
    for deadline in (1, 24):
        settings = settings_with(deadline=deadline, retries=0)
        flows = records(ledger, ids)
        result = deposit_flows(
            ledger, MemoryChannel(settings), outbox, flows, settings, clock=Ticking()
        )
        counts.append(len(result.delivered))
    assert counts == [0, 3]


def test_a_retry_that_would_wait_beyond_the_deadline_is_not_begun(
    ledger: Ledger, outbox: Path
) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(retries=9, retry_wait=100, deadline=250)
    waits: list[float] = []
    deposit_flows(
        ledger,
        Down(settings),
        outbox,
        records(ledger, ids),
        settings,
        clock=now,
        sleep=waits.append,
    )
    assert waits == [100, 200]


# -- left-overs of an earlier run --------------------------------------------------------------


def test_a_flow_left_half_way_is_settled_before_it_is_sent(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A, B)
    settings = settings_with()
    channel = MemoryChannel(settings)
    half_way(ledger, ids[0], "uploading", final(ledger, ids[0]) + ".old.tmp")
    channel.files[final(ledger, ids[0]) + ".old.tmp"] = A[:100]
    half_way(ledger, ids[1], "renaming", final(ledger, ids[1]) + ".old.tmp")
    channel.files[final(ledger, ids[1])] = B
    result = deposit(ledger, channel, outbox, ids, settings)
    assert result.delivered == ids
    assert channel.files == {final(ledger, ids[0]): A, final(ledger, ids[1]): B}
    assert channel.arrivals == [final(ledger, ids[0])]


def test_a_flow_left_half_way_is_said_when_the_deposit_stops_before_it(
    ledger: Ledger, outbox: Path
) -> None:
    ids = build_flows(ledger, outbox, A, B)
    half_way(ledger, ids[1], "renaming", "in/x.tmp")
    settings = settings_with(retries=0)
    result = deposit(ledger, Down(settings), outbox, ids, settings)
    assert (result.remaining, result.unsettled) == (ids[:1], ids[1:])
    assert states(ledger, ids) == ["built", "renaming"]


def test_a_ledger_that_fails_after_the_rename_is_raised(
    ledger: Ledger, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with()
    channel = MemoryChannel(settings)
    flows = records(ledger, ids)
    move = ledger.move_flow

    def fail(flow_id: str, state: FlowState | str, **facts: str) -> None:
        if state == FlowState.DEPOSITED:
            raise LedgerUnavailableError("locked")
        move(flow_id, state, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "move_flow", fail)
        with pytest.raises(LedgerUnavailableError):
            deposit_flows(ledger, channel, outbox, flows, settings)
    assert states(ledger, ids) == ["renaming"]
    assert deposit(ledger, channel, outbox, ids, settings).delivered == ids
    assert channel.arrivals == [final(ledger, ids[0])]
