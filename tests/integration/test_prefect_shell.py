"""The Prefect shell on a real temporary server: flows run, a cron run is really scheduled.

These are the tests that tell whether a set of versions may be locked (docs/decisions/0005).
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.errors import ExitCode
from flows.night_result import Mode
from tests.support.firm import Firm, csv, row
from transforms.balance import Place

pytestmark = pytest.mark.integration


def test_the_night_under_prefect_gives_the_same_result_and_an_artifact(
    prefect_home: Path, tmp_path: Path
) -> None:
    from prefect.client.orchestration import get_client

    from flows.nightly import run_with_prefect

    firm = Firm(tmp_path, {"prefect": {"enabled": True}})
    firm.drop("a.csv", csv([row("F1"), row("F2"), row("F3", buyer_siret="123")]))
    results = run_with_prefect(firm.configuration(), mode=Mode.DEPOSIT)
    assert [result.exit_code for result in results] == [ExitCode.FINDINGS]
    assert results[0].balance is not None
    assert results[0].balance.places[Place.DEPOSITED].count == 2

    async def read() -> list[str]:
        async with get_client() as client:
            artifacts = await client.read_artifacts()
        return [str(artifact.data) for artifact in artifacts if artifact.key == "balance"]

    # The server has seen other nights of these tests: the page names the run.
    [page] = [page for page in asyncio.run(read()) if results[0].run_id in page]
    assert "| deposited | 2 |" in page
    assert str(results[0].report) in page


def test_a_night_that_needs_a_person_is_shown_as_failed_and_keeps_its_code(
    prefect_home: Path, tmp_path: Path
) -> None:
    from prefect.client.orchestration import get_client

    from flows.nightly import run_with_prefect

    firm = Firm(tmp_path, {"prefect": {"enabled": True}, "brakes": {"max_invoices": 1}})
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    results = run_with_prefect(firm.configuration(), mode=Mode.DEPOSIT)
    assert [result.exit_code for result in results] == [ExitCode.ATTENTION]

    async def names() -> set[str]:
        async with get_client() as client:
            return {str(run.state_name) for run in await client.read_flow_runs()}

    assert "Failed" in asyncio.run(names())


def test_collect_runs_as_a_flow(prefect_home: Path, tmp_path: Path) -> None:
    from flows.nightly import collect_with_prefect

    firm = Firm(tmp_path, {"prefect": {"enabled": True}}, now=datetime.now(UTC))
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    assert collect_with_prefect(firm.configuration()).exit_code is ExitCode.OK


def test_a_cron_run_is_really_scheduled(prefect_home: Path, tmp_path: Path) -> None:
    """With SQLAlchemy 2.1 the scheduler of Prefect 3.8.8 dies silently: no run ever appears."""
    from prefect.client.orchestration import get_client
    from prefect.schedules import Cron

    from flows.nightly import nightly

    deployment = nightly.to_deployment(
        name="locked-set", schedule=Cron("* * * * *"), parameters={"config": str(tmp_path)}
    )
    deployment.apply()  # type: ignore[union-attr]  # no event loop here: it is no coroutine

    async def scheduled() -> int:
        async with get_client() as client:
            runs = await client.read_flow_runs()
        return sum(run.state_name == "Scheduled" for run in runs)

    end = time.monotonic() + 120
    while not asyncio.run(scheduled()):
        assert time.monotonic() < end, "no cron run was created"
        time.sleep(1)


def test_the_command_runs_with_no_server_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = Firm(tmp_path, {"prefect": {"enabled": True}})
    firm.drop("a.csv", csv([row("F1")]))
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    done = firm.command("run")
    assert done.returncode == ExitCode.OK, done.stderr
    assert "going on without it" not in done.stderr
    assert "flow 'nightly'" in done.stdout + done.stderr
    assert firm.states() == {"F1": ["handed_over"]}


def test_without_a_reachable_prefect_the_night_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = Firm(tmp_path, {"prefect": {"enabled": True}})
    firm.drop("a.csv", csv([row("F1")]))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setenv("PREFECT_CLIENT_MAX_RETRIES", "0")
    done = firm.command("run")
    assert done.returncode == ExitCode.OK, done.stderr
    assert "going on without it" in done.stderr
    assert firm.states() == {"F1": ["handed_over"]}
