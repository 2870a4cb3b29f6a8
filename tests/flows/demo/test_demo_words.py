"""What the demo says, in both languages."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from flows.demo import words
from flows.sandbox import SandboxSummary

_PLACE = re.compile(r"\{(\w+)")


@pytest.mark.parametrize("name", [field.name for field in fields(words.Words)])
def test_both_languages_say_the_same_things(name: str) -> None:
    fr, en = getattr(words.of("fr"), name), getattr(words.of("en"), name)
    assert len(fr) > 0
    assert len(en) > 0
    assert sorted(_PLACE.findall(str(fr))) == sorted(_PLACE.findall(str(en)))
    if isinstance(fr, dict):
        assert fr.keys() == en.keys()
    elif isinstance(fr, tuple):
        assert len(fr) == len(en)


def test_a_judgement_is_told_in_one_line() -> None:
    summary = SandboxSummary(accepted=10, rejected=2)
    summary.flows[96] = 1
    told = words.of("en").judged(summary)
    assert told == "Chorus Pro in miniature judges 1 flows: 10 integrated, 2 rejected"
    assert words.of("fr").aged(2, 20).startswith("2 jours")
