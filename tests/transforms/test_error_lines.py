"""Whom an error line means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.error_lines import Member, attribute
from transforms.statuses import ErrorLine

FLOW = "ABC1231106000000000000101"
IDS = tuple(f"ABC1231106{101 + rank:015d}" for rank in range(4))
MEMBERS = tuple(
    Member(row, IDS[row - 1], number)
    for row, number in enumerate(("FA-2026-0001", "FA-2026-0002", "AV-2026-0003"), 1)
)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("Facture FA-2026-0001 : SIRET inconnu", 1),
        ("La facture FA-2026-0001 est rejetee.", 1),
        ("rejet (FA-2026-0001)", 1),
        ("FA-2026-0001", 1),
        (f"fichier FSO1106A_ABC123_{IDS[1]}.xml refuse", 2),
        (f"fichier FSO1106A_ABC123_{IDS[0]}.xml refuse", 1),
        (f"membre {IDS[1]} : la facture d'origine FA-2026-0001 est inconnue", 2),
        ("Facture FA-2026-00012 : SIRET inconnu", None),
        ("Facture XFA-2026-0001 : SIRET inconnu", None),
        ("Facture FA-2026-0001-B : SIRET inconnu", None),
        ("Facture fa-2026-0001 : SIRET inconnu", None),
        ("FA-2026-0001 et FA-2026-0002", None),
        ("La facture d'origine FA-2026-0001 est inconnue", None),
        ("La valeur 'FA-2026-0001' du champ reference est fausse", None),
        ("doublon de FA-2026-0001", None),
        (f"le flux {FLOW} est refuse", None),
        ("L'element est obligatoire", None),
        ("", None),
        ("x" * 178 + " FA-2026-0001", None),  # 191 characters: the number may be cut
        ("x" * 100 + " FA-2026-0001", 1),
    ],
)
def test_a_line_names_a_member_only_for_sure(text: str, row: int | None) -> None:
    line = ErrorLine(label=text)
    named, left = attribute([line], FLOW, MEMBERS)
    assert named == ({row: (line,)} if row else {})
    assert left == (() if row else (line,))


@pytest.mark.parametrize(
    ("number", "text", "named"),
    [
        ("20", "ne doit pas depasser 20 caracteres", False),
        ("20", "Facture n° 20 : ne doit pas depasser 20 caracteres", True),
        ("20", "facture 20", True),
        ("ID", "Le champ FichierXml.ExchangedDocument.ID.value est vide", False),
        ("1200", "total 1200.50 faux", False),
        ("202600", "flux 202600 : rejet", True),
        ("F 12", "facture F 12 rejetee", True),
        ("A+B/C", "facture A+B/C rejetee", True),
    ],
)
def test_a_number_that_is_also_a_common_word_needs_an_introduction(
    number: str, text: str, named: bool
) -> None:
    members = [Member(1, FLOW, number), Member(2, IDS[1], "OTHER-1")]
    assert bool(attribute([ErrorLine(label=text)], FLOW, members)[0]) is named


def test_the_longest_number_wins() -> None:
    members = [Member(1, FLOW, "F 1"), Member(2, IDS[1], "F 1 2")]
    named, _ = attribute([ErrorLine(label="facture F 1 2 rejetee")], FLOW, members)
    assert list(named) == [2]


def test_one_number_of_two_sellers_in_one_flow_names_nobody() -> None:
    members = [Member(1, FLOW, "F-1001"), Member(2, IDS[1], "F-1001")]
    assert attribute([ErrorLine(label="facture F-1001 rejetee")], FLOW, members)[0] == {}


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=20), max_size=4))
def test_no_text_and_no_number_breaks_the_search(text: str, numbers: list[str]) -> None:
    members = [Member(rank, IDS[rank], number) for rank, number in enumerate(numbers)]
    named, left = attribute([ErrorLine(label=text, description=text)], FLOW, members)
    assert len(left) + sum(map(len, named.values())) == 1
