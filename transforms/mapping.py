"""From the rows of an invoice to the semantic model, as a profile says.

The profile is compiled once per process and set of columns; then each invoice is a walk over
tuples of text. Nothing is guessed: a cell that cannot be read as its term is a finding, and the
value stays absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from config.company import Company
from config.profile import Profile
from transforms.building import Reading
from transforms.completion import COMPANY_TERM, company_for, complete_from_company
from transforms.converters import ReadError
from transforms.currency_scale import as_meant
from transforms.enrichment import EnrichmentTable, enriched, key_terms
from transforms.finding import Finding
from transforms.grouping import InvoiceRows
from transforms.invoice import Invoice, InvoiceLine, Provenance
from transforms.own_account import own_payment
from transforms.plan import Plan
from transforms.shaping import Shaped, Shaper
from transforms.signs import negated
from transforms.vat_codes import with_reasons

#: What says whom an invoice goes to: BT-47 with its type, and BT-10.
_RECIPIENT = frozenset({"BT-47", "BT-47-1", "BT-10"})


@dataclass(frozen=True, slots=True)
class Peek:
    """What the parent needs of an invoice before a worker maps it."""

    number: str | None
    attachment_names: tuple[str, ...] = ()
    excluded_by: str | None = None
    """Name of the profile's filter that leaves the invoice out."""
    buyer: str | None = None
    """Identifier of the buyer (BT-47), exactly as it will be mapped."""
    service: str | None = None
    """Service code of the buyer (BT-10), exactly as it will be mapped."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """An invoice as mapped. ``findings`` are those of the mapping, not those of its rows.

    ``source_values`` is the canonical text of what the extract said (not of constants, company
    values or table results): see ``transforms.identity.content_hash``.
    """

    invoice: Invoice
    findings: tuple[Finding, ...]
    source_values: str


class Mapper:
    """The mapping of one profile and company; build it once per process.

    Args:
        profile: a profile without faults (``config.profile_check``).
        company: the firm's constants, if any.
        tables: what accountants keep beside the company file.
    """

    def __init__(
        self,
        profile: Profile,
        company: Company | None = None,
        tables: Sequence[EnrichmentTable] = (),
    ) -> None:
        self._profile = profile
        self._company = company
        self._tables = tuple(tables)
        #: Those that may say whom an invoice goes to.
        self._addressing = tuple(table for table in tables if _RECIPIENT & table.gives.keys())
        self._asked = key_terms(self._addressing)
        self._shaper = Shaper(profile)
        self._plans: dict[tuple[object, ...], Plan] = {}

    def peek(self, rows: InvoiceRows) -> Peek:
        """Return number, attachments, exclusion and recipient of an invoice without mapping it."""
        shaped = self._shaper.head(rows)
        plan = self._plan(rows, shaped)
        row = shaped.head
        if not rows.blocks[0].rows:
            buyer, service = self._addressed(plan, row)
            return Peek(None, buyer=buyer, service=service)
        number = None
        if plan.number is not None:
            try:
                number = plan.number.convert(row[plan.number.rank])[0]
            except ReadError:
                number = None
        names: tuple[str, ...] = ()
        if plan.attachments is not None:
            parts = row[plan.attachments].split(self._profile.attachment_separator)
            names = tuple(dict.fromkeys(name for part in parts if (name := part.strip())))
        excluded = next(
            (name for name, rank, cells in plan.filters if row[rank].strip() in cells),
            shaped.excluded_by,
        )
        buyer, service = self._addressed(plan, row)
        return Peek(number, names, excluded, buyer, service)

    def map(self, rows: InvoiceRows) -> Mapped:
        """Return the invoice that ``rows`` hold, with what is wrong in them."""
        shaped = self._shaper.shape(rows)
        plan = self._plan(rows, shaped)
        header = rows.blocks[0]
        reading = Reading(header.file, header.lines[0] if header.lines else 0)
        looked_up = _looked_up(plan, shaped.head)
        company = company_for(self._company, looked_up.get(COMPANY_TERM), reading)
        if company is not self._company:
            plan = self._plan(rows, shaped, company, looked_up[COMPANY_TERM])
        values = plan.header.values(shaped.head, reading)
        said = sorted(reading.said)
        heard = frozenset(text.partition("=")[0].partition("#")[0] for text in said)
        said += [f"{term}={text}" for term, text in looked_up.items() if text]
        flat = rows.is_flat
        if flat and len(header.rows) > 1:
            plan.compare(header, reading)
        reading.file = rows.lines_block.file
        if not flat or header.rows:
            built: list[InvoiceLine] = []
            for line, row in zip(shaped.numbers, shaped.lines, strict=True):
                reading.line = line
                reading.said = []
                built.append(plan.lines.build(row, reading))
                said.append("BG-25")
                said += sorted(reading.said)
            values["lines"] = tuple(built)
        reading.file = header.file
        reading.line = header.lines[0] if header.lines else 0
        values["provenance"] = Provenance(
            header.file,
            reading.line,
            plan.columns,
            tuple(shaped.numbers),
            None if flat else rows.lines_block.file,
        )
        invoice = Invoice(**{**plan.header.base, **values})
        invoice = self._finished(invoice, reading, heard, company)
        invoice = complete_from_company(invoice, looked_up, company, self._tables, reading)
        findings = (*shaped.findings, *reading.findings)
        return Mapped(invoice, findings, "\x1f".join(said))

    def _finished(
        self, invoice: Invoice, reading: Reading, heard: frozenset[str], company: Company | None
    ) -> Invoice:
        """Return the invoice completed; ``heard``: terms of the header the extract gave."""
        invoice = as_meant(invoice, self._profile, reading)
        credit = self._profile.credit_notes
        if invoice.type_code in credit.types:
            totals = credit.amounts == "negative"
            lines = (credit.lines or credit.amounts) == "negative"
            if totals or lines:
                invoice = negated(invoice, totals=totals, lines=lines)
        if reading.reasons or (company is not None and company.vat_reasons):
            invoice = with_reasons(invoice, reading, company)
        usual = company.values.get("BT-8") if company is not None else None
        if usual and invoice.tax_point_date and "BT-8" not in heard:
            # The extract gives the date (BT-7): the company's usual code (BT-8) is not meant.
            invoice = replace(invoice, vat_point_code=None)
        if invoice.payment is not None:
            invoice = replace(invoice, payment=own_payment(invoice, heard, company))
        return invoice

    def _addressed(self, plan: Plan, row: Sequence[str]) -> tuple[str | None, str | None]:
        """Return identifier and service code of the buyer, as the whole map makes them."""
        said = plan.recipient.values(row, Reading())
        addressed = Invoice(**{**plan.recipient.base, **said})
        addressed = enriched(addressed, _looked_up(plan, row), self._addressing, Reading())
        buyer = addressed.buyer.legal_id
        return buyer.value if buyer else None, addressed.buyer_reference

    def _plan(
        self,
        rows: InvoiceRows,
        shaped: Shaped,
        company: Company | None = None,
        code: str | None = None,
    ) -> Plan:
        """Return the plan of these columns; of a company code of its own when one is given."""
        if code is None:
            company = self._company
        elif company is None:
            code = ""  # all codes that are not listed have the same plan: that of no company
        raw = rows.blocks[0].columns
        lines = rows.lines_block.columns
        joined = tuple((block.side, block.columns) for block in rows.blocks if block.side)
        key = (raw, lines, joined, code)
        plan = self._plans.get(key)
        if plan is None:
            full = self._shaper.shape(rows) if not shaped.line_columns else shaped
            plan = self._plans[key] = Plan(
                self._profile, company, full.columns, full.line_columns, len(raw), self._asked
            )
        return plan


def _looked_up(plan: Plan, row: Sequence[str]) -> Mapping[str, str]:
    """Return what the header says of company, customer and payment terms."""
    return {term: row[rank].strip() for term, rank in plan.lookups.items()}
