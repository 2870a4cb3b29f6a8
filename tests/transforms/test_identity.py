"""Identity and content hash."""

from __future__ import annotations

from datetime import date

import pytest

from config.settings import Identity as Settings
from transforms.identity import content_hash, identity_of
from transforms.invoice import Identifier, Invoice, Party

SIRET = "73282932000074"
INVOICE = Invoice(
    number="F1",
    issue_date=date(2026, 11, 23),
    seller=Party(legal_id=Identifier(SIRET, "1")),
)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (Settings(), f"sandbox|1|{SIRET}|F1|"),
        (Settings(scope="siren"), "sandbox|1|732829320|F1|"),
        (Settings(with_year=True), f"sandbox|1|{SIRET}|F1|2026"),
    ],
)
def test_the_key_follows_the_settings(settings: Settings, key: str) -> None:
    identity = identity_of(INVOICE, environment="sandbox", settings=settings)
    assert identity is not None
    assert identity.key == key


def test_an_identifier_that_is_no_siret_is_kept_whole() -> None:
    invoice = Invoice(number="F1", seller=Party(legal_id=Identifier("350041679", "5")))
    identity = identity_of(invoice, environment="sandbox", settings=Settings(scope="siren"))
    assert identity is not None
    assert (identity.seller_scheme, identity.seller_id) == ("5", "350041679")


@pytest.mark.parametrize(
    "invoice",
    [
        Invoice(seller=INVOICE.seller),
        Invoice(number="F1"),
        Invoice(number="F1", seller=Party(legal_id=Identifier("", "1"))),
    ],
)
def test_without_number_or_seller_there_is_no_identity(invoice: Invoice) -> None:
    assert identity_of(invoice, environment="sandbox", settings=Settings()) is None


def test_with_the_year_an_invoice_without_date_has_no_identity() -> None:
    invoice = Invoice(number="F1", seller=INVOICE.seller)
    settings = Settings(with_year=True)
    assert identity_of(invoice, environment="sandbox", settings=settings) is None


def test_the_hash_is_versioned_and_depends_on_text_and_attachments() -> None:
    plain = content_hash("BT-1=F1", ())
    # SHA-256 of the text alone: ledgers hold it, so it must never change under this version.
    assert plain == "v1:c095164ff981d07ea0d4251e98706ae81365cfdb9d3b8ff28e9206f9280966bc"
    others = {
        content_hash("BT-1=F2", ()),
        content_hash("BT-1=F1", ("aa",)),
        content_hash("BT-1=F1", ("aa", "bb")),
        content_hash("BT-1=F1", ("bb", "aa")),
    }
    assert len(others | {plain}) == 5
