"""Fan-out: chunks go to an executor, results come back in the order of the chunks.

The executor is any ``concurrent.futures.Executor``: a pool of spawned processes on one machine,
Dask's own executor on a cluster, or none at all. Memory is bounded by the chunks in flight.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeVar

from config.settings import Workers
from flows.errors import ConfigurationError, RetryableError

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Chunks in flight per worker: one computed, one waiting.
IN_FLIGHT_PER_WORKER = 2


class WorkerLostError(RetryableError):
    """Raised when a worker process died (killed, out of memory)."""

    cause = "worker"


@contextmanager
def open_executor(workers: Workers) -> Iterator[tuple[Executor | None, int]]:
    """Yield the executor of the settings (None: in this process) and its number of workers.

    Raises:
        ConfigurationError: when Dask is asked for and the extra ``cluster`` is not installed.
    """
    count = workers.processes or os.cpu_count() or 1
    if workers.executor == "inline":
        yield None, 1
        return
    if workers.executor == "dask":
        try:
            distributed: Any = import_module("distributed")
        except ImportError as error:
            message = "workers.executor is dask, but the extra 'cluster' is not installed."
            step = "Install chorus-flows[cluster], or set workers.executor = 'processes'."
            raise ConfigurationError(message, next_step=step) from error
        with distributed.Client(workers.dask_scheduler or None) as client:
            yield client.get_executor(), max(1, sum(client.nthreads().values()))
        return
    # Spawned, not forked: the parent has threads (Prefect, SFTP) when the pool starts.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        max_workers=count, mp_context=context, initializer=_end_with_parent
    ) as pool:
        yield pool, count


def _end_with_parent() -> None:
    """Let this worker end when its night is killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def map_in_order(
    executor: Executor | None,
    workers: int,
    work: Callable[[Item], Result],
    items: Iterable[Item],
) -> Iterator[tuple[Item, Result]]:
    """Yield ``(item, work(item))`` in the order of ``items``, a bounded number in flight.

    Raises:
        WorkerLostError: when a worker process died; the run can be started again.
    """
    if executor is None:
        for item in items:
            yield item, work(item)
        return
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            waiting.append((item, executor.submit(work, item)))
            if len(waiting) >= workers * IN_FLIGHT_PER_WORKER:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    except BrokenProcessPool as error:
        message = "A worker process died (killed, or out of memory)."
        step = "Lower workers.processes or bundle.max_chunk_attachment_bytes, then run again."
        raise WorkerLostError(message, next_step=step) from error
    finally:
        for _, future in waiting:
            future.cancel()
