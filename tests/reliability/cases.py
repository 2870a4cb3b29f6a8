"""The cases of the crash matrix, as data: where the process dies, in which world, what follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from flows.crashpoints import CrashPoint
from flows.errors import ExitCode

P = CrashPoint


class Command(StrEnum):
    """What is killed, and what the operator does again."""

    NIGHT = "run"
    COLLECT = "collect"
    RELEASE = "release"
    DISCARD = "release --discard"
    RESEND = "flow resolve --resend"
    CONFIRM = "flow resolve --deposited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case.

    Attributes:
        point: where the process dies; ``times``: the how-manieth time it comes there.
        exit_code: of the command done again.
        command: what is killed and done again.
        then: places where it dies again while it recovers.
        left: state of the flow under way when the process is dead; empty: not looked at.
        doubt: whether that flow is in doubt after the recovery.
        before: where the night before dies, so that there is a flow left half-way.
        report_lost: Chorus Pro never reports on the flows of the night.
        by_hand: how an operator settles what stays in doubt.
        strange_return: a return file that cannot be understood is there as well.
        redo: whether invoices are given up or refused on the way and extracted again.
        ends: final states that differ from :data:`ENDS`.
    """

    point: CrashPoint
    times: int = 1
    exit_code: ExitCode = ExitCode.FINDINGS
    command: Command = Command.NIGHT
    then: tuple[str, ...] = ()
    left: str = ""
    doubt: bool = False
    before: str = ""
    channel: Literal["sftp", "folder"] = "sftp"
    temporary: Literal["suffix", "folder", "none"] = "suffix"
    takes_at_once: bool = False
    report_lost: bool = False
    by_hand: Literal["", "resend", "deposited"] = ""
    redo: bool = False
    first_night: bool = True
    big: bool = False
    pool: bool = False
    side_files: bool = False
    wrong_control: str = ""
    strange_return: bool = False
    after_fetch: Literal["keep", "move", "remove"] = "keep"
    ends: dict[str, str] = field(default_factory=dict)

    @property
    def crash_at(self) -> str:
        """Return what the environment variable of the crash points must say."""
        return self.point.value if self.times == 1 else f"{self.point.value}:{self.times}"

    @property
    def name(self) -> str:
        """Return a name that tells the case from all others."""
        parts = [self.crash_at.replace(":", "×"), *(f"then-{p}" for p in self.then)]
        if self.command is not Command.NIGHT:
            parts.insert(0, self.command.value.replace(" ", "").replace("--", "-"))
        if self.before:
            parts.append(f"after-{self.before}")
        if self.channel != "sftp":
            parts.append(self.channel)
        if self.temporary != "suffix":
            parts.append(f"temporary-{self.temporary}")
        flags = ("takes_at_once", "report_lost", "pool", "side_files", "strange_return")
        parts += [flag.replace("_", "-") for flag in flags if getattr(self, flag)]
        parts += [word for word in (self.by_hand,) if word]
        if self.after_fetch != "keep":
            parts.append(self.after_fetch)
        return "_".join(parts)


#: Where each number of the story ends when nothing but the crash goes wrong.
ENDS = {
    "OLD": "skipped",  # sent by an earlier night
    "AGAIN": "integrated",  # rejected the night before, its number free, put right
    "LATE": "integrated",  # waited the night before
    "F1": "integrated",
    "F2": "integrated",
    "F3": "integrated",
    "F4": "integrated",
    "BAD": "quarantined",
    "WAITS": "waiting",
    "INTERNAL": "excluded",
}
#: Of a first night ever, which knows of no earlier one.
FIRST = {number: state for number, state in ENDS.items() if number != "LATE"} | {
    "OLD": "integrated"
}

_DOUBT = ExitCode.ATTENTION

