"""What the reports of a flow say of each invoice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import FlowOutcome
from transforms.return_time import read_stamp
from transforms.returns import ErrorLine, FlowStatusReport
from transforms.settlement import (
    Fate,
    FlowFate,
    Member,
    Settlement,
    attribute,
    bare_flow_id,
    outcome_of,
    settle,
)

PARIS = ZoneInfo("Europe/Paris")
FLOW = "ABC1231106000000000000101"
IDS = tuple(f"ABC1231106{101 + rank:015d}" for rank in range(4))
MEMBERS = tuple(
    Member(row, IDS[row - 1], number)
    for row, number in enumerate(("FA-2026-0001", "FA-2026-0002", "AV-2026-0003"), 1)
)


def report(
    code: int, *lines: str | ErrorLine, of: str = FLOW, at: int = 0, announced: int | None = None
) -> FlowStatusReport:
    errors = tuple(ErrorLine(label=x) if isinstance(x, str) else x for x in lines)
    return FlowStatusReport(
        flow_id=of,
        raw_code=str(code),
        code=code,
        stamp=read_stamp(f"2026-03-02T01:{at:02d}:00+01:00", PARIS),
        errors=errors,
        announced_errors=len(errors) if announced is None and errors else announced,
    )


def settled(
    *reports: FlowStatusReport,
    members: Sequence[Member] = MEMBERS,
    confirmed: Collection[int] = (),
    overrides: Mapping[int, FlowOutcome] | None = None,
) -> Settlement:
    return settle(FLOW, members, reports, confirmed=confirmed, overrides=overrides or {})


def fates(settlement: Settlement) -> list[str]:
    return [settlement.verdicts[member].fate.value for member in sorted(settlement.verdicts)]


YES, NO, LOST, WAIT = "integrated", "rejected", "outcome_unknown", "pending"


@pytest.mark.parametrize(
    ("reports", "expected", "flow"),
    [
        pytest.param([], [WAIT, WAIT, WAIT], FlowFate.PENDING, id="no report"),
        pytest.param([report(90)], [YES, YES, YES], FlowFate.INTEGRATED, id="received"),
        pytest.param([report(91)], [WAIT, WAIT, WAIT], FlowFate.PENDING, id="under way"),
        pytest.param([report(92)], [WAIT, WAIT, WAIT], FlowFate.PENDING, id="with the recipient"),
        pytest.param([report(93)], [NO, NO, NO], FlowFate.REJECTED, id="refused, no line"),
        pytest.param(
            [report(94)], [LOST, LOST, LOST], FlowFate.INCIDENT, id="recipient could not receive"
        ),
        pytest.param(
            [report(95)], [LOST, LOST, LOST], FlowFate.INCIDENT, id="could not be passed on"
        ),
        pytest.param([report(96)], [LOST, LOST, LOST], FlowFate.PARTIAL, id="partial, no line"),
        pytest.param([report(97)], [WAIT, WAIT, WAIT], FlowFate.PENDING, id="unknown code"),
        pytest.param(
            [report(96, "Facture FA-2026-0002 : SIRET inconnu")],
            [YES, NO, YES],
            FlowFate.PARTIAL,
            id="partial, named by number",
        ),
        pytest.param(
            [report(96, ErrorLine(description=f"FSO1106A_ABC123_{IDS[2]}.xml"))],
            [YES, YES, NO],
            FlowFate.PARTIAL,
            id="partial, named by file",
        ),
        pytest.param(
            [report(96, "Facture FA-2026-0002 : SIRET inconnu", "L'element X est obligatoire.")],
            [LOST, NO, LOST],
            FlowFate.PARTIAL,
            id="partial, one line names nobody",
        ),
        pytest.param(
            [report(96, "Facture FA-2026-0002 : SIRET inconnu", announced=2)],
            [LOST, NO, LOST],
            FlowFate.PARTIAL,
            id="partial, a line is missing",
        ),
        pytest.param(
            [report(93, "Facture FA-2026-0002 : SIRET inconnu")],
            [NO, NO, NO],
            FlowFate.REJECTED,
            id="refused whole although one is named",
        ),
        pytest.param(
            [report(90), report(93, of=IDS[1]), report(90, of=IDS[2])],
            [YES, NO, YES],
            FlowFate.PARTIAL,
            id="one by one",
        ),
        pytest.param(
            [report(93), report(90, of=IDS[1])],
            [NO, YES, LOST],
            FlowFate.PARTIAL,
            id="one by one, the third not yet",
        ),
        pytest.param(
            [report(96), report(93, of=IDS[1])],
            [LOST, NO, LOST],
            FlowFate.PARTIAL,
            id="archive in part, one member refused",
        ),
        pytest.param(
            [report(96, of=IDS[1])],
            [WAIT, LOST, WAIT],
            FlowFate.PENDING,
            id="a member in part: unknown",
        ),
    ],
)
def test_each_invoice_gets_the_fate_its_reports_tell(
    reports: list[FlowStatusReport], expected: list[str], flow: FlowFate
) -> None:
    settlement = settled(*reports)
    assert fates(settlement) == expected
    assert settlement.fate is flow


def test_a_refined_report_replaces_an_earlier_one() -> None:
    late = report(96, "Facture FA-2026-0001 : doublon", at=30)
    assert fates(settled(report(90), late)) == [NO, YES, YES]
    assert fates(settled(late, report(90))) == [NO, YES, YES]
    assert not settled(late, report(90)).contradictory


def test_taking_back_a_rejection_is_contradictory() -> None:
    settlement = settled(report(93), report(90, at=30))
    assert settlement.contradictory
    assert fates(settlement) == [YES, YES, YES]


def test_equal_times_keep_the_order_of_arrival() -> None:
    assert fates(settled(report(90), report(93))) == [NO, NO, NO]
    assert fates(settled(report(93), report(90))) == [YES, YES, YES]


def test_a_life_cycle_status_proves_integration() -> None:
    settlement = settled(report(96), confirmed={2})
    assert fates(settlement) == [LOST, YES, LOST]
    assert not settlement.verdicts[2].contradicted


def test_a_life_cycle_status_alone_shows_that_the_flow_arrived() -> None:
    settlement = settled(confirmed={2})
    assert settlement.arrived
    assert fates(settlement) == [WAIT, YES, WAIT]


def test_a_rejected_invoice_that_lives_is_integrated_and_contradicted() -> None:
    settlement = settled(report(93), confirmed={1})
    assert fates(settlement) == [YES, NO, NO]
    assert settlement.verdicts[1].contradicted


def test_the_meaning_of_a_flow_status_can_be_set() -> None:
    assert fates(settled(report(90), overrides={90: "pending"})) == [WAIT, WAIT, WAIT]
    assert fates(settled(report(97), overrides={97: "rejected"})) == [NO, NO, NO]
    assert outcome_of(report(90), {}) == "integrated"


def test_in_a_flow_of_one_an_unnamed_line_of_a_partial_report_stays_unknown() -> None:
    one = MEMBERS[:1]
    assert fates(settled(report(96, "SIRET inconnu"), members=one)) == [LOST]
    assert fates(settled(report(96, f"flux {FLOW} : SIRET inconnu"), members=one)) == [NO]


@given(st.permutations(range(6)))
def test_settling_does_not_depend_on_the_order_of_arrival(order: list[int]) -> None:
    reports = [
        report(91, at=1),
        report(90, at=5),
        report(96, "Facture FA-2026-0001 : doublon", at=10),
        report(90, of=IDS[2], at=11),
        report(93, of=IDS[1], at=12),
        report(95, at=2),
    ]
    mixed = settled(*(reports[rank] for rank in order))
    assert fates(mixed) == fates(settled(*reports))
    assert mixed.fate is settled(*reports).fate


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


@pytest.mark.parametrize(
    "text", [FLOW, f"FSO1106A_ABC123_{FLOW}", f"FSO1106A_ABC123_{FLOW}.xml", f" {FLOW} "]
)
def test_a_flow_is_known_by_its_id_or_by_its_file_name(text: str) -> None:
    assert bare_flow_id(text) == FLOW


def test_an_unreadable_time_never_hides_a_dated_report() -> None:
    undated = FlowStatusReport(
        flow_id=FLOW, raw_code="93", code=93, stamp=read_stamp("2026-15-01T00:00:00", PARIS)
    )
    assert undated.stamp.order < datetime(1900, 1, 1, tzinfo=UTC)
    assert fates(settled(report(90), undated)) == [YES, YES, YES]
    assert settled(undated).verdicts[1].fate is Fate.REJECTED
