"""The ERP's VAT codes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from config.company import Company, VatCode
from transforms.building import Reading
from transforms.invoice import Invoice, InvoiceLine, VatBreakdown
from transforms.vat_codes import CODE_FIELD, vat_finish, with_reasons

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
