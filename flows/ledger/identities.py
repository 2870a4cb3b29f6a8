"""Book of the identities: which invoice holds which number, and who may let it go.

An identity is one row, unique in the whole ledger: Chorus Pro does not know our companies apart.
It is made when an invoice is bundled and deleted when its number is free again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, RowMapping, literal, select

from flows.errors import IllegalTransitionError
from flows.ledger.columns import UtcTime
from flows.ledger.records import Conflict, Known
from flows.ledger.states import FREEABLE, InvoiceState
from flows.ledger.store import SYSTEM, Store, batches
from flows.ledger.tables import events, identities, invoices
from transforms.outcome import Fate, InvoiceOutcome

#: Where an invoice was read: hash of the extract file, first line.
Place: TypeAlias = tuple[str, int]

_HOLDER = (
    invoices.c.identity_key,
    invoices.c.number,
    invoices.c.content_hash,
    invoices.c.state,
    invoices.c.run_id,
    invoices.c.flow_id,
    invoices.c.file,
    invoices.c.file_sha256,
    invoices.c.first_line,
    invoices.c.id.label("invoice_row"),
    invoices.c.origin,
    invoices.c.life_status,
)


class IdentityBook(Store):
    """Which numbers are taken, and by which invoice."""

    def known(self, numbers: Collection[str]) -> dict[str, tuple[Known, ...]]:
        """Return, by number (BT-1), the invoices that hold an identity with this number.

        Numbers nobody holds are absent. Several invoices may hold one number: those of several
        sellers, or of several years when the year is part of the identity.
        """
        held: dict[str, list[Known]] = {}
        with self._reading() as connection:
            for batch in batches(sorted(set(numbers))):
                rows = connection.execute(
                    select(*_HOLDER)
                    .join(identities, invoices.c.id == identities.c.invoice_id)
                    .where(identities.c.number.in_(batch))
                    .order_by(identities.c.key)
                )
                for row in rows:
                    known = _to_known(row._mapping)
                    held.setdefault(known.number, []).append(known)
        return {number: tuple(known) for number, known in held.items()}

    def free_identity(self, invoice_row: int, *, reason: str, actor: str = SYSTEM) -> None:
        """Let the number of one rejected invoice go; see :meth:`free_identities`."""
        self.free_identities([invoice_row], reason=reason, actor=actor)

    def free_identities(
        self, invoice_rows: Iterable[int], *, reason: str, actor: str = SYSTEM
    ) -> int:
        """Let the numbers of rejected invoices go, so that they may be sent again.

        Those that hold none are passed over, as are those of another company.

        Returns:
            How many identities were held and are free now.

        Raises:
            IllegalTransitionError: one of the invoices is in no state of
                :data:`flows.ledger.states.FREEABLE`; then none is freed.
        """
        freed = 0
        with self._writing() as connection:
            for batch in batches(invoice_rows):
                rows = connection.execute(
                    select(
                        identities.c.key,
                        identities.c.number,
                        invoices.c.id,
                        invoices.c.state,
                        invoices.c.run_id,
                        invoices.c.flow_id,
                    )
                    .join(invoices, invoices.c.id == identities.c.invoice_id)
                    .where(self._ours(invoices), identities.c.invoice_id.in_(batch))
                ).all()
                for row in rows:
                    if row.state not in FREEABLE:
                        message = f"Invoice {row.number} is {row.state.value}: it keeps its number."
                        raise IllegalTransitionError(message)
                if not rows:
                    continue
                connection.execute(
                    events.insert(),
                    [
                        self._event(
                            "identity",
                            "free",
                            source="held",
                            reason=reason,
                            actor=actor,
                            run_id=row.run_id,
                            invoice_id=row.id,
                            flow_id=row.flow_id,
                        )
                        for row in rows
                    ],
                )
                connection.execute(
                    identities.delete().where(identities.c.key.in_([row.key for row in rows]))
                )
                freed += len(rows)
        return freed

    def _insert_identities(
        self, connection: Connection, concerned: Sequence[ColumnElement[bool]]
    ) -> None:
        """Hold the numbers of the invoices concerned."""
        connection.execute(
            identities.insert().from_select(
                ["key", "company", "emitter", "number", "invoice_id", "held_at"],
                select(
                    invoices.c.identity_key,
                    invoices.c.company,
                    invoices.c.emitter,
                    invoices.c.number,
                    invoices.c.id,
                    literal(self._clock(), UtcTime()),
                )
                .where(*concerned)
                # Of two that hold the same numbers, one must not wait for the other in turn.
                .order_by(invoices.c.identity_key),
            )
        )

    def _hold_again(self, connection: Connection, invoice_ids: Collection[int]) -> None:
        """Hold the identities of invoices that turned out to exist on the other side.

        One that another invoice took meanwhile stays with that one: both exist then, and the
        events of the invoice tell.
        """
        held = select(identities.c.key)
        for batch in batches(invoice_ids):
            self._insert_identities(
                connection,
                [
                    invoices.c.id.in_(batch),
                    invoices.c.identity_key.is_not(None),
                    invoices.c.identity_key.not_in(held),
                ],
            )


def place_of(outcome: InvoiceOutcome) -> Place:
    """Return where an invoice was read."""
    return outcome.span.file_sha256, outcome.span.first_line


def holders_of(connection: Connection, keys: Iterable[str]) -> dict[str, Known]:
    """Return, by key, the invoices that hold these identities; free keys are absent."""
    held: dict[str, Known] = {}
    for batch in batches(keys):
        rows = connection.execute(
            select(*_HOLDER)
            .join(identities, invoices.c.id == identities.c.invoice_id)
            .where(identities.c.key.in_(batch))
        )
        held.update({row.identity_key: _to_known(row._mapping) for row in rows})
    return held


def recorded_among(
    connection: Connection, run_id: str, outcomes: Sequence[InvoiceOutcome]
) -> dict[Place, Known]:
    """Return those of the invoices that this run recorded before."""
    lines: dict[str, set[int]] = {}
    for outcome in outcomes:
        lines.setdefault(outcome.span.file_sha256, set()).add(outcome.span.first_line)
    found: dict[Place, Known] = {}
    of_run = select(*_HOLDER).where(invoices.c.run_id == run_id)
    several = {sha256: wanted for sha256, wanted in lines.items() if len(wanted) > 1}
    for sha256, wanted in several.items():
        rows = connection.execute(
            of_run.where(
                invoices.c.file_sha256 == sha256,
                invoices.c.first_line.between(min(wanted), max(wanted)),
            )
        )
        found.update(
            {(sha256, r.first_line): _to_known(r._mapping) for r in rows if r.first_line in wanted}
        )
    # XML has a file per invoice: they are asked for together.
    for batch in batches(sorted(lines.keys() - several.keys())):
        first, last = (pick(min(lines[sha256]) for sha256 in batch) for pick in (min, max))
        rows = connection.execute(
            of_run.where(
                invoices.c.file_sha256.in_(batch), invoices.c.first_line.between(first, last)
            )
        )
        for row in rows:
            if row.first_line in lines[row.file_sha256]:
                found[row.file_sha256, row.first_line] = _to_known(row._mapping)
    return found


def find_conflicts(
    connection: Connection,
    run_id: str,
    outcomes: Sequence[InvoiceOutcome],
    before: Mapping[Place, Known],
) -> tuple[Conflict, ...]:
    """Return the invoices of a chunk that cannot be recorded as members of their flow.

    Args:
        connection: inside the transaction that records the chunk.
        run_id: the run.
        outcomes: the chunk, in the order of their positions: of two, the later loses.
        before: what :func:`recorded_among` found.
    """
    conflicts: list[Conflict] = []
    bundled: list[tuple[InvoiceOutcome, str]] = []
    for outcome in outcomes:
        if outcome.fate is not Fate.BUNDLED or outcome.identity is None:
            continue
        itself = before.get(place_of(outcome))
        if itself is None:
            bundled.append((outcome, outcome.identity.key))
        elif itself.flow_id != outcome.flow_id:
            conflicts.append(
                Conflict(outcome.position, outcome.identity.key, itself, recorded=True)
            )
    held = holders_of(connection, [key for _, key in bundled])
    for outcome, key in bundled:
        if key in held:
            conflicts.append(Conflict(outcome.position, key, held[key]))
        else:
            held[key] = _as_known(run_id, outcome, key)
    return tuple(sorted(conflicts, key=lambda conflict: conflict.position))


def _to_known(row: RowMapping) -> Known:
    facts: dict[str, Any] = {k: v for k, v in row.items() if k != "file_sha256"}
    facts["identity_key"] = facts["identity_key"] or ""
    facts["number"] = facts["number"] or ""
    return Known(**facts)


def _as_known(run_id: str, outcome: InvoiceOutcome, key: str) -> Known:
    return Known(
        identity_key=key,
        number=outcome.number or "",
        content_hash=outcome.content_hash,
        state=InvoiceState.BUNDLED,
        run_id=run_id,
        flow_id=outcome.flow_id,
        file=outcome.span.file,
        first_line=outcome.span.first_line,
        invoice_row=None,
        origin="extract",
    )
