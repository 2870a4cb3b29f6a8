"""The promises of the product, looked at from outside: ledger, folders and the other side.

Nothing here asks the pipeline what it thinks: the extracts are read by Python's own ``csv``, what
arrived is what the sandbox counted, and the tables of the ledger are read as they are.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, RowMapping, Table, create_engine, select

from config.settings import Settings
from flows.configuration import Configuration
from flows.ledger import FlowState, InvoiceState, ReturnState, RunState
from flows.ledger.states import FREEABLE, HOLDING, UNREPORTED
from flows.ledger.tables import (
    deposits,
    events,
    extracts,
    flows,
    identities,
    invoices,
    returns,
    runs,
    sequences,
)
from flows.ledger_access import ledger_url
from flows.outbox import IDENTITY, MEMBERS_SUFFIX
from flows.sandbox import Arrival

#: Runs that nothing more happens to by itself.
_ENDED = frozenset({RunState.DONE, RunState.RELEASED})
#: Ends of names that some program has not finished writing.
_UNFINISHED = (".part", ".tmp", ".filepart", ".writing")


class Installation(Protocol):
    """What is looked at: ``tests.support.firm.Firm``, or anything with its settings."""

    def configuration(self) -> Configuration: ...


class OtherSide(Protocol):
    """Where flows arrive: ``flows.sandbox.Sandbox``."""

    @property
    def in_folder(self) -> Path: ...
    def received(self) -> list[Arrival]: ...


def violations(
    firm: Installation, sandbox: OtherSide, *, settled: bool = True, silent: bool = False
) -> list[str]:
    """Return what does not hold, in words; empty when every promise is kept.

    Args:
        firm: the installation; its extracts are of the generic profile.
        sandbox: what it deposits at.
        settled: nothing is under way any more: no run is unfinished, what arrived was judged, its
            reports were collected. False: only what must hold at any moment between two runs.
        silent: reports may have been lost, so that a flow may be waiting for its report.
    """
    configuration = firm.configuration()
    engine = create_engine(ledger_url(configuration))
    try:
        with engine.connect() as connection:
            look = _Look.at(connection, configuration.settings, sandbox)
    finally:
        engine.dispose()
    found = [
        *_places(look),
        *_arrivals(look),
        *_numbers(look),
        *_events(look),
        *_outbox(look),
        *_flow_files(look),
    ]
    if settled:
        found += [
            *_nothing_under_way(look, silent=silent),
            *_same_on_both_sides(look, silent=silent),
            *_extracts(look),
            *_leftovers(look),
            *_reports(look),
        ]
    return found


@dataclass(frozen=True, slots=True)
class _Look:
    """What is there at one moment."""

    settings: Settings
    runs: Sequence[RowMapping]
    extracts: Sequence[RowMapping]
    invoices: Sequence[RowMapping]
    flows: Mapping[str, RowMapping]
    deposits: Sequence[RowMapping]
    identities: Sequence[RowMapping]
    sequences: Sequence[RowMapping]
    events: Sequence[RowMapping]
    returns: Sequence[RowMapping]
    arrivals: Sequence[Arrival]
    incoming: Path

    @classmethod
    def at(cls, connection: Connection, settings: Settings, sandbox: OtherSide) -> _Look:
        def all_of(table: Table) -> Sequence[RowMapping]:
            order = table.primary_key.columns
            return connection.execute(select(table).order_by(*order)).mappings().all()

        return cls(
            settings,
            all_of(runs),
            all_of(extracts),
            all_of(invoices),
            {row["flow_id"]: row for row in all_of(flows)},
            all_of(deposits),
            all_of(identities),
            all_of(sequences),
            all_of(events),
            all_of(returns),
            sandbox.received(),
            sandbox.in_folder,
        )

    def runs_in(self, states: frozenset[RunState]) -> list[RowMapping]:
        return [run for run in self.runs if run["state"] in states and run["kind"] == "nightly"]

    @property
    def state_folder(self) -> Path:
        return self.settings.state_folder


# -- what holds at any moment -------------------------------------------------------------------


def _places(look: _Look) -> Iterator[str]:
    """Every invoice is recorded once per run, in one place; every balance holds."""
    rows = Counter((i["run_id"], i["file_sha256"], i["first_line"]) for i in look.invoices)
    for (run_id, _, line), count in rows.items():
        if count > 1:
            yield f"run {run_id} holds the invoice of line {line} {count} times"
    holding = Counter(
        i["identity_key"]
        for i in look.invoices
        if i["state"] in HOLDING and i["identity_key"] is not None
    )
    for key, count in holding.items():
        if count > 1:
            yield f"{key} is on its way, or there, {count} times"
    for run in look.runs:
        if run["balance"] and not run["balance"]["holds"]:
            yield f"the balance of run {run['run_id']} does not hold"
    held = {row["invoice_id"]: row["key"] for row in look.identities}
    for invoice in look.invoices:
        number, state = invoice["number"], invoice["state"]
        if state in HOLDING and held.pop(invoice["id"], None) != invoice["identity_key"]:
            yield f"{number} is {state.value} and its number is free"
        elif state in FREEABLE:
            held.pop(invoice["id"], None)
    for key in held.values():
        yield f"{key} is held by an invoice that is not on its way"


def _arrivals(look: _Look) -> Iterator[str]:
    """Nothing arrives twice, and only what the ledger knows arrives at all, byte for byte."""
    for name, count in Counter(arrival.name for arrival in look.arrivals).items():
        if count > 1:
            yield f"flow {name} arrived {count} times"
    members: dict[str, dict[str, str]] = defaultdict(dict)
    numbers = {i["id"]: i["number"] for i in look.invoices}
    for row in look.deposits:
        members[row["flow_id"]][row["member_id"]] = numbers[row["invoice_id"]]
    arrived: Counter[tuple[str, str]] = Counter()
    there: set[tuple[str, str]] = set()
    for arrival in look.arrivals:
        flow = look.flows.get(arrival.flow_id)
        if flow is None:
            yield f"{arrival.name} arrived and the ledger knows no such flow"
            continue
        whole = arrival.sha256 == flow["sha256"]
        if not whole and flow["state"] in {FlowState.DEPOSITED, FlowState.INTEGRATED}:
            yield f"{arrival.name} is {flow['state'].value} and arrived with other bytes"
        if whole and flow["state"] in {FlowState.RESERVED, FlowState.BUILT}:
            yield f"{arrival.name} is there and counts as {flow['state'].value}: it would go again"
        carried = {i.member_id: i.number for i in arrival.invoices}
        if whole and carried != members[arrival.flow_id]:
            yield f"{arrival.name} carries {carried}, recorded is {members[arrival.flow_id]}"
        for invoice in arrival.invoices:
            who = (invoice.supplier, invoice.number)
            if who in there:
                yield f"{invoice.number} came again after Chorus Pro had accepted it"
            if invoice.accepted:
                there.add(who)
            # Refused or not even looked at, it was never created and may come again.
            arrived[who] += invoice.accepted is not False
    for (_, number), count in arrived.items():
        if count > 1:
            yield f"{number} arrived {count} times"


def _numbers(look: _Look) -> Iterator[str]:
    """Flow numbers are given once, and only those that were reserved."""
    blocks: dict[tuple[str, str], list[range]] = defaultdict(list)
    for row in look.sequences:
        block = range(row["first"], row["last"] + 1)
        mine = blocks[row["emitter"], row["interface"]]
        if any(block.start < other.stop and other.start < block.stop for other in mine):
            yield f"the numbers {block} of {row['interface']} were reserved twice"
        mine.append(block)
    by_member = Counter(row["member_id"] for row in look.deposits)
    for member, count in by_member.items():
        if count > 1:
            yield f"the member id {member} was given {count} times"
    for row in look.deposits:
        flow = look.flows[row["flow_id"]]
        number = int(row["member_id"][-15:])
        given = blocks[flow["emitter"], flow["interface"]]
        if not any(number in block for block in given):
            yield f"the member id {row['member_id']} was never reserved"


def _events(look: _Look) -> Iterator[str]:
    """Every state was reached by an event."""
    last: dict[tuple[str, object], str] = {}
    states = {state.value for state in InvoiceState}
    for event in look.events:
        if event["kind"] == "invoice" and event["target"] in states:
            last["invoice", event["invoice_id"]] = event["target"]
        elif event["kind"] == "flow":
            last["flow", event["flow_id"]] = event["target"]
        elif event["kind"] == "run":
            last["run", event["run_id"]] = event["target"]
    for invoice in look.invoices:
        if last.get(("invoice", invoice["id"])) != invoice["state"].value:
            yield f"no event says why {invoice['number']} is {invoice['state'].value}"
    for flow_id, flow in look.flows.items():
        if last.get(("flow", flow_id)) != flow["state"].value:
            yield f"no event says why flow {flow_id} is {flow['state'].value}"
    for run in look.runs:
        if run["kind"] == "nightly" and last.get(("run", run["run_id"])) != run["state"].value:
            yield f"no event says why run {run['run_id']} is {run['state'].value}"


def _outbox(look: _Look) -> Iterator[str]:
    """What still has to go is in the outbox, as it was built."""
    outbox = look.state_folder / "outbox"
    for flow_id, flow in look.flows.items():
        if flow["state"] not in {FlowState.BUILT, FlowState.IN_DOUBT}:
            continue
        path = outbox / flow["path"]
        if not path.is_file():
            yield f"flow {flow_id} is {flow['state'].value} and its file is gone"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != flow["sha256"]:
            yield f"flow {flow_id} is {flow['state'].value} and its file is another"


def _flow_files(look: _Look) -> Iterator[str]:
    """Nothing in ``in`` bears a name that is neither a flow's nor a temporary one of ours."""
    for path in look.incoming.iterdir():
        flow_id = path.name.partition(".")[0].rpartition("_")[2]
        if flow_id not in look.flows:
            yield f"{path.name} is in the folder of Chorus Pro and no flow is named so"


