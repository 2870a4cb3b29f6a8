"""A sealed history, made once: each test spoils a copy of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.audited_firm import copy_of, firm_at, live
from tests.support.firm import Firm


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """A firm with two nights and a collect behind it; not to be changed."""
    firm = firm_at(tmp_path_factory.mktemp("history"))
    live(firm)
    return firm


@pytest.fixture
def firm(history: Firm, tmp_path: Path) -> Firm:
    """A copy of the history."""
    return copy_of(history, tmp_path)
