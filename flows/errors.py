"""The error tree. *Retryable* and *final* are types; the exit code follows from the type.

A message says what happened, where, and the next command to run.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of the command line; when several apply: 4, 5, 3, 2, 1 in that order."""

    OK = 0
    FINDINGS = 1  # done, balance proven, some invoices quarantined or rejected
    USAGE = 2  # wrong use, configuration, or a ledger older than the code
    UNFINISHED = 3  # transport, database, lock held by another run: safe to run again
    ATTENTION = 4  # in doubt, out of balance, a brake held: a person must look
    UNEXPECTED = 5  # a fault of ours; the state is safe


#: Which code wins when several apply.
PRECEDENCE = (
    ExitCode.ATTENTION,
    ExitCode.UNEXPECTED,
    ExitCode.UNFINISHED,
    ExitCode.USAGE,
    ExitCode.FINDINGS,
    ExitCode.OK,
)


def worst(*codes: ExitCode) -> ExitCode:
    """Return the code that wins among ``codes`` (OK when there is none)."""
    return next((code for code in PRECEDENCE if code in codes), ExitCode.OK)


class ChorusFlowsError(Exception):
    """Base of every error of the product.

    Args:
        what: what happened and where, in one sentence.
        next_step: the next command to run or thing to do, in one sentence.
    """

    exit_code: ExitCode = ExitCode.UNEXPECTED
    #: Name under which the report explains this kind of error to accountants (``cause.…`` in
    #: ``config/report_texts``).
    cause: ClassVar[str] = "unexpected"

    def __init__(self, what: str, *, next_step: str = "") -> None:
        self.what = what
        self.next_step = next_step
        super().__init__(f"{what} {next_step}".strip())


class FinalError(ChorusFlowsError):
    """Raised when trying again without a change cannot help."""


class RetryableError(ChorusFlowsError):
    """Raised when the same call may succeed later, with nothing changed."""

    exit_code = ExitCode.UNFINISHED


class ConfigurationError(FinalError):
    """Raised when settings, a profile or a command line are wrong."""

    exit_code = ExitCode.USAGE
    cause = "configuration"


class LedgerOutdatedError(ConfigurationError):
    """Raised when the ledger is older than the code; ``chorus-flows ledger upgrade`` mends it."""


class NoLedgerError(ConfigurationError):
    """Raised when there is no ledger where one is expected; the first run makes it."""


class EnvironmentMismatchError(ConfigurationError):
    """Raised when a ledger belongs to another environment than the settings."""


class LockHeldError(RetryableError):
    """Raised when another run holds the lock; says which process, machine, and since when."""

    cause = "lock"


class LockLostError(RetryableError):
    """Raised when another machine has taken over the lock that this process worked under."""


class LedgerUnavailableError(RetryableError):
    """Raised when the database cannot be reached or stays locked."""

    cause = "ledger"


class DiskError(RetryableError):
    """Raised when a file of the installation cannot be read or written: a full disk, rights."""

    cause = "disk"


class TransportError(RetryableError):
    """Raised when a channel fails in a way that may pass: cut, time-out, full disk."""

    cause = "transport"


class ChannelRefusedError(FinalError):
    """Raised when a channel fails for good: host key, authentication, permission, directory."""

    exit_code = ExitCode.UNFINISHED
    cause = "refused"


class LoginRefusedError(ChannelRefusedError):
    """Raised when host key or login is refused; tried again, it might lock the account."""


class WindowClosedError(RetryableError):
    """Raised when the settings allow no deposit at this hour; says when they do."""

    cause = "window"


class TargetExistsError(FinalError):
    """Raised when the final name of a flow is already taken on the other side."""

    exit_code = ExitCode.ATTENTION
    cause = "taken"


class OutboxDamagedError(FinalError):
    """Raised when a file of the outbox is missing or is not the one that was built."""

    exit_code = ExitCode.ATTENTION
    cause = "outbox"


class RestoredLedgerError(FinalError):
    """Raised when journal, outbox, manifests or the other side know more than the ledger."""

    exit_code = ExitCode.ATTENTION


class ControlError(FinalError):
    """Raised when an extract does not hold what its control says; nothing is deposited."""

    exit_code = ExitCode.ATTENTION
    cause = "control"


class BrakeHeldError(FinalError):
    """Raised when a brake stops a run before its first deposit; ``brakes`` are those, in words."""

    exit_code = ExitCode.ATTENTION
    cause = "brake"

    def __init__(self, what: str, *, next_step: str = "", brakes: tuple[str, ...] = ()) -> None:
        super().__init__(what, next_step=next_step)
        self.brakes = brakes


class BalanceError(FinalError):
    """Raised when invoices read and invoices accounted for differ."""

    exit_code = ExitCode.ATTENTION
    cause = "balance"


class IllegalTransitionError(FinalError):
    """Raised when a state change is not in the table of transitions."""


def disk_failed(error: OSError, what: str = "The run cannot go on") -> DiskError:
    """Return the error of the product for one of the operating system."""
    step = "See that the disk is well and has room, then: chorus-flows run"
    return DiskError(f"{what}: {error}.", next_step=step)
