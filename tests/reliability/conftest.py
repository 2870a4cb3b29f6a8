"""The two kinds of ledger, each case on a new one that knows the evening before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.reliability.cases import Case
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
