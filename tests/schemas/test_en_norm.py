"""EN 16931: what the norm asks for beyond its validation artefacts."""

from __future__ import annotations

import pytest

from schemas.en16931.norm import NORM
from tests.support.ruled_invoice import SAMPLE, Changes, D, changed, hits


def test_something_to_pay_wants_a_date_or_terms() -> None:
    (hit,) = hits(NORM, changed({"due_date": None}))
    assert (hit.rule, hit.bt) == ("BR-CO-25", "BT-9")


@pytest.mark.parametrize(
    "changes", [{"payment_terms": "À réception"}, {"totals.due": D(0)}, {"totals.due": None}]
)
def test_terms_do_and_so_does_nothing_to_pay(changes: Changes) -> None:
    assert hits(NORM, SAMPLE) == []
    assert hits(NORM, changed({"due_date": None, **changes})) == []
