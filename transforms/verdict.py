"""The verdict on a run: one sentence's worth, the gravest thing that is true of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from transforms.balance_sheet import BalanceSheet


class Tone(StrEnum):
    """How a reader should feel about the night."""

    GOOD = "good"
    WARN = "warn"  # done, and somebody has invoices to correct
    BAD = "bad"  # a person must look before anything else


class Judgement(StrEnum):
    """The verdict on a run; its words are in ``config/report_texts``."""

    OUT_OF_BALANCE = "out_of_balance"
    HELD_BY_BRAKE = "held_by_brake"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    UNFINISHED = "unfinished"  # interrupted, or not everything could be sent: the next run goes on
    REHEARSAL = "rehearsal"
    HELD = "held"  # stopped before its deposit because it was asked to
    SCHEDULED = "scheduled"  # done, but for a deposit that waits for the hours of the settings
    ATTENTION = "attention"  # done, but a flow, a report or an invoice needs a person
    NOTHING = "nothing"  # no invoice to read
    CORRECT = "correct"  # done; quarantined or rejected invoices wait for a correction
    ALL_WELL = "all_well"

    @property
    def tone(self) -> Tone:
        """Return how grave it is."""
        return _TONES.get(self, Tone.BAD)


_TONES = {
    Judgement.REHEARSAL: Tone.WARN,
    Judgement.HELD: Tone.WARN,
    Judgement.UNFINISHED: Tone.WARN,
    Judgement.SCHEDULED: Tone.WARN,
    Judgement.CORRECT: Tone.WARN,
    Judgement.NOTHING: Tone.GOOD,
    Judgement.ALL_WELL: Tone.GOOD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What only the run itself knew; a report written anew keeps it from the one before."""

    dry_run: bool = False
    resumed: bool = False
    held: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    already_processed: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    """While flows wait for the hours of the settings: when these begin (ISO 8601), and the reason
    of the blackout, empty outside the window."""


def judge(
    *,
    run_state: str,
    balance: BalanceSheet | None,
    facts: Remembered,
    fresh_problems: bool,
    in_doubt: int,
    attention: bool,
    to_correct: int,
) -> Judgement:
    """Return the verdict on a run: the gravest thing that is true of it.

    Args:
        run_state: state of the run in the ledger, now.
        balance: None when the run did not get as far as reading everything.
        facts: what the run knew of itself.
        fresh_problems: whether something went wrong that was not mended since.
        in_doubt: flows of this run whose fate is not known.
        attention: whether something else needs a person at once (see :class:`Attention`).
        to_correct: invoices quarantined, rejected or to be mended on the portal, rows of no
            invoice, and earlier flows whose answer refused invoices.
    """
    if balance is not None and not balance.holds:
        return Judgement.OUT_OF_BALANCE
    if run_state == "failed":
        return Judgement.FAILED
    if facts.dry_run:
        return Judgement.REHEARSAL
    if run_state == "held":
        return Judgement.HELD_BY_BRAKE if facts.held else Judgement.HELD
    if in_doubt:
        return Judgement.IN_DOUBT
    unsent = balance.to_deposit if balance is not None else 0
    waits = bool(facts.waits)
    if run_state == "running" or fresh_problems or balance is None or (unsent and not waits):
        return Judgement.UNFINISHED
    if attention:
        return Judgement.ATTENTION
    if unsent:
        return Judgement.SCHEDULED
    if to_correct:
        return Judgement.CORRECT
    return Judgement.ALL_WELL if balance.read.count else Judgement.NOTHING
