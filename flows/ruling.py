"""What settling a flow makes of its invoices, and what a person should know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from flows.duplicates import Basis, Precedent
from flows.ledger import FlowState, InvoiceRecord, InvoiceState
from schemas.explain import explain_platform_message
from transforms.finding import Finding, Severity
from transforms.settlement import Fate, Settlement, Verdict
from transforms.statuses import ErrorLine, FlowStatusReport

#: Characters of a reason kept in the ledger.
REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of an invoice: its state, and what that rests on."""

    state: InvoiceState
    verdict: Verdict
    precedent: Precedent | None = None

    @property
    def earlier(self) -> str | None:
        """The earlier flow that had brought the invoice, when that is how it is there."""
        known = self.precedent
        return known.flow_id if known is not None and known.basis is Basis.RESENT else None

    @property
    def reason(self) -> str:
        """Why, in words for the ledger."""
        if self.earlier is None:
            return self.said
        return f"brought by flow {self.earlier}: {self.said}"[:REASON_LENGTH]

    @property
    def said(self) -> str:
        """What Chorus Pro said: the texts of the error lines, else the words of the status."""
        if not self.verdict.errors and self.verdict.report is not None:
            return words_of(self.verdict.report)
        return _texts_of(self.verdict.errors)


class Findings:
    """The findings about one flow and its invoices."""

    def __init__(self, flow_id: str, columns: Mapping[str, str]) -> None:
        """Make findings about ``flow_id``; ``columns`` are the ERP's, by business term."""
        self._flow_id = flow_id
        self._columns = columns

    def of_invoice(
        self,
        invoice: InvoiceRecord,
        ruling: Ruling,
        settlement: Settlement,
        *,
        number_taken: Callable[[InvoiceRecord], bool],
    ) -> list[Finding]:
        """Return what is told of an invoice that changed.

        Args:
            invoice: as it was before.
            ruling: what becomes of it.
            settlement: of its flow.
            number_taken: tells whether another invoice holds its number by now.
        """
        verdict = ruling.verdict
        facts = {"number": invoice.number or "", "flow": self._flow_id}
        found: list[Finding] = []
        alone = len(settlement.verdicts) == 1
        match verdict.fate:
            case Fate.UNKNOWN:
                found.append(self.about_flow("RT-OUTCOME-01", facts))
            case Fate.DUPLICATE:
                found += self._of_duplicate(invoice, ruling, facts)
            case Fate.REJECTED if settlement.packaging:
                found.append(self.about_flow("RT-REJECT-04", facts))
            case Fate.REJECTED if not verdict.errors or not (verdict.named or alone):
                found.append(self.about_flow("RT-REJECT-01", facts))
            case _:  # in a flow of one, what is said of the flow is said of the invoice
                found += self._explained(verdict.errors)
        if verdict.fate is Fate.INTEGRATED and (
            invoice.state in {InvoiceState.REJECTED, InvoiceState.DUPLICATE} or verdict.contradicted
        ):
            found.append(self.about_flow("RT-REJECT-02", facts))
            if number_taken(invoice):
                found.append(self.about_flow("RT-REJECT-03", facts))
        return found

    def _of_duplicate(
        self, invoice: InvoiceRecord, ruling: Ruling, facts: Mapping[str, str]
    ) -> list[Finding]:
        known = ruling.precedent or Precedent(Basis.NONE)
        params = {
            **facts,
            "said": ruling.said,
            "place": known.place,
            "here": f"{invoice.file}:{invoice.first_line}",
            "state": known.state,
        }
        if known.flow_id:  # an invoice of a former tool was sent in a flow that nobody knows
            params["earlier"] = known.flow_id
        settled = known.rule == "RT-DUPLICATE-02"
        severity = Severity.WARNING if settled else Severity.ERROR
        told = self.about_flow(known.rule, params, severity)
        found = [replace(told, bt="BT-1", value=invoice.number)]
        # What else Chorus Pro says of it matters only when somebody has to look.
        also = [] if settled else self._explained(ruling.verdict.errors)
        return found + [one for one in also if one.rule != "RT-DUPLICATE-01"]

    def of_flow(
        self, settlement: Settlement, state: FlowState, reports: Sequence[FlowStatusReport]
    ) -> list[Finding]:
        """Return what is told of a flow that comes to ``state``."""
        found: list[Finding] = []
        if settlement.contradictory:
            found.append(self.about_flow("RT-FLOW-01", {}))
        if state is FlowState.INCIDENT:
            rule = "RT-FLOW-04" if settlement.received_before else "RT-FLOW-02"
            found.append(self.about_flow(rule, {"detail": words_of(reports[-1])}))
        if settlement.packaging:
            found.append(
                self.about_flow("RT-FLOW-06", {"detail": _texts_of(settlement.unattributed)})
            )
        elif len(settlement.verdicts) > 1 or state is not FlowState.REJECTED:
            found += self._explained(settlement.unattributed)
        return found

    def _explained(self, lines: Iterable[ErrorLine]) -> list[Finding]:
        found: list[Finding] = []
        for line in lines:
            # The description may only name the member: read with the label, it would spoil it.
            named = " ".join(part for part in (line.nature, line.code) if part)
            text = line.label or line.description or named
            found += explain_platform_message(text, self._columns)
        return found

    def about_flow(
        self, rule: str, params: Mapping[str, str], severity: Severity = Severity.ERROR
    ) -> Finding:
        """Return a finding whose value is the flow."""
        return Finding(rule, severity, value=self._flow_id, params=dict(params))


def words_of(report: FlowStatusReport) -> str:
    """Return a status as a few words for the ledger: its number and what came with it."""
    said = " – ".join(text for text in (report.complement, report.comment) if text)
    return f"{report.raw_code} {said}".strip()[:REASON_LENGTH]


def _texts_of(lines: Iterable[ErrorLine]) -> str:
    texts = [line.label or line.description or line.code for line in lines]
    return " | ".join(dict.fromkeys(texts))[:REASON_LENGTH]
