"""The table that a conformance run on samples ends with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Score:
    """How many documents of each kind have the official verdict."""

    right: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def count(self, kind: str, *, right: bool) -> None:
        """Add a document of this kind."""
        self.seen[kind] = self.seen.get(kind, 0) + 1
        self.right[kind] = self.right.get(kind, 0) + right

    def lines(self) -> list[str]:
        """Return the score as lines of text."""
        return [
            f"{kind:<14}  {self.right[kind]:>4} of {seen:>4}" for kind, seen in self.seen.items()
        ]


@dataclass
class Coverage:
    """Per sample: values carried, and short reasons for those that are not; reasons in full."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    legend: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return the table as lines of text."""
        width = max(len(sample) for sample, _, _ in self.rows)
        table = [f"{'sample':<{width}}  carried  not carried"]
        table += [
            f"{sample:<{width}}  {carried:>7}  {told or '-'}" for sample, carried, told in self.rows
        ]
        return [*table, "", *(f"{short}: {why}." for short, why in self.legend.items())]
