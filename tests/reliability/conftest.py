"""The two kinds of ledger, each case on a new one that knows the evening before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.reliability.cases import CASES, Case
from tests.reliability.story import Story, begin, evening_before
from tests.support.postgres import Server


class Evenings:
    """Begins cases; the night before is done once, and copied.

    Args:
        folder: where the night before is kept.
        server: PostgreSQL; None: a SQLite ledger in the state folder, which is copied with it.
    """

    def __init__(self, folder: Path, server: Server | None) -> None:
        self._folder = folder
        self._server = server
        self._template = ""

    def begin(self, case: Case, root: Path) -> Story:
        """Begin a case in an empty folder."""
        if case.first_night:
            if not self._folder.exists():
                self._template = self._new()
                evening_before(self._folder, self._template)
            shutil.copytree(self._folder, root, dirs_exist_ok=True)
        server, url = self._server, self._new(self._template if case.first_night else "")
        story = begin(case, root, url)
        if server is not None:
            story.at_end(lambda: server.drop(url))
        return story

    def _new(self, template: str = "") -> str:
        if self._server is None:
            return ""
        return self._server.new_database(template=make_url(template).database if template else None)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def evenings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evenings:
    server: Server | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
    return Evenings(tmp_path_factory.mktemp("evening") / request.param, server)


#: The first case of each crash point; the others vary it, for ``make reliability``.
_FIRST = {case.point: case.name for case in reversed(CASES)}.values()
#: Places whose first case runs on both kinds of ledger each time: where a mistake would send an
#: invoice twice or lose it.
_ALWAYS_ON_BOTH = frozenset(
    {
        *("recording", "recorded", "upload-0", "upload-50", "upload-100"),
        *("before-renaming-record", "after-renaming-record", "after-rename", "confirmed"),
        *("statuses-added", "members-settled", "resend-built"),
    }
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the first case of each place to one of the ledgers in turn, unless all are asked for."""
    if config.getoption("--exhaustive"):
        return
    ranks: dict[tuple[str, str], dict[str, int]] = {}
    left_out = []
    for item in items:
        callspec = getattr(item, "callspec", None)
        ledger, _, case = callspec.id.partition("-") if callspec else ("", "", "")
        if "reliability" not in item.path.parts or ledger not in {"sqlite", "postgresql"}:
            continue
        known = ranks.setdefault((str(item.path), item.name.partition("[")[0]), {})
        rank = known.setdefault(case, len(known))
        wanted = "sqlite" if rank % 2 == 0 else "postgresql"
        told = callspec.params.get("case")
        varied = isinstance(told, Case) and told.name not in _FIRST
        both = isinstance(told, Case) and told.point.value in _ALWAYS_ON_BOTH
        if varied or (ledger != wanted and not both):
            left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        dropped = set(left_out)
        items[:] = [item for item in items if item not in dropped]
