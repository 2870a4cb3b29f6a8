"""What lies in ``out`` when it is crowded, growing, doubled or cut: nights over both channels."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.channels.folder import FolderChannel
from flows.channels.sftp import SftpChannel
from flows.errors import ExitCode
from flows.night_result import NightResult
from flows.sandbox import Sandbox
from tests.support.fault_nights import NUMBERS, firm_of_three
from tests.support.faulty_sftp import CutFetch, FaultyServer, Honest
from tests.support.firm import Firm
from tests.support.return_files import document, invoice_status

MANY = 10_000


class Out:
    """A firm with three deposited flows, and ``out`` with Chorus Pro's reports of them."""

    def __init__(self, root: Path, url: str, kind: str, **returns: Any) -> None:
        self._root = root
        self._kind = kind
        exchange = root / "chorus" / "exchange"
        channel = {"kind": kind} | ({"root": exchange} if kind == "folder" else {})
        self.firm: Firm = firm_of_three(root / "firm", url, channel, returns=returns)
        self.sandbox = Sandbox(root / "chorus", clock=lambda: self.firm.now)
        self.folder = self.sandbox.out_folder
        assert self.night().exit_code is ExitCode.OK
        self.sandbox.process()
        self.reports = sorted(self.folder.iterdir())
        for path in self.reports:
            self.age(path)

    def age(self, path: Path, seconds: float = 3600) -> None:
        """Say when a file was last written: so long before the next night."""
        then = (self.firm.now + timedelta(hours=1)).timestamp() - seconds
        os.utime(path, (then, then))

    def drop(self, name: str, content: bytes, *, age: float = 3600) -> Path:
        """Put a file in ``out``."""
        path = self.folder / name
        path.write_bytes(content)
        self.age(path, age)
        return path

    @contextmanager
    def serve(self, kind: type[Honest] = Honest) -> Iterator[None]:
        """Run the server, if there is one."""
        if self._kind == "folder":
            yield
            return
        with FaultyServer(self.folder.parent, self._root / "keys", kind) as running:
            self.firm.sections["channel.sftp"] = running.login()
            self.firm.write_settings()
            yield

    def night(self, kind: type[Honest] = Honest) -> NightResult:
        """Do a night."""
        with self.serve(kind):
            (result,) = self.firm.run()
        return result

    def next_night(self, kind: type[Honest] = Honest) -> NightResult:
        """Do a night an hour later."""
        self.firm.now += timedelta(hours=1)
        return self.night(kind)

    def states(self) -> Counter[str]:
        """Return how many invoices are in each state."""
        return Counter(states[-1] for states in self.firm.states().values())

    def fetched(self) -> list[str]:
        """Return the names of the return files in the ledger."""
        with self.firm.ledger() as ledger:
            return sorted(record.name for record in ledger.returns())

    def whole(self) -> None:
        """All reports are read, each once, and nothing is left open."""
        assert self.states() == {"integrated": len(NUMBERS)}
        assert set(self.sandbox.invoice_counts().values()) == {1}


