"""The ERP's VAT codes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from config.company import Company
from config.company_tables import VatCode
from schemas.explain import explain
from transforms.building import Reading
from transforms.invoice import Invoice, InvoiceLine, VatBreakdown
from transforms.vat_codes import CODE_FIELD, code_finder, vat_finish, with_reasons

CODES = {
    "N": VatCode(category="S", rate=Decimal(20)),
    "X": VatCode(category="E", rate=Decimal(0), reason="Art. 261"),
    "H": VatCode(category="O", reason="Hors champ"),
}
FINISH = vat_finish(
    CODES, {"CF-LINE-VAT": "code"}, terms=("BT-151", "BT-152"), code_term="CF-LINE-VAT"
)


def finished(values: dict[str, Any]) -> tuple[dict[str, Any], Reading]:
    reading = Reading("a.csv", 3)
    FINISH(values, reading)
    return values, reading


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({CODE_FIELD: "N"}, {"vat_category": "S", "vat_rate": Decimal(20)}),
        ({CODE_FIELD: "H"}, {"vat_category": "O"}),
        (
            {CODE_FIELD: "N", "vat_rate": Decimal("20.00")},
            {"vat_category": "S", "vat_rate": Decimal("20.00")},
        ),
        ({"vat_category": "Z"}, {"vat_category": "Z"}),
        ({}, {}),
    ],
)
def test_a_code_completes_category_and_rate(
    values: dict[str, Any], expected: dict[str, Any]
) -> None:
    found, reading = finished(values)
    assert found == expected
    assert reading.findings == []


def test_an_unknown_code_leaves_the_values_of_the_extract() -> None:
    found, reading = finished({CODE_FIELD: "?", "vat_rate": Decimal(20)})
    assert found == {"vat_rate": Decimal(20)}
    assert [(item.rule, item.location.column) for item in reading.findings] == [
        ("MP-VAT-02", "code")
    ]


def test_two_codes_of_one_group_keep_both_reasons() -> None:
    reading = Reading()
    codes = CODES | {"Y": VatCode(category="E", rate=Decimal(0), reason="Art. 262")}
    finish = vat_finish(codes, {}, terms=("BT-151", "BT-152"), code_term="CF-LINE-VAT")
    for code in ("X", "Y", "X"):
        finish({CODE_FIELD: code}, reading)
    groups = with_reasons(Invoice(), reading, None).vat
    assert [group.reason for group in groups] == ["Art. 261", "Art. 262"]


def test_the_reason_of_a_code_wins_over_that_of_its_category() -> None:
    reading = Reading()
    finish = vat_finish(CODES, {}, terms=("BT-151", "BT-152"), code_term="CF-LINE-VAT")
    finish({CODE_FIELD: "X"}, reading)
    company = Company.model_validate({"vat_reasons": {"E": {"reason": "General"}}})
    invoice = Invoice(lines=(InvoiceLine(vat_category="E", vat_rate=Decimal(0)),))
    assert with_reasons(invoice, reading, company).vat == (
        VatBreakdown(category="E", rate=Decimal(0), reason="Art. 261"),
    )


RATES = {
    "20": VatCode(category="S", rate=Decimal(20)),
    "5,5": VatCode(category="S", rate=Decimal("5.5")),
    "0": VatCode(category="E", rate=Decimal(0), reason="Art. 261"),
    "1": VatCode(category="S", rate=Decimal("2.1")),
    "08": VatCode(category="S", rate=Decimal("8.5")),
    "8": VatCode(category="S", rate=Decimal(10)),
    "A0": VatCode(category="G", rate=Decimal(0), reason="Export"),
    "44": VatCode(category="O", reason="Hors champ"),
}


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("20", "20"),
        ("20.0", "20"),
        ("20,00", "20"),
        ("020", "20"),
        ("20 %", "20"),
        ("5.5", "5,5"),
        ("5,50", "5,5"),
        ("0.00", "0"),
        ("A0", "A0"),
        ("08", "08"),
        ("8", "8"),
        ("8.0", None),  # two entries have this value
        ("A00", None),
        ("AO", None),
        ("2O", None),
        ("-20", None),
        ("20.000.000", None),
        ("1e1", None),
        ("\u0662\u0660", None),
        ("", None),
    ],
)
def test_a_code_that_is_a_number_is_also_found_by_its_value(code: str, key: str | None) -> None:
    assert code_finder(RATES)(code) == (RATES[key] if key is not None else None)


def by_rate(values: dict[str, Any]) -> tuple[dict[str, Any], Reading]:
    reading = Reading("a.csv", 3)
    finish = vat_finish(
        RATES | {"17": VatCode(category="O", reason="Hors champ")},
        {"BT-152": "taux", "CF-LINE-VAT": "code"},
        terms=("BT-151", "BT-152"),
        code_term="CF-LINE-VAT",
        company_file="societe.yaml",
    )
    finish(values, reading)
    return values, reading


@pytest.mark.parametrize(
    ("rate", "category"),
    [("20.00", "S"), ("5.5", "S"), ("0", "E"), ("0.00", "E")],
)
def test_a_rate_is_a_code_that_the_table_explains(rate: str, category: str) -> None:
    found, reading = by_rate({"vat_rate": Decimal(rate)})
    assert found == {"vat_category": category, "vat_rate": Decimal(rate)}
    assert reading.findings == []
    assert [seed.reason for seed in reading.reasons] == (["Art. 261"] if category == "E" else [])


@pytest.mark.parametrize("rate", ["1", "8", "8.5", "10", "44", "17", "2.1"])
def test_a_rate_is_never_taken_for_a_code_of_another_rate(rate: str) -> None:
    found, reading = by_rate({"vat_rate": Decimal(rate)})
    assert "vat_category" not in found
    assert [item.rule for item in reading.findings] == ["MP-VAT-01"]


def test_a_rate_of_nought_beside_a_code_outside_the_scope_is_no_rate() -> None:
    found, reading = by_rate({CODE_FIELD: "44", "vat_rate": Decimal(0)})
    assert (found, reading.findings) == ({"vat_category": "O"}, [])


@pytest.mark.parametrize(
    ("values", "rule", "entry"),
    [
        ({"vat_rate": Decimal("19.60")}, "MP-VAT-01", '"19.60": {category: S, rate: 19.6}'),
        (
            {CODE_FIELD: "EXO", "vat_rate": Decimal(0)},
            "MP-VAT-02",
            "EXO: {category: E, rate: 0, reason: motif de l'exonération}",
        ),
        (
            {CODE_FIELD: "N", "vat_rate": Decimal("5.50")},
            "MP-VAT-02",
            '"N": {category: S, rate: 5.5}',
        ),
        ({CODE_FIELD: "19"}, "MP-VAT-02", '"19": {category: S, rate: 19}'),
        ({CODE_FIELD: "445"}, "MP-VAT-02", '"445": {category: S, rate: 20}'),
        ({CODE_FIELD: "X1"}, "MP-VAT-02", "X1: {category: S, rate: 20}"),
    ],
)
def test_an_unknown_code_or_rate_says_which_line_to_add_to_which_file(
    values: dict[str, Any], rule: str, entry: str
) -> None:
    _, reading = by_rate(values)
    (finding,) = reading.findings
    assert finding.rule == rule
    advice = explain(finding, "fr").advice
    assert "vat_codes de societe.yaml" in advice
    assert entry in advice
    assert "–" not in explain(finding, "en").advice


def test_a_rate_of_nought_without_an_entry_is_told_and_never_guessed() -> None:
    reading = Reading("a.csv", 3)
    finish = vat_finish({}, {}, terms=("BT-151", "BT-152"), code_term="CF-LINE-VAT")
    values: dict[str, Any] = {"vat_rate": Decimal("0.00")}
    finish(values, reading)
    assert "vat_category" not in values
    advice = explain(reading.findings[0], "en").advice
    assert "your company file what this rate means" in advice
    assert '"0.00": {category: E, rate: 0, reason: reason of the exemption}' in advice
