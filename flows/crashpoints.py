"""Named places where a test may kill the process, to prove that the next run recovers.

``reach`` does nothing unless the environment variable ``CHORUS_FLOWS_CRASH_AT`` names the place:
then the process dies at once by SIGKILL, as in a power cut: no handler, no flush, no clean-up.
``name:3`` means the third time that it comes there.
The places stay in the code so that the tests kill the very program that runs at night.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from enum import StrEnum

#: Environment variable that names the place to die at.
VARIABLE = "CHORUS_FLOWS_CRASH_AT"


class CrashPoint(StrEnum):
    """Places of a night, in order."""

    CLAIM = "claim"  # extracts claimed, none recorded
    RENDER = "render"  # a flow written under its temporary name, in a worker
    BUILT = "built"  # the flows of a chunk in the outbox, the chunk not recorded
    RECORDED = "recorded"  # a chunk recorded, the night not yet whole
    BEFORE_DEPOSIT = "before-deposit"  # the night whole, its balance and brakes looked at
    UPLOAD_0 = "upload-0"  # `uploading` recorded, not a byte sent
    UPLOAD_50 = "upload-50"  # half of the bytes sent
    UPLOAD_100 = "upload-100"  # all bytes sent, size not yet compared
    BEFORE_RENAMING_RECORD = "before-renaming-record"
    AFTER_RENAMING_RECORD = "after-renaming-record"  # recorded, rename not yet asked for
    AFTER_RENAME = "after-rename"  # final name reached, ledger does not know
    BEFORE_REPORT = "before-report"  # all deposited and recorded, the run not yet finished


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
