"""Is the ledger behind the world? A back-up that was restored does not know what it has forgotten.

Asked before a command does anything: the journal, the outbox and the manifests must not know more
than the ledger; asked again once the other side can be seen. A ledger that is behind would send a
second time what it has forgotten, so everything stops until ``ledger reconcile`` has read it again.
Source: chorus-flows, docs/ledger.md, "Back-up and restore".
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from flows import members
from flows.audit.manifest_files import forgotten
from flows.channels import Channel
from flows.configuration import Configuration
from flows.errors import ChannelRefusedError, RestoredLedgerError
from flows.ledger import FlowState, Ledger, RunState
from flows.ledger_access import journal_of
from flows.outbox import MEMBERS_SUFFIX
from transforms.naming import FLOW_ID_LENGTH, own_flow

_LOG = logging.getLogger(__name__)

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Ahead:
    """What knows more than the ledger.

    Attributes:
        events: events that the journal tells of and the ledger never recorded (only the newest
            lines of the journal are looked at).
        last_event: number of the newest of them; the ledger's own newest is ``ledger_event``.
        runs: runs with flows in the outbox that the ledger does not know.
        flows: flow names of the outbox that it does not know.
        manifests: how many manifests on disk continue the chain of the ledger.
        unfinished: whether a reconciliation was begun and has not ended.
    """

    events: int = 0
    last_event: int = 0
    last_at: str = ""
    ledger_event: int = 0
    runs: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    manifests: int = 0
    unfinished: bool = False

    def __bool__(self) -> bool:
        return bool(self.told())

    def told(self) -> list[str]:
        """Return what is ahead and by how much, one clause for each."""
        found = []
        if self.events:
            found.append(
                f"the journal tells of event {self.last_event} of {self.last_at}, and the ledger "
                f"ends at event {self.ledger_event} or has another one there"
            )
        if self.runs:
            found.append(f"the outbox holds {_count(self.runs, 'run')} that it does not know")
        if self.flows:
            found.append(f"the outbox holds {_count(self.flows, 'flow')} that it does not know")
        if self.manifests:
            found.append(f"the audit trail is {self.manifests} manifests ahead of it")
        if self.unfinished:
            found.append("a reconciliation was begun and has not ended")
        return found


def look(configuration: Configuration, ledger: Ledger) -> Ahead:
    """Compare what is on this machine with the ledger; change nothing.

    Raises:
        DiskError: the journal cannot be read.
    """
    settings = configuration.settings
    journal = journal_of(configuration)
    marks = [entry.mark for entry in journal.newest()]
    unknown = ledger.unknown_marks(marks)
    outbox = settings.state_folder / "outbox"
    runs, flows = _unknown_in_outbox(ledger, outbox, settings, thorough=not marks)
    return Ahead(
        events=len(unknown),
        last_event=unknown[-1].event if unknown else 0,
        last_at=f"{unknown[-1].at:%Y-%m-%d %H:%M} UTC" if unknown else "",
        ledger_event=ledger.newest_event()[0],
        runs=runs,
        flows=flows,
        unfinished=journal.reconciliation() is not None,
        manifests=len(forgotten(ledger, settings.state_folder / "audit")),
    )


def require_current(configuration: Configuration, ledger: Ledger) -> None:
    """Stop when anything on this machine knows more than the ledger.

    Raises:
        RestoredLedgerError: it does; says what, by how much, and the command to run.
        DiskError: the journal cannot be read.
    """
    ahead = look(configuration, ledger)
    if ahead:
        raise restored("; ".join(ahead.told()))


def require_remote_known(ledger: Ledger, channel: Channel, settings: Settings) -> None:
    """Stop when the other side shows flows of ours that the ledger never numbered, or never sent.

    Raises:
        RestoredLedgerError: it does.
        TransportError, ChannelRefusedError: the other side could not be asked.
    """
    beyond = beyond_ledger(ledger, channel, settings)
    if beyond:
        raise restored(f"the other side knows {_count(beyond, 'flow')} that it did not send")


def beyond_ledger(ledger: Ledger, channel: Channel, settings: Settings) -> tuple[str, ...]:
    """Return the ids of flows that the other side knows and the ledger did not send.

    Looked at: the names in ``in``, where listing is allowed, and the reports read so far. Numbers
    below the setting ``emitter.first_sequence`` belong to a former tool.

    Raises:
        TransportError, ChannelRefusedError: the other side could not be asked.
    """
    interface = settings.interface
    alone = not settings.emitter.code_shared
    unsent = {flow.flow_id for flow in ledger.flows(states={FlowState.BUILT})}
    found: set[str] = set()
    if alone:
        found.update(ledger.reports_beyond(interface, first=settings.emitter.first_sequence))
    highest = max(ledger.highest_sequence(interface), settings.emitter.first_sequence - 1)
    for name in remote_names(channel):
        flow = own_flow(name, settings.emitter.application_code)
        if flow is None:
            continue
        unnumbered = alone and flow.interface == interface and flow.sequence > highest
        if unnumbered or flow.flow_id in unsent:
            found.add(flow.flow_id)
    return tuple(sorted(found))


def remote_names(channel: Channel) -> dict[str, int | None]:
    """Return the names in the ``in`` folder and their sizes; nothing where listing is forbidden.

    Raises:
        TransportError, ChannelRefusedError: the other side could not be asked.
    """
    try:
        return {entry.name: entry.size for entry in channel.list_in()}
    except ChannelRefusedError as error:
        channel.connect()  # a refused login must be raised: asked again, it fails
        _LOG.warning("the folder of the deposits cannot be listed: %s", error)
        return {}


def restored(what: str) -> RestoredLedgerError:
    """Return the error of a ledger that is behind; ``what``: what is ahead of it."""
    return RestoredLedgerError(
        f"The ledger is behind: {what}. It was restored from a back-up, or it is another one. "
        "Nothing was sent.",
        next_step="Read again what it has forgotten: "
        "chorus-flows ledger reconcile --by … --reason … (docs/ledger.md)",
    )


def flow_names(folder: Path, settings: Settings) -> list[str]:
    """Return the names of our flows in the outbox folder of a run, whether file or members' file.

    A folder in which another environment or company keeps its flows has none.
    """
    sides = [path for path in folder.iterdir() if path.name.endswith(MEMBERS_SUFFIX)]
    names = {path.name.removesuffix(MEMBERS_SUFFIX) for path in folder.iterdir()}
    code = settings.emitter.application_code
    found = sorted(name for name in names if own_flow(name, code) is not None)
    if found and sides and not any(_in_scope(path, settings) for path in sides):
        return []
    return found


def _unknown_in_outbox(
    ledger: Ledger, outbox: Path, settings: Settings, *, thorough: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return runs and flows of the outbox that the ledger does not know.

    A run that is under way may have left flows that it had not recorded when it was killed: the
    journal tells whether the ledger was put back since. Without one, the other runs are looked
    through flow by flow (``thorough``).
    """
    if not outbox.is_dir():
        return (), ()
    folders = {path.name: path for path in outbox.iterdir() if path.is_dir()}
    known = ledger.known_runs(folders)
    runs: list[str] = []
    flows: list[str] = []
    for run_id in sorted(folders):
        state = known.get(run_id)
        if state is None:
            if flow_names(folders[run_id], settings):
                runs.append(run_id)
        elif thorough and state is not RunState.RUNNING:
            names = {n[-FLOW_ID_LENGTH:]: n for n in flow_names(folders[run_id], settings)}
            flows += [names[one] for one in sorted(names.keys() - ledger.known_flows(names))]
    return tuple(runs), tuple(flows)


def _in_scope(path: Path, settings: Settings) -> bool:
    try:
        scope = members.read(path).scope
    except members.MembersError:
        return True  # it cannot say otherwise
    return scope[:2] == (settings.environment.value, settings.emitter.company)


def _count(names: Iterable[str], what: str) -> str:
    listed = list(names)
    shown = ", ".join(listed[:_SHOWN]) + (", …" if len(listed) > _SHOWN else "")
    return f"{len(listed)} {what}{'s' if len(listed) > 1 else ''} ({shown})"
