"""From the statuses of a return file to rows of the ledger, and back.

Here each status finds the flow or the invoice it is about. One that finds none is *foreign*: it
is kept all the same, for ``out`` is shared with whatever else the firm sends to Chorus Pro.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from flows.ledger import LIVING, InvoiceRecord, InvoiceState, Ledger, StatusRecord, StatusRow
from transforms.return_time import Stamp, read_stamp
from transforms.settlement import bare_flow_id
from transforms.statuses import (
    ErrorLine,
    FlowStatusReport,
    InvoiceStatusReport,
    ReturnFlow,
    status_code,
)

#: Chorus Pro's type of identifier for a SIRET, and the length of its first part, the SIREN.
_SIRET_TYPE = "1"
_SIREN_LENGTH = 9

_ANNOUNCED = "announced"


def status_rows(ledger: Ledger, flow: ReturnFlow) -> list[StatusRow]:
    """Return the statuses of one ``CPPStatut`` as rows, each with what it is about.

    The life-cycle status of an invoice carries the flow that took it to Chorus Pro: all that was
    said of a flow and of its invoices is then found by the flow's id.
    """
    numbers = {status.number for status in flow.invoices if status.number}
    invoices = ledger.invoices_by_number(numbers)
    return [
        *(_flow_row(ledger, status) for status in flow.flows),
        *(_invoice_row(invoices.get(status.number, ()), status) for status in flow.invoices),
    ]


def _flow_row(ledger: Ledger, status: FlowStatusReport) -> StatusRow:
    named = bare_flow_id(status.flow_id)
    flow = (ledger.flow(named) or ledger.flow_by_member(named)) if named else None
    flow_id = flow.flow_id if flow else named
    details = [
        {
            "rank": line.rank,
            "nature": line.nature,
            "code": line.code,
            "label": line.label,
            "description": line.description,
        }
        for line in status.errors
    ]
    if status.announced_errors not in (None, len(status.errors)):
        details.append({_ANNOUNCED: str(status.announced_errors)})
    return StatusRow(
        kind="flow",
        code=status.raw_code,
        label=status.complement,
        at=_moment(status.stamp),
        at_text=status.stamp.raw,
        flow_id=flow_id or None,
        member_id=named if named != flow_id else None,
        message=" ".join(text for text in (status.comment, status.note) if text),
        details=tuple(details),
        foreign=flow is None,
    )


def _moment(stamp: Stamp) -> datetime | None:
    """Return the time by which the ledger orders statuses.

    Those of the hour lived twice have the same, so that the last to arrive counts; what was
    written is kept beside it.
    """
    return None if stamp.at is None else stamp.order


def flow_report(record: StatusRecord, zone: tzinfo) -> FlowStatusReport:
    """Return the flow status that a row of the ledger was made of."""
    row = record.status
    lines = [detail for detail in row.details if _ANNOUNCED not in detail]
    announced = next((d[_ANNOUNCED] for d in row.details if _ANNOUNCED in d), None)
    return FlowStatusReport(
        flow_id=row.member_id or row.flow_id or "",
        raw_code=row.code,
        code=status_code(row.code),
        stamp=read_stamp(row.at_text, zone),
        complement=row.label,
        comment=row.message,
        errors=tuple(ErrorLine(**line) for line in lines),
        announced_errors=int(announced) if announced is not None else len(lines) or None,
    )


def _invoice_row(candidates: Sequence[InvoiceRecord], status: InvoiceStatusReport) -> StatusRow:
    invoice = _invoice_of(candidates, status)
    facts: Mapping[str, str] = {
        "seller_name": status.seller_name,
        "buyer_id": status.buyer_id,
        "buyer_name": status.buyer_name,
        "service_code": status.service_code,
        "issue_date": status.issue_date.isoformat() if status.issue_date else "",
        "producer": status.producer,
        "mandate_id": status.mandate_id,
    }
    kept = {key: value for key, value in facts.items() if value}
    return StatusRow(
        kind="invoice",
        code=status.raw_code,
        label=status.complement,
        at=_moment(status.stamp),
        at_text=status.stamp.raw,
        flow_id=invoice.flow_id if invoice else None,
        invoice_row=invoice.invoice_row if invoice else None,
        seller_scheme=status.seller_scheme or None,
        seller_id=status.seller_id or None,
        number=status.number or None,
        message=status.comment,
        details=(kept,) if kept else (),
        foreign=invoice is None,
    )


def _invoice_of(
    candidates: Sequence[InvoiceRecord], status: InvoiceStatusReport
) -> InvoiceRecord | None:
    """Return the invoice sent to Chorus Pro that a life-cycle status is about, or None.

    Of several under one number (rejected, then sent again) it is the one that holds the number.
    A duplicate was not created: the status is about the one that was there before, and *foreign*
    when that one is not ours.
    """
    sent = [
        invoice
        for invoice in candidates
        if (invoice.flow_id or invoice.origin == "import") and _same_seller(invoice, status)
    ]
    if status.issue_date is not None:
        # Where the year is part of the key, one number may live once a year.
        same_year = [
            invoice
            for invoice in sent
            if invoice.issue_date and invoice.issue_date.year == status.issue_date.year
        ]
        sent = same_year or sent
    living = [invoice for invoice in sent if invoice.state in LIVING]
    if any(invoice.state is InvoiceState.DUPLICATE for invoice in sent):
        return living[-1] if living else None
    chosen = living or sent
    return chosen[-1] if chosen else None


def same_siren(one: str, other: str) -> bool:
    """Whether two identifiers of sellers, SIRET or SIREN, are of one firm; others: equal."""
    if not one or not other:
        return False
    if one.isdigit() and other.isdigit() and min(len(one), len(other)) >= _SIREN_LENGTH:
        return one[:_SIREN_LENGTH] == other[:_SIREN_LENGTH]
    return one == other


def _same_seller(invoice: InvoiceRecord, status: InvoiceStatusReport) -> bool:
    if not invoice.seller_id:
        return False
    if invoice.seller_id == status.seller_id:
        return True
    by_siren = status.seller_scheme == _SIRET_TYPE and len(invoice.seller_id) == _SIREN_LENGTH
    return by_siren and status.seller_id.startswith(invoice.seller_id)
