"""Options and paths shared by all tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# No test asserts a time: a loaded machine makes nothing wrong.
settings.register_profile("chorus-flows", deadline=None)
settings.load_profile("chorus-flows")

# Helper modules of the tests are imported as ``tests.support.…``; import mode importlib (below)
# does not put the project folder on the path by itself.
sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support import prefect_server  # noqa: E402 (needs the path above)
from tests.support.postgres import Server, running  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chorus-flows")
    group.addoption(
        "--update-goldens",
        action="store_true",
        help="write the golden files anew instead of comparing with them",
    )
    group.addoption(
        "--exhaustive",
        action="store_true",
        help="every crash and fault case on both kinds of ledger (make reliability)",
    )
    group.addoption(
        "--data",
        type=Path,
        default=None,
        help="folder of the reference data, for the conformance tests",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out tests one by one, those that share a dear set-up to one process."""
    from tests.support.scheduling import TogetherScheduling

    return TogetherScheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    # Test modules need unique names within their folder only (see CONTRIBUTING.md).
    config.option.importmode = "importlib"


@pytest.fixture
def update_goldens(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--update-goldens"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for: variants, and conformance without reference data."""
    unwanted = []
    if not config.getoption("--exhaustive"):
        unwanted.append("exhaustive")
    if config.getoption("--data") is None:
        unwanted.append("conformance")
    left_out = [item for item in items if any(map(item.get_closest_marker, unwanted))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A real PostgreSQL server, one for each process of the test run."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a real Prefect server that runs; its tests are all in one process."""
    home = tmp_path_factory.mktemp("prefect")
    with prefect_server.running(home):
        yield home


@pytest.fixture(params=["sqlite", "postgres"])
def either_ledger(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Settings that put the ledger of a firm in SQLite, then in PostgreSQL."""
    if request.param == "sqlite":
        yield {}
        return
    server: Server = request.getfixturevalue("postgres_server")
    url = server.new_ledger(company="default", emitter="ABC123")
    yield {"ledger_url": url}
    server.give_back(url)


@pytest.fixture
def postgres_ledger(postgres_server: Server) -> Iterator[dict[str, str]]:
    """Settings that put the ledger of a firm in PostgreSQL."""
    url = postgres_server.new_ledger(company="default", emitter="ABC123")
    yield {"ledger_url": url}
    postgres_server.give_back(url)
