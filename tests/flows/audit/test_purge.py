"""The purge: what may go goes and leaves a tombstone; all else stays and is proven."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from flows import locking
from flows.audit import seal
from flows.audit.purge import Purged, purge
from flows.cli.main import run
from flows.errors import ConfigurationError, ExitCode, LockHeldError
from tests.support.audited_firm import LATER, NUMBERS, collect, rules, verified
from tests.support.firm import Firm, csv, row
from tests.support.return_files import document, flow_status

TEN_YEARS = timedelta(days=366 * 11)
WHO = {"by": "M. Dupont", "reason": "ten years are over"}


def purged(firm: Firm, *, rehearsal: bool = False) -> Purged:
    return purge(firm.configuration(), **WHO, rehearsal=rehearsal, clock=lambda: firm.now)


def below(firm: Firm, *folders: str) -> list[str]:
    found = [p for folder in folders for p in (firm.root / folder).rglob("*") if p.is_file()]
    return sorted(str(p.relative_to(firm.root)) for p in found if not p.name.startswith("."))


ARCHIVE = ("state/claimed", "state/outbox", "state/returns", "reports")


def settle(firm: Firm) -> None:
    """Let Chorus Pro answer about the second night too."""
    with firm.ledger() as ledger:
        (open_flow,) = ledger.flows(states={"handed_over"})
    answer = document(flow_status(flow_id=open_flow.flow_id, at="2026-09-16T01:00:00+02:00"))
    (firm.root / "gateway" / "out" / "CSO1106A_ABC123_0009").write_bytes(answer)
    collect(firm)


def test_nothing_goes_before_its_time(firm: Firm) -> None:
    before = below(firm, *ARCHIVE)
    firm.now += timedelta(days=365 * 10)
    done = purged(firm)
    assert (sum(done.files.values()), done.exit_code) == (0, ExitCode.OK)
    assert below(firm, *ARCHIVE) == before
    assert verified(firm).findings == ()


def test_what_is_settled_and_past_its_time_goes_and_leaves_its_proof(firm: Firm) -> None:
    settle(firm)
    head = verified(firm).head
    firm.now += TEN_YEARS
    done = purged(firm)
    assert dict(done.files) == {"extract": 2, "flow": 3, "members": 3, "return": 3, "report": 8}
    assert below(firm, *ARCHIVE) == []
    assert not (firm.root / "state" / "outbox" / "20260914-190000").exists()
    found = verified(firm, head)
    assert found.findings == ()
    assert found.proven is not None
    # Identities, hashes and states outlive the details.
    assert firm.states()[NUMBERS[0]] == ["integrated"]
    with firm.ledger() as ledger:
        assert {file.path for file in ledger.kept_files() if file.purged_at is None} == set()
        last = ledger.manifest_head()
        assert last is not None
        body = json.loads(last.body)
        events = ledger.events(kind="purge")
    assert (body["kind"], body["purged"]["count"]) == ("purge", 19)
    assert {event.actor for event in events} == {"M. Dupont"}
    # A number that went ten years ago still never goes again.
    firm.drop("ventes.csv", csv([row(NUMBERS[0])]))
    firm.run()
    assert firm.states()[NUMBERS[0]] == ["integrated", "skipped"]


def test_a_purge_that_a_restored_ledger_does_not_know_is_taken_up_from_its_manifest(
    firm: Firm,
) -> None:
    settle(firm)
    live, backup = firm.root / "state" / "ledger.sqlite", firm.root / "backup.sqlite"
    shutil.copy(live, backup)
    firm.now += TEN_YEARS
    purged(firm)
    lost = verified(firm).head
    for path in live.parent.glob("ledger.sqlite*"):
        path.unlink()
    shutil.copy(backup, live)
    with firm.ledger() as ledger:
        ledger.note("reconciled", actor="M. Dupont", kind="audit")
        seal(ledger, firm.configuration().settings, "reconcile")
    found = verified(firm, lost)
    assert {finding.rule for finding in found.findings} == {"AU-RESTORE-01"}
    assert found.proven is not None
    with firm.ledger() as ledger:
        assert {file.path for file in ledger.kept_files() if file.purged_at is None} == set()


def test_a_run_with_a_flow_that_has_no_final_report_stays(firm: Firm) -> None:
    firm.now += TEN_YEARS
    done = purged(firm)
    assert dict(done.files) == {"extract": 1, "flow": 2, "members": 2, "return": 2, "report": 4}
    ((run_id, why),) = done.withheld.items()
    assert run_id == "20260915-190000"
    assert "handed_over" in why
    assert [Path(name).name for name in below(firm, "state/claimed")] == ["ventes2.csv"]
    assert verified(firm).findings == ()
    assert firm.states()[LATER] == ["handed_over"]


def test_a_rehearsal_says_what_would_go_and_touches_nothing(firm: Firm) -> None:
    settle(firm)
    firm.now += TEN_YEARS
    files, sealed = below(firm, "."), verified(firm).manifests
    done = purged(firm, rehearsal=True)
    assert sum(done.files.values()) == 19
    assert done.lines()[0].startswith("to purge: 2 extract")
    assert [name for name in below(firm, ".") if name not in files] == []
    assert verified(firm).manifests == sealed
    assert dict(purged(firm).files) == dict(done.files)


def test_a_second_purge_finds_nothing_to_do(firm: Firm) -> None:
    settle(firm)
    firm.now += TEN_YEARS
    purged(firm)
    before = verified(firm).manifests
    assert purged(firm).lines() == ["purged: nothing", "bytes: 0"]
    assert verified(firm).manifests == before


def test_a_file_that_is_not_as_it_was_sealed_stays_as_evidence(firm: Firm) -> None:
    settle(firm)
    firm.now += TEN_YEARS
    altered = sorted((firm.root / "state" / "outbox").glob("*/*"))[0]
    altered.write_bytes(b"x")
    done = purged(firm)
    assert done.exit_code is ExitCode.ATTENTION
    assert [Path(name).name for name in done.wrong] == [altered.name]
    assert altered.read_bytes() == b"x"
    assert rules(verified(firm)) == {"AU-FILE-01"}


def test_retention_of_zero_keeps_for_good(firm: Firm) -> None:
    settle(firm)
    firm.sections["retention"] = {"flows_years": 0, "extracts_years": 1}
    firm.write_settings()
    firm.now += TEN_YEARS * 5
    done = purged(firm)
    assert "flow" not in done.files
    assert done.files["extract"] == 2
    assert verified(firm).findings == ()


def test_a_purge_that_was_killed_is_told_and_ended_by_the_next(firm: Firm) -> None:
    settle(firm)
    with firm.ledger() as ledger:
        files = [file for file in ledger.kept_files() if file.kind == "flow"]
        ledger.mark_purged(files, actor="M. Dupont", reason="killed after this")
    (firm.root / "state" / files[0].path).unlink()
    found = verified(firm)
    assert found.exit_code is ExitCode.OK
    assert [f.rule for f in found.findings] == ["AU-PURGE-01", "AU-PURGE-01"]
    purged(firm)
    assert all(name.endswith(".members.json") for name in below(firm, "state/outbox"))
    assert verified(firm).findings == ()


@pytest.mark.parametrize("who", [{"by": " ", "reason": "x"}, {"by": "x", "reason": ""}])
def test_a_purge_needs_a_name_and_a_reason(firm: Firm, who: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="--by and --reason"):
        purge(firm.configuration(), **who)


@pytest.mark.parametrize("lock", ["run", "collect"])
def test_a_purge_keeps_away_while_somebody_is_at_work(firm: Firm, lock: str) -> None:
    with locking.held(firm.root / "state", lock), pytest.raises(LockHeldError):
        purged(firm)


def test_the_command_tells_what_it_would_do(firm: Firm, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["audit", "purge", "--by", "M. Dupont", "--reason", "x", "--dry-run"]
    assert run([*line, "--config", str(firm.settings_file), "--json"]) is ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["rehearsal"], told["files"]) == ("audit purge", True, {})
