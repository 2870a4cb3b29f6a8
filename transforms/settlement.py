"""What the reports of a flow say of each of its invoices.

A pure function of all that is known, whatever the order in which it came: settling again with one
more report gives what settling at once would have given. Rules, from the most to the least sure:

1. An invoice with a life-cycle status exists: it is integrated, whatever a report says.
2. A report whose ``IdFlux`` is a member's own id speaks of this member alone. The archive and its
   first member share their id: it is the archive's, unless other members have reports of their own.
3. The last report of the flow decides the rest: integrated and rejected go for all members;
   after a partial integration the members named by an error line are rejected, and the others
   integrated only when each line names one member and no line is missing.
4. What is left is unknown: never taken for integrated, never free to be sent again.

Source: AIFE, CPPStatutPivot V1_19, which does not oblige a report to name the invoice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from config.settings import FlowOutcome
from config.statuses import load_statuses
from transforms.error_lines import Member, attribute
from transforms.naming import FLOW_ID_LENGTH, MEMBER_EXTENSION
from transforms.statuses import ErrorLine, FlowStatusReport


class Fate(StrEnum):
    """What is known of an invoice after the reports of its flow."""

    PENDING = "pending"  # nothing decisive has come
    INTEGRATED = "integrated"
    REJECTED = "rejected"
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
    """

    fate: FlowFate
    verdicts: Mapping[int, Verdict]
    arrived: bool
    contradictory: bool
    unattributed: tuple[ErrorLine, ...] = ()


def bare_flow_id(text: str) -> str:
    """Return the flow id in ``text``, which may be a whole flow name or a member's file name."""
    return text.strip().removesuffix(MEMBER_EXTENSION)[-FLOW_ID_LENGTH:]


def outcome_of(
    report: FlowStatusReport, overrides: Mapping[int, FlowOutcome]
) -> FlowOutcome | None:
    """Return what the status of ``report`` means for its invoices; None when it is unknown.

    Args:
        report: status of a flow.
        overrides: ``settings.returns.flow_outcomes``.
    """
    if report.code is not None and report.code in overrides:
        return overrides[report.code]
    status = load_statuses().of_flow(report.code)
    return status.outcome if status else None


def settle(
    flow_id: str,
    members: Sequence[Member],
    reports: Sequence[FlowStatusReport],
    *,
    confirmed: Collection[int],
    overrides: Mapping[int, FlowOutcome],
) -> Settlement:
    """Return the fate of the flow and of each of its invoices.

    Args:
        flow_id: the 25 characters of the flow.
        members: its invoices, in their order in the archive.
        reports: every report of the flow or of a member, in the order of arrival.
        confirmed: rows of the invoices that a life-cycle status shows to exist.
        overrides: ``settings.returns.flow_outcomes``.
    """
    general, own = _decisive(flow_id, members, reports, overrides)
    # With the first member's own report there, a member without one is not merely waiting: the
    # shared id may have meant the archive after all.
    first = next((member.row for member in members if member.member_id == flow_id), None)
    if general:
        verdicts = _by_flow(general[-1], members, flow_id, overrides)
    else:
        silent = Fate.UNKNOWN if first in own else Fate.PENDING
        verdicts = {member.row: Verdict(silent) for member in members}
    for row, report in own.items():
        verdicts[row] = _by_own_report(report, overrides)
    for row in confirmed:
        if (verdict := verdicts.get(row)) is not None:
            contradicted = verdict.fate is Fate.REJECTED
            verdicts[row] = Verdict(Fate.INTEGRATED, contradicted=contradicted)
    outcomes = [outcome_of(report, overrides) for report in general]
    return Settlement(
        fate=_flow_fate(verdicts, outcomes[-1] if outcomes else None),
        verdicts=verdicts,
        arrived=bool(reports) or bool(confirmed),
        contradictory=any(
            before == "rejected" and after != "rejected" for before, after in pairwise(outcomes)
        ),
        unattributed=attribute(general[-1].errors, flow_id, members)[1] if general else (),
    )


def _decisive(
    flow_id: str,
    members: Sequence[Member],
    reports: Sequence[FlowStatusReport],
    overrides: Mapping[int, FlowOutcome],
) -> tuple[list[FlowStatusReport], dict[int, FlowStatusReport]]:
    """Return the flow's decisive reports by time, and the last one of each member's own."""
    rows = {member.member_id: member.row for member in members}
    shared: list[FlowStatusReport] = []
    own: dict[int, FlowStatusReport] = {}
    # sorted() is stable: equal times keep the order of arrival.
    for report in sorted(reports, key=lambda report: report.stamp.order):
        if outcome_of(report, overrides) in (None, "pending"):
            continue
        named = bare_flow_id(report.flow_id)
        if named == flow_id or named not in rows:
            shared.append(report)
        else:
            own[rows[named]] = report
    if not own or flow_id not in rows:
        return shared, own
    # Members are reported one by one: the shared id means the first of them, unless it says
    # "in part", which only an archive can be.
    general: list[FlowStatusReport] = []
    for report in shared:
        if outcome_of(report, overrides) in ("integrated", "rejected"):
            own[rows[flow_id]] = report
        else:
            general.append(report)
    return general, own


def _by_flow(
    report: FlowStatusReport,
    members: Sequence[Member],
    flow_id: str,
    overrides: Mapping[int, FlowOutcome],
) -> dict[int, Verdict]:
    match outcome_of(report, overrides):
        case "integrated":
            return {member.row: Verdict(Fate.INTEGRATED, report=report) for member in members}
        case "rejected":
            return _by_lines(report, members, flow_id, Fate.REJECTED)
        case "partial":
            return _by_lines(report, members, flow_id, None)
        case _:
            return {member.row: Verdict(Fate.UNKNOWN, report=report) for member in members}


def _by_lines(
    report: FlowStatusReport, members: Sequence[Member], flow_id: str, rest: Fate | None
) -> dict[int, Verdict]:
    """Reject the members that error lines name; ``rest`` None: read it off their completeness."""
    named, left = attribute(report.errors, flow_id, members)
    if rest is None:
        complete = (report.announced_errors or 0) <= len(report.errors)
        rest = Fate.INTEGRATED if named and not left and complete else Fate.UNKNOWN
    verdicts = {member.row: Verdict(rest, left, report) for member in members}
    for row, errors in named.items():
        verdicts[row] = Verdict(Fate.REJECTED, errors, report, named=True)
    return verdicts


def _by_own_report(report: FlowStatusReport, overrides: Mapping[int, FlowOutcome]) -> Verdict:
    match outcome_of(report, overrides):
        case "integrated":
            return Verdict(Fate.INTEGRATED, report.errors, report, named=True)
        case "rejected":
            return Verdict(Fate.REJECTED, report.errors, report, named=True)
        case _:  # a part of one invoice, or an incident
            return Verdict(Fate.UNKNOWN, report.errors, report, named=True)


def _flow_fate(verdicts: Mapping[int, Verdict], outcome: FlowOutcome | None) -> FlowFate:
    fates = {verdict.fate for verdict in verdicts.values()}
    if not fates or Fate.PENDING in fates:
        return FlowFate.PENDING
    if fates == {Fate.INTEGRATED}:
        return FlowFate.INTEGRATED
    if fates == {Fate.REJECTED}:
        return FlowFate.REJECTED
    return FlowFate.INCIDENT if outcome == "incident" else FlowFate.PARTIAL
