"""A night with a directory: recipients are checked before the deposit, its age is told once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from flows.cli.main import run
from flows.directory_import import import_directory
from flows.errors import ExitCode
from flows.ledger import Ledger
from flows.night_result import Mode
from tests.support.directory_files import (
    CLOSED,
    EITHER,
    PLAIN,
    SERVICE,
    STRANGER,
    WORKS,
    write_directory,
)
from tests.support.firm import Firm, csv, row

ROWS = [
    row("F1"),
    row("F2", buyer_siret=SERVICE),
    row("F3", buyer_siret=SERVICE, buyer_service_code="PHARMACIE"),
    row("F4", buyer_siret=SERVICE, buyer_service_code="PHARMACIE", engagement_number="EJ1"),
    row("F5", buyer_siret=SERVICE, buyer_service_code="ARCHIVES"),
    row("F6", buyer_siret=SERVICE, buyer_service_code="PASSE"),
    row("F7", buyer_siret=EITHER),
    row("F8", buyer_siret=EITHER, engagement_number="EJ1"),
    row("F9", buyer_siret=CLOSED),
    row("F10", buyer_siret=WORKS),
    row("F11", buyer_siret=STRANGER),
    row("F12", buyer_siret=SERVICE, buyer_service_code="LYCEES"),
]
HELD = {
    "F2": {"DR-SERVICE-05"},
    "F3": {"DR-ENGAGEMENT-02"},
    "F5": {"DR-SERVICE-03"},
    "F6": {"DR-SERVICE-04"},
    "F7": {"DR-EITHER-01"},
    "F9": {"DR-BUYER-03"},
    "F10": {"DR-BUYER-04"},
    "F11": {"DR-BUYER-01"},
    "F12": {"DR-SERVICE-01"},
}


def give_directory(firm: Firm) -> None:
    structures, services = write_directory(firm.root / "annuaire")
    with firm.ledger() as ledger:
        settings = firm.configuration().settings.directory
        import_directory(ledger, settings, structures, services, by="A. Martin")


def report_of(firm: Firm) -> str:
    (page,) = firm.root.glob("reports/*/*.html")
    return page.read_text("utf-8")


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_what_the_recipient_would_refuse_is_held_back(tmp_path: Path, executor: str) -> None:
    workers = {"executor": executor, "processes": 2, "chunk_invoices": 5}
    brakes = {"max_quarantine_rate": 1}
    firm = Firm(tmp_path, sections={"workers": workers, "brakes": brakes})
    give_directory(firm)
    firm.drop("a.csv", csv(ROWS))
    assert firm.code(firm.run()) is ExitCode.FINDINGS
    held = {n: firm.rules(n) for n, states in firm.states().items() if states == ["quarantined"]}
    assert held == HELD
    page = report_of(firm)
    assert "contrôlés avec l&#39;annuaire du 07/09/2026 : 7 structures, 5 services." in page
    assert "exige un code service, et la facture n&#39;en donne pas" in page
    assert "DR-AGE-01" not in page


def test_without_a_directory_nothing_is_held_back_and_the_report_says_so(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv(ROWS))
    assert firm.code(firm.run()) is ExitCode.OK
    assert "Annuaire des structures publiques non importé" in report_of(firm)


def test_an_old_directory_is_told_once_and_lets_strangers_pass(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    give_directory(firm)
    firm.now += timedelta(days=30)
    firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret=STRANGER), row("F3")]))
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states()["F2"] == ["handed_over"]
    assert firm.rules("F2") == {"DR-BUYER-02"}
    with firm.ledger() as ledger:
        (record,) = ledger.runs(1)
        told = [found.finding.rule for found in ledger.findings_apart(record.run_id)]
    assert told == ["DR-AGE-01"]
    assert "Annuaire ancien" in report_of(firm)


def test_a_policy_lets_a_rule_of_the_directory_only_warn(tmp_path: Path) -> None:
    firm = Firm(tmp_path, sections={"policies": {'"DR-BUYER-01"': "warn"}})
    give_directory(firm)
    firm.drop("a.csv", csv([row("F1", buyer_siret=STRANGER)]))
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.rules("F1") == {"DR-BUYER-01"}


def test_a_held_night_and_a_rehearsal_know_the_directory_too(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    give_directory(firm)
    firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret=CLOSED)]))
    settings = ["--config", str(firm.settings_file)]
    assert run(["run", "--dry-run", "--no-prefect", *settings]) is ExitCode.FINDINGS
    assert firm.code(firm.run(Mode.HOLD)) is ExitCode.FINDINGS
    assert firm.rules("F2") == {"DR-BUYER-03"}


def test_the_directory_is_asked_once_per_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = Firm(tmp_path, sections={"workers": {"executor": "inline", "chunk_invoices": 50}})
    give_directory(firm)
    firm.drop("a.csv", csv([row(f"F{rank}", buyer_siret=PLAIN) for rank in range(200)]))
    statements: list[str] = []
    opened = Ledger.open.__func__  # type: ignore[attr-defined] # the function below the class method

    def watched(cls: type[Ledger], *args: object, **options: object) -> Ledger:
        ledger: Ledger = opened(cls, *args, **options)
        listen = lambda *facts: statements.append(facts[2])  # noqa: E731 - one line is enough
        event.listen(ledger._engine, "before_cursor_execute", listen)
        return ledger

    monkeypatch.setattr(Ledger, "open", classmethod(watched))
    firm.run()
    asked = [text for text in statements if "FROM directory, wanted" in text]
    assert len(asked) == 4
