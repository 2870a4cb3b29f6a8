"""The semantic model of an invoice: EN 16931 (BT and BG numbers) plus Chorus Pro's own terms.

Everything is immutable and everything may be absent: a reader fills what is there, the rules say
what is missing. Amounts, quantities, prices and rates are :class:`~decimal.Decimal` as read;
identifiers and codes are text. Source of the terms: EN 16931-1:2017; of the Chorus Pro terms:
AIFE, pivot schema ``CPPFacturePivot`` V2_02 and the commented samples FSO1116A and FSO1117A.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from transforms.finding import NOWHERE, Location
from transforms.frozen import made_fast


@made_fast
@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier with its scheme. ``scheme`` is the scheme of the *model*, not of a syntax.

    For the legal identifier of a party (BT-30, BT-47) the scheme is Chorus Pro's identifier type
    (``1`` SIRET, ``2`` EU VAT number, ``3`` outside the EU, ``4`` RIDET, ``5`` TAHITI,
    ``6`` being registered, ``7`` private person): the writers turn it into the schemeID or
    schemeName that the target asks for. Elsewhere it is the code of the list named by the term.
    """

    value: str
    scheme: str | None = None
    scheme_version: str | None = None


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Postal address: BG-5 (seller), BG-8 (buyer), BG-12, BG-15, or Chorus Pro's own ones."""

    line1: str | None = None  # BT-35, BT-50, BT-64, BT-75
    line2: str | None = None  # BT-36, BT-51, BT-65, BT-76
    line3: str | None = None  # BT-162, BT-163, BT-164, BT-165
    city: str | None = None  # BT-37, BT-52, BT-66, BT-77
    postcode: str | None = None  # BT-38, BT-53, BT-67, BT-78
    subdivision: str | None = None  # BT-39, BT-54, BT-68, BT-79
    country: str | None = None  # BT-40, BT-55, BT-69, BT-80; ISO 3166-1 alpha-2


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Contact of a party: BG-6 (seller), BG-9 (buyer); department and fax are Chorus Pro's."""

    name: str | None = None  # BT-41, BT-56
    department: str | None = None  # BT-41, BT-56; Chorus Pro: nom du service
    phone: str | None = None  # BT-42, BT-57
    fax: str | None = None  # Chorus Pro: télécopie
    email: str | None = None  # BT-43, BT-58


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party: BG-4 seller, BG-7 buyer, BG-10 payee, BG-11 tax representative, or valideur."""

    name: str | None = None  # BT-27, BT-44, BT-59, BT-62
    trading_name: str | None = None  # BT-28, BT-45
    identifiers: tuple[Identifier, ...] = ()  # BT-29, BT-46, BT-60; scheme: ISO 6523 ICD code
    legal_id: Identifier | None = None  # BT-30, BT-47, BT-61
    vat_id: str | None = None  # BT-31, BT-48, BT-63
    tax_registration: str | None = None  # BT-32
    legal_form: str | None = None  # BT-33; Chorus Pro: note of the party
    endpoint: Identifier | None = None  # BT-34, BT-49
    address: Address | None = None  # BG-5, BG-8, BG-12
    trading_address: Address | None = None  # Chorus Pro: adresse commerciale
    contact: Contact | None = None  # BG-6, BG-9
    service_code: str | None = None  # Chorus Pro: code service of the supplier (not BT-10)


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """BG-1: BT-21 subject code (UNTDID 4451) and BT-22 text."""

    text: str | None = None
    subject_code: str | None = None


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReference:
    """A referenced document: number and date (BT-12, BT-13, BT-25/26...)."""

    number: str | None = None
    issue_date: date | None = None


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class ContractReference:
    """BT-12 with Chorus Pro's kind: ``BC`` marché, ``CT`` contrat, None unsaid (read as marché)."""

    number: str | None = None
    kind: str | None = None
    issue_date: date | None = None


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """BG-14 invoicing period or BG-26 line period."""

    start: date | None = None  # BT-73, BT-134
    end: date | None = None  # BT-74, BT-135
    description: str | None = None  # Chorus Pro: description de période


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """BG-13 delivery information with BG-15 address."""

    name: str | None = None  # BT-70
    location_id: Identifier | None = None  # BT-71
    date: date | None = None  # BT-72
    address: Address | None = None  # BG-15


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer:
    """BG-17: account to be credited."""

    account: str | None = None  # BT-84, IBAN or national account number
    account_name: str | None = None  # BT-85; Chorus Pro: raison sociale de l'encaisseur
    bank: str | None = None  # BT-86, BIC


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """BG-16 payment instructions, with BG-17 transfers, BG-18 card and BG-19 direct debit."""

    means_code: str | None = None  # BT-81, UNTDID 4461
    means_text: str | None = None  # BT-82
    note: str | None = None  # Chorus Pro: note de paiement
    remittance: str | None = None  # BT-83
    transfers: tuple[CreditTransfer, ...] = ()  # BG-17
    card_number: str | None = None  # BT-87
    card_holder: str | None = None  # BT-88
    mandate: str | None = None  # BT-89
    creditor_id: str | None = None  # BT-90
    debited_account: str | None = None  # BT-91


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceCharge:
    """BG-20/BG-21 at document level, BG-27/BG-28 at line level."""

    is_charge: bool
    amount: Decimal | None = None  # BT-92, BT-99, BT-136, BT-141
    base: Decimal | None = None  # BT-93, BT-100, BT-137, BT-142
    percent: Decimal | None = None  # BT-94, BT-101, BT-138, BT-143
    vat_category: str | None = None  # BT-95, BT-102
    vat_rate: Decimal | None = None  # BT-96, BT-103
    reason: str | None = None  # BT-97, BT-104, BT-139, BT-144
    reason_code: str | None = None  # BT-98, BT-105, BT-140, BT-145


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """BG-22 document totals."""

    lines: Decimal | None = None  # BT-106
    allowances: Decimal | None = None  # BT-107
    charges: Decimal | None = None  # BT-108
    without_vat: Decimal | None = None  # BT-109
    vat: Decimal | None = None  # BT-110
    vat_accounting: Decimal | None = None  # BT-111, in BT-6
    with_vat: Decimal | None = None  # BT-112
    paid: Decimal | None = None  # BT-113
    rounding: Decimal | None = None  # BT-114
    due: Decimal | None = None  # BT-115


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class VatBreakdown:
    """BG-23: one group per category, rate and reason."""

    taxable: Decimal | None = None  # BT-116
    tax: Decimal | None = None  # BT-117
    category: str | None = None  # BT-118, UNTDID 5305
    rate: Decimal | None = None  # BT-119
    reason: str | None = None  # BT-120
    reason_code: str | None = None  # BT-121


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class SupportingDocument:
    """BG-24: a supporting document or attachment.

    ``content`` holds the bytes of the file itself (never the ZIP or the base64); None while the
    file has not been read, or when the document is only referenced.
    """

    reference: str | None = None  # BT-122
    description: str | None = None  # BT-123
    uri: str | None = None  # BT-124
    filename: str | None = None  # BT-125-2
    mime: str | None = None  # BT-125-1
    kind: str | None = None  # Chorus Pro: type de pièce jointe (01 invoice, 02 complementary)
    content: bytes | None = field(default=None, repr=False)


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """BG-31 item information."""

    name: str | None = None  # BT-153
    description: str | None = None  # BT-154
    seller_id: str | None = None  # BT-155
    buyer_id: str | None = None  # BT-156
    standard_id: Identifier | None = None  # BT-157, scheme ISO 6523
    classifications: tuple[Identifier, ...] = ()  # BT-158, scheme UNTDID 7143
    origin_country: str | None = None  # BT-159
    attributes: tuple[tuple[str, str], ...] = ()  # BG-32: BT-160, BT-161


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """BG-29 price details, per item, without VAT."""

    net: Decimal | None = None  # BT-146
    discount: Decimal | None = None  # BT-147
    gross: Decimal | None = None  # BT-148
    base_quantity: Decimal | None = None  # BT-149
    base_unit: str | None = None  # BT-150


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """BG-25 invoice line."""

    id: str | None = None  # BT-126
    note: str | None = None  # BT-127
    object_id: Identifier | None = None  # BT-128
    quantity: Decimal | None = None  # BT-129
    unit: str | None = None  # BT-130, UN/ECE Rec 20/21
    net: Decimal | None = None  # BT-131
    order_line: str | None = None  # BT-132
    accounting_reference: str | None = None  # BT-133
    period: Period | None = None  # BG-26
    allowances: tuple[AllowanceCharge, ...] = ()  # BG-27 and BG-28
    price: Price = field(default_factory=Price)  # BG-29
    vat_category: str | None = None  # BT-151
    vat_rate: Decimal | None = None  # BT-152
    item: Item = field(default_factory=Item)  # BG-31
    kind: str | None = None  # Chorus Pro: type de ligne (INFORMATION, REGROUPEMENT)
    subkind: str | None = None  # Chorus Pro: sous-type de ligne
    delivery_date: date | None = None  # Chorus Pro: date de livraison of the line
    delivery_site: str | None = None  # Chorus Pro: identifiant du site de livraison of the line


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the values of an invoice were read.

    ``columns`` maps a business term to the ERP column it was read from (shared by all invoices of
    one profile); ``lines`` gives the physical line of each BG-25, in order. ``elsewhere`` holds the
    place of the terms that another file gave (``transforms.enrichment``).
    """

    file: str
    line: int
    columns: Mapping[str, str]
    lines: tuple[int, ...] = ()
    lines_file: str | None = None
    elsewhere: Mapping[str, Location] = field(default_factory=dict)

    def locate(self, bt: str | None, index: int | None = None, rank: int | None = None) -> Location:
        """Return the place of ``bt`` in the header, or in the line of rank ``index`` (from 0).

        ``rank`` is that of the group of ``bt``: an extract does not tell groups apart, an XML does
        (``transforms.reading``).
        """
        if bt is not None and index is None and bt in self.elsewhere:
            return self.elsewhere[bt]
        column = self.columns.get(bt) if bt else None
        if index is not None and index < len(self.lines):
            return Location(self.lines_file or self.file, self.lines[index], column)
        return Location(self.file, self.line, column)


@made_fast
@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice (380) or a credit note (381) to a public body."""

    number: str | None = None  # BT-1
    issue_date: date | None = None  # BT-2
    type_code: str | None = None  # BT-3, UNTDID 1001
    currency: str | None = None  # BT-5, ISO 4217
    vat_currency: str | None = None  # BT-6
    tax_point_date: date | None = None  # BT-7
    vat_point_code: str | None = None  # BT-8: "5" débits, "29" livraison, "72" encaissements
    due_date: date | None = None  # BT-9
    buyer_reference: str | None = None  # BT-10; Chorus Pro: code service of the buyer
    project: str | None = None  # BT-11
    contract: ContractReference | None = None  # BT-12; Chorus Pro: numéro de marché or contrat
    order: DocumentReference | None = None  # BT-13; Chorus Pro: numéro d'engagement
    sales_order: str | None = None  # BT-14
    receiving_advice: str | None = None  # BT-15
    despatch_advice: str | None = None  # BT-16
    tender: str | None = None  # BT-17
    object_id: Identifier | None = None  # BT-18
    accounting_reference: str | None = None  # BT-19
    payment_terms: str | None = None  # BT-20
    notes: tuple[Note, ...] = ()  # BG-1
    process: str | None = None  # BT-23; Chorus Pro: cadre de facturation (A1...)
    specification: str | None = None  # BT-24
    preceding: tuple[DocumentReference, ...] = ()  # BG-3: BT-25, BT-26
    seller: Party = field(default_factory=Party)  # BG-4
    buyer: Party = field(default_factory=Party)  # BG-7
    payee: Party | None = None  # BG-10; Chorus Pro: encaisseur, factor
    tax_representative: Party | None = None  # BG-11
    validator: Party | None = None  # Chorus Pro: valideur (titulaire or mandataire)
    delivery: Delivery | None = None  # BG-13
    period: Period | None = None  # BG-14
    payment: Payment | None = None  # BG-16
    allowances: tuple[AllowanceCharge, ...] = ()  # BG-20 and BG-21
    totals: Totals = field(default_factory=Totals)  # BG-22
    vat: tuple[VatBreakdown, ...] = ()  # BG-23
    documents: tuple[SupportingDocument, ...] = ()  # BG-24
    lines: tuple[InvoiceLine, ...] = ()  # BG-25
    provenance: Provenance | None = field(default=None, compare=False, repr=False)

    def locate(self, bt: str | None, index: int | None = None, rank: int | None = None) -> Location:
        """Return where ``bt`` was read (line ``index`` for a line term, ``rank`` of its group)."""
        return self.provenance.locate(bt, index, rank) if self.provenance else NOWHERE
