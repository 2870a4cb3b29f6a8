"""Policies: what breaking a rule does for a target, once its own severity is known."""

from __future__ import annotations

from config.target import Action
from transforms.finding import Severity


def apply_policy(severity: Severity, action: Action | None) -> Severity | None:
    """Return the severity that ``action`` gives to a finding, or None when the rule is waived.

    ``block`` makes a warning an error of ours and leaves the others; ``warn`` makes anything a
    warning; no action leaves the rule's own severity.
    """
    if action == "waive":
        return None
    if action == "warn":
        return Severity.WARNING
    if action == "block" and not severity.blocks:
        return Severity.ERROR
    return severity
