"""EN 16931: codes of a list."""

from __future__ import annotations

import pytest

from config.codes import load_codes
from config.target import SyntaxName
from schemas.en16931.codes import CODES
from tests.support.ruled_invoice import SAMPLE, Changes, allowance, changed, context, hits
from transforms.facts import CodeUse, Facts
from transforms.invoice import (
    Address,
    AllowanceCharge,
    Delivery,
    Identifier,
    Note,
    Party,
    SupportingDocument,
)

ELSEWHERE = Address(country="FRA")
WRONG = Identifier("123", "9999")


def line_reason(*, is_charge: bool) -> Changes:
    item = AllowanceCharge(is_charge=is_charge, reason_code="Q1")
    return {"lines.0.allowances": (item,)}


BROKEN: list[tuple[str, str, Changes]] = [
    ("BR-CL-01", "BT-3", {"type_code": "999"}),
    ("BR-CL-03", "BT-5", {"currency": "EURO"}),
    ("BR-CL-04", "BT-5", {"currency": "EURO"}),
    ("BR-CL-05", "BT-6", {"vat_currency": "eur"}),
    ("BR-CL-06", "BT-8", {"vat_point_code": "6"}),
    ("BR-CL-07", "BT-18", {"object_id": WRONG}),
    ("BR-CL-07", "BT-128", {"lines.0.object_id": WRONG}),
    ("BR-CL-08", "BT-21", {"notes": (Note(text="x", subject_code="QQQ"),)}),
    ("BR-CL-10", "BT-29", {"seller.identifiers": (WRONG,)}),
    ("BR-CL-10", "BT-46", {"buyer.identifiers": (WRONG,)}),
    ("BR-CL-11", "BT-30", {"seller.legal_id": WRONG}),
    ("BR-CL-11", "BT-47", {"buyer.legal_id": Identifier("x", "7")}),
    ("BR-CL-13", "BT-158", {"lines.0.item.classifications": (WRONG,)}),
    ("BR-CL-14", "BT-40", {"seller.address": ELSEWHERE}),
    ("BR-CL-14", "BT-55", {"buyer.address": Address(country="fr")}),
    ("BR-CL-14", "BT-69", {"tax_representative": Party(address=ELSEWHERE)}),
    ("BR-CL-14", "BT-80", {"delivery": Delivery(address=ELSEWHERE)}),
    ("BR-CL-15", "BT-159", {"lines.0.item.origin_country": "FRA"}),
    ("BR-CL-16", "BT-81", {"payment.means_code": "01"}),
    ("BR-CL-17", "BT-95", {"allowances": (allowance(vat_category="A"),)}),
    ("BR-CL-18", "BT-118", {"vat.0.category": "A"}),
    ("BR-CL-18", "BT-151", {"lines.0.vat_category": "A"}),
    ("BR-CL-19", "BT-98", {"allowances": (allowance(reason_code="FC"),)}),
    ("BR-CL-19", "BT-140", line_reason(is_charge=False)),
    ("BR-CL-20", "BT-105", {"allowances": (allowance(is_charge=True, reason_code="95"),)}),
    ("BR-CL-20", "BT-145", line_reason(is_charge=True)),
    ("BR-CL-21", "BT-157", {"lines.0.item.standard_id": WRONG}),
    ("BR-CL-22", "BT-121", {"vat.0.reason_code": "VATEX-FR-CGI293B"}),
    ("BR-CL-23", "BT-130", {"lines.0.unit": "PIECE"}),
    ("BR-CL-23", "BT-150", {"lines.0.price.base_unit": "PIECE"}),
    ("BR-CL-24", "BG-24", {"documents": (SupportingDocument(mime="application/zip"),)}),
    ("BR-CL-25", "BT-34", {"seller.endpoint": WRONG}),
    ("BR-CL-26", "BT-71", {"delivery": Delivery(location_id=WRONG)}),
]

