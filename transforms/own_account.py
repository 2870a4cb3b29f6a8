"""The company's bank account, used only on invoices that mean it.

A company file completes what the extract leaves out, cell by cell. An account is one thing: the
company's IBAN is not that of a factor named by the extract, nor is its BIC that of an IBAN the
extract gives, and a cheque credits no account at all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from config.company import Company
from transforms.invoice import Invoice, Payment

#: Payment means that credit an account; only these take the company's IBAN (UNTDID 4461).
TRANSFERS = frozenset({"30", "31", "42", "58"})


def own_payment(
    invoice: Invoice, heard: Collection[str], company: Company | None
) -> Payment | None:
    """Return BG-16 of ``invoice`` without what the company file gave and the invoice cannot mean.

    Args:
        heard: terms that the extract itself gave.
        company: the company file; one that names the payee gives the account of that payee.
    """
    payment, payee = invoice.payment, invoice.payee
    if company is None or payment is None or not payment.transfers:
        return payment
    transfer = payment.transfers[0]
    ours = company.values
    is_ours = transfer.account == "".join(ours.get("BT-84", "").split())
    other_payee = company.payee is None and not {"BT-59", "BT-61"}.isdisjoint(heard)
    if "BT-84" not in heard and is_ours:
        credits_us = payment.means_code is None or payment.means_code in TRANSFERS
        return payment if credits_us and not other_payee else replace(payment, transfers=())
    if "BT-86" not in heard and transfer.bank == ours.get("BT-86") and not is_ours:
        transfer = replace(transfer, bank=None)
    if other_payee and "BT-85" not in heard and transfer.account_name == ours.get("BT-85"):
        # Chorus Pro: the name of the account is that of the payee (AIFE samples, encaisseur).
        transfer = replace(transfer, account_name=payee.name if payee else None)
    return replace(payment, transfers=(transfer, *payment.transfers[1:]))
