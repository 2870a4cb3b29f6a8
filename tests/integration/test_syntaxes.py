"""A whole cycle in each syntax: extract, deposit by SFTP, judgement, reports, reconciliation."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.collecting import collect_now
from flows.errors import ExitCode
from flows.sandbox import Sandbox, settings_fragment
from tests.support.firm import COLUMNS, COMPANY, NOW, Firm, csv, row

#: A commune of the sandbox's directory that is no longer active.
CLOSED = "21999901800019"
MORE = (
    "preceding_invoice_1_number",
    "validator_siret",
    "validator_name",
    "payment_means",
    "payee_name",
    "payee_siret",
    "iban",
    "vat_rate",
    "gross_unit_price",
    "unit_price_discount",
    "line_type",
    "note_1",
    "delivery_location_id",
    "line_delivery_site",
)
EXEMPT = 'X: {category: E, rate: 0, reason: "Article 261 du CGI", reason_code: VATEX-FR-CGI261-4}'
RIGHT = (
    [row("PLAIN", note_1="Réf. <Œuvre> & suite ]]> fin")],
    [row("CREDIT", document_type="381", preceding_invoice_1_number="PLAIN")],
    [row("PAID", process_code="A2", payment_means="48")],
    [row("SUB", process_code="A9", validator_siret="35600000000048", validator_name="Titulaire")],
    [row("CO", process_code="A12", validator_siret="35600000000048", validator_name="Mandataire")],
    [
        row(
            "FACTOR",
            payee_name="Affacturage SA",
            payee_siret="35600000000048",
            iban="FR7630006000011234567890189",
        )
    ],
    [row("EXEMPT", vat_code="X"), row("EXEMPT", line_number="2", vat_code="R55")],
    [
        row(
            "GROSS",
            gross_unit_price="60.123456",
            unit_price_discount="10.123456",
            quantity="1.2345",
        )
    ],
    [
        row("TEXT"),
        row("TEXT", line_number="2", line_type="INFORMATION", quantity="", unit_price=""),
    ],
    [row("SITE", delivery_location_id="S1", line_delivery_site="S1")],
    [row("PIECE", attachments="bon é.pdf|annexe.txt")],
    [row("NEGATIVE", quantity="-1"), row("NEGATIVE", line_number="2", quantity="3")],
)


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_every_kind_of_invoice_is_integrated_and_a_wrong_one_rejected(
    syntax: str, tmp_path: Path
) -> None:
    with Sandbox(tmp_path / "chorus-pro", clock=lambda: NOW) as sandbox:
        channel = settings_fragment(sandbox)
        sftp = channel.pop("sftp")
        assert isinstance(sftp, dict)
        firm = Firm(
            tmp_path / "firm",
            {"": {"environment": "sandbox", "syntax": syntax}, "channel": channel}
            | {"channel.sftp": sftp},
        )
        (firm.root / "company.yaml").write_text(COMPANY + f"  {EXEMPT}\n", "utf-8")
        for name in ("bon é.pdf", "annexe.txt"):
            (firm.root / "attachments" / name).write_bytes(b"Pour information")
        lines = [line for invoice in RIGHT for line in invoice]
        closed = row("CLOSED", buyer_siret=CLOSED)
        firm.drop("a.csv", csv([*lines, closed], (*COLUMNS, *MORE)))
        (night,) = firm.run()
        assert night.exit_code is ExitCode.OK
        sandbox.process()
        assert collect_now(firm.configuration()).exit_code is ExitCode.FINDINGS
        assert max(sandbox.invoice_counts().values()) == 1
    integrated = {invoice[0]["invoice_number"]: ["integrated"] for invoice in RIGHT}
    assert firm.states() == integrated | {"CLOSED": ["rejected"]}
    assert firm.rules("CLOSED") == {"RT-RECIPIENT-01"}
