"""docs/reliability.md: what may happen, what is where, what the next run does, who proves it.

A *section* is a table of rows; :data:`SECTIONS` says which modules give one. The page is written
by ``make docs``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.crashpoints import CrashPoint
from flows.errors import ExitCode
from tests.reliability.cases import CASES, Case, Command
from tests.reliability.fault_cases import FOLDER, OPENSSH, SFTP, FaultCase
from tests.reliability.steps import STEPS

INTRODUCTION = """\
# Reliability

What happens when a process dies, or the other side fails, at the worst moment. This page is
generated from the tables that the tests run (`tests/reliability`) by `make docs`.

The promises, each of which the tests look at from outside (`tests/reliability/invariants.py`: the
extracts by Python's own `csv`, the arrivals by what the sandbox counted, the ledger by its tables):

- every invoice of every extract is recorded, in one place, and the balance of every run holds;
- no invoice and no flow arrives twice, and nothing arrives that the ledger does not know;
- what Chorus Pro integrated is integrated in the ledger, and nothing else is;
- what is in doubt is settled by Chorus Pro's report; where none comes, it stays in doubt, is raised
  (exit code 4), and `flow resolve --deposited` or `--resend` ends it;
- a flow number is never given twice; a number that was rejected is free again;
- every state has its event, every run its report, and what a dead process could not tell any more
  the next one tells;
- no temporary name and no half-written file stays behind.

Each crash case is a command in a process of its own that dies by SIGKILL at a named place
(`flows/crashpoints.py`). The extracts hold invoices that are right, wrong, without their
attachment, excluded by a filter, sent before, rejected before and put right, and one that waited
since the night before. Then the command is done again, Chorus Pro answers, and another night is
done; the promises are looked at after each.

`make reliability` runs every case on SQLite and on PostgreSQL. `make test` runs the first case of
each step and every fault, on one of the two in turn; those of a dozen steps, where a mistake would
send an invoice twice or lose it, on both. A `ledger reconcile` that is killed at each of its steps
has tests of its own (`tests/integration/test_restored_ledger.py`).
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes:
        what: the step, or the fault.
        world: what is where at that moment.
        next_run: what the next command does.
        exit_code: of that command; several where the world decides.
        proven_by: names of the cases.
    """

    what: str
    world: str
    next_run: str
    exit_code: str
    proven_by: Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the page."""

    title: str
    introduction: str
    rows: Sequence[Row]


_PARTS = (
    ("Collect", CrashPoint.LEDGER, CrashPoint.RETURN_REMOVED),
    ("Recovery of an earlier night", CrashPoint.TEMPORARY_REMOVED, CrashPoint.RECOVERED),
    ("Transformation", CrashPoint.CLAIM_FILE, CrashPoint.EXTRACTS_FINISHED),
    ("Deposit", CrashPoint.BEFORE_DEPOSIT, CrashPoint.CONFIRMED),
    ("End of a run", CrashPoint.BEFORE_REPORT, CrashPoint.REPORTED),
    ("An operator's word", CrashPoint.RELEASE_NOTED, CrashPoint.RESOLVED),
)


def crash_sections() -> list[Section]:
    """Return the tables of the crash points, by stage."""
    points = list(CrashPoint)
    found = []
    for title, first, last in _PARTS:
        part = points[points.index(first) : points.index(last) + 1]
        found.append(Section(f"Killed: {title.lower()}", "", [_crash_row(p) for p in part]))
    return found


def _crash_row(point: CrashPoint) -> Row:
    cases = [case for case in CASES if case.point is point]
    codes = sorted({case.exit_code for case in cases})
    return Row(
        f"`{point.value}`",
        STEPS[point].world,
        STEPS[point].next_run,
        "; ".join(_code(code, cases) for code in codes),
        [case.name for case in cases],
    )


def _code(code: ExitCode, cases: Sequence[Case]) -> str:
    """Return an exit code, and when it is that one if there are several."""
    mine = [case for case in cases if case.exit_code is code]
    others = len(mine) < len(cases)
    if others and all(case.command is not Command.NIGHT for case in mine):
        return f"{int(code)} ({', '.join(dict.fromkeys(case.command.value for case in mine))})"
    if others and all(case.doubt for case in mine):
        return f"{int(code)} (in doubt)"
    if others and all(case.strange_return for case in mine):
        return f"{int(code)} (a return file is not understood)"
    return str(int(code))


_FAULTS = (
    ("SFTP", "sftp", "A server with one fault each (`tests/support/faulty_sftp.py`).", SFTP),
    ("A real OpenSSH", "openssh", "Chrooted where the tests run as root.", OPENSSH),
    ("The folder channel", "folder", "The share of the firm's own transfer tool.", FOLDER),
)
_FAULT_NIGHTS = """\
A night of three flows meets the fault; the exit code is that night's. What it says and what to do
is looked at too. The next night has no fault; then Chorus Pro reports, and each invoice has arrived
once, or somebody was told."""


def fault_sections() -> list[Section]:
    """Return the tables of the faults of the other side, by channel."""
    return [
        Section(f"Faults: {title}", f"{where} {_FAULT_NIGHTS}", [_fault_row(c, key) for c in cases])
        for title, key, where, cases in _FAULTS
    ]


def _fault_row(case: FaultCase, key: str) -> Row:
    counted = Counter(state.replace("_", " ") for state in case.flows)
    world = ", ".join(f"{count} {state}" for state, count in counted.items()) or "none built"
    said = f"; says “{case.says}”" if case.says else ""
    to_do = f"“{case.to_do}”; " if case.to_do else ""
    by_hand = "the flow in doubt is sent again by an operator; " if case.by_hand else ""
    return Row(
        case.happens,
        f"flows: {world}{said}",
        f"{to_do}{by_hand}{case.next_night}",
        str(case.exit_code),
        [f"{key}: {case.name}"],
    )


#: What gives the tables of the page, in their order.
SECTIONS: tuple[Callable[[], list[Section]], ...] = (crash_sections, fault_sections)


def page() -> str:
    """Return docs/reliability.md."""
    sections = [section for give in SECTIONS for section in give()]
    cases = {name for section in sections for row in section.rows for name in row.proven_by}
    lines = [
        INTRODUCTION,
        f"{len(cases)} cases for each kind of ledger. Their names tell the place (`×2`: the second",
        "time that it is reached) and what differs from a night by SFTP with temporary endings, on",
        "a server that leaves what arrived where it is. The exit code is that of the command done",
        "again: 1, because an invoice of the extracts is quarantined or one was rejected.",
    ]
    for section in sections:
        lines += ["", f"## {section.title}", ""]
        if section.introduction:
            lines += [section.introduction, ""]
        lines += [
            "| step | what is where | the next command | exit code | cases |",
            "|---|---|---|---|---|",
        ]
        for row in section.rows:
            proven = ", ".join(f"`{name}`" for name in row.proven_by)
            cells = (row.what, row.world, row.next_run, row.exit_code, proven)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
