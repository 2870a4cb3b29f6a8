"""Sealing: each thing done has its manifest, also after a crash, a race or a restored ledger."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from flows.audit import head_of, seal
from flows.audit.manifest_files import read_manifests
from flows.collecting import collect_now
from flows.crashpoints import CrashPoint
from flows.dry_run import rehearse
from flows.errors import DiskError, ExitCode
from flows.importing import import_file
from flows.night_result import Mode
from flows.reconciling import reconcile
from flows.release import discard, release
from flows.resolve import resolve
from tests.support.apart import collect_apart, night_apart
from tests.support.audited_firm import answer, firm_at, rules, verified
from tests.support.firm import Firm, csv, row
from transforms.canonical import sha256_of

HEADS = (CrashPoint.MANIFEST_ROW, CrashPoint.MANIFEST_FILE)


def kinds(firm: Firm) -> list[str]:
    with firm.ledger() as ledger:
        return [manifest.kind for manifest in ledger.manifests()]


def on_disk(firm: Firm) -> list[Path]:
    return [path for _, path in read_manifests(firm.root / "state" / "audit")]


@pytest.fixture
def fresh(tmp_path: Path) -> Firm:
    """A firm before its first night."""
    firm = firm_at(tmp_path)
    firm.drop("ventes.csv", csv([row("FA-00001"), row("FA-00002"), row("FA-00003")]))
    return firm


def test_each_manifest_carries_the_hash_of_the_one_before(history: Firm) -> None:
    previous = ""
    files = on_disk(history)
    assert kinds(history) == ["run", "report", "collect", "report", "run", "report"]
    for rank, path in enumerate(files, start=1):
        body = json.loads(path.read_text())
        assert (body["rank"], body["previous"]) == (rank, previous)
        previous = sha256_of(path.read_text())
    with history.ledger() as ledger:
        head = head_of(ledger)
    assert head is not None
    assert head.sha256 == previous


def test_the_events_of_the_manifests_join_without_a_gap(history: Firm) -> None:
    last = 0
    for path in on_disk(history):
        events = json.loads(path.read_text())["events"]
        assert events["after"] == last
        last = events["last"]
    with history.ledger() as ledger:
        assert last == ledger.last_event()


def test_a_collect_that_brings_nothing_new_writes_no_manifest(firm: Firm) -> None:
    before = kinds(firm)
    assert collect_now(firm.configuration(), clock=lambda: firm.now).result.fetched == ()
    assert kinds(firm) == before


def test_an_empty_night_has_its_manifest(tmp_path: Path) -> None:
    firm = firm_at(tmp_path)
    firm.run()
    assert kinds(firm) == ["run", "report"]
    assert verified(firm).findings == ()


@pytest.mark.parametrize("point", HEADS)
@pytest.mark.parametrize("time", [1, 2])
def test_a_night_killed_while_it_seals_is_sealed_by_the_next(
    fresh: Firm, point: str, time: int
) -> None:
    assert night_apart(fresh, crash_at=f"{point}:{time}").signal is not None
    missing = point == CrashPoint.MANIFEST_ROW
    assert rules(verified(fresh)) == ({"AU-CHAIN-05"} if missing else set())
    fresh.now += timedelta(hours=1)
    fresh.run()
    found = verified(fresh)
    assert found.findings == ()
    # One extract, two flows with their members, and both reports: the first is made up for.
    assert found.files == 5 + 8


def test_a_night_killed_before_it_seals_gets_a_manifest_of_its_own(fresh: Firm) -> None:
    assert night_apart(fresh, crash_at=CrashPoint.BEFORE_REPORT).signal is not None
    assert kinds(fresh) == []
    fresh.now += timedelta(hours=1)
    fresh.run()
    assert verified(fresh).findings == ()
    with fresh.ledger() as ledger:
        for record in ledger.runs():
            assert [m.kind for m in ledger.manifests(run_id=record.run_id)] == ["run"]


@pytest.mark.parametrize("point", HEADS)
def test_a_collect_killed_while_it_seals_leaves_nothing_unproven(fresh: Firm, point: str) -> None:
    fresh.run()
    fresh.now += timedelta(hours=9)
    answer(fresh)
    assert collect_apart(fresh, crash_at=point).signal is not None
    fresh.now += timedelta(hours=1)
    fresh.run()
    found = verified(fresh)
    assert found.findings == ()
    assert found.unsealed == 0


def test_a_file_that_was_lost_further_back_is_not_written_again(firm: Firm) -> None:
    """Only the last one can have fallen to a crash: another was removed, and must be told."""
    on_disk(firm)[1].unlink()
    firm.run()
    assert rules(verified(firm)) == {"AU-CHAIN-05"}


def test_an_altered_file_is_never_written_over(firm: Firm) -> None:
    path = on_disk(firm)[-1]
    path.write_text("{}")
    firm.run()
    assert path.read_text() == "{}"
    assert rules(verified(firm)) == {"AU-CHAIN-04"}


def test_several_who_seal_at_once_come_one_after_the_other(firm: Firm) -> None:
    settings = firm.configuration().settings

    def act(number: int) -> None:
        with firm.ledger() as ledger:
            ledger.note("looked", actor=f"person {number}", kind="audit")
            seal(ledger, settings, "collect")

    before = len(kinds(firm))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, range(8)))
    found = verified(firm)
    assert found.findings == ()
    assert found.unsealed == 0
    assert before < found.manifests <= before + 8


def test_a_folder_that_cannot_be_written_leaves_the_night_unfinished_and_told(
    fresh: Firm,
) -> None:
    (fresh.root / "state").mkdir()
    blocked = fresh.root / "state" / "audit"
    blocked.write_text("in the way")
    (result,) = fresh.run()
    assert result.exit_code is ExitCode.UNFINISHED
    assert any("cannot be sealed" in problem for problem in result.problems)
    assert result.deposited_flows == 2
    assert result.report is not None
    with fresh.ledger() as ledger, pytest.raises(DiskError):
        seal(ledger, fresh.configuration().settings, "collect")
    blocked.unlink()
    fresh.now += timedelta(hours=1)
    fresh.run()
    assert verified(fresh).findings == ()


def test_a_rehearsal_seals_nothing(fresh: Firm) -> None:
    fresh.run()
    before = kinds(fresh)
    fresh.drop("ventes2.csv", csv([row("FA-00009")]))
    rehearse(fresh.configuration(), clock=lambda: fresh.now)
    assert kinds(fresh) == before
    assert verified(fresh).findings == ()


def test_a_held_run_is_sealed_and_so_is_its_release(fresh: Firm) -> None:
    (held,) = fresh.run(Mode.HOLD)
    assert kinds(fresh) == ["run", "report"]
    fresh.now += timedelta(hours=1)
    release(
        fresh.configuration(), held.run_id, by="M. Dupont", reason="seen", clock=lambda: fresh.now
    )
    assert kinds(fresh) == ["run", "report", "release", "report"]
    assert verified(fresh).findings == ()
    with fresh.ledger() as ledger:
        body = json.loads(list(ledger.manifests(run_id=held.run_id))[-1].body)
    assert body["run"]["state"] == "released"
    assert set(map(tuple, body["run"]["flows"]["states"].values())) == {
        ("handed_over", "2026-09-14T20:00:00.000000+00:00")
    }


def test_a_run_that_is_given_up_is_sealed(fresh: Firm) -> None:
    (held,) = fresh.run(Mode.HOLD)
    fresh.now += timedelta(hours=1)
    discard(fresh.configuration(), held.run_id, by="M. Dupont", reason="x", clock=lambda: fresh.now)
    assert kinds(fresh)[-2:] == ["discard", "report"]
    assert verified(fresh).findings == ()


def test_a_flow_that_goes_again_by_a_word_is_sealed_with_its_run(fresh: Firm) -> None:
    assert night_apart(fresh, crash_at=CrashPoint.AFTER_RENAMING_RECORD).signal is not None
    for path in fresh.arrived():
        path.unlink()
    fresh.run()
    with fresh.ledger() as ledger:
        (flow,) = ledger.flows(states={"in_doubt"})
    assert verified(fresh).findings == ()
    fresh.now += timedelta(hours=1)
    resolve(
        fresh.configuration(),
        flow.flow_id,
        resend=True,
        by="M. Dupont",
        reason="not there",
        clock=lambda: fresh.now,
    )
    found = verified(fresh)
    assert found.findings == ()
    with fresh.ledger() as ledger:
        (last,) = (m for m in ledger.manifests() if m.kind == "resolve")
        again = next(f for f in ledger.flows() if f.replaces == flow.flow_id)
    named = [item["path"] for item in json.loads(last.body)["files"]["items"]]
    assert named == [f"outbox/{again.path}", f"outbox/{again.path}.members.json"]


def test_numbers_of_a_former_tool_are_sealed(fresh: Firm) -> None:
    listed = fresh.root / "sent.csv"
    listed.write_text("seller_id;number\n40678483500521;OLD-1\n")
    import_file(fresh.configuration(), listed, by="M. Dupont")
    assert kinds(fresh) == ["import"]
    assert verified(fresh).findings == ()


def test_manifests_from_before_a_restore_stay_in_the_chain(firm: Firm, tmp_path: Path) -> None:
    """A hash that an auditor holds must still be found, and what is lost must be told."""
    backup = firm.root / "backup.sqlite"
    shutil.copy(firm.root / "state" / "ledger.sqlite", backup)
    firm.now += timedelta(hours=1)
    firm.drop("ventes3.csv", csv([row("FA-00009")]))
    firm.run()
    lost = verified(firm).head
    for path in (firm.root / "state").glob("ledger.sqlite*"):
        path.unlink()
    shutil.copy(backup, firm.root / "state" / "ledger.sqlite")
    assert rules(verified(firm)) >= {"AU-CHAIN-07", "AU-FILE-03"}
    with firm.ledger() as ledger:
        ledger.note("reconciled", actor="M. Dupont", kind="audit")
        seal(ledger, firm.configuration().settings, "reconcile")
    found = verified(firm, lost)
    assert found.proven == 8
    assert [f.rule for f in found.findings] == ["AU-RESTORE-01", "AU-RESTORE-01"]
    assert found.exit_code is ExitCode.OK
    # The files of the night that the ledger lost are proven by its manifests all the same.
    kept = sorted((firm.root / "state" / "outbox").glob("*/*"))[-1]
    kept.write_bytes(b"x")
    assert rules(verified(firm)) == {"AU-FILE-01"}


def test_a_large_night_that_a_restored_ledger_forgot_is_sealed_again_when_it_ends(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.audit.sealing.LISTED", 1)
    monkeypatch.setattr("flows.audit.check_ledger.LISTED", 1)
    live, backup = firm.root / "state" / "ledger.sqlite", firm.root / "backup.sqlite"
    shutil.copy(live, backup)
    firm.now += timedelta(hours=1)
    firm.drop("ventes3.csv", csv([row("FA-00009")]))
    firm.run()
    for path in live.parent.glob("ledger.sqlite*"):
        path.unlink()
    shutil.copy(backup, live)
    reconcile(firm.configuration(), by="M. Dupont", reason="restored", clock=lambda: firm.now)
    assert rules(verified(firm)) == set()
    firm.now += timedelta(hours=1)
    firm.run()
    assert rules(verified(firm)) == set()
    kept = sorted((firm.root / "state" / "outbox").glob("*/*"))[-1]
    kept.write_bytes(b"x")
    assert rules(verified(firm)) == {"AU-FILE-01"}


def test_a_fork_of_the_chain_is_not_taken_up(firm: Firm) -> None:
    path = on_disk(firm)[-1]
    body = json.loads(path.read_text()) | {"rank": 7, "previous": "0" * 64}
    text = json.dumps(body, sort_keys=True, separators=(",", ":")) + "\n"
    forged = path.with_name(f"000007-report-20260915-190000-{sha256_of(text)[:12]}.json")
    forged.write_text(text)
    with firm.ledger() as ledger:
        ledger.note("looked", kind="audit")
        seal(ledger, firm.configuration().settings, "collect")
    assert rules(verified(firm)) == {"AU-CHAIN-06"}


def test_a_large_night_is_listed_by_digest(fresh: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.audit.sealing.LISTED", 1)
    monkeypatch.setattr("flows.audit.check_ledger.LISTED", 1)
    fresh.run()
    body = json.loads(on_disk(fresh)[0].read_text())
    assert (body["files"]["count"], "items" in body["files"]) == (5, False)
    assert verified(fresh).findings == ()
    sorted((fresh.root / "state" / "outbox").glob("*/*"))[0].write_bytes(b"x")
    assert rules(verified(fresh)) == {"AU-FILE-01"}
