"""Tables of a company file: what a table kept by accountants may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from config.company_tables import Enrichment, PaymentTerms

TABLE: dict[str, Any] = {
    "file": "clients.csv",
    "key": {"CF-CUSTOMER": "client"},
    "gives": {"BT-47": "siret", "BT-10": "service"},
}


def test_a_table_fills_what_is_missing_unless_it_says_otherwise() -> None:
    table = Enrichment.model_validate(TABLE)
    assert (table.when, table.unknown, table.sheet) == ("missing", "finding", None)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"key": {}}, "at least 1"),
        ({"gives": {}}, "at least 1"),
        ({"gives": {"BT-999": "x"}}, "'BT-999' is no business term"),
        ({"gives": {"BT-126": "x"}}, "'BT-126' is no business term of the document"),
        ({"gives": {"BT-84": "x"}}, "'BT-84' may come several times"),
        ({"gives": {"CF-CUSTOMER": "x"}}, "both in key and in gives"),
        ({"gives": {"CF-COMPANY": "x"}}, "has no place in an invoice"),
        ({"when": "sometimes"}, "when"),
        ({"columns": {}}, "columns"),
    ],
)
def test_a_wrong_table_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Enrichment.model_validate(TABLE | change)


@pytest.mark.parametrize("change", [{"days": -1}, {"days": 400}, {"day": 0}, {"day": 32}])
def test_wrong_terms_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        PaymentTerms.model_validate(change)
