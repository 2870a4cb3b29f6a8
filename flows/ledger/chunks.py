"""Recording a chunk: its invoices, identities, flows, deposits, findings and events at once.

All of a chunk is recorded in one transaction, or nothing. The identities table is what makes a
number unique: the later of two loses, and the lead builds its chunk again without it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, func, literal, select
from sqlalchemy.exc import IntegrityError

from config.codes import load_codes
from config.statuses import REFUSALS
from flows.crashpoints import CrashPoint, reach
from flows.ledger.deposits import DepositBook
from flows.ledger.history import HistoryBook
from flows.ledger.identities import Place, find_conflicts, place_of, recorded_among
from flows.ledger.records import Conflict
from flows.ledger.states import InvoiceState
from flows.ledger.store import SYSTEM, batches
from flows.ledger.tables import events, invoices
from transforms.outcome import BuiltFlow, Fate, InvoiceOutcome
from transforms.statuses import status_code

_CREDIT_NOTES = load_codes("credit_note_types")


class ChunkBook(DepositBook, HistoryBook):
    """What the parent records for each chunk."""

    def recorded(self, run_id: str) -> set[tuple[str, int]]:
        """Return (hash of the file, first line) of every invoice of a run already recorded.

        A resumed run leaves these out of its chunks.
        """
        with self._reading() as connection:
            rows = connection.execute(
                select(invoices.c.file_sha256, invoices.c.first_line).where(
                    self._ours(invoices), invoices.c.run_id == run_id
                )
            )
            return {(row.file_sha256, row.first_line) for row in rows}

    def commit_chunk(
        self,
        run_id: str,
        outcomes: Sequence[InvoiceOutcome],
        built: Sequence[BuiltFlow],
        *,
        refusals: Collection[int] = REFUSALS,
    ) -> tuple[Conflict, ...]:
        """Record a chunk, or return why it cannot be recorded; then nothing is.

        Invoices already recorded for this run (same file and first line) are left as they are.

        Args:
            run_id: the run.
            outcomes: the invoices of the chunk.
            built: the flows that carry those that are bundled.
            refusals: life-cycle statuses of invoices to issue again under a new number: a new
                invoice that names one of those as the preceding one (BT-25) takes its place.

        Returns:
            The invoices whose identity is held by another one, or by themselves in another flow of
            this run; empty when the chunk is recorded.

        Raises:
            ValueError: the outcomes and the flows do not fit together; a fault of the caller.
        """
        ordered = sorted(outcomes, key=lambda outcome: outcome.position)
        _check_fit(ordered, built)
        try:
            return self._commit(run_id, ordered, built, refusals)
        except IntegrityError:
            # Another process reserved one of the identities in between (PostgreSQL only): look
            # again, the second time it is seen and named.
            return self._commit(run_id, ordered, built, refusals)

    def _commit(
        self,
        run_id: str,
        outcomes: Sequence[InvoiceOutcome],
        built: Sequence[BuiltFlow],
        refusals: Collection[int],
    ) -> tuple[Conflict, ...]:
        mark = None
        used: set[str] = set()
        with self._writing() as connection:
            before = recorded_among(connection, run_id, outcomes)
            conflicts = find_conflicts(connection, run_id, outcomes, before)
            if conflicts:
                return conflicts
            fresh = [o for o in outcomes if place_of(o) not in before]
            used = {o.flow_id for o in fresh if o.flow_id is not None}
            mixed = used & {known.flow_id for known in before.values()}
            if mixed:
                message = f"flow {min(mixed)} was recorded before with other invoices"
                raise ValueError(message)
            if fresh:
                mark = self._insert_flows(
                    connection, run_id, [f for f in built if f.flow_id in used]
                )
                self._insert_invoices(connection, run_id, fresh, sorted(used), refusals)
                reach(CrashPoint.RECORDING)
        if mark is not None:
            self._tell_journal(mark, run=run_id, built=sorted(used), last=_last_member(outcomes))
        return ()

    def _insert_invoices(
        self,
        connection: Connection,
        run_id: str,
        outcomes: Sequence[InvoiceOutcome],
        used: Sequence[str],
        refusals: Collection[int],
    ) -> None:
        nights = _nights_before(connection, run_id, outcomes)
        follows = self._replaced(connection, outcomes, refusals)
        rows = [
            {
                **self._invoice_row(run_id, o, nights.get(place_of(o), 0)),
                "follows": follows.get(place_of(o)),
            }
            for o in outcomes
        ]
        connection.execute(invoices.insert(), rows)
        members = [invoices.c.flow_id.in_(used)]
        if used:
            # From rows just written: four times faster than sending them again.
            self._insert_identities(connection, members)
            self._insert_deposits(connection, members)
            self._record_invoice_events(
                connection,
                members,
                literal(InvoiceState.RECEIVED.value),
                InvoiceState.BUNDLED,
                "",
                SYSTEM,
            )
        self._tell(connection, run_id, outcomes)

    def _replaced(
        self,
        connection: Connection,
        outcomes: Sequence[InvoiceOutcome],
        refusals: Collection[int],
    ) -> dict[Place, int]:
        """Return the rows of the invoices refused by the buyer that new ones name as replaced.

        A credit note names the invoice it cancels: it takes no one's place.
        """
        naming = [
            o
            for o in outcomes
            if o.fate is Fate.BUNDLED and o.preceding and o.type_code not in _CREDIT_NOTES
        ]
        refused: dict[tuple[str, str], int] = {}
        for batch in batches(sorted({number for o in naming for number in o.preceding})):
            rows = connection.execute(
                select(
                    invoices.c.id,
                    invoices.c.number,
                    invoices.c.seller_id,
                    invoices.c.life_status,
                )
                .where(
                    self._ours(invoices),
                    invoices.c.number.in_(batch),
                    invoices.c.life_status.is_not(None),
                )
                .order_by(invoices.c.id)
            )
            for row in rows:
                if status_code(row.life_status) in refusals:
                    refused[row.seller_id, row.number] = row.id
        found: dict[Place, int] = {}
        for o in naming:
            seller = o.identity.seller_id if o.identity is not None else ""
            named = (refused.get((seller, number)) for number in o.preceding)
            row_id = next((row_id for row_id in named if row_id is not None), None)
            if row_id is not None:
                found[place_of(o)] = row_id
        return found

    def _tell(
        self, connection: Connection, run_id: str, outcomes: Sequence[InvoiceOutcome]
    ) -> None:
        """Record the events of invoices left out of the flows, and everybody's findings."""
        told = [o for o in outcomes if o.findings or o.fate is not Fate.BUNDLED]
        if not told:
            return
        keys = _keys_of(connection, run_id, told)
        left_out = [
            self._event(
                "invoice",
                o.fate,
                source=InvoiceState.RECEIVED,
                reason=o.reason or "",
                run_id=run_id,
                invoice_id=keys[place_of(o)],
            )
            for o in told
            if o.fate is not Fate.BUNDLED
        ]
        if left_out:
            connection.execute(events.insert(), left_out)
        self._insert_findings(
            connection,
            (
                (finding, {"run_id": run_id, "invoice_id": keys[place_of(o)]})
                for o in told
                for finding in o.findings
            ),
        )

    def _invoice_row(self, run_id: str, o: InvoiceOutcome, nights: int) -> dict[str, Any]:
        identity = o.identity
        return {
            **self._scope,
            "run_id": run_id,
            "origin": "extract",
            "position": o.position,
            "file": o.span.file,
            "file_sha256": o.span.file_sha256,
            "first_line": o.span.first_line,
            "last_line": o.span.last_line,
            "state": InvoiceState(o.fate),
            "reason": o.reason,
            "number": o.number,
            "identity_key": None if identity is None else identity.key,
            "seller_scheme": None if identity is None else identity.seller_scheme,
            "seller_id": None if identity is None else identity.seller_id,
            "content_hash": o.content_hash,
            "type_code": o.type_code,
            "issue_date": o.issue_date,
            "currency": o.currency,
            "total": o.total,
            "buyer_id": o.buyer_id,
            "buyer_name": o.buyer_name,
            "service_code": o.service_code,
            "engagement": o.engagement,
            "flow_id": o.flow_id,
            "member_id": o.member_id,
            "nights": nights + 1 if o.fate is Fate.WAITING else nights,
            "changed_at": self._clock(),
        }


