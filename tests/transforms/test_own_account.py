"""The company's bank account, used only on invoices that mean it."""

from __future__ import annotations

import pytest

from config.company import Company
from transforms.invoice import CreditTransfer, Invoice, Party, Payment
from transforms.own_account import own_payment

OURS, FACTOR = "FR7630006000011234567890189", "DE89370400440532013000"
FIRM = Company.model_validate(
    {
        "payment": {
            "means": "30",
            "iban": "FR76 3000 6000 0112 3456 7890 189",
            "bic": "AGRIFRPP",
            "account_name": "Papeterie",
        }
    }
)
WITH_FACTOR = Company.model_validate(
    {"payment": {"iban": FACTOR}, "payee": {"name": "Affacturage SA"}}
)
OUR_ACCOUNT = CreditTransfer(account=OURS, account_name="Papeterie", bank="AGRIFRPP")


def invoice(account: str = OURS, *, means: str | None = "30", payee: str | None = None) -> Invoice:
    transfer = CreditTransfer(account=account, account_name="Papeterie", bank="AGRIFRPP")
    return Invoice(
        payee=Party(name=payee) if payee else None,
        payment=Payment(means_code=means, transfers=(transfer,)),
    )


def transfers(given: Invoice, heard: set[str], company: Company | None) -> list[CreditTransfer]:
    payment = own_payment(given, heard, company)
    assert payment is not None
    return list(payment.transfers)


@pytest.mark.parametrize(
    ("given", "heard", "company", "expected"),
    [
        pytest.param(invoice(), set(), FIRM, [OUR_ACCOUNT], id="a transfer is paid to us"),
        pytest.param(invoice(means=None), set(), FIRM, [OUR_ACCOUNT], id="no means said"),
        pytest.param(invoice(means="20"), {"BT-81"}, FIRM, [], id="a cheque credits no account"),
        pytest.param(
            invoice(means="20"), {"BT-81", "BT-84"}, FIRM, [OUR_ACCOUNT], id="unless it says one"
        ),
        pytest.param(
            invoice(FACTOR),
            {"BT-84"},
            FIRM,
            [CreditTransfer(account=FACTOR, account_name="Papeterie", bank=None)],
            id="another account has not our BIC",
        ),
        pytest.param(
            invoice(), {"BT-84"}, FIRM, [OUR_ACCOUNT], id="our own account, said, keeps the BIC"
        ),
        pytest.param(
            invoice(FACTOR),
            {"BT-84", "BT-86"},
            FIRM,
            [CreditTransfer(account=FACTOR, account_name="Papeterie", bank="AGRIFRPP")],
            id="a BIC that is said stays",
        ),
        pytest.param(
            invoice(payee="Affacturage SA"),
            {"BT-59"},
            FIRM,
            [],
            id="a factor is never paid on our account",
        ),
        pytest.param(
            invoice(FACTOR, payee="Affacturage SA"),
            {"BT-59", "BT-84"},
            FIRM,
            [CreditTransfer(account=FACTOR, account_name="Affacturage SA", bank=None)],
            id="the account of a factor has its name",
        ),
        pytest.param(
            invoice(FACTOR, payee="Affacturage SA"),
            {"BT-59"},
            WITH_FACTOR,
            [CreditTransfer(account=FACTOR, account_name="Papeterie", bank="AGRIFRPP")],
            id="a factor of the company file has the account of that file",
        ),
        pytest.param(
            invoice(FACTOR),
            {"BT-84"},
            None,
            [CreditTransfer(account=FACTOR, account_name="Papeterie", bank="AGRIFRPP")],
            id="without a company file nothing is taken away",
        ),
    ],
)
def test_the_account_is_the_one_the_invoice_means(
    given: Invoice, heard: set[str], company: Company | None, expected: list[CreditTransfer]
) -> None:
    assert transfers(given, heard, company) == expected


def test_an_invoice_without_account_or_payment_is_left_alone() -> None:
    assert own_payment(Invoice(), set(), FIRM) is None
    bare = Payment(means_code="20")
    assert own_payment(Invoice(payment=bare), {"BT-81"}, FIRM) is bare
