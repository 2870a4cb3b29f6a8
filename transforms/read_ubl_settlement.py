"""Read delivery, payment, VAT and totals of a UBL 2.1 invoice."""

from __future__ import annotations

from transforms.invoice import CreditTransfer, Delivery, Payment, Totals, VatBreakdown
from transforms.read_ubl_line import read_tax
from transforms.read_ubl_party import creditor_identifier, read_address
from transforms.xml_node import ABSENT, Node, present


def read_delivery(node: Node) -> Delivery | None:
    """Return the delivery (BG-13); None when it is empty."""
    if not node:
        return None
    location = node.child("cac:DeliveryLocation")
    return Delivery(
        name=node.text("cac:DeliveryParty/cac:PartyName/cbc:Name", "BT-70")
        or location.text("cbc:Description", "BT-70"),
        location_id=location.identifier("cbc:ID", "BT-71"),
        date=node.date("cbc:ActualDeliveryDate", "BT-72"),
        address=read_address(location.child("cac:Address", "BG-15"), "BT-80"),
    )


def read_payment(node: Node, seller: Node, payee: Node) -> Payment | None:
    """Return the payment instructions (BG-16) of the invoice ``node``."""
    means = node.children("cac:PaymentMeans")
    creditor = creditor_identifier(payee, seller)
    if not means and creditor is None:
        return None
    first = means[0] if means else ABSENT
    code = first.child("cbc:PaymentMeansCode")
    card, mandate = first.child("cac:CardAccount"), first.child("cac:PaymentMandate")
    return Payment(
        means_code=code.text(bt="BT-81"),
        means_text=code.attribute("name"),
        note=first.text("cbc:InstructionNote"),
        remittance=first.text("cbc:PaymentID", "BT-83"),
        transfers=present(_transfer, means),
        card_number=card.text("cbc:PrimaryAccountNumberID", "BT-87"),
        card_holder=card.text("cbc:HolderName", "BT-88"),
        mandate=mandate.text("cbc:ID", "BT-89"),
        creditor_id=creditor,
        debited_account=mandate.text("cac:PayerFinancialAccount/cbc:ID", "BT-91"),
    )


def _transfer(node: Node) -> CreditTransfer | None:
    account = node.child("cac:PayeeFinancialAccount")
    if not account:
        return None
    return CreditTransfer(
        account=account.text("cbc:ID", "BT-84"),
        account_name=account.text("cbc:Name", "BT-85"),
        bank=account.text("cac:FinancialInstitutionBranch/cbc:ID", "BT-86"),
    )


def read_breakdown(node: Node) -> VatBreakdown:
    """Return one group of the VAT breakdown (BG-23); ``node`` knows its rank."""
    tax = node.child("cac:TaxCategory")
    category, rate = read_tax(tax, "BT-118", "BT-119")
    return VatBreakdown(
        taxable=node.decimal("cbc:TaxableAmount", "BT-116"),
        tax=node.decimal("cbc:TaxAmount", "BT-117"),
        category=category,
        rate=rate,
        reason=tax.text("cbc:TaxExemptionReason", "BT-120"),
        reason_code=tax.text("cbc:TaxExemptionReasonCode", "BT-121"),
    )


def read_totals(node: Node, currency: str | None) -> Totals:
    """Return the document totals (BG-22) of the invoice ``node``."""
    vat = accounting = None
    for one in node.children("cac:TaxTotal/cbc:TaxAmount"):
        if one.attribute("currencyID") in (None, currency):
            vat = one.decimal(bt="BT-110")
        else:
            accounting = one.decimal(bt="BT-111")
    total = node.child("cac:LegalMonetaryTotal", "BG-22")
    return Totals(
        lines=total.decimal("cbc:LineExtensionAmount", "BT-106"),
        allowances=total.decimal("cbc:AllowanceTotalAmount", "BT-107"),
        charges=total.decimal("cbc:ChargeTotalAmount", "BT-108"),
        without_vat=total.decimal("cbc:TaxExclusiveAmount", "BT-109"),
        vat=vat,
        vat_accounting=accounting,
        with_vat=total.decimal("cbc:TaxInclusiveAmount", "BT-112"),
        paid=total.decimal("cbc:PrepaidAmount", "BT-113"),
        rounding=total.decimal("cbc:PayableRoundingAmount", "BT-114"),
        due=total.decimal("cbc:PayableAmount", "BT-115"),
    )
