"""What the stages of a night mean: the state the run ends in."""

from __future__ import annotations

from typing import cast

import pytest

from flows.errors import (
    BalanceError,
    BrakeHeldError,
    ChorusFlowsError,
    ControlError,
    DiskError,
    TransportError,
)
from flows.extract_sets import WrongProfileError
from flows.ledger import RunState
from flows.stages import Stages
from flows.transform import Transformed


def stages(*problems: ChorusFlowsError, read: bool = True) -> Stages:
    transformed = cast("Transformed", object()) if read else None  # only that it is there
    return Stages(transformed=transformed, problems=list(problems))


@pytest.mark.parametrize(
    ("done", "state"),
    [
        (stages(), RunState.DONE),
        (stages(TransportError("the line is cut")), RunState.DONE),
        (stages(ControlError("cut")), RunState.FAILED),
        (stages(BalanceError("one too many")), RunState.FAILED),
        (stages(BrakeHeldError("too many")), RunState.HELD),
        (stages(DiskError("full"), read=False), None),
    ],
)
def test_a_run_that_deposits_ends_as_its_gravest_problem_says(
    done: Stages, state: RunState | None
) -> None:
    assert done.ends_in(deposits=True, anything_recorded=lambda: True) is state


def test_a_run_that_is_asked_to_hold_is_held() -> None:
    assert stages().ends_in(deposits=False, anything_recorded=lambda: True) is RunState.HELD


@pytest.mark.parametrize(("recorded", "state"), [(False, RunState.FAILED), (True, None)])
def test_a_wrong_profile_fails_only_a_run_of_which_nothing_is_recorded(
    recorded: bool, state: RunState | None
) -> None:
    done = stages(WrongProfileError("no column fits"), read=False)
    assert done.ends_in(deposits=True, anything_recorded=lambda: recorded) is state
