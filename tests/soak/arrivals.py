"""The ledger and the reports held against what arrived at the other side."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.report_texts import load_report_texts
from flows.sandbox import Arrival
from tests.soak.known import LIVE, Known

#: Flow status of the sandbox by the state our ledger must give the flow.
STATUS_OF = {"integrated": 90, "partial": 96, "rejected": 93, "incident": None}


def doubled(arrivals: list[Arrival]) -> list[str]:
    """Return what arrived more often than it may."""
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


def flows_astray(known: Known, arrivals: list[Arrival]) -> list[str]:
    """Return the flows whose state is not what really became of them."""
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


def invoices_astray(known: Known, arrivals: list[Arrival]) -> list[str]:
    """Return the invoices whose state is not what really became of them."""
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


def numbers_astray(known: Known, arrivals: list[Arrival]) -> list[str]:
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


def reports_astray(known: Known, reports: Path) -> list[str]:
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