# -- what holds once all is settled -------------------------------------------------------------


def _nothing_under_way(look: _Look, *, silent: bool) -> Iterator[str]:
    open_still = UNREPORTED - {FlowState.IN_DOUBT, FlowState.DEPOSITED, FlowState.HANDED_OVER}
    if not silent:
        open_still = UNREPORTED
    withheld = {run["run_id"] for run in look.runs_in(frozenset({RunState.HELD}))}
    for flow_id, flow in look.flows.items():
        unsent = flow["state"] is FlowState.BUILT and flow["run_id"] not in withheld
        if unsent or flow["state"] in open_still:
            yield f"flow {flow_id} is still {flow['state'].value}"
    for run in look.runs_in(frozenset({RunState.RUNNING})):
        yield f"run {run['run_id']} never ended"
    rejected = {i["id"] for i in look.invoices if i["state"] in FREEABLE}
    for row in look.identities:
        if look.settings.identity.reuse_number_after_rejection and row["invoice_id"] in rejected:
            yield f"{row['key']} was rejected and its number is not free"
    for one in look.returns:
        if one["state"] is ReturnState.FETCHED:
            yield f"the return file {one['name']} was never reconciled"


def _same_on_both_sides(look: _Look, *, silent: bool) -> Iterator[str]:
    """What Chorus Pro integrated or refused is integrated or rejected here, and nothing else."""
    states = {i["member_id"]: (i["number"], i["state"]) for i in look.invoices if i["member_id"]}
    given_up = {flow_id for flow_id, f in look.flows.items() if f["state"] is FlowState.ABANDONED}
    waiting = {InvoiceState.DEPOSITED, InvoiceState.HANDED_OVER, InvoiceState.IN_DOUBT}
    seen: dict[str, bool] = {}
    for arrival in look.arrivals:
        for invoice in arrival.invoices:
            if invoice.accepted is None:
                yield f"{invoice.number} arrived and was never judged"
                continue
            seen[invoice.member_id] = invoice.accepted
            if arrival.flow_id in given_up:
                continue  # an operator's word stands against it, and RT-FLOW-03 says so
            _, state = states.get(invoice.member_id, ("", None))
            right = InvoiceState.INTEGRATED if invoice.accepted else InvoiceState.REJECTED
            if state is right or (silent and state in waiting):
                continue
            told = state.value if state is not None else "unknown"
            yield f"{invoice.number} is {right.value} on the other side and {told} here"
    for member, (number, state) in states.items():
        if state is InvoiceState.INTEGRATED and not seen.get(member):
            yield f"{number} counts as integrated, and Chorus Pro never accepted it"
        if state in waiting - {InvoiceState.IN_DOUBT} and member not in seen:
            yield f"{number} counts as {state.value}, and it never arrived"


