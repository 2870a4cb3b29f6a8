"""What a restored ledger has forgotten, as the journal, the outbox and the other side tell it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from config.settings import Settings
from flows.journal import Journal
from flows.ledger import EventMark, FlowState, Ledger
from flows.ledger.states import REPORTED
from flows.members import FlowContents, MembersError, read
from flows.members_xml import read_from_xml
from flows.outbox import MEMBERS_SUFFIX
from flows.restored import flow_names
from transforms.naming import SEQUENCE_DIGITS, own_flow, parse_name

_LOG = logging.getLogger(__name__)

#: States whose flows have left, or may have.
BEGUN = frozenset(
    {
        FlowState.UPLOADING,
        FlowState.RENAMING,
        FlowState.DEPOSITED,
        FlowState.HANDED_OVER,
        FlowState.IN_DOUBT,
        *REPORTED,
    }
)


@dataclass(frozen=True, slots=True)
class RunStart:
    """How a run began, by the journal."""

    run_date: date
    settings_hash: str
    version: str
    reason: str
    started_at: datetime


@dataclass(slots=True)
class Told:
    """What the journal tells, its lines folded into one picture.

    Attributes:
        flows: last state of each flow.
        temporary: temporary name of the last upload of a flow.
        starts: how each run began.
        runs: last state of each run.
        highest: highest flow or member id of each emitter and interface digits.
        imports: lists of a former tool that were imported: the event, and its file.
    """

    flows: dict[str, FlowState] = field(default_factory=dict)
    temporary: dict[str, str] = field(default_factory=dict)
    starts: dict[str, RunStart] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)
    imports: list[tuple[EventMark, str]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there was no journal."""
        return not (self.flows or self.starts)


def told_by(journal: Journal) -> Told:
    """Return what a journal tells.

    Raises:
        DiskError: it cannot be read.
    """
    told = Told()
    for entry in journal.entries():
        facts = entry.facts
        for flow_id in facts.get("built", ()):
            told.flows[flow_id] = FlowState.BUILT
        if last := facts.get("last"):
            note_number(told.highest, str(last))
        if "flow" in facts:
            told.flows[facts["flow"]] = FlowState(facts["state"])
            if temporary := facts.get("temporary"):
                told.temporary[facts["flow"]] = temporary
        elif "state" in facts and "run" in facts:
            told.runs[facts["run"]] = facts["state"]
            if "run_date" in facts:
                told.starts[facts["run"]] = RunStart(
                    date.fromisoformat(facts["run_date"]),
                    facts["settings_hash"],
                    facts["version"],
                    facts["reason"],
                    entry.mark.at,
                )
        elif "imported" in facts:
            told.imports.append((entry.mark, str(facts["imported"])))
    return told


def note_number(highest: dict[str, int], flow_id: str, more: int = 0) -> None:
    """Keep the number of a flow or member id if it is the highest of its interface so far."""
    stem, digits = flow_id[:-SEQUENCE_DIGITS], flow_id[-SEQUENCE_DIGITS:]
    if digits.isdecimal():
        highest[stem] = max(highest.get(stem, 0), int(digits) + more)


def by_interface(highest: Mapping[str, int], settings: Settings) -> dict[str, int]:
    """Return the highest numbers of the emitter by interface code; ids have its digits only."""
    found = {}
    for interface in settings.interfaces.values():
        number = highest.get(f"{settings.emitter.application_code}{interface[3:7]}")
        if number is not None:
            found[interface] = number
    return found


@dataclass(frozen=True, slots=True)
class LostFlow:
    """A flow of the outbox that the ledger does not know.

    What is in it is read when it is recorded: a night may hold a million invoices.

    Attributes:
        run_id: the folder it lies in.
        flow_id: its id.
        path: the flow file, which may be gone.
        run_date: of its run, when the file beside it tells.
        invoices: how many it holds; None: only its XML tells.
    """

    run_id: str
    flow_id: str
    path: Path
    run_date: date | None = None
    invoices: int | None = None

    def contents(self, settings: Settings) -> FlowContents:
        """Return what is in it: from the file beside it, else from its XML.

        Raises:
            MembersError: neither tells.
        """
        try:
            return read(self.path.with_name(self.path.name + MEMBERS_SUFFIX))
        except MembersError as error:
            _LOG.warning("%s; its XML is read instead", error)
        return read_from_xml(self.path, settings)


def lost_flows(
    ledger: Ledger, outbox: Path, settings: Settings, told: Told, highest: dict[str, int]
) -> Iterator[LostFlow]:
    """Yield the flows of the outbox that the ledger does not know, in the order of their numbers.

    A flow that a crash left before it was recorded was never sent: the journal, which tells of its
    run and not of it, proves that. The run that is resumed removes it.

    Args:
        ledger: the restored one.
        outbox: all runs.
        settings: whose flows.
        told: by the journal.
        highest: takes the numbers met on the way, also of flows that the ledger knows.
    """
    found: dict[str, tuple[str, Path]] = {}
    folders = sorted(path for path in outbox.iterdir() if path.is_dir()) if outbox.is_dir() else []
    for folder in folders:
        names = {parse_name(name).flow_id: name for name in flow_names(folder, settings)}
        known = ledger.known_flows(names)
        for flow_id, name in names.items():
            note_number(highest, flow_id)
            left = folder.name in told.starts and flow_id not in told.flows
            if flow_id not in known and not left:
                found[flow_id] = (folder.name, folder / name)
    for flow_id, (run_id, path) in sorted(found.items()):
        try:
            contents = read(path.with_name(path.name + MEMBERS_SUFFIX))
        except MembersError:
            # As many members as there may be have the numbers that follow.
            note_number(highest, flow_id, settings.bundle.max_invoices - 1)
            yield LostFlow(run_id, flow_id, path)
            continue
        for invoice in contents.invoices:
            note_number(highest, invoice.member_id or flow_id)
        yield LostFlow(run_id, flow_id, path, contents.run.run_date, len(contents.invoices))


def lost_runs(ledger: Ledger, state: Path, told: Told, flows: Mapping[str, LostFlow]) -> list[str]:
    """Return the runs that the ledger does not know, oldest first.

    Those of its flows, those of the journal, and without a journal those that claimed extracts.
    """
    named = {flow.run_id for flow in flows.values()} | set(told.starts)
    claimed = state / "claimed"
    if told.empty and claimed.is_dir():
        named |= {path.name for path in claimed.iterdir() if _holds_files(path)}
    return sorted(named - ledger.known_runs(named).keys())


def start_of(run_id: str, told: Told, flows: Mapping[str, LostFlow], now: datetime) -> RunStart:
    """Return how a run began, as far as anything tells."""
    if run_id in told.starts:
        return told.starts[run_id]
    dates = [f.run_date for f in flows.values() if f.run_id == run_id and f.run_date]
    try:
        # The number of a run is its start, to the second.
        started = datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        started = now
    return RunStart(dates[0] if dates else started.date(), "", "", "", started)


def remote_flow_ids(names: Mapping[str, int | None], emitter: str) -> dict[str, int | None]:
    """Return the flow ids of ours among the names of the other side, with the size shown there."""
    found: dict[str, int | None] = {}
    for name, size in names.items():
        flow = own_flow(name, emitter)
        if flow is not None:
            found[flow.flow_id] = size
    return found


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.iterdir())
