"""What the sandbox remembers between two starts: flows taken, invoices, counters, its own time.

SQLite of the standard library, apart from the pipeline's ledger in every way.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS arrivals (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, flow_id TEXT NOT NULL, size INTEGER NOT NULL,
    sha256 TEXT NOT NULL, at TEXT NOT NULL, status INTEGER, kept_as TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS flow_ids (flow_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS invoices (
    id INTEGER PRIMARY KEY, arrival INTEGER NOT NULL REFERENCES arrivals, member_id TEXT NOT NULL,
    supplier_type INTEGER NOT NULL, supplier TEXT NOT NULL, supplier_name TEXT NOT NULL,
    buyer TEXT NOT NULL, buyer_name TEXT NOT NULL, service TEXT NOT NULL, number TEXT NOT NULL,
    issued TEXT NOT NULL, application TEXT NOT NULL, accepted INTEGER NOT NULL,
    errors TEXT NOT NULL, key TEXT NOT NULL, life TEXT NOT NULL, comment TEXT NOT NULL,
    step INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_accepted ON invoices (key) WHERE accepted = 1;
CREATE INDEX IF NOT EXISTS by_arrival ON invoices (arrival);
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that has really arrived under a final name.

    Attributes:
        name: the name it bore in ``in``.
        flow_id: its flow id, or its name when that could not be read.
        size: bytes.
        sha256: hash of the bytes.
        status: flow status given (90, 93, 96…); None while not judged, or for an incident.
        invoices: the invoices in it, as far as they could be read.
    """

    name: str
    flow_id: str
    size: int
    sha256: str
    status: int | None = None
    invoices: tuple[ArrivedInvoice, ...] = ()


@dataclass(frozen=True, slots=True)
class ArrivedInvoice:
    """An invoice in a flow that arrived; ``accepted`` is None while it is not judged."""

    member_id: str
    supplier: str
    number: str
    accepted: bool | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownInvoice:
    """An invoice as the sandbox keeps it: who, to whom, and the life ahead of it."""

    member_id: str
    application: str
    accepted: bool = False
    supplier: str = ""
    number: str = ""
    supplier_type: int = 1
    supplier_name: str = ""
    buyer: str = ""
    buyer_name: str = ""
    service: str = ""
    issued: date | None = None
    errors: tuple[str, ...] = ()
    key: str = ""
    life: tuple[int, ...] = ()
    comment: str = ""
    step: int = 0
    row: int = 0

    @property
    def next_status(self) -> int:
        """The status this invoice gets at the next step."""
        return self.life[self.step]


