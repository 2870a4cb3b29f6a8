"""A firm through several nights against the shipped scenario ``every_answer``, over SFTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.errors import ExitCode
from flows.ledger import FlowState
from flows.resolve import resolve
from flows.sandbox import Fault, FaultKind, Sandbox, load_scenario, settings_fragment
from flows.status import of_invoice
from tests.support.firm import Firm, csv, row

TUESDAY = datetime(2026, 10, 20, 18, 0, tzinfo=UTC)


@dataclass
class House:
    """A firm, its Chorus Pro, and what was raised so far."""

    firm: Firm
    sandbox: Sandbox
    raised: set[str] = field(default_factory=set)

    def night(self, *rows: dict[str, str]) -> ExitCode:
        """Do a night with these invoices, then let Chorus Pro judge and the story go on."""
        if rows:
            columns = (*rows[0],)
            self.firm.drop(f"{self.firm.now:%d}.csv", csv(rows, columns))
        results = self.firm.run()
        for result in results:
            assert result.balance is None or result.balance.holds
        self.sandbox.process()
        while self.sandbox.next_step():
            pass
        self.firm.now += timedelta(days=1)
        with self.firm.ledger() as ledger:
            self.raised |= {record.finding.rule for record in ledger.findings()}
        return self.firm.code(results)

    def accepted(self) -> set[str]:
        """Numbers that Chorus Pro has accepted, once each."""
        taken = [
            invoice.number
            for arrival in self.sandbox.received()
            for invoice in arrival.invoices
            if invoice.accepted
        ]
        assert len(taken) == len(set(taken))
        return set(taken)

    def last_states(self) -> dict[str, str]:
        """The last state of each number that left."""
        return {number: states[-1] for number, states in self.firm.states().items()}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    firm = Firm(tmp_path / "firm", now=TUESDAY)
    with Sandbox(
        tmp_path / "sandbox",
        scenario=load_scenario("every_answer"),
        clock=lambda: firm.now,
        takes_at_once=True,
    ) as sandbox:
        fragment = settings_fragment(sandbox)
        sftp = fragment.pop("sftp")
        assert isinstance(sftp, dict)
        firm.sections["channel"] = {**fragment, "retries": 0}
        firm.sections["channel.sftp"] = sftp
        firm.sections["bundle"] = {"max_invoices": 2}
        firm.sections["workers"] |= {"chunk_invoices": 2}
        firm.write_settings()
        yield House(firm, sandbox)


#: Beginnings of numbers in the scenario; each names a flow of two invoices.
BEGINNINGS = (
    *("NOM", "TGZ", "INC", "FIN", "TARD", "MUET", "X97", "PART", "REJ", "LIGNE", "MEMBRE"),
    *("AILLEURS", "SUSP", "RECYC", "REFUS", "CODE", "HEURE"),
)


def invoices(*numbers: str, **changes: str) -> list[dict[str, str]]:
    values = {"preceding_invoice_1_number": "", "preceding_invoice_1_date": "", **changes}
    return [
        row(number, invoice_date="2026-10-20", due_date="2026-11-20", **values)
        for number in numbers
    ]


def codes(house: House, kind: str) -> set[str]:
    with house.firm.ledger() as ledger:
        return {r.status.code for r in ledger.statuses() if r.status.kind == kind}


def test_every_answer_is_understood_and_every_invoice_ends_where_it_is(house: House) -> None:
    first = [f"{pair}-{rank}" for pair in BEGINNINGS for rank in (1, 2)]
    assert house.night(*invoices(*first)) is ExitCode.OK

    # The second night reads the answers; one flow is cut at its very end, and nobody answers.
    house.sandbox.faults.switch_on(Fault(FaultKind.CUT_AFTER_RENAME))
    assert house.night(*invoices("PERDU-1", "PERDU-2")) is ExitCode.ATTENTION
    states = house.last_states()
    for number, state in {
        "NOM-1": "rejected",
        "TGZ-2": "rejected",
        "INC-1": "outcome_unknown",
        "FIN-1": "integrated",
        "MUET-1": "deposited",
        "PART-1": "outcome_unknown",
        "REJ-1": "rejected",
        "REJ-2": "integrated",
        "LIGNE-1": "rejected",
        "LIGNE-2": "integrated",
        "MEMBRE-1": "rejected",
        "MEMBRE-2": "integrated",
        "AILLEURS-1": "duplicate",
        "AILLEURS-2": "integrated",
        "PERDU-1": "in_doubt",
    }.items():
        assert states[number] == state, number

    # A person sends again what had an incident, and what seems lost; the ERP what was rejected.
    with house.firm.ledger() as ledger:
        stuck = ledger.flows(states={FlowState.INCIDENT, FlowState.IN_DOUBT})
    for flow in stuck:
        resolve(
            house.firm.configuration(), flow.flow_id, resend=True, by="A. Martin", reason="lost"
        )
    again = ["NOM-1", "NOM-2", "TGZ-1", "TGZ-2", "REJ-1", "LIGNE-1", "MEMBRE-1"]
    assert house.night(*invoices(*again)) is ExitCode.ATTENTION  # MUET has no report yet

    # The fourth night: the buyer's refusal is answered by a new invoice; the old number is refused.
    new = invoices(
        "NEUVE-1", preceding_invoice_1_number="REFUS-1", preceding_invoice_1_date="2026-10-20"
    )
    old = invoices("REFUS-1")
    house.night(*new, *old)
    house.night()
    house.night()

    assert house.firm.states()["REFUS-1"] == ["integrated", "skipped"]
    left = {n: s for n, s in house.last_states().items() if s != "skipped"} | {
        "REFUS-1": "integrated"
    }
    assert {n for n, state in left.items() if state == "integrated"} == house.accepted()
    assert {n: state for n, state in left.items() if state != "integrated"} == {
        "PART-1": "rejected",
        "AILLEURS-1": "duplicate",
    }
    assert house.raised >= {
        "RT-FILE-01",
        "RT-STATUS-01",
        "RT-STATUS-02",
        "RT-FLOW-02",
        "RT-FLOW-06",
        "RT-REJECT-04",
        "RT-OUTCOME-01",
        "RT-DUPLICATE-02",
        "RT-DUPLICATE-04",
        "RT-UNKNOWN-01",
        "RT-SERVICE-02",
        "RT-RECIPIENT-01",
        "LG-REFUSED-01",
    }
    assert not house.raised & {"RT-REJECT-02", "RT-REJECT-03", "RT-FLOW-01"}
    assert {int(code) for code in codes(house, "flow")} >= {90, 91, 92, 93, 94, 95, 96, 97}
    assert {int(code) for code in codes(house, "invoice")} >= {*range(1, 13), 37, 99}
    with house.firm.ledger() as ledger:
        foreign = {s.status.number or s.status.flow_id for s in ledger.statuses(foreign=True)}
        assert foreign == {"ETRANGERE-1", "ZZZ9991106000000000000001"}
        [hour] = ledger.invoices(number="HEURE-1")
        assert hour.life_status == "08"
        settings = house.firm.configuration().settings
        told = "\n".join(of_invoice(ledger, "REFUS-1", settings, "en").lines)
        assert "replaced by NEUVE-1" in told
        newest = ledger.runs(1)[0].run_id
        assert "replaces  REFUS-1" in "\n".join(of_invoice(ledger, "NEUVE-1", settings, "en").lines)
    page = json.loads((house.firm.root / "reports" / newest / "report.json").read_text())
    open_ones = {
        one["number"]: one["days"] for group in page["attention"]["to_do"] for one in group["items"]
    }
    # Completed, or issued again: no to-do any more.
    assert not {"SUSP-1", "REFUS-1"} & set(open_ones)
    assert open_ones["RECYC-1"] >= 1
