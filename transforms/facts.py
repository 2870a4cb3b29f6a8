"""What an XML invoice says beyond the model, as far as a rule asks for it.

The official rules of EN 16931 test elements, not terms: an empty element exists, a category may
stand under another tax scheme, a document may hold three tax totals. The readers note such facts
beside the invoice; a rule consults them where the model alone does not decide. An invoice that
comes from an extract has none of them: :data:`NO_FACTS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from transforms.frozen import made_fast
from transforms.invoice import VatBreakdown

#: A business term (or group) and its ranks, from 0: ``("BT-131", 2)`` is BT-131 of the third line.
Key: TypeAlias = tuple[str | int, ...]

#: What XML counts as blank (XML 1.0, production 3; XPath, fn:normalize-space): Python strips more,
#: such as the no-break space, which is a character like another in a code or a number.
BLANKS: Final = " \t\r\n"

_BLANK: Final = re.compile(f"[{BLANKS}]+")

_NO_TEXTS: Mapping[Key, str] = MappingProxyType({})


def _no_texts() -> Mapping[Key, str]:
    return _NO_TEXTS


#: Categories whose groups the artefact judges by their own family alone: their rules come first
#: in its pattern and hide the general ones (BR-45 to BR-48, BR-CO-03, BR-CO-17, BR-DEC-19, 20).
HIDDEN_GROUPS: Final = frozenset({"O", "L", "M"})


def normalized(text: str) -> str:
    """Return ``text`` as fn:normalize-space does: without blanks around, one where several are."""
    return _BLANK.sub(" ", text.strip(BLANKS))


class CodeUse(NamedTuple):
    """A code where the artefacts look for one: rule, name of the list, value as written."""

    rule: str
    codes: str
    value: str
    bt: str
    line: int | None = None


class TaxTotal(NamedTuple):
    """A total of VAT: currency and amount (BT-110 or BT-111), ranks of its groups (BG-23)."""

    currency: str | None
    amount: Decimal | None
    groups: tuple[int, ...] = ()


class Means(NamedTuple):
    """One payment means (BG-16): its code as written, and what is said of its account (BT-84)."""

    code: str | None
    account: bool = False
    """There is an account (BG-17)."""
    identifier: bool = False
    """The account has an element for its identifier, be it blank."""
    filled: bool = False
    """That identifier is not blank."""
    card: str | None = None
    """Number of a card (BT-87)."""


class ExtraTax(NamedTuple):
    """A tax category that the model has no place for: a second one, or one that stands elsewhere.

    The group tells what it is a category of: a line (BG-25; a sub-line has no rank), an allowance
    or charge of the document (BG-20, BG-21, with its rank among them), another one (BG-27, BG-28),
    one that does not tell which (BG-20 without rank), or, when blank, anything else.
    """

    category: str
    """As written; blank when there is none."""
    vat: bool
    group: str = ""
    rank: int | None = None
    rate: Decimal | None = None
    rated: bool = False
    """The rate has an element, be it blank."""
    told: bool = True
    """The category has an element, be it blank."""


class Registrations(NamedTuple):
    """Which identifiers of the parties are there, as the VAT families ask for them."""

    seller_vat: bool = False
    seller_any: bool = False
    """BT-31 or BT-32."""
    representative_vat: bool = False
    buyer_vat: bool = False
    buyer_legal: bool = False
    seller_known: bool = False
    """The seller has an identifier that BR-CO-26 takes."""


class InnerGroup(NamedTuple):
    """A VAT group inside a line (UBL): the norm has no place for it, some rules look at it."""

    group: VatBreakdown
    facts: Facts
    """What the group says beyond the model, under rank 0."""
    line: int | None = None


class Property(NamedTuple):
    """An item attribute (BG-32): whether its name and its value are there."""

    name: bool
    value: bool
    line: int | None = None


class Unschemed(NamedTuple):
    """An identifier without the scheme that its term asks for."""

    bt: str
    value: str
    line: int | None = None


class Elsewhere(NamedTuple):
    """A term that an UBL gives in the place of EN 16931 only, not in that of Chorus Pro."""

    bt: str
    value: str
    found: str
    expected: str


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """See the module. Every field has the value that an invoice from an extract has."""

    from_xml: bool = False
    there: frozenset[Key] = frozenset()
    """Groups that are there, and terms whose element is there without a usable value.

    The tax of category ``BT-151`` has the name ``BT-151-TAX``, be its category there or not.
    """
    texts: Mapping[Key, str] = field(default_factory=_no_texts)
    """Values as written: those that are no number or date, or have blanks around."""
    foreign: frozenset[Key] = frozenset()
    """VAT categories (BT-95, BT-102, BT-118, BT-151) under a tax scheme that is not VAT."""
    unformatted: frozenset[Key] = frozenset()
    """Dates without format 102 (CII)."""
    indicators: Mapping[Key, str] = field(default_factory=_no_texts)
    """Allowances and charges (BG-20, BG-27) whose indicator is not written true or false."""
    codes: tuple[CodeUse, ...] = ()
    tax_totals: tuple[TaxTotal, ...] = ()
    means: tuple[Means, ...] = ()
    registrations: Registrations = field(default_factory=Registrations)
    extra_taxes: tuple[ExtraTax, ...] = ()
    inner_groups: tuple[InnerGroup, ...] = ()
    properties: tuple[Property, ...] = ()
    unschemed: tuple[Unschemed, ...] = ()
    vat_numbers: tuple[tuple[str, str], ...] = ()
    """Business term and text of each VAT number."""
    blank_references: int = 0
    """Supporting documents and invoiced objects without a reference (BT-122)."""
    preceding_without_number: int = 0
    """Earlier invoices (BG-3) without a number (BT-25)."""
    payee_is_seller: bool = False
    sites_without_country: int = 0
    """Delivery addresses (BG-15) without a country (BT-80)."""
    vat_point_told_twice: bool = False
    """BT-7 and BT-8 are both there."""
    vat_point_in_period: bool = False
    """UBL: the invoicing period holds BT-8."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """UBL: terms that Chorus Pro has a place of its own for, and that stand elsewhere."""
    period_told: bool = False
    """UBL: the invoicing period holds anything, be it BT-8 only."""

    def has(self, bt: str, *ranks: int) -> bool:
        """Whether the element of a term that the model lacks is there all the same."""
        return (bt, *ranks) in self.there

    def written(self, bt: str, value: str | None) -> str:
        """Return a term of the document as written, with the blanks around it."""
        return self.texts.get((bt,), value or "") if self.texts else value or ""


#: The facts of an invoice that comes from an extract: none.
NO_FACTS: Final = Facts()
