"""An invoice that Chorus Pro rejects because its number is there already: whose is it?

What is known of an earlier deposit decides: the invoice itself in a flow that was sent again, the
same content under another reading, another content, or nothing. Source: chorus-flows,
docs/returns.md, Duplicates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from flows.evidence import Reader
from flows.ledger import LIVING, FlowRecord, InvoiceRecord, InvoiceState, Ledger
from flows.status_rows import same_siren
from transforms.settlement import Fate


class Basis(StrEnum):
    """What an earlier deposit of the number is to the one that was rejected."""

    RESENT = "resent"  # this very invoice, in a flow that was sent again
    SAME = "same"  # the same content, accepted before
    OTHER = "other"  # another content, or one that cannot be compared
    NONE = "none"  # the ledger knows of no deposit that was accepted


@dataclass(frozen=True, slots=True)
class Precedent:
    """The earlier deposit that a duplicate is measured against.

    Attributes:
        flow_id: the earlier flow; empty when none is known.
        place: file and line of the earlier invoice; its flow when it is the same invoice.
    """

    basis: Basis
    flow_id: str = ""
    place: str = ""
    state: str = ""

    @property
    def rule(self) -> str:
        """The finding that tells of it."""
        match self.basis:
            case Basis.RESENT | Basis.SAME:
                return "RT-DUPLICATE-02"
            case Basis.OTHER:
                return "RT-DUPLICATE-03"
            case Basis.NONE:
                return "RT-DUPLICATE-04"

    @property
    def result(self) -> InvoiceState:
        """What becomes of the invoice whose deposit was rejected as a duplicate."""
        return InvoiceState.INTEGRATED if self.basis is Basis.RESENT else InvoiceState.DUPLICATE


def precedent_of(
    ledger: Ledger, reader: Reader, flow: FlowRecord, invoice: InvoiceRecord
) -> Precedent:
    """Return the earlier deposit that explains why ``flow``'s ``invoice`` is a duplicate.

    Args:
        ledger: knows the earlier deposits.
        reader: tells what reports say of them.
        flow: the flow that carried the invoice; the report is about this deposit.
        invoice: rejected as a duplicate.
    """
    for earlier in ledger.predecessors(flow):
        if not earlier.attempts:
            continue  # never left
        verdict = reader.sent_in(earlier.flow_id).verdicts.get(invoice.invoice_row)
        if verdict is not None and verdict.fate not in {Fate.REJECTED, Fate.DUPLICATE}:
            return Precedent(Basis.RESENT, earlier.flow_id, earlier.flow_id)
    number = invoice.number or ""
    others = _others(invoice, ledger.invoices_by_number([number]).get(number, ()))
    for other in others:
        if other.state is InvoiceState.INTEGRATED:
            same = other.content_hash is not None and other.content_hash == invoice.content_hash
            return _precedent(Basis.SAME if same else Basis.OTHER, other)
    return _precedent(Basis.OTHER, others[0]) if others else Precedent(Basis.NONE)


def _others(invoice: InvoiceRecord, found: Iterable[InvoiceRecord]) -> list[InvoiceRecord]:
    """Return other invoices of the seller under the number that may be there, newest first.

    The seller is compared by SIREN: whatever the scope of our key, Chorus Pro has its own.
    """
    sent = [
        other
        for other in found
        if other.invoice_row != invoice.invoice_row
        and other.state in LIVING
        and (other.flow_id or other.origin == "import")
        and same_siren(other.seller_id or "", invoice.seller_id or "")
    ]
    return sent[::-1]


def _precedent(basis: Basis, other: InvoiceRecord) -> Precedent:
    place = f"{other.file}:{other.first_line}"
    return Precedent(basis, other.flow_id or "", place, other.state.value)
