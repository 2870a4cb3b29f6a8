"""Book of what was found and what happened: findings and events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from flows.ledger.records import EventRecord, FindingRecord
from flows.ledger.states import SETTLED
from flows.ledger.store import SYSTEM, Store, batches, columns_for, to_record
from flows.ledger.tables import events, findings
from transforms.finding import Finding, Location, Severity


class HistoryBook(Store):
    """Findings of runs, invoices, flows and returns; events, which only ever grow."""

    def add_findings(
        self,
        run_id: str | None,
        items: Iterable[Finding],
        *,
        invoice_row: int | None = None,
        flow_id: str | None = None,
        return_id: int | None = None,
    ) -> None:
        """Record findings about an invoice, a flow, a return file, or a run as a whole.

        What is recorded already about the same thing is not recorded twice: a resumed run reads
        its extracts again and finds the same.
        """
        about = {
            "run_id": run_id,
            "invoice_id": invoice_row,
            "flow_id": flow_id,
            "return_id": return_id,
        }
        same = [findings.c[name].is_not_distinct_from(value) for name, value in about.items()]
        with self._writing() as connection:
            rows = connection.execute(select(findings).where(self._ours(findings), *same))
            present = {_fingerprint(_to_finding(row._mapping).finding) for row in rows}
            fresh = [item for item in items if _fingerprint(item) not in present]
            self._insert_findings(connection, ((item, about) for item in fresh))

    def findings(
        self,
        *,
        run_id: str | None = None,
        invoice_row: int | None = None,
        flow_id: str | None = None,
        return_id: int | None = None,
    ) -> list[FindingRecord]:
        """Return findings in the order they were recorded; arguments narrow them down."""
        where = _narrow(
            {
                findings.c.run_id: run_id,
                findings.c.invoice_id: invoice_row,
                findings.c.flow_id: flow_id,
                findings.c.return_id: return_id,
            }
        )
        with self._reading() as connection:
            rows = connection.execute(
                select(findings).where(self._ours(findings), *where).order_by(findings.c.id)
            )
            return [_to_finding(row._mapping) for row in rows]

    def findings_of(self, invoice_rows: Collection[int]) -> dict[int, list[FindingRecord]]:
        """Return the findings of many invoices at once, in the order they were recorded.

        Invoices without a finding are absent.
        """
        found: dict[int, list[FindingRecord]] = {}
        with self._reading() as connection:
            for batch in batches(sorted(invoice_rows)):
                rows = connection.execute(
                    select(findings)
                    .where(self._ours(findings), findings.c.invoice_id.in_(batch))
                    .order_by(findings.c.id)
                )
                for row in rows:
                    found.setdefault(row.invoice_id, []).append(_to_finding(row._mapping))
        return found

    def findings_apart(self, run_id: str) -> list[FindingRecord]:
        """Return the findings of a run that are about no invoice: rows, files, flows."""
        with self._reading() as connection:
            rows = connection.execute(
                select(findings)
                .where(
                    self._ours(findings),
                    findings.c.run_id == run_id,
                    findings.c.invoice_id.is_(None),
                )
                .order_by(findings.c.id)
            )
            return [_to_finding(row._mapping) for row in rows]

    def has_finding(self, run_id: str, rule: str) -> bool:
        """Whether a rule was broken in a run."""
        with self._reading() as connection:
            found = connection.execute(
                select(findings.c.id)
                .where(self._ours(findings), findings.c.run_id == run_id, findings.c.rule == rule)
                .limit(1)
            )
            return found.first() is not None

    def events(
        self,
        *,
        run_id: str | None = None,
        invoice_row: int | None = None,
        flow_id: str | None = None,
        kind: str | None = None,
    ) -> list[EventRecord]:
        """Return events, oldest first; arguments narrow them down."""
        where = _narrow(
            {
                events.c.run_id: run_id,
                events.c.invoice_id: invoice_row,
                events.c.flow_id: flow_id,
                events.c.kind: kind,
            }
        )
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(EventRecord, events, {"invoice_row": "invoice_id"}))
                .where(self._ours(events), *where)
                .order_by(events.c.id)
            )
            return [to_record(EventRecord, row._mapping) for row in rows]

    def settled_by_hand(self, invoice_rows: Iterable[int]) -> frozenset[int]:
        """Return those of the invoices that a person settled last, and no report since."""
        actors: dict[int, str] = {}
        with self._reading() as connection:
            for batch in batches(sorted(set(invoice_rows))):
                rows = connection.execute(
                    select(events.c.invoice_id, events.c.actor)
                    .where(
                        self._ours(events),
                        events.c.invoice_id.in_(batch),
                        events.c.kind == "invoice",
                        events.c.target.in_([state.value for state in SETTLED]),
                    )
                    .order_by(events.c.id)
                )
                actors.update((row.invoice_id, row.actor) for row in rows)
        return frozenset(row for row, actor in actors.items() if actor != SYSTEM)

    def note(
        self,
        what: str,
        *,
        actor: str = SYSTEM,
        reason: str = "",
        kind: str = "run",
        run_id: str | None = None,
        invoice_row: int | None = None,
        flow_id: str | None = None,
    ) -> None:
        """Record as an event what changes no state (an operator's word, a backup…)."""
        with self._writing() as connection:
            self._record_event(
                connection,
                kind,
                what,
                actor=actor,
                reason=reason,
                run_id=run_id,
                invoice_id=invoice_row,
                flow_id=flow_id,
            )

    def _insert_findings(
        self, connection: Connection, items: Iterable[tuple[Finding, Mapping[str, Any]]]
    ) -> None:
        now = self._clock()
        rows = [
            {
                **self._scope,
                "run_id": None,
                "invoice_id": None,
                "flow_id": None,
                "return_id": None,
                **about,
                "found_at": now,
                "rule": finding.rule,
                "severity": finding.severity.value,
                "file": finding.location.file,
                "line": finding.location.line,
                "column": finding.location.column,
                "xpath": finding.location.xpath,
                "bt": finding.bt,
                "value": finding.value,
                "params": finding.params,
            }
            for finding, about in items
        ]
        if rows:
            connection.execute(findings.insert(), rows)


def _narrow(wanted: Mapping[ColumnElement[Any], object]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in wanted.items() if value is not None]


def _fingerprint(finding: Finding) -> tuple[object, ...]:
    params = tuple(sorted(finding.params.items()))
    return finding.rule, finding.severity, finding.location, finding.bt, finding.value, params


def _to_finding(row: RowMapping) -> FindingRecord:
    return FindingRecord(
        finding=Finding(
            rule=row["rule"],
            severity=Severity(row["severity"]),
            location=Location(
                file=row["file"], line=row["line"], column=row["column"], xpath=row["xpath"]
            ),
            bt=row["bt"],
            value=row["value"],
            params=row["params"],
        ),
        run_id=row["run_id"],
        invoice_row=row["invoice_id"],
        flow_id=row["flow_id"],
        return_id=row["return_id"],
        found_at=row["found_at"],
    )
