"""Plays a case of ``tests/reliability/fault_cases.py``: the night of the fault, and those after.

What is proven is the same whatever the fault: nothing lost, nothing doubled, nothing silent.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flows.ledger import FlowState
from flows.night_result import NightResult
from flows.resolve import resolve
from flows.sandbox import Sandbox
from flows.sandbox.mailbox import is_final
from tests.reliability.fault_cases import FaultCase
from tests.support.firm import SELLER, Firm, csv, row

NUMBERS = ("F1", "F2", "F3")

#: A server, reachable while the context lasts.
Server = AbstractContextManager[None]


def firm_of_three(root: Path, url: str, channel: dict[str, Any], **sections: Any) -> Firm:
    """Return a firm whose extract of three invoices gives three flows."""
    firm = Firm(
        root,
        {
            "": {"environment": "sandbox", "ledger_url": url},
            "channel": {"retries": 0, "retry_wait": 0} | channel,
            "workers": {"executor": "inline", "chunk_invoices": 1},
            "referee": {"policy": "off"},
            "report": {"language": "en"},
            **sections,
        },
    )
    firm.drop("night.csv", csv([row(number) for number in NUMBERS]))
    return firm


def play(
    case: FaultCase,
    firm: Firm,
    sandbox: Sandbox,
    *,
    faulty: Callable[[], Server],
    well: Callable[[], Server],
) -> None:
    """Play a case.

    Args:
        case: what to expect.
        firm: with its extract of three invoices.
        sandbox: not started; its folders are what the servers show.
        faulty: the server of the first night.
        well: the server of the nights after it.
    """
    with faulty():
        first = _night(firm)
    assert (flow_states(firm), int(first.exit_code)) == (case.flows, case.exit_code), first.problems
    _is_told(case, first)
    if case.flows:
        _is_known(firm)
    if case.by_hand:
        _decide(firm)
    firm.now += timedelta(hours=3)
    with well():
        second = _night(firm)
    assert flow_states(firm) == case.then, second.problems
    _is_known(firm)
    assert not [path for path in sandbox.in_folder.iterdir() if not is_final(path.name)]
    _nothing_twice(sandbox)
    sandbox.process()
    firm.now += timedelta(hours=3)
    with well():
        _night(firm)
    states = tuple(firm.states()[number][-1] for number in NUMBERS)
    assert states == case.end
    counts = sandbox.invoice_counts()
    arrived = {number for number, end in zip(NUMBERS, case.end, strict=True) if end != "rejected"}
    assert {n: counts[SELLER, n] for n in arrived} == dict.fromkeys(arrived, 1)


def flow_states(firm: Firm) -> tuple[str, ...]:
    """Return the states of all flows, in the order of their numbers."""
    with firm.ledger() as ledger:
        flows = sorted(ledger.flows(), key=lambda flow: flow.flow_id)
    return tuple(flow.state.value for flow in flows)


def _night(firm: Firm) -> NightResult:
    results = firm.run()
    for result in results:  # a run that was cut short is resumed first
        if result.balance is not None:
            assert result.balance.holds, result.balance.differences
        assert result.report is not None
    return results[0]


def _is_told(case: FaultCase, result: NightResult) -> None:
    """Whoever reads the terminal or the report reads what happened, and what to do."""
    told = "\n".join(result.problems)
    assert case.says in told
    assert case.to_do in told
    if case.exit_code == 0:
        assert not result.problems
        return
    assert result.report is not None
    report = json.loads(result.report.with_name("report.json").read_text("utf-8"))
    shown = [*report["remembered"]["problems"]]
    shown += [f"{flow['flow_id']} is in doubt" for flow in report["attention"]["in_doubt"]]
    assert case.says in "\n".join(shown)
    assert report["judgement"] != "all_well"


def _is_known(firm: Firm) -> None:
    """Every invoice that was read is in one place, and no flow is left half-way."""
    states = firm.states()
    assert set(states) == set(NUMBERS)
    assert not {"uploading", "renaming"} & set(flow_states(firm))


def _decide(firm: Firm) -> None:
    """Do what the message asks of an operator who has looked on the portal."""
    with firm.ledger() as ledger:
        (flow,) = ledger.flows(states={FlowState.IN_DOUBT})
    resolve(
        firm.configuration(),
        flow.flow_id,
        resend=True,
        by="A. Martin",
        reason="not on the portal",
        clock=lambda: firm.now,
    )


def _nothing_twice(sandbox: Sandbox) -> None:
    counts = sandbox.invoice_counts()
    assert all(counts[SELLER, number] <= 1 for number in NUMBERS), counts
