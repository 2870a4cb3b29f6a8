"""Invoices that wait for the supplier on the portal, grouped by what is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from config.catalogue import Language
from config.statuses import InvoiceStatus, StatusTable
from flows.ledger import InvoiceRecord, Ledger
from transforms.run_report import ToDo, ToDoGroup
from transforms.statuses import status_code


@dataclass(slots=True)
class _Group:
    status: InvoiceStatus
    code: str
    count: int = 0
    items: list[ToDo] = field(default_factory=list)


class ToDoBook:
    """Collects invoices whose last life-cycle status asks something of the supplier.

    One that was issued again, as a new invoice that names it, asks nothing any more.
    """

    def __init__(
        self,
        ledger: Ledger,
        limit: int,
        language: Language,
        *,
        table: StatusTable,
        now: datetime,
    ) -> None:
        """Make an empty book.

        Args:
            ledger: knows the words that came with a status, and what was issued again.
            limit: largest number of invoices kept per status; all are counted.
            language: of the report.
            table: what statuses mean.
            now: present moment, to tell how long each is open.
        """
        self._ledger = ledger
        self._limit = limit
        self._language = language
        self._table = table
        self._now = now
        self._found: dict[int, InvoiceRecord] = {}

    def asks(self, code: str) -> bool:
        """Return whether a life-cycle status, as received, asks something of the supplier."""
        return self._table.asks_supplier(status_code(code))

    def add(self, invoice: InvoiceRecord) -> None:
        """Take an invoice if its last status asks something; once, however often it comes."""
        if self.asks(invoice.life_status or ""):
            self._found.setdefault(invoice.invoice_row, invoice)

    def add_all_open(self) -> None:
        """Take every invoice of the ledger whose last status asks something, however old."""
        codes = [code for code in self._ledger.life_statuses() if self.asks(code)]
        for invoice in self._ledger.invoices(life_statuses=codes) if codes else ():
            self.add(invoice)

    def groups(self) -> tuple[ToDoGroup, ...]:
        """Return the groups, largest first; within a group, the longest open first."""
        issued_again = self._ledger.followers(self._found)
        groups: dict[int, _Group] = {}
        open_ones = [one for row, one in self._found.items() if row not in issued_again]
        for invoice in sorted(open_ones, key=lambda one: one.life_at or self._now):
            self._put(groups, invoice)
        ordered = sorted(groups.values(), key=lambda group: (-group.count, group.code))
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

    def _put(self, groups: dict[int, _Group], invoice: InvoiceRecord) -> None:
        code = status_code(invoice.life_status or "")
        status = self._table.of_invoice(code)
        if code is None or status is None:
            return
        group = groups.setdefault(code, _Group(status, invoice.life_status or ""))
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
                    # A clock of the other side may be ahead of ours.
                    days=max(0, (self._now - invoice.life_at).days) if invoice.life_at else None,
                )
            )

    def _message(self, invoice: InvoiceRecord) -> str:
        said = [
            record.status.message
            for record in self._ledger.statuses(invoice_row=invoice.invoice_row)
            if record.status.kind == "invoice" and record.status.code == invoice.life_status
        ]
        return said[-1] if said else ""
