"""What becomes of each invoice read in a run: the facts shared by worker, ledger and report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from transforms.finding import Finding


class Fate(StrEnum):
    """Where the transformation leaves an invoice; exactly one per invoice read."""

    BUNDLED = "bundled"  # in a flow of the outbox
    WAITING = "waiting"  # kept for a later night (an attachment is missing)
    QUARANTINED = "quarantined"  # blocked by a finding; reserves nothing
    SKIPPED = "skipped"  # the same invoice with the same content was already sent
    EXCLUDED = "excluded"  # left out by a named filter of the profile


@dataclass(frozen=True, slots=True)
class Identity:
    """Key of an invoice: environment, seller identifier and its type, number, year or ''."""

    environment: str
    seller_scheme: str
    seller_id: str
    number: str
    year: str = ""

    @property
    def key(self) -> str:
        """Return the identity as one text, for unique constraints."""
        return "|".join(
            (self.environment, self.seller_scheme, self.seller_id, self.number, self.year)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The rows of an invoice: file (name and SHA-256), first and last physical line."""

    file: str
    file_sha256: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOutcome:
    """One invoice read, and what became of it.

    ``position`` is the rank of the invoice in the run (from 0): results are recorded in this
    order whatever the workers' speed. ``total`` is the invoice's own total with VAT (BT-112), the
    ERP's when it gives one; None when no amount could be read.
    """

    position: int
    span: Span
    fate: Fate
    number: str | None = None
    identity: Identity | None = None
    content_hash: str | None = None  # "v1:<sha256>", over what the extract said
    type_code: str | None = None
    issue_date: date | None = None
    currency: str | None = None
    total: Decimal | None = None
    buyer_id: str | None = None
    buyer_name: str | None = None
    service_code: str | None = None
    engagement: str | None = None
    findings: tuple[Finding, ...] = ()
    reason: str | None = None  # filter that excluded it, or flow that already carried it
    flow_id: str | None = None  # the 25 characters of the flow
    member_id: str | None = None  # the 25 characters of the member; equals flow_id for the first
    preceding: tuple[str, ...] = ()  # invoices it corrects or replaces (BT-25)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFlow:
    """A flow ready in the outbox.

    ``sha256`` is over the bytes to transfer, ``content_sha256`` over the tar (or the XML when the
    flow is a single one): equal for equal inputs whatever the zlib.
    """

    flow_id: str
    file_name: str  # 41 characters, no extension
    interface: str
    path: str  # relative to the outbox
    size: int
    sha256: str
    content_sha256: str
    invoices: int
