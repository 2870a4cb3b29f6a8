"""What a verification found, in bounded number: a damaged disk must not fill the memory."""

from __future__ import annotations

from collections import Counter

from config.catalogue import load_catalogue
from transforms.finding import Finding, Location, Severity

#: Findings kept of one rule; the others are counted.
MOST = 200


class Found:
    """Collects findings, at most :data:`MOST` per rule, and counts all of them."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def tell(self, rule: str, value: str | None = None, /, **params: object) -> None:
        """Take a finding of a rule of the catalogue (config/findings/audit.yaml)."""
        self.counts[rule] += 1
        if self.counts[rule] > MOST:
            return
        severity = Severity(load_catalogue().rule(rule).severity("production"))
        texts = {key: str(each) for key, each in params.items()}
        self.findings.append(Finding(rule, severity, Location(), value=value, params=texts))

    @property
    def untold(self) -> dict[str, int]:
        """Return how many findings of each rule were only counted."""
        return {rule: count - MOST for rule, count in self.counts.items() if count > MOST}
