"""Import of the invoices a former tool sent, so that their numbers are never sent again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from flows.ledger.identities import holders_of
from flows.ledger.records import ImportResult, Known, SentInvoice
from flows.ledger.runs import IMPORT
from flows.ledger.states import HOLDING, InvoiceState, RunState
from flows.ledger.store import SYSTEM, Store, batches
from flows.ledger.tables import events, identities, invoices, runs


class SentImport(Store):
    """What ``ledger import-sent`` records."""

    def import_sent(
        self,
        rows: Iterable[SentInvoice],
        *,
        source: str = "",
        actor: str = SYSTEM,
        reason: str = "",
    ) -> ImportResult:
        """Record invoices as sent before, all or none, under a run of kind ``import``.

        An identity that the ledger holds already, or that the rows give twice, is left as it is
        and returned. Their content is not known (no hash): only their numbers are taken.

        Args:
            rows: the invoices.
            source: name of the file they come from.
            actor: who imports.
            reason: why.

        Raises:
            ValueError: an invoice in a state that holds no number.
        """
        now = self._clock()
        run_id = f"import-{now:%Y%m%dT%H%M%S%f}"
        imported = 0
        known: list[Known] = []
        with self._writing() as connection:
            connection.execute(
                runs.insert().values(
                    **self._scope,
                    run_id=run_id,
                    kind=IMPORT,
                    run_date=now.date(),
                    state=RunState.DONE,
                    settings_hash="",
                    version="",
                    started_at=now,
                    finished_at=now,
                )
            )
            mark = self._record_event(
                connection, "run", RunState.DONE, actor=actor, reason=reason, run_id=run_id
            )
            for batch in batches(rows):
                fresh = self._not_held(connection, batch, known)
                if fresh:
                    self._insert_sent(connection, run_id, imported, fresh, source, actor)
                    imported += len(fresh)
        self._tell_journal(mark, imported=source, invoices=imported, by=actor)
        return ImportResult(run_id, imported, tuple(known))

    def _not_held(
        self, connection: Connection, batch: list[SentInvoice], known: list[Known]
    ) -> list[SentInvoice]:
        holders = holders_of(connection, [sent.identity.key for sent in batch])
        fresh: dict[str, SentInvoice] = {}
        for sent in batch:
            if sent.state not in HOLDING or sent.state is InvoiceState.BUNDLED:
                message = f"invoice {sent.identity.number}: {sent.state.value} is not sent"
                raise ValueError(message)
            key = sent.identity.key
            if key in holders:
                known.append(holders[key])
            elif key in fresh:
                known.append(_as_known(fresh[key]))
            else:
                fresh[key] = sent
        return list(fresh.values())

    def _insert_sent(
        self,
        connection: Connection,
        run_id: str,
        position: int,
        fresh: list[SentInvoice],
        source: str,
        actor: str,
    ) -> None:
        now = self._clock()
        rows: list[dict[str, Any]] = [
            {
                **self._scope,
                "run_id": run_id,
                "origin": IMPORT,
                "position": position + rank,
                "file": source,
                "file_sha256": "",
                "first_line": sent.line,
                "last_line": sent.line,
                "state": sent.state,
                "number": sent.identity.number,
                "identity_key": sent.identity.key,
                "seller_scheme": sent.identity.seller_scheme,
                "seller_id": sent.identity.seller_id,
                "content_hash": sent.content_hash,
                "type_code": sent.type_code,
                "issue_date": sent.issue_date,
                "currency": sent.currency,
                "total": sent.total,
                "buyer_id": sent.buyer_id,
                "nights": 0,
                "changed_at": now,
            }
            for rank, sent in enumerate(fresh)
        ]
        keys = connection.execute(
            invoices.insert().returning(invoices.c.id, sort_by_parameter_order=True), rows
        )
        numbered = list(zip(keys.scalars(), fresh, strict=True))
        connection.execute(
            identities.insert(),
            [
                {
                    **self._scope,
                    "key": sent.identity.key,
                    "number": sent.identity.number,
                    "invoice_id": key,
                    "held_at": now,
                }
                for key, sent in numbered
            ],
        )
        connection.execute(
            events.insert(),
            [
                self._event(
                    "invoice",
                    sent.state,
                    source=IMPORT,
                    reason=source,
                    actor=actor,
                    run_id=run_id,
                    invoice_id=key,
                )
                for key, sent in numbered
            ],
        )


def _as_known(sent: SentInvoice) -> Known:
    return Known(
        identity_key=sent.identity.key,
        number=sent.identity.number,
        content_hash=sent.content_hash,
        state=sent.state,
        run_id="",
        flow_id=None,
        file="",
        first_line=sent.line,
        invoice_row=None,
        origin=IMPORT,
    )
