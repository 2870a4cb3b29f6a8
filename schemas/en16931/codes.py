"""EN 16931: codes that must be of a list (BR-CL), as far as the list is on board.

Source: validation artefacts 1.3.16 (10/04/2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from config.codes import load_codes, load_currencies
from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Invoice

CODES = Family("en16931.codes")

#: BR-CL-17: categories of the norm; L and M are Spanish and no business of Chorus Pro.
VAT_CATEGORIES = frozenset({*load_codes("vat_categories"), "L", "M"})


@CODES.check("BR-CL-04")
def currency_is_of_the_list(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-5: ISO 4217."""
    if invoice.currency and invoice.currency not in load_currencies():
        yield Hit("BR-CL-04", "BT-5", invoice.currency)


@CODES.check("BR-CL-14")
def countries_are_of_the_list(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Countries of all addresses: ISO 3166-1 alpha-2."""
    representative, delivery = invoice.tax_representative, invoice.delivery
    for bt, address in (
        ("BT-40", invoice.seller.address),
        ("BT-55", invoice.buyer.address),
        ("BT-69", representative.address if representative else None),
        ("BT-80", delivery.address if delivery else None),
    ):
        if address and address.country and address.country not in load_codes("countries"):
            yield Hit("BR-CL-14", bt, address.country)


@CODES.check("BR-CL-17")
def groups_have_known_categories(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-118: UNTDID 5305, the part the norm uses."""
    for group in invoice.vat:
        if group.category and group.category not in VAT_CATEGORIES:
            yield Hit("BR-CL-17", "BT-118", group.category)


@CODES.check("BR-CL-22")
def exemption_codes_are_of_the_list(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-121: VATEX list of the CEF, whatever the case."""
    for group in invoice.vat:
        if group.reason_code and group.reason_code.upper() not in load_codes("vatex"):
            yield Hit("BR-CL-22", "BT-121", group.reason_code)
