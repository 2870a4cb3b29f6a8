"""EN 16931: what the norm asks for and the validation artefacts 1.3.16 do not test.

Asked for of what goes to Chorus Pro only: the target ``en16931`` says what the artefacts say.
Source: EN 16931-1:2017, table of conditions.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Invoice

NORM = Family("en16931.norm")


@NORM.check("BR-CO-25")
def due_amount_has_a_date(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Something to pay: by when, or under which terms."""
    due = invoice.totals.due
    if due is not None and due > 0 and invoice.due_date is None and not invoice.payment_terms:
        yield Hit("BR-CO-25", "BT-9")
