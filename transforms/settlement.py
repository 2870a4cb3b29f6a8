"""What the reports of a flow say of each of its invoices.

A pure function of all that is known, whatever the order in which it came: settling again with one
more report gives what settling at once would have given. Rules, from the most to the least sure:

1. An invoice with a life-cycle status exists: it is integrated, whatever a report says; unless the
   report says that its number was there before, for then the status is the other's.
2. A report whose ``IdFlux`` is a member's own id speaks of this member alone. The archive and its
   first member share their id: it is the archive's, unless other members have reports of their own.
3. The last report of the flow decides the rest: integrated and rejected go for all members;
   after a partial integration the members named by an error line are rejected, and the others
   integrated only when each line names one member and no line is missing.
4. What is left is unknown: never taken for integrated, never free to be sent again.

A report that only says that the flow id was received before repeats what it says of no invoice: it
never takes another report back, and alone it is an incident.

Source: AIFE, CPPStatutPivot V1_19, which does not oblige a report to name the invoice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

from config.status_settings import FlowOutcome
from config.statuses import StatusTable, load_statuses
from transforms.error_lines import Member, attribute
from transforms.naming import FLOW_ID_LENGTH, MEMBER_EXTENSION
from transforms.statuses import ErrorLine, FlowStatusReport, Meaning

#: Tells what an error line says beyond the invoice itself (``schemas.platform_messages``).
Reads: TypeAlias = Callable[[ErrorLine], Collection[Meaning]]


class Fate(StrEnum):
    """What is known of an invoice after the reports of its flow."""

    PENDING = "pending"  # nothing decisive has come
    INTEGRATED = "integrated"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"  # rejected because its number was there before
    UNKNOWN = "outcome_unknown"


class FlowFate(StrEnum):
    """What is known of a flow."""

    PENDING = "pending"
    INTEGRATED = "integrated"
    PARTIAL = "partial"
    REJECTED = "rejected"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fate of one invoice, and the report and error lines it rests on.

    ``contradicted`` when a life-cycle status shows that a rejected invoice exists after all.
    """

    fate: Fate
    errors: tuple[ErrorLine, ...] = ()
    report: FlowStatusReport | None = None
    named: bool = False  # by its own id or by an error line
    contradicted: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """The fate of a flow and, by row, of its invoices.

    Attributes:
        arrived: whether anything shows that Chorus Pro has received the flow.
        contradictory: whether a report takes back a rejection.
        unattributed: error lines of the flow's last report that name no member for sure.
        packaging: the flow was refused for its name or compression, not for its invoices.
        received_twice: a second copy of the flow was refused, beside the result of the first.
        received_before: all that is said is that the flow id was received before.
    """

    fate: FlowFate
    verdicts: Mapping[int, Verdict]
    arrived: bool
    contradictory: bool
    unattributed: tuple[ErrorLine, ...] = ()
    packaging: bool = False
    received_twice: bool = False
    received_before: bool = False


def bare_flow_id(text: str) -> str:
    """Return the flow id in ``text``, which may be a whole flow name or a member's file name."""
    return text.strip().removesuffix(MEMBER_EXTENSION)[-FLOW_ID_LENGTH:]


def outcome_of(report: FlowStatusReport, table: StatusTable | None = None) -> FlowOutcome | None:
    """Return what the status of ``report`` means for its invoices; None when it is unknown.

    Args:
        report: status of a flow.
        table: what statuses mean; None: what ships with the project.
    """
    status = (table or load_statuses()).of_flow(report.code)
    return status.outcome if status else None


def settle(
    flow_id: str,
    members: Sequence[Member],
    reports: Sequence[FlowStatusReport],
    *,
    confirmed: Collection[int],
    table: StatusTable | None = None,
    reads: Reads = lambda _line: (),
) -> Settlement:
    """Return the fate of the flow and of each of its invoices.

    Args:
        flow_id: the 25 characters of the flow.
        members: its invoices, in their order in the archive.
        reports: every report of the flow or of a member, in the order of arrival.
        confirmed: rows of the invoices that a life-cycle status shows to exist.
        table: what statuses mean; None: what ships with the project.
        reads: tells duplicates and refused flows from the texts of error lines.
    """
    return _Settling(flow_id, members, table or load_statuses(), reads).settle(reports, confirmed)


