"""Scenarios: what ships can be read, what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import ConfigurationError
from flows.sandbox import Scenario, load_scenario, parse_scenario


@pytest.mark.parametrize("name", ["every_answer", "plain", "lively", "unruly"])
def test_shipped_scenarios_can_be_loaded(name: str) -> None:
    assert load_scenario(name).name == name


def test_an_empty_scenario_is_an_honest_platform() -> None:
    assert parse_scenario("", "empty") == Scenario()


def test_a_scenario_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nhours_per_step: 1\n", encoding="utf-8")
    assert load_scenario(str(path)).hours_per_step == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("reporting: {naming: [shout]}", "naming"),
        ("lives: [{statuses: [one]}]", "statuses"),
        ("colour: red", "colour"),
        ("name: a\nname: b", "twice"),
    ],
)
def test_a_wrong_scenario_is_refused_naming_the_key(text: str, key: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        parse_scenario(text, "mine.yaml")


def test_an_unknown_scenario_is_refused_with_the_names_that_ship(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="every_answer, lively, plain, unruly"):
        load_scenario("nightmare")
    with pytest.raises(ConfigurationError, match=r"absent\.yaml"):
        load_scenario(str(tmp_path / "absent.yaml"))
