"""The sandbox as a whole, without its server: what it answers, remembers and lets happen."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import etree

from flows.sandbox import Sandbox, load_scenario, parse_scenario
from flows.sandbox.scenario import FlowAnswer, Reporting, Scenario
from tests.support.sandbox_flows import SUPPLIER, Depositor, Draft, flow_name, tar_gz

Build = Callable[..., Depositor]


def returns(sandbox: Sandbox, start: str = "") -> list[etree._Element]:
    """Read the return files of ``out`` whose name begins so, in the order of their names."""
    paths = sorted(sandbox.out_folder.glob(f"{start}*"))
    return [etree.fromstring(path.read_bytes()) for path in paths]


def texts(element: etree._Element, tag: str) -> list[str]:
    return [found.text or "" for found in element.iter(tag)]


def life(sandbox: Sandbox) -> Iterator[tuple[str, int, str]]:
    """Give number, status and time of every life-cycle status, in the order of file names."""
    for root in returns(sandbox, "FEN1200A"):
        for unit in root.iter("CPPFactureStatutUnitaire"):
            status = int(unit.findtext("DonneesStatut/IdStatut", ""))
            number = unit.findtext("DonneesStatut/IdFacture", "")
            yield number, status, unit.findtext("DonneesStatut/Horodatage", "")


def numbered(draft: Draft, count: int) -> list[Draft]:
    return [draft.but(number=f"F-{order}") for order in range(1, count + 1)]


# -- integration reports -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "status"),
    [(("380", "381"), "90"), (("380", "999"), "96"), (("999", "999"), "93")],
)
def test_the_flow_status_follows_from_its_invoices(
    build: Build, draft: Draft, kinds: tuple[str, str], status: str
) -> None:
    depositor = build()
    drafts = [draft.but(number=f"F{order}", kind=kind) for order, kind in enumerate(kinds)]
    name = depositor.cii(*drafts)
    summary = depositor.sandbox.process()
    (report,) = returns(depositor.sandbox)
    assert texts(report, "IdStatut") == [status]
    assert texts(report, "IdFlux") == [name[16:]]
    assert summary.flows == {int(status): 1}
    assert summary.accepted == kinds.count("380") + kinds.count("381")
    assert len(texts(report, "LibelleErreur")) == summary.rejected == kinds.count("999")


def test_a_report_is_named_like_a_flow_of_chorus_pro_to_the_emitter(
    build: Build, draft: Draft
) -> None:
    depositor = build()
    depositor.cii(draft)
    depositor.ubl(draft.but(number="U1"))
    summary = depositor.sandbox.process()
    assert summary.reports == [
        "CSO1106A_CPP001_CPP0011106000000000000001",
        "CSO1100A_CPP001_CPP0011100000000000000001",
    ]
    (report, _) = returns(depositor.sandbox, "CSO")[::-1]
    values = dict(zip(texts(report, "Code"), texts(report, "Valeurparametre"), strict=True))
    assert values == {"DtPrd": "2026-11-03", "IdFlx": "CPP0011106000000000000001"}
    assert texts(report, "Id") == ["AAA999", "CPP001"]


@pytest.mark.parametrize(
    ("naming", "flow_ids", "statuses", "number_told", "member_told"),
    [
        ("archive", ["01"], ["96"], False, False),
        ("line", ["01"], ["96"], False, True),
        ("text", ["01"], ["96"], True, False),
        ("unit", ["01", "02"], ["90", "93"], False, False),
    ],
)
def test_a_rejected_invoice_is_named_in_the_manner_of_the_scenario(
    build: Build,
    draft: Draft,
    naming: str,
    flow_ids: list[str],
    statuses: list[str],
    number_told: bool,
    member_told: bool,
) -> None:
    depositor = build(Scenario(reporting=Reporting(naming=(naming,))))
    depositor.cii(draft, draft.but(number="BAD-7", kind="999"))
    depositor.sandbox.process()
    (report,) = returns(depositor.sandbox)
    assert [flow_id[-2:] for flow_id in texts(report, "IdFlux")] == flow_ids
    assert texts(report, "IdStatut") == statuses
    (text,) = texts(report, "LibelleErreur")
    assert ("BAD-7" in text) == number_told
    assert texts(report, "DescriptionErreur") == ([f"{flow_name(2)}.xml"] if member_told else [])


def test_manners_of_naming_take_turns(build: Build, draft: Draft) -> None:
    depositor = build()
    for order in range(4):
        depositor.cii(draft.but(number=f"A{order}"), draft.but(number=f"B{order}", kind="999"))
    depositor.sandbox.process()
    told = [bool(texts(report, "DescriptionErreur")) for report in returns(depositor.sandbox)]
    assert told == [False, True, False, True]


def test_errors_of_an_invoice_are_joined_and_cut(build: Build, draft: Draft) -> None:
    bad = draft.but(kind="999", currency="eur", means="", number="BAD")
    whole = Reporting(naming=("archive",), cut_at=0)
    for folder, reporting in (("cut", Reporting(naming=("archive",))), ("whole", whole)):
        depositor = build(Scenario(reporting=reporting), folder=folder)
        depositor.cii(bad)
        depositor.sandbox.process()
        (text,) = texts(returns(depositor.sandbox)[0], "LibelleErreur")
        assert (len(text) == 200) == (folder == "cut")
        assert " |" in text
    assert text.count(" |") == 2


def test_a_member_that_cannot_be_read_is_called_by_its_file(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(reporting=Reporting(naming=("text",))))
    files = [(f"{flow_name(1)}.xml", draft.cii()), (f"{flow_name(2)}.xml", b"<cut")]
    depositor.file(flow_name(1), tar_gz(files))
    depositor.sandbox.process()
    (text,) = texts(returns(depositor.sandbox)[0], "LibelleErreur")
    assert text.startswith(f"Fichier {flow_name(2)}.xml : ")


@pytest.mark.parametrize("name", ["factures.xml", flow_name(1, "FSO1116A")])
def test_an_irrecevable_flow_gets_a_report_all_the_same(
    build: Build, draft: Draft, name: str
) -> None:
    depositor = build()
    depositor.file(name, draft.cii())
    summary = depositor.sandbox.process()
    (report,) = returns(depositor.sandbox, "CSO")
    assert texts(report, "IdStatut") == ["93"]
    assert name.endswith(texts(report, "IdFlux")[0])
    assert len(texts(report, "LibelleErreur")) == 1
    assert summary.flows == {93: 1}
    assert summary.accepted == 0


def test_nothing_of_an_irrecevable_archive_is_integrated(build: Build, draft: Draft) -> None:
    depositor = build()
    good = [(f"{flow_name(order)}.xml", draft.cii()) for order in (1, 1)]
    depositor.file(flow_name(1), tar_gz(good))
    assert depositor.sandbox.process().accepted == 0
    depositor.sequence = 2
    depositor.cii(draft)
    assert depositor.sandbox.process().accepted == 1


@pytest.mark.parametrize("compression", ["none", "gzip", "tar.gz"])
def test_return_files_are_packed_in_the_manner_of_the_scenario(
    build: Build, draft: Draft, compression: str
) -> None:
    depositor = build(Scenario(reporting=Reporting(compression=compression)))
    depositor.cii(draft)
    (name,) = depositor.sandbox.process().reports
    data = (depositor.sandbox.out_folder / name).read_bytes()
    if compression != "none":
        data = gzip.decompress(data)
    if compression == "tar.gz":
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            assert archive.getnames() == [f"{name}.xml"]
            content = archive.extractfile(f"{name}.xml")
            assert content is not None
            data = content.read()
    assert etree.fromstring(data).tag == "CPPStatut"


# -- memory --------------------------------------------------------------------------------------


def test_a_number_is_accepted_once_per_supplier(build: Build, draft: Draft) -> None:
    depositor = build()
    other = draft.but(supplier="99999900600029")
    depositor.cii(draft, other, draft)
    summary = depositor.sandbox.process()
    assert (summary.accepted, summary.rejected) == (2, 1)
    assert "existe deja" in depositor.sandbox.received()[0].invoices[2].errors[0]


def test_a_number_rejected_at_integration_is_free_again(build: Build, draft: Draft) -> None:
    depositor = build()
    depositor.cii(draft.but(means=""))
    depositor.sandbox.process()
    depositor.cii(draft)
    assert depositor.sandbox.process().accepted == 1


def test_accepted_numbers_and_flow_ids_are_remembered_by_the_folder(
    build: Build, draft: Draft
) -> None:
    first = build()
    first.cii(draft)
    first.sandbox.process()
    first.sandbox.close()
    second = build(first=2)
    second.cii(draft)
    assert second.sandbox.process().rejected == 1
    second.sequence = 1
    second.cii(draft.but(number="NEW"))
    assert second.sandbox.process().flows == {93: 1}
    assert "a deja ete recu" in second.sandbox.received()[-1].invoices[0].errors[0]


def test_a_flow_id_used_inside_an_archive_is_used(build: Build, draft: Draft) -> None:
    depositor = build()
    depositor.cii(*numbered(draft, 2))
    depositor.sandbox.process()
    depositor.sequence = 2
    depositor.cii(draft.but(number="NEW"))
    assert depositor.sandbox.process().flows == {93: 1}


def test_the_year_can_be_part_of_what_makes_invoices_the_same(build: Build, draft: Draft) -> None:
    depositor = build(parse_scenario("checks: {duplicate_with_year: true}", "test"))
    depositor.cii(draft, draft.but(day="20251102"))
    assert depositor.sandbox.process().accepted == 2


# -- what arrived --------------------------------------------------------------------------------


def test_received_counts_what_lies_in_the_folder_and_what_is_judged(
    build: Build, draft: Draft
) -> None:
    depositor = build()
    name = depositor.cii(*numbered(draft, 2))
    sandbox = depositor.sandbox
    assert sandbox.flow_counts() == {name: 1}
    assert sandbox.invoice_counts() == {(SUPPLIER, "F-1"): 1, (SUPPLIER, "F-2"): 1}
    assert sandbox.received()[0].status is None
    sandbox.process()
    assert sandbox.received()[0].status == 90
    depositor.sequence = 1
    depositor.cii(*numbered(draft, 2))
    assert sandbox.flow_counts() == {name: 2}
    assert sandbox.invoice_counts()[SUPPLIER, "F-2"] == 2


@pytest.mark.parametrize("name", [".hidden", f"{flow_name(1)}.tmp", f"{flow_name(1)}.a1.part"])
def test_uploads_under_way_are_left_alone(build: Build, draft: Draft, name: str) -> None:
    depositor = build()
    depositor.file(name, draft.cii()[:100])
    assert depositor.sandbox.process().flows == {}
    assert depositor.sandbox.received() == []
    assert (depositor.sandbox.in_folder / name).exists()


def test_a_flow_that_is_not_complete_is_judged_as_it_is(build: Build, draft: Draft) -> None:
    depositor = build()
    depositor.file(flow_name(1), tar_gz([(f"{flow_name(1)}.xml", draft.cii())])[:-300])
    assert depositor.sandbox.process().flows == {93: 1}


# -- the story -----------------------------------------------------------------------------------


def test_invoices_age_by_their_life_and_then_rest(build: Build, draft: Draft) -> None:
    story = parse_scenario(
        """
        lives:
          - {match: {number: "F-2"}, statuses: [1, 2, 3, 6], comment: "Bon manquant"}
          - {match: {every: 3}, statuses: [1, 4]}
          - {statuses: [1, 2]}
        """,
        "test",
    )
    depositor = build(story)
    depositor.cii(*numbered(draft, 3))
    sandbox = depositor.sandbox
    sandbox.process()
    assert [sandbox.age() for _ in range(5)] == [3, 3, 1, 1, 0]
    lives: dict[str, list[int]] = {}
    for number, status, _ in life(sandbox):
        lives.setdefault(number, []).append(status)
    assert lives == {"F-1": [1, 2], "F-2": [1, 2, 3, 6], "F-3": [1, 4]}
    last = returns(sandbox, "FEN1200A")[-1]
    assert texts(last, "Commentaire") == ["Bon manquant"]


def test_several_steps_at_once_are_the_same_as_one_by_one(build: Build, draft: Draft) -> None:
    seen = []
    for folder in ("once", "each"):
        depositor = build(folder=folder)
        depositor.cii(*numbered(draft, 2))
        depositor.sandbox.process()
        if folder == "once":
            depositor.sandbox.age(3)
        else:
            for _ in range(3):
                depositor.sandbox.age()
        seen.append(list(life(depositor.sandbox)))
    assert seen[0] == seen[1]
    assert len(seen[0]) == 6


def test_a_rejected_invoice_has_no_life(build: Build, draft: Draft) -> None:
    depositor = build()
    depositor.cii(draft.but(kind="999"))
    depositor.sandbox.process()
    assert depositor.sandbox.age(3) == 0


def test_the_story_may_reject_an_invoice_that_is_right(build: Build, draft: Draft) -> None:
    story = parse_scenario('rejections: [{match: {number: "F-2"}, text: "Refus voulu"}]', "test")
    depositor = build(story)
    depositor.cii(*numbered(draft, 3))
    assert depositor.sandbox.process().rejected == 1
    (text,) = texts(returns(depositor.sandbox)[0], "LibelleErreur")
    assert text == "Facture F-2 : Refus voulu"


def test_a_silent_flow_is_integrated_and_never_reported(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(flows=(FlowAnswer(every=2, answer="silent"),)))
    names = [depositor.cii(one) for one in numbered(draft, 2)]
    summary = depositor.sandbox.process()
    assert (summary.accepted, len(summary.reports)) == (2, 1)
    assert texts(returns(depositor.sandbox)[0], "IdFlux") == [names[0][16:]]
    assert depositor.sandbox.age() == 2


def test_an_incident_integrates_nothing(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(flows=(FlowAnswer(every=2, answer="incident"),)))
    depositor.cii(draft.but(number="OTHER"))
    depositor.cii(draft)
    summary = depositor.sandbox.process()
    assert summary.flows == {90: 1, 0: 1}
    assert len(summary.reports) == 1
    assert depositor.sandbox.invoice_counts()[SUPPLIER, draft.number] == 1
    depositor.cii(draft)
    assert depositor.sandbox.process().accepted == 1


def test_a_late_report_comes_out_at_its_step(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(flows=(FlowAnswer(late=2),)))
    depositor.cii(draft)
    assert depositor.sandbox.process().reports == []
    seen = []
    for _ in range(3):
        depositor.sandbox.age()
        seen.append(len(returns(depositor.sandbox, "CSO")))
    assert seen == [0, 1, 1]


def test_an_unknown_status_is_written_as_the_story_wants_it(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(flows=(FlowAnswer(status=97),)))
    depositor.cii(draft)
    depositor.sandbox.process()
    assert texts(returns(depositor.sandbox)[0], "IdStatut") == ["97"]


def test_repeats_carry_the_same_statuses_under_other_names(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(reporting=Reporting(repeats=1)))
    depositor.cii(draft)
    depositor.sandbox.process()
    one, two = returns(depositor.sandbox, "CSO")
    assert texts(one, "Horodatage") == texts(two, "Horodatage")
    assert texts(one, "Valeurparametre") != texts(two, "Valeurparametre")


def test_disorder_names_files_against_their_times(build: Build, draft: Draft) -> None:
    for folder, disorder in (("order", False), ("disorder", True)):
        depositor = build(Scenario(reporting=Reporting(disorder=disorder)), folder=folder)
        depositor.cii(draft)
        depositor.sandbox.process()
        depositor.sandbox.age(3)
        times = [time for _, _, time in life(depositor.sandbox)]
        assert len(set(times)) == 3
        assert times == sorted(times, reverse=disorder)


def test_each_step_takes_the_time_the_story_says(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(hours_per_step=24))
    depositor.cii(draft)
    depositor.sandbox.process()
    depositor.sandbox.age(3)
    days = [time[:10] for _, _, time in life(depositor.sandbox)]
    assert days == ["2026-11-04", "2026-11-05", "2026-11-06"]


def test_times_may_come_without_offset(build: Build, draft: Draft) -> None:
    depositor = build(Scenario(reporting=Reporting(offset=False)))
    depositor.cii(draft)
    depositor.sandbox.process()
    (time,) = texts(returns(depositor.sandbox)[0], "Horodatage")
    assert time.startswith("2026-11-03T12:00:00")
    assert "+" not in time


def test_life_cycle_files_hold_as_many_statuses_as_the_story_says(
    build: Build, draft: Draft
) -> None:
    depositor = build(Scenario(reporting=Reporting(statuses_per_file=2), at_integration=1))
    depositor.cii(*numbered(draft, 5))
    names = depositor.sandbox.process().reports
    assert [name[:8] for name in names] == ["CSO1106A", *["FEN1200A"] * 3]
    sizes = [root[1].get("compteur") for root in returns(depositor.sandbox, "FEN")]
    assert sizes == ["2", "2", "1"]


def test_the_same_story_at_the_same_time_gives_the_same_bytes(build: Build, draft: Draft) -> None:
    seen = []
    for folder in ("one", "two"):
        depositor = build(load_scenario("unruly"), folder=folder)
        for order in range(4):
            depositor.cii(draft.but(number=f"A{order}"), draft.but(number=f"B{order}", kind="9"))
        depositor.sandbox.process()
        depositor.sandbox.age(3)
        written = depositor.sandbox.out_folder.iterdir()
        seen.append({path.name: path.read_bytes() for path in written})
    assert seen[0] == seen[1]
    assert len(seen[0]) > 10


def test_two_thousand_invoices_are_judged_one_by_one(build: Build, draft: Draft) -> None:
    depositor = build()
    for flow in range(4):
        depositor.cii(*[draft.but(number=f"N-{flow}-{order}") for order in range(500)])
    summary = depositor.sandbox.process()
    assert summary.accepted == 2000
    assert depositor.sandbox.age() == 2000


@pytest.mark.parametrize("name", [b"\x01\x1b[31m", b"\xff\xfe", b"n" * 255, "é".encode() * 127])
def test_no_name_of_a_file_upsets_the_sandbox(build: Build, draft: Draft, name: bytes) -> None:
    depositor = build()
    depositor.file(os.fsdecode(name), draft.cii())
    assert len(depositor.sandbox.received()) == 1
    assert depositor.sandbox.process().flows == {93: 1}
    assert texts(returns(depositor.sandbox)[0], "IdStatut") == ["93"]
    assert depositor.sandbox.received()[0].status == 93


def test_no_name_of_a_member_upsets_the_sandbox(build: Build, draft: Draft) -> None:
    depositor = build()
    depositor.file(flow_name(1), tar_gz([(os.fsdecode(b"\x01\xff\x1b.xml"), draft.cii())]))
    assert depositor.sandbox.process().flows == {93: 1}
    assert len(returns(depositor.sandbox)) == 1


def test_the_root_need_not_exist(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "a" / "b")
    assert sandbox.in_folder.is_dir()
    assert sandbox.process().flows == {}
    sandbox.close()
