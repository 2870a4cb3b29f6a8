"""The JSON form of a report, read back (what it looks like: tests/flows/report)."""

from __future__ import annotations

import pytest

from transforms.run_report import remembered_in
from transforms.verdict import Remembered


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"schema": 1, "remembered": {"dry_run": True, "held": ["a"], "problems": "no list"}},
            Remembered(dry_run=True, held=("a",)),
        ),
        ({"schema": 2, "remembered": {"dry_run": True}}, Remembered()),
        ({"schema": 1}, Remembered()),
        ([], Remembered()),
        (None, Remembered()),
    ],
)
def test_what_an_earlier_report_knew_is_taken_only_when_it_can_be_read(
    data: object, expected: Remembered
) -> None:
    assert remembered_in(data) == expected
