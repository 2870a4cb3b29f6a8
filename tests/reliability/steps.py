"""What is where when a process dies at a crash point, and what the next command makes of it.

The texts of docs/reliability.md; ``tests.reliability.cases`` proves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.crashpoints import CrashPoint

P = CrashPoint


@dataclass(frozen=True, slots=True)
class Step:
    """A place where a process may die.

    Attributes:
        world: what is on disk, in the ledger and on the other side at that moment.
        next_run: what the next command makes of it.
    """

    world: str
    next_run: str


_FETCH = "fetches the file again; the same content is recorded once"
_SETTLE = "settles the flow anew from all that is recorded of it; the same again changes nothing"
_RESUME = "resumes the run under its number and date; what is recorded is left, the rest is done"
_REBUILD = "resumes the run, removes files of the outbox that the ledger does not know, builds anew"
_AGAIN = "finds no final name, removes the temporary one, and sends the flow again under its id"
_UNTOLD = "writes the report anew and gives the exit code that the dead process could not give"

#: One text for every crash point; a test holds this against the enum.
STEPS: Mapping[CrashPoint, Step] = {
    P.LEDGER: Step(
        "the tables of a new ledger are written and not committed", "makes the ledger anew"
    ),
    P.RUN_STARTED: Step("a run that has done nothing yet is in the ledger", _RESUME),
    # -- collect
    P.RETURN_PART: Step("a part of a return file is on disk under a `.part` name", _FETCH),
    P.RETURN_FETCHED: Step("a return file is whole in `returns/incoming`", _FETCH),
    P.RETURN_KEPT: Step("a return file has its lasting name; the ledger does not know it", _FETCH),
    P.RETURN_RECORDED: Step(
        "the return file is recorded as fetched and not read", "reads it from its local copy"
    ),
    P.STATUSES_ADDED: Step("its statuses are recorded; no flow is settled", _SETTLE),
    P.SETTLEMENT_TOLD: Step("what a person must know is recorded; nothing is settled", _SETTLE),
    P.ARRIVAL_RECORDED: Step(
        "a flow whose arrival was open counts as deposited; its report is not yet applied", _SETTLE
    ),
    P.MEMBERS_SETTLED: Step("its invoices are settled one by one; the flow is not", _SETTLE),
    P.FLOW_MOVED: Step(
        "invoices and flow are settled; rejected numbers are still held", _SETTLE + "; frees them"
    ),
    P.FLOWS_SETTLED: Step(
        "all flows are settled; the return files still count as fetched", _SETTLE
    ),
    P.RETURNS_RECONCILED: Step(
        "the return files are reconciled; reports of earlier runs do not tell it yet", _UNTOLD
    ),
    P.RETURN_REMOVED: Step(
        "one return file is removed or moved on the other side, the others are not",
        "removes or moves the others",
    ),
    # -- recovery
    P.TEMPORARY_REMOVED: Step(
        "the remains of a cut upload are removed; the flow is still half-way in the ledger",
        "`uploading`: sends the flow again. `renaming`: nothing is there to prove that the rename "
        "did not happen, so the flow is in doubt",
    ),
    P.RECOVERED: Step(
        "the fate of a flow of an earlier process is recorded, in doubt perhaps; nobody was told",
        "tells it: a flow in doubt gives exit code 4 although it is settled already",
    ),
    # -- transform
    P.CLAIM_FILE: Step(
        "one extract is in `claimed/<run>`, its side files and the other extracts have not moved",
        "brings its side files and does it; the other extracts go into a run of their own",
    ),
    P.CLAIM_COMPANION: Step(
        "an extract and one of its side files have moved, another side file has not",
        "brings the side file that is missing",
    ),
    P.CLAIM: Step("every extract is claimed; the ledger knows none", _RESUME),
    P.EXTRACTS_RECORDED: Step("the extracts are recorded; none is read", _RESUME),
    P.TAKEN_OVER: Step(
        "an invoice that waited is marked as taken over by the run, and not read",
        "takes it over again: its rows are kept until the run is over",
    ),
    P.SEQUENCES: Step(
        "flow numbers are reserved and nothing bears them",
        "reserves others: a gap, never a number used twice",
    ),
    P.MAP: Step("some invoices of a chunk are done, in the memory of a worker only", _RESUME),
    P.RENDER: Step("a flow is under a `.part` name in the outbox", _REBUILD),
    P.OUTBOX_RENAMED: Step(
        "a flow is in the outbox; its name may not survive a power cut", _REBUILD
    ),
    P.BUILT: Step("the flows of a chunk are in the outbox; the ledger knows none", _REBUILD),
    P.SPOOLED: Step("the rows of a waiting invoice are kept; its chunk is not recorded", _RESUME),
    P.RECORDING: Step(
        "a chunk is written to the database and not committed", "finds nothing of it; " + _RESUME
    ),
    P.RECORDED: Step("one chunk is recorded, others are not; nothing is deposited", _RESUME),
    P.EXTRACTS_FINISHED: Step(
        "all invoices are recorded, all extracts read to their end",
        "resumes the run without reading them again",
    ),
    # -- deposit
    P.BEFORE_DEPOSIT: Step("the night is whole; nothing was sent", "checks it again, deposits"),
    P.UPLOAD_0: Step("the flow is `uploading`; not a byte was sent", _AGAIN),
    P.UPLOAD_1: Step("the flow is `uploading`; 1 % is under its temporary name", _AGAIN),
    P.UPLOAD_50: Step("the flow is `uploading`; half is under its temporary name", _AGAIN),
    P.UPLOAD_99: Step("the flow is `uploading`; 99 % is under its temporary name", _AGAIN),
    P.UPLOAD_100: Step("the flow is `uploading`; all is under its temporary name", _AGAIN),
    P.BEFORE_RENAMING_RECORD: Step(
        "the flow is `uploading`; its temporary name is whole and has the right size", _AGAIN
    ),
    P.AFTER_RENAMING_RECORD: Step(
        "the flow is `renaming`; it still has its temporary name",
        "finds the temporary name: the rename did not happen; sends the flow again under its id",
    ),
    P.LINKED: Step(
        "folder channel: the flow has its final name and its temporary one",
        "finds the final name with the right size; removes the other",
    ),
    P.AFTER_RENAME: Step(
        "the flow is `renaming`; it has its final name, or Chorus Pro has taken it already",
        "final name there with the right size: deposited. Taken: in doubt until the report comes",
    ),
    P.CONFIRMED: Step("the flow is deposited and recorded; the next one is not begun", _RESUME),
    # -- end
    P.BEFORE_REPORT: Step("all is deposited and recorded; the run is not ended", _RESUME),
    P.FLOW_GIVEN_UP: Step(
        "of a run that failed, or is given up, one flow is abandoned and the others are not",
        "abandons the others",
    ),
    P.GIVEN_UP: Step(
        "the flows of a failed run are abandoned; its extracts are not back",
        "fails again for the same reason, puts the extracts back",
    ),
    P.PUT_BACK: Step(
        "one extract is back in the landing folder; its side files are still with the failed run",
        "puts its side files back, ends the failed run, and does the extract in the next",
    ),
    P.RUN_FINISHED: Step(
        "the run is ended in the ledger; there is no report of it, and rows that nobody waits for "
        "are still kept",
        _UNTOLD + "; removes the rows",
    ),
    P.MANIFEST_ROW: Step(
        "what was done is sealed in the ledger; the file of the manifest is not there",
        "writes the file from the ledger; " + _UNTOLD,
    ),
    P.MANIFEST_FILE: Step(
        "what was done is sealed, the manifest is whole; no report carries it", _UNTOLD
    ),
    P.REPORT_FILE: Step("some files of a report are new, the others are old or missing", _UNTOLD),
    P.REPORTED: Step("a report is whole; the ledger does not know", _UNTOLD),
    # -- an operator's word
    P.RELEASE_NOTED: Step(
        "the word is recorded; nothing of the held run is sent", "`release` again sends it"
    ),
    P.RELEASED: Step(
        "all flows of the held run are deposited; the run is still held", "`release` again ends it"
    ),
    P.RESEND_BUILT: Step(
        "the new flow is in the outbox; the ledger knows only the old one, in doubt",
        "`flow resolve` again removes it and builds it under other numbers",
    ),
    P.RESOLVED: Step(
        "the word is recorded and done; nobody was told",
        "`status` tells it, and the next run writes the report anew and sends what is to send",
    ),
}
