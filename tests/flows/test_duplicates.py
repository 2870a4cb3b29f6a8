"""A number that Chorus Pro has already: whose invoice it is, and that it is never freed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from flows.errors import ExitCode
from flows.ledger import InvoiceState, SentInvoice
from flows.report.told import tell
from tests.support.return_desk import Desk, flow_id
from tests.support.return_files import SELLER, document, flow_status, invoice_status
from transforms.outcome import Identity

DOUBLE = "La facture FA-0001 existe deja pour ce fournisseur"
IN_DOUBT = ("uploading", "renaming", "in_doubt")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def at(minute: int) -> str:
    return f"2026-03-02T08:{minute:02d}:00+01:00"


def rules(desk: Desk, number: str = "FA-0001") -> set[str]:
    return {
        record.finding.rule
        for invoice in desk.ledger.invoices(number=number)
        for record in desk.ledger.findings(invoice_row=invoice.invoice_row)
    }


def outcomes(desk: Desk, flow: str) -> list[str]:
    return [member.outcome.value for member in desk.ledger.members(flow)]


@pytest.mark.parametrize(
    "text",
    [
        DOUBLE,
        "Facture FA-0001 : facture déjà existante",
        "Facture FA-0001 : doublon",
        "Cette facture a déjà été déposée",
        "La demande de paiement FA-0001 existe déjà.",
        "Le numero FA-0001 : facture en double",
        "Facture FA-0001 : facture deja integree |L'element FichierXml.A.value est obligatoire.",
    ],
)
def test_what_the_ledger_does_not_know_asks_for_a_person_and_frees_nothing(
    desk: Desk, text: str
) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[text])))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "duplicate"}
    assert desk.flow_state(flow) == "rejected"
    assert desk.held("FA-0001")
    assert "RT-DUPLICATE-04" in rules(desk)
    assert result.exit_code is ExitCode.ATTENTION
    assert result.attention == ("RT-DUPLICATE-04: FA-0001",)


def test_a_wording_learnt_in_qualification_is_a_setting(tmp_path: Path) -> None:
    for folder, words in (("a", ["numero non unique"]), ("b", ["GDP_MSG_77", "TST_MSG_01"])):
        desk = Desk(tmp_path / folder, {"returns": {"duplicate_messages": words}})
        flow = desk.deposit("FA-0001")
        said = flow_status("93", flow_id=flow, lines=["Numéro NON unique"])
        desk.drop("CSO1106A_1", document(said))
        desk.collect()
        assert desk.states() == {"FA-0001": "duplicate"}
        desk.close()


def test_the_same_content_that_was_accepted_before_settles_it(desk: Desk) -> None:
    first = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=first, lines=["SIRET inconnu"])))
    desk.collect()
    second = desk.deposit("FA-0001")
    # The rejection is taken back by Chorus Pro after the number went out again.
    desk.drop("CSO1106A_2", document(flow_status("90", flow_id=first, at=at(30))))
    desk.collect()
    desk.drop("CSO1106A_3", document(flow_status("93", flow_id=second, at=at(40), lines=[DOUBLE])))
    result = desk.collect()
    assert [i.state.value for i in desk.ledger.invoices()] == ["integrated", "duplicate"]
    assert desk.held("FA-0001")
    assert [finding.rule for finding in result.findings] == ["RT-DUPLICATE-02"]
    assert result.exit_code is ExitCode.OK
    # A life-cycle status is the first one's.
    desk.drop("FEN1200A_1", document(invoice_status("03", at=at(50))))
    assert desk.collect().exit_code is ExitCode.OK
    one, two = desk.ledger.invoices()
    assert (one.life_status, two.life_status) == ("03", None)


def test_another_content_that_was_accepted_goes_to_a_person_with_both_places(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, {"identity": {"with_year": True}})
    first = desk.deposit("FA-0001", content="last year", with_year="2025")
    desk.drop("CSO1106A_1", document(flow_status("90", flow_id=first)))
    desk.collect()
    second = desk.deposit("FA-0001", content="this year", with_year="2026")
    desk.drop("CSO1106A_2", document(flow_status("93", flow_id=second, lines=[DOUBLE])))
    result = desk.collect()
    assert [i.state.value for i in desk.ledger.invoices()] == ["integrated", "duplicate"]
    (finding,) = result.findings
    assert finding.rule == "RT-DUPLICATE-03"
    assert (finding.params["place"], finding.params["here"]) == ("erp.csv:3", "erp.csv:5")
    assert finding.params["earlier"] == first
    assert len(desk.ledger.known(["FA-0001"])["FA-0001"]) == 2
    assert result.exit_code is ExitCode.ATTENTION
    desk.close()


def test_what_a_former_tool_sent_cannot_be_compared(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"identity": {"with_year": True}})
    sent = SentInvoice(
        identity=Identity(desk.settings.environment, "1", SELLER, "FA-0001", "2025"), line=2
    )
    desk.ledger.import_sent([sent], source="former.csv")
    flow = desk.deposit("FA-0001", with_year="2026")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[DOUBLE])))
    [finding] = desk.collect().findings
    assert finding.rule == "RT-DUPLICATE-03"
    assert "(former.csv:2), avec" in tell(finding, "fr").message
    desk.close()


@pytest.mark.parametrize("before", ["in doubt", "incident"])
def test_a_flow_sent_again_although_it_had_arrived_is_there_once(desk: Desk, before: str) -> None:
    first = desk.deposit("FA-0001", "FA-0002", states=IN_DOUBT)
    if before == "incident":
        desk.drop("CSO1106A_0", document(flow_status("94", flow_id=first)))
        desk.collect()
    second = desk.resend(first)
    lines = [DOUBLE, "Facture FA-0002 : SIRET inconnu"]
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=second, at=at(9), lines=lines)))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "integrated", "FA-0002": "rejected"}
    assert (desk.flow_state(first), desk.flow_state(second)) == ("abandoned", "rejected")
    assert (desk.held("FA-0001"), desk.held("FA-0002")) == (True, False)
    assert outcomes(desk, second) == ["duplicate", "rejected"]
    assert outcomes(desk, first)[0] == "integrated"
    assert "RT-DUPLICATE-02" in rules(desk)
    assert result.exit_code is ExitCode.FINDINGS  # FA-0002
    event = desk.ledger.events(flow_id=second, kind="invoice")[-2]
    assert first in event.reason


FILES = {
    "first": lambda first, second: flow_status("90", flow_id=first, at=at(50)),
    "second": lambda first, second: flow_status("93", flow_id=second, at=at(40), lines=[DOUBLE]),
    "life": lambda first, second: invoice_status("02", at=at(45)),
}


@pytest.mark.parametrize("order", list(permutations(FILES)))
def test_reports_of_both_deposits_in_any_order_leave_one_invoice(
    desk: Desk, order: tuple[str, ...]
) -> None:
    first = desk.deposit("FA-0001", states=IN_DOUBT)
    second = desk.resend(first)
    raised = []
    for name in order:
        desk.drop(f"CSO1106A_{name}", document(FILES[name](first, second)))
        raised += [finding.rule for finding in desk.collect().findings]
    assert desk.states() == {"FA-0001": "integrated"}
    assert (desk.flow_state(second), desk.held("FA-0001")) == ("rejected", True)
    # Alarming only while the second deposit is not known to be refused.
    assert ("RT-FLOW-03" in raised) == (order.index("first") < order.index("second"))
    assert set(raised) <= {"RT-FLOW-03", "RT-DUPLICATE-02"}


def test_a_first_deposit_that_was_refused_itself_explains_nothing(desk: Desk) -> None:
    first = desk.deposit("FA-0001", states=IN_DOUBT)
    second = desk.resend(first)
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=second, at=at(1), lines=[DOUBLE])))
    desk.collect()
    assert desk.states() == {"FA-0001": "integrated"}
    # The report of the first comes late and says otherwise: what is there is not ours.
    late = flow_status("93", flow_id=first, at=at(2), lines=["SIRET inconnu"])
    desk.drop("CSO1106A_2", document(late))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "duplicate"}
    assert desk.held("FA-0001")
    assert "RT-DUPLICATE-04" in [finding.rule for finding in result.findings]


def test_a_status_of_another_tools_invoice_does_not_revive_a_duplicate(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[DOUBLE])))
    desk.collect()
    desk.drop("FEN1200A_1", document(invoice_status("07", at=at(59))))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "duplicate"}
    assert (result.foreign, result.findings) == (1, ())
    (status,) = desk.ledger.statuses(number="FA-0001", foreign=True)
    assert status.status.code == "07"


def test_a_status_that_came_before_the_rejection_proves_nothing_either(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("FEN1200A_1", document(invoice_status("07")))
    desk.collect()
    assert desk.states() == {"FA-0001": "integrated"}
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[DOUBLE])))
    assert desk.collect().exit_code is ExitCode.ATTENTION
    assert desk.states() == {"FA-0001": "duplicate"}
    assert desk.held("FA-0001")


def test_a_flow_that_waits_to_be_sent_again_still_leaves_when_one_of_its_invoices_is_there(
    desk: Desk,
) -> None:
    first = desk.deposit("FA-0001", "FA-0002", states=IN_DOUBT)
    second = desk.resend(first, states=())
    desk.drop("FEN1200A_1", document(invoice_status("02")))
    desk.collect()
    assert desk.flow_state(second) == "built"
    assert desk.states() == {"FA-0001": "integrated", "FA-0002": "bundled"}


def test_the_second_copy_of_a_flow_takes_nothing_back(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    echo = f"L'identifiant de flux {flow} a deja ete recu"
    desk.drop("CSO1106A_1", document(flow_status("90", flow_id=flow, at=at(1))))
    desk.drop("CSO1106A_2", document(flow_status("93", flow_id=flow, at=at(2), lines=[echo])))
    result = desk.collect()
    assert set(desk.states().values()) == {"integrated"}
    assert [finding.rule for finding in result.findings] == ["RT-FLOW-05"]
    assert result.exit_code is ExitCode.OK
    desk.drop("CSO1106A_3", document(flow_status("90", flow_id=flow, at=at(3))))
    assert desk.collect().findings == ()


def test_a_flow_id_that_something_else_has_used_leaves_the_fate_to_a_person(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    echo = f"Le flux {flow} a déjà été reçu"
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[echo])))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "outcome_unknown"}
    assert (desk.flow_state(flow), desk.held("FA-0001")) == ("incident", True)
    assert "RT-FLOW-04" in [finding.rule for finding in result.findings]
    assert result.exit_code is ExitCode.ATTENTION


@pytest.mark.parametrize(
    "text",
    [
        "Le nom du flux FSO ne respecte pas la regle de nommage",
        "Le flux n'est pas une archive tar.gz lisible",
        "Le code application ABC123 est inconnu",
        "L'interface FSO1106A n'est pas ouverte pour ce partenaire",
    ],
)
@pytest.mark.parametrize("numbers", [("FA-0001",), ("FA-0001", "FA-0002")])
def test_an_irrecevable_flow_is_our_packaging_and_its_numbers_are_free(
    desk: Desk, text: str, numbers: tuple[str, ...]
) -> None:
    flow = desk.deposit(*numbers)
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[text])))
    result = desk.collect()
    assert set(desk.states().values()) == {"rejected"}
    assert not any(desk.held(number) for number in numbers)
    told = [finding.rule for finding in result.findings]
    assert told == ["RT-REJECT-04"] * len(numbers) + ["RT-FLOW-06"]
    assert result.exit_code is ExitCode.ATTENTION
    desk.deposit(*numbers)  # under the same numbers
    assert desk.flow_state(flow_id(101 + len(numbers))) == "deposited"


def test_without_reuse_of_numbers_a_rejection_keeps_them_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"identity": {"reuse_number_after_rejection": False}})
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=["SIRET inconnu"])))
    desk.collect()
    assert desk.states() == {"FA-0001": InvoiceState.REJECTED.value}
    assert desk.held("FA-0001")
    desk.close()