#: One case or more for every crash point; a test holds this against the enum.
CASES = (
    Case(point=P.LEDGER, first_night=False, ends=FIRST),
    Case(point=P.RUN_STARTED),
    # -- collect: killed within a night, and on its own
    Case(point=P.RETURN_PART),
    Case(point=P.RETURN_FETCHED),
    Case(point=P.RETURN_KEPT),
    Case(point=P.RETURN_RECORDED),
    Case(point=P.STATUSES_ADDED),
    Case(point=P.SETTLEMENT_TOLD),
    Case(point=P.ARRIVAL_RECORDED, command=Command.COLLECT, before=P.AFTER_RENAME),
    Case(point=P.MEMBERS_SETTLED),
    Case(point=P.FLOW_MOVED),
    Case(point=P.FLOWS_SETTLED),
    Case(point=P.RETURNS_RECONCILED),
    Case(point=P.RETURNS_RECONCILED, command=Command.COLLECT),
    Case(point=P.RETURNS_RECONCILED, strange_return=True, exit_code=ExitCode.ATTENTION),
    Case(
        point=P.RETURNS_RECONCILED,
        command=Command.COLLECT,
        strange_return=True,
        exit_code=ExitCode.ATTENTION,
    ),
    Case(point=P.RETURN_REMOVED, after_fetch="remove"),
    Case(point=P.RETURN_REMOVED, after_fetch="move"),
    Case(point=P.STATUSES_ADDED, command=Command.COLLECT),
    Case(point=P.FLOW_MOVED, command=Command.COLLECT),
    Case(point=P.REPORT_FILE, command=Command.COLLECT),
    # -- recovery
    Case(point=P.TEMPORARY_REMOVED, before=P.UPLOAD_50),
    Case(
        point=P.TEMPORARY_REMOVED,
        before=P.AFTER_RENAMING_RECORD,
        left="renaming",
        doubt=True,
        exit_code=_DOUBT,
        by_hand="resend",
    ),
    Case(point=P.RECOVERED, before=P.AFTER_RENAME),
    Case(
        point=P.RECOVERED,
        before=P.AFTER_RENAME,
        takes_at_once=True,
        doubt=True,
        exit_code=_DOUBT,
    ),
    # -- transform
    Case(point=P.CLAIM_FILE),
    Case(point=P.CLAIM_FILE, side_files=True),
    Case(point=P.CLAIM_COMPANION, side_files=True),
    Case(point=P.CLAIM),
    Case(point=P.EXTRACTS_RECORDED),
    Case(point=P.TAKEN_OVER),
    Case(point=P.SEQUENCES),
    Case(point=P.SEQUENCES, times=2),
    Case(point=P.MAP, times=2),
    Case(point=P.MAP, times=2, pool=True),
    Case(point=P.RENDER),
    Case(point=P.RENDER, pool=True),
    Case(point=P.OUTBOX_RENAMED),
    Case(point=P.BUILT),
    Case(point=P.BUILT, pool=True),
    Case(point=P.SPOOLED),
    Case(point=P.RECORDING),
    Case(point=P.RECORDING, times=2),
    Case(point=P.RECORDED),
    Case(point=P.RECORDED, times=3),
    Case(point=P.EXTRACTS_FINISHED),
    # -- deposit
    Case(point=P.BEFORE_DEPOSIT, left="built"),
    Case(point=P.UPLOAD_0, left="uploading"),
    Case(point=P.UPLOAD_1, times=2, big=True, left="uploading"),
    Case(point=P.UPLOAD_50, times=2, big=True, left="uploading"),
    Case(point=P.UPLOAD_99, times=2, big=True, left="uploading"),
    Case(point=P.UPLOAD_100, left="uploading"),
    Case(point=P.BEFORE_RENAMING_RECORD, left="uploading"),
    Case(point=P.AFTER_RENAMING_RECORD, left="renaming"),
    Case(point=P.AFTER_RENAME, left="renaming"),
    Case(point=P.AFTER_RENAME, takes_at_once=True, left="renaming", doubt=True, exit_code=_DOUBT),
    Case(
        point=P.AFTER_RENAME,
        takes_at_once=True,
        report_lost=True,
        left="renaming",
        doubt=True,
        exit_code=_DOUBT,
        by_hand="deposited",
        ends=dict.fromkeys(("F1", "F2", "F3", "F4", "LATE", "AGAIN"), "deposited"),
    ),
    Case(point=P.CONFIRMED, left="deposited"),
    Case(point=P.CONFIRMED, times=3, takes_at_once=True),
    Case(point=P.UPLOAD_50, temporary="folder", left="uploading"),
    Case(point=P.AFTER_RENAMING_RECORD, temporary="folder", left="renaming"),
    Case(point=P.AFTER_RENAME, temporary="folder", left="renaming"),
    Case(
        point=P.UPLOAD_0,
        temporary="none",
        left="uploading",
        doubt=True,
        exit_code=_DOUBT,
        by_hand="resend",
    ),
    Case(
        point=P.UPLOAD_50,
        times=2,
        big=True,
        temporary="none",
        redo=True,
        left="uploading",
        doubt=True,
        exit_code=_DOUBT,
    ),
    Case(point=P.AFTER_RENAME, temporary="none", left="uploading"),
    Case(
        point=P.AFTER_RENAME,
        temporary="none",
        takes_at_once=True,
        left="uploading",
        doubt=True,
        exit_code=_DOUBT,
    ),
    Case(point=P.UPLOAD_50, channel="folder", left="uploading"),
    Case(point=P.LINKED, channel="folder", left="renaming"),
    Case(point=P.AFTER_RENAME, channel="folder", left="renaming"),
    # -- end
    Case(point=P.BEFORE_REPORT),
    Case(
        point=P.FLOW_GIVEN_UP,
        side_files=True,
        wrong_control="b.csv",
        redo=True,
        exit_code=ExitCode.ATTENTION,
    ),
    Case(
        point=P.GIVEN_UP,
        side_files=True,
        wrong_control="b.csv",
        redo=True,
        exit_code=ExitCode.ATTENTION,
    ),
    Case(
        point=P.PUT_BACK,
        side_files=True,
        wrong_control="b.csv",
        redo=True,
        exit_code=ExitCode.ATTENTION,
    ),
    Case(point=P.RUN_FINISHED),
    Case(point=P.MANIFEST_ROW),
    Case(point=P.MANIFEST_ROW, times=2, exit_code=ExitCode.OK),  # its report was whole
    Case(point=P.MANIFEST_FILE),
    Case(point=P.MANIFEST_ROW, command=Command.COLLECT),
    Case(point=P.REPORT_FILE),
    Case(point=P.REPORT_FILE, times=5),
    Case(point=P.REPORTED),
    Case(point=P.REPORTED, times=2),
    # -- an operator's word
    Case(point=P.RELEASE_NOTED, command=Command.RELEASE, exit_code=ExitCode.OK),
    Case(point=P.AFTER_RENAME, command=Command.RELEASE, exit_code=ExitCode.OK),
    Case(point=P.RELEASED, command=Command.RELEASE, exit_code=ExitCode.OK),
    Case(point=P.FLOW_GIVEN_UP, command=Command.DISCARD, redo=True, exit_code=ExitCode.OK),
    Case(
        point=P.RESEND_BUILT,
        command=Command.RESEND,
        before=P.UPLOAD_0,
        temporary="none",
        exit_code=ExitCode.OK,
    ),
    Case(
        point=P.RESOLVED,
        command=Command.RESEND,
        before=P.UPLOAD_0,
        temporary="none",
        exit_code=ExitCode.OK,
    ),
    Case(
        point=P.RESOLVED,
        command=Command.CONFIRM,
        before=P.AFTER_RENAME,
        takes_at_once=True,
        exit_code=ExitCode.OK,
    ),
    # -- killed again while it recovers
    Case(point=P.RENDER, then=(P.RENDER, P.BUILT)),
    Case(point=P.RECORDED, then=(P.RECORDING, P.UPLOAD_50)),
    Case(point=P.UPLOAD_50, then=(P.UPLOAD_50, P.AFTER_RENAMING_RECORD)),
    Case(point=P.AFTER_RENAME, then=(P.RECOVERED, P.BEFORE_REPORT)),
    Case(point=P.BEFORE_REPORT, then=(P.RUN_FINISHED, P.REPORT_FILE)),
)
