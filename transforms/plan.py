"""A profile compiled for the columns of a file: which cell feeds which field, and how."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

from config.company import Company
from config.profile import Profile, TermSource
from config.terms import DECIMAL_KINDS, Level, Term, registry
from transforms.building import Builder, Cell, Finish, Reading, Wiring, compile_tree
from transforms.converters import checked_siret, converter
from transforms.formulas import Formula, column_of, formulas
from transforms.grouping import RowBlock
from transforms.invoice import Invoice, InvoiceLine
from transforms.vat_codes import CODE_FIELD, vat_finish

#: The column of file names: for the parent, not for the model.
ATTACHMENTS = "CF-ATTACHMENTS"

#: Terms that only feed look-ups in the company's tables: never part of the model.
LOOKUPS = ("CF-COMPANY", "CF-CUSTOMER", "CF-PAYMENT-TERMS")

#: What the parent looks up before a worker maps an invoice: BT-47 with its type, and BT-10.
_RECIPIENT = frozenset(
    {("buyer", "legal_id", "value"), ("buyer", "legal_id", "scheme"), ("buyer_reference",)}
)

#: Objects with a VAT category: path, level, its fields, its terms, the term of the ERP's code.
_VAT_PLACES: tuple[tuple[str, Level, tuple[str, str], tuple[str, str], str], ...] = (
    ("", "line", ("vat_category", "vat_rate"), ("BT-151", "BT-152"), "CF-LINE-VAT"),
    (
        "allowances[BG-20]",
        "document",
        ("vat_category", "vat_rate"),
        ("BT-95", "BT-96"),
        "CF-ALLOWANCE-VAT",
    ),
    (
        "allowances[BG-21]",
        "document",
        ("vat_category", "vat_rate"),
        ("BT-102", "BT-103"),
        "CF-CHARGE-VAT",
    ),
    ("vat[BG-23]", "document", ("category", "rate"), ("BT-118", "BT-119"), "CF-VAT"),
)


class Plan:
    """How rows with given columns become an invoice.

    Attributes:
        header, lines: builders of the document and of one line.
        columns: the column each term is read from, for locations.
        recipient: builder of an invoice that only says who it is sent to (BT-47, BT-10).
        number: the cell of BT-1, when the file has it.
        attachments: rank of the column of file names, when the file has it.
        lookups: rank of the column of each term of ``LOOKUPS`` that the file has.
        filters: (name, rank, excluding cells) of each filter whose column the file has.

    Args:
        raw: how many of the header columns are the file's own; the others were joined or derived.
        asked: terms that tables are asked by (``transforms.enrichment``): who it is sent to may
            depend on them.
    """

    def __init__(
        self,
        profile: Profile,
        company: Company | None,
        header_columns: tuple[str, ...],
        line_columns: tuple[str, ...],
        raw: int,
        asked: frozenset[str] = frozenset(),
    ) -> None:
        self._profile = profile
        self._company = company
        found = formulas(profile)
        present = {*header_columns, *line_columns}
        #: The file's column that a computed one is told as.
        self._shown = {
            **_shown(found.header, present),
            **_shown(found.lines, present),
        }
        self.lookups: dict[str, int] = {}
        self.columns: dict[str, str] = {}
        header_ranks = {column: rank for rank, column in enumerate(header_columns)}
        line_ranks = {column: rank for rank, column in enumerate(line_columns)}
        document = list(self._wirings("document", header_ranks))
        line = list(self._wirings("line", line_ranks))
        finishes = self._finishes("document")
        self.header: Builder = compile_tree(Invoice, document, finishes)
        paths = [registry().terms[term].path for term in asked]
        needed = _RECIPIENT | {tuple(path.split(".")) for path in paths if path}
        addressed = [wired for wired in document if wired.path in needed]
        self.recipient: Builder = compile_tree(Invoice, addressed, finishes)
        self.lines: Builder = compile_tree(InvoiceLine, line, self._finishes("line"))
        self.number = next(
            (wired.cell for wired in document if wired.cell and wired.cell.term == "BT-1"), None
        )
        source = profile.header.get(ATTACHMENTS)
        self.attachments = header_ranks.get(source.column) if source and source.column else None
        self.filters = tuple(
            (item.name, header_ranks[item.column], item.values)
            for item in profile.filters
            if item.column is not None and item.column in header_ranks
        )
        watched = {
            wired.cell.rank: (wired.cell.term, wired.cell.column)
            for wired in document
            if wired.cell and wired.cell.rank < raw
        }
        for formula in found.header:
            for name in formula.node.columns:
                rank = header_ranks.get(name, raw)
                if rank < raw:
                    watched.setdefault(rank, (formula.term or "", name))
        #: (rank, term, column) of each cell that every row of a flat invoice must repeat.
        self._repeated = tuple((rank, *named) for rank, named in watched.items())
        ranks = list(watched)
        self._head = itemgetter(*ranks, *ranks[:1]) if ranks else tuple

    def compare(self, block: RowBlock, reading: Reading) -> None:
        """Report header cells that change from one row of the invoice to the next.

        A blank cell on a later row repeats nothing and is no contradiction; a value there that
        the first row does not give is one, for it cannot be known which is right.
        """
        first = self._head(block.rows[0])
        told: set[int] = set()
        for line, row in zip(block.lines[1:], block.rows[1:], strict=True):
            if self._head(row) == first:
                continue
            for rank, term, column in self._repeated:
                was, now = block.rows[0][rank].strip(), row[rank].strip()
                if now and now != was and rank not in told:
                    told.add(rank)
                    reading.line = line
                    reading.report(
                        "MP-HEADER-01",
                        bt=term or None,
                        column=column,
                        value=now,
                        params={"first": was, "first_line": str(block.lines[0])},
                    )

    # -- wiring ----------------------------------------------------------------------------------

    def _wirings(self, level: Level, ranks: Mapping[str, int]) -> Iterator[Wiring]:
        terms = registry().terms
        section = self._profile.header if level == "document" else self._profile.lines
        for key, source in section.items():
            yield from self._wiring(terms[key], source, ranks, "0")
        for repeated in self._profile.repeated:
            group = registry().groups[repeated.group]
            if group.level != level:
                continue
            for rank in range(1, repeated.count + 1):
                for key, source in repeated.terms.items():
                    yield from self._wiring(terms[key], source, ranks, str(rank))
                for name, value in group.fixed.items():
                    path = self._path(f"{group.path}.{name}", repeated.group, str(rank))
                    yield Wiring(path, complement=value)

    def _wiring(
        self,
        term: Term,
        source: TermSource,
        ranks: Mapping[str, int],
        instance: str,
    ) -> Iterator[Wiring]:
        path = term.path
        column = column_of(source, term.id, instance)
        if path is None:
            if term.id == ATTACHMENTS:
                if column in ranks:
                    self.columns["BG-24"] = self.columns[ATTACHMENTS] = str(column)
                return
            if term.id in LOOKUPS:
                if column is not None and column in ranks:
                    self.columns[term.id] = self._shown.get(column, column)
                    self.lookups[term.id] = ranks[column]
                return
            groups = registry().groups
            path = f"{groups[term.group].path}.{CODE_FIELD}" if term.group else CODE_FIELD
        wired = Wiring(self._path(path, term.group, instance))
        if column is not None and column in ranks:
            shown = self._shown.get(column, column)
            self.columns.setdefault(term.id, shown)
            repeats = f"#{instance}" if instance != "0" else ""
            units = self._company.units if self._company else {}
            wired.cell = Cell(
                wired.path[-1],
                ranks[column],
                converter(term, source, self._profile, units),
                term.id,
                shown,
                f"{term.id}{repeats}=",
            )
        if source.company and self._company is not None and instance in ("0", "1"):
            wired.given = _fixed(term, self._company.values.get(term.id))
        wired.complement = _fixed(term, source.constant or source.default)
        yield wired

    @staticmethod
    def _path(path: str, group: str | None, instance: str) -> tuple[str, ...]:
        steps = path.split(".")
        return tuple(step.replace("[]", f"[{group}.{instance}]") for step in steps)

    def _finishes(self, level: Level) -> Mapping[str, Finish]:
        found: dict[str, Finish] = {}
        codes = self._company.vat_codes if self._company else {}
        for path, its_level, (category, rate), terms, code_term in _VAT_PLACES:
            if its_level == level:
                found[path] = vat_finish(
                    codes,
                    self.columns,
                    category=category,
                    rate=rate,
                    terms=terms,
                    code_term=code_term,
                    company_file=self._company.file_name if self._company else "",
                )
        if level == "document":
            for term in registry().terms.values():
                if term.siret and term.path is not None:
                    path = term.path.rpartition(".")[0]
                    source = self._profile.header.get(term.id)
                    found[path] = self._siret(term.id, pad=bool(source and source.pad))
        return found

    def _siret(self, term: str, *, pad: bool) -> Finish:
        columns = self.columns

        def finish(values: dict[str, Any], reading: Reading) -> None:
            value = values.get("value")
            if value is None:
                return
            values["value"], rule = checked_siret(value, values.get("scheme"), pad=pad)
            if rule is not None:
                reading.report(rule, bt=term, column=columns.get(term), value=value)

        return finish


def _shown(computed: Iterable[Formula], present: Collection[str]) -> dict[str, str]:
    """Return the column of the file that each computed one is read from, as far as one is there."""
    found: dict[str, str] = {}
    for formula in computed:  # each may use those before it
        names = [found.get(name, name) for name in formula.node.columns]
        there = (name for name in names if name in present)
        found[formula.name] = next(there, next(iter(names), formula.name))
    return found


def _fixed(term: Term, text: str | None) -> Any:
    """Return the value of a constant, a default or a company value: ISO dates, decimal points."""
    if text is None or text == "":
        return None
    if term.kind in DECIMAL_KINDS:
        return Decimal(text)
    if term.kind == "date":
        return date.fromisoformat(text)
    return "".join(text.split()) if term.compact else text
