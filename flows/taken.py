"""What becomes of an invoice whose number is taken: by an earlier night, or earlier tonight.

The same content is skipped, whoever carried it; another content is quarantined with both places
named (docs/decisions/0004-the-same-number-twice.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from config.statuses import REFUSALS
from flows.ledger import Known
from transforms.finding import Finding, Location, Severity
from transforms.outcome import Fate, InvoiceOutcome
from transforms.statuses import status_code


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who holds an identity already."""

    content_hash: str | None
    place: str
    flow_id: str | None
    state: str
    run_id: str
    refused: bool = False  # by the buyer, for good


def already_taken(
    outcome: InvoiceOutcome,
    known: Sequence[Known],
    seen: Mapping[str, InvoiceOutcome],
    *,
    run_id: str,
    refusals: Collection[int] = REFUSALS,
) -> InvoiceOutcome | None:
    """Return the outcome of an invoice whose identity is taken, else None.

    Args:
        outcome: the invoice, with the findings of its reading.
        known: what the ledger knows of its number.
        seen: invoices made ready before it in the same chunk, by identity.
        run_id: the run at work, to tell tonight from other nights.
        refusals: life-cycle statuses of invoices that need a new number to be sent again.
    """
    if outcome.identity is None:
        return None
    holder = _holder(outcome.identity.key, known, seen, run_id, refusals)
    if holder is None:
        return None
    here = outcome.span
    where = Location(here.file, here.first_line)
    if holder.content_hash is None:
        # Sent by a former tool: its number is taken, its content cannot be compared.
        told = Finding("LG-IMPORTED-01", Severity.WARNING, where, "BT-1", outcome.number)
        findings = (*outcome.findings, told)
        return replace(outcome, fate=Fate.SKIPPED, reason=holder.place, findings=findings)
    params = {
        "place": holder.place,
        "here": f"{here.file}:{here.first_line}",
        "state": holder.state,
        "flow": holder.flow_id or "",
    }
    if holder.content_hash == outcome.content_hash:
        findings = outcome.findings
        if holder.refused:
            # Whoever delivers it again may believe that this sends it again.
            told = Finding("LG-REFUSED-01", Severity.WARNING, where, "BT-1", outcome.number, params)
            findings = (*findings, told)
        reason = holder.flow_id or holder.place
        return replace(outcome, fate=Fate.SKIPPED, reason=reason, findings=findings)
    rule = "LG-SAME-NIGHT-01" if holder.run_id == run_id else "LG-CONFLICT-01"
    if holder.refused:
        rule = "LG-REFUSED-01"
    finding = Finding(rule, Severity.ERROR, where, "BT-1", outcome.number, params)
    return replace(outcome, findings=(*outcome.findings, finding))


def _holder(
    key: str,
    known: Sequence[Known],
    seen: Mapping[str, InvoiceOutcome],
    run_id: str,
    refusals: Collection[int],
) -> _Holder | None:
    for one in known:
        if one.identity_key == key:
            place = f"{one.file}:{one.first_line}"
            refused = status_code(one.life_status or "") in refusals
            return _Holder(one.content_hash, place, one.flow_id, one.state, one.run_id, refused)
    twin = seen.get(key)
    if twin is None:
        return None
    place = f"{twin.span.file}:{twin.span.first_line}"
    return _Holder(twin.content_hash, place, None, "bundled", run_id)
