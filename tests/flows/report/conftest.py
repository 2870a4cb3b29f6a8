"""A ledger to report on, closed after the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.report_nights import ReportNights


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[ReportNights]:
    """Nights of a sandbox, their report in French."""
    opened = ReportNights(tmp_path)
    yield opened
    opened.close()
