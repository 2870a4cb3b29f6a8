"""Settle a flow in doubt by an operator's word: it arrived, or it is sent again as a new flow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from flows import locking
from flows.configuration import Configuration
from flows.errors import ConfigurationError, OutboxDamagedError
from flows.folders import StateFolders
from flows.ledger import FlowRecord, FlowState, Ledger, utc_now
from flows.ledger_access import open_ledger
from flows.members import RunFacts, outcome_of
from flows.members import keep as keep_members
from flows.outbox import write_flow
from flows.restored import require_current
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
    old flow is abandoned. Otherwise the flow counts as deposited.

    Raises:
        ConfigurationError: no such flow, it is not in doubt, or nobody is named.
        OutboxDamagedError: its file is not in the outbox any more, so that it cannot go again.
        LockHeldError: a run is at work.
        RestoredLedgerError: the ledger is behind what was done; nothing is done then.
    """
    if not by.strip() or not reason.strip():
        raise ConfigurationError("flow resolve needs --by and --reason.")
    folders = StateFolders(configuration.settings.state_folder)
    with (
        locking.held(folders.root, "run", clock=clock),
        open_ledger(configuration, clock=clock, create=False) as ledger,
    ):
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
            ledger.move_flow(flow.flow_id, FlowState.DEPOSITED, detail=reason, actor=by)
            return f"Flow {flow.flow_id} counts as deposited; its report will confirm it."
        again = _again(configuration, ledger, folders, flow, by=by, reason=reason)
        return f"Flow {flow.flow_id} goes again as {again.flow_id} with the next run."


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


def _again(
    configuration: Configuration,
    ledger: Ledger,
    folders: StateFolders,
    flow: FlowRecord,
    *,
    by: str,
    reason: str,
) -> BuiltFlow:
    """Build the new flow from the bytes of the old one, and hand the invoices over to it."""
    settings = configuration.settings
    _check_unchanged(folders, flow)
    old = {member.member_id: member.invoice_row for member in ledger.members(flow.flow_id)}
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
                sequence = numbers[len(members)]
                rows[old[parse_name(name).flow_id]] = flow_id(application, flow.interface, sequence)
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
    carried = {invoice.invoice_row: invoice for invoice in ledger.invoices(flow_id=flow.flow_id)}
    keep_members(
        folders.outbox,
        built,
        [
            outcome_of(
                carried[row],
                environment=settings.environment.value,
                flow_id=built.flow_id,
                member_id=member,
            )
            for row, member in rows.items()
        ],
        run=RunFacts(flow.run_id),
        scope=(settings.environment.value, settings.emitter.company, application),
        replaces=flow.flow_id,
    )
    ledger.replace_flow(
        flow.flow_id, built, run_id=flow.run_id, members=rows, actor=by, reason=reason
    )
    return built
