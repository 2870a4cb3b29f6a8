"""The places where a test may kill the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from flows.crashpoints import VARIABLE, CrashPoint, reach


@pytest.mark.parametrize("named", ["", "elsewhere", CrashPoint.UPLOAD_50])
def test_a_place_that_is_not_named_is_passed(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv(VARIABLE, named)
    reach(CrashPoint.UPLOAD_100)
    monkeypatch.delenv(VARIABLE)
    reach(CrashPoint.UPLOAD_100)


def test_the_place_that_is_named_kills_without_a_last_word() -> None:
    program = (
        "import atexit, flows.crashpoints as c; atexit.register(print, 'bye')\n"
        "try:\n c.reach('upload-50')\nfinally:\n print('cleaned up')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {VARIABLE: CrashPoint.UPLOAD_50},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == b""
