"""What a run tells its report that the ledger does not know."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.balance import Balance


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What only the run itself knows.

    Attributes:
        dry_run: a rehearsal: nothing was claimed, reserved or deposited.
        resumed: a crash had cut the run short, and it went on under its own number.
        held: the brakes that stopped it before its first deposit, in words.
        problems: what went wrong on the way, in words.
        balance: of the run; None when the report is written anew, or nothing could be read.
        already_processed: names of files that an earlier run had read, and that were left.
        incomplete: names of files that were still being written, or lack their companion.
    """

    dry_run: bool = False
    resumed: bool = False
    held: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    balance: Balance | None = None
    already_processed: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
