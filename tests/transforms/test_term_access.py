"""Business terms of an invoice that is built already."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from config.terms import TermError, registry
from transforms.invoice import ContractReference, Identifier, Invoice, Party
from transforms.term_access import value_of, with_value

SINGLE = [
    term.id
    for term in registry().terms.values()
    if term.level == "document" and term.group is None and term.path is not None
]
SAMPLES: dict[str, Any] = {"date": date(2026, 11, 23), "amount": Decimal("1.50")}


def sample(term_id: str) -> Any:
    return SAMPLES.get(registry().terms[term_id].kind, "11000201100044")


@pytest.mark.parametrize("term_id", SINGLE)
def test_every_single_term_can_be_set_and_read_back(term_id: str) -> None:
    invoice = Invoice()
    if term_id.endswith(("-1", "-TYPE")) and registry().terms[term_id].path.endswith(".scheme"):
        invoice = with_value(invoice, _identifier_of(term_id), "X")
    assert value_of(Invoice(), term_id) is None
    assert value_of(with_value(invoice, term_id, sample(term_id)), term_id) == sample(term_id)


def _identifier_of(scheme: str) -> str:
    path = str(registry().terms[scheme].path).replace(".scheme", ".value")
    return next(term.id for term in registry().terms.values() if term.path == path)


def test_what_is_not_changed_is_kept_and_the_old_invoice_too() -> None:
    before = Invoice(buyer=Party(name="Ville"), contract=ContractReference(kind="CT"))
    after = with_value(with_value(before, "BT-12", "M-1"), "BT-48", "FR1")
    assert after.contract == ContractReference(number="M-1", kind="CT")
    assert after.buyer == Party(name="Ville", vat_id="FR1")
    assert before.contract == ContractReference(kind="CT")
    assert after.seller is before.seller


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (None, "11000201100044", Identifier("11000201100044", "1")),
        (None, "FR32123456789", Identifier("FR32123456789")),
        (Identifier("FR1", "2"), "11000201100044", Identifier("11000201100044", "1")),
        (Identifier("11000201100044", "1"), "FR1", Identifier("FR1")),
        (Identifier("FR1", "2"), "FR2", Identifier("FR2", "2")),
    ],
)
def test_a_siret_brings_its_identifier_type(
    before: Identifier | None, value: str, after: Identifier
) -> None:
    invoice = Invoice(buyer=Party(legal_id=before))
    assert with_value(invoice, "BT-47", value).buyer.legal_id == after


def test_other_identifiers_keep_their_scheme() -> None:
    invoice = Invoice(object_id=Identifier("A", "AAB"))
    assert with_value(invoice, "BT-18", "11000201100044").object_id == Identifier(
        "11000201100044", "AAB"
    )


def test_a_type_without_an_identifier_says_nothing() -> None:
    assert with_value(Invoice(), "BT-47-1", "2") == Invoice()
    assert with_value(Invoice(), "BT-71-1", "0088") == Invoice()


@pytest.mark.parametrize("term_id", ["BT-126", "BT-92", "BT-84", "CF-CUSTOMER", "BT-999"])
def test_a_term_without_a_single_place_is_refused(term_id: str) -> None:
    with pytest.raises(TermError):
        value_of(Invoice(), term_id)
