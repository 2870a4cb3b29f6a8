"""Settlement of the Cross Industry Invoice (UN/CEFACT D16B): payment, VAT, totals, valideur.

Element order: UN/CEFACT, CrossIndustryInvoice_100pD16B, HeaderTradeSettlementType and the types
below it. Places: CEN/TS 16931-3-3:2020; AIFE, commented samples FSO1116A (2018) and FSO1117A for
the valideur, the payee, the supplier's service code, the payment note and the VAT regime.
"""

from __future__ import annotations

from decimal import Decimal

from config.target import TargetOptions
from transforms.cii_party import render_party
from transforms.cii_value import (
    allowance_charge,
    amount,
    dated,
    number,
    period,
    reference_date,
)
from transforms.invoice import CreditTransfer, Invoice, Payment, VatBreakdown
from transforms.schemes import cii_schemes
from transforms.xml_text import (
    amount_text,
    compact_date,
    element,
    escape_attribute,
    is_iban,
    wrap,
)


def render_settlement(invoice: Invoice, options: TargetOptions) -> str:
    """Return ApplicableHeaderTradeSettlement."""
    schemes = cii_schemes(options, buyer=False)
    payment = invoice.payment
    parts: list[str] = []
    if payment is not None:
        parts.append(element("ram:CreditorReferenceID", payment.creditor_id))
        parts.append(element("ram:PaymentReference", payment.remittance))
    parts.append(element("ram:TaxCurrencyCode", invoice.vat_currency))
    parts.append(element("ram:InvoiceCurrencyCode", invoice.currency))
    parts.append(element("ram:InvoiceIssuerReference", invoice.seller.service_code))
    parts.append(render_party("ram:InvoiceeTradeParty", invoice.validator, schemes))
    parts.append(render_party("ram:PayeeTradeParty", invoice.payee, schemes))
    if payment is not None:
        parts.extend(_means(payment, transfer) for transfer in payment.transfers or (None,))
    parts.extend(_tax(group, invoice) for group in invoice.vat)
    if invoice.period is not None:
        parts.append(period(invoice.period))
    parts.extend(allowance_charge(one, options) for one in invoice.allowances)
    parts.append(
        wrap(
            "ram:SpecifiedTradePaymentTerms",
            element("ram:Description", invoice.payment_terms)
            + dated("ram:DueDateDateTime", invoice.due_date)
            + element("ram:DirectDebitMandateID", payment.mandate if payment else None),
        )
    )
    parts.append(_totals(invoice))
    parts.extend(
        wrap(
            "ram:InvoiceReferencedDocument",
            element("ram:IssuerAssignedID", one.number) + reference_date(one.issue_date),
        )
        for one in invoice.preceding
    )
    if invoice.accounting_reference:
        parts.append(
            wrap(
                "ram:ReceivableSpecifiedTradeAccountingAccount",
                element("ram:ID", invoice.accounting_reference),
            )
        )
    content = "".join(parts)
    return f"<ram:ApplicableHeaderTradeSettlement>{content}</ram:ApplicableHeaderTradeSettlement>"


def _means(payment: Payment, transfer: CreditTransfer | None) -> str:
    card = wrap(
        "ram:ApplicableTradeSettlementFinancialCard",
        element("ram:ID", payment.card_number) + element("ram:CardholderName", payment.card_holder),
    )
    account = bank = ""
    if transfer is not None:
        account = wrap(
            "ram:PayeePartyCreditorFinancialAccount",
            (_iban(transfer.account) if transfer.account else "")
            + element("ram:AccountName", transfer.account_name)
            + (_national_account(transfer.account) if transfer.account else ""),
        )
        bank = wrap(
            "ram:PayeeSpecifiedCreditorFinancialInstitution",
            element("ram:BICID", transfer.bank),
        )
    return wrap(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        element("ram:TypeCode", payment.means_code)
        + element("ram:Information", _information(payment))
        + card
        + wrap(
            "ram:PayerPartyDebtorFinancialAccount", element("ram:IBANID", payment.debited_account)
        )
        + account
        + bank,
    )


def _information(payment: Payment) -> str | None:
    # Chorus Pro's payment note and EN 16931's text of the means (BT-82) share one element, which
    # may come once (CII-SR-468, and the Factur-X schema).
    return " - ".join(filter(None, (payment.means_text, payment.note))) or None


def _iban(account: str) -> str:
    return element("ram:IBANID", account) if is_iban(account) else ""


def _national_account(account: str) -> str:
    return "" if is_iban(account) else element("ram:ProprietaryID", account)


def _tax(group: VatBreakdown, invoice: Invoice) -> str:
    point = ""
    if invoice.tax_point_date is not None:
        point = (
            '<ram:TaxPointDate><udt:DateString format="102">'
            f"{compact_date(invoice.tax_point_date)}</udt:DateString></ram:TaxPointDate>"
        )
    return (
        "<ram:ApplicableTradeTax>"
        f"{amount('ram:CalculatedAmount', group.tax)}<ram:TypeCode>VAT</ram:TypeCode>"
        f"{element('ram:ExemptionReason', group.reason)}"
        f"{amount('ram:BasisAmount', group.taxable)}"
        f"{element('ram:CategoryCode', group.category)}"
        f"{element('ram:ExemptionReasonCode', group.reason_code)}"
        f"{point}{element('ram:DueDateTypeCode', invoice.vat_point_code)}"
        f"{number('ram:RateApplicablePercent', group.rate)}</ram:ApplicableTradeTax>"
    )


def _totals(invoice: Invoice) -> str:
    totals = invoice.totals
    return wrap(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        amount("ram:LineTotalAmount", totals.lines)
        + amount("ram:ChargeTotalAmount", totals.charges)
        + amount("ram:AllowanceTotalAmount", totals.allowances)
        + amount("ram:TaxBasisTotalAmount", totals.without_vat)
        + _tax_total(totals.vat, invoice.currency)
        + _tax_total(totals.vat_accounting, invoice.vat_currency)
        + amount("ram:RoundingAmount", totals.rounding)
        + amount("ram:GrandTotalAmount", totals.with_vat)
        + amount("ram:TotalPrepaidAmount", totals.paid)
        + amount("ram:DuePayableAmount", totals.due),
    )


def _tax_total(value: Decimal | None, currency: str | None) -> str:
    if value is None:
        return ""
    coded = f' currencyID="{escape_attribute(currency)}"' if currency else ""
    return f"<ram:TaxTotalAmount{coded}>{amount_text(value)}</ram:TaxTotalAmount>"
