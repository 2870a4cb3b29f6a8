"""Before anything leaves: controls, balance and brakes, in this order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import Brakes
from flows.errors import BalanceError, BrakeHeldError, ControlError
from flows.proving import prove
from tests.support.report_nights import ReportNights
from transforms.balance import Balance, Tally


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[ReportNights]:
    nights = ReportNights(tmp_path)
    yield nights
    nights.close()


def proven(nights: ReportNights, run: str, **changes: Any) -> None:
    given: dict[str, Any] = {
        "differences": (),
        "balance": nights.balance(run),
        "company_sellers": frozenset(),
    }
    prove(nights.ledger, nights.settings, run, **given | changes)


def test_a_run_in_balance_within_its_brakes_passes(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.flow(run, 2, "built")
    proven(nights, run)


def test_an_extract_that_is_not_what_was_announced_comes_first(nights: ReportNights) -> None:
    run = nights.start("R1")
    with pytest.raises(ControlError, match="3 invoices announced, 2 read"):
        proven(nights, run, differences=["a.csv: 3 invoices announced, 2 read"], balance=None)


def test_a_run_out_of_balance_does_not_leave(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.flow(run, 2, "built")
    with pytest.raises(BalanceError, match="status --run R1"):
        proven(nights, run, balance=Balance(Tally(3), {}, 0))


def test_the_brakes_that_hold_are_named(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.flow(run, 2, "built")
    brakes = Brakes(max_invoices=1)
    nights.settings = nights.settings.model_copy(update={"brakes": brakes})
    with pytest.raises(BrakeHeldError, match="release R1") as held:
        proven(nights, run)
    assert len(held.value.brakes) == 1
    assert "max_invoices" in held.value.brakes[0]
