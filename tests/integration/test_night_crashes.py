"""kill -9 anywhere in a night: the next run resumes, nothing is lost, nothing goes twice."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from flows.crashpoints import CrashPoint
from flows.errors import ExitCode
from tests.support.firm import Firm, csv, row
from transforms.unbundle import read_bundle

NUMBERS = [f"F{rank}" for rank in range(1, 8)]


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    firm = Firm(tmp_path, {"workers": {"executor": "inline", "chunk_invoices": 3}})
    firm.drop("a.csv", csv([row(number) for number in NUMBERS[:4]]))
    firm.drop("b.csv", csv([row(number) for number in NUMBERS[4:]]))
    return firm


def carried(firm: Firm) -> Counter[str]:
    """Return how often each invoice number really arrived under a final name."""
    found: Counter[str] = Counter()
    for path in firm.arrived():
        if len(path.name) != 41:
            continue
        with path.open("rb") as stream:
            for _, xml in read_bundle(stream, name=path.name):
                number = xml.partition(b"<rsm:ExchangedDocument><ram:ID>")[2].partition(b"<")[0]
                found[number.decode()] += 1
    return found


@pytest.mark.parametrize("point", list(CrashPoint))
def test_a_night_killed_anywhere_is_resumed_and_each_invoice_arrives_once(
    firm: Firm, point: CrashPoint
) -> None:
    killed = firm.command("run", "--no-prefect", crash_at=point.value)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed = firm.command("run", "--no-prefect")
    again = firm.command("run", "--no-prefect")

    arrived = carried(firm)
    states = firm.states()
    doubt = ["in_doubt"] in states.values()
    expected = ExitCode.ATTENTION if doubt else ExitCode.OK
    assert resumed.returncode == expected, resumed.stderr
    assert again.returncode == expected or (doubt and again.returncode == ExitCode.OK), again.stderr
    assert set(states) == set(NUMBERS)
    for number in NUMBERS:
        assert len(states[number]) == 1, "an invoice is recorded once for the resumed run"
        if states[number] == ["in_doubt"]:
            assert arrived[number] <= 1
        else:
            assert states[number] == ["handed_over"]
            assert arrived[number] == 1
    assert all(count == 1 for count in arrived.values())


def test_a_killed_worker_ends_the_run_safely_and_the_next_one_resumes(tmp_path: Path) -> None:
    firm = Firm(tmp_path, {"workers": {"executor": "processes", "processes": 1}})
    firm.drop("a.csv", csv([row(number) for number in NUMBERS]))
    killed = firm.command("run", "--no-prefect", crash_at=CrashPoint.RENDER.value)
    assert killed.returncode == ExitCode.UNFINISHED
    assert "worker process died" in killed.stdout + killed.stderr
    assert firm.command("run", "--no-prefect").returncode == ExitCode.OK
    assert carried(firm) == Counter(NUMBERS)


def test_a_resumed_night_keeps_its_number_and_its_date(firm: Firm) -> None:
    firm.command("run", "--no-prefect", crash_at=CrashPoint.RECORDED.value)
    with firm.ledger() as ledger:
        unfinished = ledger.unfinished_run()
    assert unfinished is not None
    firm.command("run", "--no-prefect")
    with firm.ledger() as ledger:
        runs = {run.run_id: run for run in ledger.runs(5)}
        assert runs[unfinished.run_id].run_date == unfinished.run_date
        assert ledger.unfinished_run() is None
        assert {invoice.run_id for invoice in ledger.invoices()} == {unfinished.run_id}
