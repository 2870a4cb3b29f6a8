"""Recovery: what each state left half-way becomes, by what is seen on the other side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.channels import RemoteEntry
from flows.deposit import deposit_flows
from flows.errors import ChannelRefusedError, ExitCode, TransportError
from flows.ledger import Ledger, RunState
from flows.recovery import recover
from tests.flows.outbox import (
    RUN,
    MemoryChannel,
    build_flows,
    half_way,
    open_ledger,
    records,
    settings_with,
    states,
)

CONTENT = b"x" * 2500
SUFFIX = ".0a0b0c0d.tmp"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path) as book:
        yield book


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


class NoLooking(MemoryChannel):
    """Lets in, and forbids looking."""

    def stat(self, path: str) -> RemoteEntry | None:
        raise ChannelRefusedError("permission denied")


class NoRemoving(MemoryChannel):
    """Lets in, and forbids removing."""

    def discard(self, path: str) -> bool:
        raise ChannelRefusedError("permission denied")


class SizesHidden(MemoryChannel):
    """Shows names without sizes."""

    def stat(self, path: str) -> RemoteEntry | None:
        seen = super().stat(path)
        return seen and RemoteEntry(seen.name, None, None)


class Down(MemoryChannel):
    """Cannot be reached."""

    def connect(self) -> None:
        raise TransportError("down")


class Refusing(MemoryChannel):
    """Refuses the login."""

    def connect(self) -> None:
        raise ChannelRefusedError("host key")


class RenamesLate(MemoryChannel):
    """Ends a rename asked for before the crash while we look."""

    def discard(self, path: str) -> bool:
        if path in self.files:
            self.files[path.removesuffix(SUFFIX)] = self.files.pop(path)
        return False


WHOLE, CUT, NONE = CONTENT, CONTENT[:1000], None


@pytest.mark.parametrize(
    ("state", "final", "temporary", "ignored", "becomes"),
    [
        # nothing under the final name: not arrived, if temporary names are safe
        ("uploading", NONE, CUT, True, "built"),
        ("uploading", NONE, WHOLE, True, "built"),
        ("uploading", NONE, NONE, True, "built"),
        ("uploading", NONE, CUT, False, "in_doubt"),
        ("uploading", NONE, NONE, False, "in_doubt"),
        # the final name is there
        ("uploading", WHOLE, NONE, True, "deposited"),
        ("uploading", WHOLE, NONE, False, "deposited"),
        ("uploading", CUT, NONE, True, "in_doubt"),
        ("renaming", WHOLE, NONE, True, "deposited"),
        ("renaming", WHOLE, WHOLE, True, "deposited"),  # link made, old name not yet removed
        ("renaming", WHOLE, NONE, False, "deposited"),
        ("renaming", CUT, NONE, True, "in_doubt"),
        # a rename moves: a temporary name that is still there was not renamed
        ("renaming", NONE, WHOLE, True, "built"),
        ("renaming", NONE, WHOLE, False, "in_doubt"),
        # neither name: taken by Chorus Pro, or lost
        ("renaming", NONE, NONE, True, "in_doubt"),
        ("renaming", NONE, NONE, False, "in_doubt"),
    ],
)
def test_what_is_seen_decides(
    ledger: Ledger,
    outbox: Path,
    state: str,
    final: bytes | None,
    temporary: bytes | None,
    ignored: bool,
    becomes: str,
) -> None:
    ids = build_flows(ledger, outbox, CONTENT)
    name = f"in/{records(ledger, ids)[0].file_name}"
    half_way(ledger, ids[0], state, name + SUFFIX)
    settings = settings_with(temporary_ignored=ignored)
    channel = MemoryChannel(settings)
    for path, content in ((name, final), (name + SUFFIX, temporary)):
        if content is not None:
            channel.files[path] = content
    result = recover(ledger, channel, outbox, settings)
    assert states(ledger, ids) == [becomes]
    places = {
        "deposited": result.delivered,
        "built": result.returned,
        "in_doubt": result.in_doubt,
    }
    assert {place: [flow.flow_id for flow in found] for place, found in places.items()} == {
        place: ids if place == becomes else [] for place in places
    }
    assert [flow.state.value for flow in places[becomes]] == [becomes]
    assert result.exit_code is (ExitCode.ATTENTION if becomes == "in_doubt" else ExitCode.OK)
    assert [flow.flow_id for flow in result.to_deposit] == (ids if becomes == "built" else [])
    if becomes in ("built", "deposited"):
        assert name + SUFFIX not in channel.files  # nothing is left behind
    assert channel.files.get(name) == final  # what is under a final name is never touched


@pytest.mark.parametrize(
    ("final", "becomes"), [(WHOLE, "deposited"), (CUT, "in_doubt"), (NONE, "in_doubt")]
)
def test_an_upload_under_the_final_name_is_never_sent_again(
    ledger: Ledger, outbox: Path, final: bytes | None, becomes: str
) -> None:
    ids = build_flows(ledger, outbox, CONTENT)
    name = f"in/{records(ledger, ids)[0].file_name}"
    half_way(ledger, ids[0], "uploading", name)
    settings = settings_with(temporary="none")
    channel = MemoryChannel(settings)
    if final is not None:
        channel.files[name] = final
    recover(ledger, channel, outbox, settings)
    assert states(ledger, ids) == [becomes]
    assert channel.files.get(name) == final


def test_names_recorded_under_former_settings_are_honoured(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, CONTENT)
    name = records(ledger, ids)[0].file_name
    half_way(ledger, ids[0], "uploading", f"tmp/{name}.0a")
    settings = settings_with(temporary="suffix")
    channel = MemoryChannel(settings)
    channel.files[f"tmp/{name}.0a"] = CUT
    recover(ledger, channel, outbox, settings)
    assert states(ledger, ids) == ["built"]
    assert channel.files == {}


def test_a_rename_that_ends_while_we_look_is_seen(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, CONTENT)
    name = f"in/{records(ledger, ids)[0].file_name}"
    half_way(ledger, ids[0], "renaming", name + SUFFIX)
    settings = settings_with()
    channel = RenamesLate(settings)
    channel.files[name + SUFFIX] = WHOLE
    recover(ledger, channel, outbox, settings)
    assert states(ledger, ids) == ["deposited"]


@pytest.mark.parametrize(
    ("kind", "state", "files", "becomes"),
    [
        (NoLooking, "uploading", {"": WHOLE}, "built"),
        (NoLooking, "renaming", {"": WHOLE}, "in_doubt"),
        (NoLooking, "renaming", {SUFFIX: WHOLE}, "built"),
        (NoRemoving, "uploading", {SUFFIX: CUT}, "built"),
        (NoRemoving, "renaming", {SUFFIX: WHOLE}, "in_doubt"),
        (SizesHidden, "renaming", {"": WHOLE}, "deposited"),
        (SizesHidden, "uploading", {"": WHOLE}, "in_doubt"),
    ],
)
def test_servers_that_tell_less(
    ledger: Ledger,
    outbox: Path,
    kind: type[MemoryChannel],
    state: str,
    files: dict[str, bytes],
    becomes: str,
) -> None:
    ids = build_flows(ledger, outbox, CONTENT)
    name = f"in/{records(ledger, ids)[0].file_name}"
    half_way(ledger, ids[0], state, name + SUFFIX)
    settings = settings_with()
    channel = kind(settings)
    channel.files = {name + ending: content for ending, content in files.items()}
    recover(ledger, channel, outbox, settings)
    assert states(ledger, ids) == [becomes]


@pytest.mark.parametrize("kind", [Down, Refusing])
def test_a_server_that_cannot_be_asked_leaves_all_as_it_was(
    ledger: Ledger, outbox: Path, kind: type[MemoryChannel]
) -> None:
    ids = build_flows(ledger, outbox, CONTENT, CONTENT, CONTENT)
    half_way(ledger, ids[0], "uploading", "in/a.tmp")
    half_way(ledger, ids[1], "renaming", "in/b.tmp")
    settings = settings_with()
    result = recover(ledger, kind(settings), outbox, settings)
    assert states(ledger, ids) == ["uploading", "renaming", "built"]
    assert [flow.flow_id for flow in result.unsettled] == ids[:2]
    assert [flow.flow_id for flow in result.to_deposit] == ids[2:]
    assert result.problem is not None
    assert result.exit_code is ExitCode.UNFINISHED


def test_a_server_that_is_not_needed_is_not_asked(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, CONTENT)
    settings = settings_with()
    result = recover(ledger, Down(settings), outbox, settings)
    assert [flow.flow_id for flow in result.to_deposit] == ids
    assert result.problem is None
    assert result.exit_code is ExitCode.OK


@pytest.mark.parametrize(
    ("state", "leaves"),
    [(None, True), (RunState.DONE, True), (RunState.HELD, False), (RunState.FAILED, False)],
)
def test_flows_of_a_held_or_failed_run_do_not_leave_by_themselves(
    ledger: Ledger, outbox: Path, state: RunState | None, leaves: bool
) -> None:
    ids = build_flows(ledger, outbox, CONTENT)
    if state is not None:
        ledger.finish_run(RUN, state=state, exit_code=0, balance={})
    settings = settings_with()
    result = recover(ledger, MemoryChannel(settings), outbox, settings)
    assert [flow.flow_id for flow in result.to_deposit] == (ids if leaves else [])
    assert [flow.flow_id for flow in result.withheld] == ([] if leaves else ids)


def test_a_flow_whose_file_is_gone_is_said(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, CONTENT, CONTENT)
    (outbox / records(ledger, ids)[1].path).unlink()
    settings = settings_with()
    result = recover(ledger, MemoryChannel(settings), outbox, settings)
    assert [flow.flow_id for flow in result.to_deposit] == ids[:1]
    assert [flow.flow_id for flow in result.missing] == ids[1:]
    assert result.exit_code is ExitCode.ATTENTION


def test_a_flow_in_doubt_is_left_to_the_report(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, CONTENT)
    name = f"in/{records(ledger, ids)[0].file_name}"
    half_way(ledger, ids[0], "renaming", name + SUFFIX)
    settings = settings_with()
    channel = MemoryChannel(settings)
    recover(ledger, channel, outbox, settings)
    assert states(ledger, ids) == ["in_doubt"]
    second = recover(ledger, channel, outbox, settings)
    assert states(ledger, ids) == ["in_doubt"]
    assert (second.in_doubt, second.to_deposit) == ((), ())


def test_recovery_twice_is_recovery_once(ledger: Ledger, outbox: Path) -> None:
    ids = build_flows(ledger, outbox, CONTENT, CONTENT)
    names = [f"in/{flow.file_name}" for flow in records(ledger, ids)]
    half_way(ledger, ids[0], "uploading", names[0] + SUFFIX)
    half_way(ledger, ids[1], "renaming", names[1] + SUFFIX)
    settings = settings_with()
    channel = MemoryChannel(settings)
    channel.files = {names[0] + SUFFIX: CUT, names[1]: WHOLE}
    recover(ledger, channel, outbox, settings)
    after = (states(ledger, ids), dict(channel.files))
    second = recover(ledger, channel, outbox, settings)
    assert (states(ledger, ids), dict(channel.files)) == after
    assert [flow.flow_id for flow in second.to_deposit] == ids[:1]
    result = deposit_flows(ledger, channel, outbox, second.to_deposit, settings)
    assert result.delivered == ids[:1]
    assert channel.files == dict.fromkeys(names, CONTENT)
