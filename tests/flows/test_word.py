"""An operator's word: somebody, with a reason, on one line."""

from __future__ import annotations

import pytest

from flows.errors import ConfigurationError
from flows.word import LONGEST, Word, word


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("vu avec AIFE", "vu avec AIFE"),
        ("  two\r\nlines\tand \x1b[31mred\x07 ", "two lines and [31mred"),
        ("a\u202etxt\u2066b\u2028c\ufeff", "a txt b c"),
        ("é — ✓ d'accord", "é — ✓ d'accord"),
    ],
)
def test_a_reason_is_one_line_that_hides_nothing(given: str, kept: str) -> None:
    assert word("A. Martin", given, command="x") == Word("A. Martin", kept)
    assert word(given, "x", command="x").by == kept


@pytest.mark.parametrize(
    ("by", "reason", "told"),
    [
        ("", "x", "needs --by and --reason"),
        (" \n", "x", "needs --by and --reason"),
        ("A", "\u200b\x00", "needs --by and --reason"),
        ("Chorus-Flows", "x", "signs what it does by itself"),
        ("A", "x" * (LONGEST + 1), "at most 1000"),
        ("A" * 101, "x", "at most 100"),
    ],
)
def test_a_word_that_says_nothing_or_too_much_is_refused(by: str, reason: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        word(by, reason, command="release")