def _last_member(outcomes: Sequence[InvoiceOutcome]) -> str:
    """Return the highest member id of a chunk: no number up to it may be given again."""
    return max(o.member_id for o in outcomes if o.member_id is not None)


def _check_fit(outcomes: Sequence[InvoiceOutcome], built: Sequence[BuiltFlow]) -> None:
    members: dict[str, int] = {flow.flow_id: 0 for flow in built}
    if len(members) != len(built):
        message = "a flow is in the chunk twice"
        raise ValueError(message)
    for o in outcomes:
        if o.fate is not Fate.BUNDLED:
            if o.flow_id is not None or o.member_id is not None:
                message = f"invoice {o.number} is {o.fate.value} and yet in flow {o.flow_id}"
                raise ValueError(message)
            continue
        if o.identity is None or o.member_id is None or o.flow_id not in members:
            message = f"invoice {o.number} is bundled without identity, member id or flow"
            raise ValueError(message)
        members[o.flow_id] += 1
    for flow in built:
        if members[flow.flow_id] != flow.invoices:
            message = f"flow {flow.flow_id} says {flow.invoices} invoices, not as many are in it"
            raise ValueError(message)
    if len({place_of(o) for o in outcomes}) != len(outcomes):
        message = "two invoices of the chunk begin on the same line of the same file"
        raise ValueError(message)


def _nights_before(
    connection: Connection, run_id: str, outcomes: Sequence[InvoiceOutcome]
) -> dict[Place, int]:
    """Return how many nights the invoices that this run took over have waited."""
    shas = {o.span.file_sha256 for o in outcomes}
    wanted = {place_of(o) for o in outcomes}
    nights: dict[Place, int] = {}
    for batch in batches(sorted(shas)):
        rows = connection.execute(
            select(invoices.c.file_sha256, invoices.c.first_line, func.max(invoices.c.nights))
            .where(invoices.c.taken_over_by == run_id, invoices.c.file_sha256.in_(batch))
            .group_by(invoices.c.file_sha256, invoices.c.first_line)
        )
        for sha256, line, count in rows:
            if (sha256, line) in wanted:
                nights[sha256, line] = count
    return nights


def _keys_of(
    connection: Connection, run_id: str, outcomes: Sequence[InvoiceOutcome]
) -> dict[Place, int]:
    return {
        place: known.invoice_row
        for place, known in recorded_among(connection, run_id, outcomes).items()
        if known.invoice_row is not None
    }
