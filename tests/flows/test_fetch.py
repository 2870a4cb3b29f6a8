"""Fetching return files: what is taken, what is left, what becomes of the remote side."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.channels import RemoteEntry
from flows.channels.folder import FolderChannel
from flows.errors import ChannelRefusedError, ExitCode, LoginRefusedError, TransportError
from tests.support.return_desk import Desk
from tests.support.return_files import document, flow_status, invoice_status


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def kept(desk: Desk) -> list[str]:
    folder = desk.settings.state_folder / "returns"
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_local_copy_is_kept_and_recorded_and_the_remote_file_stays(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    content = gzip.compress(document(flow_status("90", flow_id=flow)), mtime=0)
    remote = desk.drop("CSO1106A_1", content)
    result = desk.collect()
    assert result.fetched == ("CSO1106A_1",)
    (record,) = desk.ledger.returns()
    assert (record.name, record.state.value, record.kind) == ("CSO1106A_1", "reconciled", "flow")
    assert record.kept_as == f"2026-03/CSO1106A_1.{record.sha256[:12]}"
    assert kept(desk) == [record.kept_as]
    assert (desk.settings.state_folder / "returns" / record.kept_as).read_bytes() == content
    assert remote.exists()


def test_a_file_taken_before_is_not_taken_again(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    path = desk.drop("CSO1106A_1", document(flow_status("90", flow_id=flow)))
    os.utime(path, (0, desk.now.timestamp() - 60))
    desk.collect()
    result = desk.collect()
    assert (result.fetched, result.already_known, result.flow_statuses) == ((), 1, 0)
    assert result.exit_code is ExitCode.OK


def test_the_same_content_under_another_name_counts_once(desk: Desk) -> None:
    content = document(invoice_status("07"))
    desk.deposit("FA-0001")
    desk.drop("FEN1200A_1", content)
    desk.drop("FEN1200A_2", content)
    result = desk.collect()
    assert (result.fetched, result.already_known) == (("FEN1200A_1",), 1)
    assert len(desk.ledger.statuses()) == 1


def test_another_content_under_a_known_name_is_taken(desk: Desk) -> None:
    desk.deposit("FA-0001")
    desk.drop("FEN1200A_1", document(invoice_status("01")))
    desk.collect()
    path = desk.drop("FEN1200A_1", document(invoice_status("02", at="2026-03-02T01:30:00Z")))
    os.utime(path, (0, desk.now.timestamp() + 60))  # same size, changed after we took it
    desk.collect()
    assert [r.status.code for r in desk.ledger.statuses()] == ["01", "02"]


def test_only_names_of_the_configured_interfaces_are_taken(desk: Desk) -> None:
    desk.deposit("FA-0001")
    for name in ("FEN1300A_1", "FAR0037_1", "notes.txt", "CSO1106A_1.tmp", "CSO1106A_2.filepart"):
        desk.drop(name, document(invoice_status("07")))
    result = desk.collect()
    assert (result.fetched, result.already_known, kept(desk)) == ((), 0, [])
    assert len(list(desk.out.iterdir())) == 5


@pytest.mark.parametrize(("age", "taken"), [(5, False), (30, True), (31, True), (-600, True)])
def test_a_young_file_waits_when_the_settings_say_so(tmp_path: Path, age: int, taken: bool) -> None:
    desk = Desk(tmp_path, {"returns": {"settle_seconds": 30}})
    path = desk.drop("FEN1200A_1", document(invoice_status("07")))
    os.utime(path, (0, desk.now.timestamp() - age))
    assert bool(desk.collect().fetched) is taken
    desk.close()


def test_a_file_too_large_to_fetch_is_raised_and_left(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"returns": {"max_bytes": 3000}})
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", b"<" * 4000)
    desk.drop("CSO1106A_2", document(flow_status("90", flow_id=flow)))
    result = desk.collect()
    assert [finding.rule for finding in result.findings] == ["RT-FILE-02"]
    assert result.exit_code is ExitCode.ATTENTION
    assert desk.states() == {"FA-0001": "integrated"}
    desk.close()


@pytest.mark.parametrize(("after", "left", "moved"), [("remove", [], []), ("move", [], ["F"])])
def test_what_is_reconciled_may_go_from_the_remote_side(
    tmp_path: Path, after: str, left: list[str], moved: list[str]
) -> None:
    desk = Desk(tmp_path, {"returns": {"after_fetch": after}})
    names = {"FEN1200A_1": document(invoice_status("07")), "FEN1200A_2": b"not understood"}
    for name, content in names.items():
        os.utime(desk.drop(name, content), (0, desk.now.timestamp() - 60))
    desk.drop("other.txt", b"not ours")
    desk.collect()
    assert sorted(p.name for p in desk.out.iterdir()) == [*left, "FEN1200A_2", "other.txt"]
    assert [p.name[:1] for p in desk.done.iterdir()] == moved
    assert len(kept(desk)) == 3
    desk.close()


def test_a_name_taken_in_the_folder_of_done_files_keeps_the_file_in_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"returns": {"after_fetch": "move"}})
    (desk.done / "FEN1200A_1").write_bytes(b"older")
    path = desk.drop("FEN1200A_1", document(invoice_status("07")))
    os.utime(path, (0, desk.now.timestamp() - 60))
    assert desk.collect().exit_code is ExitCode.OK
    assert path.exists()
    assert (desk.done / "FEN1200A_1").read_bytes() == b"older"
    desk.close()


class Failing(FolderChannel):
    """A folder whose share goes away after so many fetches, or when asked to remove."""

    fetches = 1
    removing = True

    def get(self, name: str, local: Path, *, max_bytes: int) -> int:
        if self.fetches == 0:
            raise TransportError("The share is gone.")
        self.fetches -= 1
        return super().get(name, local, max_bytes=max_bytes)

    def remove(self, name: str) -> None:
        raise ChannelRefusedError("Removing is forbidden.")


def test_what_was_fetched_before_the_channel_failed_is_reconciled(desk: Desk) -> None:
    desk.channel = Failing(desk.settings.channel)
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("90", flow_id=flow)))
    desk.drop("CSO1106A_2", document(flow_status("91", flow_id=flow)))
    result = desk.collect()
    assert result.fetched == ("CSO1106A_1",)
    assert desk.states() == {"FA-0001": "integrated"}
    assert isinstance(result.problem, TransportError)
    assert result.exit_code is ExitCode.UNFINISHED
    assert "not finished: The share is gone." in result.lines()


class Cutting(FolderChannel):
    """A folder of which some files cannot be fetched; counts the tries."""

    cut: frozenset[str] = frozenset()
    error: type[TransportError | ChannelRefusedError] = TransportError
    tries = 0

    def get(self, name: str, local: Path, *, max_bytes: int) -> int:
        self.tries += 1
        if name in self.cut:
            raise self.error(f"{name} was cut.")
        return super().get(name, local, max_bytes=max_bytes)


@pytest.mark.parametrize(
    ("cut", "error", "fetched", "tries"),
    [
        ("1", TransportError, ("FEN1200A_2", "FEN1200A_3", "FEN1200A_4"), 4),
        ("123", TransportError, (), 3),
        ("1", LoginRefusedError, (), 1),
    ],
)
def test_a_file_that_cuts_the_line_keeps_few_others_from_being_fetched(
    desk: Desk,
    cut: str,
    error: type[TransportError | ChannelRefusedError],
    fetched: tuple[str, ...],
    tries: int,
) -> None:
    channel = Cutting(desk.settings.channel)
    channel.cut, channel.error = frozenset(f"FEN1200A_{rank}" for rank in cut), error
    desk.channel = channel
    desk.deposit("FA-0001")
    for rank in range(1, 5):
        desk.drop(f"FEN1200A_{rank}", document(invoice_status(f"0{rank}")))
    result = desk.collect()
    assert (result.fetched, channel.tries) == (fetched, tries)
    assert isinstance(result.problem, error)
    assert result.exit_code is ExitCode.UNFINISHED


def test_a_refused_removal_is_told_and_harmless(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"returns": {"after_fetch": "remove"}})
    desk.channel = Failing(desk.settings.channel)
    flow = desk.deposit("FA-0001")
    path = desk.drop("CSO1106A_1", document(flow_status("90", flow_id=flow)))
    os.utime(path, (0, desk.now.timestamp() - 60))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "integrated"}
    assert isinstance(result.problem, ChannelRefusedError)
    desk.close()


class Mute(FolderChannel):
    """A server that tells neither size nor time."""

    def list_out(self) -> list[RemoteEntry]:
        return [RemoteEntry(entry.name, None, None) for entry in super().list_out()]


def test_a_server_that_tells_nothing_is_read_by_content(desk: Desk) -> None:
    desk.channel = Mute(desk.settings.channel)
    desk.drop("FEN1200A_1", document(invoice_status("07")))
    assert desk.collect().fetched == ("FEN1200A_1",)
    result = desk.collect()
    assert (result.fetched, result.already_known) == ((), 1)
