"""Business terms of allowances and charges: BG-20, BG-21 (document), BG-27, BG-28 (line).

Source: EN 16931-1:2017. The norm gives a line's allowance no VAT category of its own: should one
stand there, it is noted under a term of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AllowanceTerms:
    """Ids of what is said of an allowance or a charge."""

    group: str
    amount: str
    base: str
    percent: str
    category: str
    rate: str
    reason: str
    reason_code: str


ALLOWANCE: Final = AllowanceTerms(
    "BG-20", "BT-92", "BT-93", "BT-94", "BT-95", "BT-96", "BT-97", "BT-98"
)
CHARGE: Final = AllowanceTerms(
    "BG-21", "BT-99", "BT-100", "BT-101", "BT-102", "BT-103", "BT-104", "BT-105"
)
LINE_ALLOWANCE: Final = AllowanceTerms(
    "BG-27", "BT-136", "BT-137", "BT-138", "BG-27-VAT", "BG-27-RATE", "BT-139", "BT-140"
)
LINE_CHARGE: Final = AllowanceTerms(
    "BG-28", "BT-141", "BT-142", "BT-143", "BG-28-VAT", "BG-28-RATE", "BT-144", "BT-145"
)
