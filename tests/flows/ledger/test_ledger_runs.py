"""Runs, extracts and flow numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.settings import Environment
from flows.errors import ConfigurationError, IllegalTransitionError
from flows.landing import ClaimedFile
from flows.ledger import ExtractState, Ledger, RunState
from tests.support.ledger_nights import INTERFACE, NIGHT, RUN, outcome, send, start
from transforms.outcome import Fate


def test_a_crashed_run_is_the_unfinished_one(ledger: Ledger) -> None:
    assert ledger.unfinished_run() is None
    start(ledger)
    run = ledger.unfinished_run()
    assert run is not None
    assert (run.run_id, run.run_date, run.state) == (RUN, NIGHT, RunState.RUNNING)
    assert run.started_at.utcoffset() == timedelta(0)
    ledger.finish_run(RUN, state="done", exit_code=1, balance={"total": Decimal("10.50")})
    assert ledger.unfinished_run() is None
    ended = ledger.run(RUN)
    assert ended is not None
    assert (ended.exit_code, ended.balance) == (1, {"total": "10.50"})


def test_a_run_is_started_once(ledger: Ledger) -> None:
    start(ledger)
    with pytest.raises(IllegalTransitionError, match=RUN):
        start(ledger)


def test_a_held_run_is_released_with_who_and_why(ledger: Ledger) -> None:
    start(ledger)
    ledger.finish_run(RUN, state="held", exit_code=4, balance={})
    ledger.finish_run(
        RUN, state="released", exit_code=0, balance={}, actor="m.durand", reason="checked"
    )
    last = ledger.events(run_id=RUN, kind="run")[-1]
    assert (last.source, last.target, last.actor, last.reason) == (
        "held",
        "released",
        "m.durand",
        "checked",
    )


@pytest.mark.parametrize(("first", "then"), [("done", "held"), ("failed", "released")])
def test_an_ended_run_does_not_end_otherwise(ledger: Ledger, first: str, then: str) -> None:
    start(ledger)
    ledger.finish_run(RUN, state=first, exit_code=0, balance={})
    with pytest.raises(IllegalTransitionError):
        ledger.finish_run(RUN, state=then, exit_code=0, balance={})
    with pytest.raises(IllegalTransitionError, match="never started"):
        ledger.finish_run("unknown", state="done", exit_code=0, balance={})


def test_recent_counts_are_those_of_ended_nights_with_invoices(ledger: Ledger) -> None:
    for rank, (night, invoices) in enumerate((("a", 3), ("b", 0), ("c", 5), ("d", 2))):
        start(ledger, night)
        if invoices:
            send(ledger, invoices, first=10 * rank, run_id=night)
        # What a night left out is no measure of what it sent.
        ledger.commit_chunk(night, [outcome(i) for i in range(100, 107)], [])
        if night != "d":
            ledger.finish_run(night, state="done", exit_code=0, balance={})
    assert ledger.recent_counts(10) == [5, 3]
    assert ledger.recent_counts(1) == [5]
    assert [run.run_id for run in ledger.runs(2)] == ["d", "c"]


def test_an_extract_is_seen_only_when_all_of_it_is_recorded(ledger: Ledger) -> None:
    start(ledger)
    file = ClaimedFile(Path("claimed/a.csv"), "a.csv", "aa", 10)
    ledger.record_extracts(RUN, [file])
    ledger.record_extracts(RUN, [file])  # a resumed run
    assert ledger.seen_by(["aa"]) == {}
    assert [e.state for e in ledger.extracts(RUN)] == [ExtractState.CLAIMED]
    ledger.finish_extracts(RUN, {"aa": (9, 3)})
    assert ledger.seen_by(["aa", "bb"]) == {"aa": RUN}
    (seen,) = ledger.extracts(RUN)
    assert (seen.name, seen.size, seen.rows, seen.invoices) == ("a.csv", 10, 9, 3)
    with pytest.raises(IllegalTransitionError, match="bb"):
        ledger.finish_extracts(RUN, {"bb": (0, 0)})


def test_a_file_is_spent_unless_its_invoice_was_held_back(ledger: Ledger) -> None:
    fates = {"a": Fate.QUARANTINED, "b": Fate.SKIPPED, "c": Fate.QUARANTINED}
    start(ledger)
    names = {name: f"sha-{name}" for name in fates}
    ledger.record_extracts(
        RUN, [ClaimedFile(Path(name), name, sha256, 1) for name, sha256 in names.items()]
    )
    told = [
        outcome(position, file=name, fate=fate)
        for position, (name, fate) in enumerate(fates.items())
    ]
    ledger.commit_chunk(RUN, told, [])
    ledger.finish_extracts(RUN, dict.fromkeys(names.values(), (1, 1)))
    hashes = [*names.values(), "sha-never"]
    assert ledger.spent(hashes) == {"sha-b"}
    assert ledger.spent(hashes, but=RUN) == frozenset()
    ledger.finish_run(RUN, state="failed", exit_code=0, balance={})
    assert ledger.spent(hashes) == frozenset()


def test_invoices_of_many_files_are_recorded_once_each(ledger: Ledger) -> None:
    start(ledger)
    told = [outcome(rank % 3, number=f"F{rank}", file=f"{rank}.xml") for rank in range(40)]
    told = [replace(one, position=rank) for rank, one in enumerate(told)]
    for _ in range(2):
        assert ledger.commit_chunk(RUN, told, []) == ()
    assert [invoice.number for invoice in ledger.invoices()] == [one.number for one in told]


def test_flow_numbers_are_given_in_blocks_that_never_overlap(ledger: Ledger) -> None:
    assert ledger.reserve_sequences(INTERFACE, 3, first=100) == range(100, 103)
    assert ledger.reserve_sequences(INTERFACE, 1, first=100) == range(103, 104)
    assert ledger.reserve_sequences(INTERFACE, 2, first=500) == range(500, 502)
    assert ledger.reserve_sequences(INTERFACE, 2, first=1) == range(502, 504)
    assert ledger.reserve_sequences("FSO1100A", 2, first=1) == range(1, 3)


def test_flow_numbers_are_the_emitters_whatever_the_company(
    ledger: Ledger, ledger_url: str
) -> None:
    ledger.reserve_sequences(INTERFACE, 3, first=1)
    for company, emitter, expected in (("other", "AAA999", 4), ("acme", "BBB111", 1)):
        with Ledger.open(
            ledger_url, environment=Environment.SANDBOX, company=company, emitter=emitter
        ) as other:
            assert other.reserve_sequences(INTERFACE, 1, first=1) == range(expected, expected + 1)


def test_flow_numbers_end_at_fifteen_digits(ledger: Ledger) -> None:
    last = 10**15 - 1
    assert ledger.reserve_sequences(INTERFACE, 1, first=last) == range(last, last + 1)
    with pytest.raises(ConfigurationError, match="used up"):
        ledger.reserve_sequences(INTERFACE, 1, first=1)
    with pytest.raises(ValueError, match="0 numbers"):
        ledger.reserve_sequences(INTERFACE, 0, first=1)


def test_an_operators_word_is_kept_with_who_and_why(ledger: Ledger) -> None:
    start(ledger)
    ledger.note("release asked", run_id=RUN, actor="m.durand", reason="totals checked")
    noted = ledger.events(run_id=RUN)[-1]
    assert (noted.target, noted.actor, noted.reason) == (
        "release asked",
        "m.durand",
        "totals checked",
    )


@pytest.mark.parametrize(("state", "seen"), [("held", True), ("failed", False), ("done", True)])
def test_an_extract_of_a_failed_run_may_come_again(ledger: Ledger, state: str, seen: bool) -> None:
    start(ledger)
    ledger.record_extracts(RUN, [ClaimedFile(Path("a.csv"), "a.csv", "aa", 10)])
    ledger.finish_extracts(RUN, {"aa": (1, 1)})
    ledger.finish_run(RUN, state=state, exit_code=0, balance={})
    assert (ledger.seen_by(["aa"]) == {"aa": RUN}) is seen
