"""What really happened, and whether the installation knows it: the independent side of the soak.

What was put into the landing folder is remembered here, what arrived is asked of the sandbox. The
ledger and the reports are read last, and held against both.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from config.report_texts import load_report_texts
from flows.ledger import tables
from flows.sandbox import Arrival, Sandbox
from flows.sandbox.scenario import FlowAnswer
from tests.soak import ledger_dump
from tests.soak.erp import Document, Extract, Kind
from tests.support.firm import Firm

#: States of an invoice of which it is not over, or that exists on the other side.
LIVE = frozenset(
    {
        "bundled",
        "deposited",
        "handed_over",
        "in_doubt",
        "integrated",
        "outcome_unknown",
        "waiting",
    }
)
#: Flow status of the sandbox by the state our ledger must give the flow.
STATUS_OF = {"integrated": 90, "partial": 96, "rejected": 93, "incident": None}


@dataclass(frozen=True, slots=True)
class Known:
    """The ledger at one moment, read from its tables."""

    everything: Sequence[Any]
    """All invoices, as rows of the table."""
    runs: dict[str, str]
    done: set[str]
    """Hashes of the extracts read to the end by a run that did not fail."""
    flows: dict[str, Any]
    told: set[int]
    """Invoices with a finding."""

    @property
    def placed(self) -> list[Any]:
        """Return the invoices of runs that did not fail, not read again by a later run."""
        return [
            one
            for one in self.everything
            if self.runs[one.run_id] != "failed" and one.taken_over_by is None
        ]

    @property
    def counted(self) -> list[Any]:
        """Return these, and what a run that was given up had sent before."""
        return self.placed + [
            one
            for one in self.everything
            if self.runs[one.run_id] == "failed"
            and one.state not in {"quarantined", "waiting"}
            # What a run that failed only skipped or left out comes again with its extract.
            and one.flow_id is not None
        ]

    def by_number(self) -> dict[str, list[Any]]:
        """Return the invoices that count, by number."""
        found: dict[str, list[Any]] = defaultdict(list)
        for one in self.counted:
            found[one.number or ""].append(one)
        return found

    def flow_name(self, flow_id: str | None) -> str:
        """Return the file name of a flow; empty when there is none."""
        return str(self.flows[flow_id].file_name) if flow_id else ""

    def withheld(self, flow_id: str) -> bool:
        """Whether an operator's word is missing before a flow may leave."""
        return self.runs[self.flows[flow_id].run_id] in {"held", "failed"}


def known_of(engine: Engine) -> Known:
    """Read the ledger."""
    with engine.connect() as connection:
        runs = {
            one.run_id: one.state.value
            for one in connection.execute(select(tables.runs.c.run_id, tables.runs.c.state))
        }
        extracts = connection.execute(
            select(tables.extracts.c.run_id, tables.extracts.c.sha256).where(
                tables.extracts.c.finished_at.is_not(None)
            )
        )
        done = {one.sha256 for one in extracts if runs[one.run_id] != "failed"}
        flows = connection.execute(select(tables.flows)).all()
        findings = select(tables.findings.c.invoice_id).distinct()
        return Known(
            connection.execute(select(tables.invoices).order_by(tables.invoices.c.id)).all(),
            runs,
            done,
            {flow.flow_id: flow for flow in flows},
            set(connection.execute(findings).scalars()) - {None},
        )


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
            *_doubled(arrivals),
            *_flows_astray(known, arrivals),
            *_invoices_astray(known, arrivals),
            *_numbers_astray(known, arrivals),
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
        return told + _reports_astray(known, reports)


def check_history(engine: Engine) -> list[str]:
    """Return where the ledger's own tables contradict each other or their events."""
    try:
        with engine.connect() as connection:
            dump = ledger_dump.of_ledger(connection)
    except AssertionError as error:
        return [str(error)]
    told: list[str] = []
    for key, blocks in dump.numbers.items():
        if sum(map(len, blocks)) != len(set().union(*blocks)):
            told.append(f"numbers of {key} were reserved twice")
    states = {key: one[3] for key, one in dump.invoices.items()}
    holding = LIVE - {"waiting"}
    told += [
        f"{identity} is held by {key}, which is {states[key]}"
        for identity, key in dump.holders.items()
        if states[key] not in holding | {"rejected"}
    ]
    held = set(dump.holders.values())
    told += [
        f"invoice {key} is {state} and does not hold its number"
        for key, state in states.items()
        if state in holding and key not in held
    ]
    return told


