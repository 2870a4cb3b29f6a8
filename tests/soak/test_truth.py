"""The checks of the soak see what they are there for: each is shown a ledger that lies."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows.ledger import FlowState, InvoiceState
from tests.soak.erp import Document, Extract, Kind
from tests.soak.known import Known
from tests.soak.nights import Soak
from tests.soak.world import FIRST_EVENING

TODAY = FIRST_EVENING.date()


@dataclass(frozen=True, slots=True)
class Night:
    """A night that is over, and what the ledger holds of it."""

    soak: Soak
    known: Known

    def told(self, known: Known) -> str:
        """Return what the checks say of a ledger that holds this."""
        return "\n".join(self.soak.truth.check(known, self.soak.sandbox, self.soak.firm))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    soak = Soak(tmp_path_factory.mktemp("soak"), seed=1)
    documents = [
        Document("F1", Kind.GOOD, TODAY, (Decimal(50),)),
        Document("F2", Kind.WRONG_THERE, TODAY, (Decimal(10), Decimal("2.50"))),
        Document("F3", Kind.WRONG_HERE, TODAY, (Decimal(50),)),
        Document("F4", Kind.INTERNAL, TODAY, (Decimal(50),)),
        Document("F5", Kind.GOOD, TODAY, (Decimal(50),), attachment="F5.pdf"),
        Document("F6", Kind.GOOD, TODAY, (Decimal(7),)),
    ]
    soak.drop(Extract("a.csv", tuple(documents[:4])))
    soak.drop(Extract("b.csv", (*documents[4:], documents[0])))
    soak.end_well()
    soak.judge()
    soak.collect()
    yield Night(soak, soak.known())
    soak.close()


def with_invoice(known: Known, which: str, /, **changes: Any) -> Known:
    """Return what is known with the first invoice of a number changed."""
    rows = list(known.everything)
    rank = next(rank for rank, one in enumerate(rows) if one.number == which)
    rows[rank] = SimpleNamespace(**{**rows[rank]._mapping, **changes})
    return replace(known, everything=rows)


def with_flow(known: Known, number: str, state: FlowState) -> Known:
    """Return what is known with the flow of a number in another state."""
    flow_id = next(one.flow_id for one in known.everything if one.number == number)
    changed = SimpleNamespace(**{**known.flows[flow_id]._mapping, "state": state})
    return replace(known, flows={**known.flows, flow_id: changed})


def without_invoice(known: Known, number: str) -> Known:
    return replace(known, everything=[one for one in known.everything if one.number != number])


def test_a_true_ledger_is_not_complained_about(night: Night) -> None:
    assert night.told(night.known) == ""
    states = sorted((one.number, one.state.value) for one in night.known.everything)
    assert states == [
        ("F1", "integrated"),
        ("F1", "skipped"),
        ("F2", "rejected"),
        ("F3", "quarantined"),
        ("F4", "excluded"),
        ("F5", "waiting"),
        ("F6", "integrated"),
    ]


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        (lambda k: without_invoice(k, "F3"), "F3 of a.csv is in 0 places"),
        (lambda k: replace(k, everything=[*k.everything, *k.everything[-1:]]), "is in 2 places"),
        (lambda k: replace(k, done=set()), "neither read nor in the landing folder"),
        (lambda k: with_invoice(k, "F1", first_line=99), "of no extract"),
        (lambda k: with_invoice(k, "F1", total=Decimal(1)), "recorded with 1"),
        (lambda k: with_invoice(k, "F1", number="F9"), "F1 is recorded as F9"),
        (lambda k: with_invoice(k, "F1", state=InvoiceState.REJECTED), "rejected, and is not"),
        (lambda k: with_invoice(k, "F2", state=InvoiceState.INTEGRATED), "integrated, and is not"),
        (lambda k: with_invoice(k, "F6", state=InvoiceState.BUNDLED), "we have it as ['bundled']"),
        (
            lambda k: with_invoice(k, "F4", state=InvoiceState.BUNDLED),
            "is bundled, and is internal",
        ),
        (lambda k: with_invoice(k, "F5", state=InvoiceState.BUNDLED), "without its attachment"),
        (lambda k: with_invoice(k, "F5", state=InvoiceState.QUARANTINED), "although it is right"),
        (lambda k: with_invoice(k, "F6", state=InvoiceState.WAITING), "waits for nothing"),
        (lambda k: with_invoice(k, "F5", state=InvoiceState.SKIPPED), "it was never sent"),
        (lambda k: replace(k, told=set()), "F2 (a.csv, line 3) is rejected, and nothing says why"),
        (lambda k: with_flow(k, "F1", FlowState.BUILT), "has arrived, and would be sent again"),
        (lambda k: with_flow(k, "F1", FlowState.REJECTED), "the other side says"),
        (lambda k: with_flow(k, "F1", FlowState.ABANDONED), "is given up, and was integrated"),
        (lambda k: replace(k, flows={}, everything=[]), "the ledger knows it not"),
    ],
)
def test_a_ledger_that_lies_is_found_out(
    night: Night, lie: Callable[[Known], Known], told: str
) -> None:
    assert told in night.told(lie(night.known))


def test_at_rest_whatever_is_undecided_is_told(night: Night) -> None:
    reports = night.soak.firm.root / "reports"
    told = night.soak.truth.check_rest(night.known, night.soak.sandbox, reports)
    assert told[0].startswith("F5 is left waiting")
    assert "F2 was integrated 0 times, not 1" in told
    assert not any("report" in line for line in told)


def test_a_report_that_says_something_else_than_the_ledger_is_told(night: Night) -> None:
    lie = with_invoice(night.known, "F6", state=InvoiceState.REJECTED)
    reports = night.soak.firm.root / "reports"
    told = night.soak.truth.check_rest(lie, night.soak.sandbox, reports)
    assert any(line.startswith("the report of run") for line in told)


def test_a_flow_that_arrives_twice_is_told(night: Night, tmp_path: Path) -> None:
    [flow] = {
        flow.file_name
        for flow in night.known.flows.values()
        if any(o.flow_id == flow.flow_id and o.number == "F6" for o in night.known.everything)
    }
    [kept] = (night.soak.firm.root / "sandbox" / "archive").glob(f"*{flow}")
    target = night.soak.sandbox.in_folder / flow
    shutil.copyfile(kept, target)
    try:
        told = night.told(night.known)
    finally:
        target.unlink()
    assert f"flow {flow} arrived 2 times" in told
    assert "was sent again although it was not refused" in told
