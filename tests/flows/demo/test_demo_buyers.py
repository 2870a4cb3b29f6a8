"""The buyers of the demo, held against the sandbox's directory."""

from __future__ import annotations

import pytest
from stdnum.fr import siret

from flows.demo.buyers import BUYERS, Buyer, Wants, any_buyer, by_siret, references
from flows.demo.dice import Dice
from flows.sandbox import load_directory

_FLAGS = {
    Wants.NOTHING: (False, False, False),
    Wants.SERVICE: (True, False, False),
    Wants.ENGAGEMENT: (False, True, False),
    Wants.BOTH: (True, True, False),
    Wants.EITHER: (False, False, True),
}


@pytest.mark.parametrize("buyer", BUYERS, ids=lambda buyer: buyer.siret)
def test_a_buyer_wants_what_the_directory_says(buyer: Buyer) -> None:
    structure = load_directory().find(buyer.siret)
    assert structure is not None
    assert structure.active
    assert _FLAGS[buyer.wants] == (
        structure.service_required,
        structure.engagement_required,
        structure.service_or_engagement,
    )
    for site in filter(lambda site: site.code, buyer.services):
        service = structure.service(site.code)
        assert service is not None
        assert service.active
        assert service.engagement_required == site.both
    assert siret.is_valid(buyer.siret)


@pytest.mark.parametrize("buyer", BUYERS, ids=lambda buyer: buyer.siret)
def test_references_are_those_the_buyer_wants(buyer: Buyer) -> None:
    dice = Dice(5)
    for site in buyer.services:
        for _ in range(20):
            service, engagement = references(buyer, site, dice)
            wanted = buyer.wants in (Wants.ENGAGEMENT, Wants.BOTH) or site.both
            assert bool(engagement) == wanted or buyer.wants is Wants.EITHER
            assert service in ("", site.code)
            if buyer.wants is Wants.EITHER:
                assert service or engagement


def test_a_buyer_with_more_weight_comes_more_often() -> None:
    dice = Dice(2)
    drawn = [any_buyer(dice).siret for _ in range(2000)]
    assert drawn.count(BUYERS[2].siret) > drawn.count(BUYERS[4].siret) > 0
    assert by_siret(BUYERS[2].siret) is BUYERS[2]
