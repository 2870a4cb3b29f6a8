"""What makes two invoices the same one, and what makes them say the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from config import settings as configuration
from transforms.invoice import Invoice
from transforms.outcome import Identity

#: Version of the canonical text below; a change of it must never look like a changed invoice.
HASH_VERSION = "v1"

_SIRET_TYPE = "1"
_SIREN_LENGTH = 9
_SIRET_LENGTH = 14


def identity_of(
    invoice: Invoice, *, environment: str, settings: configuration.Identity
) -> Identity | None:
    """Return the identity of ``invoice``, or None when its number or seller is missing.

    With scope ``siren`` the establishments of one firm share their numbers. With ``with_year``
    the year of issue is part of the key; an invoice without a date then has no identity.
    """
    seller = invoice.seller.legal_id
    if not invoice.number or seller is None or not seller.value:
        return None
    if settings.with_year and invoice.issue_date is None:
        return None
    scheme = seller.scheme or _SIRET_TYPE
    seller_id = seller.value
    if settings.scope == "siren" and scheme == _SIRET_TYPE and len(seller_id) == _SIRET_LENGTH:
        seller_id = seller_id[:_SIREN_LENGTH]
    year = f"{invoice.issue_date.year:04d}" if settings.with_year and invoice.issue_date else ""
    return Identity(environment, scheme, seller_id, invoice.number, year)


def content_hash(source_values: str, attachment_hashes: Sequence[str]) -> str:
    """Return ``v1:`` and the SHA-256 of what the extract and its attachments said.

    Args:
        source_values: canonical text of the mapped source values (``transforms.mapping``).
        attachment_hashes: SHA-256 of each attachment, in the order of the invoice.
    """
    digest = hashlib.sha256(source_values.encode("utf-8", "surrogatepass"))
    for attachment in attachment_hashes:
        digest.update(b"\x1d")
        digest.update(attachment.encode("ascii"))
    return f"{HASH_VERSION}:{digest.hexdigest()}"


def content_hash_of_xml(sha256: str) -> str:
    """Return ``v1:`` and the SHA-256 of an XML that the ERP wrote: it says what its bytes say."""
    return f"{HASH_VERSION}:{sha256}"
