"""Releasing a held run, or giving it up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows import locking
from flows.errors import ConfigurationError, ExitCode, LockHeldError
from flows.ledger import FlowState, RunState
from flows.night_result import Mode
from flows.release import discard, release
from tests.support.firm import Firm, csv, row


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm with a held run of two invoices."""
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    firm.run(Mode.HOLD)
    firm.now += timedelta(hours=2)
    return firm


def held(firm: Firm) -> str:
    with firm.ledger() as ledger:
        return ledger.runs(1)[0].run_id


def state(firm: Firm) -> RunState:
    with firm.ledger() as ledger:
        return ledger.runs(1)[0].state


def flows(firm: Firm) -> set[FlowState]:
    with firm.ledger() as ledger:
        return {flow.state for flow in ledger.flows()}


def test_a_release_deposits_what_was_held_and_says_who_decided(firm: Firm) -> None:
    result = release(
        firm.configuration(), held(firm), by="A. Martin", reason="vu", clock=lambda: firm.now
    )
    assert (result.exit_code, result.deposited_flows, result.problems) == (
        ExitCode.OK,
        1,
        (),
    )
    assert len(firm.arrived()) == 1
    assert state(firm) is RunState.RELEASED
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}
    with firm.ledger() as ledger:
        notes = [
            event for event in ledger.events(run_id=result.run_id) if event.actor == "A. Martin"
        ]
    assert {note.reason for note in notes} == {"vu"}


def test_a_release_that_cannot_deposit_may_be_done_again(firm: Firm) -> None:
    gateway = firm.root / "gateway"
    gateway.rename(firm.root / "down")
    run_id = held(firm)
    result = release(firm.configuration(), run_id, by="A", reason="vu", clock=lambda: firm.now)
    assert result.exit_code is ExitCode.UNFINISHED
    assert result.problems
    assert state(firm) is RunState.HELD
    (firm.root / "down").rename(gateway)
    again = release(firm.configuration(), run_id, by="A", reason="vu", clock=lambda: firm.now)
    assert again.exit_code is ExitCode.OK
    assert len(firm.arrived()) == 1
    assert state(firm) is RunState.RELEASED


def test_a_run_given_up_deposits_nothing_and_frees_its_numbers(firm: Firm) -> None:
    result = discard(
        firm.configuration(), held(firm), by="A", reason="mauvais extrait", clock=lambda: firm.now
    )
    assert result.exit_code is ExitCode.OK
    assert firm.arrived() == []
    assert state(firm) is RunState.FAILED
    assert flows(firm) == {FlowState.ABANDONED}
    with firm.ledger() as ledger:
        assert ledger.known(["F1", "F2"]) == {}
        assert {event.actor for event in ledger.events(run_id=result.run_id)} >= {"A"}


@pytest.mark.parametrize("decide", [release, discard])
def test_nobody_nothing_and_the_unknown_are_refused(firm: Firm, decide: object) -> None:
    assert callable(decide)
    run_id = held(firm)
    for arguments, told in (
        ({"by": " ", "reason": "vu"}, "--by and --reason"),
        ({"by": "A", "reason": ""}, "--by and --reason"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            decide(firm.configuration(), run_id, **arguments)
    with pytest.raises(ConfigurationError, match="knows no run R9"):
        decide(firm.configuration(), "R9", by="A", reason="vu")
    assert state(firm) is RunState.HELD


@pytest.mark.parametrize("decide", [release, discard])
def test_a_run_that_is_not_held_any_more_is_refused(firm: Firm, decide: object) -> None:
    assert callable(decide)
    run_id = held(firm)
    discard(firm.configuration(), run_id, by="A", reason="faux", clock=lambda: firm.now)
    with pytest.raises(ConfigurationError, match="there is nothing to"):
        decide(firm.configuration(), run_id, by="A", reason="vu")


def test_a_run_at_work_is_not_disturbed(firm: Firm) -> None:
    run_id = held(firm)
    with (
        locking.held(firm.root / "state", "run"),
        pytest.raises(LockHeldError),
    ):
        release(firm.configuration(), run_id, by="A", reason="vu")
    assert state(firm) is RunState.HELD
