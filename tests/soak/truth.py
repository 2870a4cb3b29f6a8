"""What really happened, and whether the installation knows it: the independent side of the soak.

What was put into the landing folder is remembered here, what arrived is asked of the sandbox. The
ledger and the reports are read last, and held against both.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows.sandbox import Sandbox
from flows.sandbox.scenario import FlowAnswer
from tests.soak.arrivals import (
    doubled,
    flows_astray,
    invoices_astray,
    numbers_astray,
    reports_astray,
)
from tests.soak.erp import Document, Extract, Kind
from tests.soak.known import LIVE, Known
from tests.support.firm import Firm


@dataclass(slots=True)
class Truth:
    """What was put in and what arrived.

    ``answers`` is how the sandbox answered to each flow it judged, in order.
    """

    extracts: dict[str, Extract] = field(default_factory=dict)
    places: dict[tuple[str, int], Document] = field(default_factory=dict)
    answers: list[FlowAnswer] = field(default_factory=list)
    max_wait: int = 3

    def put(self, extract: Extract) -> None:
        """Remember an extract."""
        self.extracts[extract.sha256] = extract
        self.places |= extract.places()

    # -- what stands out -----------------------------------------------------------------------

    def dead_numbers(self, known: Known, landing: Path) -> list[str]:
        """Return the numbers that nothing is made of any more, for the accountants to send again.

        Each of their documents was held back or refused, and none is on its way.
        """
        rows = known.by_number()
        pending = {
            document.number
            for sha256, extract in self.extracts.items()
            if sha256 not in known.done
            for document in extract.documents
        }
        internal = {one.number for one in self.places.values() if one.kind is Kind.INTERNAL}
        return sorted(
            number
            for number, states in rows.items()
            if number not in pending | internal and not {one.state for one in states} & LIVE
        )

    # -- checks --------------------------------------------------------------------------------

    def check(self, known: Known, sandbox: Sandbox, firm: Firm) -> list[str]:
        """Return all that is lost, doubled or silent, in words; to be asked after a whole night."""
        arrivals = sandbox.received()
        return [
            *self._lost(known, firm.root / "landing"),
            *self._misread(known),
            *self._unjustified(known, firm.root / "attachments"),
            *doubled(arrivals),
            *flows_astray(known, arrivals),
            *invoices_astray(known, arrivals),
            *numbers_astray(known, arrivals),
        ]

    def _lost(self, known: Known, landing: Path) -> list[str]:
        """Each document of a file that was read is in one place; other files lie in the landing."""
        told: list[str] = []
        counted = Counter((one.file_sha256, one.first_line) for one in known.placed)
        landed = {_sha256(path) for path in landing.iterdir()}
        unfinished = {run for run, state in known.runs.items() if state == "running"}
        for sha256, extract in self.extracts.items():
            if sha256 in known.done:
                told += [
                    f"{document.number} of {extract.name} is in {counted[place]} places"
                    for place, document in extract.places().items()
                    if counted[place] != 1
                ]
            elif sha256 not in landed and not extract.wrong_control and not unfinished:
                told.append(f"{extract.name} is neither read nor in the landing folder")
        told += [
            f"an invoice at {place} of no extract is in the ledger"
            for place in counted
            if place not in self.places
        ]
        return told

    def _misread(self, known: Known) -> list[str]:
        told: list[str] = []
        for one in known.everything:
            document = self.places.get((one.file_sha256, one.first_line))
            if document is None:
                continue
            if one.number != document.number:
                told.append(f"{document.number} is recorded as {one.number}")
            if document.kind is not Kind.WRONG_HERE and one.total != document.total:
                told.append(f"{one.number} is recorded with {one.total}, not {document.total}")
        return told

    def _unjustified(self, known: Known, attachments: Path) -> list[str]:
        """Each invoice is where its document and those of the same number let it be."""
        told: list[str] = []
        rows = known.by_number()
        sent: dict[str, set[tuple[Decimal, ...]]] = defaultdict(set)
        for one in known.everything:
            document = self.places.get((one.file_sha256, one.first_line))
            if document is not None and one.flow_id is not None:
                sent[document.number].add(document.prices)
        for number, ours in rows.items():
            for one in ours:
                document = self.places.get((one.file_sha256, one.first_line))
                if document is None:
                    continue  # told already
                why = self._wrong_place(
                    one, document, sent[number], known, attachments, len(rows[number])
                )
                if why:
                    told.append(f"{number} ({one.file}, line {one.first_line}) {why}")
        return told

    def _wrong_place(
        self,
        one: Any,
        document: Document,
        sent: set[tuple[Decimal, ...]],
        known: Known,
        attachments: Path,
        rows: int,
    ) -> str:
        state = one.state.value
        if (document.kind is Kind.INTERNAL) != (state == "excluded"):
            return f"is {state}, and is {document.kind}"
        if state in {"quarantined", "rejected", "outcome_unknown"}:
            silent = one.id not in known.told
            given_up = one.flow_id is not None and known.flows[one.flow_id].state == "abandoned"
            if silent and not (given_up and one.reason):
                return f"is {state}, and nothing says why"
        if state == "quarantined":
            justified = (
                document.kind is Kind.WRONG_HERE
                or one.flow_id is not None
                or one.nights >= self.max_wait
                or rows > 1
                # Of another reading in a run that was given up since: it held the number then.
                or bool(sent)
            )
            return "" if justified else "is quarantined although it is right"
        if state == "skipped":
            return "" if document.prices in sent else "is skipped although it was never sent"
        if state == "waiting":
            return "" if document.attachment else "waits for nothing"
        if state != "excluded":
            if document.kind is Kind.WRONG_HERE:
                return f"is {state} although it is wrong"
            if document.attachment and not (attachments / document.attachment).exists():
                return f"is {state} without its attachment"
        return ""

    # -- at rest -------------------------------------------------------------------------------

    def check_rest(self, known: Known, sandbox: Sandbox, reports: Path) -> list[str]:
        """Return what is undecided, or lost, once everybody has done all that can be done."""
        arrivals = sandbox.received()
        mute = {
            arrival.name
            for arrival, answer in zip(arrivals, self.answers, strict=True)
            if answer.answer == "silent" or answer.status == 97
        }
        accepted = Counter(
            invoice.number
            for arrival in arrivals
            for invoice in arrival.invoices
            if invoice.accepted
        )
        refused = {
            invoice.number
            for arrival in arrivals
            for invoice in arrival.invoices
            if invoice.accepted is False
        }
        told: list[str] = []
        undecided: set[str] = set()
        for one in known.counted:
            name = known.flow_name(one.flow_id)
            excused = one.state == "outcome_unknown" or (one.state == "deposited" and name in mute)
            if one.state in LIVE - {"integrated"}:
                undecided.add(one.number or "")
                if not excused or accepted[one.number or ""] or one.number not in refused:
                    told.append(f"{one.number} is left {one.state.value} (flow {name})")
        internal = {one.number for one in self.places.values() if one.kind is Kind.INTERNAL}
        for number in sorted({one.number for one in self.places.values()}):
            wanted = 0 if number in internal or number in undecided else 1
            if accepted[number] != wanted:
                told.append(f"{number} was integrated {accepted[number]} times, not {wanted}")
        return told + reports_astray(known, reports)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
