"""Controls on one invoice, seen from outside: deposit it, read why it was refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from flows.sandbox import Scenario
from flows.sandbox.scenario import Checks
from tests.support.sandbox_flows import Depositor, Draft

Build = Callable[..., Depositor]
SETTLEMENT = "FichierXml.SupplyChainTradeTransaction.ApplicableHeaderTradeSettlement"
AGREEMENT = "FichierXml.SupplyChainTradeTransaction.ApplicableHeaderTradeAgreement"
GROSS = (
    "<ram:GrossPriceProductTradePrice><ram:ChargeAmount>110.00</ram:ChargeAmount>{}"
    "</ram:GrossPriceProductTradePrice>"
)
ALLOWANCE = (
    "<ram:AppliedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>false</udt:Indicator>"
    "</ram:ChargeIndicator><ram:ActualAmount>10.00</ram:ActualAmount>"
    "</ram:AppliedTradeAllowanceCharge>"
)


def errors(depositor: Depositor, syntax: str, draft: Draft) -> tuple[str, ...]:
    """Deposit one invoice alone and return what the judge has against it."""
    getattr(depositor, syntax)(draft)
    depositor.sandbox.process()
    (invoice,) = depositor.sandbox.received()[-1].invoices
    assert invoice.accepted == (not invoice.errors)
    return invoice.errors


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": "381", "original": "F-2025-9"},
        {"cadre": "", "means": "48", "iban": ""},
        {"cadre": "A2", "prepaid": "120.00", "due": "0.00"},
        {"supplier": "BE0429958042", "supplier_scheme": "2"},
        {"number": "A B+c_d/e-1234567890"},
        {"iban": "FR76 3000 6000 0112 3456 7890 189"},
        {"day": "20261103"},
        {"price": "0.123456", "currency": "RSD"},
        {"attachments": (("bon de livraison.pdf", b"%PDF-1.4"),)},
    ],
    ids=lambda changes: ",".join(changes) or "plain",
)
def test_a_right_invoice_is_accepted(
    build: Build, draft: Draft, syntax: str, changes: dict[str, Any]
) -> None:
    assert errors(build(), syntax, draft.but(**changes)) == ()


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "F-2026-000000000000001"}, ".value) ne doit pas depasser 20 caracteres"),
        ({"number": "F#2026"}, "La valeur 'F#2026' du champ"),
        ({"kind": "384"}, "'384' du champ"),
        ({"cadre": "M1"}, "'M1' du champ"),
        ({"cadre": "A11"}, "'A11' du champ"),
        ({"day": "20261104"}, "'2026-11-04' du champ"),
        ({"supplier": "999999006"}, "La valeur '999999006' du champ"),
        ({"buyer": "219999000"}, "La valeur '219999000' du champ"),
        ({"buyer_scheme": "2"}, "'2' du champ"),
        ({"engagement": "E" * 51}, "numero d'engagement"),
        ({"contract": "M" * 51}, "numero de marche"),
        ({"original": "F" * 21}, "facture d'origine"),
        ({"means": ""}, "est obligatoire."),
        ({"means": "57"}, "'57' du champ"),
        ({"iban": ""}, "est obligatoire."),
        ({"iban": "FR7630006000011234567890188"}, "'FR7630006000011234567890188' du champ"),
        ({"price": "1.1234567"}, "'1.1234567' du champ"),
        ({"cadre": "A2"}, "montant deja verse egal au total TTC"),
    ],
    ids=str,
)
def test_a_wrong_invoice_is_refused_for_one_reason(
    build: Build, draft: Draft, syntax: str, changes: dict[str, Any], words: str
) -> None:
    (message,) = errors(build(), syntax, draft.but(**changes))
    assert words in message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"means": ""},
            f"L'element {SETTLEMENT}.SpecifiedTradeSettlementPaymentMeans.TypeCode.value"
            " est obligatoire.",
        ),
        (
            {"number": "F-2026-000000000000001"},
            "Le champ identifiant de la facture (FichierXml.ExchangedDocument.ID.value)"
            " ne doit pas depasser 20 caracteres",
        ),
        (
            {"gross": GROSS.format("")},
            "L'element (AppliedTradeAllowanceCharge.ActualAmount.value) est obligatoire si"
            " l'element (SupplyChainTradeTransaction.IncludedSupplyChainTradeLineItem."
            "SpecifiedLineTradeAgreement.GrossPriceProductTradePrice) est renseigne.",
        ),
        (
            {"buyer": "23999900600012"},
            f"L'element {AGREEMENT}.BuyerReference.value est obligatoire.",
        ),
        (
            {"supplier": "999999006"},
            f"La valeur '999999006' du champ ({AGREEMENT}.SellerTradeParty"
            ".SpecifiedLegalOrganization.ID.value) n'est pas autorisee",
        ),
        (
            {"attachments": (("a.exe", b"1"),)},
            "La valeur 'a.exe' du champ"
            f" ({AGREEMENT}.AdditionalReferencedDocument.IssuerAssignedID.value)"
            " n'est pas autorisee",
        ),
        (
            {"total": "1.1234567"},
            "La valeur '1.1234567' du champ"
            f" ({SETTLEMENT}.SpecifiedTradeSettlementHeaderMonetarySummation"
            ".GrandTotalAmount.value) n'est pas autorisee",
        ),
        (
            {"buyer": "24999900400016"},
            f"L'element {AGREEMENT}.BuyerOrderReferencedDocument.IssuerAssignedID.value"
            " est obligatoire.",
        ),
    ],
    ids=["payment", "number", "gross", "service", "siret", "attachment", "amount", "engagement"],
)
def test_messages_have_the_wording_seen_in_production(
    build: Build, draft: Draft, changes: dict[str, Any], message: str
) -> None:
    assert errors(build(), "cii", draft.but(**changes)) == (message,)


def test_a_gross_price_with_its_allowance_is_accepted(build: Build, draft: Draft) -> None:
    assert errors(build(), "cii", draft.but(gross=GROSS.format(ALLOWANCE))) == ()


@pytest.mark.parametrize("cadre", ["A9", "A12"])
def test_subcontracting_wants_a_valideur(build: Build, draft: Draft, cadre: str) -> None:
    depositor = build()
    (message,) = errors(depositor, "cii", draft.but(cadre=cadre))
    assert "InvoiceeTradeParty" in message
    assert errors(depositor, "cii", draft.but(cadre=cadre, valideur="99999900600029")) == ()


def test_several_errors_are_all_told(build: Build, draft: Draft) -> None:
    found = errors(build(), "cii", draft.but(kind="999", currency="eur", means=""))
    assert [text.split("(")[0][:30] for text in found] == [
        "La valeur '999' du champ ",
        "L'element FichierXml.SupplyCha",
        "La valeur 'eur' du champ ",
    ]


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x" * 47 + ".pdf", b"1", "ne doit pas depasser 50 caracteres"),
        ("programme.exe", b"1", "'programme.exe' du champ"),
        ("sansextension", b"1", "'sansextension' du champ"),
        ("vide.pdf", b"", "La piece jointe est vide"),
        ("gros.pdf", b"\0" * 10_000_000, "depasse 10 Mo"),
    ],
    ids=["name too long", "extension", "no extension", "empty", "10 Mo"],
)
def test_a_wrong_attachment_is_refused(
    build: Build, draft: Draft, syntax: str, name: str, data: bytes, words: str
) -> None:
    (message,) = errors(build(), syntax, draft.but(attachments=((name, data),)))
    assert words in message


def test_attachments_can_be_wanted_as_zip_of_one_file(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(checks=Checks(attachments="zip")))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bon.pdf", b"%PDF")
    zipped = draft.but(attachments=(("bon.pdf", buffer.getvalue()),))
    (message,) = errors(depositor, "cii", draft.but(attachments=(("bon.pdf", b"%PDF"),)))
    assert "ZIP contenant un seul fichier" in message
    assert errors(depositor, "cii", zipped) == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<Invoice", "XML bien forme"),
        (b"<Invoice/>", "element racine Invoice"),
        (b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>', "DOCTYPE"),
    ],
    ids=["cut", "wrong root", "doctype"],
)
def test_a_member_that_is_no_invoice_is_refused(build: Build, content: bytes, words: str) -> None:
    depositor = build()
    depositor.file("FSO1106A_AAA999_AAA9991106000000000000001", content)
    depositor.sandbox.process()
    ((message,),) = [i.errors for a in depositor.sandbox.received() for i in a.invoices]
    assert words in message


def test_an_invoice_against_the_schema_is_refused(build: Build, draft: Draft) -> None:
    depositor = build()
    text = draft.cii().replace(b"<ram:ApplicableHeaderTradeDelivery/>", b"")
    depositor.file("FSO1106A_AAA999_AAA9991106000000000000001", text)
    depositor.sandbox.process()
    ((message,),) = [i.errors for a in depositor.sandbox.received() for i in a.invoices]
    assert message.startswith("Le fichier n'est pas conforme au schema XSD : ")
    assert "ApplicableHeaderTradeDelivery" in message


def test_d16b_has_one_preceding_invoice_only(build: Build, draft: Draft) -> None:
    one = b"<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>F1</ram:IssuerAssignedID>"
    one += b"</ram:InvoiceReferencedDocument>"
    text = draft.but(kind="381", original="F1").cii()
    assert one in text
    depositor = build()
    depositor.file("FSO1106A_AAA999_AAA9991106000000000000001", text.replace(one, one + one))
    depositor.sandbox.process()
    ((message,),) = [i.errors for a in depositor.sandbox.received() for i in a.invoices]
    assert "InvoiceReferencedDocument" in message


def test_the_euro_may_be_left_out_as_in_the_samples_of_aife(build: Build, draft: Draft) -> None:
    euro = b"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>"
    text = draft.cii()
    assert euro in text
    depositor = build()
    depositor.file("FSO1106A_AAA999_AAA9991106000000000000001", text.replace(euro, b""))
    assert depositor.sandbox.process().accepted == 1


def test_a_document_that_is_only_referred_to_is_no_attachment(build: Build, draft: Draft) -> None:
    text = draft.but(attachments=(("bon.pdf", b"%PDF"),)).ubl()
    start = text.index(b"<cbc:EmbeddedDocument")
    end = text.index(b"</cac:Attachment>")
    link = (
        b"<cac:ExternalReference><cbc:URI>https://example.org/b</cbc:URI></cac:ExternalReference>"
    )
    depositor = build()
    depositor.file("FSO1100A_AAA999_AAA9991100000000000000001", text[:start] + link + text[end:])
    assert depositor.sandbox.process().accepted == 1


def test_future_dates_can_be_accepted(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(checks=Checks(future_dates="accept")))
    assert errors(depositor, "cii", draft.but(day="20270101")) == ()
