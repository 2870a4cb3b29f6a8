"""What somebody might do to an audit trail: files and rows altered, removed, inserted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from flows.audit.manifest_files import read_manifests
from tests.support.audited_firm import (
    LATER,
    NUMBERS,
)
from tests.support.firm import Firm
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
    "run inserted": ("AU-FILE-03", lambda f: new_folder(f, "state/outbox/20990101-000000")),
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
    "manifest text altered everywhere": ("AU-CHAIN-02", lambda f: altered_everywhere(f)),
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
    "tombstone feigned": ("AU-FILE-02", lambda f: feigned(f)),
}


def new_folder(firm: Firm, name: str) -> str:
    folder = firm.root / name
    folder.mkdir()
    (folder / "FSO1106A_X").write_bytes(b"x")
    return "FSO1106A_X"


def altered_everywhere(firm: Firm) -> str:
    manifest(firm, 1).write_text("{}")
    assert sql(firm, "UPDATE manifests SET body = '{}' WHERE rank = 1") == 1
    return "body"


def feigned(firm: Firm) -> str:
    sql(firm, "UPDATE kept_files SET purged_at = kept_at, purged_rank = 1 WHERE kind = 'flow'")
    return removed(FLOW)(firm)