def _extracts(look: _Look) -> Iterator[str]:
    """Every invoice of every extract is in the ledger, in the run that claimed its file."""
    recorded: dict[tuple[str, str], set[int]] = defaultdict(set)
    for invoice in look.invoices:
        recorded[invoice["run_id"], invoice["file_sha256"]].add(invoice["first_line"])
    for run in look.runs_in(_ENDED):
        for path in _files_of(look.state_folder / "claimed" / run["run_id"]):
            if path.suffix != ".csv":
                continue
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            lines = _first_lines(path)
            found = recorded[run["run_id"], sha256]
            if found != lines:
                yield f"{path.name} of run {run['run_id']}: invoices at {lines}, recorded {found}"
    landing = look.settings.landing.folder
    for path in _files_of(landing):
        yield f"{path.name} is still in the landing folder"


def _first_lines(path: Path) -> set[int]:
    """Return the line on which each invoice of a flat extract begins."""
    lines: set[int] = set()
    with path.open(encoding="utf-8", newline="") as stream:
        before = None
        for row in (reader := csv.DictReader(stream, delimiter=";")):
            if row["invoice_number"] != before:
                lines.add(reader.line_num)
            before = row["invoice_number"]
    return lines


def _leftovers(look: _Look) -> Iterator[str]:
    """No name that somebody has not finished writing, no file that nobody knows."""
    state = look.state_folder
    for folder in (state, look.incoming, look.incoming.parent / "tmp", look.settings.report.folder):
        for path in _files_below(folder):
            if path.name.endswith(_UNFINISHED):
                yield f"{path} was left half-written"
    known = {flow["path"] for flow in look.flows.values()}
    known |= {f"{flow}{MEMBERS_SUFFIX}" for flow in known} | {IDENTITY}
    for path in _files_below(state / "outbox"):
        if str(path.relative_to(state / "outbox")) not in known:
            yield f"{path.name} is in the outbox and in no flow"
    ended = {run["run_id"] for run in look.runs_in(_ENDED)}
    needed = {
        f"{i['file_sha256']}-{i['first_line']}.json"
        for i in look.invoices
        if i["state"] is InvoiceState.WAITING and i["taken_over_by"] not in ended
    }
    kept = {path.name for path in _files_of(state / "waiting")}
    for name in sorted(needed - kept):
        yield f"an invoice waits and its rows {name} are gone"
    for name in sorted(kept - needed):
        yield f"nobody waits for the rows {name}"
    for path in _files_below(state / "returns" / "incoming"):
        yield f"{path.name} was fetched and never recorded"
    copies = {str(row["kept_as"]) for row in look.returns}
    for copy in sorted(copies):
        if not (state / "returns" / copy).is_file():
            yield f"the copy {copy} of a return file is gone"


def _reports(look: _Look) -> Iterator[str]:
    """Every run that ended has a report, and it tells how it is now."""
    for run in look.runs:
        if run["kind"] != "nightly":
            continue
        folder = look.settings.report.folder / run["run_id"]
        try:
            data: Any = json.loads((folder / "report.json").read_text("utf-8"))
            with (folder / "invoices.csv").open(encoding="utf-8-sig", newline="") as stream:
                rows = sum(1 for _ in csv.reader(stream, delimiter=";")) - 1
        except (OSError, ValueError) as error:
            yield f"run {run['run_id']} has no report: {error}"
            continue
        if not (folder / "report.html").is_file():
            yield f"run {run['run_id']} has no page"
        recorded = sum(i["run_id"] == run["run_id"] for i in look.invoices)
        if rows != recorded:
            yield f"the report of run {run['run_id']} lists {rows} of {recorded} invoices"
        if run["changes"] > run["told"]:
            yield f"the report of run {run['run_id']} does not tell the last of it"
        if not data:
            yield f"the report of run {run['run_id']} is empty"


def _files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
