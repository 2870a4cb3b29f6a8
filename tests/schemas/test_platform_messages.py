"""Chorus Pro's own messages: split, cut, terms, columns, rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import load_catalogue
from config.terms import registry
from schemas.platform_messages import (
    complete_cut,
    explain_platform_message,
    load_messages,
    meanings_of,
    term_of_path,
)
from transforms.finding import Finding, Severity
from transforms.statuses import ErrorLine

AGREEMENT = "SupplyChainTradeTransaction.ApplicableHeaderTradeAgreement"
SERVICE = f"L'element FichierXml.{AGREEMENT}.BuyerReference.value est obligatoire."
NUMBER = (
    "Le champ identifiant de la facture (FichierXml.ExchangedDocument.ID.value) "
    "ne doit pas depasser 20 caracteres"
)


@pytest.mark.parametrize(
    ("text", "rule", "bt"),
    [
        (SERVICE, "RT-SERVICE-01", "BT-10"),
        (
            "The legal commitment (FichierXml…BuyerOrderReferencedDocument.IssuerAssignedID.value)"
            " is mandatory",
            "RT-ENGAGEMENT-01",
            "BT-13",
        ),
        (
            "L'élément FichierXml.PaymentMeans.PaymentMeansCode.value EST OBLIGATOIRE",
            "RT-PAYMENT-01",
            "BT-81",
        ),
        ("L'element FichierXml.Inconnu.Bloc.value est obligatoire.", "RT-MISSING-01", None),
        (NUMBER, "RT-LENGTH-01", "BT-1"),
        (
            f"Le champ (FichierXml.{AGREEMENT}.BuyerReference.value) doit etre alphanumerique",
            "RT-CHARACTERS-01",
            "BT-10",
        ),
        (
            "L'element (AppliedTradeAllowanceCharge.ActualAmount.value) est obligatoire si "
            "l'element (GrossPriceProductTradePrice) est renseigne.",
            "RT-GROSSPRICE-01",
            "BT-147",
        ),
        (
            f"L'element FichierXml.{AGREEMENT}.BuyerReference.value ou l'element FichierXml."
            f"{AGREEMENT}.BuyerOrderReferencedDocument.IssuerAssignedID.value est obligatoire.",
            "RT-EITHER-01",
            "BT-10",
        ),
        (
            "Facture F1 : L'element FichierXml.A.value ou l'element FichierXml.B.value est "
            "obligatoire.",
            "RT-EITHER-01",
            None,
        ),
        (
            "La valeur 'M1' du champ cadre (FichierXml.ProfileID.value) n'est pas autorisee",
            "RT-PROCESS-01",
            "BT-23",
        ),
        (
            "La valeur 'EURO' du champ devise (FichierXml.DocumentCurrencyCode.value) "
            "n'est pas autorisee",
            "RT-VALUE-01",
            "BT-5",
        ),
        ("Une facture deja payee (A2) doit avoir tout regle", "RT-PAID-01", "BT-113"),
        ("Le destinataire 1 est inconnu de Chorus Pro", "RT-RECIPIENT-01", "BT-47"),
        ("Le code service 'S' est inactif", "RT-SERVICE-02", "BT-10"),
        ("La facture F1 existe déjà pour ce fournisseur", "RT-DUPLICATE-01", "BT-1"),
        ("Facture déjà existante", "RT-DUPLICATE-01", "BT-1"),
        ("La demande de paiement F1 a déjà été déposée", "RT-DUPLICATE-01", "BT-1"),
        ("L'identifiant de flux ABC a deja ete recu", "RT-FLOW-TWICE-01", None),
        ("Les pieces jointes a.pdf et b.pdf sont en double", "RT-ATTACHMENT-01", "BT-122"),
        ("La pièce jointe est vide", "RT-ATTACHMENT-01", "BT-122"),
        ("Le fichier n'est pas conforme au schema XSD", "RT-SCHEMA-01", None),
        ("Le nom du flux X ne respecte pas la regle de nommage", "RT-IRRECEVABLE-01", None),
        ("ERR 4711 : motif inedit", "RT-UNKNOWN-01", None),
    ],
)
def test_a_message_leads_to_its_rule_and_term(text: str, rule: str, bt: str | None) -> None:
    (finding,) = explain_platform_message(text)
    assert (finding.rule, finding.bt, finding.value) == (rule, bt, text)
    assert finding.severity is Severity.FATAL


def test_facts_of_the_message_are_kept() -> None:
    (finding,) = explain_platform_message(NUMBER)
    assert finding.params["limit"] == "20"
    (finding,) = explain_platform_message("La valeur 'Été' du champ x n'est pas autorisée")
    assert finding.params["refused"] == "Été"


def test_several_messages_are_split_and_find_their_columns() -> None:
    found = explain_platform_message(f"{SERVICE} |{NUMBER} | ", {"BT-10": "SERV", "BT-9": "ECH"})
    assert [finding.rule for finding in found] == ["RT-SERVICE-01", "RT-LENGTH-01"]
    assert [finding.location.column for finding in found] == ["SERV", None]


def test_a_cut_last_message_is_marked_and_not_read() -> None:
    text = f"{SERVICE} |{SERVICE}"[:200]
    assert len(text) == 200
    first, cut = explain_platform_message(text)
    assert first.rule == "RT-SERVICE-01"
    assert (cut.rule, cut.severity, cut.bt) == ("RT-CUT-01", Severity.WARNING, None)
    assert cut.value == text.partition("|")[2]


LOCAL = (
    Finding("CP-SERVICE-01", Severity.FATAL, bt="BT-10", value="S" * 101),
    Finding("CP-RATE-01", Severity.WARNING, bt="BT-152", value="19"),
    Finding("CP-IBAN-02", Severity.FATAL, bt="BT-84", value="FR00"),
    Finding("CP-NUMBER-01", Severity.FATAL, bt="BT-1", value="F" * 21),
    Finding("BR-16", Severity.FATAL),
)


def test_a_cut_message_is_completed_by_what_our_rules_say_of_other_terms() -> None:
    told = explain_platform_message(f"{SERVICE} |{NUMBER}"[:200])
    completed = complete_cut(told, LOCAL)
    assert completed[1].params == {"count": "3"}
    assert [one.rule for one in completed] == [
        "RT-SERVICE-01",
        "RT-CUT-02",
        "CP-NUMBER-01",  # the cut text still names its element
        "CP-IBAN-02",
        "BR-16",
    ]


def test_a_whole_message_is_not_completed() -> None:
    told = explain_platform_message(f"{SERVICE} |{NUMBER}")
    assert complete_cut(told, LOCAL) == told


WARNED = (
    Finding("CP-DATE-03", Severity.WARNING, bt="BT-9"),
    Finding("CP-RATE-01", Severity.WARNING, bt="BT-152"),
    Finding("CP-SERVICE-02", Severity.WARNING, bt="BT-10"),
)
TERMS = "FichierXml.SupplyChainTradeTransaction.ApplicableHeaderTradeSettlement.SpecifiedTradePay"


@pytest.mark.parametrize(
    ("cut", "hints"),
    [
        (f"{TERMS}mentTerms.DueDateDateTime.value est", ["CP-DATE-03"]),
        (f"{TERMS}mentTerms.Du", ["CP-DATE-03"]),
        (TERMS, ["CP-DATE-03"]),
        ("FichierXml.ExchangedDocument.ID", []),
        ("FichierXml", []),
        ("La date", []),
    ],
)
def test_when_our_rules_block_nothing_their_warnings_about_the_term_named_are_a_hint(
    cut: str, hints: list[str]
) -> None:
    told = explain_platform_message(f"{SERVICE} |L'element {cut}[...]")
    assert [one.rule for one in complete_cut(told, WARNED)] == [
        "RT-SERVICE-01",
        "RT-CUT-03",
        *hints,
    ]


@pytest.mark.parametrize("mark", ["[...]", "…"])
def test_a_message_that_says_it_is_cut_is_cut(mark: str) -> None:
    (cut,) = explain_platform_message(f"L'element FichierXml.ID.value est oblig{mark}")
    assert cut.rule == "RT-CUT-01"


def test_a_whole_message_of_two_hundred_characters_is_read() -> None:
    text = SERVICE.replace("L'element", "L'element" + " " * (200 - len(SERVICE)))
    assert len(text) == 200
    (finding,) = explain_platform_message(text)
    assert finding.rule == "RT-SERVICE-01"


def test_nothing_said_is_nothing_found() -> None:
    assert explain_platform_message(" | ") == ()


@pytest.mark.parametrize(
    ("path", "term"),
    [
        ("FichierXml.ExchangedDocument.ID.value", "BT-1"),
        ("CrossIndustryInvoice.ExchangedDocument.TypeCode", "BT-3"),
        ("FichierXml.Invoice.ID.value", "BT-1"),
        ("…BuyerReference.value", "BT-10"),
        ("SpecifiedLegalOrganization.ID", None),  # seller, buyer, payee or valideur
        ("PaymentMeans.PayeeFinancialAccount.ID", "BT-84"),
        ("TypeCode", None),
        ("", None),
    ],
)
def test_a_path_leads_to_one_term_or_to_none(path: str, term: str | None) -> None:
    assert term_of_path(path) == term


def test_every_rule_of_the_table_is_in_the_catalogue() -> None:
    catalogue = load_catalogue()
    assert {catalogue.rule(rule).layer for rule in load_messages().rules()} == {"platform"}


def test_every_pattern_says_how_sure_it_is() -> None:
    assert {pattern.mark for pattern in load_messages().patterns} == {"seen", "supposed"}


def test_every_path_leads_to_a_known_term() -> None:
    whole = [f"{AGREEMENT}.BuyerReference", "LegalMonetaryTotal.PayableAmount", "ProfileID"]
    assert {term_of_path(path) for path in whole} <= set(registry().terms)


@given(st.text(max_size=300))
def test_any_text_is_kept_piece_by_piece(text: str) -> None:
    found = explain_platform_message(text)
    assert [finding.value for finding in found] == [
        piece.strip() for piece in text.split("|") if piece.strip()
    ]


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("La facture F1 existe deja pour ce fournisseur", {"duplicate"}),
        ("Facture F1 : DOUBLON", {"duplicate"}),
        ("La facture contient une ligne en double", set()),
        ("Le numéro d'engagement de la facture est déjà utilisé", set()),
        ("Le taux de TVA est en doublon", set()),
        ("Le flux de factures X a déjà été reçu", {"flow_twice"}),
        ("Le flux semble avoir déjà été reçu", {"flow_twice"}),
        ("Flux FSO1106A_X : la facture F1 a déjà été reçue", {"duplicate"}),
        ("L'element X est obligatoire. |Facture deja integree", {"duplicate"}),
        ("Facture F1 : facture deja existante, voir le portail"[:44], {"duplicate"}),
        ("Le flux ABC1231106000000000000101 a deja ete traite", {"flow_twice"}),
        ("Le nom du flux ne respecte pas la regle de nommage", {"packaging"}),
        ("Le flux n'est ni un fichier XML ni une archive tar.gz", {"packaging"}),
        ("Le fichier FSO.xml est en double", {"packaging"}),
        ("Une facture deja payee (A2) doit avoir tout regle", set()),
        ("Facture F1 : les pieces jointes a.pdf sont en double", set()),
        ("Le code service 'S' n'existe pas", set()),
        ("Numero non unique", set()),
        ("", set()),
    ],
)
def test_what_a_line_means_beyond_the_invoice(text: str, meanings: set[str]) -> None:
    assert meanings_of(ErrorLine(label=text)) == meanings
    assert meanings_of(ErrorLine(description=text)) == meanings


@pytest.mark.parametrize(
    "further", ["numero non unique", "Numéro\\s+NON\\S*", "GDP_MSG_77", "^gdp_msg"]
)
def test_further_wordings_and_codes_of_duplicates_can_be_given(further: str) -> None:
    line = ErrorLine(code="GDP_MSG_77.001", label="Numéro non unique")
    assert meanings_of(line, [further]) == {"duplicate"}
    assert meanings_of(ErrorLine(code="X", label="autre"), [further]) == set()
