"""The directory in the ledger: replaced at once or not at all, looked up by many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import event

from config.directory import Service, Structure
from config.settings import Environment
from flows.ledger import DirectorySource, Ledger

A, B, C = "21999900000017", "26999900900013", "24999900400016"
DAY = date(2026, 9, 7)


def source(day: date = DAY) -> DirectorySource:
    return DirectorySource(day, "A. Martin", "s.csv", "aa", "v.csv", "bb", repaired=1, refused=2)


FULL = Structure(
    A, "Ville", "SIRET", False, True, True, True, True, True, "01000", "Bourg", services={}
)
SERVICES = [
    (A, Service("S1", "Achats", False, True, date(2020, 1, 1), date(2030, 12, 31))),
    (A, Service("S2")),
    (B, Service("S1", "Ailleurs")),
]


def names(ledger: Ledger, *identifiers: str) -> list[str]:
    view = ledger.directory_view(set(identifiers), max_age_days=30)
    assert view is not None
    return sorted(structure.name for structure in view.structures.values())


def test_without_an_import_there_is_no_directory(ledger: Ledger) -> None:
    assert ledger.directory_view({A}, max_age_days=30) is None
    assert ledger.directory_now() is None
    assert ledger.directory_imports() == []


def test_every_fact_comes_back(ledger: Ledger) -> None:
    made = ledger.replace_directory(source(), [FULL, Structure(B)], SERVICES)
    assert (made.structures, made.services, made.repaired, made.refused) == (2, 3, 1, 2)
    view = ledger.directory_view({A, B, C}, max_age_days=12)
    assert view is not None
    assert (view.dated, view.max_age_days, view.services_known) == (DAY, 12, True)
    assert view.asked == {A, B, C}
    assert set(view.structures) == {A, B}
    found = view.structures[A]
    assert dict(found.services) == {s.code: s for i, s in SERVICES if i == A}
    assert found == Structure(
        A, "Ville", "SIRET", False, True, True, True, True, True, "01000", "Bourg", found.services
    )
    assert view.structures[B].active


def test_only_the_services_asked_for_are_fetched(ledger: Ledger) -> None:
    ledger.replace_directory(source(), [FULL, Structure(B)], SERVICES)
    view = ledger.directory_view({A, B}, services={(A, "S2"), (B, "S2")}, max_age_days=30)
    assert view is not None
    assert {i: set(s.services) for i, s in view.structures.items()} == {A: {"S2"}, B: set()}


def test_a_directory_takes_the_place_of_the_former_one(ledger: Ledger) -> None:
    ledger.replace_directory(source(), [Structure(A, "old"), Structure(B, "gone")], SERVICES)
    ledger.replace_directory(source(date(2026, 9, 14)), [Structure(A, "new")], None)
    assert names(ledger, A, B) == ["new"]
    now = ledger.directory_now()
    assert now is not None
    assert (now.dated, now.services) == (date(2026, 9, 14), None)
    view = ledger.directory_view({A}, max_age_days=30)
    assert view is not None
    assert not view.services_known
    assert [each.dated.day for each in ledger.directory_imports()] == [14, 7]
    (first,) = [each for each in ledger.directory_imports() if each.dated == DAY]
    later = ledger.directory_now(until=first.imported_at)
    assert later == first
    told = [(e.actor, e.target, e.reason) for e in ledger.events(kind="directory")]
    assert told == [
        ("A. Martin", "2026-09-07", "2 structures, 3 services"),
        ("A. Martin", "2026-09-14", "1 structures, 0 services"),
    ]


def test_an_import_that_fails_half_way_leaves_the_former_one(ledger: Ledger) -> None:
    ledger.replace_directory(source(), [Structure(A, "kept")], None)

    def broken() -> Iterator[Structure]:
        yield Structure(B, "half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ledger.replace_directory(source(), broken(), None)
    assert names(ledger, A, B) == ["kept"]
    assert len(ledger.directory_imports()) == 1


def test_another_company_has_its_own_directory(ledger: Ledger, ledger_url: str) -> None:
    ledger.replace_directory(source(), [Structure(A, "ours")], None)
    with Ledger.open(
        ledger_url, environment=Environment.SANDBOX, company="other", emitter="AAA999"
    ) as other:
        assert other.directory_now() is None
        other.replace_directory(source(), [Structure(A, "theirs")], None)
        assert names(other, A) == ["theirs"]
    assert names(ledger, A) == ["ours"]


def test_many_recipients_cost_a_few_statements(ledger: Ledger) -> None:
    wanted = [f"{rank:014d}" for rank in range(500)]
    ledger.replace_directory(source(), (Structure(each, each) for each in wanted), None)
    statements: list[str] = []
    event.listen(
        ledger._engine, "before_cursor_execute", lambda *facts: statements.append(facts[2])
    )
    pairs = {(each, "S") for each in wanted}
    view = ledger.directory_view(set(wanted), services=pairs, max_age_days=30)
    assert view is not None
    assert len(view.structures) == 500
    assert len([each for each in statements if each.startswith("SELECT")]) <= 3
