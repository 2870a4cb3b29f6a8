"""kill -9 within the Prefect flow: Prefect knows nothing of it that the next night would need."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.crashpoints import CrashPoint
from flows.errors import ExitCode
from tests.reliability.cases import ENDS, Case
from tests.reliability.conftest import Evenings
from tests.reliability.invariants import violations

pytestmark = [pytest.mark.integration]


@pytest.mark.parametrize(
    ("point", "again_under_prefect"),
    [
        (CrashPoint.RECORDED, False),
        (CrashPoint.AFTER_RENAME, True),
        pytest.param(CrashPoint.RUN_FINISHED, False, marks=pytest.mark.exhaustive),
    ],
)
def test_a_night_killed_within_its_flow_is_done_again(
    prefect_home: Path, tmp_path: Path, point: CrashPoint, again_under_prefect: bool
) -> None:
    case = Case(point=point, takes_at_once=True)
    doubt = point is CrashPoint.AFTER_RENAME
    with Evenings(tmp_path / "evening", None).begin(case, tmp_path / "firm") as story:
        firm = story.firm
        firm.now = datetime.now(UTC) - timedelta(hours=25)  # the command has its own clock
        story.prepare()
        firm.sections["prefect"]["enabled"] = True
        firm.write_settings()
        killed = firm.command("run", crash_at=point.value)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert "flow 'nightly'" in killed.stdout + killed.stderr

        done = firm.command("run", *(() if again_under_prefect else ("--no-prefect",)))
        expected = ExitCode.ATTENTION if doubt else ExitCode.FINDINGS
        assert done.returncode == expected, done.stderr
        assert ("flow 'nightly'" in done.stdout + done.stderr) is again_under_prefect
        assert (story.doubtful() is not None) is doubt
        assert violations(firm, story.sandbox, settled=False) == []

        story.later(2)
        story.answer()
        story.night()
        assert violations(firm, story.sandbox) == []
        assert story.ends() == ENDS
