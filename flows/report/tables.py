"""The CSV files of a report: every invoice, and every finding, for a spreadsheet.

UTF-8 with a byte order mark and semicolons, as a French Excel opens them by a double click. Values
come from outside: one that a spreadsheet would take for a formula gets an apostrophe before it
(OWASP, CSV Injection).
"""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from typing import TextIO

from config.report_texts import ReportTexts
from flows.ledger import InvoiceRecord
from flows.report.told import layer_of, relevant
from transforms.display import Display, visible
from transforms.run_report import Told

_BYTE_ORDER_MARK = "\ufeff"
#: What begins a formula; the wide forms are taken for the plain ones by some spreadsheets.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

#: Blanks, and marks that show nothing, which a spreadsheet may pass over.
_BLANKS = " \u00a0\u2007\u202f\u3000\ufeff\u200b\u2060"
#: A mark that may separate cells elsewhere, before what then is a formula: of plus and minus, which
#: stand in many a text, only those that call something.
_FORMULA_INSIDE = re.compile(r"([,;|\t\r\n][\s\"']*)(?=[=@＝＠]|[-+－＋][^,;]*[(|!])")

_INVOICE = (
    "number",
    "type",
    "issue_date",
    "buyer",
    "buyer_id",
    "service_code",
    "engagement",
    "currency",
    "total",
    "state",
    "why",
    "note",
    "file",
    "first_line",
    "last_line",
    "flow",
    "member",
    "life_status",
    "life_at",
)
_FINDING = (
    "number",
    "buyer",
    "currency",
    "total",
    "state",
    "severity",
    "rule",
    "title",
    "message",
    "advice",
    "file",
    "line",
    "column",
    "value",
    "bt",
    "term",
    "layer",
    "flow",
    "source",
    "path",
)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet runs: an apostrophe is put before a formula.

    A spreadsheet of another country splits at other marks than ours: what would begin a cell there
    is made harmless as well.
    """
    shown = visible(text)
    inside = shown[:1] + _FORMULA_INSIDE.sub(r"\1'", shown[1:])
    begins = shown.startswith(_FORMULA_STARTS) or shown.lstrip(_BLANKS).startswith(_FORMULA_STARTS)
    return f"'{inside}" if begins else inside


class Tables:
    """The two tables, written row by row."""

    def __init__(
        self, invoices: TextIO, findings: TextIO, texts: ReportTexts, display: Display
    ) -> None:
        self._texts = texts
        self._display = display
        self._invoices = csv.writer(invoices, delimiter=";", lineterminator="\r\n")
        self._findings = csv.writer(findings, delimiter=";", lineterminator="\r\n")
        for stream, writer, columns in (
            (invoices, self._invoices, _INVOICE),
            (findings, self._findings, _FINDING),
        ):
            stream.write(_BYTE_ORDER_MARK)
            writer.writerow(texts(f"column.{name}") for name in columns)

    def invoice(self, invoice: InvoiceRecord, told: tuple[Told, ...]) -> None:
        """Write an invoice, and each of its findings."""
        why = dict.fromkeys(each.title for each in relevant(invoice.state, told))
        row = {
            "number": invoice.number,
            "type": invoice.type_code,
            "issue_date": self._display.day(invoice.issue_date),
            "buyer": invoice.buyer_name,
            "buyer_id": invoice.buyer_id,
            "service_code": invoice.service_code,
            "engagement": invoice.engagement,
            "currency": invoice.currency,
            "state": self._texts.named("state", invoice.state.value),
            "why": " | ".join(why),
            "note": invoice.reason,
            "file": invoice.file,
            "first_line": str(invoice.first_line),
            "last_line": str(invoice.last_line),
            "flow": invoice.flow_id,
            "member": invoice.member_id,
            "life_status": " ".join(filter(None, (invoice.life_status, invoice.life_label))),
            "life_at": self._display.moment(invoice.life_at),
        }
        cells = {name: harmless(value or "") for name, value in row.items()}
        cells["total"] = self._amount(invoice.total)
        self._invoices.writerow(cells[name] for name in _INVOICE)
        for each in told:
            self.finding(invoice, each)

    def finding(self, invoice: InvoiceRecord | None, told: Told) -> None:
        """Write a finding; ``invoice`` is None for one about a row, a file or a flow."""
        row = {
            "severity": self._texts.named("severity", told.severity),
            "rule": told.rule,
            "title": told.title,
            "message": told.message,
            "advice": told.advice,
            "file": told.file,
            "line": "" if told.line is None else str(told.line),
            "column": told.column,
            "value": told.value,
            "bt": told.bt,
            "term": told.term,
            "layer": self._texts.named("layer", layer_of(told.rule)),
            "source": told.source,
            "path": told.path,
        }
        if invoice is not None:
            row |= {
                "number": invoice.number or "",
                "buyer": invoice.buyer_name or "",
                "currency": invoice.currency or "",
                "state": self._texts.named("state", invoice.state.value),
                "flow": invoice.flow_id or "",
            }
        cells = {name: harmless(value) for name, value in row.items()}
        cells["total"] = self._amount(invoice.total if invoice else None)
        self._findings.writerow(cells.get(name, "") for name in _FINDING)

    def _amount(self, value: Decimal | None) -> str:
        """Return an amount as a number of the language, without marks between thousands."""
        if value is None:
            return ""
        text = format(value, "f")
        return text.replace(".", ",") if self._texts.language == "fr" else text
