"""What the ledger holds about the fate of a flow, and what it amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from config.returns_settings import Returns
from config.statuses import StatusTable, statuses_for
from flows.ledger import Ledger
from flows.status_rows import flow_report
from schemas.platform_messages import meanings_of
from transforms.error_lines import Member
from transforms.settlement import Settlement, settle
from transforms.statuses import FlowStatusReport, status_code


@dataclass(frozen=True, slots=True)
class Evidence:
    """Reports of a flow in the order of arrival, and the invoices that life-cycle statuses prove.

    ``confirmed`` holds rows of invoices.
    """

    reports: tuple[FlowStatusReport, ...]
    confirmed: frozenset[int]


class Reader:
    """Reads the evidence of flows, with the meaning that the settings give to statuses."""

    def __init__(self, ledger: Ledger, returns: Returns) -> None:
        self._ledger = ledger
        self._zone = ZoneInfo(returns.timezone)
        self._further = returns.duplicate_messages
        self.table: StatusTable = statuses_for(returns)
        #: Statuses are recorded before anything is settled: what was sent stays settled so.
        self._sent: dict[str, Settlement] = {}

    def evidence(self, flow_id: str) -> Evidence:
        """Return what was said of a flow and of its invoices."""
        reports: list[FlowStatusReport] = []
        confirmed: set[int] = set()
        for record in self._ledger.statuses(flow_id=flow_id):
            if record.status.kind == "flow":
                reports.append(flow_report(record, self._zone))
            elif record.status.invoice_row is not None:
                status = self.table.of_invoice(status_code(record.status.code))
                if status is not None and status.exists:
                    confirmed.add(record.status.invoice_row)
        return Evidence(tuple(reports), frozenset(confirmed))

    def settlement(self, flow_id: str, members: Sequence[Member], evidence: Evidence) -> Settlement:
        """Return what ``evidence`` makes of a flow and of these members."""
        return settle(
            flow_id,
            members,
            evidence.reports,
            confirmed=evidence.confirmed,
            table=self.table,
            reads=partial(meanings_of, further=self._further),
        )

    def sent_in(self, flow_id: str) -> Settlement:
        """Return what is known of a flow as it was sent, whoever carries its invoices now."""
        if flow_id not in self._sent:
            members = [
                Member(member.invoice_row, member.member_id, member.number or "")
                for member in self._ledger.members(flow_id)
            ]
            self._sent[flow_id] = self.settlement(flow_id, members, self.evidence(flow_id))
        return self._sent[flow_id]
