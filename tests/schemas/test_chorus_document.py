"""Chorus Pro: number, type, cadre, currency and dates."""

from __future__ import annotations

from datetime import date

import pytest

from config.target import load_target
from schemas.chorus.document import DOCUMENT
from schemas.rules import check, check_reading
from tests.support.ruled_invoice import SAMPLE, Changes, D, changed, context, hits
from transforms.facts import Facts, Key
from transforms.finding import Severity
from transforms.invoice import (
    ContractReference,
    Delivery,
    DocumentReference,
    Invoice,
    Period,
    Totals,
)
from transforms.reading import read_document
from transforms.ubl import render_ubl

PAID = Totals(with_vat=D(120), paid=D(120), due=D(0))

BROKEN: list[tuple[str, str, Changes]] = [
    ("CP-NUMBER-01", "BT-1", {"number": "F" * 21}),
    ("CP-NUMBER-02", "BT-1", {"number": "FACTURE N°12"}),
    ("CP-NUMBER-02", "BT-1", {"number": "FA.12"}),
    ("CP-NUMBER-02", "BT-1", {"number": "   "}),
    ("CP-NUMBER-02", "BT-1", {"number": "FA12\n"}),
    ("CP-NUMBER-02", "BT-1", {"number": "１２"}),
    ("CP-NUMBER-03", "BT-1", {"number": "FA 12 "}),
    ("CP-NUMBER-03", "BT-1", {"number": "FA  12"}),
    ("CP-ORIGIN-01", "BT-25", {"preceding": (DocumentReference(number="F" * 21),)}),
    ("CP-ORIGIN-01", "BT-25", {"preceding": (DocumentReference(number="n°1"),)}),
    ("CP-ORIGIN-02", "BT-25", {"preceding": (DocumentReference(number="FA-1"),)}),
    ("CP-TYPE-01", "BT-3", {"type_code": "384"}),
    ("CP-TYPE-01", "BT-3", {"type_code": "386"}),
    ("CP-PROCESS-01", "BT-23", {"process": "A11"}),
    ("CP-PROCESS-01", "BT-23", {"process": "A26"}),
    ("CP-PROCESS-01", "BT-23", {"process": "a1"}),
    ("CP-PROCESS-02", "BT-23", {"process": "B1"}),
    ("CP-PROCESS-02", "BT-23", {"process": "M1"}),
    ("CP-PROCESS-03", "BT-23", {"process": "A3"}),
    ("CP-PROCESS-03", "BT-23", {"process": "A25"}),
    ("CP-PROCESS-04", "BT-23", {"process": None}),
    ("CP-A2-01", "BT-113", {"process": "A2", "totals": Totals(with_vat=D(120), due=D(0))}),
    ("CP-A2-01", "BT-113", {"process": "A2", "totals.paid": D("119.99")}),
    ("CP-A2-02", "BT-115", {"process": "A2", "totals.paid": D(120)}),
    ("CP-CREDIT-01", "BT-112", {"type_code": "381", "totals.with_vat": D("-120.00")}),
    ("CP-CREDIT-02", "BT-112", {"totals.with_vat": D("-120.00")}),
    ("CP-CURRENCY-01", "BT-5", {"currency": "EURO"}),
    ("CP-CURRENCY-01", "BT-5", {"currency": "eur"}),
    ("CP-CURRENCY-01", "BT-6", {"vat_currency": "FRA"}),
    ("CP-DATE-01", "BT-2", {"issue_date": date(2026, 3, 3)}),
    ("CP-DATE-02", "BT-2", {"issue_date": date(1999, 12, 31)}),
    ("CP-DATE-02", "BT-9", {"due_date": date(2100, 1, 1)}),
    ("CP-DATE-02", "BT-72", {"delivery": Delivery(date=date(1926, 3, 1))}),
    ("CP-DATE-02", "BT-26", {"preceding": (DocumentReference(issue_date=date(1926, 3, 1)),)}),
    ("CP-DATE-02", "CP-MARCHE-DATE", {"contract": ContractReference(issue_date=date(26, 3, 1))}),
    ("CP-DATE-02", "CP-ENGAGEMENT-DATE", {"order": DocumentReference(issue_date=date(26, 3, 1))}),
    ("CP-DATE-02", "BT-134", {"lines.0.period": Period(start=date(1926, 3, 1))}),
    ("CP-DATE-02", "BT-135", {"lines.1.period": Period(end=date(2126, 3, 1))}),
    ("CP-DATE-02", "CP-LIGNE-LIVRAISON-DATE", {"lines.0.delivery_date": date(1926, 3, 1)}),
    ("CP-DATE-03", "BT-9", {"due_date": date(2026, 2, 28)}),
    ("CP-VATPOINT-01", "BT-8", {"vat_point_code": "3"}),
    ("CP-LINES-01", "BG-25", {"lines": SAMPLE.lines * 500_000}),
]

