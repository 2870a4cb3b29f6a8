"""What return files make of flows and invoices, through a real ledger and a real folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.catalogue import LANGUAGES, UNFILLED
from flows.errors import ExitCode
from flows.reconcile import reconcile
from flows.sandbox.messages import Message
from flows.sandbox.reports import FlowVerdict, RefusedMember, integration_report, pack
from flows.sandbox.scenario import Naming, Reporting
from schemas.explain import explain
from tests.support.return_desk import Desk, flow_id
from tests.support.return_files import document, flow_status, invoice_status


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def at(minute: int) -> str:
    return f"2026-03-02T01:{minute:02d}:00+01:00"


def test_a_received_flow_has_all_its_invoices_integrated(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    desk.drop("CSO1106A_1", document(flow_status("90", flow_id=flow)))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "integrated", "FA-0002": "integrated"}
    assert desk.flow_state(flow) == "integrated"
    assert result.moved == {"integrated": 2}
    assert result.flows == {flow: "integrated"}
    assert result.runs_touched == ("R100",)
    assert result.exit_code is ExitCode.OK


def test_a_rejected_flow_frees_its_numbers(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=["SIRET inconnu"])))
    result = desk.collect()
    assert set(desk.states().values()) == {"rejected"}
    assert not desk.held("FA-0001")
    assert result.exit_code is ExitCode.FINDINGS


def test_a_rejected_number_stays_taken_when_the_setting_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"identity": {"reuse_number_after_rejection": False}})
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow)))
    desk.collect()
    assert desk.states() == {"FA-0001": "rejected"}
    assert desk.held("FA-0001")
    desk.close()


def test_after_a_partial_integration_only_the_named_invoice_is_rejected(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", "FA-0003")
    lines = ["Facture FA-0002 : le SIRET est inconnu"]
    desk.drop("CSO1106A_1", document(flow_status("96", flow_id=flow, lines=lines)))
    desk.collect()
    assert desk.states() == {
        "FA-0001": "integrated",
        "FA-0002": "rejected",
        "FA-0003": "integrated",
    }
    assert desk.flow_state(flow) == "partial"
    assert (desk.held("FA-0001"), desk.held("FA-0002")) == (True, False)
    rejected = next(iter(desk.ledger.invoices(number="FA-0002")))
    assert rejected.reason == lines[0]


def test_a_rejection_leads_back_to_the_term_and_the_column_of_the_extract(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    text = (
        "L'element FichierXml.SupplyChainTradeTransaction.ApplicableHeaderTradeSettlement."
        "SpecifiedTradeSettlementPaymentMeans.TypeCode.value est obligatoire."
    )
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[text])))
    desk.collect(columns={"BT-81": "MODE_REGLEMENT"})
    (invoice,) = desk.ledger.invoices(number="FA-0001")
    findings = [f.finding for f in desk.ledger.findings(invoice_row=invoice.invoice_row)]
    assert [finding.bt for finding in findings] == ["BT-81"]
    place = findings[0].location
    assert (place.file, place.line, place.column) == ("erp.csv", 3, "MODE_REGLEMENT")


def test_columns_come_from_the_profile_of_the_settings(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    text = "Le champ (FichierXml.ExchangedDocument.ID.value) ne doit pas depasser 20 caracteres"
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[text])))
    (finding,) = desk.collect().findings
    assert (finding.bt, finding.location.column) == ("BT-1", "invoice_number")


def test_a_profile_that_cannot_be_read_does_not_keep_reports_from_being_read(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, {"source": {"profile": "no such profile"}})
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow)))
    desk.collect()
    assert desk.states() == {"FA-0001": "rejected"}
    desk.close()


def test_the_file_name_beside_a_message_does_not_make_it_look_cut(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    text = (
        "L'element FichierXml.SupplyChainTradeTransaction.ApplicableHeaderTradeAgreement."
        "BuyerOrderReferencedDocument.IssuerAssignedID.value est obligatoire."
    )
    name = f"FSO1106A_ABC123_{flow_id(102)}.xml"
    refused = RefusedMember(flow_id(102), name, "FA-0002", (Message("SBX_MSG_03.029", text),))
    report = integration_report(
        FlowVerdict(flow, "ABC123", (flow_id(101), flow_id(102)), (refused,)),
        report_id="CPP0011106000000000000001",
        at=desk.now,
        manner=Reporting(),
        naming="line",
    )
    desk.drop("CSO1106A_1", report)
    (finding,) = desk.collect().findings
    assert (finding.rule, finding.value) == ("RT-ENGAGEMENT-01", text)


@pytest.mark.parametrize("naming", ["archive", "unit", "line", "text"])
@pytest.mark.parametrize("compression", ["none", "gzip", "tar.gz"])
def test_the_sandbox_is_understood_in_each_of_its_manners(
    desk: Desk, naming: Naming, compression: Literal["none", "gzip", "tar.gz"]
) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", "FA-0003")
    refused = RefusedMember(
        flow_id=flow_id(102),
        file_name=f"FSO1106A_ABC123_{flow_id(102)}.xml",
        number="FA-0002",
        messages=(Message("SBX_MSG_03.001", "L'element FichierXml.X.value est obligatoire."),),
    )
    report = integration_report(
        FlowVerdict(flow, "ABC123", tuple(flow_id(n) for n in (101, 102, 103)), (refused,)),
        report_id="CPP0011106000000000000001",
        at=desk.now,
        manner=Reporting(),
        naming=naming,
    )
    desk.drop("CSO1106A_1", pack(report, "CSO1106A_1", compression, desk.now))
    desk.collect()
    assert desk.flow_state(flow) == "partial"
    expected = ["integrated", "rejected", "integrated"]
    unnamed = ["outcome_unknown"] * 3
    assert list(desk.states().values()) == (unnamed if naming == "archive" else expected)


def test_every_finding_is_told_in_words_without_gaps(desk: Desk) -> None:
    """Each rule of returns.yaml is emitted by some test; here their words are looked at."""
    flow = desk.deposit("FA-0001", "FA-0002")
    other = desk.deposit("FA-0003")
    desk.deposit("FA-0004")
    desk.later(hours=30)
    desk.drop("CSO1106A_1", document(flow_status("96", flow_id=flow)))
    desk.drop("CSO1106A_2", document(flow_status("93", flow_id=other, at=at(1))))
    desk.drop("CSO1106A_3", document(flow_status("95", flow_id=other, at=at(2))))
    desk.drop("CSO1106A_4", document(flow_status("97", at="hier"), flow_status("")))
    desk.drop("CSO1106A_5", b"?")
    desk.drop("FEN1200A_1", document(invoice_status("13")))
    first = desk.collect()
    desk.drop("FEN1200A_2", document(invoice_status("01", number="FA-0003")))
    findings = [*first.findings, *desk.collect().findings]
    assert {finding.rule for finding in findings} >= {
        "RT-FILE-01",
        "RT-STATUS-01",
        "RT-STATUS-02",
        "RT-STATUS-03",
        "RT-TIME-01",
        "RT-FLOW-01",
        "RT-FLOW-02",
        "RT-OUTCOME-01",
        "RT-LATE-01",
    }
    for finding in findings:
        for language in LANGUAGES:
            words = explain(finding, language)
            empty = finding.value == ""
            assert empty or UNFILLED not in words.message + words.advice


def test_what_a_partial_integration_does_not_name_is_unknown_and_stays_taken(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    desk.drop("CSO1106A_1", document(flow_status("96", flow_id=flow, lines=["SIRET inconnu"])))
    result = desk.collect()
    assert set(desk.states().values()) == {"outcome_unknown"}
    assert desk.held("FA-0001")
    assert [f.rule for f in result.findings].count("RT-OUTCOME-01") == 2
    assert result.exit_code is ExitCode.FINDINGS


def test_an_unknown_fate_alerts_after_the_deadline_and_a_life_cycle_status_settles_it(
    desk: Desk,
) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    desk.drop("CSO1106A_1", document(flow_status("96", flow_id=flow)))
    desk.collect()
    desk.later(hours=25)
    assert set(desk.collect().unknown_overdue) == {"FA-0001", "FA-0002"}
    desk.drop("FEN1200A_1", document(invoice_status("01", number="FA-0001")))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "integrated", "FA-0002": "outcome_unknown"}
    assert result.unknown_overdue == ("FA-0002",)
    assert result.exit_code is ExitCode.ATTENTION


def test_members_reported_one_by_one_are_settled_one_by_one(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", "FA-0003")
    desk.drop(
        "CSO1106A_1",
        document(
            flow_status("90", flow_id=flow),
            flow_status("93", flow_id=flow_id(102), lines=["SIRET inconnu"]),
            flow_status("90", flow_id=f"FSO1106A_ABC123_{flow_id(103)}.xml"),
        ),
    )
    desk.collect()
    assert list(desk.states().values()) == ["integrated", "rejected", "integrated"]
    assert desk.flow_state(flow) == "partial"


@pytest.mark.parametrize("code", ["94", "95"])
def test_an_incident_leaves_the_fate_unknown_and_asks_for_a_person(desk: Desk, code: str) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status(code, flow_id=flow)))
    result = desk.collect()
    assert desk.flow_state(flow) == "incident"
    assert desk.states() == {"FA-0001": "outcome_unknown"}
    assert desk.held("FA-0001")
    assert "RT-FLOW-02" in [finding.rule for finding in result.findings]
    assert result.exit_code is ExitCode.ATTENTION


@pytest.mark.parametrize("code", ["91", "92"])
def test_a_status_on_the_way_changes_nothing(desk: Desk, code: str) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status(code, flow_id=flow)))
    result = desk.collect()
    assert desk.flow_state(flow) == "deposited"
    assert desk.states() == {"FA-0001": "deposited"}
    assert (result.moved, result.flow_statuses) == ({}, 1)


@pytest.mark.parametrize("code", ["97", "IN_RECU"])
def test_an_unknown_flow_status_changes_nothing_and_is_raised(desk: Desk, code: str) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status(code, flow_id=flow)))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "deposited"}
    (record,) = desk.ledger.statuses(flow_id=flow)
    assert record.status.code == code
    assert result.exit_code is ExitCode.ATTENTION


@pytest.mark.parametrize(
    "states",
    [
        (),
        ("uploading",),
        ("uploading", "renaming"),
        ("uploading", "renaming", "in_doubt"),
        ("uploading", "renaming", "handed_over"),
    ],
)
@pytest.mark.parametrize(
    ("code", "flow_state", "invoice_state"),
    [
        ("90", "integrated", "integrated"),
        ("93", "rejected", "rejected"),
        ("96", "partial", "outcome_unknown"),
        ("91", "deposited", "deposited"),
    ],
)
def test_a_report_settles_a_flow_however_far_its_deposit_was_recorded(
    desk: Desk, states: tuple[str, ...], code: str, flow_state: str, invoice_state: str
) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", states=states)
    desk.drop("CSO1106A_1", document(flow_status(code, flow_id=flow)))
    desk.collect()
    assert desk.flow_state(flow) == flow_state
    assert set(desk.states().values()) == {invoice_state}


def test_a_life_cycle_status_takes_a_flow_out_of_doubt(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", states=("uploading", "renaming", "in_doubt"))
    desk.drop("FEN1200A_1", document(invoice_status("03", number="FA-0001")))
    desk.collect()
    assert desk.flow_state(flow) == "deposited"
    assert desk.states() == {"FA-0001": "integrated", "FA-0002": "deposited"}


def test_the_latest_life_cycle_status_by_its_own_time_is_the_current_one(desk: Desk) -> None:
    desk.deposit("FA-0001")
    desk.drop("FEN1200A_1", document(invoice_status("07", at=at(30))))
    desk.drop(
        "FEN1200A_2", document(invoice_status("01", at=at(10)), invoice_status("3", at=at(20)))
    )
    desk.collect()
    (invoice,) = desk.ledger.invoices(number="FA-0001")
    assert invoice.life_status == "07"
    history = desk.ledger.statuses(invoice_row=invoice.invoice_row)
    assert [record.status.code for record in history] == ["07", "01", "3"]


@pytest.mark.parametrize(("code", "label"), [("04", "Rejetée"), ("06", "Suspendue"), ("5", "Rej")])
def test_what_the_supplier_must_do_on_the_portal_is_listed(
    desk: Desk, code: str, label: str
) -> None:
    desk.deposit("FA-0001", "FA-0002")
    desk.drop(
        "FEN1200A_1",
        document(invoice_status(code), invoice_status("03", number="FA-0002")),
    )
    result = desk.collect()
    (todo,) = result.to_do
    assert (todo.number, todo.code, todo.run_id) == ("FA-0001", code, "R100")
    assert todo.label.startswith(label)
    desk.drop("FEN1200A_2", document(invoice_status("03", at=at(40))))
    assert desk.collect().to_do == ()


def test_an_unlabelled_status_is_kept_but_proves_nothing(desk: Desk) -> None:
    desk.deposit("FA-0001")
    desk.drop("FEN1200A_1", document(invoice_status("37"), invoice_status("13", at=at(9))))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "deposited"}
    assert result.invoice_statuses == 2
    assert [finding.rule for finding in result.findings] == ["RT-STATUS-02"]
    assert result.exit_code is ExitCode.OK


@pytest.mark.parametrize(
    "status",
    [
        flow_status("90", flow_id="CPP0011106000000000000999"),
        flow_status("90", flow_id="ABC1231106000000000000999"),
        invoice_status("07", number="OTHER-1"),
        invoice_status("07", number="FA-0001", seller="12345678200051"),
    ],
)
def test_what_is_not_ours_is_kept_as_foreign(desk: Desk, status: str) -> None:
    desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(status))
    result = desk.collect()
    assert (result.foreign, result.moved, result.exit_code) == (1, {}, ExitCode.OK)
    assert len(desk.ledger.statuses(foreign=True)) == 1
    assert desk.states() == {"FA-0001": "deposited"}


def test_with_the_siren_as_key_any_establishment_of_the_seller_matches(desk: Desk) -> None:
    desk.deposit("FA-0001", seller="732829320")
    desk.drop("FEN1200A_1", document(invoice_status("07")))
    assert desk.collect().foreign == 0
    assert desk.states() == {"FA-0001": "integrated"}


def test_a_status_is_about_the_invoice_that_holds_the_number(desk: Desk) -> None:
    first = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=first)))
    desk.collect()
    second = desk.deposit("FA-0001")
    desk.drop("FEN1200A_1", document(invoice_status("01")))
    desk.collect()
    states = [(i.flow_id, i.state.value) for i in desk.ledger.invoices(number="FA-0001")]
    assert states == [(first, "rejected"), (second, "integrated")]


def test_a_rejected_invoice_that_lives_takes_its_number_back(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow)))
    desk.collect()
    desk.drop("FEN1200A_1", document(invoice_status("01")))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "integrated"}
    assert desk.held("FA-0001")
    assert "RT-REJECT-02" in [finding.rule for finding in result.findings]
    assert result.exit_code is ExitCode.ATTENTION


def test_a_rejection_taken_back_after_the_number_was_used_again_is_raised(desk: Desk) -> None:
    first = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=first, at=at(1))))
    desk.collect()
    desk.deposit("FA-0001")
    desk.drop("CSO1106A_2", document(flow_status("90", flow_id=first, at=at(2))))
    result = desk.collect()
    rules = {finding.rule for finding in result.findings}
    assert {"RT-FLOW-01", "RT-REJECT-02", "RT-REJECT-03"} <= rules
    assert result.exit_code is ExitCode.ATTENTION
    assert len(desk.ledger.known(["FA-0001"])["FA-0001"]) == 1


def test_received_then_judged_is_settled_by_the_later_report(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    desk.drop("CSO1106A_1", document(flow_status("90", flow_id=flow, at=at(1))))
    desk.collect()
    late = flow_status("96", flow_id=flow, at=at(2), lines=["Facture FA-0001 : SIRET inconnu"])
    desk.drop("CSO1106A_2", document(late))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "rejected", "FA-0002": "integrated"}
    assert not desk.held("FA-0001")
    assert result.exit_code is ExitCode.FINDINGS


def test_a_flow_status_can_be_given_another_meaning(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"returns": {"flow_outcomes": {"90": "pending"}}})
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("90", flow_id=flow)))
    desk.collect()
    assert desk.states() == {"FA-0001": "deposited"}
    desk.close()


def test_a_report_of_an_abandoned_flow_is_raised_and_moves_nothing(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", states=("uploading", "renaming", "in_doubt", "abandoned"))
    desk.drop("CSO1106A_1", document(flow_status("90", flow_id=flow)))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "quarantined"}
    assert [finding.rule for finding in result.findings] == ["RT-FLOW-03"]
    assert result.exit_code is ExitCode.ATTENTION


def test_settling_again_changes_nothing(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    lines = ["Facture FA-0002 : SIRET inconnu"]
    desk.drop("CSO1106A_1", document(flow_status("96", flow_id=flow, lines=lines)))
    desk.collect()
    before = (desk.ledger.events(), desk.ledger.findings(), desk.states())
    again = reconcile(desk.ledger, [flow, "no such flow"], desk.settings)
    assert (desk.ledger.events(), desk.ledger.findings(), desk.states()) == before
    assert (again.moved, again.flows, again.findings) == ({}, {}, [])


FILES = {
    "CSO1106A_1": document(flow_status("91", flow_id=flow_id(101), at=at(1))),
    "CSO1106A_2": document(flow_status("90", flow_id=flow_id(101), at=at(2))),
    "CSO1106A_3": document(
        flow_status("96", flow_id=flow_id(101), at=at(3), lines=["Facture FA-0002 : SIRET inconnu"])
    ),
    "CSO1106A_4": document(flow_status("93", flow_id=flow_id(104), at=at(4))),
    "FEN1200A_1": document(invoice_status("01", at=at(5)), invoice_status("37", at=at(9))),
    "FEN1200A_2": document(invoice_status("06", number="FA-0003", at=at(7))),
    "FEN1200A_3": document(invoice_status("03", number="FA-0003", at=at(6))),
    "FEN1200A_4": document(invoice_status("02", number="FA-0005", at=at(8))),
}


@given(
    order=st.permutations(sorted(FILES)),
    cuts=st.sets(st.integers(1, len(FILES) - 1)),
    repeated=st.sampled_from(sorted(FILES)),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_and_any_grouping_of_the_same_files_ends_in_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], cuts: set[int], repeated: str
) -> None:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    try:
        desk.deposit("FA-0001", "FA-0002", "FA-0003")
        desk.deposit("FA-0004", "FA-0005")
        for rank, name in enumerate(order):
            desk.drop(name, FILES[name])
            if rank in cuts:
                desk.collect()
        desk.drop(f"{repeated}_AGAIN", FILES[repeated])
        desk.collect()
        assert desk.states() == {
            "FA-0001": "integrated",
            "FA-0002": "rejected",
            "FA-0003": "integrated",
            "FA-0004": "rejected",
            "FA-0005": "integrated",
        }
        assert (desk.flow_state(flow_id(101)), desk.flow_state(flow_id(104))) == (
            "partial",
            "partial",
        )
        life = {i.number: i.life_status for i in desk.ledger.invoices() if i.life_status}
        assert life == {"FA-0001": "37", "FA-0003": "06", "FA-0005": "02"}
        held = {n: desk.held(n) for n in desk.states()}
        assert [n for n, taken in held.items() if not taken] == ["FA-0002", "FA-0004"]
        assert len(desk.ledger.statuses()) == 9
    finally:
        desk.close()
