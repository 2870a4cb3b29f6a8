"""A night, a collect and another emitter write at the same time: nobody waits for each other."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from config.settings import Environment
from flows.errors import IllegalTransitionError
from flows.ledger import FlowState, InvoiceState, Ledger, StatusRow
from flows.ledger.records import Conflict
from tests.support.ledger_nights import bundle, outcome, send, start

FLOWS, MEMBERS = 12, 40


@contextmanager
def opened(url: str, emitter: str = "AAA999") -> Iterator[Ledger]:
    with Ledger.open(
        url, environment=Environment.SANDBOX, company="acme", emitter=emitter
    ) as ledger:
        yield ledger


def together(*works: Callable[[], None]) -> list[BaseException]:
    """Do the works at the same time; return what they raised."""
    raised: list[BaseException] = []

    def do(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=do, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def life_statuses(ledger: Ledger, flow_id: str, name: str, seed: int) -> None:
    """Record a life-cycle status of each invoice of a flow, in any order."""
    members = ledger.members(flow_id)
    random.Random(seed).shuffle(members)
    return_id = ledger.record_return(
        name=name, sha256=f"{name}-{flow_id}", size=1, kept_as=name, kind="invoice"
    )
    ledger.add_statuses(
        return_id,
        [
            StatusRow(
                kind="invoice",
                code="1",
                label=name,
                at=datetime(2026, 3, 2, tzinfo=UTC),
                at_text="",
                flow_id=flow_id,
                invoice_row=member.invoice_row,
                number=member.number,
            )
            for member in members
        ],
    )


def test_a_night_and_collects_that_settle_the_same_flows_never_wait_for_each_other(
    ledger: Ledger, ledger_url: str
) -> None:
    start(ledger)
    ids = [send(ledger, MEMBERS, first=rank * MEMBERS, until="renaming") for rank in range(FLOWS)]
    for flow_id in ids:
        life_statuses(ledger, flow_id, "first", 1)  # rows lie on the disk in another order now
    each = threading.Barrier(3)

    def deposit() -> None:
        with opened(ledger_url) as night:
            for flow_id in ids:
                each.wait(60)
                with suppress(IllegalTransitionError):  # the report was there first
                    night.move_flow(flow_id, FlowState.DEPOSITED)

    def settle() -> None:
        with opened(ledger_url) as collect:
            for flow_id in ids:
                rows = [member.invoice_row for member in collect.members(flow_id)]
                each.wait(60)
                collect.move_flow(flow_id, FlowState.DEPOSITED)
                rejected, kept = rows[::2], rows[1::2]
                results = dict.fromkeys(reversed(rejected), (InvoiceState.REJECTED, "x"))
                results |= dict.fromkeys(kept, (InvoiceState.INTEGRATED, ""))
                collect.settle_members(flow_id, results)
                collect.move_flow(flow_id, FlowState.PARTIAL)
                collect.free_identities(rejected, reason="rejected")

    def live() -> None:
        with opened(ledger_url) as collect:
            for rank, flow_id in enumerate(ids):
                each.wait(60)
                life_statuses(collect, flow_id, "second", rank)

    assert together(deposit, settle, live) == []
    for flow_id in ids:
        members = ledger.members(flow_id)
        assert [m.state for m in members[::2]] == [InvoiceState.REJECTED] * (MEMBERS // 2)
        assert [m.state for m in members[1::2]] == [InvoiceState.INTEGRATED] * (MEMBERS // 2)
    assert {flow.state for flow in ledger.flows()} == {FlowState.PARTIAL}
    assert {invoice.life_label for invoice in ledger.invoices()} == {"second"}


def test_of_two_emitters_that_send_the_same_numbers_at_once_one_has_each_of_them(
    ledger: Ledger, ledger_url: str
) -> None:
    rounds = 8
    each = threading.Barrier(2)
    told: dict[str, list[tuple[Conflict, ...]]] = {"AAA999": [], "BBB999": []}

    def night(emitter: str) -> None:
        with opened(ledger_url, emitter) as own:
            run_id = start(own, f"run-{emitter}")
            if emitter == "BBB999":
                own.reserve_sequences("FSO1106A", 10_000, first=1)
            for turn in range(rounds):
                numbers = [f"F{turn:02d}{rank:03d}" for rank in range(MEMBERS)]
                if emitter == "BBB999":
                    numbers.reverse()
                outcomes = [
                    replace(outcome(turn * MEMBERS + rank, number=number), content_hash="v1:x")
                    for rank, number in enumerate(numbers)
                ]
                members, flow = bundle(own, outcomes)
                each.wait(60)
                told[emitter].append(own.commit_chunk(run_id, members, [flow]))

    assert together(lambda: night("AAA999"), lambda: night("BBB999")) == []
    for first, second in zip(told["AAA999"], told["BBB999"], strict=True):
        assert {len(first), len(second)} == {0, MEMBERS}
