"""Strategies for invoices that hold what a target of the norm carries, in either syntax.

Left out is what a syntax has no place for: a second earlier invoice, a text and a note of the
payment means at once (CII), a department without a name (UBL), a kind of contract, a gross price
without a discount (both).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from transforms.invoice import (
    Address,
    AllowanceCharge,
    Contact,
    ContractReference,
    CreditTransfer,
    Delivery,
    DocumentReference,
    Identifier,
    Invoice,
    InvoiceLine,
    Item,
    Note,
    Party,
    Payment,
    Period,
    Price,
    SupportingDocument,
    Totals,
    VatBreakdown,
)

TEXTS = (
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Co", "Cs", "Zs", "Zl", "Zp"))
        | st.sampled_from(" <>&\"'#\n"),
        min_size=1,
        max_size=12,
    )
    .map(lambda text: text.strip().lstrip("#"))
    .filter(lambda text: text.strip() == text != "")
)
CODES = st.from_regex(r"[A-Z0-9]{3}", fullmatch=True)
DATES = st.dates(date(1950, 1, 1), date(2099, 12, 31))
AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
QUANTITIES = st.decimals(min_value=0, max_value=10**6, places=4)
RATES = st.sampled_from([Decimal(0), Decimal("5.5"), Decimal("20.00"), Decimal("2.1")])
PERIODS = st.builds(Period, start=DATES, end=st.none() | DATES, description=st.none() | TEXTS)


def maybe(strategy: SearchStrategy[object]) -> SearchStrategy[object]:
    return st.none() | strategy


def few(strategy: SearchStrategy[object]) -> SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


ADDRESSES = st.builds(
    Address,
    **{
        name: maybe(TEXTS)
        for name in ("line1", "line2", "line3", "city", "postcode", "subdivision")
    },
    country=st.sampled_from(["FR", "BE", "QQ"]),
)
SCHEMED = st.builds(Identifier, TEXTS, CODES)
LEGAL = st.builds(Identifier, TEXTS, st.sampled_from(["1", "2", "3", "4", "5", "6", "7"]))
CONTACTS = st.builds(
    Contact,
    name=TEXTS,
    **{name: maybe(TEXTS) for name in ("department", "phone", "fax", "email")},
)


def parties(*, named: bool = False) -> SearchStrategy[Party]:
    """Return parties; ``named`` leaves out what the norm has for seller and buyer only."""
    whole = st.builds(
        Party,
        name=TEXTS,
        trading_name=st.none() if named else maybe(TEXTS),
        identifiers=few(SCHEMED),
        legal_id=maybe(LEGAL),
        vat_id=maybe(TEXTS),
        tax_registration=maybe(TEXTS),
        legal_form=maybe(TEXTS),
        endpoint=maybe(SCHEMED),
        address=maybe(ADDRESSES),
        contact=maybe(CONTACTS),
    )
    return whole.map(_plain)


def _plain(party: Party) -> Party:
    # A trading name that is the name itself is no other name.
    return replace(party, trading_name=None) if party.trading_name == party.name else party


def allowances(*, of_line: bool = False) -> SearchStrategy[AllowanceCharge]:
    return st.builds(
        AllowanceCharge,
        is_charge=st.booleans(),
        amount=maybe(AMOUNTS),
        base=maybe(AMOUNTS),
        percent=maybe(RATES),
        vat_category=st.none() if of_line else maybe(CODES),
        vat_rate=st.none() if of_line else maybe(RATES),
        reason=maybe(TEXTS),
        reason_code=maybe(CODES),
    )


PRICES = st.builds(Price, net=AMOUNTS) | st.builds(
    Price,
    net=AMOUNTS,
    gross=AMOUNTS,
    discount=AMOUNTS.filter(bool),
    base_quantity=QUANTITIES,
    base_unit=CODES,
)
ITEMS = st.builds(
    Item,
    **{name: maybe(TEXTS) for name in ("name", "description", "seller_id", "buyer_id")},
    standard_id=maybe(SCHEMED),
    classifications=few(st.builds(Identifier, TEXTS, CODES, maybe(CODES))),
    origin_country=maybe(CODES),
    attributes=few(st.tuples(TEXTS, TEXTS)),
)
LINES = st.builds(
    InvoiceLine,
    **{name: maybe(TEXTS) for name in ("id", "note", "order_line", "accounting_reference")},
    **{name: maybe(TEXTS) for name in ("kind", "subkind", "delivery_site")},
    object_id=maybe(SCHEMED),
    quantity=QUANTITIES,
    unit=maybe(CODES),
    net=maybe(AMOUNTS),
    period=maybe(PERIODS),
    allowances=few(allowances(of_line=True)),
    price=PRICES,
    vat_category=maybe(CODES),
    vat_rate=maybe(RATES),
    item=ITEMS,
    delivery_date=maybe(DATES),
)
TRANSFERS = st.builds(
    CreditTransfer,
    account=TEXTS | st.just("FR7630006000011234567890189"),
    account_name=maybe(TEXTS),
    bank=maybe(TEXTS),
)
PAYMENTS = st.builds(
    Payment,
    means_code=CODES,
    note=maybe(TEXTS),
    remittance=maybe(TEXTS),
    transfers=few(TRANSFERS),
    card_number=maybe(TEXTS),
    mandate=maybe(TEXTS),
    creditor_id=maybe(TEXTS),
    debited_account=maybe(TEXTS),
)
TOTALS = st.builds(
    Totals,
    **{
        name: maybe(AMOUNTS)
        for name in (
            *("lines", "allowances", "charges", "without_vat", "vat", "vat_accounting"),
            *("with_vat", "paid", "rounding", "due"),
        )
    },
)
GROUPS = st.builds(
    VatBreakdown,
    taxable=maybe(AMOUNTS),
    tax=maybe(AMOUNTS),
    category=maybe(CODES),
    rate=maybe(RATES),
    reason=maybe(TEXTS),
    reason_code=maybe(CODES),
)
DOCUMENTS = st.builds(
    SupportingDocument, reference=TEXTS, description=maybe(TEXTS), uri=maybe(TEXTS)
)
REFERENCES = st.builds(DocumentReference, number=TEXTS, issue_date=maybe(DATES))

INVOICES = st.builds(
    Invoice,
    number=TEXTS,
    issue_date=DATES,
    type_code=st.sampled_from(["380", "381"]),
    currency=st.just("EUR"),
    vat_currency=st.just("CHF"),
    tax_point_date=maybe(DATES),
    vat_point_code=maybe(st.sampled_from(["5", "29", "72"])),
    due_date=maybe(DATES),
    contract=maybe(
        st.builds(ContractReference, number=TEXTS, kind=st.none(), issue_date=maybe(DATES))
    ),
    order=maybe(REFERENCES),
    **{
        name: maybe(TEXTS)
        for name in (
            *("buyer_reference", "project", "sales_order", "receiving_advice"),
            *("despatch_advice", "tender", "accounting_reference", "payment_terms", "process"),
        )
    },
    object_id=maybe(SCHEMED),
    notes=few(st.builds(Note, text=TEXTS, subject_code=maybe(CODES))),
    specification=TEXTS,
    preceding=st.lists(REFERENCES, max_size=1).map(tuple),
    seller=parties(),
    buyer=parties(),
    payee=maybe(parties(named=True)),
    tax_representative=maybe(parties(named=True)),
    validator=maybe(parties(named=True)),
    delivery=maybe(
        st.builds(
            Delivery,
            name=maybe(TEXTS),
            location_id=maybe(SCHEMED),
            date=DATES,
            address=maybe(ADDRESSES),
        )
    ),
    period=maybe(PERIODS),
    payment=maybe(PAYMENTS),
    allowances=few(allowances()),
    totals=TOTALS,
    vat=st.lists(GROUPS, min_size=1, max_size=2).map(tuple),
    documents=few(DOCUMENTS),
    lines=few(LINES),
)
