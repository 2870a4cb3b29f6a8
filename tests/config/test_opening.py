"""What the settings of hours refuse."""

from __future__ import annotations

import tomllib

import pytest
from pydantic import ValidationError

from config.channel_settings import Channel
from config.opening import Blackout, Window


@pytest.mark.parametrize(
    ("window", "named"),
    [
        ({"opens": "19:00"}, "needs opens and closes"),
        ({"closes": "19:00"}, "needs opens and closes"),
        ({"opens": "19:00", "closes": "19:00"}, "at the same hour"),
        ({"opens": "19:00Z", "closes": "20:00"}, "without an offset"),
        ({"opens": "25:00", "closes": "06:00"}, "opens"),
        ({"opens": "19:00", "closes": "06:00", "days": []}, "days"),
        ({"opens": "19:00", "closes": "06:00", "days": ["lundi"]}, "days"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused(window: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Window.model_validate(window)


@pytest.mark.parametrize(
    ("begins", "ends", "named"),
    [
        ("2026-12-24T18:00", "2026-12-24T18:00", "before it begins"),
        ("2026-12-24T18:00", "2026-12-23T18:00", "before it begins"),
        ("2026-12-24T18:00Z", "2026-12-25T18:00", "both, or neither"),
        ("tomorrow", "2026-12-25T18:00", "begins"),
        ("2026-12-24T18:00", "9999-12-31T23:59", "out of the calendar"),
    ],
)
def test_a_blackout_that_cannot_be_meant_is_refused(begins: str, ends: str, named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Blackout.model_validate({"begins": begins, "ends": ends})


def test_both_are_written_in_toml_with_or_without_quotes() -> None:
    text = """
    [window]
    opens = 19:00:00
    closes = "06:00"
    days = ["mon", "fri"]
    [[blackouts]]
    begins = 2026-12-24T18:00:00
    ends = "2026-12-26 08:00"
    reason = "fermeture annoncée"
    collect = false
    """
    channel = Channel.model_validate(tomllib.loads(text))
    assert channel.window.days == ("mon", "fri")
    assert [blackout.collect for blackout in channel.blackouts] == [False]
    assert Channel().window == Window()
