"""A run has the second of its start for a name, and remembers that it was asked to hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.starting import asked_to_hold, start
from tests.support.firm import Firm


@pytest.mark.parametrize("hold", [True, False])
def test_a_run_remembers_whether_it_was_asked_to_hold(tmp_path: Path, hold: bool) -> None:
    firm = Firm(tmp_path)
    with firm.ledger() as ledger:
        run = start(ledger, firm.configuration(), now=firm.now, hold=hold)
        assert asked_to_hold(ledger, run.run_id) is hold


def test_two_runs_of_one_second_have_two_names(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    with firm.ledger() as ledger:
        names = []
        for _ in range(2):
            run = start(ledger, firm.configuration(), now=firm.now, hold=False)
            names.append(run.run_id)
            ledger.finish_run(run.run_id, state="done", exit_code=0, balance={})
    assert names == ["20260914-190000", "20260914-190000-2"]
