"""The table that a conformance run on samples ends with."""

from __future__ import annotations

from dataclasses import dataclass, field


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
