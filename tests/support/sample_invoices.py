"""Invoices that, together, go through every branch of the writers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from transforms.attachments import EncodedAttachment, encode
from transforms.invoice import (
    Address,
    AllowanceCharge,
    Contact,
    ContractReference,
    CreditTransfer,
    Delivery,
    DocumentReference,
    Identifier,
    Invoice,
    InvoiceLine,
    Item,
    Note,
    Party,
    Payment,
    Period,
    Price,
    SupportingDocument,
    Totals,
    VatBreakdown,
)

D = Decimal

_SELLER = Party(
    name="Papeteries du Vercors SAS",
    legal_id=Identifier("73282932000074", "1"),
    vat_id="FR44732829320",
    address=Address(
        line1="12 rue de l'Écluse",
        line2="Bâtiment B",
        city="Voiron",
        postcode="38500",
        country="FR",
    ),
)
_BUYER = Party(
    name="Commune de Saint-Exemple",
    legal_id=Identifier("21380185500015", "1"),
    address=Address(
        line1="1 place de la Mairie", city="Saint-Exemple", postcode="38000", country="FR"
    ),
)
_TRANSFER = CreditTransfer(account="FR1420041010050500013M02606", bank="PSSTFRPPGRE")


def _line(
    rank: str, name: str, quantity: str, unit_price: str, net: str, rate: str, **more: object
) -> InvoiceLine:
    return replace(
        InvoiceLine(
            id=rank,
            quantity=D(quantity),
            unit="C62",
            net=D(net),
            price=Price(net=D(unit_price)),
            vat_category="S",
            vat_rate=D(rate),
            item=Item(name=name),
        ),
        **more,
    )


def _basic() -> Invoice:
    return Invoice(
        number="2026-000117",
        issue_date=date(2026, 10, 5),
        type_code="380",
        currency="EUR",
        vat_point_code="5",
        due_date=date(2026, 11, 4),
        buyer_reference="SERV-ACHATS",
        contract=ContractReference(number="2026-M-014", kind="BC"),
        order=DocumentReference(number="EJ-4471", issue_date=date(2026, 9, 20)),
        payment_terms="30 jours date de facture",
        notes=(Note(text="Rentrée scolaire <2026> & suites"),),
        process="A1",
        specification="urn:cen.eu:en16931:2017",
        seller=_SELLER,
        buyer=_BUYER,
        delivery=Delivery(date=date(2026, 10, 1)),
        payment=Payment(means_code="30", transfers=(_TRANSFER,)),
        totals=Totals(
            lines=D("240.00"),
            without_vat=D("240.00"),
            vat=D("40.75"),
            with_vat=D("280.75"),
            due=D("280.75"),
        ),
        vat=(
            VatBreakdown(taxable=D("190.00"), tax=D("38.00"), category="S", rate=D("20.00")),
            VatBreakdown(taxable=D("50.00"), tax=D("2.75"), category="S", rate=D("5.50")),
        ),
        lines=(
            _line("1", 'Ramettes A4 "premier prix"', "40", "4.75", "190.00", "20.00"),
            _line("2", "Manuel d'histoire", "2.5", "20.00", "50.00", "5.50"),
        ),
    )


def _prepaid() -> Invoice:
    basic = _basic()
    return replace(
        basic,
        process="A2",
        payment=Payment(means_code="48"),
        totals=replace(basic.totals, paid=D("280.75"), due=D("0.00")),
    )


def _with_validator(process: str) -> Invoice:
    return replace(
        _basic(),
        process=process,
        validator=Party(
            name="Grand Bâtiment Alpin SA",
            legal_id=Identifier("55208131766522", "1"),
            address=Address(
                line1="9 quai Perrière", city="Grenoble", postcode="38000", country="FR"
            ),
            contact=Contact(
                name="Inès Favre",
                department="Sous-traitance",
                phone="0400000001",
                fax="0400000002",
                email="sous-traitance@example.org",
            ),
        ),
    )


def _credit_note() -> Invoice:
    return replace(
        _basic(),
        number="2026-A00009",
        type_code="381",
        preceding=(DocumentReference(number="2026-000042", issue_date=date(2026, 6, 30)),),
    )


def _with_attachments() -> Invoice:
    return replace(
        _basic(),
        documents=(
            SupportingDocument(
                reference="BL-881",
                description="Bon de livraison",
                filename="bon de livraison.pdf",
                mime="application/pdf",
                content=b"%PDF-1.4\n%%EOF\n",
            ),
            SupportingDocument(
                reference="detail.csv",
                filename="detail.csv",
                mime="text/csv",
                kind="02",
                content=b"a;b\n1;2\n",
            ),
            SupportingDocument(
                reference="PLAN-7", description="Plans", uri="https://example.org/plans/7"
            ),
        ),
    )


def _factored() -> Invoice:
    return replace(
        _basic(),
        notes=(Note(text="Règlement à l'ordre d'Affacture SA, subrogée dans nos droits."),),
        payee=Party(
            name="Affacture SA",
            legal_id=Identifier("38012986648625", "1"),
            address=Address(
                line1="4 cours Berriat", city="Grenoble", postcode="38000", country="FR"
            ),
            contact=Contact(name="Service règlements", email="reglements@example.org"),
        ),
        payment=Payment(
            means_code="30",
            note="Payer le factor",
            transfers=(replace(_TRANSFER, account_name="Affacture SA"),),
        ),
    )


def _with_allowances() -> Invoice:
    return replace(
        _basic(),
        allowances=(
            AllowanceCharge(
                is_charge=False,
                amount=D("10"),
                base=D("190.00"),
                percent=D("5.2632"),
                vat_category="S",
                vat_rate=D("20.00"),
                reason="Remise de fidélité",
                reason_code="95",
            ),
            AllowanceCharge(
                is_charge=True,
                amount=D("12.5"),
                vat_category="S",
                vat_rate=D("20.00"),
                reason="Port",
            ),
        ),
        totals=Totals(
            lines=D("240.00"),
            allowances=D("10.00"),
            charges=D("12.50"),
            without_vat=D("242.50"),
            vat=D("41.25"),
            with_vat=D("283.75"),
            rounding=D("-0.05"),
            due=D("283.70"),
        ),
        vat=(
            VatBreakdown(taxable=D("192.50"), tax=D("38.50"), category="S", rate=D("20.00")),
            VatBreakdown(taxable=D("50.00"), tax=D("2.75"), category="S", rate=D("5.50")),
        ),
        lines=(
            _line(
                "1",
                "Ramettes A4",
                "40",
                "4.75",
                "190.00",
                "20.00",
                price=Price(net=D("4.75"), discount=D("0.25"), gross=D("5"), base_quantity=D("1")),
            ),
            _line(
                "2",
                "Manuel d'histoire",
                "2.5",
                "20.00",
                "50.00",
                "5.50",
                allowances=(
                    AllowanceCharge(is_charge=False, amount=D("2.00"), reason="Geste commercial"),
                    AllowanceCharge(is_charge=True, amount=D("2.00"), reason_code="ABL"),
                ),
            ),
        ),
    )


def _with_line_kinds() -> Invoice:
    basic = _basic()
    zero = {"quantity": D("0"), "net": D("0"), "price": Price(net=D("0"))}
    text = replace(basic.lines[0], id="1", kind="INFORMATION", item=Item(name="Lot 1"), **zero)
    subtotal = replace(
        basic.lines[0],
        id="4",
        kind="REGROUPEMENT",
        subkind="LOT",
        item=Item(name="Sous-total"),
        **zero,
    )
    goods = tuple(replace(line, id=str(rank)) for rank, line in enumerate(basic.lines, start=2))
    return replace(basic, lines=(text, *goods, subtotal))


def _exempt_from_abroad() -> Invoice:
    basic = _basic()
    return replace(
        basic,
        vat_point_code="72",
        contract=ContractReference(number="2026-C-3", kind="CT", issue_date=date(2026, 1, 2)),
        seller=replace(_SELLER, legal_id=Identifier("BE0123456749", "2"), vat_id="BE0123456749"),
        buyer=replace(_BUYER, vat_id="FR12213801855"),
        totals=replace(basic.totals, vat=D("0.00"), with_vat=D("240.00"), due=D("240.00")),
        vat=(
            VatBreakdown(
                taxable=D("240.00"),
                tax=D("0.00"),
                category="AE",
                rate=D("0"),
                reason="Autoliquidation",
                reason_code="VATEX-EU-AE",
            ),
        ),
        lines=tuple(replace(line, vat_category="AE", vat_rate=D("0")) for line in basic.lines),
    )


def _everything() -> Invoice:
    basic = _with_allowances()
    contact = Contact(
        name="Paul Ravel",
        department="Facturation",
        phone="0400000003",
        fax="0400000004",
        email="f@example.org",
    )
    line = replace(
        basic.lines[0],
        note="Livré en deux fois",
        object_id=Identifier("CPT-7", "ABZ"),
        order_line="12",
        accounting_reference="6064",
        period=Period(start=date(2026, 9, 1), end=date(2026, 9, 30)),
        kind="DETAIL",
        subkind="FOURNITURE",
        delivery_date=date(2026, 9, 28),
        delivery_site="DEPOT-2",
        item=Item(
            name="Ramettes A4",
            description="80 g, blanc",
            seller_id="RAM-80",
            buyer_id="M-55",
            standard_id=Identifier("3329680123456", "0160"),
            classifications=(Identifier("30197630", "STI", "2008"),),
            origin_country="FR",
            attributes=(("Teinte", "Blanc"),),
        ),
    )
    return replace(
        basic,
        vat_currency="CHF",
        tax_point_date=date(2026, 10, 1),
        vat_point_code="29",
        project="PRJ-1",
        sales_order="CMD-88",
        receiving_advice="REC-4",
        despatch_advice="EXP-4",
        tender="LOT-2",
        object_id=Identifier("ABO-12", "AAT"),
        accounting_reference="BUD-6064",
        notes=(Note(text="Escompte : néant", subject_code="AAB"), Note(text="Deuxième note")),
        preceding=(DocumentReference(number="2026-000001"),),
        seller=replace(
            _SELLER,
            trading_name="Vercors Papier",
            identifiers=(Identifier("FOU-1"), Identifier("3012345678900", "0088")),
            tax_registration="7328293200074",
            legal_form="SAS au capital de 40 000 €",
            endpoint=Identifier("73282932000074", "0009"),
            trading_address=Address(
                line1="ZA des Prés",
                line3="Quai 4",
                city="Moirans",
                postcode="38430",
                subdivision="Isère",
                country="FR",
            ),
            contact=contact,
            service_code="FACT",
        ),
        buyer=replace(
            _BUYER,
            identifiers=(Identifier("ACH-3", "0088"),),
            endpoint=Identifier("21380185500015", "0009"),
            contact=replace(contact, name="Léa Blanc", department="Service des achats"),
        ),
        payee=Party(name="Affacture SA", identifiers=(Identifier("AFF", "0088"),)),
        tax_representative=Party(
            name="Fiscal Conseil",
            vat_id="FR83404833048",
            address=Address(city="Lyon", country="FR"),
        ),
        validator=Party(
            name="Mandataire SARL",
            legal_id=Identifier("1234567890", "4"),
            trading_address=Address(country="NC"),
        ),
        delivery=Delivery(
            name="Groupe scolaire",
            location_id=Identifier("SITE-1"),
            date=date(2026, 10, 1),
            address=Address(line1="3 allée des Tilleuls", city="Saint-Exemple", country="FR"),
        ),
        period=Period(
            start=date(2026, 9, 1), end=date(2026, 9, 30), description="Rentrée de septembre"
        ),
        payment=Payment(
            means_code="59",
            means_text="Prélèvement SEPA",
            note="Prélèvement le 4",
            remittance="2026-000117/38",
            transfers=(_TRANSFER, CreditTransfer(account="0001234567 89", account_name="Compte 2")),
            card_number="XXXX1234",
            card_holder="Paul Ravel",
            mandate="MDT-9",
            creditor_id="FR12ZZZ123456",
            debited_account="FR7630006000011234567890189",
        ),
        totals=replace(basic.totals, vat_accounting=D("39.10"), paid=D("100.00"), due=D("183.70")),
        lines=(line, *basic.lines[1:]),
    )


SAMPLES: dict[str, Invoice] = {
    "a1_invoice": _basic(),
    "a1_credit_note": _credit_note(),
    "a1_attachments": _with_attachments(),
    "a1_factoring": _factored(),
    "a1_allowances": _with_allowances(),
    "a1_line_kinds": _with_line_kinds(),
    "a1_exempt_from_abroad": _exempt_from_abroad(),
    "a2_prepaid": _prepaid(),
    "a9_validator": _with_validator("A9"),
    "a12_validator": _with_validator("A12"),
    "everything": _everything(),
    "everything_credited": replace(_everything(), number="2026-A00010", type_code="381"),
}


def attachments_of(invoice: Invoice, encoding: str) -> tuple[EncodedAttachment, ...]:
    """Return the files of ``invoice``, encoded as the writers want them."""
    return tuple(
        encode(one, encoding="zip" if encoding == "zip" else "bare")
        for one in invoice.documents
        if one.content is not None
    )
