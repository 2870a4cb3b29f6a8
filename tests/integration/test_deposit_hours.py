"""Nights outside the deposit window and in blackouts: everything but the deposit."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.collecting import collect_now
from flows.errors import ExitCode, WindowClosedError
from flows.ledger import FlowState
from flows.night_result import Mode, NightResult
from flows.release import release
from tests.support.firm import Firm, csv, row

WINDOW = {"opens": "19:00", "closes": "06:00"}
NOON = datetime(2026, 9, 14, 10, 0, tzinfo=UTC)  # in Paris
EVENING = datetime(2026, 9, 14, 17, 0, tzinfo=UTC)  # 19:00 in Paris


def firm_with(root: Path, channel: dict[str, Any] | None = None, **sections: Any) -> Firm:
    firm = Firm(root, {"report": {"language": "en"}, "channel": channel or {}, **sections})
    firm.now = NOON
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    return firm


def blackout(firm: Firm, **changes: str) -> None:
    """Add a closing of 14 September to the settings."""
    values = {"begins": '"2026-09-14T08:00"', "ends": '"2026-09-14T18:00"'}
    values |= {"reason": '"AIFE: maintenance"'} | changes
    lines = ["[[channel.blackouts]]", *(f"{key} = {value}" for key, value in values.items())]
    firm.write_settings()
    with firm.settings_file.open("a", encoding="utf-8") as settings:
        settings.write("\n".join(lines) + "\n")


def report(firm: Firm, result: NightResult) -> dict[str, Any]:
    path = firm.root / "reports" / result.run_id / "report.json"
    return dict(json.loads(path.read_text("utf-8")))


def test_outside_the_window_all_is_made_ready_and_waits_for_the_run_inside_it(
    tmp_path: Path,
) -> None:
    firm = firm_with(tmp_path, **{"channel.window": WINDOW})
    first = firm.run()[0]
    assert first.exit_code is ExitCode.OK
    assert firm.states() == {"F1": ["bundled"], "F2": ["bundled"]}
    assert firm.arrived() == []
    (told,) = first.problems
    assert "1 flow waits in the outbox, the oldest since 2026-09-14 12:00" in told
    assert "channel.window until 2026-09-14 19:00 Europe/Paris time" in told
    assert report(firm, first)["judgement"] == "scheduled"
    page = (firm.root / "reports" / first.run_id / "report.html").read_text("utf-8")
    assert "The deposit window (channel.window) opens again on 2026-09-14 19:00." in page

    firm.now = EVENING
    second = firm.run()[0]
    assert second.exit_code is ExitCode.OK
    assert second.problems == ()
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}
    assert report(firm, first)["judgement"] == "all_well"


def test_an_invoice_to_correct_still_makes_the_code_1(tmp_path: Path) -> None:
    firm = firm_with(tmp_path, **{"channel.window": WINDOW})
    firm.drop("b.csv", csv([row("F3", buyer_siret="123")]))
    assert firm.run()[0].exit_code is ExitCode.FINDINGS


def test_flows_of_former_nights_wait_too_and_the_oldest_is_told(tmp_path: Path) -> None:
    firm = firm_with(tmp_path, **{"channel.window": WINDOW | {"days": ["sun"]}})
    first = firm.run()[0]
    firm.now += timedelta(days=1)
    firm.drop("b.csv", csv([row("F3")]))
    second = firm.run()[0]
    assert second.exit_code is ExitCode.OK
    assert "2 flows wait in the outbox, the oldest since 2026-09-14 12:00" in second.problems[0]
    assert "until 2026-09-20 19:00" in second.problems[0]
    assert report(firm, first)["judgement"] == "scheduled"


def test_a_deposit_that_fails_inside_the_window_is_no_planned_wait(tmp_path: Path) -> None:
    firm = firm_with(tmp_path, **{"channel.window": WINDOW})
    first = firm.run()[0]
    firm.now = EVENING
    (firm.root / "gateway" / "in").rmdir()
    second = firm.run()[0]
    assert second.exit_code is ExitCode.UNFINISHED
    assert report(firm, first)["judgement"] == "unfinished"


def test_in_a_blackout_reports_are_fetched_and_nothing_is_sent(tmp_path: Path) -> None:
    firm = firm_with(tmp_path)
    blackout(firm)
    unknown = firm.root / "gateway" / "out" / "CSO1106A_X"
    unknown.write_bytes(b"no report")
    result = firm.run()[0]
    assert result.exit_code is ExitCode.ATTENTION  # the file of out was looked at
    assert any("CSO1106A_X" in told for told in result.problems)
    words = "channel.blackouts (AIFE: maintenance) until 2026-09-14 18:00 Europe/Paris time"
    assert any(words in told for told in result.problems)
    assert firm.arrived() == []


def test_a_blackout_without_collect_leaves_the_server_alone(tmp_path: Path) -> None:
    firm = firm_with(tmp_path)
    (firm.root / "gateway").rename(firm.root / "away")  # a call would be refused
    blackout(firm, collect="false")
    result = firm.run()[0]
    assert result.exit_code is ExitCode.OK
    assert result.problems[0].startswith("Reports were not fetched: channel.blackouts (AIFE")
    collected = collect_now(firm.configuration(), clock=lambda: firm.now)
    assert collected.exit_code is ExitCode.OK
    assert "AIFE: maintenance" in collected.lines()[0]
    assert collected.as_dict()["remark"]
    (firm.root / "away").rename(firm.root / "gateway")
    firm.now = NOON + timedelta(hours=8)
    assert firm.run()[0].problems == ()
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}
    assert collect_now(firm.configuration(), clock=lambda: firm.now).remark == ""


def test_a_flow_left_half_way_stays_so_while_nobody_may_look(tmp_path: Path) -> None:
    firm = firm_with(tmp_path, **{"channel.window": WINDOW})
    firm.run()
    with firm.ledger() as ledger:
        (flow,) = ledger.flows()
        ledger.move_flow(flow.flow_id, FlowState.UPLOADING, temporary_name="in/x.tmp")
    blackout(firm, collect="false")
    result = firm.run()[0]
    assert result.exit_code is ExitCode.UNFINISHED
    assert "nor 1 flows left half-way looked up" in result.problems[0]
    assert report(firm, result)["judgement"] != "scheduled"
    with firm.ledger() as ledger:
        assert ledger.flows()[0].state is FlowState.UPLOADING
    firm.now = EVENING
    assert firm.run()[0].exit_code is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}


def test_a_release_outside_the_window_is_refused_and_recorded_nowhere(tmp_path: Path) -> None:
    firm = firm_with(tmp_path, **{"channel.window": WINDOW})
    (held,) = firm.run(Mode.HOLD)

    def let_go() -> NightResult:
        return release(
            firm.configuration(), held.run_id, by="A. Martin", reason="seen", clock=lambda: firm.now
        )

    with pytest.raises(WindowClosedError, match="until 2026-09-14 19:00") as refused:
        let_go()
    assert refused.value.exit_code is ExitCode.UNFINISHED
    with firm.ledger() as ledger:
        actors = {event.actor for event in ledger.events(run_id=held.run_id)}
    assert actors == {"chorus-flows"}
    firm.now = EVENING
    assert let_go().exit_code is ExitCode.OK
    assert len(firm.arrived()) == 1
