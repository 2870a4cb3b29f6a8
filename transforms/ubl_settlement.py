"""Delivery, payment, VAT and totals in UBL 2.1.

Element order: OASIS, UBL 2.1, DeliveryType, PaymentMeansType, TaxTotalType, MonetaryTotalType.
Places: CEN/TS 16931-3-2:2020; for Chorus Pro's own, the maps of two programs in production (OCA
l10n_fr_chorus_ubl 12.0, Gestimum).
"""

from __future__ import annotations

from datetime import date

from config.target import TargetOptions
from transforms.invoice import CreditTransfer, Delivery, Invoice, Payment, VatBreakdown
from transforms.ubl_party import render_address
from transforms.ubl_value import amount, dated, identifier, number
from transforms.xml_text import element, escape, escape_attribute, is_iban, wrap


def render_delivery(delivery: Delivery | None, options: TargetOptions) -> str:
    """Return the delivery (BG-13), or nothing."""
    if delivery is None:
        return ""
    described = options.ubl_delivery_name == "LocationDescription"
    location = delivery.location_id
    parts = dated("cbc:ActualDeliveryDate", delivery.date) + wrap(
        "cac:DeliveryLocation",
        (identifier("cbc:ID", location.value, location.scheme) if location else "")
        + (element("cbc:Description", delivery.name) if described else "")
        + render_address("cac:Address", delivery.address),
    )
    if not described:
        parts += wrap(
            "cac:DeliveryParty", wrap("cac:PartyName", element("cbc:Name", delivery.name))
        )
    return wrap("cac:Delivery", parts)


def render_payment(invoice: Invoice, options: TargetOptions, *, credit_note: bool) -> str:
    """Return payment means and terms.

    Chorus Pro reads the due date (BT-9) in PaymentMeans, and a credit note has no other place
    for it; ``cbc:DueDate`` of the header is left to :func:`transforms.ubl.render_ubl`.
    """
    parts = ""
    payment = invoice.payment
    if payment is not None:
        here = credit_note or options.ubl_due_date != "DueDate"
        first, *others = payment.transfers or (None,)
        # Due date, text, card and mandate may come once (EN 16931, UBL-SR-45, 46, 54 and 55).
        short = Payment(means_code=payment.means_code, remittance=payment.remittance)
        parts = _means(payment, first, invoice.due_date if here else None, options) + "".join(
            [_means(short, transfer, None, options) for transfer in others]
        )
    terms = element("cbc:Note", invoice.payment_terms)
    if credit_note and payment is None:
        # Without PaymentMeans a credit note has no other place for its due date.
        terms += dated("cbc:PaymentDueDate", invoice.due_date)
    return parts + wrap("cac:PaymentTerms", terms)


def _means(
    payment: Payment, transfer: CreditTransfer | None, due: date | None, options: TargetOptions
) -> str:
    named = f' name="{escape_attribute(payment.means_text)}"' if payment.means_text else ""
    code = f"<cbc:PaymentMeansCode{named}>{escape(payment.means_code or '')}</cbc:PaymentMeansCode>"
    channel = account = ""
    if transfer is not None:
        if options.ubl_payment_channel and transfer.account and is_iban(transfer.account):
            channel = "<cbc:PaymentChannelCode>IBAN</cbc:PaymentChannelCode>"
        account = wrap(
            "cac:PayeeFinancialAccount",
            element("cbc:ID", transfer.account)
            + element("cbc:Name", transfer.account_name)
            + wrap("cac:FinancialInstitutionBranch", element("cbc:ID", transfer.bank)),
        )
    card = mandate = ""
    if payment.card_number:
        # UBL wants a network; CEN/TS 16931-3-2 leaves its value free.
        card = (
            f"<cac:CardAccount>{element('cbc:PrimaryAccountNumberID', payment.card_number)}"
            f"<cbc:NetworkID>NA</cbc:NetworkID>{element('cbc:HolderName', payment.card_holder)}"
            "</cac:CardAccount>"
        )
    if payment.mandate or payment.debited_account:
        mandate = wrap(
            "cac:PaymentMandate",
            element("cbc:ID", payment.mandate)
            + wrap("cac:PayerFinancialAccount", element("cbc:ID", payment.debited_account)),
        )
    return (
        f"<cac:PaymentMeans>{code}{dated('cbc:PaymentDueDate', due)}{channel}"
        f"{element('cbc:InstructionNote', payment.note)}"
        f"{element('cbc:PaymentID', payment.remittance)}{card}{account}{mandate}"
        "</cac:PaymentMeans>"
    )


def render_tax_totals(invoice: Invoice, options: TargetOptions, currency: str) -> str:
    """Return the VAT total and breakdown (BT-110, BG-23), then BT-111 in its own currency."""
    totals = invoice.totals
    parts = wrap(
        "cac:TaxTotal",
        amount("cbc:TaxAmount", totals.vat, currency)
        + "".join([_subtotal(group, options, currency) for group in invoice.vat]),
    )
    if totals.vat_accounting is not None:
        accounting = escape_attribute(invoice.vat_currency or "")
        parts += wrap("cac:TaxTotal", amount("cbc:TaxAmount", totals.vat_accounting, accounting))
    return parts


def _subtotal(group: VatBreakdown, options: TargetOptions, currency: str) -> str:
    percent = number("cbc:Percent", group.rate)
    return (
        f"<cac:TaxSubtotal>{amount('cbc:TaxableAmount', group.taxable, currency)}"
        f"{amount('cbc:TaxAmount', group.tax, currency)}"
        f"{percent if options.ubl_subtotal_percent else ''}"
        f"<cac:TaxCategory>{element('cbc:ID', group.category)}{percent}"
        f"{element('cbc:TaxExemptionReasonCode', group.reason_code)}"
        f"{element('cbc:TaxExemptionReason', group.reason)}"
        f"<cac:TaxScheme><cbc:ID>VAT</cbc:ID>{element('cbc:TaxTypeCode', options.ubl_tax_type)}"
        "</cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal>"
    )


def render_monetary_total(invoice: Invoice, currency: str) -> str:
    """Return the document totals (BG-22)."""
    totals = invoice.totals
    return (
        "<cac:LegalMonetaryTotal>"
        f"{amount('cbc:LineExtensionAmount', totals.lines, currency)}"
        f"{amount('cbc:TaxExclusiveAmount', totals.without_vat, currency)}"
        f"{amount('cbc:TaxInclusiveAmount', totals.with_vat, currency)}"
        f"{amount('cbc:AllowanceTotalAmount', totals.allowances, currency)}"
        f"{amount('cbc:ChargeTotalAmount', totals.charges, currency)}"
        f"{amount('cbc:PrepaidAmount', totals.paid, currency)}"
        f"{amount('cbc:PayableRoundingAmount', totals.rounding, currency)}"
        f"{amount('cbc:PayableAmount', totals.due, currency)}</cac:LegalMonetaryTotal>"
    )
