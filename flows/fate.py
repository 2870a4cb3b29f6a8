"""Settle an invoice of unknown fate by a person's word: it is on the portal, or it was rejected.

A report may say that a flow was integrated in part without naming the invoices. Until a life-cycle
status tells, only a look at the portal does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flows import exclusive
from flows.audit import seal
from flows.configuration import Configuration
from flows.crashpoints import CrashPoint, reach
from flows.errors import ConfigurationError
from flows.ledger import FlowState, InvoiceRecord, InvoiceState, Ledger, utc_now
from flows.report import RunFacts, write_report
from flows.restored import require_current
from flows.word import word

_AGAIN = "Extract them again: their numbers are free."
_ANEW = "Their numbers stay taken: extract them under new ones."


def settle(
    configuration: Configuration,
    numbers: Sequence[str],
    *,
    integrated: bool,
    by: str,
    reason: str,
    flow_id: str = "",
    clock: Callable[[], datetime] = utc_now,
) -> tuple[str, ...]:
    """Settle invoices as a person saw them on the portal; return what was done, in lines.

    What a later report or status proves still counts more. A rejected number is free again, unless
    the settings keep it (``identity.reuse_number_after_rejection``). A word may be given again:
    after a crash it ends what was begun, and a wrong one is corrected by the other.

    Args:
        configuration: of the installation.
        numbers: of the invoices (BT-1); all are settled, or none.
        integrated: whether they are on the portal; else they count as rejected.
        by: who saw it.
        reason: what was seen.
        flow_id: the flow meant, where several invoices of a number are of unknown fate.
        clock: the present time.

    Raises:
        ConfigurationError: no such invoice, its fate is known, its flow had an incident (which is
            settled whole), or nobody is named.
        LockHeldError: a collect is at work.
        RestoredLedgerError: the ledger is behind what was done; nothing is done then.
    """
    said = word(by, reason, command="invoice resolve")
    target = InvoiceState.INTEGRATED if integrated else InvoiceState.REJECTED
    settings = configuration.settings
    with exclusive.collecting(configuration, clock=clock) as ledger:
        require_current(configuration, ledger)
        meant = dict.fromkeys(numbers)
        found = [_meant(ledger, number, flow_id.rpartition("_")[2]) for number in meant]
        for flow in sorted({invoice.flow_id or "" for invoice in found}):
            results = {i.invoice_row: (target, said.reason) for i in found if i.flow_id == flow}
            ledger.settle_members(flow, results, actor=said.by)
        free = settings.identity.reuse_number_after_rejection
        if not integrated and free:
            rows = [invoice.invoice_row for invoice in found]
            ledger.free_identities(rows, reason=said.reason, actor=said.by)
        reach(CrashPoint.RESOLVED)
        seal(ledger, settings, "resolve")
        for run_id in sorted({invoice.run_id for invoice in found}):
            write_report(ledger, run_id, settings, RunFacts())
        seal(ledger, settings, "report")
    told = [f"Invoice {i.number} counts as {target.value} in flow {i.flow_id}." for i in found]
    if not integrated:
        told.append(_AGAIN if free else _ANEW)
    return tuple(told)


def _meant(ledger: Ledger, number: str, flow_id: str) -> InvoiceRecord:
    """Return the invoice of a number that a word is needed for, or that had one already."""
    sent = [
        invoice
        for invoice in ledger.invoices(number=number)
        if invoice.flow_id and flow_id in ("", invoice.flow_id)
    ]
    spoken = ledger.settled_by_hand(invoice.invoice_row for invoice in sent)
    open_ = [invoice for invoice in sent if invoice.state is InvoiceState.OUTCOME_UNKNOWN]
    open_ = open_ or [invoice for invoice in sent if invoice.invoice_row in spoken]
    for invoice in open_:
        flow = ledger.flow(invoice.flow_id or "")
        if flow is not None and flow.state is FlowState.INCIDENT:
            message = (
                f"Flow {flow.flow_id} of invoice {number} was not processed: it is settled whole."
            )
            step = f"chorus-flows flow resolve {flow.flow_id} --resend --by … --reason …"
            raise ConfigurationError(message, next_step=step)
    if len(open_) == 1:
        return open_[0]
    see = f"See: chorus-flows status --invoice {number}"
    if open_:
        flows = ", ".join(str(invoice.flow_id) for invoice in open_)
        message = f"Several invoices {number} are of unknown fate, in the flows {flows}."
        raise ConfigurationError(message, next_step="Name the flow that is meant: --flow ID")
    if not sent:
        where = f" in flow {flow_id}" if flow_id else ""
        raise ConfigurationError(f"No invoice {number} was sent{where}.", next_step=see)
    states = ", ".join(dict.fromkeys(invoice.state.value for invoice in sent))
    raise ConfigurationError(
        f"The fate of invoice {number} is known: it is {states}.", next_step=see
    )
