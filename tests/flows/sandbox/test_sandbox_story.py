"""Answers chosen by invoice, and stories played step by step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from flows.errors import ConfigurationError
from flows.sandbox import Sandbox, parse_scenario, serve
from tests.support.sandbox_flows import Depositor, Draft

Build = Callable[..., Depositor]


def said(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    """Return (subject, status, text) of every status in ``out``, in the order of the names."""
    found = []
    for path in sorted(sandbox.out_folder.glob("*_CPP001_CPP*")):
        for data in etree.fromstring(path.read_bytes()).iter("DonneesStatut"):
            subject = data.findtext("IdFlux") or data.findtext("IdFacture") or ""
            text = data.findtext(".//LibelleErreur") or data.findtext("Commentaire") or ""
            found.append((subject, data.findtext("IdStatut") or "", text))
    return found


@pytest.mark.parametrize(
    ("fault", "words"), [("name", "regle de nommage"), ("compression", "archive tar.gz")]
)
def test_a_flow_is_irrecevable_as_often_as_the_story_says(
    build: Build, draft: Draft, fault: str, words: str
) -> None:
    depositor = build(
        parse_scenario(
            f"flows: [{{number: 'NOM-*', answer: irrecevable, fault: {fault}, times: 1}}]", "test"
        )
    )
    for number in ("A", "NOM-1", "NOM-1"):
        depositor.cii(draft.but(number=number), draft.but(number=f"{number}0"))
    assert depositor.sandbox.process().flows == {90: 2, 93: 1}
    _, (_, status, text), _ = said(depositor.sandbox)
    assert (status, words in text) == ("93", True)
    accepted = [[i.accepted for i in a.invoices] for a in depositor.sandbox.received()]
    assert accepted == [[True, True], [False, False], [True, True]]


def test_statuses_on_the_way_come_before_the_result(build: Build, draft: Draft) -> None:
    depositor = build(parse_scenario("flows: [{before: [91, 92]}]", "test"))
    name = depositor.cii(draft)
    depositor.sandbox.process()
    assert said(depositor.sandbox) == [(name[16:], code, "") for code in ("91", "92", "90")]


def test_an_incident_is_told_when_a_status_is_given_and_comes_once(
    build: Build, draft: Draft
) -> None:
    story = "flows: [{answer: incident, status: 94, times: 1}]"
    depositor = build(parse_scenario(story, "test"))
    first, second = depositor.cii(draft), depositor.cii(draft)
    depositor.sandbox.process()
    assert said(depositor.sandbox) == [(first[16:], "94", ""), (second[16:], "90", "")]


def test_wordings_of_duplicates_take_turns(build: Build, draft: Draft) -> None:
    texts = ["Facture {number} : doublon", "La demande de paiement {number} existe deja"]
    depositor = build(parse_scenario(f"checks: {{duplicate_texts: {texts}}}", "test"))
    for _ in range(4):
        depositor.cii(draft.but(number="F1"))
    depositor.sandbox.process()
    wanted = [text.format(number="F1") for text in (*texts, texts[0])]
    assert [a.invoices[0].errors for a in depositor.sandbox.received()[1:]] == [
        (text,) for text in wanted
    ]


def test_a_rejection_may_come_once_and_name_the_number(build: Build, draft: Draft) -> None:
    story = "rejections: [{match: {number: 'R*'}, text: 'Non : {number}', times: 1}]"
    depositor = build(parse_scenario(story, "test"))
    depositor.cii(draft.but(number="R1"))
    depositor.cii(draft.but(number="R1"))
    depositor.sandbox.process()
    first, second = (arrival.invoices[0] for arrival in depositor.sandbox.received())
    assert (first.errors, second.accepted) == (("Non : R1",), True)


STORY = """
now: 2026-10-24T23:30:00
hours_per_step: 0
reporting: {offset: false, naming: [archive]}
lives: [{statuses: [1]}]
story:
  - {hours: 1}
  - {wait: flow, note: "Night"}
  - {age: 1}
  - {hours: 2}
  - {say: {number: "F-*", status: 6, comment: "Bon manquant"}}
  - {say: {number: "X-1", seller: "12345678200051", status: 7, at: 2026-10-25T02:30:00}}
  - {report: {number: "F-1", status: 93, text: "Flux refuse"}}
  - {report: {flow: "ZZZ9991106000000000000001", status: 96}}
  - {file: {name: "../CSO_X", text: "not XML"}}
"""


def test_a_story_is_played_step_by_step_and_remembered_by_the_folder(
    build: Build, draft: Draft
) -> None:
    depositor = build(parse_scenario(STORY, "test"))
    sandbox = depositor.sandbox
    assert sandbox.next_step() == "1 hours pass"
    assert sandbox.next_step() == ""  # it waits
    assert not sandbox.story_over
    name = depositor.cii(*(draft.but(number=number, day="20261001") for number in ("F-1", "F-2")))
    sandbox.process()
    assert sandbox.next_step() == "Night (a flow has come)"
    again = build(parse_scenario(STORY, "test")).sandbox
    told = []
    while line := again.next_step():
        told.append(line)
    assert told == [
        "time passes: 2 invoice statuses written",
        "2 hours pass",
        "statuses written: 2",
        "statuses written: 1",
        "reports written: 1",
        "reports written: 1",
        "file written: CSO_X",
    ]
    assert again.story_over
    flow = name[16:]
    assert said(again) == [
        (flow, "90", ""),
        (flow, "93", "Flux refuse"),
        ("ZZZ9991106000000000000001", "96", ""),
        ("F-1", "01", ""),
        ("F-2", "01", ""),
        ("F-1", "06", "Bon manquant"),
        ("F-2", "06", "Bon manquant"),
        ("X-1", "07", ""),
    ]
    assert (again.out_folder / "CSO_X").read_text() == "not XML"


def test_hours_pass_one_by_one_where_the_clocks_go_back(build: Build, draft: Draft) -> None:
    depositor = build(parse_scenario(STORY, "test"))
    depositor.sandbox.next_step()
    depositor.cii(draft.but(number="F-1", day="20261001"))
    depositor.sandbox.process()
    for _ in range(4):
        depositor.sandbox.next_step()
    times = [
        element.text or ""
        for path in sorted(depositor.sandbox.out_folder.glob("FEN*"))
        for element in etree.fromstring(path.read_bytes()).iter("Horodatage")
    ]
    # 00:30 in summer time, and two hours later 02:30, the first of the two.
    assert [time[:16] for time in times] == ["2026-10-25T00:30", "2026-10-25T02:30"]


@pytest.mark.parametrize(
    "step",
    [
        "{}",
        "{age: 1, hours: 2}",
        "{age: 0}",
        "{report: {status: 90}}",
        "{report: {number: 'F', flow: 'X', status: 90}}",
        "{say: {status: 1}}",
        "{dance: 1}",
    ],
)
def test_a_step_that_is_none_is_refused(step: str) -> None:
    with pytest.raises(ConfigurationError, match="story"):
        parse_scenario(f"story: [{step}]", "mine.yaml")


def test_served_in_the_foreground_the_story_goes_on_by_itself(tmp_path: Path) -> None:
    said: list[str] = []
    stop = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("reports written"):
            stop.set()

    story = tmp_path / "mine.yaml"
    story.write_text(
        "story: [{hours: 1}, {report: {flow: 'ZZZ9991106000000000000001', status: 90}}]"
    )
    serve(
        tmp_path / "sandbox",
        scenario=story,
        process_every=0.01,
        step_every=0.01,
        say=say,
        stop=stop,
    )
    assert said[-2:] == ["1 hours pass", "reports written: 1"]
