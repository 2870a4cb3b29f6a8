"""Nights on PostgreSQL: the same as on SQLite, and through failures of the server."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows import deposit, night, transform
from flows.cli.main import run
from flows.collecting import collect_now
from flows.crashpoints import CrashPoint
from flows.errors import ExitCode
from flows.ledger import FlowState, RunState
from flows.night_result import Mode
from flows.release import discard, release
from flows.resolve import resolve
from tests.support import postgres
from tests.support.firm import Firm, csv, row
from tests.support.return_files import document, flow_status
from transforms.balance import Place


@pytest.fixture
def firm(tmp_path: Path, postgres_ledger: dict[str, str]) -> Firm:
    return Firm(tmp_path, {"": dict(postgres_ledger)})


@pytest.fixture(scope="module")
def own_server() -> Iterator[postgres.Server]:
    """A server that a test may stop."""
    with postgres.running() as server:
        yield server


def places(firm: Firm, mode: Mode = Mode.DEPOSIT) -> dict[Place, int]:
    (result,) = firm.run(mode)
    assert result.balance is not None
    assert result.balance.holds, result.balance.differences
    return {place: tally.count for place, tally in result.balance.places.items() if tally.count}


def test_invoices_go_are_held_back_skipped_and_told_apart(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret="123"), row("F3")]))
    assert places(firm) == {Place.DEPOSITED: 2, Place.QUARANTINED: 1}
    firm.now += timedelta(days=1)
    firm.drop("b.csv", csv([row("F1"), row("F3", unit_price="51.00"), row("F4")]))
    assert places(firm) == {Place.SKIPPED: 1, Place.QUARANTINED: 1, Place.DEPOSITED: 1}
    assert "LG-CONFLICT-01" in firm.rules("F3")
    assert len(firm.arrived()) == 2
    assert not (firm.root / "state" / "ledger.sqlite").exists()
    assert len(list((firm.root / "reports").glob("*/*.html"))) == 2


def test_an_invoice_waits_for_its_attachment_from_night_to_night(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf"), row("F2")]))
    assert places(firm) == {Place.DEPOSITED: 1, Place.WAITING: 1}
    (firm.root / "attachments" / "bl.pdf").write_bytes(b"%PDF-1.4 test")
    firm.now += timedelta(days=1)
    assert places(firm) == {Place.DEPOSITED: 1}
    assert firm.states()["F1"] == ["waiting", "handed_over"]


def test_a_held_run_is_released_or_given_up(firm: Firm) -> None:
    for name, act in (("a", release), ("b", discard)):
        firm.drop(f"{name}.csv", csv([row(f"F-{name}")]))
        (result,) = firm.run(Mode.HOLD)
        done = act(firm.configuration(), result.run_id, by="A. Martin", reason="looked at")
        assert done.exit_code is ExitCode.OK
        firm.now += timedelta(hours=1)
    assert firm.states() == {"F-a": ["handed_over"], "F-b": ["quarantined"]}
    with firm.ledger() as ledger:
        assert [r.state for r in ledger.runs()] == [RunState.FAILED, RunState.RELEASED]
        assert ledger.locks() == []


def test_a_flow_in_doubt_is_sent_again_by_a_persons_word(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    firm.run()
    firm.arrived()[0].unlink()
    with firm.ledger() as ledger:
        (flow,) = ledger.flows()
        ledger.move_flow(flow.flow_id, FlowState.IN_DOUBT, detail="test")
    resolve(firm.configuration(), flow.flow_id, resend=True, by="A. Martin", reason="lost")
    firm.now += timedelta(hours=1)
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}
    assert len(firm.arrived()) == 1


def test_a_report_settles_its_flow_and_a_rejected_number_goes_again(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    with firm.ledger() as ledger:
        (flow,) = ledger.flows()
    out = firm.root / "gateway" / "out" / "CSO1106A_1"
    out.write_bytes(document(flow_status("93", flow_id=flow.flow_id)))
    assert collect_now(firm.configuration()).result.moved == {"rejected": 1}
    firm.now += timedelta(days=1)
    firm.drop("b.csv", csv([row("F1", unit_price="51.00")]))
    firm.run()
    assert firm.states() == {"F1": ["rejected", "handed_over"]}


def test_rubbish_where_a_number_should_be_is_held_back_however_long(
    tmp_path: Path, either_ledger: dict[str, str]
) -> None:
    # Not compressible: PostgreSQL would else make it fit into an index.
    letters = random.Random(7).choices(string.ascii_letters + string.digits, k=20_000)
    firm = Firm(tmp_path, {"": dict(either_ledger)})
    firm.drop("a.csv", csv([row("".join(letters)), row("F2")]))
    assert places(firm) == {Place.QUARANTINED: 1, Place.DEPOSITED: 1}
    out = firm.root / "gateway" / "out" / "CSO1106A_1"
    out.write_bytes(document(flow_status("90", flow_id="".join(letters))))
    assert collect_now(firm.configuration()).result.foreign == 1


_PLACES: dict[CrashPoint, Any] = {
    CrashPoint.RECORDED: transform,
    CrashPoint.BEFORE_DEPOSIT: night,
    CrashPoint.UPLOAD_0: deposit,
    CrashPoint.UPLOAD_100: deposit,
    CrashPoint.AFTER_RENAMING_RECORD: deposit,
    CrashPoint.AFTER_RENAME: deposit,
    CrashPoint.BEFORE_REPORT: night,
}


def once(place: str, act: Callable[[], None]) -> Callable[[str], None]:
    """Return what acts the first time that a crash point is reached."""
    done: list[str] = []

    def reach(name: str) -> None:
        if name == place and not done:
            done.append(name)
            act()

    return reach


@pytest.mark.parametrize("place", _PLACES)
def test_a_server_that_stops_in_a_night_ends_it_as_unfinished_and_the_next_run_resumes(
    tmp_path: Path,
    own_server: postgres.Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: CrashPoint,
) -> None:
    url = own_server.new_ledger(company="default", emitter="ABC123")
    firm = Firm(tmp_path, {"": {"ledger_url": url}, "workers": {"chunk_invoices": 1}})
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    command = ["run", "--no-prefect", "--config", str(firm.settings_file)]
    with monkeypatch.context() as patch:
        patch.setattr(_PLACES[place], "reach", once(place, own_server.stop))
        code = run(command)
    told = capsys.readouterr().err
    own_server.start()
    assert code is ExitCode.UNFINISHED
    assert "The ledger postgresql" in told
    assert "Traceback" not in told
    # Of this very process, which could not let its lock go: it is not waited for.
    assert run(command) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}
    with firm.ledger() as ledger:
        assert [p.name for p in firm.arrived()] == sorted(f.file_name for f in ledger.flows())
        assert {r.state for r in ledger.runs()} == {RunState.DONE}
        assert ledger.locks() == []


def test_sessions_ended_by_the_administrator_end_a_night_as_unfinished(
    tmp_path: Path, postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.new_ledger(company="default", emitter="ABC123")
    firm = Firm(tmp_path, {"": {"ledger_url": url}})
    firm.drop("a.csv", csv([row("F1")]))
    name = url.rpartition("/")[2]
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )
    command = ["run", "--no-prefect", "--config", str(firm.settings_file)]
    with monkeypatch.context() as patch:
        act = once(CrashPoint.AFTER_RENAME, lambda: postgres_server.execute(end))
        patch.setattr(deposit, "reach", act)
        # The pool notices at the next use that its connection is gone, and makes another one.
        assert run(command) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"]}
    postgres_server.give_back(url)


def test_a_server_that_is_away_is_told_before_anything_is_claimed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firm = Firm(tmp_path, {"": {"ledger_url": "postgresql+psycopg://me@127.0.0.1:1/ledger"}})
    extract = firm.drop("a.csv", csv([row("F1")]))
    for command in ("run", "collect"):
        code = run([command, "--no-prefect", "--config", str(firm.settings_file)])
        assert code is ExitCode.UNFINISHED
        assert "The ledger postgresql" in capsys.readouterr().err
    assert extract.exists()
