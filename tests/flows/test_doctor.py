"""Looking at an installation before its first night, changing nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.doctor import Check, examine
from flows.errors import ExitCode
from tests.support.firm import COMPANY, NOW, Firm, csv, row

NAMES = [
    "settings",
    "platform",
    "folders",
    "sources",
    "schemas",
    "ledger",
    "disk",
    "locks",
    "directory",
    "clock",
    "channel",
]


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return Firm(tmp_path)


def checks(firm: Firm) -> dict[str, Check]:
    return {check.name: check for check in examine(firm.settings_file, clock=lambda: firm.now)}


def wrong(firm: Firm) -> dict[str, str]:
    return {name: check.told for name, check in checks(firm).items() if not check.ok}


def test_a_good_installation_is_good_in_every_point(firm: Firm) -> None:
    found = checks(firm)
    assert list(found) == NAMES
    assert wrong(firm) == {}
    assert found["sources"].told == "profile generic, target chorus_direct, FSO1106A"
    assert found["ledger"].told == "no run yet"
    assert found["clock"].told == "2026-09-14 21:00 in Europe/Paris"
    assert found["schemas"].as_dict()["ok"] is True


def test_nothing_is_made_so_that_the_environment_can_still_be_chosen(firm: Firm) -> None:
    before = sorted(firm.root.rglob("*"))
    checks(firm)
    assert sorted(firm.root.rglob("*")) == before
    (firm.root / "state").mkdir()
    assert checks(firm)["ledger"].told == "no run yet"
    assert list((firm.root / "state").iterdir()) == []


def test_the_newest_run_of_the_ledger_is_named(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    (night,) = firm.run()
    assert checks(firm)["ledger"].told == f"newest run {night.run_id}"


def test_a_clock_that_went_back_is_told(firm: Firm) -> None:
    firm.run()
    firm.now = NOW - timedelta(days=1)
    assert "before the newest run" in wrong(firm)["clock"]


def test_a_ledger_of_another_environment_is_refused(firm: Firm) -> None:
    firm.run()
    firm.sections[""]["environment"] = "production"
    firm.write_settings()
    assert "belongs to the environment sandbox" in wrong(firm)["ledger"]


def test_settings_that_cannot_be_read_are_all_that_is_told(tmp_path: Path) -> None:
    found = examine(tmp_path / "none.toml")
    assert [(check.name, check.ok) for check in found] == [("settings", False), ("platform", True)]
    assert found[0].exit_code is ExitCode.USAGE


def test_a_landing_folder_that_is_not_there_is_named(firm: Firm) -> None:
    (firm.root / "landing").rmdir()
    assert "landing.folder" in wrong(firm)["folders"]


def test_a_state_folder_that_cannot_be_made_is_named(firm: Firm) -> None:
    (firm.root / "state").write_text("a file stands here")
    assert "state_folder" in wrong(firm)["folders"]


def test_a_profile_or_company_file_with_a_fault_is_named(firm: Firm) -> None:
    (firm.root / "company.yaml").write_text(COMPANY + "sellr: {}\n")
    assert "sellr" in wrong(firm)["sources"]


def test_the_file_of_another_company_is_refused(firm: Firm) -> None:
    (firm.root / "company.yaml").write_text(COMPANY.replace("key: default", "key: north"))
    assert "'north'" in wrong(firm)["sources"]
    firm.sections["emitter"]["company"] = "north"
    firm.write_settings()
    assert wrong(firm) == {}


def test_a_channel_that_cannot_be_used_is_named_with_its_exit_code(firm: Firm) -> None:
    (firm.root / "gateway" / "out").rmdir()
    channel = checks(firm)["channel"]
    assert not channel.ok
    assert channel.exit_code is ExitCode.UNFINISHED
