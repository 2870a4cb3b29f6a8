"""Sandboxes whose clock stands still, with no server started."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from flows.sandbox import Sandbox, Scenario
from tests.support.sandbox_flows import Depositor, Draft

NOON = datetime(2026, 11, 3, 11, 0, tzinfo=UTC)


class Build(Protocol):
    """Makes a sandbox and somebody who deposits at it."""

    def __call__(
        self,
        scenario: Scenario | None = None,
        *,
        first: int = 1,
        folder: str = "sandbox",
        **options: Any,
    ) -> Depositor: ...


@pytest.fixture
def draft() -> Draft:
    return Draft()


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    built: list[Sandbox] = []

    def make(
        scenario: Scenario | None = None,
        *,
        first: int = 1,
        folder: str = "sandbox",
        **options: Any,
    ) -> Depositor:
        sandbox = Sandbox(tmp_path / folder, scenario=scenario, clock=lambda: NOON, **options)
        built.append(sandbox)
        return Depositor(sandbox, first)

    yield make
    for sandbox in built:
        sandbox.close()
