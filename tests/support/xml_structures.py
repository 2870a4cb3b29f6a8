"""Documents with more or less in them than before, in places that their syntax has.

What may stand where, and what may stand there more than once, is learnt from whole documents: a
piece of one is put into another at the same place. A few places that the syntaxes have and that no
document uses are written down here.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable

from lxml import etree

from config.target import SyntaxName
from transforms.cii import RAM, UDT
from transforms.ubl import CAC, CBC, CREDIT_NOTE, INVOICE

_NAMES = {
    "InvoiceLine": "CreditNoteLine",
    "InvoicedQuantity": "CreditedQuantity",
    "InvoiceTypeCode": "CreditNoteTypeCode",
}
_BACK = {credit: invoice for invoice, credit in _NAMES.items()}
_ROOTS = {
    f"{{{INVOICE}}}Invoice": f"{{{CREDIT_NOTE}}}CreditNote",
    f"{{{CREDIT_NOTE}}}CreditNote": f"{{{INVOICE}}}Invoice",
}
_CATEGORIES = ("S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B")
_RATES = ("0", "20", "5.5", "-5", "")
_AMOUNTS = ("0.00", "100.00", "-10.00", "99.995", "1")

#: Parent and content of what documents seldom hold, with places for category, rate and amount.
_SELDOM: dict[SyntaxName, tuple[tuple[str, str], ...]] = {
    "ubl": (
        (
            "Item",
            "<cac:ClassifiedTaxCategory><cbc:ID>{c}</cbc:ID><cbc:Percent>{r}</cbc:Percent>"
            "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>",
        ),
        (
            "Price",
            "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
            "<cbc:Amount>{a}</cbc:Amount><cac:TaxCategory><cbc:ID>{c}</cbc:ID>"
            "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory>"
            "</cac:AllowanceCharge>",
        ),
        (
            "AllowanceCharge",
            "<cac:TaxCategory><cbc:ID>{c}</cbc:ID><cbc:Percent>{r}</cbc:Percent>"
            "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory>",
        ),
        (
            "InvoiceLine",
            "<cac:TaxTotal><cbc:TaxAmount>{a}</cbc:TaxAmount><cac:TaxSubtotal>"
            "<cbc:TaxableAmount>{a}</cbc:TaxableAmount><cbc:TaxAmount>{a}</cbc:TaxAmount>"
            "<cac:TaxCategory><cbc:ID>{c}</cbc:ID><cbc:Percent>{r}</cbc:Percent><cac:TaxScheme>"
            "<cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal>"
            "</cac:TaxTotal>",
        ),
        (
            "Invoice",
            '<cac:TaxTotal><cbc:TaxAmount currencyID="USD">{a}</cbc:TaxAmount></cac:TaxTotal>',
        ),
        (
            "Invoice",
            "<cac:PaymentMeans><cbc:PaymentMeansCode>48</cbc:PaymentMeansCode><cac:CardAccount>"
            "<cbc:PrimaryAccountNumberID>12345678901</cbc:PrimaryAccountNumberID>"
            "</cac:CardAccount></cac:PaymentMeans>",
        ),
    ),
    "cii": (
        (
            "SpecifiedLineTradeSettlement",
            "<ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode>"
            "<ram:CategoryCode>{c}</ram:CategoryCode>"
            "<ram:RateApplicablePercent>{r}</ram:RateApplicablePercent></ram:ApplicableTradeTax>",
        ),
        (
            "SpecifiedTradeAllowanceCharge",
            "<ram:CategoryTradeTax><ram:TypeCode>VAT</ram:TypeCode>"
            "<ram:CategoryCode>{c}</ram:CategoryCode>"
            "<ram:RateApplicablePercent>{r}</ram:RateApplicablePercent></ram:CategoryTradeTax>",
        ),
        (
            "GrossPriceProductTradePrice",
            "<ram:AppliedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>false"
            "</udt:Indicator></ram:ChargeIndicator><ram:ActualAmount>{a}</ram:ActualAmount>"
            "<ram:CategoryTradeTax><ram:TypeCode>VAT</ram:TypeCode>"
            "<ram:CategoryCode>{c}</ram:CategoryCode></ram:CategoryTradeTax>"
            "</ram:AppliedTradeAllowanceCharge>",
        ),
        (
            "ApplicableHeaderTradeSettlement",
            "<ram:SpecifiedLogisticsServiceCharge><ram:AppliedAmount>{a}</ram:AppliedAmount>"
            "<ram:AppliedTradeTax><ram:TypeCode>VAT</ram:TypeCode>"
            "<ram:CategoryCode>{c}</ram:CategoryCode></ram:AppliedTradeTax>"
            "</ram:SpecifiedLogisticsServiceCharge>",
        ),
    ),
}

#: Parent and child, by tag.
_Place = tuple[str, str]


class Structures:
    """What the documents of one syntax are made of."""

    def __init__(self, syntax: SyntaxName, documents: Iterable[etree._Element]) -> None:
        self._syntax = syntax
        self._pieces: dict[_Place, list[etree._Element]] = {}
        self._repeated: set[_Place] = set()
        for root in documents:
            for element in root.iterdescendants(etree.Element):
                place = _place(element)
                self._pieces.setdefault(place, []).append(element)
                if next(element.itersiblings(element.tag), None) is not None:
                    self._repeated.add(place)
        self._places = sorted(self._pieces)

    def change(self, root: etree._Element, chance: random.Random) -> etree._Element:
        """Return ``root`` with one change; it may be another element, of the other root."""
        change = chance.choice(_CHANGES)
        return change(self, root, chance) if len(root) else root

    def graft(self, root: etree._Element, chance: random.Random) -> etree._Element:
        """Put in a piece of another document, where there is none or there may be several."""
        tags = {element.tag for element in root.iter(etree.Element)}
        places = [place for place in self._places if place[0] in tags]
        if not places:
            return root
        parent_tag, tag = place = chance.choice(places)
        parent = chance.choice(list(root.iter(parent_tag)))
        piece = copy.deepcopy(chance.choice(self._pieces[place]))
        there = parent.find(tag)
        if there is None:
            parent.append(piece)
        elif place in self._repeated:
            there.addnext(piece)
        else:
            parent.replace(there, piece)
        return root

    def repeat(self, root: etree._Element, chance: random.Random) -> etree._Element:
        """Put in a second time what may stand there several times."""
        found = [
            element
            for element in root.iterdescendants(etree.Element)
            if _place(element) in self._repeated
        ]
        if found:
            element = chance.choice(found)
            element.addnext(copy.deepcopy(element))
        return root

    def seldom(self, root: etree._Element, chance: random.Random) -> etree._Element:
        """Put in what documents seldom hold."""
        name, content = chance.choice(_SELDOM[self._syntax])
        parents = [
            element
            for element in root.iter(etree.Element)
            if etree.QName(element).localname.replace("CreditNote", "Invoice") == name
        ]
        if parents:
            filled = content.format(
                c=chance.choice(_CATEGORIES), r=chance.choice(_RATES), a=chance.choice(_AMOUNTS)
            )
            declared = f'xmlns:cac="{CAC}" xmlns:cbc="{CBC}" xmlns:ram="{RAM}" xmlns:udt="{UDT}"'
            chance.choice(parents).append(etree.fromstring(f"<a {declared}>{filled}</a>")[0])
        return root

    def category(self, root: etree._Element, chance: random.Random) -> etree._Element:
        """Give everything of one VAT category another."""
        codes = [
            element
            for element in root.iter(f"{{{CBC}}}ID", f"{{{RAM}}}CategoryCode")
            if element.tag == f"{{{RAM}}}CategoryCode"
            or _place(element)[0] in (f"{{{CAC}}}TaxCategory", f"{{{CAC}}}ClassifiedTaxCategory")
        ]
        if codes:
            old, new = chance.choice(codes).text, chance.choice(_CATEGORIES)
            for element in codes:
                if element.text == old:
                    element.text = new
        return root

    def prune(self, root: etree._Element, chance: random.Random) -> etree._Element:
        """Leave out some children of an element."""
        holders = [element for element in root.iter(etree.Element) if len(element) > 1]
        holder = chance.choice(holders or [root])
        for child in list(holder):
            if chance.random() < 0.4:
                holder.remove(child)
        return root

    def other_root(self, root: etree._Element, _: random.Random) -> etree._Element:
        """Make a credit note of an invoice of UBL, and the other way round."""
        tag = _ROOTS.get(str(root.tag))
        if tag is None:
            return root
        space = etree.QName(tag).namespace
        other = etree.Element(tag, nsmap={None: space, "cac": CAC, "cbc": CBC})
        other.extend(list(root))
        for element in other.iterdescendants(etree.Element):
            name = etree.QName(element)
            renamed = (_NAMES if space == CREDIT_NOTE else _BACK).get(name.localname)
            if renamed is not None:
                element.tag = f"{{{name.namespace}}}{renamed}"
        return other


_Change = Callable[[Structures, etree._Element, random.Random], etree._Element]
_CHANGES: tuple[_Change, ...] = (
    *(Structures.graft, Structures.graft, Structures.graft, Structures.repeat),
    *(Structures.seldom, Structures.seldom, Structures.category, Structures.prune),
    Structures.other_root,
)


def _place(element: etree._Element) -> _Place:
    parent = element.getparent()
    return ("" if parent is None else str(parent.tag), str(element.tag))
