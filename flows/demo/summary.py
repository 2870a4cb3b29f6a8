"""The end of the demo on the terminal: a table per night, the reasons, the way to the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from config.catalogue import Language, load_catalogue
from flows.demo import words
from flows.demo.story import ScriptedNight
from flows.ledger import InvoiceState, Ledger
from transforms.balance import Tally

_CREDIT_NOTE = "381"
_REASONS_SHOWN = 12
_THIN_SPACE = "\u202f"


@dataclass(frozen=True, slots=True)
class Ending:
    """How the demo ended.

    Attributes:
        runs: the run of each night.
        script: what was to happen in the first night.
        set_aside: per night, files that had been processed before.
        reports: the report of each night.
        settings: settings file of the installation, to look further.
        differences: what did not go as scripted, in words.
        seconds: how long it all took.
    """

    runs: tuple[str, ...]
    script: ScriptedNight
    set_aside: tuple[int, ...]
    reports: tuple[Path, ...]
    settings: Path
    differences: tuple[str, ...]
    seconds: float


def show(console: Console, ledger: Ledger, ending: Ending, language: Language) -> None:
    """Show how the demo ended."""
    say = words.of(language)
    console.print()
    console.print(_nights(ledger, ending, say))
    console.print(_lives(ledger, ending.runs, say))
    console.print(_reasons(ending.script, say, language))
    for path in ending.reports:
        console.print(say.report.format(path=path), style="bold", markup=False)
    if ending.differences:
        console.print(say.not_scripted, style="bold red")
        for line in ending.differences:
            console.print(f"  {line}", markup=False)
    else:
        console.print(say.as_scripted.format(seconds=ending.seconds), style="bold green")
    for step in say.next_steps:
        console.print(step.format(run=ending.runs[0], settings=ending.settings), markup=False)


def _nights(ledger: Ledger, ending: Ending, say: words.Words) -> Table:
    """Return counts and amounts per state, a pair of columns per night."""
    nights = [ledger.tallies(run_id) for run_id in ending.runs]
    table = Table(title=say.title, title_justify="left")
    for rank, column in enumerate(say.columns):
        table.add_column(column, justify="right" if rank else "left", no_wrap=True)
    read = [_sum(list(states.values())) for states in nights]
    table.add_row(say.rows["read"], *_cells(read), style="bold", end_section=True)
    for state, label in say.rows.items():
        if state != "read":
            found = [states.get(InvoiceState(state), Tally()) for states in nights]
            table.add_row(label, *_cells(found))
    aside = [cell for count in ending.set_aside for cell in (str(count or "-"), "")]
    table.add_section()
    table.add_row(say.set_aside, *aside)
    return table


def _lives(ledger: Ledger, runs: Sequence[str], say: words.Words) -> Table:
    """Return how far the integrated invoices have come, by the status names of the portal."""
    labels: Counter[str] = Counter()
    for run_id in runs:
        for invoice in ledger.invoices(run_id=run_id, states={InvoiceState.INTEGRATED}):
            labels[invoice.life_label or "-"] += 1
    table = Table(title=say.lives, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for label, count in labels.most_common():
        table.add_row(label, _figure(Decimal(count), 0))
    return table


def _reasons(script: ScriptedNight, say: words.Words, language: Language) -> Table:
    """Return the most frequent reasons; those of the script, which the ledger was held against."""
    catalogue = load_catalogue()
    table = Table(title=say.reasons, title_justify="left", show_header=False)
    common = Counter(script.reasons).most_common()
    for rule, count in common[:_REASONS_SHOWN]:
        table.add_row(rule, catalogue.rule(rule).text(language).title, str(count))
    if len(common) > _REASONS_SHOWN:
        table.caption = say.more.format(count=len(common) - _REASONS_SHOWN)
    return table


def _cells(tallies: Sequence[Tally]) -> list[str]:
    cells = []
    for part in tallies:
        cells += [
            _figure(Decimal(part.count), 0) if part.count else "-",
            _figure(_net(part), 2) if part.amounts else "",
        ]
    return cells


def _sum(tallies: Sequence[Tally]) -> Tally:
    """Return one tally of several."""
    amounts: dict[tuple[str, str], Decimal] = {}
    for part in tallies:
        for key, amount in part.amounts.items():
            amounts[key] = amounts.get(key, Decimal(0)) + amount
    return Tally(
        sum(part.count for part in tallies), amounts, sum(part.unreadable for part in tallies)
    )


def _net(part: Tally) -> Decimal:
    """Return the amounts of a tally, credit notes taken off; the demo has euros only."""
    return sum(
        (-amount if kind == _CREDIT_NOTE else amount for (_, kind), amount in part.amounts.items()),
        Decimal(0),
    )


def _figure(value: Decimal, decimals: int) -> str:
    """Return a figure with thin spaces between thousands and a decimal comma."""
    return f"{value:,.{decimals}f}".replace(",", _THIN_SPACE).replace(".", ",")
