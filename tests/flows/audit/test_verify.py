"""Verification: whatever is altered, removed or inserted is named; nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from flows.audit.manifest_files import read_record
from flows.cli.main import run
from flows.errors import ConfigurationError, ExitCode
from flows.ledger import Ledger
from tests.support import postgres
from tests.support.audit_spoils import (
    EXTRACT,
    FLOW,
    SENT,
    SPOILS,
    altered,
    inserted,
    manifest,
    one,
    removed,
    sql,
)
from tests.support.audited_firm import (
    LATER,
    RETURNS,
    answer,
    collect,
    firm_at,
    live,
    rules,
    verified,
)
from tests.support.firm import Firm, csv, row
from transforms.canonical import canonical


def test_a_history_that_nobody_touched_is_whole(history: Firm) -> None:
    found = verified(history)
    assert found.findings == ()
    assert found.exit_code is ExitCode.OK
    assert (found.manifests, found.unsealed) == (6, 0)
    # Two extracts, three flows with their members, two return files, two reports of four files.
    assert found.files == 2 + 6 + 2 + 8
    assert found.events == one(history, "SELECT count(*) FROM events")


@pytest.mark.parametrize("what", SPOILS)
def test_what_is_altered_removed_or_inserted_is_named(firm: Firm, what: str) -> None:
    rule, spoil = SPOILS[what]
    named = spoil(firm)
    found = verified(firm)
    assert found.exit_code is ExitCode.ATTENTION
    told = [f for f in found.findings if f.rule == rule]
    assert told, f"{what}: {[f.rule for f in found.findings]}"
    assert any(named in f"{f.value} {sorted(f.params.values())}" for f in told)
    for language in ("fr", "en"):
        assert any(rule in line for line in found.lines("en" if language == "en" else "fr"))


def test_an_altered_file_is_the_only_thing_told(firm: Firm) -> None:
    altered(FLOW)(firm)
    assert [f.rule for f in verified(firm).findings] == ["AU-FILE-01"]


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM events WHERE id = (SELECT min(id) FROM events WHERE kind = 'invoice')", None],
)
def test_sealing_again_does_not_hide_what_was_done(firm: Firm, statement: str | None) -> None:
    if statement is None:
        altered(FLOW)(firm)
        removed(EXTRACT)(firm)
        inserted("state/outbox/2*")(firm)
    else:
        sql(firm, statement)
    before = rules(verified(firm))
    answer(firm)
    collect(firm)
    firm.drop("ventes3.csv", csv([row("FA-00009")]))
    firm.run()
    assert before
    assert rules(verified(firm)) == before


def test_a_hash_held_outside_proves_what_came_before(firm: Firm) -> None:
    report = sorted((firm.root / "reports").glob("*/report.json"))[0]
    head = json.loads(report.read_text())["head"]
    found = verified(firm, head["sha256"])
    assert (found.proven, found.exit_code) == (head["rank"], ExitCode.OK)
    assert verified(firm, head["sha256"][:16].upper()).proven == head["rank"]
    assert head["sha256"] in report.with_name("report.html").read_text()


def test_a_chain_rewritten_as_a_whole_is_noticed_by_a_hash_held_outside(firm: Firm) -> None:
    """Whoever owns the ledger can rewrite all of it: only what is elsewhere contradicts."""
    head = verified(firm).head
    sql(firm, "DELETE FROM manifests")
    sql(firm, "DELETE FROM kept_files")
    for path in (firm.root / "state" / "audit").iterdir():
        path.unlink()
    sql(firm, f"UPDATE invoices SET total = '1.00' WHERE id = {SENT}")
    # The product itself seals the forged state, once more something happens.
    firm.drop("ventes3.csv", csv([row("FA-00009")]))
    firm.run()
    forged = verified(firm)
    assert rules(forged) == set(), forged.findings
    assert any("--head" in line for line in forged.lines("fr"))
    found = verified(firm, head)
    assert rules(found) == {"AU-HEAD-01"}


@pytest.mark.parametrize("head", ["", "xyz", "0123", "g" * 64, "0" * 65])
def test_a_head_that_is_no_hash_is_refused(firm: Firm, head: str) -> None:
    with pytest.raises(ConfigurationError, match="no SHA-256"):
        verified(firm, head)


def test_what_came_since_the_last_manifest_is_told_as_not_sealed(firm: Firm) -> None:
    with firm.ledger() as ledger:
        ledger.note("looked", actor="M. Dupont", kind="audit")
    found = verified(firm)
    assert (found.unsealed, found.exit_code) == (1, ExitCode.OK)
    assert any(line.startswith("1 événement postérieur") for line in found.lines("fr"))


@pytest.mark.parametrize("other", [{"company": "other"}, {"environment": "production"}])
def test_manifests_of_another_company_are_left_aside(firm: Firm, other: dict[str, str]) -> None:
    path = manifest(firm, 1)
    body = json.loads(path.read_text()) | other
    (path.parent / "000001-run-x-0123456789ab.json").write_text(canonical(body))
    found = verified(firm)
    assert (found.foreign, found.findings) == (1, ())


def test_a_file_that_is_still_being_written_is_no_insertion(firm: Firm) -> None:
    folder = next((firm.root / "state" / "outbox").glob("2*"))
    (folder / ".FSO1106A_X.part").write_bytes(b"x")
    assert verified(firm).findings == ()


def test_mass_damage_is_counted_and_told_in_part(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.audit.told.MOST", 2)
    for path in firm.root.glob("reports/*/*"):
        path.unlink()
    found = verified(firm)
    assert len(found.findings) == 2
    assert found.untold == {"AU-FILE-02": 6}
    assert any("6 more of AU-FILE-02" in line for line in found.lines("en"))


def test_the_command_prints_and_ends_with_4_when_something_is_wrong(
    firm: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["audit", "verify", "--config", str(firm.settings_file)]
    assert run(line) is ExitCode.OK
    assert "La piste d'audit est entière." in capsys.readouterr().out
    name = altered(FLOW)(firm)
    assert run([*line, "--lang", "en", "--json"]) is ExitCode.ATTENTION
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "audit verify"
    assert [each["rule"] for each in told["findings"]] == ["AU-FILE-01"]
    assert name in told["findings"][0]["message"]


@pytest.fixture
def postgres_firm(postgres_server: postgres.Server, tmp_path: Path) -> Iterator[tuple[Firm, str]]:
    url = postgres_server.new_ledger(company="default", emitter="ABC123")
    firm = firm_at(tmp_path, url)
    live(firm)
    yield firm, url
    postgres_server.give_back(url)


def test_a_history_in_postgresql_is_proven_alike(postgres_firm: tuple[Firm, str]) -> None:
    firm, url = postgres_firm
    assert verified(firm).findings == ()
    engine = create_engine(url)
    for statement, rule in (
        ("UPDATE events SET reason = 'x' WHERE id = (SELECT min(id) FROM events)", "AU-EVENT-01"),
        (f"UPDATE invoices SET total = '1.00' WHERE number = '{LATER}'", "AU-INVOICE-01"),
        ("UPDATE flows SET state = 'rejected'", "AU-STATE-01"),
        ("UPDATE kept_files SET size = 1 WHERE kind = 'return'", "AU-FILE-04"),
        ("UPDATE manifests SET previous = 'x' WHERE rank = 4", "AU-CHAIN-03"),
    ):
        with engine.begin() as connection:
            assert connection.execute(text(statement)).rowcount >= 1
        assert rule in rules(verified(firm))
    engine.dispose()


def test_a_manifest_file_says_who_when_what_and_with_what(history: Firm) -> None:
    path = manifest(history, 1)
    assert path.stat().st_mode & 0o777 == 0o600
    record = read_record(path)
    assert record is not None
    body = json.loads(record.body)
    assert record.body == canonical(body)
    assert (body["rank"], body["kind"], body["previous"]) == (1, "run", "")
    assert body["run"]["balance"]["holds"] is True
    assert body["run"]["invoices"]["states"] == {"handed_over": 3, "quarantined": 1}
    assert [item["name"] for item in body["run"]["extracts"]["items"]] == ["ventes.csv"]
    kinds = [item["kind"] for item in body["files"]["items"]]
    assert kinds == ["extract", "flow", "members", "flow", "members"]
    versions = body["versions"]
    assert {"release", "python", "packages", "settings", "shipped", "target"} <= set(versions)
    for each in ("profile", "company_file", "target"):
        assert len(versions[each]["sha256"]) == 64
    third = json.loads(manifest(history, 3).read_text())
    assert third["kind"] == "collect"
    names = [Path(item["path"]).name for item in third["files"]["items"]]
    assert [name.rpartition(".")[0] for name in names] == list(RETURNS)


def test_the_ledger_tells_the_manifests_of_a_run(
    history: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    with history.ledger() as ledger:
        first = _first_run(ledger)
        sealed = list(ledger.manifests(run_id=first))
    assert [m.kind for m in sealed] == ["run"]
    run(["status", "--run", first, "--config", str(history.settings_file)])
    assert f"manifest 1 (run)  SHA-256 {sealed[0].sha256}" in capsys.readouterr().out


def _first_run(ledger: Ledger) -> str:
    return ledger.runs()[-1].run_id
