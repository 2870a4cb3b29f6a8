"""What is in a flow, beside it in the outbox: enough to record it again in an empty ledger.

``outbox/<run>/<flow>.members.json`` is written before the ledger records the flow. When the ledger
is restored from a back-up, what it has forgotten is read from these files; where one is missing,
from the XML of the flow itself (``flows.members_xml``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from flows.ledger import InvoiceRecord
from flows.outbox import MEMBERS_SUFFIX, write_members
from transforms.naming import parse_name
from transforms.outcome import BuiltFlow, Fate, Identity, InvoiceOutcome, Span

#: Version of the file; a reader refuses one it does not know.
SCHEMA = 1


class MembersError(ValueError):
    """Raised when nothing can be told of a flow: its files are missing or damaged."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a flow's file says of its run."""

    run_id: str
    run_date: date | None = None


@dataclass(frozen=True, slots=True)
class FlowContents:
    """A flow of the outbox and its invoices.

    Attributes:
        run: the run that built it.
        flow: as it was recorded.
        invoices: its members, in order.
        replaces: the flow that it sends again, or None.
        scope: environment, company and emitter; company is empty when read from the XML.
        whole: whether extract, line and content hash of the invoices are known.
    """

    run: RunFacts
    flow: BuiltFlow
    invoices: tuple[InvoiceOutcome, ...]
    replaces: str | None
    scope: tuple[str, str, str]
    whole: bool


def keep(
    outbox: Path,
    flow: BuiltFlow,
    invoices: Iterable[InvoiceOutcome],
    *,
    run: RunFacts,
    scope: tuple[str, str, str],
    replaces: str | None = None,
) -> Path:
    """Write what is in a flow beside it; on disk when this returns.

    Args:
        outbox: folder the flow's path is relative to.
        flow: built, in the outbox.
        invoices: outcomes of the chunk; those of other flows are passed over.
        run: the run.
        scope: environment, company and emitter.
        replaces: the flow that this one sends again.

    Raises:
        OutboxUnavailableError: the disk is full, or fails.
    """
    environment, company, emitter = scope
    body = {
        "schema": SCHEMA,
        "environment": environment,
        "company": company,
        "emitter": emitter,
        "run": {
            "id": run.run_id,
            "date": run.run_date.isoformat() if run.run_date else None,
        },
        "flow": {
            "id": flow.flow_id,
            "name": flow.file_name,
            "interface": flow.interface,
            "path": flow.path,
            "size": flow.size,
            "sha256": flow.sha256,
            "content_sha256": flow.content_sha256,
            "replaces": replaces,
        },
        "members": [_member(o) for o in invoices if o.flow_id == flow.flow_id],
    }
    content = json.dumps(body, separators=(",", ":")).encode("ascii")
    return write_members(outbox / flow.path, content)


def outcome_of(
    invoice: InvoiceRecord, *, environment: str, flow_id: str, member_id: str
) -> InvoiceOutcome:
    """Return a recorded invoice as the member of a new flow."""
    identity = None
    if invoice.identity_key is not None and invoice.seller_id is not None:
        identity = Identity(
            environment,
            invoice.seller_scheme or "",
            invoice.seller_id,
            invoice.number or "",
            invoice.identity_key.rpartition("|")[2],
        )
    return InvoiceOutcome(
        position=invoice.position,
        span=Span(
            file=invoice.file,
            file_sha256=invoice.file_sha256,
            first_line=invoice.first_line,
            last_line=invoice.last_line,
        ),
        fate=Fate.BUNDLED,
        number=invoice.number,
        identity=identity,
        content_hash=invoice.content_hash,
        type_code=invoice.type_code,
        issue_date=invoice.issue_date,
        currency=invoice.currency,
        total=invoice.total,
        buyer_id=invoice.buyer_id,
        buyer_name=invoice.buyer_name,
        service_code=invoice.service_code,
        engagement=invoice.engagement,
        flow_id=flow_id,
        member_id=member_id,
    )


def read(path: Path) -> FlowContents:
    """Return what the file beside a flow says.

    Raises:
        MembersError: it is missing, damaged, or written by a newer release.
    """
    try:
        body = json.loads(path.read_bytes())
        if body["schema"] != SCHEMA:
            raise MembersError(f"{path.name} has the unknown form {body['schema']}")
        flow = body["flow"]
        name = parse_name(flow["name"])
        if path.name != flow["name"] + MEMBERS_SUFFIX or name.flow_id != flow["id"]:
            raise MembersError(f"{path.name} speaks of another flow")
        members = tuple(_outcome(m, flow["id"], rank) for rank, m in enumerate(body["members"]))
        run = body["run"]
        return FlowContents(
            RunFacts(
                str(run["id"]),
                date.fromisoformat(run["date"]) if run["date"] else None,
            ),
            BuiltFlow(
                flow_id=flow["id"],
                file_name=flow["name"],
                interface=flow["interface"],
                # Where it stands now, whatever it says: a path from outside is never trusted.
                path=f"{path.parent.name}/{flow['name']}",
                size=int(flow["size"]),
                sha256=str(flow["sha256"]),
                content_sha256=str(flow["content_sha256"]),
                invoices=len(members),
            ),
            members,
            flow["replaces"],
            (body["environment"], body["company"], body["emitter"]),
            whole=True,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise MembersError(f"{path.name}: {error}") from error


def _member(o: InvoiceOutcome) -> dict[str, Any]:
    identity = o.identity
    return {
        "id": o.member_id,
        "position": o.position,
        "number": o.number,
        "identity": identity.key if identity else None,
        "seller_scheme": identity.seller_scheme if identity else None,
        "seller": identity.seller_id if identity else None,
        "year": identity.year if identity else None,
        "environment": identity.environment if identity else None,
        "content_hash": o.content_hash,
        "file": o.span.file,
        "file_sha256": o.span.file_sha256,
        "first_line": o.span.first_line,
        "last_line": o.span.last_line,
        "type": o.type_code,
        "issue_date": o.issue_date.isoformat() if o.issue_date else None,
        "currency": o.currency,
        "total": None if o.total is None else format(o.total, "f"),
        "buyer": o.buyer_id,
        "buyer_name": o.buyer_name,
        "service": o.service_code,
        "engagement": o.engagement,
    }


def _outcome(member: dict[str, Any], flow_id: str, rank: int) -> InvoiceOutcome:
    identity = None
    if member["identity"] is not None:
        identity = Identity(
            member["environment"],
            member["seller_scheme"],
            member["seller"],
            member["number"],
            member["year"],
        )
        if identity.key != member["identity"]:
            raise MembersError(f"the identity of member {rank + 1} does not fit its parts")
    return InvoiceOutcome(
        position=int(member["position"]),
        span=Span(
            file=member["file"],
            file_sha256=member["file_sha256"],
            first_line=int(member["first_line"]),
            last_line=int(member["last_line"]),
        ),
        fate=Fate.BUNDLED,
        number=member["number"],
        identity=identity,
        content_hash=member["content_hash"],
        type_code=member["type"],
        issue_date=date.fromisoformat(member["issue_date"]) if member["issue_date"] else None,
        currency=member["currency"],
        total=None if member["total"] is None else Decimal(member["total"]),
        buyer_id=member["buyer"],
        buyer_name=member["buyer_name"],
        service_code=member["service"],
        engagement=member["engagement"],
        flow_id=flow_id,
        member_id=member["id"],
    )