KEPT: list[tuple[str, Changes]] = [
    ("CP-NUMBER-01", {"number": "F" * 20}),
    ("CP-NUMBER-01", {"number": ""}),
    ("CP-NUMBER-02", {"number": "Fa 1+2_3/4-5"}),
    ("CP-NUMBER-03", {"number": "FA 12"}),
    ("CP-ORIGIN-01", {"preceding": (DocumentReference(number="FA-2026/0041"),)}),
    ("CP-ORIGIN-02", {"type_code": "381", "preceding": (DocumentReference(number="FA-1"),)}),
    ("CP-TYPE-01", {"type_code": "381"}),
    ("CP-PROCESS-01", {"process": "A25"}),
    ("CP-PROCESS-02", {"process": "A1"}),
    ("CP-PROCESS-03", {"process": "A9"}),
    ("CP-PROCESS-03", {"process": "A12"}),
    ("CP-PROCESS-04", {"process": "A2"}),
    ("CP-A2-01", {"process": "A2", "totals": PAID}),
    ("CP-A2-02", {"process": "A2", "totals": PAID}),
    ("CP-CREDIT-01", {"type_code": "381"}),
    ("CP-CREDIT-02", {"totals.with_vat": D("0.00")}),
    ("CP-CURRENCY-01", {"currency": "RSD"}),
    ("CP-DATE-01", {"issue_date": date(2026, 3, 2)}),
    ("CP-DATE-02", {"issue_date": date(2000, 1, 1)}),
    ("CP-DATE-02", {"lines.0.period": Period(start=date(2026, 2, 1), end=date(2026, 2, 28))}),
    ("CP-DATE-03", {"due_date": date(2026, 3, 1)}),
    ("CP-DATE-04", {}),
    ("CP-PLACE-01", {}),
    ("CP-VATPOINT-01", {"vat_point_code": "72"}),
    ("CP-LINES-01", {"lines": SAMPLE.lines}),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(DOCUMENT, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(DOCUMENT, changed(changes))]


def test_the_sample_keeps_the_whole_family() -> None:
    assert hits(DOCUMENT, SAMPLE) == []


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    # An unreadable date and the places of an UBL are not in the model: see the tests below.
    of_xml = {"CP-DATE-04", "CP-PLACE-01"}
    assert {rule for rule, _, _ in BROKEN} | of_xml == set(DOCUMENT.rules)


@pytest.mark.parametrize("key", [("BT-2",), ("BT-134", 1)])
def test_an_unreadable_date_is_told(key: Key) -> None:
    facts = Facts(from_xml=True, there=frozenset({key}), texts={key: "20261305"})
    found = [one for one in check(SAMPLE, context(facts=facts)) if one.rule == "CP-DATE-04"]
    assert [(one.bt, one.value) for one in found] == [(key[0], "20261305")]


def test_a_date_with_blanks_around_is_read() -> None:
    facts = Facts(from_xml=True, texts={("BT-2",): " 20260301 "})
    assert "CP-DATE-04" not in [one.rule for one in check(SAMPLE, context(facts=facts))]


def placed(invoice: Invoice, target: str, **options: str) -> list[tuple[str | None, str]]:
    """Return what is said of the places in the UBL that a target has written, for Chorus Pro."""
    reading = read_document(render_ubl(invoice, load_target(target)))
    found = check_reading(reading, context(syntax="ubl", overrides=options))
    assert all(one.severity is Severity.WARNING for one in found if one.rule == "CP-PLACE-01")
    return [(one.bt, one.params["found"]) for one in found if one.rule == "CP-PLACE-01"]


def test_an_ubl_of_the_norm_has_terms_where_chorus_pro_does_not_look() -> None:
    invoice = changed({"buyer_reference": "PHARMACIE"})
    assert placed(invoice, "chorus_direct") == []
    assert placed(invoice, "en16931") == [
        ("BT-30", "PartyLegalEntity/CompanyID"),
        ("BT-47", "PartyLegalEntity/CompanyID"),
        ("BT-10", "BuyerReference"),
        ("BT-9", "DueDate"),
    ]
    assert ("BT-3", "CreditNote") in placed(changed({"type_code": "381"}), "en16931")


def test_places_that_the_settings_choose_for_our_own_ubl_are_not_told() -> None:
    options = {
        "ubl_party_identifier": "PartyLegalEntity",
        "ubl_service_code": "BuyerReference",
        "ubl_due_date": "DueDate",
        "ubl_credit_note_root": "CreditNote",
    }
    credit_note = changed({"buyer_reference": "PHARMACIE", "type_code": "381"})
    assert placed(credit_note, "en16931", **options) == []


def test_every_rule_of_the_family_has_a_passing_case() -> None:
    assert {rule for rule, _ in KEPT} == set(DOCUMENT.rules)
