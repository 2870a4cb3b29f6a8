"""What a run tells its report that the ledger does not know."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.balance import Balance
from transforms.finding import Finding
from transforms.opening import Closed
from transforms.verdict import Remembered


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What only the run itself knows.

    Attributes:
        dry_run: a rehearsal: nothing was claimed, reserved or deposited.
        resumed: a crash had cut the run short, and it went on under its own number.
        held: the brakes that stopped it before its first deposit, in words.
        problems: what went wrong on the way, in words for who runs the installation.
        causes: the kinds of it, which the report explains to accountants.
        balance: of the run; None when the report is written anew, or nothing could be read.
        already_processed: names of files that an earlier run had read, and that were left.
        incomplete: names of files that were still being written, or lack their companion.
        twins: names of files left for the next run, each with the content of one of this run.
        findings: grave ones that the ledger has no place for: a return file that was not had.
        deposit_tried: whether flows of the run were to be sent just now.
        waits: why the hours of the settings let them wait, or None.
    """

    dry_run: bool = False
    resumed: bool = False
    held: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    balance: Balance | None = None
    already_processed: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    deposit_tried: bool = False
    waits: Closed | None = None

    def joined_to(self, before: Remembered) -> Remembered:
        """Return what is known of the run in all, by an earlier report and by these facts."""

        def both(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys((*old, *new)))

        return Remembered(
            dry_run=before.dry_run or self.dry_run,
            resumed=before.resumed or self.resumed,
            held=both(before.held, self.held),
            problems=both(before.problems, self.problems),
            causes=both(before.causes, self.causes),
            already_processed=both(before.already_processed, self.already_processed),
            incomplete=both(before.incomplete, self.incomplete),
            twins=both(before.twins, self.twins),
            waits=self._waits(before),
        )

    def _waits(self, before: Remembered) -> tuple[str, ...]:
        if self.waits is not None:
            reason = self.waits.reason or ("–" if self.waits.blackout else "")
            return self.waits.until.isoformat(), reason
        return () if self.deposit_tried else before.waits
