"""Figures of an XML that keep the norm and are doubtful all the same: told once, as warnings."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from config.settings import TotalsPolicy
from config.target import SyntaxName
from schemas.rules import check_reading
from schemas.sums import doubtful_figures
from tests.support.mutations import mutations
from tests.support.ruled_invoice import SAMPLE, Changes, changed, context
from tests.support.sample_invoices import attachments_of
from transforms.attachments import AttachmentError
from transforms.cii import render_cii
from transforms.finding import Finding, Severity
from transforms.invoice import Invoice
from transforms.reading import read_document
from transforms.ubl import render_ubl
from transforms.xml_text import UnwritableError

D = Decimal
POLICY = TotalsPolicy()
RENDER: dict[SyntaxName, Callable[..., bytes]] = {"cii": render_cii, "ubl": render_ubl}


def judged(
    invoice: Invoice, syntax: SyntaxName = "cii", policy: TotalsPolicy = POLICY
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return what the rules say of the XML of an invoice, and what is doubtful besides."""
    asked = context(syntax=syntax)
    files = attachments_of(invoice, asked.target.options.attachment_encoding)
    xml = RENDER[syntax](invoice, asked.target, attachments=files)
    reading = read_document(xml, file="a.xml")
    told = check_reading(reading, asked)
    return told, doubtful_figures(reading.invoice, told, policy)


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"lines.0.quantity": D(6)}, [("TT-LINE-01", "BT-131", "62.00", "74.40")]),
        ({"lines.1.price.net": D("83.00")}, [("TT-LINE-01", "BT-131", "38.00", "83.00")]),
        ({"lines.1.price.base_quantity": D(100)}, [("TT-LINE-01", "BT-131", "38.00", "0.38")]),
        ({"lines.0.price.net": D("12.405")}, []),  # within the tolerance
        (
            {"vat.0.tax": D("20.50"), "totals.vat": D("20.50"), "totals.with_vat": D("120.50")}
            | {"totals.due": D("120.50")},
            [("TT-VAT-01", "BT-117", "20.50", "20.00")],
        ),
        (
            {"vat.0.tax": D("20.02"), "totals.vat": D("20.02"), "totals.with_vat": D("120.02")}
            | {"totals.due": D("120.02")},
            [("TT-CLOSED-01", "BT-117", "20.02", "20.00")],
        ),
    ],
)
def test_what_adds_up_and_is_doubtful_is_a_warning(
    syntax: SyntaxName, changes: Changes, said: list[tuple[str, str, str, str]]
) -> None:
    told, found = judged(changed(changes), syntax)
    assert told == ()
    assert [(f.rule, f.bt, f.params["given"], f.params["computed"]) for f in found] == said
    assert all(one.severity is Severity.WARNING for one in found)
    assert all("Line" in str(one.location.xpath) for one in found if one.bt == "BT-131")


def test_a_base_within_the_room_of_the_norm_is_told_where_the_norm_has_room() -> None:
    wrong = changed({"vat.0.taxable": D("100.40")})
    told, found = judged(wrong, "ubl")
    assert (told, [one.rule for one in found]) == ((), ["TT-BASE-01"])
    told, found = judged(wrong, "cii")
    assert ([one.rule for one in told], found) == (["BR-S-08"], ())


@pytest.mark.parametrize(
    ("changes", "official"),
    [
        ({"totals.lines": D("101.00")}, {"BR-CO-10", "BR-CO-13"}),
        ({"totals.due": D("121.00")}, {"BR-CO-16"}),
        ({"totals.vat": D("21.00")}, {"BR-CO-14", "BR-CO-15"}),
        ({"vat.0.taxable": D("150.00")}, {"BR-S-08", "BR-CO-17"}),
    ],
)
def test_what_an_official_rule_says_is_not_said_again(changes: Changes, official: set[str]) -> None:
    told, found = judged(changed(changes))
    assert {one.rule for one in told} & official
    assert found == ()


def test_of_a_wrong_line_amount_the_line_is_told_beside_the_sum() -> None:
    told, found = judged(changed({"lines.0.net": D("72.00")}))
    assert "BR-CO-10" in {one.rule for one in told}
    assert [one.rule for one in found] == ["TT-LINE-01"]


def test_the_tolerance_is_that_of_the_settings() -> None:
    wrong = changed({"lines.0.quantity": D(6)})
    assert judged(wrong, policy=TotalsPolicy(tolerance=D(100)))[1] == ()


def test_lines_of_text_carry_no_amount_to_compare() -> None:
    text = changed({"lines.0.kind": "INFORMATION", "lines.0.quantity": D(9)}, SAMPLE)
    assert [one for one in judged(text)[1] if one.rule == "TT-LINE-01"] == []


def test_of_no_mutation_a_term_of_the_document_is_told_twice() -> None:
    sums = ("BR-CO-1", "BR-S-0", "BR-E-0", "BR-Z-0")
    official_seen = ours_seen = 0
    for mutation in mutations():
        try:
            told, found = judged(mutation.invoice)
        except (AttachmentError, UnwritableError):
            continue
        official = {one.bt for one in told if one.rule.startswith(sums)}
        groups = [one for one in found if one.rule != "TT-LINE-01"]
        assert not official & {one.bt for one in groups}, mutation.key
        assert not any(one.blocks for one in found), mutation.key
        official_seen += bool(official)
        ours_seen += bool(groups)
    assert official_seen
    assert ours_seen