class Memory:
    """The sandbox's database. Not for use by several threads at once."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.row_factory = sqlite3.Row
        self._base.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._base.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that is written inside together, or nothing of it."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def counter(self, name: str) -> int:
        """Return the value of a counter; 0 when it was never advanced."""
        row = self._base.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
        return int(row["value"]) if row else 0

    def advance(self, name: str, by: int = 1) -> int:
        """Add to a counter and return its new value."""
        row = self._base.execute(
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name)"
            " DO UPDATE SET value = value + excluded.value RETURNING value",
            (name, by),
        ).fetchone()
        return int(row["value"])

    def use(self, name: str, limit: int) -> bool:
        """Count one more use of something and say whether it was left; limit 0: always."""
        if limit and self.counter(name) >= limit:
            return False
        self.advance(name)
        return True

    def already_taken(self, flow_ids: Iterable[str]) -> str | None:
        """Return the first of these flow ids that was already used, or None."""
        for flow_id in flow_ids:
            found = "SELECT 1 FROM flow_ids WHERE flow_id = ?"
            if self._base.execute(found, (flow_id,)).fetchone():
                return flow_id
        return None

    def use_flow_ids(self, flow_ids: Iterable[str]) -> None:
        """Remember flow ids as used."""
        self._base.executemany(
            "INSERT OR IGNORE INTO flow_ids VALUES (?)", [(flow_id,) for flow_id in flow_ids]
        )

    def is_accepted(self, key: str) -> bool:
        """Tell whether an invoice of that key is already accepted."""
        found = "SELECT 1 FROM invoices WHERE key = ? AND accepted = 1"
        return self._base.execute(found, (key,)).fetchone() is not None

    def record(
        self, arrival: Arrival, at: str, kept_as: str, invoices: Sequence[KnownInvoice]
    ) -> None:
        """Keep a judged flow and its invoices."""
        row = self._base.execute(
            "INSERT INTO arrivals (name, flow_id, size, sha256, at, status, kept_as)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                arrival.name,
                arrival.flow_id,
                arrival.size,
                arrival.sha256,
                at,
                arrival.status,
                kept_as,
            ),
        ).lastrowid
        self._base.executemany(
            "INSERT INTO invoices (arrival, member_id, supplier_type, supplier, supplier_name,"
            " buyer, buyer_name, service, number, issued, application, accepted, errors, key,"
            " life, comment, step) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_values(row or 0, invoice) for invoice in invoices],
        )

    def arrivals(self) -> list[Arrival]:
        """Return every judged flow with its invoices, in the order of judgement."""
        invoices: dict[int, list[ArrivedInvoice]] = {}
        for row in self._base.execute("SELECT * FROM invoices ORDER BY id"):
            invoices.setdefault(row["arrival"], []).append(
                ArrivedInvoice(
                    row["member_id"],
                    row["supplier"],
                    row["number"],
                    bool(row["accepted"]),
                    tuple(json.loads(row["errors"])),
                )
            )
        return [
            Arrival(
                row["name"],
                row["flow_id"],
                row["size"],
                row["sha256"],
                row["status"],
                tuple(invoices.get(row["id"], ())),
            )
            for row in self._base.execute("SELECT * FROM arrivals ORDER BY id")
        ]

    def ageing(self, arrival_since: int = 0) -> list[KnownInvoice]:
        """Return the accepted invoices whose life goes on; only of arrivals after a row."""
        rows = self._base.execute(
            "SELECT * FROM invoices WHERE accepted = 1 AND arrival > ?"
            " AND step < json_array_length(life) ORDER BY id",
            (arrival_since,),
        )
        return [_invoice(row) for row in rows]

    def accepted(self) -> list[KnownInvoice]:
        """Return every accepted invoice, in the order of judgement."""
        rows = self._base.execute("SELECT * FROM invoices WHERE accepted = 1 ORDER BY id")
        return [_invoice(row) for row in rows]

    def last_arrival(self) -> int:
        """Return the row of the newest judged flow (0: none)."""
        row = self._base.execute("SELECT max(id) AS last FROM arrivals").fetchone()
        return int(row["last"] or 0)

    def step_forward(self, rows: Iterable[int]) -> None:
        """Let invoices take one step of their life."""
        self._base.executemany(
            "UPDATE invoices SET step = step + 1 WHERE id = ?", [(row,) for row in rows]
        )


def _values(arrival: int, invoice: KnownInvoice) -> tuple[object, ...]:
    return (
        arrival,
        invoice.member_id,
        invoice.supplier_type,
        invoice.supplier,
        invoice.supplier_name,
        invoice.buyer,
        invoice.buyer_name,
        invoice.service,
        invoice.number,
        invoice.issued.isoformat() if invoice.issued else "",
        invoice.application,
        int(invoice.accepted),
        json.dumps(invoice.errors),
        invoice.key,
        json.dumps(invoice.life),
        invoice.comment,
        invoice.step,
    )


def _invoice(row: sqlite3.Row) -> KnownInvoice:
    return KnownInvoice(
        member_id=row["member_id"],
        supplier_type=row["supplier_type"],
        supplier=row["supplier"],
        supplier_name=row["supplier_name"],
        buyer=row["buyer"],
        buyer_name=row["buyer_name"],
        service=row["service"],
        number=row["number"],
        issued=date.fromisoformat(row["issued"]) if row["issued"] else None,
        application=row["application"],
        accepted=bool(row["accepted"]),
        errors=tuple(json.loads(row["errors"])),
        key=row["key"],
        life=tuple(json.loads(row["life"])),
        comment=row["comment"],
        step=row["step"],
        row=row["id"],
    )
