"""The whole demo, played once without Prefect, and its script held against the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import pytest

from flows import configuration
from flows.configuration import Configuration
from flows.demo import play
from flows.demo.generate import WORKS_FILE
from flows.demo.story import Fate, differences, load_story, scripted
from flows.demo.wrong import FORMER, WRONGS
from flows.errors import ExitCode
from flows.ledger import InvoiceState, Ledger
from flows.ledger_access import open_ledger
from flows.sandbox import Sandbox

pytestmark = pytest.mark.integration


@dataclass(frozen=True, slots=True)
class Played:
    """A demo that was played: where, how it ended, what it showed."""

    folder: Path
    code: ExitCode
    shown: str

    @property
    def loaded(self) -> Configuration:
        """The configuration of the installation."""
        return configuration.load(self.folder / "chorus-flows.toml")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("demo")
    shown = StringIO()
    with redirect_stdout(shown):
        code = play(folder, with_prefect=False, language="en")
    return Played(folder, code, shown.getvalue())


@pytest.fixture
def ledger(played: Played) -> Iterator[Ledger]:
    with open_ledger(played.loaded, create=False) as opened:
        yield opened


def test_the_story_ends_as_scripted(played: Played) -> None:
    assert played.code is ExitCode.OK, played.shown
    assert "The story ended as scripted" in played.shown
    assert "Integrated by Chorus Pro" in played.shown


def test_every_night_has_a_report_whose_path_is_shown(played: Played, ledger: Ledger) -> None:
    reports = sorted((played.folder / "reports").rglob("report.html"))
    assert len(reports) == len(ledger.runs(10)) == 2
    for report in reports:
        assert str(report) in played.shown


def test_the_balance_of_every_night_holds(ledger: Ledger) -> None:
    for run in ledger.runs(10):
        assert run.balance is not None
        assert run.balance["holds"]


def test_nothing_arrives_twice_and_nothing_is_created_twice(played: Played) -> None:
    sandbox = Sandbox(played.folder / "chorus-pro")
    try:
        assert max(sandbox.flow_counts().values()) == 1
        accepted = [
            (invoice.supplier, invoice.number)
            for arrival in sandbox.received()
            for invoice in arrival.invoices
            if invoice.accepted
        ]
    finally:
        sandbox.close()
    assert len(accepted) == len(set(accepted))
    created = sum(night.states["integrated"] for night in load_story())
    assert len(accepted) == created + len(FORMER)


@pytest.mark.parametrize("rule", sorted({wrong.rule for wrong in WRONGS}))
def test_a_wrong_invoice_has_the_finding_that_tells_it(ledger: Ledger, rule: str) -> None:
    run = ledger.runs(10)[-1]
    fates = [fate for fate in load_story()[0].fates if fate.rule == rule]
    for fate in fates:
        [invoice] = [
            record
            for record in ledger.invoices(run_id=run.run_id, number=fate.number)
            if record.file == fate.file
        ]
        assert invoice.state is fate.state
        told = ledger.findings(invoice_row=invoice.invoice_row)
        assert rule in {record.finding.rule for record in told}


def test_differences_with_another_script_are_told_one_by_one(ledger: Ledger) -> None:
    run_id = ledger.runs(10)[-1].run_id
    script = load_story()[0]
    first, *others = script.fates
    renamed = replace(first, number="NOT-THERE")
    mistaken = [replace(f, rule="CP-SIRET-01") if f.rule == "CP-A2-01" else f for f in others]
    told = differences(ledger, run_id, scripted(script.read + 1, [renamed, *mistaken]))
    assert f"{script.read + 1} invoices expected, {script.read} read" in told
    assert f"{first.file}, NOT-THERE, quarantined: expected, not so" in told
    assert f"{first.file}, {first.number}, quarantined: not in the script" in told
    assert [line for line in told if "CP-SIRET-01 expected" in line]
    integrated = script.states["integrated"]
    assert f"integrated: {integrated + 1} invoices expected, {integrated} found" in told


def test_the_second_night_skips_what_was_sent_and_mends_what_was_wrong(ledger: Ledger) -> None:
    runs = ledger.runs(10)
    second = {record.number: record.state for record in ledger.invoices(run_id=runs[0].run_id)}
    for wrong in [fate for fate in load_story()[0].fates if fate.file == WORKS_FILE]:
        if _is_mended(wrong):
            assert second[wrong.number] is InvoiceState.INTEGRATED
    assert list(second.values()).count(InvoiceState.SKIPPED) == 24


def _is_mended(fate: Fate) -> bool:
    rules = {wrong.rule for wrong in WRONGS if wrong.corrected}
    return fate.rule in rules
