"""kill -9 at every step that changes the world: nothing lost, nothing doubled, nothing silent."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from flows.audit.verify import verify
from flows.crashpoints import CrashPoint
from flows.errors import ExitCode
from flows.ledger.states import FlowState
from tests.reliability.cases import CASES, ENDS, FIRST, Case, Command
from tests.reliability.conftest import Evenings
from tests.reliability.invariants import violations
from tests.reliability.story import Story
from tests.support.apart import Ended

pytestmark = pytest.mark.integration


def died(killed: Ended, *, worker: bool) -> None:
    """Check that the process was killed where it should; of a pool, that its worker was."""
    if worker:
        assert killed.code is ExitCode.UNFINISHED, killed
        assert "worker process died" in killed.told[0]
    else:
        assert killed.signal == signal.SIGKILL, killed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_killed_is_done_again_and_every_promise_holds(
    case: Case, evenings: Evenings, tmp_path: Path
) -> None:
    with evenings.begin(case, tmp_path) as story:
        story.prepare()
        died(story.kill(case.crash_at), worker=case.pool)
        if case.left:
            assert case.left in story.flow_states()
        for point in case.then:
            died(story.kill(point), worker=False)

        assert story.again() is case.exit_code
        assert (story.doubtful() is not None) is case.doubt
        promises_hold(story, settled=False)
        if case.command is Command.COLLECT:
            assert story.night() is ExitCode.FINDINGS
        settle(story)

        promises_hold(story)
        ends = story.ends()
        assert ends == wanted(case), ends


def promises_hold(story: Story, *, settled: bool = True) -> None:
    lost = story.case.report_lost
    found = violations(story.firm, story.sandbox, settled=settled, silent=lost)
    assert not found, "\n".join(found)
    if settled:
        with story.firm.ledger() as ledger:
            proof = verify(ledger, story.firm.configuration().settings)
        assert proof.exit_code is ExitCode.OK, "\n".join(proof.lines("en"))


def settle(story: Story) -> None:
    """Let Chorus Pro answer, and people do what they are asked to."""
    case = story.case
    story.answer()
    before = story.sent()
    story.later(1)
    morning = story.night()
    if case.command not in {Command.RESEND, Command.DISCARD}:
        assert story.sent() == before, "another night sends nothing"
    if case.by_hand:
        assert story.doubtful() is not None
        story.later(25)
        assert story.night() is ExitCode.ATTENTION, "still in doubt, and raised"
        story.resolve(resend=case.by_hand == "resend")
        after_a_word(story)
    elif case.redo:
        story.answer()  # what had waited leaves again by itself
        story.later(1)
        story.night()
        story.extract_again(n for n, state in story.ends().items() if state != ENDS[n])
        after_a_word(story)
    elif case.command is Command.RESEND:
        after_a_word(story)
    elif not case.before:
        assert morning is ExitCode.OK
    assert story.doubtful() is None


def after_a_word(story: Story) -> None:
    """Send what was set free by a person, and have it answered."""
    for _ in range(2):
        story.later(1)
        story.night()
        story.answer()
    story.night()


def wanted(case: Case) -> dict[str, str]:
    """Return where every number must end."""
    return (FIRST if not case.first_night else ENDS) | case.ends


def test_there_is_a_case_for_every_crash_point() -> None:
    assert {case.point for case in CASES} == set(CrashPoint)


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_states_a_case_names_exist() -> None:
    assert {case.left for case in CASES} - {""} <= {state.value for state in FlowState}
