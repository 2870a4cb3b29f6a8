"""``ledger reconcile``: record again what a restored ledger has forgotten, and send nothing.

Sources, from the surest: the journal (how far each flow came), the files of members beside the
flows, the flows themselves, the other side, the kept copies of return files. A run that was
forgotten is recorded as one that was cut short: the next night resumes it, reads its extracts
again, leaves alone what is recorded here, and judges the rest. Every step is recorded with who
asked and why, and can be done again. Source: chorus-flows, docs/ledger.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flows import exclusive, restored, starting
from flows.audit import seal
from flows.audit.manifest_files import forgotten
from flows.channels import Channel, open_channel
from flows.collect import collect
from flows.configuration import Configuration
from flows.crashpoints import ReconcilePoint, reach
from flows.errors import ExitCode
from flows.flow_alignment import Aligner
from flows.folders import StateFolders
from flows.giving_up import abandon
from flows.journal import Journal
from flows.kept_copies import record_copies
from flows.ledger import FlowState, Ledger, RunState, utc_now
from flows.ledger.states import SENT_AGAIN
from flows.ledger_access import journal_of
from flows.lost_nights import (
    BEGUN,
    LostFlow,
    Told,
    by_interface,
    lost_flows,
    lost_runs,
    note_number,
    remote_flow_ids,
    start_of,
    told_by,
)
from flows.members import FlowContents, MembersError
from flows.private_files import private_folder
from flows.reconciled import Reconciled
from flows.recovery import recover
from flows.report import RunFacts, write_report
from flows.word import word


def reconcile(
    configuration: Configuration,
    *,
    by: str,
    reason: str,
    dry_run: bool = False,
    clock: Callable[[], datetime] = utc_now,
) -> Reconciled:
    """Compare journal, outbox, manifests and the other side with the ledger; record what it lacks.

    Args:
        configuration: of the installation.
        by: who asks for it.
        reason: why; kept with every event.
        dry_run: only tell what would be recorded.
        clock: the present time.

    Raises:
        ConfigurationError: nobody is named.
        LockHeldError: a run or a collect is at work.
        TransportError, ChannelRefusedError: the other side cannot be asked; nothing is recorded.
        LedgerUnavailableError, DiskError: run it again; it goes on where it was.
    """
    said = word(by, reason, command="ledger reconcile")
    folders = StateFolders(configuration.settings.state_folder)
    private_folder(folders.root)
    with (
        # What is recorded here was told by the journal: told again, it would hide what it knows.
        exclusive.depositing(configuration, clock=clock, journal=False) as ledger,
        exclusive.collecting_beside(ledger, configuration, clock=clock),
        open_channel(configuration.settings.channel) as channel,
    ):
        channel.connect()
        work = _Reconciling(configuration, ledger, channel, folders, said.by, said.reason, clock)
        return work.rehearse() if dry_run else work.run()


class _Reconciling:
    """One reconciliation."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        channel: Channel,
        folders: StateFolders,
        by: str,
        reason: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._configuration = configuration
        self._settings = configuration.settings
        self._ledger = ledger
        self._channel = channel
        self._folders = folders
        self._by = by
        self._reason = reason
        self._clock = clock
        self._journal: Journal = journal_of(configuration, clock=clock)
        self._told: Told = told_by(self._journal)
        self._highest = dict(self._told.highest)
        self._beyond = restored.beyond_ledger(ledger, channel, self._settings)
        self._remote = remote_flow_ids(restored.remote_names(channel), ledger.emitter)
        self._lost: dict[str, LostFlow] = {
            flow.flow_id: flow
            for flow in lost_flows(
                ledger, folders.root / "outbox", self._settings, self._told, self._highest
            )
        }
        if self._settings.emitter.code_shared:
            ours = {*self._told.flows, *self._lost, *ledger.known_flows(self._remote)}
            self._remote = {one: size for one, size in self._remote.items() if one in ours}
        self._trusted = self._is_trusted()
        self._runs = lost_runs(ledger, folders.root, self._told, self._lost)
        self._done = Reconciled(
            tuple(restored.look(configuration, ledger).told()), beyond=self._beyond
        )

    def rehearse(self) -> Reconciled:
        """Tell what would be recorded; change nothing."""
        self._done.rehearsal = True
        self._done.runs = list(self._runs)
        for flow_id, flow in self._lost.items():
            state = self._told.flows.get(flow_id)
            self._done.flows[flow_id] = state.value if state else "not told by the journal"
            self._done.invoices += flow.invoices or 0
            self._done.from_xml += flow.invoices is None
        self._untold()
        return self._done

    def run(self) -> Reconciled:
        """Record what the ledger lacks; killed half-way, it can be run again."""
        if not (self._done.ahead or self._beyond):
            self._done.nothing = True
            return self._done
        # First of all: a half of what follows may hide that the ledger is behind.
        self._journal.begin_reconciliation({"trusted": self._trusted})
        self._ledger.note("reconcile", kind="ledger", actor=self._by, reason=self._reason)
        self._raise_sequences()
        reach(ReconcilePoint.STARTED)
        self._recover_runs()
        reach(ReconcilePoint.RUNS)
        for flow in self._lost.values():
            self._recover_flow(flow)
            reach(ReconcilePoint.FLOW)
        self._align()
        self._take_over_waiting()
        self._close_runs()
        reach(ReconcilePoint.ALIGNED)
        self._ledger.hold_numbers()
        self._collect()
        # A rejection read just now may have let a number go that was sent again since.
        self._ledger.hold_numbers()
        self._done.twice = self._ledger.sent_twice(self._lost)
        self._done.states_of(self._ledger, self._lost)
        reach(ReconcilePoint.RETURNS)
        self._seal()
        self._untold()
        reach(ReconcilePoint.END)
        mark = self._ledger.note_reconciled(actor=self._by, reason=self._reason)
        self._journal.end_reconciliation(mark, {"by": self._by, "reason": self._reason})
        return self._done

    # -- steps ---------------------------------------------------------------------------------

    def _raise_sequences(self) -> None:
        """Reserve every flow number seen anywhere, before anything else: none is given again."""
        # Of a flow known by its name alone, the members may have the numbers that follow.
        most = self._settings.bundle.max_invoices - 1
        for flow_id in {*self._remote, *self._beyond}:
            note_number(self._highest, flow_id, most if flow_id not in self._lost else 0)
        for interface, upto in by_interface(self._highest, self._settings).items():
            if self._ledger.raise_sequences(interface, upto, actor=self._by, reason=self._reason):
                self._done.sequences[interface] = upto

    def _recover_runs(self) -> None:
        for run_id in self._runs:
            start = start_of(run_id, self._told, self._lost, self._clock())
            recorded = self._ledger.recover_run(
                run_id,
                run_date=start.run_date,
                settings_hash=start.settings_hash,
                version=start.version,
                started_at=start.started_at,
                start_reason=start.reason,
                actor=self._by,
                reason=self._reason,
            )
            if recorded:
                self._done.runs.append(run_id)

    def _recover_flow(self, lost: LostFlow) -> None:
        try:
            contents = lost.contents(self._settings)
        except MembersError as error:
            self._done.unreadable[lost.flow_id] = str(error)
            return
        self._done.invoices += len(contents.invoices)
        self._done.from_xml += not contents.whole
        if contents.replaces is not None and self._replace(contents.replaces, lost, contents):
            return
        self._ledger.recover_flow(
            lost.run_id,
            contents.flow,
            contents.invoices,
            actor=self._by,
            reason=self._reason,
        )

    def _replace(self, replaced: str, lost: LostFlow, contents: FlowContents) -> bool:
        """Record a flow that an operator had sent in the place of another one; False: it cannot."""
        aligner = self._aligner()
        if not aligner.replaceable(replaced):
            return False
        rows = {
            (member.identity_key, member.number): member.invoice_row
            for member in self._ledger.members(replaced)
            if member.state in SENT_AGAIN
        }
        members = {
            rows[key]: outcome.member_id or ""
            for outcome in contents.invoices
            if (key := (outcome.identity.key if outcome.identity else None, outcome.number)) in rows
        }
        if len(members) != len(contents.invoices) or len(members) != len(rows):
            return False
        self._ledger.replace_flow(
            replaced,
            contents.flow,
            run_id=lost.run_id,
            members=members,
            actor=self._by,
            reason=self._reason,
        )
        return True

    def _align(self) -> None:
        self._aligner().align()

    def _aligner(self) -> Aligner:
        return Aligner(
            self._ledger,
            self._channel,
            self._told,
            self._remote,
            trusted=self._trusted,
            by=self._by,
            reason=self._reason,
        )

    def _is_trusted(self) -> bool:
        """Whether the other side shows nothing that the journal should have told and does not.

        A journal that was restored together with the ledger knows as little as that one. What a
        reconciliation that was killed found stands: the ledger has changed since.
        """
        begun = self._journal.reconciliation()
        if begun is not None and not begun.get("trusted", False):
            return False
        shown = {*self._remote, *self._beyond}
        # Another company's, which deposits under the same emitter: its journal is another one.
        shown -= {one for one in self._ledger.known_flows(shown) if self._ledger.flow(one) is None}
        first = self._settings.emitter.first_sequence
        return all(
            self._told.flows.get(flow_id) in {*BEGUN, FlowState.ABANDONED}
            for flow_id in shown
            if int(flow_id[-15:]) >= first and not self._ledger_sent(flow_id)
        )

    def _ledger_sent(self, flow_id: str) -> bool:
        flow = self._ledger.flow(flow_id)
        return flow is not None and flow.state in BEGUN

    def _take_over_waiting(self) -> None:
        """Tell of waiting invoices that a forgotten night sent: they must not wait any more."""
        # Those that a reconciliation recorded before it was killed are among the unfinished.
        lost = {flow.run_id for flow in self._lost.values()}
        for run_id in sorted({*lost, *self._ledger.unfinished_runs()}):
            for record in self._ledger.forgotten_waiting(run_id):
                self._ledger.take_over_waiting(
                    record.invoice_row, run_id, actor=self._by, reason=self._reason
                )
                self._done.waiting += 1

    def _close_runs(self) -> None:
        """Bring the runs that had ended otherwise than well to where they were.

        A run that was given up stays so; one that was held is resumed as a held one; the others
        are resumed. Their numbers, findings and reports come back by that.
        """
        for run_id, state in self._told.runs.items():
            run = self._ledger.run(run_id)
            if run is None or run.state not in {RunState.RUNNING, RunState.HELD}:
                continue
            if state == RunState.FAILED:
                abandon(self._ledger, run_id, reason=self._reason, actor=self._by)
                self._finish(run_id, RunState.FAILED)
            elif state == RunState.RELEASED and run.state is RunState.HELD:
                self._finish(run_id, RunState.RELEASED)
            elif state == RunState.HELD and run.state is RunState.RUNNING:
                self._hold(run_id)
        if self._told.empty:
            # Nobody can tell what they were about to send.
            for run_id in self._ledger.unfinished_runs():
                self._hold(run_id)

    def _finish(self, run_id: str, state: RunState) -> None:
        self._ledger.finish_run(
            run_id,
            state=state,
            exit_code=int(ExitCode.ATTENTION),
            balance={},
            actor=self._by,
            reason=self._reason,
        )

    def _hold(self, run_id: str) -> None:
        self._ledger.note("held_before", run_id=run_id, actor=self._by, reason=starting.HOLD)

    def _collect(self) -> None:
        """Read again the return files that are kept, then those of ``out``; look at the rest."""
        self._done.copies = record_copies(self._ledger, self._folders.returns)
        collected = collect(self._ledger, self._channel, self._settings, clock=self._clock)
        self._done.collected = collected
        self._done.recovery = recover(
            self._ledger, self._channel, self._folders.outbox, self._settings
        )
        for run_id in collected.runs_touched:
            run = self._ledger.run(run_id)
            if run is not None and run.state is not RunState.RUNNING:
                write_report(self._ledger, run_id, self._settings, RunFacts())

    def _seal(self) -> None:
        """Seal what was recorded again, behind the manifests of the forgotten nights."""
        self._done.manifests = len(forgotten(self._ledger, self._folders.root / "audit"))
        seal(self._ledger, self._settings, "reconcile")

    # -- telling -------------------------------------------------------------------------------

    def _untold(self) -> None:
        """Gather what no file tells any more."""
        named = {*self._told.flows, *self._beyond}
        known = self._ledger.known_flows(named) | self._lost.keys()
        self._done.vanished = tuple(sorted(named - known))
        marks = dict(self._told.imports)
        unknown = self._ledger.unknown_marks(list(marks))
        self._done.imports = tuple(marks[mark] for mark in unknown)
