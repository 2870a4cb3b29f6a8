"""The journal beside the ledger: whole lines, in order, on disk, and none of another company."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.errors import DiskError, ExitCode
from flows.journal import Journal
from flows.ledger import EventMark

SEPTEMBER = datetime(2026, 9, 30, 21, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 1, 21, tzinfo=UTC)


def journal(folder: Path, *, now: datetime = SEPTEMBER, company: str = "acme") -> Journal:
    return Journal(
        folder / "journal",
        environment="sandbox",
        company=company,
        emitter="ABC123",
        clock=lambda: now,
    )


def mark(event: int) -> EventMark:
    return EventMark(event=event, at=SEPTEMBER, kind="flow", target="uploading")


def told(journal: Journal) -> list[int]:
    return [entry.mark.event for entry in journal.entries()]


def test_what_is_appended_is_read_back_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    written = journal(tmp_path)
    assert list(written.entries()) == []
    assert not (tmp_path / "journal").exists(), "looking makes nothing"
    written.append(mark(7), {"flow": "ABC", "state": "uploading", "name": "n\udce9"})
    [entry] = written.entries()
    assert entry.mark == mark(7)
    assert entry.facts == {"flow": "ABC", "state": "uploading", "name": "n\udce9"}
    [path] = (tmp_path / "journal").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_line_cut_by_a_power_failure_is_left_out_and_harms_no_other(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.append(mark(1), {})
    [path] = (tmp_path / "journal").iterdir()
    path.write_bytes(path.read_bytes() + b'{"event":2,"at":"2026')
    assert told(written) == [1]
    written.append(mark(3), {})
    assert told(written) == [1, 3]


@pytest.mark.parametrize(
    "line", [b"\n", b"[]\n", b'{"event":"x"}\n', b"\xff\xfe\n", b'{"event":1,"at":"now"}\n']
)
def test_a_line_that_is_none_is_passed_over(tmp_path: Path, line: bytes) -> None:
    written = journal(tmp_path)
    written.append(mark(1), {})
    [path] = (tmp_path / "journal").iterdir()
    path.write_bytes(line + path.read_bytes())
    assert told(written) == [1]


def test_months_follow_each_other_and_a_clock_that_went_back_hides_nothing(tmp_path: Path) -> None:
    journal(tmp_path).append(mark(1), {})
    journal(tmp_path, now=OCTOBER).append(mark(2), {})
    journal(tmp_path, now=SEPTEMBER).append(mark(3), {})
    assert told(journal(tmp_path)) == [1, 2, 3]
    assert [entry.mark.event for entry in journal(tmp_path).newest()] == [1, 2, 3]
    assert len(list((tmp_path / "journal").iterdir())) == 2


def test_the_journals_of_two_companies_are_apart_however_alike_their_names(tmp_path: Path) -> None:
    journal(tmp_path, company="a b").append(mark(1), {})
    journal(tmp_path, company="a/b").append(mark(2), {})
    assert told(journal(tmp_path, company="a b")) == [1]
    assert told(journal(tmp_path, company="a/b")) == [2]


def test_what_stands_before_a_reconciliation_is_no_longer_among_the_newest(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.append(mark(1), {})
    written.begin_reconciliation({"trusted": True})
    assert written.reconciliation() == {"trusted": True}
    assert told(written) == [1]
    written.end_reconciliation(mark(2), {"by": "A. Martin"})
    assert written.reconciliation() is None
    written.append(mark(3), {})
    assert told(written) == [1, 2, 3]
    assert [entry.mark.event for entry in written.newest()] == [2, 3]


def test_only_the_end_of_a_long_journal_is_read_for_the_newest_lines(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.append(mark(1), {"filler": "x" * 70_000})
    written.append(mark(2), {})
    assert [entry.mark.event for entry in written.newest()] == [2]


def test_a_marker_that_cannot_be_read_counts_as_a_reconciliation_not_trusted(
    tmp_path: Path,
) -> None:
    written = journal(tmp_path)
    written.begin_reconciliation({"trusted": True})
    [marker] = (tmp_path / "journal").iterdir()
    marker.write_text("{")
    assert written.reconciliation() == {}


def test_a_journal_that_cannot_be_written_stops_what_follows(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("in the way")
    with pytest.raises(DiskError) as stopped:
        journal(tmp_path).append(mark(1), {})
    assert stopped.value.exit_code is ExitCode.UNFINISHED
    with pytest.raises(DiskError):
        journal(tmp_path).begin_reconciliation({})


def test_what_stands_before_a_reconciliation_never_counts_again_however_long_ago_it_was(
    tmp_path: Path,
) -> None:
    journal(tmp_path).append(mark(1), {})  # forgotten, and accounted for by what follows
    october = journal(tmp_path, now=OCTOBER)
    october.end_reconciliation(mark(2), {})
    for event in range(3, 900):  # more than the tail that is read
        october.append(mark(event), {"flow": "X" * 60})
    assert min(entry.mark.event for entry in october.newest()) > 2
