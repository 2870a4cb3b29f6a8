"""Due dates of payment terms."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.company_tables import PaymentTerms
from transforms.payment_terms import due_date

TERMS = st.builds(
    PaymentTerms,
    days=st.integers(0, 366),
    end_of_month=st.booleans(),
    day=st.none() | st.integers(1, 31),
)
DATES = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("terms", "issued", "due"),
    [
        ({}, "2026-11-23", "2026-11-23"),
        ({"days": 30}, "2026-11-23", "2026-12-23"),
        ({"days": 30}, "2026-12-15", "2027-01-14"),
        # 45 jours fin de mois
        ({"days": 45, "end_of_month": True}, "2026-11-23", "2027-01-31"),
        ({"days": 45, "end_of_month": True}, "2026-01-10", "2026-02-28"),
        ({"days": 45, "end_of_month": True}, "2028-01-10", "2028-02-29"),
        ({"days": 30, "end_of_month": True}, "2026-03-31", "2026-04-30"),
        # fin de mois
        ({"end_of_month": True}, "2026-11-30", "2026-11-30"),
        ({"end_of_month": True}, "2028-02-01", "2028-02-29"),
        # fin de mois le 10
        ({"end_of_month": True, "day": 10}, "2026-11-23", "2026-12-10"),
        ({"days": 30, "end_of_month": True, "day": 10}, "2026-11-23", "2027-01-10"),
        ({"days": 60, "end_of_month": True, "day": 15}, "2026-12-31", "2027-04-15"),
        # le 10, without the end of the month
        ({"day": 10}, "2026-11-09", "2026-11-10"),
        ({"day": 10}, "2026-11-10", "2026-11-10"),
        ({"day": 10}, "2026-11-11", "2026-12-10"),
        ({"day": 10}, "2026-12-11", "2027-01-10"),
        ({"days": 30, "day": 5}, "2026-11-23", "2027-01-05"),
        # a day that short months do not have
        ({"day": 31}, "2026-02-03", "2026-02-28"),
        ({"day": 31}, "2028-02-29", "2028-02-29"),
        ({"day": 31, "end_of_month": True}, "2026-04-12", "2026-04-30"),
        ({"day": 30, "end_of_month": True}, "2026-01-12", "2026-02-28"),
    ],
)
def test_terms_say_when_an_invoice_falls_due(
    terms: dict[str, object], issued: str, due: str
) -> None:
    found = due_date(PaymentTerms.model_validate(terms), date.fromisoformat(issued))
    assert found.isoformat() == due


@given(TERMS, DATES)
def test_an_invoice_never_falls_due_before_its_days_are_over(
    terms: PaymentTerms, issued: date
) -> None:
    due = due_date(terms, issued)
    earliest = issued + timedelta(days=terms.days)
    assert earliest <= due <= earliest + timedelta(days=62)


@given(TERMS, DATES)
def test_a_later_invoice_never_falls_due_earlier(terms: PaymentTerms, issued: date) -> None:
    assert due_date(terms, issued) <= due_date(terms, issued + timedelta(days=1))
