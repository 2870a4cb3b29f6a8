"""How keys are compared when rows are joined (what joins bring: test_shaping)."""

from __future__ import annotations

import pytest

from transforms.joining import key_text


@pytest.mark.parametrize(
    ("cell", "zeros", "expected"),
    [
        (" 0000100234 ", "ignored", "100234"),
        ("0000", "ignored", "0"),
        ("00A1", "ignored", "00A1"),
        ("0000100234", "kept", "0000100234"),
        ("", "ignored", ""),
    ],
)
def test_numbers_are_compared_without_their_leading_zeros(
    cell: str, zeros: str, expected: str
) -> None:
    assert key_text(cell, zeros) == expected
