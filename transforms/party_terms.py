"""Business terms of the parties: the same things of a seller, a buyer, a payee under their own ids.

Source: EN 16931-1:2017, BG-4, BG-7, BG-10 and BG-11. Chorus Pro's valideur has terms of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyTerms:
    """Ids of what is said of a party; None where the norm has no term."""

    name: str
    trading_name: str | None = None
    identifier: str | None = None
    legal_id: str | None = None
    vat_id: str | None = None
    tax_registration: str | None = None
    endpoint: str | None = None
    address: str | None = None
    country: str | None = None


SELLER: Final = PartyTerms(
    name="BT-27",
    trading_name="BT-28",
    identifier="BT-29",
    legal_id="BT-30",
    vat_id="BT-31",
    tax_registration="BT-32",
    endpoint="BT-34",
    address="BG-5",
    country="BT-40",
)
BUYER: Final = PartyTerms(
    name="BT-44",
    trading_name="BT-45",
    identifier="BT-46",
    legal_id="BT-47",
    vat_id="BT-48",
    endpoint="BT-49",
    address="BG-8",
    country="BT-55",
)
PAYEE: Final = PartyTerms(name="BT-59", identifier="BT-60", legal_id="BT-61")
REPRESENTATIVE: Final = PartyTerms(name="BT-62", vat_id="BT-63", address="BG-12", country="BT-69")
VALIDATOR: Final = PartyTerms(name="CP-VALIDEUR-NOM", legal_id="CP-VALIDEUR")