@pytest.fixture(params=["sftp", "folder"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def out(tmp_path: Path, ledger_url: str, kind: str) -> Iterator[Callable[..., Out]]:
    made: list[Out] = []

    def make(**returns: Any) -> Out:
        made.append(Out(tmp_path, ledger_url, kind, **returns))
        return made[-1]

    yield make
    for each in made:
        each.sandbox.close()


def test_of_ten_thousand_files_only_ours_are_fetched_and_known_ones_cost_nothing(
    out: Callable[..., Out], monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = out()
    old = (crowd.firm.now - timedelta(days=300)).timestamp()
    for rank in range(MANY):
        path = crowd.folder / f"FEN0111A_OTHER{rank:026d}"
        path.write_bytes(b"")
        os.utime(path, (old, old))
    asked: Counter[str] = Counter()
    for channel in (FolderChannel, SftpChannel):
        for name in ("get", "stat", "list_out", "remove", "move"):
            monkeypatch.setattr(channel, name, _counted(getattr(channel, name), asked))
    assert crowd.next_night().exit_code is ExitCode.OK
    assert crowd.fetched() == [path.name for path in crowd.reports]
    assert asked == {"list_out": 1, "get": len(crowd.reports)}
    crowd.whole()
    asked.clear()
    assert crowd.next_night().exit_code is ExitCode.OK
    assert asked == {"list_out": 1}
    assert len(list(crowd.folder.iterdir())) == MANY + len(crowd.reports)


def _counted(method: Callable[..., Any], asked: Counter[str]) -> Callable[..., Any]:
    def counting(*arguments: Any, **options: Any) -> Any:
        asked[method.__name__] += 1
        return method(*arguments, **options)

    return counting


@pytest.mark.parametrize("after", ["keep", "move", "remove"])
def test_files_of_another_application_are_neither_read_nor_touched(
    out: Callable[..., Out], after: str
) -> None:
    shared = out(after_fetch=after)
    theirs = {
        "VIREMENTS_20260914.xml": b"<pain/>",
        "facture.pdf": b"%PDF",
        "CSO1106A_X.part": b"half",
    }
    for name, content in theirs.items():
        shared.drop(name, content)
    (shared.folder / "CSO1106A_folder").mkdir()
    (shared.folder / "CSO1106A_link").symlink_to(shared.folder / "facture.pdf")
    assert shared.next_night().exit_code is ExitCode.OK
    left = {path.name: path.read_bytes() for path in shared.folder.iterdir() if path.is_file()}
    assert {name: left[name] for name in theirs} == theirs
    assert (shared.folder / "CSO1106A_link").is_symlink()
    assert shared.fetched() == [path.name for path in shared.reports]
    gone = {path.name for path in shared.reports if not path.exists()}
    assert gone == (set() if after == "keep" else {path.name for path in shared.reports})
    shared.whole()


def test_a_file_that_grows_is_left_until_it_rests(out: Callable[..., Out]) -> None:
    desk = out(settle_seconds=300)
    report = desk.reports[0]
    whole = report.read_bytes()
    desk.drop(report.name, whole[: len(whole) // 2], age=10)
    assert desk.next_night().exit_code is ExitCode.OK
    assert report.name not in desk.fetched()
    desk.drop(report.name, whole, age=3600)
    assert desk.next_night().exit_code is ExitCode.OK
    desk.whole()


@pytest.mark.parametrize("packed", [False, True], ids=["xml", "gzip"])
def test_half_a_file_is_told_and_taken_again_when_it_is_whole(
    out: Callable[..., Out], packed: bool
) -> None:
    desk = out(after_fetch="remove")
    report = desk.reports[0]
    whole = gzip.compress(report.read_bytes()) if packed else report.read_bytes()
    desk.drop(report.name, whole[: len(whole) // 2])
    first = desk.next_night()
    assert first.exit_code is ExitCode.ATTENTION
    assert any(f"not understood: {report.name}" in told for told in first.problems)
    assert report.exists()  # it is not taken away while it is not understood
    assert desk.states()["deposited" if desk._kind == "sftp" else "handed_over"] == 1
    desk.drop(report.name, whole)
    desk.next_night()
    desk.whole()
    assert not report.exists()


def test_a_file_that_comes_again_under_another_name_counts_once(out: Callable[..., Out]) -> None:
    desk = out()
    for rank, report in enumerate(desk.reports):
        desk.drop(f"CSO1106A_CPP001_AGAIN{rank}", report.read_bytes())
    assert desk.next_night().exit_code is ExitCode.OK
    with desk.firm.ledger() as ledger:
        assert len(ledger.returns()) == len(desk.reports)
        assert len(ledger.statuses()) == len(desk.reports)
    desk.whole()


def test_news_of_an_invoice_that_is_not_ours_are_kept_and_harmless(
    out: Callable[..., Out],
) -> None:
    desk = out()
    desk.drop("FEN1200A_X", document(invoice_status(number="OTHER-1")))
    assert desk.next_night().exit_code is ExitCode.OK
    with desk.firm.ledger() as ledger:
        assert len(ledger.statuses(foreign=True)) == 1
    desk.whole()


@pytest.mark.parametrize("kind", ["sftp"])
def test_a_fetch_that_is_cut_leaves_nothing_half_and_goes_on_the_next_night(
    out: Callable[..., Out],
) -> None:
    desk = out()
    first = desk.next_night(CutFetch)
    assert first.exit_code is ExitCode.UNFINISHED
    assert any("failed while fetching out/" in told for told in first.problems)
    copies = desk.firm.root / "state" / "returns"
    # Only the first was cut: what lies behind it came through.
    assert desk.fetched() == [path.name for path in desk.reports[1:]]
    assert len([path for path in copies.rglob("*") if path.is_file()]) == len(desk.reports) - 1
    assert desk.next_night().exit_code is ExitCode.OK
    desk.whole()
