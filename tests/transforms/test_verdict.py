"""The verdict on a run."""

from __future__ import annotations

from decimal import Decimal

import pytest

from transforms.balance import Balance, Place, Tally
from transforms.balance_sheet import BalanceSheet
from transforms.verdict import Judgement, Remembered, Tone, judge

EUROS = {("EUR", "380"): Decimal("120.00")}
HOLDING = BalanceSheet.of(
    Balance(Tally(1, EUROS), {Place.DEPOSITED: Tally(1, EUROS)}), to_deposit=0
)
EMPTY = BalanceSheet.of(Balance(Tally(), {}), to_deposit=0)
UNSENT = BalanceSheet.of(Balance(Tally(1, EUROS), {Place.WAITING: Tally(1, EUROS)}), to_deposit=1)
BROKEN = BalanceSheet.of(Balance(Tally(2, EUROS), {Place.DEPOSITED: Tally(1)}), to_deposit=0)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, Judgement.ALL_WELL),
        ({"balance": EMPTY}, Judgement.NOTHING),
        ({"to_correct": 2}, Judgement.CORRECT),
        ({"to_correct": 2, "attention": True}, Judgement.ATTENTION),
        ({"attention": True, "fresh_problems": True}, Judgement.UNFINISHED),
        ({"balance": UNSENT}, Judgement.UNFINISHED),
        ({"balance": None}, Judgement.UNFINISHED),
        ({"run_state": "running"}, Judgement.UNFINISHED),
        ({"fresh_problems": True, "in_doubt": 1}, Judgement.IN_DOUBT),
        ({"run_state": "held", "balance": UNSENT}, Judgement.HELD),
        ({"run_state": "held", "facts": Remembered(held=("x",))}, Judgement.HELD_BY_BRAKE),
        ({"run_state": "released", "facts": Remembered(held=("x",))}, Judgement.ALL_WELL),
        ({"run_state": "held", "facts": Remembered(dry_run=True)}, Judgement.REHEARSAL),
        ({"run_state": "failed", "in_doubt": 1}, Judgement.FAILED),
        ({"run_state": "failed", "balance": BROKEN}, Judgement.OUT_OF_BALANCE),
    ],
)
def test_the_gravest_thing_that_is_true_is_the_verdict(
    facts: dict[str, object], expected: Judgement
) -> None:
    usual: dict[str, object] = {
        "run_state": "done",
        "balance": HOLDING,
        "facts": Remembered(),
        "fresh_problems": False,
        "in_doubt": 0,
        "attention": False,
        "to_correct": 0,
    }
    assert judge(**(usual | facts)) is expected  # type: ignore[arg-type] # a table of cases


def test_only_a_clean_night_looks_good() -> None:
    good = {each for each in Judgement if each.tone is Tone.GOOD}
    assert good == {Judgement.ALL_WELL, Judgement.NOTHING}
    assert Judgement.OUT_OF_BALANCE.tone is Tone.BAD
