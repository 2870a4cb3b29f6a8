"""What the buyer refused comes back under a new number; what waits on the portal is followed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.statuses import load_statuses
from flows.errors import ExitCode
from flows.report.to_do import ToDoBook
from flows.status import of_invoice
from tests.support.return_desk import Desk
from tests.support.return_files import SELLER, document, flow_status, invoice_status


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def at(minute: int) -> str:
    return f"2026-03-02T08:{minute:02d}:00+01:00"


def said(desk: Desk, code: str, minute: int, number: str = "FA-0001") -> list[str]:
    """Let a status come; return the numbers of the to-dos that the collect tells."""
    name = f"FEN1200A_{number}_{minute}"
    desk.drop(name, document(invoice_status(code, number=number, at=at(minute))))
    return [todo.number for todo in desk.collect().to_do]


def open_ones(desk: Desk) -> dict[str, int | None]:
    """Return the numbers that a report lists as to-dos, with the days they are open."""
    book = ToDoBook(desk.ledger, 50, "fr", table=load_statuses(), now=desk.now)
    book.add_all_open()
    return {item.number: item.days for group in book.groups() for item in group.items}


def test_a_new_invoice_that_names_the_refused_one_takes_its_place(desk: Desk) -> None:
    desk.deposit("FA-0001")
    assert said(desk, "05", 1) == ["FA-0001"]
    assert list(open_ones(desk)) == ["FA-0001"]
    desk.deposit("FA-0002", preceding=("FA-0001",))
    old, new = desk.ledger.invoices()
    assert new.follows == old.invoice_row
    assert open_ones(desk) == {}
    assert said(desk, "05", 2) == []
    assert (
        "  replaced by FA-0002: deposited"
        in of_invoice(desk.ledger, "FA-0001", desk.settings, "en").lines
    )
    view = of_invoice(desk.ledger, "FA-0002", desk.settings, "en")
    assert "  replaces  FA-0001, refused by the buyer" in view.lines


def test_a_follow_up_that_is_rejected_itself_opens_the_to_do_again(desk: Desk) -> None:
    desk.deposit("FA-0001")
    said(desk, "05", 1)
    flow = desk.deposit("FA-0002", preceding=("FA-0001",))
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=["SIRET inconnu"])))
    desk.collect()
    assert list(open_ones(desk)) == ["FA-0001"]
    desk.deposit("FA-0003", preceding=("FA-0001",))
    assert open_ones(desk) == {}


@pytest.mark.parametrize(
    ("status", "type_code", "seller"),
    [
        ("05", "381", SELLER),  # a credit note cancels, it takes no place
        ("06", "380", SELLER),
        ("11", "380", SELLER),
        (None, "380", SELLER),
        ("05", "380", "12345678200051"),
    ],
)
def test_only_a_new_invoice_of_the_seller_for_a_refused_one_is_linked(
    desk: Desk, status: str | None, type_code: str, seller: str
) -> None:
    desk.deposit("FA-0001")
    if status is not None:
        said(desk, status, 1)
    desk.deposit("FA-0002", preceding=("FA-0001", "FA-0009"), type_code=type_code, seller=seller)
    assert [invoice.follows for invoice in desk.ledger.invoices()] == [None, None]


@pytest.mark.parametrize("code", ["04", "06"])
@pytest.mark.parametrize("later", ["03", "12", "1", "11"])
def test_what_waits_on_the_portal_is_followed_until_it_changes(
    desk: Desk, code: str, later: str
) -> None:
    desk.deposit("FA-0001", "FA-0002")
    assert said(desk, code, 1) == ["FA-0001"]
    desk.later(days=9)
    assert desk.collect().to_do == ()  # told by a collect when it comes, by each report after
    assert open_ones(desk) == {"FA-0001": 8}
    assert said(desk, later, 2) == []
    assert open_ones(desk) == {}


def test_the_longest_open_comes_first(desk: Desk) -> None:
    desk.deposit("FA-0001", "FA-0002", "FA-0003")
    for minute, number in ((30, "FA-0001"), (10, "FA-0002"), (20, "FA-0003")):
        said(desk, "06", minute, number)
    assert list(open_ones(desk)) == ["FA-0002", "FA-0003", "FA-0001"]


LIFE = [
    ("2026-10-25T02:50:00", "2026-10-25T02:10:00", "second"),  # which half is not said: as it came
    ("2026-10-25T02:10:00", "2026-10-25T02:50:00", "second"),
    ("2026-10-25T02:50:00+02:00", "2026-10-25T02:10:00+01:00", "second"),
    ("2026-10-25T02:10:00+01:00", "2026-10-25T02:50:00+02:00", "first"),
    ("2026-10-25T02:30:00", "2026-10-25T01:59:59", "first"),
    ("2026-10-25T02:30:00", "2026-10-25T03:00:00", "second"),
    ("2026-10-25T03:00:00", "2026-10-25T02:59:59", "first"),
    ("2026-03-29T02:30:00", "2026-03-29T03:00:00", "first"),  # no such time: read as 03:30
    ("2026-03-29T01:59:00", "2026-03-29T02:30:00", "second"),
    ("2026-03-29T02:30:00", "2026-03-29T03:31:00", "second"),
    ("not a time", "2026-03-29T03:31:00", "second"),
    ("2026-03-29T03:31:00", "not a time", "first"),
]


@pytest.mark.parametrize(("first", "second", "current"), LIFE)
@pytest.mark.parametrize("together", [True, False])
def test_the_current_status_where_the_clocks_change(
    desk: Desk, first: str, second: str, current: str, together: bool
) -> None:
    desk.deposit("FA-0001")
    one, two = invoice_status("07", at=first), invoice_status("08", at=second)
    if together:
        desk.drop("FEN1200A_1", document(one, two))
        desk.collect()
    else:
        for name, status in (("FEN1200A_1", one), ("FEN1200A_2", two)):
            desk.drop(name, document(status))
            desk.collect()
    [invoice] = desk.ledger.invoices()
    assert invoice.life_status == {"first": "07", "second": "08"}[current]
    written = [record.status.at_text for record in desk.ledger.statuses()]
    assert written == [first, second]


@pytest.mark.parametrize(
    "flow", ["ABC1241106000000000000101", "ABC1231100000000000000101", "CPP0011106000000000000101"]
)
def test_a_flow_of_another_application_of_the_firm_is_foreign(desk: Desk, flow: str) -> None:
    desk.deposit("FA-0001")
    for code in ("90", "91", "92", "93", "94", "95", "96"):
        desk.drop(f"CSO1106A_{code}", document(flow_status(code, flow_id=flow)))
    result = desk.collect()
    assert (result.foreign, result.flow_statuses, result.exit_code) == (7, 0, ExitCode.OK)
    assert desk.states() == {"FA-0001": "deposited"}


def test_each_late_flow_is_told_by_each_collect_until_its_report_comes(desk: Desk) -> None:
    first, second = desk.deposit("FA-0001"), desk.deposit("FA-0002")
    desk.later(hours=20)
    third = desk.deposit("FA-0003")
    desk.later(hours=5)
    for _ in range(2):
        result = desk.collect()
        assert result.overdue == (first, second)
        assert [f.rule for f in result.findings] == ["RT-LATE-01", "RT-LATE-01"]
        assert result.exit_code is ExitCode.ATTENTION
    desk.drop("CSO1106A_1", document(flow_status("90", flow_id=first)))
    assert desk.collect().overdue == (second,)
    desk.drop("CSO1106A_2", document(flow_status("93", flow_id=second, lines=["x"])))
    desk.drop("CSO1106A_3", document(flow_status("90", flow_id=third)))
    desk.now += timedelta(days=3)
    result = desk.collect()
    assert (result.overdue, result.exit_code) == ((), ExitCode.FINDINGS)


def test_statuses_learnt_in_qualification_are_settings(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        {
            "returns": {
                "flow_statuses": {"97": {"outcome": "rejected", "label": "Refusé"}},
                "invoice_statuses": {
                    "13": {"actor": "supplier", "exists": True, "label": "A valider"},
                    "5": {"actor": "none"},
                },
            }
        },
    )
    flow = desk.deposit("FA-0001")
    desk.deposit("FA-0002", "FA-0003")
    desk.drop("CSO1106A_1", document(flow_status("97", flow_id=flow)))
    desk.drop(
        "FEN1200A_1",
        document(invoice_status("13", number="FA-0002"), invoice_status("05", number="FA-0003")),
    )
    result = desk.collect()
    assert desk.states() == {
        "FA-0001": "rejected",
        "FA-0002": "integrated",
        "FA-0003": "integrated",
    }
    assert [(todo.number, todo.label) for todo in result.to_do] == [("FA-0002", "A valider")]
    assert {f.rule for f in result.findings} == {"RT-REJECT-01"}
    desk.close()
