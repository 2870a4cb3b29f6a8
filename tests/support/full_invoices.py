"""Invoices that keep every rule of both targets and, together, hold every term of the registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.support.sample_invoices import SAMPLES
from transforms.invoice import (
    Address,
    AllowanceCharge,
    Contact,
    ContractReference,
    CreditTransfer,
    Delivery,
    Identifier,
    Invoice,
    Party,
    SupportingDocument,
    VatBreakdown,
)

D = Decimal
RUN_DATE = date(2026, 10, 6)

_ADDRESS = Address(
    line1="4 cours Berriat",
    line2="Étage 2",
    line3="Porte B",
    city="Grenoble",
    postcode="38000",
    subdivision="Isère",
    country="FR",
)
_CONTACT = Contact(
    name="Inès Favre",
    department="Comptabilité",
    phone="0400000005",
    fax="0400000006",
    email="compta@example.org",
)


def credited() -> Invoice:
    """Return a credit note of a subcontractor with nearly every term."""
    base = SAMPLES["everything_credited"]
    seller = base.seller
    seller = replace(
        seller,
        identifiers=seller.identifiers[1:],
        address=replace(_ADDRESS, line1="12 rue de l'Écluse"),
        trading_address=replace(seller.trading_address or _ADDRESS, line2="Quai 4"),
    )
    buyer = replace(
        base.buyer,
        trading_name="Mairie",
        vat_id="FR12213801855",
        legal_form="Collectivité",
        address=replace(_ADDRESS, line1="1 place de la Mairie"),
        identifiers=(Identifier("3012345678925", "0088"),),
    )
    line = replace(
        base.lines[0],
        delivery_site="SITE-1",
        kind=None,
        subkind=None,
        price=replace(base.lines[0].price, base_unit="C62"),
        allowances=(
            AllowanceCharge(
                is_charge=False,
                amount=D("2.00"),
                base=D("190.00"),
                percent=D("1.0526"),
                reason="Geste commercial",
                reason_code="95",
            ),
            AllowanceCharge(
                is_charge=True,
                amount=D("2.00"),
                base=D("190.00"),
                percent=D("1.0526"),
                reason="Emballage",
                reason_code="PC",
            ),
        ),
    )
    charge = replace(
        base.allowances[1], base=D("250.00"), percent=D("5"), reason_code="FC", amount=D("12.50")
    )
    payment = base.payment
    assert payment is not None
    return replace(
        base,
        process="A9",
        tax_point_date=None,
        contract=ContractReference(number="2026-M-014", kind="BC", issue_date=date(2026, 1, 2)),
        preceding=(replace(base.preceding[0], issue_date=date(2026, 6, 30)),),
        seller=seller,
        buyer=buyer,
        payee=Party(
            name="Affacture SA",
            identifiers=(Identifier("AFF", "0088"),),
            legal_id=Identifier("38012986648625", "1"),
            address=_ADDRESS,
            contact=_CONTACT,
        ),
        tax_representative=Party(name="Fiscal Conseil", vat_id="FR83404833048", address=_ADDRESS),
        validator=Party(
            name="Grand Bâtiment Alpin SA",
            legal_id=Identifier("55208131766522", "1"),
            address=_ADDRESS,
            contact=_CONTACT,
        ),
        delivery=Delivery(
            name="Groupe scolaire",
            location_id=Identifier("SITE-1", "0088"),
            date=date(2026, 10, 1),
            address=replace(_ADDRESS, line1="3 allée des Tilleuls"),
        ),
        payment=replace(
            payment,
            means_code="30",
            transfers=(
                CreditTransfer(
                    account="FR1420041010050500013M02606",
                    account_name="Affacture SA",
                    bank="PSSTFRPPGRE",
                ),
            ),
        ),
        allowances=(base.allowances[0], charge),
        documents=(
            SupportingDocument(
                reference="BL-881",
                description="Bon de livraison",
                filename="bl-881.pdf",
                mime="application/pdf",
                kind="02",
                content=b"%PDF-1.4\n%%EOF\n",
            ),
            SupportingDocument(
                reference="PLAN-7", description="Plans", uri="https://example.org/plans/7"
            ),
        ),
        lines=(line, *base.lines[1:]),
    )


def exempt() -> Invoice:
    """Return an invoice without VAT, with its reason, a VAT point date (BT-7), lines of text."""
    base = SAMPLES["a1_line_kinds"]
    return replace(
        base,
        vat_point_code=None,
        tax_point_date=date(2026, 10, 1),
        totals=replace(base.totals, vat=D("0.00"), with_vat=D("240.00"), due=D("240.00")),
        vat=(
            VatBreakdown(
                taxable=D("240.00"),
                tax=D("0.00"),
                category="E",
                rate=D("0"),
                reason="Exonération, article 261-4-1° du CGI",
                reason_code="VATEX-FR-CGI261-4",
            ),
        ),
        lines=tuple(
            replace(line, vat_category="E", vat_rate=D("0"), subkind=line.kind and "LOT")
            for line in base.lines
        ),
    )
