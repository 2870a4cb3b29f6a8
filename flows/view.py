"""What a command shows: the same facts as lines for a terminal and as plain data for ``--json``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from flows.report.told import tell
from transforms.finding import Finding


@dataclass(frozen=True, slots=True)
class View:
    """The same facts twice: as lines for a terminal and as plain data for ``--json``."""

    lines: tuple[str, ...]
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, for a chain in the order of time."""

    at: datetime
    lines: tuple[str, ...]
    kind: str
    data: dict[str, object]

    def told(self) -> list[str]:
        """Return the step as lines: the moment before the first, the others below it."""
        first, *others = self.lines
        return [f"  {moment(self.at)}  {first}", *(f"      {line}" for line in others)]

    def as_dict(self) -> dict[str, object]:
        """Return the step as plain data."""
        return {"at": self.at, "kind": self.kind, "facts": self.data}


def moment(at: datetime) -> str:
    """Return a moment to the second, with its zone."""
    return at.isoformat(timespec="seconds")


def place_lines(finding: Finding) -> list[str]:
    """Return where a value of XML stands; what an extract gave is found by column and line."""
    return [f"            {finding.location}"] if finding.of_xml else []


def finding_data(finding: Finding) -> dict[str, object]:
    """Return a finding as plain data, in words of both languages."""
    french, english = tell(finding, "fr"), tell(finding, "en")
    return {
        **asdict(finding),
        "message_fr": french.message,
        "message_en": english.message,
        "advice_fr": french.advice,
        "advice_en": english.advice,
        "source": french.source,
    }
