"""Settle a flow in doubt by an operator's word: it arrived, or it is sent again as a new flow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime

from flows import exclusive
from flows.audit import seal
from flows.configuration import Configuration
from flows.crashpoints import CrashPoint, reach
from flows.errors import ConfigurationError, OutboxDamagedError
from flows.folders import StateFolders
from flows.ledger import FlowRecord, FlowState, Ledger, MemberRecord, utc_now
from flows.ledger.states import SENT_AGAIN
from flows.members import RunFacts as MemberRun
from flows.members import keep as keep_members
from flows.members import outcome_of
from flows.outbox import remove_unknown, write_flow
from flows.report import RunFacts, write_report
from flows.restored import require_current
from flows.word import word
from transforms.bundle import Member
from transforms.naming import flow_id, flow_name, member_name, parse_name
from transforms.outcome import BuiltFlow
from transforms.unbundle import UnbundleError, read_bundle


def resolve(
    configuration: Configuration,
    wanted: str,
    *,
    resend: bool,
    by: str,
    reason: str,
    clock: Callable[[], datetime] = utc_now,
) -> str:
    """Settle the flow ``wanted`` and return what was done, in one line.

    ``resend``: its invoices go into a new flow with new numbers, which the next run deposits; the
    old flow is abandoned, as is one with an incident whose invoices are all settled by now.
    Otherwise the flow counts as deposited.

    Raises:
        ConfigurationError: no such flow, it is not in doubt, or nobody is named.
        OutboxDamagedError: its file is not in the outbox any more, so that it cannot go again.
        LockHeldError: a run is at work.
        RestoredLedgerError: the ledger is behind what was done; nothing is done then.
    """
    said = word(by, reason, command="flow resolve")
    by, reason = said.by, said.reason
    folders = StateFolders(configuration.settings.state_folder)
    with exclusive.depositing(configuration, clock=clock, create=False) as ledger:
        require_current(configuration, ledger)
        flow = ledger.flow(wanted.rpartition("_")[2])
        if flow is None:
            raise ConfigurationError(f"The ledger knows no flow {wanted}.")
        allowed = {FlowState.IN_DOUBT, FlowState.INCIDENT} if resend else {FlowState.IN_DOUBT}
        if flow.state not in allowed:
            message = f"Flow {flow.flow_id} is {flow.state.value}: there is nothing to resolve."
            raise ConfigurationError(
                message, next_step=f"See: chorus-flows status --flow {flow.flow_id}"
            )
        if not resend:
            # Of a --resend that was cut short: what no flow of the ledger is must not be sealed.
            known = {other.file_name for other in ledger.flows(run_id=flow.run_id)}
            remove_unknown(folders.outbox / flow.run_id, known)
            ledger.move_flow(flow.flow_id, FlowState.DEPOSITED, detail=reason, actor=by)
            told = f"Flow {flow.flow_id} counts as deposited; its report will confirm it."
        elif flow.state is FlowState.INCIDENT and not _to_send(ledger.members(flow.flow_id)):
            ledger.move_flow(flow.flow_id, FlowState.ABANDONED, detail=reason, actor=by)
            told = (
                f"Every invoice of flow {flow.flow_id} is settled: none goes again, it is closed."
            )
        else:
            again = send_again(configuration, ledger, folders, flow, by=by, reason=reason)
            told = f"Flow {flow.flow_id} goes again as {again.flow_id} with the next run."
        reach(CrashPoint.RESOLVED)
        settings = configuration.settings
        seal(ledger, settings, "resolve", flow.run_id)
        write_report(ledger, flow.run_id, settings, RunFacts())
        seal(ledger, settings, "report")
        return told


def _to_send(carried: Iterable[MemberRecord]) -> dict[str, int]:
    """Return the invoices of a flow that no answer has settled: row by member id."""
    return {m.member_id: m.invoice_row for m in carried if m.state in SENT_AGAIN}


def _check_unchanged(folders: StateFolders, flow: FlowRecord) -> None:
    """Check that the outbox still holds the bytes that were built and recorded."""
    path = folders.outbox / flow.path
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    else:
        if digest == flow.sha256:
            return
        why = "is not the one that was built (its SHA-256 differs)"
    message = f"The file {path} of flow {flow.flow_id} {why}; it cannot be used again."
    step = "Restore the outbox, or extract the invoices again under new numbers."
    raise OutboxDamagedError(message, next_step=step)


def send_again(
    configuration: Configuration,
    ledger: Ledger,
    folders: StateFolders,
    flow: FlowRecord,
    *,
    by: str,
    reason: str,
) -> BuiltFlow:
    """Build the new flow from the bytes of the old one, and hand its invoices over to it.

    Those that Chorus Pro is known to have integrated or rejected are left out.

    Raises:
        OutboxDamagedError: the old file is not in the outbox any more.
    """
    settings = configuration.settings
    _check_unchanged(folders, flow)
    carried = ledger.members(flow.flow_id)
    old = _to_send(carried)
    settled = {m.member_id for m in carried} - old.keys()
    if not old:
        message = f"Every invoice of flow {flow.flow_id} is settled: none is to be sent again."
        step = f"See: chorus-flows status --flow {flow.flow_id}"
        raise ConfigurationError(message, next_step=step)
    # What an earlier try left that was cut short: its numbers are never given again.
    known = {other.file_name for other in ledger.flows(run_id=flow.run_id)}
    remove_unknown(folders.outbox / flow.run_id, known)
    numbers = ledger.reserve_sequences(
        flow.interface, len(old), first=settings.emitter.first_sequence
    )
    application = parse_name(flow.file_name).application_code
    members: list[Member] = []
    rows: dict[int, str] = {}
    sheet: Member | None = None
    try:
        with (folders.outbox / flow.path).open("rb") as stream:
            for name, xml in read_bundle(stream, name=flow.file_name):
                if name.endswith(".xsl"):
                    sheet = Member(name, xml)
                    continue
                member_id = parse_name(name).flow_id
                if member_id in settled:
                    continue
                sequence = numbers[len(members)]
                rows[old[member_id]] = flow_id(application, flow.interface, sequence)
                members.append(Member(member_name(application, flow.interface, sequence), xml))
    except (OSError, UnbundleError, KeyError, IndexError) as error:
        message = f"The file of flow {flow.flow_id} cannot be used again: {error}."
        step = "Restore the outbox, or extract the invoices again under new numbers."
        raise OutboxDamagedError(message, next_step=step) from error
    name = flow_name(application, flow.interface, numbers[0])
    path = folders.outbox / flow.run_id / name
    digest = write_flow(path, members, gzip_level=settings.bundle.gzip_level, stylesheet=sheet)
    built = BuiltFlow(
        flow_id=flow_id(application, flow.interface, numbers[0]),
        file_name=name,
        interface=flow.interface,
        path=f"{flow.run_id}/{name}",
        size=digest.size,
        sha256=digest.sha256,
        content_sha256=digest.content_sha256,
        invoices=len(members),
    )
    invoices = {invoice.invoice_row: invoice for invoice in ledger.invoices(flow_id=flow.flow_id)}
    keep_members(
        folders.outbox,
        built,
        [
            outcome_of(
                invoices[row],
                environment=settings.environment.value,
                flow_id=built.flow_id,
                member_id=member,
            )
            for row, member in rows.items()
        ],
        run=MemberRun(flow.run_id),
        scope=(settings.environment.value, settings.emitter.company, application),
        replaces=flow.flow_id,
    )
    reach(CrashPoint.RESEND_BUILT)
    ledger.replace_flow(
        flow.flow_id, built, run_id=flow.run_id, members=rows, actor=by, reason=reason
    )
    return built
