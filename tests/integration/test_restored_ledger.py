"""Yesterday's ledger put back after a night: nothing goes twice, no number is given again."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.crashpoints import CrashPoint, ReconcilePoint
from flows.doctor import examine
from flows.errors import ChorusFlowsError, ExitCode, RestoredLedgerError
from flows.ledger import FlowState, RunState
from flows.release import release
from flows.resolve import resolve
from flows.sandbox import Sandbox
from tests.support import postgres
from tests.support.apart import apart, night_apart
from tests.support.firm import NOW, Firm, csv, row
from tests.support.restorable import TONIGHT, WAITED, WAITS, WRONG, YESTERDAY, Restorable

SENT = {*YESTERDAY, *TONIGHT, WAITED}


def made(folder: Path, url: str = "", **sections: dict[str, object]) -> Iterator[Restorable]:
    with Sandbox(folder / "chorus-pro", clock=lambda: NOW) as sandbox:
        sandbox.stop()  # its folders are enough
        firm = Firm(
            folder / "firm",
            {
                "": {"environment": "sandbox", **({"ledger_url": url} if url else {})},
                "channel": {"kind": "folder", "root": str(sandbox.in_folder.parent), "retries": 0},
                "workers": {"executor": "inline", "chunk_invoices": 3},
                **sections,
            },
        )
        yield Restorable(firm, sandbox, url)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Restorable]:
    """A firm after its first night, with a back-up of its ledger in SQLite."""
    yield from _after_one_night(made(tmp_path))


@pytest.fixture
def in_postgres(tmp_path: Path, postgres_server: postgres.Server) -> Iterator[Restorable]:
    """The same, in PostgreSQL."""
    url = postgres_server.new_ledger(company="default", emitter="ABC123")
    yield from _after_one_night(made(tmp_path, url))
    postgres_server.give_back(url)


def _after_one_night(places: Iterator[Restorable]) -> Iterator[Restorable]:
    for place in places:
        place.first_night()
        told = place.back_up()
        assert (told.runs, told.path.stat().st_mode & 0o777) == (1, 0o600)
        place.second_extract()
        yield place


# -- what happened in the second night before the ledger was put back --------------------------


def reported(place: Restorable) -> None:
    place.firm.run()
    place.sandbox.process()
    place.collect()


def deposited(place: Restorable) -> None:
    place.firm.run()


def taken(place: Restorable) -> None:
    """Chorus Pro has taken everything, and its reports are lost."""
    place.firm.run()
    place.sandbox.process()
    for path in place.sandbox.out_folder.iterdir():
        path.unlink()


def told_by_xml_alone(place: Restorable) -> None:
    place.firm.run()
    for path in place.state.rglob("*.members.json"):
        path.unlink()


def without_journal(place: Restorable) -> None:
    place.firm.run()
    shutil.rmtree(place.state / "journal")


def killed(point: str) -> Callable[[Restorable], None]:
    def night(place: Restorable) -> None:
        assert night_apart(place.firm, crash_at=point).signal == signal.SIGKILL

    night.__name__ = f"killed at {point}"
    return night


def backed_up_between(point: str) -> Callable[[Restorable], None]:
    """The back-up is of the middle of the night, which went on to its end."""

    def night(place: Restorable) -> None:
        assert night_apart(place.firm, crash_at=point).signal == signal.SIGKILL
        (place.firm.root / "yesterday.backup").unlink()
        place.back_up()
        place.firm.run()

    night.__name__ = f"backed up at {point}"
    return night


NIGHTS = [
    reported,
    deposited,
    taken,
    told_by_xml_alone,
    without_journal,
    killed(CrashPoint.UPLOAD_50),
    killed(f"{CrashPoint.AFTER_RENAME}:2"),
    backed_up_between(f"{CrashPoint.RECORDED}:2"),
    backed_up_between(f"{CrashPoint.UPLOAD_0}:2"),
]
#: Chorus Pro's reports are gone: what is in doubt stays so until a person looks.
SILENT = {taken}


@pytest.mark.parametrize("second", NIGHTS, ids=lambda night: night.__name__)
def test_yesterdays_ledger_put_back_sends_nothing_twice(
    place: Restorable, second: Callable[[Restorable], None]
) -> None:
    second(place)
    place.restore()
    stopped_then_reconciled(place)
    assert_accounted_for(place, doubtful=second in SILENT)


@pytest.mark.parametrize(
    "second",
    [reported, killed(f"{CrashPoint.AFTER_RENAME}:2"), backed_up_between("recorded:2")],
    ids=lambda night: night.__name__,
)
def test_a_ledger_in_postgresql_put_back_sends_nothing_twice(
    in_postgres: Restorable, second: Callable[[Restorable], None]
) -> None:
    second(in_postgres)
    in_postgres.restore()
    stopped_then_reconciled(in_postgres)
    assert_accounted_for(in_postgres)


@pytest.mark.parametrize("second", [reported, killed(CrashPoint.UPLOAD_50), without_journal])
def test_a_ledger_that_is_lost_is_made_anew_from_what_is_beside_it(
    place: Restorable, second: Callable[[Restorable], None]
) -> None:
    second(place)
    place.lose()
    stopped_then_reconciled(place)
    assert_accounted_for(place)


def stopped_then_reconciled(place: Restorable) -> None:
    """Nothing is done until the ledger is reconciled; then the nights go on."""
    place.later()
    place.firm.drop("b-again.csv", place.second_content())
    before = place.snapshot()
    for command in (place.firm.run, place.collect):
        with pytest.raises(RestoredLedgerError, match="ledger reconcile"):
            command()
    assert place.snapshot() == before
    place.reconcile()
    assert place.reconcile().nothing
    place.firm.drop("b-once-more.csv", place.second_content())
    for _ in range(2):
        place.firm.run()
        with place.firm.ledger() as ledger:
            held = [run.run_id for run in ledger.runs() if run.state is RunState.HELD]
        for run_id in held:
            release(place.firm.configuration(), run_id, by="A. Martin", reason="looked at")
        place.sandbox.process()
        place.collect()
        place.later()


def assert_accounted_for(place: Restorable, *, doubtful: bool = False) -> None:
    """Every invoice of both nights arrived once, and the ledger says so of each."""
    arrived, states = place.arrived(), place.states()
    assert set(arrived) == SENT
    assert set(arrived.values()) == {1}
    for number in sorted(SENT):
        of_it = states[number] - {"waiting"}
        assert of_it == {"integrated"} or (doubtful and of_it == {"in_doubt"}), (number, of_it)
    assert states[WRONG] == {"quarantined"}
    assert states[WAITS] == {"waiting"}
    given = place.numbers_given()
    assert len(given) == len(set(given))
    place.firm.drop("c.csv", csv([row("C1")]))
    assert place.firm.code(place.firm.run()) in {ExitCode.OK, ExitCode.ATTENTION}
    place.sandbox.process()
    assert place.arrived()["C1"] == 1
    assert max(place.numbers_given()) == place.numbers_given()[-1] > max(given)
