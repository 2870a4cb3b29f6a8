"""What the reports of a flow say of each invoice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.returns_settings import Returns
from config.status_settings import FlowOutcome
from config.statuses import statuses_for
from schemas.platform_messages import meanings_of
from transforms.error_lines import Member
from transforms.return_time import read_stamp
from transforms.settlement import (
    Fate,
    FlowFate,
    Settlement,
    bare_flow_id,
    outcome_of,
    settle,
)
from transforms.statuses import ErrorLine, FlowStatusReport

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
    table = statuses_for(Returns(flow_outcomes=dict(overrides or {})))
    return settle(FLOW, members, reports, confirmed=confirmed, table=table, reads=meanings_of)


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
    late = report(96, "Facture FA-2026-0001 : SIRET inconnu", at=30)
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
    assert outcome_of(report(90)) == "integrated"


def test_in_a_flow_of_one_an_unnamed_line_of_a_partial_report_stays_unknown() -> None:
    one = MEMBERS[:1]
    assert fates(settled(report(96, "SIRET inconnu"), members=one)) == [LOST]
    assert fates(settled(report(96, f"flux {FLOW} : SIRET inconnu"), members=one)) == [NO]


@given(st.permutations(range(6)))
def test_settling_does_not_depend_on_the_order_of_arrival(order: list[int]) -> None:
    reports = [
        report(91, at=1),
        report(90, at=5),
        report(96, "Facture FA-2026-0001 : SIRET inconnu", at=10),
        report(90, of=IDS[2], at=11),
        report(93, of=IDS[1], at=12),
        report(95, at=2),
    ]
    mixed = settled(*(reports[rank] for rank in order))
    assert fates(mixed) == fates(settled(*reports))
    assert mixed.fate is settled(*reports).fate


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


TWICE = "duplicate"
DOUBLE = "La facture FA-2026-0002 existe deja pour ce fournisseur"
DOUBLES = "Facture deja existante"
ECHO = f"L'identifiant de flux {FLOW} a deja ete recu"


@pytest.mark.parametrize(
    ("reports", "expected", "flow"),
    [
        pytest.param([report(96, DOUBLE)], [YES, TWICE, YES], FlowFate.PARTIAL, id="in part"),
        pytest.param([report(93, DOUBLE)], [NO, TWICE, NO], FlowFate.REJECTED, id="one of all"),
        pytest.param(
            [report(93, DOUBLES)], [TWICE, TWICE, TWICE], FlowFate.REJECTED, id="all, none named"
        ),
        pytest.param(
            [report(93, DOUBLES, "SIRET inconnu")],
            [LOST, LOST, LOST],
            FlowFate.PARTIAL,
            id="one of them, which one is not said",
        ),
        pytest.param(
            [report(93, "Facture FA-2026-0001 : SIRET inconnu", "Avoir AV-2026-0003 : X", DOUBLES)],
            [NO, TWICE, NO],
            FlowFate.REJECTED,
            id="the only one left",
        ),
        pytest.param(
            [report(90), report(93, DOUBLES, of=IDS[1]), report(90, of=IDS[2])],
            [YES, TWICE, YES],
            FlowFate.PARTIAL,
            id="one by one",
        ),
        pytest.param(
            [report(90, at=1), report(96, DOUBLE, at=2)],
            [YES, TWICE, YES],
            FlowFate.PARTIAL,
            id="received, then judged",
        ),
        pytest.param(
            [report(96, DOUBLE, at=1), report(90, at=2)],
            [YES, YES, YES],
            FlowFate.INTEGRATED,
            id="taken back",
        ),
        pytest.param(
            [report(90, at=1), report(93, ECHO, at=2)],
            [YES, YES, YES],
            FlowFate.INTEGRATED,
            id="the second copy of a flow says nothing",
        ),
        pytest.param(
            [report(93, ECHO)], [LOST, LOST, LOST], FlowFate.INCIDENT, id="a copy of what?"
        ),
    ],
)
def test_a_duplicate_is_told_from_a_rejection(
    reports: list[FlowStatusReport], expected: list[str], flow: FlowFate
) -> None:
    for order in (reports, reports[::-1]):
        found = settled(*order)
        assert (fates(found), found.fate) == (expected, flow)


def test_a_life_cycle_status_does_not_revive_a_duplicate() -> None:
    found = settled(report(96, DOUBLE), confirmed={2})
    assert fates(found) == [YES, TWICE, YES]
    assert not found.verdicts[2].contradicted


@pytest.mark.parametrize(
    ("reports", "packaging", "twice"),
    [
        ([report(93, "Le nom du flux X ne respecte pas la regle de nommage")], True, False),
        ([report(93, "Le flux n'est pas une archive tar.gz lisible")], True, False),
        ([report(93, "Facture FA-2026-0001 : nommage")], False, False),
        ([report(93, "SIRET inconnu")], False, False),
        ([report(96, "nommage")], False, False),
        ([report(93)], False, False),
        ([report(93, ECHO)], False, False),
        ([report(90), report(93, ECHO)], False, True),
    ],
)
def test_what_is_wrong_with_the_flow_and_not_with_its_invoices(
    reports: list[FlowStatusReport], packaging: bool, twice: bool
) -> None:
    found = settled(*reports)
    assert (found.packaging, found.received_twice) == (packaging, twice)
    assert found.received_before == (reports == [report(93, ECHO)])
