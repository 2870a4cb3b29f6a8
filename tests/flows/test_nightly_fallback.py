"""What becomes of a night when Prefect fails on the way: never done twice, never forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows import night, nightly
from flows.errors import ExitCode
from flows.night_result import Mode, NightResult
from tests.support.firm import Firm, csv, row


@pytest.fixture
def firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Firm:
    monkeypatch.setattr(nightly, "_reachable", lambda: True)
    return Firm(tmp_path)


def _broken(*_arguments: Any, **_options: Any) -> Any:
    raise ConnectionError("the server went away")


def test_a_page_that_cannot_be_shown_does_not_do_the_night_again(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flow(config: str, mode: str, *, return_state: bool) -> Any:
        assert return_state
        return nightly.nightly.fn(config, mode)

    flow.fn = nightly.nightly.fn  # type: ignore[attr-defined]  # as the decorated flow has it
    monkeypatch.setattr(nightly, "in_task", night.plain)
    monkeypatch.setattr(nightly, "nightly", flow)
    for name in ("create_markdown_artifact", "create_progress_artifact", "_state"):
        monkeypatch.setattr(nightly, name, _broken)
    firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret="123")]))
    results = nightly.run_with_prefect(firm.configuration(), mode=Mode.DEPOSIT)
    assert [result.exit_code for result in results] == [ExitCode.FINDINGS]
    with firm.ledger() as ledger:
        assert len(ledger.runs(5)) == 1


def test_what_a_resumed_run_came_to_counts_when_the_new_one_meets_a_broken_prefect(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret="123")]))
    firm.command("run", "--no-prefect", crash_at="recorded")
    performed: list[str] = []

    def perform(name: str, stage: Any) -> Any:
        performed.append(name)
        if performed.count("transform") == 2:
            raise ConnectionError("the server went away")
        return stage()

    def flow(config: str, mode: str, *, return_state: bool) -> Any:
        results: list[NightResult] = nightly._LAST_NIGHT
        night.run(firm.configuration(), mode=Mode(mode), perform=perform, results=results)

    monkeypatch.setattr(nightly, "nightly", flow)
    results = nightly.run_with_prefect(firm.configuration(), mode=Mode.DEPOSIT)
    codes = [result.exit_code for result in results]
    assert codes[0] is ExitCode.FINDINGS
    assert len(codes) >= 2
    assert firm.states() == {"F1": ["handed_over"], "F2": ["quarantined"]}