class _Settling:
    """Settles one flow."""

    def __init__(
        self, flow_id: str, members: Sequence[Member], table: StatusTable, reads: Reads
    ) -> None:
        self._flow_id = flow_id
        self._members = members
        self._table = table
        self._reads = reads
        self._echoes_decide = False

    def settle(self, reports: Sequence[FlowStatusReport], confirmed: Collection[int]) -> Settlement:
        decisive = [r for r in reports if self._of_table(r) not in (None, "pending")]
        echoes = [report for report in decisive if self._is_echo(report)]
        self._echoes_decide = len(echoes) == len(decisive)
        if not self._echoes_decide:
            decisive = [report for report in decisive if not self._is_echo(report)]
        general, own = self._sorted_out(decisive)
        verdicts = self._verdicts(general, own)
        for row in confirmed:
            verdict = verdicts.get(row)
            if verdict is not None and verdict.fate is not Fate.DUPLICATE:
                contradicted = verdict.fate is Fate.REJECTED
                verdicts[row] = Verdict(Fate.INTEGRATED, contradicted=contradicted)
        outcomes = [self._outcome(report) for report in general]
        named, left = self._attributed(general[-1]) if general else ({}, ())
        return Settlement(
            fate=_flow_fate(verdicts, outcomes[-1] if outcomes else None),
            verdicts=verdicts,
            arrived=bool(reports) or bool(confirmed),
            contradictory=any(
                before == "rejected" and after != "rejected" for before, after in pairwise(outcomes)
            ),
            unattributed=left,
            packaging=bool(general)
            and outcomes[-1] == "rejected"
            and not named
            and self._all(left, Meaning.PACKAGING),
            received_twice=bool(echoes) and not self._echoes_decide,
            received_before=bool(echoes) and self._echoes_decide,
        )

    def _verdicts(
        self, general: Sequence[FlowStatusReport], own: Mapping[int, FlowStatusReport]
    ) -> dict[int, Verdict]:
        # With the first member's own report there, a member without one is not merely waiting:
        # the shared id may have meant the archive after all.
        first = next((m.row for m in self._members if m.member_id == self._flow_id), None)
        if general:
            verdicts = self._by_flow(general[-1])
        else:
            silent = Fate.UNKNOWN if first in own else Fate.PENDING
            verdicts = {member.row: Verdict(silent) for member in self._members}
        for row, report in own.items():
            verdicts[row] = self._by_own_report(report)
        return verdicts

    # -- reports ---------------------------------------------------------------------------------

    def _of_table(self, report: FlowStatusReport) -> FlowOutcome | None:
        return outcome_of(report, self._table)

    def _outcome(self, report: FlowStatusReport) -> FlowOutcome | None:
        # Whatever was received before under this id is not said to be these invoices.
        if self._echoes_decide and self._is_echo(report):
            return "incident"
        return self._of_table(report)

    def _is_echo(self, report: FlowStatusReport) -> bool:
        return self._of_table(report) == "rejected" and self._all(report.errors, Meaning.FLOW_TWICE)

    def _sorted_out(
        self, decisive: Sequence[FlowStatusReport]
    ) -> tuple[list[FlowStatusReport], dict[int, FlowStatusReport]]:
        """Return the flow's decisive reports by time, and the last one of each member's own."""
        rows = {member.member_id: member.row for member in self._members}
        shared: list[FlowStatusReport] = []
        own: dict[int, FlowStatusReport] = {}
        # sorted() is stable: equal times keep the order of arrival.
        for report in sorted(decisive, key=lambda report: report.stamp.order):
            named = bare_flow_id(report.flow_id)
            if named == self._flow_id or named not in rows:
                shared.append(report)
            else:
                own[rows[named]] = report
        if not own or self._flow_id not in rows:
            return shared, own
        # Members are reported one by one: the shared id means the first of them, unless it says
        # "in part", which only an archive can be.
        general: list[FlowStatusReport] = []
        for report in shared:
            if self._outcome(report) in ("integrated", "rejected"):
                own[rows[self._flow_id]] = report
            else:
                general.append(report)
        return general, own

    # -- verdicts --------------------------------------------------------------------------------

    def _by_flow(self, report: FlowStatusReport) -> dict[int, Verdict]:
        match self._outcome(report):
            case "integrated":
                return {m.row: Verdict(Fate.INTEGRATED, report=report) for m in self._members}
            case "rejected":
                return self._by_lines(report, Fate.REJECTED)
            case "partial":
                return self._by_lines(report, None)
            case _:
                return {m.row: Verdict(Fate.UNKNOWN, report=report) for m in self._members}

    def _by_lines(self, report: FlowStatusReport, rest: Fate | None) -> dict[int, Verdict]:
        """Reject the members that error lines name; ``rest`` None: read it off the lines."""
        named, left = self._attributed(report)
        if rest is None:
            complete = (report.announced_errors or 0) <= len(report.errors)
            rest = Fate.INTEGRATED if named and not left and complete else Fate.UNKNOWN
        elif any(Meaning.DUPLICATE in self._reads(line) for line in left):
            # One of those that no line names is a duplicate: which one, only all or one tell.
            alone = len(self._members) - len(named) == 1
            sure = alone or self._all(left, Meaning.DUPLICATE)
            rest = Fate.DUPLICATE if sure else Fate.UNKNOWN
        verdicts = {member.row: Verdict(rest, left, report) for member in self._members}
        for row, errors in named.items():
            verdicts[row] = Verdict(self._refusal(errors), errors, report, named=True)
        return verdicts

    def _by_own_report(self, report: FlowStatusReport) -> Verdict:
        match self._outcome(report):
            case "integrated":
                fate = Fate.INTEGRATED
            case "rejected":
                fate = self._refusal(report.errors)
            case _:  # a part of one invoice, or an incident
                fate = Fate.UNKNOWN
        return Verdict(fate, report.errors, report, named=True)

    def _refusal(self, errors: Sequence[ErrorLine]) -> Fate:
        duplicate = any(Meaning.DUPLICATE in self._reads(line) for line in errors)
        return Fate.DUPLICATE if duplicate else Fate.REJECTED

    def _attributed(
        self, report: FlowStatusReport
    ) -> tuple[dict[int, tuple[ErrorLine, ...]], tuple[ErrorLine, ...]]:
        return attribute(report.errors, self._flow_id, self._members)

    def _all(self, lines: Sequence[ErrorLine], meaning: Meaning) -> bool:
        return bool(lines) and all(meaning in self._reads(line) for line in lines)


def _flow_fate(verdicts: Mapping[int, Verdict], outcome: FlowOutcome | None) -> FlowFate:
    fates = {verdict.fate for verdict in verdicts.values()}
    if not fates or Fate.PENDING in fates:
        return FlowFate.PENDING
    if fates == {Fate.INTEGRATED}:
        return FlowFate.INTEGRATED
    if fates <= {Fate.REJECTED, Fate.DUPLICATE}:
        return FlowFate.REJECTED
    return FlowFate.INCIDENT if outcome == "incident" else FlowFate.PARTIAL
