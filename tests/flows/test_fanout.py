"""Fan-out: order kept, work bounded, a lost worker told."""

from __future__ import annotations

import os
import time

import pytest

from config.settings import Workers
from flows.fanout import IN_FLIGHT_PER_WORKER, WorkerLostError, map_in_order, open_executor


def slow_first(item: int) -> int:
    time.sleep(0.2 if item == 0 else 0)
    return item * item


def die(_item: int) -> int:
    os._exit(9)


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_results_come_in_the_order_of_the_items(executor: str) -> None:
    settings = Workers.model_validate({"executor": executor, "processes": 2})
    with open_executor(settings) as (pool, workers):
        found = list(map_in_order(pool, workers, slow_first, range(6)))
    assert found == [(n, n * n) for n in range(6)]


def test_no_more_items_are_taken_than_may_be_in_flight() -> None:
    taken: list[int] = []

    def items() -> object:
        for number in range(50):
            taken.append(number)
            yield number

    with open_executor(Workers(processes=1)) as (pool, workers):
        results = map_in_order(pool, workers, slow_first, items())  # type: ignore[arg-type]
        next(results)
        assert len(taken) == workers * IN_FLIGHT_PER_WORKER
        results.close()  # type: ignore[attr-defined]


def test_a_worker_that_dies_is_an_error_that_may_pass() -> None:
    with (
        pytest.raises(WorkerLostError, match="worker process died"),
        open_executor(Workers(processes=1)) as (pool, workers),
    ):
        list(map_in_order(pool, workers, die, range(3)))


def test_each_machine_core_gets_a_worker_unless_told_otherwise() -> None:
    with open_executor(Workers()) as (_, workers):
        assert workers == os.cpu_count()
