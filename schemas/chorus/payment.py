"""Chorus Pro: payment means and bank account."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from stdnum import bic, iban

from config.codes import load_codes, load_limits
from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Invoice

PAYMENT = Family("chorus.payment")

#: Means that rule S2.05 of the Annexe EDI takes for CII and that the pivot does not have; 01 is
#: sent in UBL by others.
CII_ONLY = frozenset({"58", "59"})


@PAYMENT.check("CP-PAYMENT-01", "CP-PAYMENT-02", "CP-PAYMENT-03")
def payment_means_is_accepted(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """BT-81: mandatory, credit notes and paid invoices included, and of the list."""
    code = invoice.payment.means_code if invoice.payment else None
    means = load_codes("payment_means").get(code)
    if not code:
        yield Hit("CP-PAYMENT-01", "BT-81")
    elif means is None:
        accepted = ", ".join(load_codes("payment_means"))
        yield Hit("CP-PAYMENT-02", "BT-81", code, params={"accepted": accepted})
    elif context.syntax == "ubl" and code in CII_ONLY:
        yield Hit("CP-PAYMENT-03", "BT-81", code, params={"pivot": str(means.facts["pivot"])})


@PAYMENT.check("CP-IBAN-01", "CP-IBAN-02", "CP-IBAN-03", "CP-BIC-01")
def account_is_right(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-84: present for a transfer, a true IBAN; BT-86: the form of a BIC."""
    payment = invoice.payment
    if payment is None:
        return
    means = load_codes("payment_means").get(payment.means_code)
    limit = load_limits()["CP-IBAN-03"].largest
    accounts = [transfer for transfer in payment.transfers if transfer.account]
    if means is not None and means.facts.get("transfer") and not accounts:
        params = {"means_fr": means.fr, "means_en": means.en}
        yield Hit("CP-IBAN-01", "BT-84", payment.means_code, params=params)
    for transfer in accounts:
        if not is_iban(transfer.account or ""):
            yield Hit("CP-IBAN-02", "BT-84", transfer.account)
        elif len(compact := (transfer.account or "").replace(" ", "")) > limit:
            params = {"length": str(len(compact)), "limit": str(limit)}
            yield Hit("CP-IBAN-03", "BT-84", transfer.account, params=params)
        if transfer.bank and not is_bic(transfer.bank):
            yield Hit("CP-BIC-01", "BT-86", transfer.bank)


@lru_cache(maxsize=4096)
def is_iban(value: str) -> bool:
    """Whether ``value`` is an IBAN with its check digits (ISO 13616); blanks are let through."""
    return bool(iban.is_valid(value.replace(" ", "")))


@lru_cache(maxsize=4096)
def is_bic(value: str) -> bool:
    """Whether ``value`` has the form of a BIC (ISO 9362)."""
    return bool(bic.is_valid(value))
