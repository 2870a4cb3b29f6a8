"""States of invoices, flows, runs, extracts and returns, and which may follow which.

The tables of this module are the whole truth: the ledger refuses every change that is not in
them. Source: chorus-flows, docs/ledger.md; the flow states follow the write-ahead deposit protocol.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from flows.errors import IllegalTransitionError


class InvoiceState(StrEnum):
    """Where an invoice is. The first six are also the places of a run's balance."""

    RECEIVED = "received"  # read from an extract; only ever the start of a first event
    QUARANTINED = "quarantined"
    WAITING = "waiting"  # kept for a later night
    SKIPPED = "skipped"  # same number, same content, already sent
    EXCLUDED = "excluded"  # left out by a named filter of the profile
    BUNDLED = "bundled"  # in a flow of the outbox
    DEPOSITED = "deposited"
    HANDED_OVER = "handed_over"  # given to the firm's own transfer tool
    IN_DOUBT = "in_doubt"  # may or may not have arrived
    INTEGRATED = "integrated"
    REJECTED = "rejected"  # at integration: Chorus Pro created nothing
    DUPLICATE = "duplicate"  # rejected because its number was there before: it is not free
    OUTCOME_UNKNOWN = "outcome_unknown"  # a report came that does not say what became of it


class FlowState(StrEnum):
    """Where a flow is in the deposit protocol."""

    RESERVED = "reserved"  # it has a number, and nothing else
    BUILT = "built"  # in the outbox, with hashes and members recorded
    UPLOADING = "uploading"  # bytes may be under the temporary name
    RENAMING = "renaming"  # the final name may exist
    DEPOSITED = "deposited"
    HANDED_OVER = "handed_over"
    IN_DOUBT = "in_doubt"
    INTEGRATED = "integrated"
    PARTIAL = "partial"
    REJECTED = "rejected"
    INCIDENT = "incident"  # Chorus Pro says that it did not process the flow
    ABANDONED = "abandoned"  # given up, or replaced, by an operator's word


class RunState(StrEnum):
    """How far a run got."""

    RUNNING = "running"
    DONE = "done"
    HELD = "held"  # stopped before its first deposit, by a brake or by ``--hold``
    FAILED = "failed"
    RELEASED = "released"  # held, then deposited by an operator's word


class ExtractState(StrEnum):
    """Whether all invoices of an extract are recorded."""

    CLAIMED = "claimed"
    DONE = "done"


class ReturnState(StrEnum):
    """What became of a return file."""

    FETCHED = "fetched"  # a local copy is safe; not yet reconciled
    RECONCILED = "reconciled"
    NOT_UNDERSTOOD = "not_understood"


_I = InvoiceState
_F = FlowState

#: What a report, or the lack of a word in it, makes of a single invoice.
SETTLED = frozenset({_I.INTEGRATED, _I.REJECTED, _I.DUPLICATE, _I.OUTCOME_UNKNOWN})
#: BUNDLED: sent again in a new flow; QUARANTINED: its flow was abandoned.
_GIVEN_UP = frozenset({_I.BUNDLED, _I.QUARANTINED})

INVOICE_TRANSITIONS: Mapping[InvoiceState, frozenset[InvoiceState]] = {
    _I.RECEIVED: frozenset({_I.QUARANTINED, _I.WAITING, _I.SKIPPED, _I.EXCLUDED, _I.BUNDLED}),
    _I.QUARANTINED: frozenset(),
    # The night that takes it over reads it as a new invoice of its own. QUARANTINED: its run was
    # given up, or its rows are lost.
    _I.WAITING: frozenset({_I.QUARANTINED}),
    _I.SKIPPED: frozenset(),
    _I.EXCLUDED: frozenset(),
    # A report may come back before the deposit is recorded: we were killed in between.
    _I.BUNDLED: frozenset({_I.DEPOSITED, _I.HANDED_OVER, _I.IN_DOUBT, _I.QUARANTINED}) | SETTLED,
    _I.DEPOSITED: SETTLED | _GIVEN_UP,
    _I.HANDED_OVER: frozenset({_I.DEPOSITED, _I.IN_DOUBT}) | SETTLED | _GIVEN_UP,
    _I.IN_DOUBT: frozenset({_I.DEPOSITED, _I.HANDED_OVER}) | SETTLED | _GIVEN_UP,
    _I.OUTCOME_UNKNOWN: SETTLED - {_I.OUTCOME_UNKNOWN} | _GIVEN_UP,
    # A later report refines an earlier one: "received", then "integrated in part".
    _I.INTEGRATED: SETTLED - {_I.INTEGRATED},
    # A life-cycle status proves that Chorus Pro knows an invoice that a report called rejected.
    _I.REJECTED: SETTLED - {_I.REJECTED},
    # Its earlier deposit turns out to be the one that is there, or not: only reports tell. A
    # life-cycle status is about the invoice that was there before, ours or not.
    _I.DUPLICATE: SETTLED - {_I.DUPLICATE},
}

#: Flow states that only Chorus Pro's own report gives.
REPORTED = frozenset({_F.INTEGRATED, _F.PARTIAL, _F.REJECTED, _F.INCIDENT})

