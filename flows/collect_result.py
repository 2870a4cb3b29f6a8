"""What a collect did, for the run, the command line and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flows.errors import ChannelRefusedError, ExitCode, TransportError, worst
from transforms.finding import Finding

#: A return file that stays on the server, as it cannot be had.
NOT_FETCHED = "RT-FILE-02"

#: Findings that ask for a person at once. A rejection is an outcome like others, and an unknown
#: fate has until the deadline to settle itself.
GRAVE = frozenset(
    {
        NOT_FETCHED,
        "RT-STATUS-01",
        "RT-STATUS-03",
        "RT-FLOW-01",
        "RT-FLOW-02",
        "RT-FLOW-03",
        "RT-FLOW-04",
        "RT-FLOW-06",
        "RT-REJECT-02",
        "RT-REJECT-03",
        "RT-DUPLICATE-03",
        "RT-DUPLICATE-04",
    }
)


@dataclass(frozen=True, slots=True)
class ToDo:
    """An invoice that waits for the supplier, on the portal (recycled, suspended, refused).

    ``code`` and ``label`` are those of its last life-cycle status, ``at`` its time.
    """

    invoice_row: int
    number: str
    run_id: str
    code: str
    label: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectResult:
    """What a collect fetched, and what became of flows and invoices by it.

    Attributes:
        fetched: names of the files fetched now.
        already_known: files of ``out`` (by name and size, or by hash) fetched before.
        not_understood: names of the files kept aside, whole or in part.
        flow_statuses, invoice_statuses: statuses of flows and invoices of ours.
        foreign: statuses of flows and invoices that the ledger does not know.
        moved: number of invoices that changed, by new state.
        flows: new state of the flows that changed, by flow id.
        findings: what a person should know; those of invoices and files are in the ledger too.
        overdue: flows without a report after the deadline.
        unknown_overdue: numbers of invoices whose fate is still unknown after the deadline.
        to_do: invoices concerned by this collect that now wait for the supplier.
        runs_touched: runs whose reports should be written anew.
        problem: why the channel could not be asked to the end, or None.
    """

    fetched: tuple[str, ...] = ()
    already_known: int = 0
    not_understood: tuple[str, ...] = ()
    flow_statuses: int = 0
    invoice_statuses: int = 0
    foreign: int = 0
    moved: Mapping[str, int] = field(default_factory=dict)
    flows: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    overdue: tuple[str, ...] = ()
    unknown_overdue: tuple[str, ...] = ()
    to_do: tuple[ToDo, ...] = ()
    runs_touched: tuple[str, ...] = ()
    problem: TransportError | ChannelRefusedError | None = None

    @property
    def unplaced(self) -> tuple[Finding, ...]:
        """Return the findings of files that were not had: the ledger knows no such file."""
        return tuple(finding for finding in self.findings if finding.rule == NOT_FETCHED)

    @property
    def exit_code(self) -> ExitCode:
        """4 when a person must look, 3 when the channel failed, 1 after a rejection, else 0."""
        codes = []
        if self.problem is not None:
            codes.append(self.problem.exit_code)
        if self.attention:
            codes.append(ExitCode.ATTENTION)
        if self.moved.get("rejected") or self.moved.get("outcome_unknown"):
            codes.append(ExitCode.FINDINGS)
        return worst(*codes)

    @property
    def attention(self) -> tuple[str, ...]:
        """Why a person must look, in words; empty when nobody must."""
        why = [f"return file not understood: {name}" for name in self.not_understood]
        why += [f"flow without report: {flow_id}" for flow_id in self.overdue]
        why += [f"fate still unknown: {number}" for number in self.unknown_overdue]
        why += [
            f"{finding.rule}: {finding.value or finding.location.file}"
            for finding in self.findings
            if finding.rule in GRAVE
        ]
        return tuple(dict.fromkeys(why))

    def lines(self) -> list[str]:
        """Return the result as lines for a terminal."""
        lines = [
            f"return files: {len(self.fetched)} fetched, {self.already_known} known already",
            f"statuses: {self.flow_statuses} of flows, {self.invoice_statuses} of invoices, "
            f"{self.foreign} foreign",
        ]
        if self.moved:
            lines.append(
                "invoices: " + ", ".join(f"{count} {state}" for state, count in self.moved.items())
            )
        if self.to_do:
            lines.append(f"to do on the portal: {len(self.to_do)} invoices")
        lines += [f"attention: {reason}" for reason in self.attention]
        if self.problem is not None:
            lines.append(f"not finished: {self.problem}")
        return lines

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain data for ``--json``."""
        return {
            "fetched": list(self.fetched),
            "already_known": self.already_known,
            "not_understood": list(self.not_understood),
            "statuses": {
                "flow": self.flow_statuses,
                "invoice": self.invoice_statuses,
                "foreign": self.foreign,
            },
            "invoices": dict(self.moved),
            "flows": dict(self.flows),
            "overdue": list(self.overdue),
            "unknown_overdue": list(self.unknown_overdue),
            "to_do": [
                {
                    "number": todo.number,
                    "run": todo.run_id,
                    "status": todo.code,
                    "label": todo.label,
                    "at": todo.at.isoformat() if todo.at else None,
                }
                for todo in self.to_do
            ],
            "findings": [
                {
                    "rule": finding.rule,
                    "severity": finding.severity.value,
                    "value": finding.value,
                    "bt": finding.bt,
                    "params": dict(finding.params),
                }
                for finding in self.findings
            ],
            "runs_touched": list(self.runs_touched),
            "attention": list(self.attention),
            "problem": str(self.problem) if self.problem else None,
        }
