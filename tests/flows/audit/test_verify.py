"""Verification: whatever is altered, removed or inserted is named; nothing else is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import create_engine, text

from flows.audit.manifest_files import read_manifests, read_record
from flows.cli.main import run
from flows.errors import ConfigurationError, ExitCode
from flows.ledger import Ledger
from tests.support import postgres
from tests.support.audited_firm import (
    LATER,
    NUMBERS,
    RETURNS,
    answer,
    collect,
    firm_at,
    live,
    rules,
    verified,
)
from tests.support.firm import Firm, csv, row
from transforms.canonical import canonical, sha256_of

Spoil: TypeAlias = Callable[[Firm], str]


def manifest(firm: Firm, rank: int) -> Path:
    return dict(read_manifests(firm.root / "state" / "audit"))[rank]


def sql(firm: Firm, statement: str, *values: object) -> int:
    """Change the database behind the back of the product; return how many rows it touched."""
    with closing(sqlite3.connect(firm.root / "state" / "ledger.sqlite")) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        touched = connection.execute(statement, values).rowcount
        connection.commit()
    return touched


def one(firm: Firm, query: str) -> object:
    with closing(sqlite3.connect(firm.root / "state" / "ledger.sqlite")) as connection:
        return connection.execute(query).fetchone()[0]


def on_ledger(statement: str, told: str) -> Spoil:
    def spoil(firm: Firm) -> str:
        assert sql(firm, statement) >= 1
        return told

    return spoil


def kept(pattern: str, rank: int = 0) -> Callable[[Firm], Path]:
    """Return what finds a file of the state folder, or of the reports."""

    def find(firm: Firm) -> Path:
        return sorted(firm.root.glob(pattern))[rank]

    return find


def altered(find: Callable[[Firm], Path]) -> Spoil:
    def spoil(firm: Firm) -> str:
        path = find(firm)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        return path.name

    return spoil


def removed(find: Callable[[Firm], Path]) -> Spoil:
    def spoil(firm: Firm) -> str:
        path = find(firm)
        path.unlink()
        return path.name

    return spoil


def inserted(folder: str, name: str = "extra") -> Spoil:
    def spoil(firm: Firm) -> str:
        path = sorted(firm.root.glob(folder))[0] / name
        path.write_bytes(b"x")
        return name

    return spoil


def linked(firm: Firm) -> str:
    """Put a link to a copy of the same bytes in the place of a flow."""
    path = kept("state/outbox/*/*")(firm)
    copy = firm.root / "copy"
    path.rename(copy)
    path.symlink_to(copy)
    return path.name


def rewritten_manifest(firm: Firm) -> str:
    """Rewrite a manifest in the ledger and on disk, its row included, but not the ones after."""
    path = manifest(firm, 2)
    body = json.loads(path.read_text())
    body["events"]["count"] += 1
    changed = canonical(body)
    path.unlink()
    new = path.with_name(f"{path.name[:-17]}{sha256_of(changed)[:12]}.json")
    new.write_text(changed)
    touched = sql(
        firm,
        "UPDATE manifests SET body = ?, sha256 = ? WHERE rank = 2",
        changed,
        sha256_of(changed),
    )
    assert touched == 1
    return "3"


def copied_manifest(firm: Firm) -> str:
    path = manifest(firm, 2)
    copy = path.with_name(path.name.replace("-report-", "-copy-"))
    copy.write_bytes(path.read_bytes())
    return copy.name


def manifest_ahead(firm: Firm) -> str:
    path = firm.root / "state" / "audit" / "000099-run-20990101-000000-0123456789ab.json"
    path.write_text("{}")
    return path.name


FLOW, EXTRACT = kept("state/outbox/*/*"), kept("state/claimed/*/*")
RETURN, REPORT = kept("state/returns/*/*"), kept("reports/*/report.html")
CSV, MANIFEST = kept("reports/*/invoices.csv", 1), kept("state/audit/*", 3)
SENT = f"(SELECT id FROM invoices WHERE number = '{NUMBERS[1]}')"

SPOILS: dict[str, tuple[str, Spoil]] = {
    "flow altered": ("AU-FILE-01", altered(FLOW)),
    "flow removed": ("AU-FILE-02", removed(FLOW)),
    "flow inserted": ("AU-FILE-03", inserted("state/outbox/2*")),
    "flow replaced by a link": ("AU-FILE-02", linked),
    "run inserted": ("AU-FILE-03", lambda f: _folder(f, "state/outbox/20990101-000000")),
    "extract altered": ("AU-FILE-01", altered(EXTRACT)),
    "extract removed": ("AU-FILE-02", removed(EXTRACT)),
    "extract inserted": ("AU-FILE-03", inserted("state/claimed/*", "ventes9.csv")),
    "return altered": ("AU-FILE-01", altered(RETURN)),
    "return removed": ("AU-FILE-02", removed(RETURN)),
    "return inserted": ("AU-FILE-03", inserted("state/returns/2*", "CSO1106A_X")),
    "report altered": ("AU-FILE-01", altered(REPORT)),
    "report removed": ("AU-FILE-02", removed(REPORT)),
    "table of a report altered": ("AU-FILE-01", altered(CSV)),
    "report inserted": ("AU-FILE-03", inserted("reports/*", "report2.html")),
    "manifest altered on disk": ("AU-CHAIN-04", altered(MANIFEST)),
    "manifest removed on disk": ("AU-CHAIN-05", removed(MANIFEST)),
    "manifest inserted on disk": ("AU-CHAIN-06", copied_manifest),
    "manifest ahead of the ledger": ("AU-CHAIN-07", manifest_ahead),
    "manifest row removed": (
        "AU-CHAIN-01",
        on_ledger("DELETE FROM manifests WHERE rank = 2", "2"),
    ),
    "manifest text altered": (
        "AU-CHAIN-02",
        on_ledger("UPDATE manifests SET body = replace(body, 'run', 'ran') WHERE rank = 1", "1"),
    ),
    "manifest text altered everywhere": ("AU-CHAIN-02", lambda f: _altered_everywhere(f)),
    "manifest row altered": (
        "AU-CHAIN-02",
        on_ledger("UPDATE manifests SET last_event = last_event - 1 WHERE rank = 3", "last_event"),
    ),
    "manifest rewritten": ("AU-CHAIN-03", rewritten_manifest),
    "event altered": (
        "AU-EVENT-01",
        on_ledger("UPDATE events SET actor = 'somebody' WHERE id = 5", "1"),
    ),
    "event removed": ("AU-EVENT-02", on_ledger("DELETE FROM events WHERE id = 7", "1")),
    "event inserted": (
        "AU-EVENT-03",
        on_ledger(
            "INSERT INTO events (id, company, emitter, at, actor, kind, source, target, reason)"
            " SELECT 0, company, emitter, at, actor, kind, source, target, reason"
            " FROM events WHERE id = 7",
            "1",
        ),
    ),
    "last event of the chain removed": (
        "AU-EVENT-02",
        on_ledger("DELETE FROM events WHERE id = (SELECT max(last_event) FROM manifests)", ""),
    ),
    "invoice altered": (
        "AU-INVOICE-01",
        on_ledger(f"UPDATE invoices SET total = '1.00' WHERE id = {SENT}", ""),
    ),
    "invoice removed": (
        "AU-INVOICE-02",
        on_ledger(f"DELETE FROM invoices WHERE number = '{LATER}'", ""),
    ),
    "invoice inserted": (
        "AU-INVOICE-03",
        on_ledger(
            "INSERT INTO invoices (company, emitter, run_id, origin, position, file, file_sha256,"
            " first_line, last_line, state, nights, changed_at, number)"
            " SELECT company, emitter, run_id, origin, 99, file, file_sha256, 99, 99, state,"
            f" nights, changed_at, 'FA-99999' FROM invoices WHERE id = {SENT}",
            "",
        ),
    ),
    "content hash altered": (
        "AU-INVOICE-01",
        on_ledger(f"UPDATE invoices SET content_hash = 'v1:0' WHERE id = {SENT}", ""),
    ),
    "state altered": (
        "AU-STATE-01",
        on_ledger(f"UPDATE invoices SET state = 'rejected' WHERE id = {SENT}", NUMBERS[1]),
    ),
    "flow state altered": (
        "AU-STATE-01",
        on_ledger("UPDATE flows SET state = 'built' WHERE flow_id LIKE '%1'", "built"),
    ),
    "number freed": (
        "AU-IDENTITY-01",
        on_ledger(f"DELETE FROM identities WHERE invoice_id = {SENT}", NUMBERS[1]),
    ),
    "number held for another": (
        "AU-IDENTITY-02",
        on_ledger(f"UPDATE identities SET number = 'FA-7' WHERE invoice_id = {SENT}", "FA-7"),
    ),
    "extract row altered": (
        "AU-EXTRACT-01",
        on_ledger("UPDATE extracts SET rows = 9 WHERE name = 'ventes.csv'", "ventes.csv"),
    ),
    "flow row altered": (
        "AU-FLOW-01",
        on_ledger("UPDATE flows SET sha256 = 'x' WHERE flow_id LIKE '%1'", "0001"),
    ),
    "flow row inserted": (
        "AU-FLOW-01",
        on_ledger(
            "INSERT INTO flows (flow_id, company, emitter, run_id, file_name, interface, path,"
            " size, sha256, content_sha256, invoices, state, attempts, detail, built_at,"
            " changed_at) SELECT 'X9', company, emitter, run_id, 'X9', interface, 'X9', size,"
            " sha256, content_sha256, 0, state, 0, '', built_at, changed_at FROM flows LIMIT 1",
            "X9",
        ),
    ),
    "run altered": (
        "AU-RUN-01",
        on_ledger("UPDATE runs SET exit_code = 0 WHERE exit_code = 1", "exit_code"),
    ),
    "list of files altered": (
        "AU-FILE-04",
        on_ledger("UPDATE kept_files SET sha256 = 'x' WHERE kind = 'flow'", "outbox/"),
    ),
    "file taken off the list": (
        "AU-FILE-04",
        on_ledger("DELETE FROM kept_files WHERE kind = 'extract'", "ventes.csv"),
    ),
    "tombstone feigned": ("AU-FILE-02", lambda f: _feigned(f)),
}


def _folder(firm: Firm, name: str) -> str:
    folder = firm.root / name
    folder.mkdir()
    (folder / "FSO1106A_X").write_bytes(b"x")
    return "FSO1106A_X"


def _altered_everywhere(firm: Firm) -> str:
    manifest(firm, 1).write_text("{}")
    assert sql(firm, "UPDATE manifests SET body = '{}' WHERE rank = 1") == 1
    return "body"


def _feigned(firm: Firm) -> str:
    sql(firm, "UPDATE kept_files SET purged_at = kept_at, purged_rank = 1 WHERE kind = 'flow'")
    return removed(FLOW)(firm)


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