def _doubled(arrivals: list[Arrival]) -> list[str]:
    told: list[str] = []
    for name, count in Counter(arrival.name for arrival in arrivals).items():
        if count > 1:
            told.append(f"flow {name} arrived {count} times")
    members = Counter(one.member_id for arrival in arrivals for one in arrival.invoices)
    told += [f"member {one} arrived {count} times" for one, count in members.items() if count > 1]
    fates: dict[str, list[bool | None]] = defaultdict(list)
    for arrival in arrivals:
        for invoice in arrival.invoices:
            fates[invoice.number].append(invoice.accepted)
    told += [
        f"{number} was sent again although it was not refused: {found}"
        for number, found in fates.items()
        if any(accepted is not False for accepted in found[:-1])
    ]
    return told


def _flows_astray(known: Known, arrivals: list[Arrival]) -> list[str]:
    told: list[str] = []
    arrived = {arrival.name: arrival for arrival in arrivals}
    for flow_id, flow in known.flows.items():
        state, arrival = flow.state.value, arrived.pop(flow.file_name, None)
        if state == "built" and arrival is not None:
            told.append(f"flow {flow_id} has arrived, and would be sent again")
        elif state in {"deposited", *STATUS_OF} and arrival is None:
            told.append(f"flow {flow_id} is {state} and never arrived")
        elif state in STATUS_OF and arrival is not None and arrival.status != STATUS_OF[state]:
            told.append(f"flow {flow_id} is {state}; the other side says {arrival.status}")
        elif state == "abandoned" and arrival and any(one.accepted for one in arrival.invoices):
            told.append(f"flow {flow_id} is given up, and was integrated")
    return told + [f"flow {name} arrived, and the ledger knows it not" for name in arrived]


def _invoices_astray(known: Known, arrivals: list[Arrival]) -> list[str]:
    told: list[str] = []
    fates = {one.member_id: one for arrival in arrivals for one in arrival.invoices}
    for one in known.everything:
        fate = fates.get(one.member_id or "")
        if fate is not None and fate.number != one.number:
            told.append(f"member {one.member_id} is {one.number} here and {fate.number} there")
        accepted = fate.accepted if fate is not None else None
        if one.state == "integrated" and accepted is not True:
            told.append(f"{one.number} is said to be integrated, and is not")
        if one.state == "rejected" and accepted is not False:
            told.append(f"{one.number} is said to be rejected, and is not")
    return told


def _numbers_astray(known: Known, arrivals: list[Arrival]) -> list[str]:
    """Every invoice that was integrated is one that we count as sent, and once."""
    told: list[str] = []
    rows = known.by_number()
    for arrival in arrivals:
        for invoice in arrival.invoices:
            if not invoice.accepted:
                continue
            ours = [one for one in rows[invoice.number] if one.member_id == invoice.member_id]
            states = [one.state.value for one in ours]
            if len(ours) != 1 or states[0] not in LIVE - {"bundled", "waiting"}:
                told.append(f"{invoice.number} exists on the other side; we have it as {states}")
    return told


def _reports_astray(known: Known, reports: Path) -> list[str]:
    """Each run has a report, whole, and saying what the ledger says."""
    told: list[str] = []
    texts = load_report_texts("fr")
    rows: Mapping[str, list[Any]] = defaultdict(list)
    for one in known.everything:
        rows[one.run_id].append(one)
    for run_id in known.runs:
        folder = reports / run_id
        try:
            data = json.loads((folder / "report.json").read_text("utf-8"))
            page = (folder / "report.html").read_text("utf-8")
            with (folder / "invoices.csv").open(encoding="utf-8-sig", newline="") as stream:
                _, *table = list(csv.reader(stream, delimiter=";"))
        except (OSError, ValueError) as error:
            told.append(f"the report of run {run_id} cannot be read: {error}")
            continue
        said = Counter((line[0], line[9], line[15], line[16]) for line in table)
        ours = Counter(
            (
                o.number or "",
                texts.named("state", o.state.value),
                o.flow_id or "",
                o.member_id or "",
            )
            for o in rows[run_id]
        )
        if said != ours or not data or run_id not in page:
            told.append(f"the report of run {run_id} says {said - ours}, not {ours - said}")
    return told


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
