"""Re-validation: an invoice whose rejection was told by a message that is cut, judged again by us.

Chorus Pro cuts its labels near 200 characters: what else it found of the invoice is lost. The
invoice is read back from the flow file as it was sent and held against schema, rules and directory
of today; what blocks, or at least hints at the term that the cut text names, follows the message.
Source: docs/returns.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from config.directory import DirectoryView
from config.settings import Settings
from config.target import TargetError, load_target
from flows.directory import view_for
from flows.folders import StateFolders
from flows.ledger import FlowRecord, Ledger
from flows.sent import is_as_built, sent_members
from flows.validate import Validator
from schemas.directory import recipient_of, service_of
from schemas.platform_messages import CUT, complete_cut
from transforms.finding import Finding
from transforms.invoice import Invoice
from transforms.naming import NamingError
from transforms.unbundle import Limits, UnbundleError

_LOG = logging.getLogger(__name__)


def complete_messages(
    ledger: Ledger,
    flow: FlowRecord,
    settings: Settings,
    told: Mapping[str, Sequence[Finding]],
    *,
    columns: Mapping[str, str],
) -> dict[str, tuple[Finding, ...]]:
    """Return ``told`` with what the messages that were cut may have held besides.

    The flow file is read once, and only when a message was cut. When it is gone, damaged or not
    the one that was built, the cut message (``RT-CUT-01``) says that nothing was judged again.

    Args:
        ledger: tells the business date of the flow's run, and the directory.
        flow: that carried the invoices.
        settings: state folder, target, policies, environment, attachments.
        told: what the labels of the report say, by member id.
        columns: ERP column by business term, to tell where a value comes from.
    """
    wanted = {member for member, found in told.items() if any(one.rule == CUT for one in found)}
    done = {member: tuple(found) for member, found in told.items()}
    if not wanted:
        return done
    judged = _judged(ledger, flow, settings, wanted)
    if judged is None:
        return done
    for member in wanted:
        if member in judged:
            local = [_in_columns(finding, columns) for finding in judged[member]]
            done[member] = complete_cut(told[member], local)
        else:
            done[member] = tuple(_not_judged(finding, flow) for finding in told[member])
    return done


def _judged(
    ledger: Ledger, flow: FlowRecord, settings: Settings, wanted: set[str]
) -> dict[str, list[Finding]] | None:
    """Return what is found of each invoice that could be read; None when nothing can judge."""
    run = ledger.run(flow.run_id)
    try:
        target = load_target(
            settings.target, overrides=settings.target_options, policies=settings.policies
        )
    except TargetError as error:
        # Wrong settings must not keep reports from being read; runs and doctor tell of them.
        _LOG.warning("cut messages of flow %s are not completed: %s", flow.flow_id, error)
        return None
    outbox = StateFolders(settings.state_folder).outbox
    limits = Limits(max_member_bytes=settings.attachments.max_invoice_bytes)
    judged: dict[str, list[Finding]] = {}
    with Validator(
        target,
        run_date=run.run_date if run is not None else flow.built_at.date(),
        environment=settings.environment,
        totals=settings.totals,
        directory=_directory(ledger, settings),
    ) as validator:
        try:
            if not is_as_built(outbox, flow):
                _LOG.warning("%s is not the file that was built", flow.path)
                return judged
            for member, xml in sent_members(outbox, flow, limits):
                if member in wanted:
                    found = validator.validate(xml, member).told
                    judged[member] = [one.finding for one in found]
                    if len(judged) == len(wanted):
                        break
        except (OSError, UnbundleError, NamingError) as error:
            _LOG.warning("%s cannot be read again: %s", flow.path, error)
    return judged


def _directory(ledger: Ledger, settings: Settings) -> Callable[[Invoice], DirectoryView | None]:
    def look_up(invoice: Invoice) -> DirectoryView | None:
        return view_for(ledger, settings, [(recipient_of(invoice), service_of(invoice))])

    return look_up


def _in_columns(finding: Finding, columns: Mapping[str, str]) -> Finding:
    column = columns.get(finding.bt) if finding.bt else None
    return replace(finding, location=replace(finding.location, file="", line=None, column=column))


def _not_judged(finding: Finding, flow: FlowRecord) -> Finding:
    if finding.rule != CUT:
        return finding
    return replace(finding, params={**finding.params, "sent": flow.path})
