"""Findings in words, and invoices grouped by their main reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from config.catalogue import CatalogueError, Language, load_catalogue
from flows.ledger import InvoiceRecord, InvoiceState
from schemas.explain import explain
from schemas.platform_messages import COMPLETED_CUT
from transforms.balance import Tally
from transforms.balance_sheet import Figures
from transforms.finding import Finding
from transforms.run_report import Case, CaseGroup, Told


def tell(finding: Finding, language: Language) -> Told:
    """Return a finding in words.

    A rule that is not in the catalogue (of an older or newer release) is told by its id and the
    value seen: a poor line is better than no report.
    """
    place = finding.location
    try:
        words = explain(finding, language)
    except CatalogueError:
        title, message, advice = finding.rule, finding.value or "", ""
        source, bt, term = "", finding.bt or "", finding.bt or ""
    else:
        title, message, advice = words.title, words.message, words.advice
        source, bt, term = words.source, words.bt or "", words.term
    return Told(
        rule=finding.rule,
        severity=finding.severity.value,
        title=title,
        message=message,
        advice=advice,
        source=source,
        bt=bt,
        term=term,
        file=place.file,
        line=place.line,
        column=place.column or "",
        value=finding.value or "",
        path=place.xpath or "" if finding.of_xml else "",
    )


def layer_of(rule: str) -> str:
    """Return the layer of validation that a rule belongs to; empty when it is not known."""
    catalogue = load_catalogue()
    return catalogue.rule(rule).layer if rule in catalogue else ""


def _area_of(rule: str) -> str:
    catalogue = load_catalogue()
    return catalogue.rule(rule).area if rule in catalogue else ""


#: Which of its findings explain why an invoice is where it is.
_RELEVANT: dict[InvoiceState, Callable[[Told], bool]] = {
    InvoiceState.QUARANTINED: lambda told: told.severity != "warning",
    InvoiceState.WAITING: lambda told: _area_of(told.rule) == "attachments",
    InvoiceState.REJECTED: lambda told: layer_of(told.rule) == "platform",
    InvoiceState.DUPLICATE: lambda told: layer_of(told.rule) == "platform",
    InvoiceState.OUTCOME_UNKNOWN: lambda told: layer_of(told.rule) == "platform",
}


def relevant(state: InvoiceState, told: Sequence[Told]) -> tuple[Told, ...]:
    """Return the findings that explain a state, each once; all of them when none does.

    What follows a cut message of Chorus Pro that our own rules complete belongs to it.
    """
    wanted = _RELEVANT.get(state)
    completed = (rank for rank, each in enumerate(told) if each.rule in COMPLETED_CUT)
    first = next(completed, len(told))
    chosen = [e for rank, e in enumerate(told) if rank > first or wanted(e)] if wanted else []
    return tuple(dict.fromkeys(chosen or told))


class Sum:
    """Figures that grow."""

    def __init__(self) -> None:
        self.count = 0
        self._unreadable = 0
        self._amounts: dict[tuple[str, str], Decimal] = {}

    def add(self, invoice: InvoiceRecord) -> None:
        """Count one more invoice."""
        self.count += 1
        if invoice.total is None:
            self._unreadable += 1
            return
        key = (invoice.currency or "?", invoice.type_code or "?")
        before = self._amounts.get(key)
        self._amounts[key] = invoice.total if before is None else before + invoice.total

    def tally(self) -> Tally:
        """Return what was counted."""
        return Tally(self.count, dict(self._amounts), self._unreadable)

    def figures(self) -> Figures:
        """Return what was counted, for the report."""
        return Figures.of(self.tally())


def case_of(invoice: InvoiceRecord, told: tuple[Told, ...]) -> Case:
    """Return an invoice as a case of the report."""
    return Case(
        number=invoice.number or "",
        buyer=invoice.buyer_name or "",
        buyer_id=invoice.buyer_id or "",
        type_code=invoice.type_code or "",
        currency=invoice.currency or "",
        total=invoice.total,
        issue_date=invoice.issue_date,
        file=invoice.file,
        line=invoice.first_line,
        flow_id=invoice.flow_id or "",
        state=invoice.state.value,
        reason=invoice.reason or "",
        told=told,
    )


@dataclass(slots=True)
class _Group:
    title: str
    source: str
    sum: Sum = field(default_factory=Sum)
    cases: list[Case] = field(default_factory=list)


class CaseBook:
    """Invoices of one kind, grouped by the rule of their main finding."""

    def __init__(self, limit: int, *, untold: str) -> None:
        """Make an empty book.

        Args:
            limit: largest number of invoices kept per group; all are counted.
            untold: title of the group of the invoices that no finding explains.
        """
        self._limit = limit
        self._untold = untold
        self._groups: dict[str, _Group] = {}

    def add(self, invoice: InvoiceRecord, told: Sequence[Told]) -> None:
        """Add an invoice to the group of its first relevant finding."""
        reasons = relevant(invoice.state, told)
        rule = reasons[0].rule if reasons else ""
        group = self._groups.get(rule)
        if group is None:
            title, source = (reasons[0].title, reasons[0].source) if reasons else (self._untold, "")
            group = self._groups.setdefault(rule, _Group(title, source))
        group.sum.add(invoice)
        if len(group.cases) < self._limit:
            group.cases.append(case_of(invoice, reasons))

    def groups(self) -> tuple[CaseGroup, ...]:
        """Return the groups, largest first."""
        ordered = sorted(self._groups.items(), key=lambda item: (-item[1].sum.count, item[0]))
        return tuple(
            CaseGroup(
                rule=rule,
                title=group.title,
                source=group.source,
                figures=group.sum.figures(),
                cases=tuple(group.cases),
            )
            for rule, group in ordered
        )


def tell_all(findings: Iterable[Finding], language: Language) -> tuple[Told, ...]:
    """Return findings in words, in their order, each once."""
    return tuple(dict.fromkeys(tell(finding, language) for finding in findings))
