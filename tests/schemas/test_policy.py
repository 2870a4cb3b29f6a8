"""Policies of a target."""

from __future__ import annotations

import pytest

from config.target import Action
from schemas.policy import apply_policy
from transforms.finding import Severity

FATAL, ERROR, WARNING = Severity.FATAL, Severity.ERROR, Severity.WARNING


@pytest.mark.parametrize(
    ("severity", "action", "result"),
    [
        (FATAL, None, FATAL),
        (WARNING, None, WARNING),
        (FATAL, "warn", WARNING),
        (WARNING, "warn", WARNING),
        (WARNING, "block", ERROR),
        (ERROR, "block", ERROR),
        (FATAL, "block", FATAL),
        (FATAL, "waive", None),
        (WARNING, "waive", None),
    ],
)
def test_a_policy_gives_the_severity(
    severity: Severity, action: Action | None, result: Severity | None
) -> None:
    assert apply_policy(severity, action) is result
