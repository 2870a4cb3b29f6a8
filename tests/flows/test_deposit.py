"""The deposit protocol, with a channel in memory and one small class per fault."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows.channels.base import Progress
from flows.deposit import deposit_flows
from flows.errors import (
    ChannelRefusedError,
    ExitCode,
    TargetExistsError,
    TransportError,
)
from flows.ledger import Ledger
from tests.flows.outbox import (
    MemoryChannel,
    build_flows,
    deposit,
    final,
    now,
    open_ledger,
    records,
    settings_with,
    states,
    trail,
)
from tests.support.faulty_channels import (
    CutAlways,
    CutAt,
    Down,
    DownAfterCut,
    DownAfterRename,
    NameTakenMeanwhile,
    ReadOnly,
    Refusing,
    RenameAnswerLost,
    RenameLostAndTaken,
    RenameNotDone,
    SizeHidden,
    TemporaryVanishes,
    Truncating,
)

A, B, C = b"a" * 3500, b"b" * 10, b"c" * 2000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path) as book:
        yield book


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


# -- the way it should go ----------------------------------------------------------------------


def test_flows_arrive_in_order_under_their_final_names_only(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A, B, C)
    settings = settings_with()
    channel = MemoryChannel(settings)
    heard: list[tuple[int, int]] = []
    result = deposit_flows(
        ledger,
        channel,
        outbox,
        records(ledger, ids),
        settings,
        on_progress=lambda done, total: heard.append((done, total)),
    )
    assert result.delivered == ids
    assert result.exit_code is ExitCode.OK
    assert channel.arrivals == [final(ledger, flow_id) for flow_id in ids]
    assert list(channel.files.values()) == [A, B, C]
    assert heard == [(1, 3), (2, 3), (3, 3)]
    assert trail(ledger, ids[0]) == ["built", "uploading", "renaming", "deposited"]
    assert [invoice.state for invoice in ledger.invoices()] == ["deposited"] * 3


@pytest.mark.parametrize(
    ("temporary", "expected"),
    [("suffix", "in/{name}.t1.tmp"), ("folder", "tmp/{name}.t1"), ("none", "in/{name}")],
)
def test_the_temporary_name_is_recorded_before_a_byte_leaves(
    ledger: Ledger, outbox: Path, temporary: str, expected: str
) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(temporary=temporary)
    seen: list[tuple[str, str | None]] = []

    class Looking(MemoryChannel):
        def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
            flow = records(ledger, ids)[0]
            seen.append((flow.state.value, flow.temporary_name))
            assert path == flow.temporary_name
            return super().put(local, path, progress=progress)

    channel = Looking(settings)
    flows = records(ledger, ids)
    result = deposit_flows(ledger, channel, outbox, flows, settings, token=lambda: "t1")
    assert result.delivered == ids
    assert seen == [("uploading", expected.format(name=flows[0].file_name))]
    assert list(channel.files) == [final(ledger, ids[0])]


def test_renaming_is_recorded_before_the_rename(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with()
    seen: list[str] = []

    class Looking(MemoryChannel):
        def rename(self, temporary: str, final: str) -> None:
            seen.extend(states(ledger, ids))
            super().rename(temporary, final)

    assert deposit(ledger, Looking(settings), outbox, ids, settings).delivered == ids
    assert seen == ["renaming"]


def test_a_flow_that_is_further_by_now_is_not_sent(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A)
    before = records(ledger, ids)
    settings = settings_with()
    deposit(ledger, MemoryChannel(settings), outbox, ids, settings)
    again = MemoryChannel(settings)
    result = deposit_flows(ledger, again, outbox, before, settings)
    assert again.arrivals == []
    assert result.delivered == ids


def test_a_server_that_hides_sizes_and_forbids_looking_gets_the_flows(
    ledger: Ledger, outbox: Path
) -> None:
    ids = build_flows(ledger, outbox, A, B)
    settings = settings_with()
    channel = SizeHidden(settings)
    assert deposit(ledger, channel, outbox, ids, settings).delivered == ids
    assert len(channel.arrivals) == 2


# -- failures that pass ------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [CutAt, Truncating, RenameNotDone])
@pytest.mark.parametrize("temporary", ["suffix", "folder"])
def test_a_failure_before_the_final_name_is_tried_again(
    ledger: Ledger, outbox: Path, fault: type[MemoryChannel], temporary: str
) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(retries=1, temporary=temporary)
    channel = fault(settings)
    result = deposit(ledger, channel, outbox, ids, settings)
    assert result.delivered == ids
    assert result.exit_code is ExitCode.OK
    assert channel.files == {final(ledger, ids[0]): A}  # no left-over either
    assert channel.arrivals.count(final(ledger, ids[0])) == 1
    flow = records(ledger, ids)[0]
    assert flow.attempts == 2


def test_waits_double_between_tries(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(retries=3, retry_wait=5)
    waits: list[float] = []
    result = deposit_flows(
        ledger,
        Down(settings),
        outbox,
        records(ledger, ids),
        settings,
        clock=now,
        sleep=waits.append,
    )
    assert waits == [5, 10, 20]
    assert result.remaining == ids


def test_a_wait_is_never_longer_than_the_longest(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(retries=6, retry_wait=5, retry_wait_max=30)
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
    assert waits == [5, 10, 20, 30, 30, 30]


class ClockMoves(MemoryChannel):
    """Each rename takes an hour."""

    hours = 0

    def rename(self, temporary: str, final: str) -> None:
        super().rename(temporary, final)
        self.hours += 1

    def clock(self) -> datetime:
        """22:00 in Paris, and the hours since."""
        return now() + timedelta(hours=self.hours)


def test_a_window_that_closes_ends_the_flow_under_way_and_begins_no_other(
    ledger: Ledger, outbox: Path
) -> None:
    ids = build_flows(ledger, outbox, A, B, C)
    settings = settings_with(window={"opens": "19:00", "closes": "23:30"})
    channel = ClockMoves(settings)
    flows = records(ledger, ids)
    result = deposit_flows(ledger, channel, outbox, flows, settings, clock=channel.clock)
    assert (result.delivered, result.remaining) == (ids[:2], ids[2:])
    assert result.exit_code is ExitCode.OK
    assert result.errors == []
    assert result.closed is not None
    assert states(ledger, ids) == ["deposited", "deposited", "built"]


def test_no_retry_begins_outside_the_window(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(
        retries=9,
        retry_wait=3000,
        retry_wait_max=9000,
        window={"opens": "19:00", "closes": "23:30"},
    )
    channel = Down(settings)
    waits: list[float] = []

    def clock() -> datetime:
        return now() + timedelta(seconds=sum(waits))  # 22:00 in Paris, and the waits

    flows = records(ledger, ids)
    result = deposit_flows(
        ledger, channel, outbox, flows, settings, clock=clock, sleep=waits.append
    )
    assert waits == [3000]  # the next try would begin at 00:30
    assert result.remaining == ids
    assert result.exit_code is ExitCode.UNFINISHED  # a failure, told as such
    assert [type(error) for error in result.errors] == [TransportError]


@pytest.mark.parametrize("fault", [Down, CutAlways, DownAfterCut])
def test_what_cannot_have_arrived_stays_for_the_next_run(
    ledger: Ledger, outbox: Path, fault: type[MemoryChannel]
) -> None:
    ids = build_flows(ledger, outbox, A, B)
    settings = settings_with(retries=1)
    channel = fault(settings)
    result = deposit(ledger, channel, outbox, ids, settings)
    assert result.remaining == ids
    assert states(ledger, ids) == ["built", "built"]
    assert result.exit_code is ExitCode.UNFINISHED
    assert [type(error) for error in result.errors] == [TransportError]
    assert channel.arrivals == []
    assert [invoice.state for invoice in ledger.invoices()] == ["bundled"] * 2
    # The next night, on a server that works, removes what was left behind.
    mended = MemoryChannel(settings)
    mended.files = dict(channel.files)
    assert deposit(ledger, mended, outbox, ids, settings).delivered == ids
    assert set(mended.files) == {final(ledger, flow_id) for flow_id in ids}


def test_a_lost_answer_to_the_rename_is_found_out(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A, B)
    settings = settings_with(retries=1)
    channel = RenameAnswerLost(settings)
    result = deposit(ledger, channel, outbox, ids, settings)
    assert result.delivered == ids
    assert channel.arrivals == [final(ledger, flow_id) for flow_id in ids]


# -- doubt -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [RenameLostAndTaken, DownAfterRename])
def test_a_rename_whose_end_nobody_knows_is_in_doubt_and_not_sent_again(
    ledger: Ledger, outbox: Path, fault: type[MemoryChannel]
) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(retries=2)
    channel = fault(settings)
    result = deposit(ledger, channel, outbox, ids, settings)
    assert result.in_doubt == ids
    assert result.exit_code is ExitCode.ATTENTION
    assert result.errors
    assert channel.arrivals == [final(ledger, ids[0])]
    assert states(ledger, ids) == ["in_doubt"]
    again = MemoryChannel(settings)
    assert deposit(ledger, again, outbox, ids, settings).delivered == []
    assert again.arrivals == []


def test_a_temporary_that_vanishes_is_in_doubt(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, A, B)
    settings = settings_with()
    result = deposit(ledger, TemporaryVanishes(settings), outbox, ids, settings)
    assert (result.in_doubt, result.remaining) == (ids[:1], ids[1:])
    assert result.exit_code is ExitCode.ATTENTION


@pytest.mark.parametrize("changes", [{"temporary_ignored": False}, {"temporary": "none"}])
def test_a_cut_upload_that_the_server_may_have_taken_is_in_doubt(
    ledger: Ledger, outbox: Path, changes: dict[str, object]
) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(**changes)
    result = deposit(ledger, CutAt(settings), outbox, ids, settings)
    assert result.in_doubt == ids
    assert states(ledger, ids) == ["in_doubt"]
    assert [type(error) for error in result.errors] == [TransportError]


@pytest.mark.parametrize("changes", [{"temporary_ignored": False}, {"temporary": "none"}])
def test_in_doubt_as_well_when_the_server_cannot_be_asked(
    ledger: Ledger, outbox: Path, changes: dict[str, object]
) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(**changes)
    result = deposit(ledger, DownAfterCut(settings), outbox, ids, settings)
    assert result.in_doubt == ids


def test_nothing_is_in_doubt_when_the_server_was_never_reached(
    ledger: Ledger, outbox: Path
) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with(temporary_ignored=False, temporary="none")
    assert deposit(ledger, Down(settings), outbox, ids, settings).remaining == ids


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Refusing, ReadOnly])
def test_a_refusal_is_not_tried_again_and_stops_the_deposit(
    ledger: Ledger, outbox: Path, fault: type[MemoryChannel]
) -> None:
    ids = build_flows(ledger, outbox, A, B)
    settings = settings_with(retries=5)
    waits: list[float] = []
    result = deposit_flows(
        ledger, fault(settings), outbox, records(ledger, ids), settings, sleep=waits.append
    )
    assert result.remaining == ids
    assert result.exit_code is ExitCode.UNFINISHED
    assert [type(error) for error in result.errors] == [ChannelRefusedError]
    assert waits == []
    assert states(ledger, ids) == ["built", "built"]


def test_a_final_name_that_is_taken_stops_before_a_byte_is_sent(
    ledger: Ledger, outbox: Path
) -> None:
    ids = build_flows(ledger, outbox, A, B)
    settings = settings_with()
    channel = MemoryChannel(settings)
    channel.files[final(ledger, ids[0])] = b"theirs"
    result = deposit(ledger, channel, outbox, ids, settings)
    assert (result.in_doubt, result.remaining) == (ids[:1], ids[1:])
    assert result.exit_code is ExitCode.ATTENTION
    assert [type(error) for error in result.errors] == [TargetExistsError]
    assert channel.files == {final(ledger, ids[0]): b"theirs"}
    assert trail(ledger, ids[0]) == ["built", "in_doubt"]


def test_a_final_name_taken_during_the_upload_is_never_overwritten(
    ledger: Ledger, outbox: Path
) -> None:
    ids = build_flows(ledger, outbox, A)
    settings = settings_with()
    channel = NameTakenMeanwhile(settings)
    result = deposit(ledger, channel, outbox, ids, settings)
    assert result.in_doubt == ids
    assert channel.files == {final(ledger, ids[0]): b"theirs"}