KEPT: list[tuple[str, Changes]] = [
    ("BR-CL-01", {"type_code": "381"}),
    ("BR-CL-06", {"vat_point_code": "72"}),
    ("BR-CL-08", {"notes": (Note(text="x", subject_code="AAI"), Note(text="y"))}),
    ("BR-CL-14", {"seller.address.country": "NO"}),
    ("BR-CL-14", {"seller.address.country": "XI"}),
    ("BR-CL-18", {"vat.0.category": "L"}),
    ("BR-CL-19", {"allowances": (allowance(reason_code=" 95 "),)}),
    ("BR-CL-22", {"vat.0.reason_code": "vatex-fr-franchise"}),
    ("BR-CL-24", {"documents": (SupportingDocument(mime="application/pdf"),)}),
    ("BR-CL-25", {"seller.endpoint": Identifier("732829320", "0225")}),
    ("BR-CL-26", {"delivery": Delivery(location_id=Identifier("1"))}),
]

#: What the two artefacts judge otherwise: rule, change, whether CII and UBL have it broken.
DIFFERENT: list[tuple[str, Changes, bool, bool]] = [
    ("BR-CL-01", {"type_code": "381"}, False, True),
    ("BR-CL-08", {"notes": (Note(text="x", subject_code="BAT"),)}, False, True),
    ("BR-CL-11", {"seller.legal_id": WRONG}, True, False),
    ("BR-CL-14", {"seller.address.country": "AN"}, False, True),
    ("BR-CL-14", {"seller.address.country": "SS"}, True, False),
    ("BR-CL-17", {"vat.0.category": "A"}, False, True),
]


@pytest.mark.parametrize(("rule", "bt", "changes"), BROKEN)
def test_a_broken_rule_is_reported_on_its_term(rule: str, bt: str, changes: Changes) -> None:
    assert (rule, bt) in [(hit.rule, hit.bt) for hit in hits(CODES, changed(changes))]


@pytest.mark.parametrize(("rule", "changes"), KEPT)
def test_a_kept_rule_says_nothing(rule: str, changes: Changes) -> None:
    assert rule not in [hit.rule for hit in hits(CODES, changed(changes))]


@pytest.mark.parametrize(("rule", "changes", "in_cii", "in_ubl"), DIFFERENT)
def test_a_list_may_differ_by_syntax(
    rule: str, changes: Changes, in_cii: bool, in_ubl: bool
) -> None:
    invoice = changed(changes)
    assert (rule in [hit.rule for hit in hits(CODES, invoice)]) is in_cii
    assert (rule in [hit.rule for hit in hits(CODES, invoice, "ubl")]) is in_ubl


def test_a_credit_note_root_has_a_list_of_its_own() -> None:
    target = context(target="en16931", syntax="ubl")
    (check,) = CODES.checks
    assert [hit.rule for hit in check.run(changed({"type_code": "381"}), target)] == []


def test_an_xml_is_judged_by_the_codes_it_holds() -> None:
    use = CodeUse("BR-CL-16", "payment_means_codes", "01", "BT-81")
    (check,) = CODES.checks
    told = check.run(SAMPLE, context(facts=Facts(from_xml=True, codes=(use,))))
    assert [(hit.rule, hit.value) for hit in told] == [("BR-CL-16", "01")]


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_the_sample_keeps_the_whole_family(syntax: SyntaxName) -> None:
    assert hits(CODES, SAMPLE, syntax) == []


def test_every_rule_of_the_family_has_a_failing_case() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(CODES.rules)


@pytest.mark.parametrize(
    "name",
    [
        *("allowance_reasons", "charge_reasons", "countries_ubl", "credit_note_types"),
        *("currencies", "document_type_codes", "endpoint_schemes", "identifier_schemes"),
        *("invoice_types", "item_classifications", "mime_types", "note_subjects"),
        *("note_subjects_cii", "payment_means_codes", "reference_types", "tax_categories"),
        *("units", "vat_points_cii", "vat_points_ubl"),
    ],
)
def test_every_list_tells_its_source_and_day(name: str) -> None:
    codes = load_codes(name)
    assert "1.3.16" in codes.source
    assert codes.codes