FLOW_TRANSITIONS: Mapping[FlowState, frozenset[FlowState]] = {
    _F.RESERVED: frozenset({_F.BUILT, _F.ABANDONED}),
    # IN_DOUBT: its final name was taken on the other side before anything was sent.
    # Reported: what we took for lost had arrived (a server that takes temporary names).
    _F.BUILT: frozenset({_F.UPLOADING, _F.DEPOSITED, _F.IN_DOUBT, _F.ABANDONED}) | REPORTED,
    # BUILT again: it is known that nothing arrived. DEPOSITED: recovery saw the final name.
    _F.UPLOADING: frozenset(
        {_F.UPLOADING, _F.BUILT, _F.RENAMING, _F.DEPOSITED, _F.HANDED_OVER, _F.IN_DOUBT}
    )
    | REPORTED,
    # BUILT again: the server refused the rename and shows no final name.
    _F.RENAMING: frozenset({_F.BUILT, _F.DEPOSITED, _F.HANDED_OVER, _F.IN_DOUBT}) | REPORTED,
    _F.DEPOSITED: REPORTED,
    _F.HANDED_OVER: frozenset({_F.DEPOSITED, _F.IN_DOUBT}) | REPORTED,
    _F.IN_DOUBT: frozenset({_F.DEPOSITED, _F.HANDED_OVER, _F.ABANDONED}) | REPORTED,
    # Chorus Pro may take the flow up again by itself after an incident of its own.
    _F.INCIDENT: REPORTED - {_F.INCIDENT} | {_F.ABANDONED},
    # Reports come in any order, and a later one may refine or take back an earlier one.
    _F.INTEGRATED: REPORTED - {_F.INTEGRATED},
    _F.PARTIAL: REPORTED - {_F.PARTIAL},
    _F.REJECTED: REPORTED - {_F.REJECTED},
    _F.ABANDONED: frozenset(),
}

RUN_TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    RunState.RUNNING: frozenset({RunState.DONE, RunState.HELD, RunState.FAILED}),
    # FAILED: an operator gives the held run up.
    RunState.HELD: frozenset({RunState.RELEASED, RunState.FAILED}),
    RunState.DONE: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.RELEASED: frozenset(),
}

RETURN_TRANSITIONS: Mapping[ReturnState, frozenset[ReturnState]] = {
    ReturnState.FETCHED: frozenset({ReturnState.RECONCILED, ReturnState.NOT_UNDERSTOOD}),
    # A later release may understand it.
    ReturnState.NOT_UNDERSTOOD: frozenset({ReturnState.RECONCILED}),
    ReturnState.RECONCILED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What a flow's new state does to those of its invoices that are in ``sources``."""

    target: InvoiceState
    sources: frozenset[InvoiceState]


_UNDERWAY = frozenset({_I.BUNDLED, _I.DEPOSITED, _I.HANDED_OVER, _I.IN_DOUBT, _I.OUTCOME_UNKNOWN})

#: Flow states not listed leave the invoices as they are: the members of a partial flow are settled
#: one by one, and an incident settles nothing.
FLOW_EFFECTS: Mapping[FlowState, Effect] = {
    _F.DEPOSITED: Effect(_I.DEPOSITED, frozenset({_I.BUNDLED, _I.HANDED_OVER, _I.IN_DOUBT})),
    _F.HANDED_OVER: Effect(_I.HANDED_OVER, frozenset({_I.BUNDLED, _I.IN_DOUBT})),
    _F.IN_DOUBT: Effect(_I.IN_DOUBT, frozenset({_I.BUNDLED, _I.HANDED_OVER})),
    _F.INTEGRATED: Effect(_I.INTEGRATED, _UNDERWAY),
    _F.REJECTED: Effect(_I.REJECTED, _UNDERWAY),
    _F.ABANDONED: Effect(_I.QUARANTINED, _UNDERWAY),
}

#: States in which an invoice holds its identity: its number cannot be sent again.
HOLDING = frozenset(
    {
        _I.BUNDLED,
        _I.DEPOSITED,
        _I.HANDED_OVER,
        _I.IN_DOUBT,
        _I.INTEGRATED,
        _I.DUPLICATE,
        _I.OUTCOME_UNKNOWN,
    }
)

#: Holding states of an invoice that life-cycle statuses of its number may be about: one that was
#: there before a duplicate is another one.
LIVING = HOLDING - {_I.DUPLICATE}

#: States in which a held identity may be let go (setting
#: ``identity.reuse_number_after_rejection``).
FREEABLE = frozenset({_I.REJECTED})

#: States of the invoices that go along when a flow is sent again: one that Chorus Pro is known to
#: have integrated would exist twice, and the number of a rejected one may be another's by now.
SENT_AGAIN = _UNDERWAY

#: What sending a flow again does to its invoices.
REPLACED = Effect(_I.BUNDLED, SENT_AGAIN - {_I.BUNDLED})

#: Flow states after which an operator may send the invoices again in a new flow.
REPLACEABLE = frozenset({_F.IN_DOUBT, _F.INCIDENT})

#: Flow states whose bytes may be on the other side, with no report yet.
UNREPORTED = frozenset({_F.UPLOADING, _F.RENAMING, _F.DEPOSITED, _F.HANDED_OVER, _F.IN_DOUBT})

StateT = TypeVar("StateT", InvoiceState, FlowState, RunState, ReturnState)


def require(
    table: Mapping[StateT, Collection[StateT]], what: str, source: StateT, target: StateT
) -> None:
    """Check that ``source`` may be followed by ``target``.

    Args:
        table: one of the transition tables of this module.
        what: name of the thing that changes, for the message.

    Raises:
        IllegalTransitionError: the table does not allow it.
    """
    if target not in table[source]:
        message = f"{what} cannot go from {source.value} to {target.value}."
        raise IllegalTransitionError(message)
