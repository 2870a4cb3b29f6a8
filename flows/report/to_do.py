"""Invoices that wait for the supplier on the portal, grouped by what is asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from config.catalogue import Language
from config.statuses import InvoiceStatus, load_statuses
from flows.ledger import InvoiceRecord, Ledger
from transforms.run_report import ToDo, ToDoGroup
from transforms.statuses import status_code


@dataclass(slots=True)
class _Group:
    status: InvoiceStatus
    code: str
    count: int = 0
    items: list[ToDo] = field(default_factory=list)


def asks_supplier(code: str) -> bool:
    """Return whether a life-cycle status, as received, asks something of the supplier."""
    status = load_statuses().of_invoice(status_code(code))
    return status is not None and status.actor == "supplier"


class ToDoBook:
    """Collects invoices whose last life-cycle status asks something of the supplier."""

    def __init__(self, ledger: Ledger, limit: int, language: Language) -> None:
        """Make an empty book.

        Args:
            ledger: knows the words that came with a status.
            limit: largest number of invoices kept per status; all are counted.
            language: of the report.
        """
        self._ledger = ledger
        self._limit = limit
        self._language = language
        self._groups: dict[int, _Group] = {}
        self._seen: set[int] = set()

    def add(self, invoice: InvoiceRecord) -> None:
        """Take an invoice if its last status asks something; once, however often it comes."""
        code = status_code(invoice.life_status or "")
        status = load_statuses().of_invoice(code)
        if code is None or status is None or not asks_supplier(invoice.life_status or ""):
            return
        if invoice.invoice_row in self._seen:
            return
        self._seen.add(invoice.invoice_row)
        group = self._groups.setdefault(code, _Group(status, invoice.life_status or ""))
        group.count += 1
        if len(group.items) < self._limit:
            group.items.append(
                ToDo(
                    number=invoice.number or "",
                    buyer=invoice.buyer_name or "",
                    currency=invoice.currency or "",
                    total=invoice.total,
                    run_id=invoice.run_id,
                    message=self._message(invoice),
                    at=invoice.life_at,
                )
            )

    def groups(self) -> tuple[ToDoGroup, ...]:
        """Return the groups, largest first."""
        ordered = sorted(self._groups.values(), key=lambda group: (-group.count, group.code))
        return tuple(
            ToDoGroup(
                code=group.code,
                label=group.status.label,
                meaning=group.status.words(self._language).meaning,
                next_step=group.status.words(self._language).next_step,
                count=group.count,
                items=tuple(group.items),
            )
            for group in ordered
        )

    def _message(self, invoice: InvoiceRecord) -> str:
        said = [
            record.status.message
            for record in self._ledger.statuses(invoice_row=invoice.invoice_row)
            if record.status.kind == "invoice" and record.status.code == invoice.life_status
        ]
        return said[-1] if said else ""
