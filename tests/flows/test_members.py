"""What is in a flow, written beside it and read back, or read from its XML."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.errors import ExitCode
from flows.members import MembersError, RunFacts, keep, outcome_of, read
from flows.members_xml import read_from_xml
from flows.outbox import OutboxUnavailableError, remove_flow, remove_unknown
from tests.support.firm import SELLER, Firm, csv, row
from transforms.outcome import BuiltFlow, Fate, Identity, InvoiceOutcome, Span

FLOW = "ABC1231106000000000000001"
SCOPE = ("sandbox", "acme", "ABC123")

BUILT = BuiltFlow(
    flow_id=FLOW,
    file_name=f"FSO1106A_ABC123_{FLOW}",
    interface="FSO1106A",
    path=f"R1/FSO1106A_ABC123_{FLOW}",
    size=10,
    sha256="a" * 64,
    content_sha256="b" * 64,
    invoices=2,
)


def member(rank: int, **changes: Any) -> InvoiceOutcome:
    facts: dict[str, Any] = {
        "position": rank,
        "span": Span(file="a.csv", file_sha256="c" * 64, first_line=rank + 2, last_line=rank + 3),
        "fate": Fate.BUNDLED,
        "number": f"F|{rank}",
        "identity": Identity("sandbox", "1", SELLER, f"F|{rank}", "2026"),
        "content_hash": "v1:x",
        "type_code": "380",
        "issue_date": date(2026, 9, 14),
        "currency": "EUR",
        "total": Decimal("120.10"),
        "buyer_id": "21999900000017",
        "buyer_name": "Mairie d'Été",
        "service_code": "S1",
        "engagement": "E1",
        "flow_id": FLOW,
        "member_id": f"ABC1231106{rank + 1:015d}",
    }
    return InvoiceOutcome(**facts | changes)


def kept(folder: Path, *invoices: InvoiceOutcome, replaces: str | None = None) -> Path:
    (folder / "R1").mkdir(exist_ok=True)
    (folder / BUILT.path).write_bytes(b"the flow")
    run = RunFacts("R1", date(2026, 9, 14))
    return keep(folder, BUILT, invoices, run=run, scope=SCOPE, replaces=replaces)


def test_everything_that_the_ledger_records_of_a_flow_is_read_back(tmp_path: Path) -> None:
    bare = member(1, identity=None, total=None, issue_date=None, buyer_name=None)
    other = member(2, flow_id="ABC1231106000000000000003", member_id="ABC1231106000000000000003")
    path = kept(tmp_path, member(0), bare, other, replaces="ABC1231106000000000000009")
    found = read(path)
    assert found.invoices == (member(0), bare), "a member of another flow is left out"
    assert found.flow == BUILT
    assert found.run == RunFacts("R1", date(2026, 9, 14))
    assert (found.scope, found.replaces) == (SCOPE, "ABC1231106000000000000009")
    assert found.whole
    assert path.stat().st_mode & 0o777 == 0o600


def without(*keys: str) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        for key in keys[:-1]:
            body = body[key]
        del body[keys[-1]]

    return change


DAMAGE: list[Callable[[dict[str, Any]], object]] = [
    without("flow", "sha256"),
    without("members"),
    without("run"),
    lambda body: body.update(schema=2),
    lambda body: body["flow"].update(name="../../etc/passwd"),
    lambda body: body["flow"].update(id="ABC1231106000000000000007"),
    lambda body: body["members"][0].update(seller="other"),
    lambda body: body["members"][0].update(total="a lot"),
    lambda body: body["members"][0].update(issue_date="yesterday"),
    lambda body: body.update(members=[1]),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_is_damaged_is_not_believed(
    tmp_path: Path, damage: Callable[[dict[str, Any]], object]
) -> None:
    path = kept(tmp_path, member(0))
    body = json.loads(path.read_text())
    damage(body)
    path.write_text(json.dumps(body))
    with pytest.raises(MembersError):
        read(path)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff"])
def test_a_file_that_is_missing_or_no_json_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = kept(tmp_path, member(0))
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MembersError):
        read(path)


def test_the_path_is_where_the_file_stands_whatever_it_says(tmp_path: Path) -> None:
    path = kept(tmp_path, member(0))
    moved = (tmp_path / "R1").rename(tmp_path / "R2") / path.name
    assert read(moved).flow.path == f"R2/{BUILT.file_name}"


def test_it_goes_with_its_flow_and_stays_with_it(tmp_path: Path) -> None:
    path = kept(tmp_path, member(0))
    remove_unknown(tmp_path / "R1", {BUILT.file_name})
    assert path.exists()
    remove_unknown(tmp_path / "R1", set())
    assert list((tmp_path / "R1").iterdir()) == []
    kept(tmp_path, member(0))
    remove_flow(tmp_path / BUILT.path)
    assert list((tmp_path / "R1").iterdir()) == []


def test_a_disk_that_fails_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(OutboxUnavailableError) as stopped:
        keep(tmp_path / "gone", BUILT, [member(0)], run=RunFacts("R1"), scope=SCOPE)
    assert stopped.value.exit_code is ExitCode.UNFINISHED


@pytest.fixture
def sent(tmp_path: Path) -> Firm:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1", buyer_service_code="S1"), row("F2")]))
    firm.run()
    return firm


def test_a_night_says_beside_each_flow_what_the_ledger_says(sent: Firm) -> None:
    with sent.ledger() as ledger:
        [flow] = ledger.flows()
        recorded = [
            outcome_of(
                invoice,
                environment="sandbox",
                flow_id=flow.flow_id,
                member_id=invoice.member_id or "",
            )
            for invoice in ledger.invoices()
        ]
    outbox = sent.root / "state" / "outbox"
    found = read(outbox / f"{flow.path}.members.json")
    assert list(found.invoices) == recorded
    assert (found.flow.sha256, found.flow.path) == (flow.sha256, flow.path)


def test_the_xml_tells_who_what_and_how_much_but_not_from_where(sent: Firm) -> None:
    outbox = sent.root / "state" / "outbox"
    [path] = outbox.rglob("FSO*[0-9]")
    whole = read(path.with_name(path.name + ".members.json"))
    found = read_from_xml(path, sent.configuration().settings)
    assert found.flow == whole.flow
    assert not found.whole
    for told, known in zip(found.invoices, whole.invoices, strict=True):
        assert (told.identity, told.total, told.type_code, told.issue_date, told.member_id) == (
            known.identity,
            known.total,
            known.type_code,
            known.issue_date,
            known.member_id,
        )
        assert (told.content_hash, told.span.file) == (None, path.name)
    assert found.invoices[0].service_code == "S1"


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b damaged", b"\x1f\x8b"])
def test_a_flow_that_cannot_be_unpacked_tells_nothing(sent: Firm, content: bytes) -> None:
    [path] = (sent.root / "state" / "outbox").rglob("FSO*[0-9]")
    path.write_bytes(content)
    with pytest.raises(MembersError):
        read_from_xml(path, sent.configuration().settings)


def test_a_member_that_is_no_invoice_is_counted_all_the_same(sent: Firm) -> None:
    [path] = (sent.root / "state" / "outbox").rglob("FSO*[0-9]")
    path.write_bytes(b"<a/>")
    found = read_from_xml(path, sent.configuration().settings)
    [invoice] = found.invoices
    assert (invoice.identity, invoice.number) == (None, None)
    assert invoice.member_id == found.flow.flow_id
