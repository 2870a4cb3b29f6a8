"""The sandbox's directory and the obligations it puts on an invoice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from stdnum.fr import siret

from flows.errors import ConfigurationError
from flows.sandbox import load_directory
from flows.sandbox.directory import parse_directory
from tests.support.sandbox_flows import Depositor, Draft

STATE, HOSPITAL, COMMUNE = "11000201100044", "26999900900013", "21999900000017"
BUDGETS = ("22999900800019", "22999900800027", "22999900800035", "22999900800043")


def test_every_siret_of_the_shipped_directory_has_its_check_digit() -> None:
    assert [s.siret for s in load_directory().structures if not siret.is_valid(s.siret)] == []


def test_the_shipped_directory_holds_the_buyers_of_the_demo() -> None:
    directory = load_directory()
    assert directory.find(STATE).service_required
    assert directory.find(HOSPITAL).service_required
    assert directory.find(COMMUNE).services == ()
    budgets = [directory.find(number) for number in BUDGETS]
    assert all(budget.service_or_engagement for budget in budgets)
    codes = [service.code for budget in budgets for service in budget.services]
    assert len(codes) == len(set(codes)) >= len(BUDGETS)


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize(
    ("buyer", "service", "engagement", "words"),
    [
        (COMMUNE, "", "", ""),
        (STATE, "SFACETAT", "1501966748", ""),
        (STATE, "", "1501966748", "est obligatoire."),
        (STATE, "SFACETAT", "", "est obligatoire."),
        (STATE, "MINOLD001", "1501966748", "'MINOLD001'"),
        (HOSPITAL, "BIOMEDICAL", "", ""),
        (HOSPITAL, "PHARMACIE", "", "est obligatoire."),
        (HOSPITAL, "PHARMACIE", "E1", ""),
        (HOSPITAL, "", "", "est obligatoire."),
        (BUDGETS[0], "", "", "ou l'element"),
        (BUDGETS[0], "DGA-ROUTES", "", ""),
        (BUDGETS[0], "", "2026-BC-17", ""),
        (BUDGETS[0], "DGA-SOLIDARITE", "", "est obligatoire."),
        (BUDGETS[1], "DGA-ROUTES", "", "est inconnu du destinataire"),
        (COMMUNE, "FACTURES_PUBLIQUES", "", "est inconnu du destinataire"),
        ("24999900400016", "", "", "est obligatoire."),
        ("24999900400016", "", "E1", ""),
        ("23999900600012", "LYCEES", "", ""),
        ("19999900400013", "BU", "", "est obligatoire."),
        ("21999901800019", "", "", "est inactif"),
        ("27999900700016", "", "", "ne peut pas recevoir de facture"),
        ("35600000000048", "", "", "est inconnu de Chorus Pro"),
    ],
)
def test_the_buyer_decides_what_an_invoice_must_tell(
    build: Callable[..., Depositor],
    draft: Draft,
    syntax: str,
    buyer: str,
    service: str,
    engagement: str,
    words: str,
) -> None:
    depositor = build()
    getattr(depositor, syntax)(draft.but(buyer=buyer, service=service, engagement=engagement))
    depositor.sandbox.process()
    (invoice,) = depositor.sandbox.received()[0].invoices
    if words:
        (message,) = invoice.errors
        assert words in message
    else:
        assert invoice.errors == ()


@pytest.mark.parametrize(
    "text",
    [
        "structures: [{siret: '123', name: x}]",
        "structures: [{siret: '21999900000017', name: x, colour: red}]",
        "structures: [{siret: '21999900000017', name: x}, {siret: '21999900000017', name: y}]",
        "structures: [",
    ],
    ids=["siret", "unknown key", "twice", "no YAML"],
)
def test_a_wrong_directory_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_directory(text, "mine.yaml")
    assert "director" in str(caught.value)


def test_a_directory_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("structures: [{siret: '21999900000025', name: École}]", encoding="utf-8")
    assert load_directory(path).find("21999900000025").name == "École"
    with pytest.raises(ConfigurationError, match=r"absent\.yaml"):
        load_directory(tmp_path / "absent.yaml")
