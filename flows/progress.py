"""Progress of a run: on a terminal with Rich, on Prefect's page, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """What a run tells while it works. ``total`` is None while the end is not known."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Begin a stage of the run (``transform``, ``deposit``...)."""

    def advance(self, stage: str, done: int, total: int | None = None) -> None:
        """Tell how many invoices or flows of a stage are done in all."""

    def tell(self, message: str) -> None:
        """Say something worth a line of its own."""


class Silent:
    """Progress that goes nowhere."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Do nothing."""

    def advance(self, stage: str, done: int, total: int | None = None) -> None:
        """Do nothing."""

    def tell(self, message: str) -> None:
        """Do nothing."""


class Several:
    """Progress told to several listeners."""

    def __init__(self, *listeners: Progress) -> None:
        self._listeners = listeners

    def start(self, stage: str, total: int | None = None) -> None:
        """Tell all listeners."""
        for listener in self._listeners:
            listener.start(stage, total)

    def advance(self, stage: str, done: int, total: int | None = None) -> None:
        """Tell all listeners."""
        for listener in self._listeners:
            listener.advance(stage, done, total)

    def tell(self, message: str) -> None:
        """Tell all listeners."""
        for listener in self._listeners:
            listener.tell(message)


@contextmanager
def on_terminal() -> Iterator[Progress]:
    """Yield progress bars on standard error; plain lines when it is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        yield _Rich(bars, console)


class _Rich:
    def __init__(self, bars: object, console: object) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bars
        from rich.progress import TaskID

        assert isinstance(bars, Bars)
        assert isinstance(console, Console)
        self._bars, self._console = bars, console
        self._tasks: dict[str, TaskID] = {}

    def start(self, stage: str, total: int | None = None) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total)

    def advance(self, stage: str, done: int, total: int | None = None) -> None:
        self.start(stage, total)
        self._bars.update(self._tasks[stage], completed=done)
        if total is not None:
            self._bars.update(self._tasks[stage], total=total)

    def tell(self, message: str) -> None:
        self._console.print(message, highlight=False, markup=False)
