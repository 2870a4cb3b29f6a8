"""Named places where a test may kill the process, to prove that the next run recovers.

``reach`` does nothing unless the environment variable ``CHORUS_FLOWS_CRASH_AT`` names the place:
then the process dies at once by SIGKILL, as in a power cut: no handler, no flush, no clean-up.
``name:3`` means the third time that it comes there.
The places stay in the code so that the tests kill the very program that runs at night.

There is one at every step that changes the world: the disk, the ledger, the other side. What is
where at that moment, what the next run makes of it and which test proves it: docs/reliability.md.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from enum import StrEnum

#: Environment variable that names the place to die at.
VARIABLE = "CHORUS_FLOWS_CRASH_AT"


class CrashPoint(StrEnum):
    """Places of a night in their order, then those of the other commands."""

    LEDGER = "ledger"  # tables of a new ledger made, not committed
    RUN_STARTED = "run-started"  # the run recorded, nothing done

    # -- collect
    RETURN_PART = "return-part"  # a part of a return file on disk
    RETURN_FETCHED = "return-fetched"  # whole on disk, not yet under its lasting name
    RETURN_KEPT = "return-kept"  # under its lasting name, not recorded
    RETURN_RECORDED = "return-recorded"  # recorded, not read
    STATUSES_ADDED = "statuses-added"  # its statuses recorded, no flow settled
    SETTLEMENT_TOLD = "settlement-told"  # findings recorded, nothing settled
    ARRIVAL_RECORDED = "arrival-recorded"  # a flow whose arrival was open deposited, not settled
    MEMBERS_SETTLED = "members-settled"  # the invoices of a flow settled, the flow not
    FLOW_MOVED = "flow-moved"  # the flow settled, rejected numbers not freed
    FLOWS_SETTLED = "flows-settled"  # all settled, no return file counts as reconciled
    RETURNS_RECONCILED = "returns-reconciled"  # they do, none removed on the other side
    RETURN_REMOVED = "return-removed"  # one of them removed or moved there
    TEMPORARY_REMOVED = "temporary-removed"  # a cut upload removed, its flow not settled
    RECOVERED = "recovered"  # one flow left half-way settled, and nothing else done

    # -- transform
    CLAIM_FILE = "claim-file"  # an extract moved, its companions and the others not
    CLAIM_COMPANION = "claim-companion"  # one of its companions moved
    CLAIM = "claim"  # extracts claimed, none recorded
    EXTRACTS_RECORDED = "extracts-recorded"  # none of them read
    TAKEN_OVER = "taken-over"  # an invoice that waited taken over, not read
    SEQUENCES = "sequences"  # numbers of a chunk reserved, the chunk not begun
    MAP = "map"  # some invoices of a chunk done, in a worker
    RENDER = "render"  # a flow written under its temporary name, in a worker
    OUTBOX_RENAMED = "outbox-renamed"  # under its final one, the folder not flushed, in a worker
    BUILT = "built"  # the flows of a chunk in the outbox, the chunk not recorded
    SPOOLED = "spooled"  # rows that wait on disk, the chunk not recorded
    RECORDING = "recording"  # a chunk written to the ledger, not committed
    RECORDED = "recorded"  # a chunk recorded, the night not yet whole
    EXTRACTS_FINISHED = "extracts-finished"  # every chunk and every extract recorded

    # -- deposit
    BEFORE_DEPOSIT = "before-deposit"  # the night whole, its balance and brakes looked at
    UPLOAD_0 = "upload-0"  # `uploading` recorded, not a byte sent
    UPLOAD_1 = "upload-1"  # the first of the bytes sent
    UPLOAD_50 = "upload-50"  # half of the bytes sent
    UPLOAD_99 = "upload-99"  # nearly all of them
    UPLOAD_100 = "upload-100"  # all bytes sent, size not yet compared
    BEFORE_RENAMING_RECORD = "before-renaming-record"  # size compared
    AFTER_RENAMING_RECORD = "after-renaming-record"  # recorded, rename not yet asked for
    LINKED = "linked"  # folder channel: the flow has both names
    AFTER_RENAME = "after-rename"  # final name reached, ledger does not know
    CONFIRMED = "confirmed"  # `deposited` recorded, the next flow not begun

    # -- end
    BEFORE_REPORT = "before-report"  # all deposited and recorded, the run not yet finished
    FLOW_GIVEN_UP = "flow-given-up"  # a flow of a run that failed abandoned, the others not
    GIVEN_UP = "given-up"  # all it held is free, its extracts not put back
    PUT_BACK = "put-back"  # an extract is back in the landing folder, its companions not
    RUN_FINISHED = "run-finished"  # no report of it, spent rows not swept
    MANIFEST_ROW = "manifest-row"  # a manifest recorded, its file not yet there
    MANIFEST_FILE = "manifest-file"  # its file on disk, nothing after it done
    REPORT_FILE = "report-file"  # one file of a report replaced, the others not
    REPORTED = "reported"  # a report whole, the ledger does not know

    # -- an operator's word
    RELEASE_NOTED = "release-noted"  # the word recorded, nothing sent
    RELEASED = "released"  # all sent, the run still held
    RESEND_BUILT = "resend-built"  # the new flow in the outbox, the ledger does not know
    RESOLVED = "resolved"  # the word recorded and done, not told


class ReconcilePoint(StrEnum):
    """Places of ``ledger reconcile``, in order."""

    STARTED = "reconcile-started"  # flow numbers reserved, nothing else recorded
    RUNS = "reconcile-runs"  # forgotten runs recorded, none of their flows
    FLOW = "reconcile-flow"  # a forgotten flow recorded, its state not yet
    ALIGNED = "reconcile-aligned"  # every flow in its state
    RETURNS = "reconcile-returns"  # return files recorded again and read
    END = "reconcile-end"  # all recorded, the journal not yet told


_reached: Counter[str] = Counter()


def reach(name: str) -> None:
    """Die here if a test asked for it; else do nothing."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    point, _, times = wanted.partition(":")
    if point != name:
        return
    _reached[name] += 1
    if _reached[name] == int(times or 1):
        os.kill(os.getpid(), signal.SIGKILL)
