"""The XML of a flow read back from the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.ledger import FlowRecord
from flows.outbox import write_flow
from flows.sent import is_as_built, sent_members
from tests.support.return_desk import APPLICATION, Desk, flow_id
from transforms.bundle import Member
from transforms.naming import NamingError, member_name
from transforms.unbundle import UnbundleError


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def sent(desk: Desk, *xml: bytes) -> FlowRecord:
    flow = desk.ledger.flow(desk.deposit(*(f"F{rank}" for rank, _ in enumerate(xml)), xml=xml))
    assert flow is not None
    return flow


def test_the_members_of_an_archive_come_under_their_ids(desk: Desk) -> None:
    flow = sent(desk, b"<a/>", b"<b/>")
    assert list(sent_members(desk.outbox, flow)) == [
        (flow_id(101), b"<a/>"),
        (flow_id(102), b"<b/>"),
    ]
    assert is_as_built(desk.outbox, flow)


def test_a_flow_of_one_xml_has_the_id_of_the_flow(desk: Desk) -> None:
    flow = sent(desk, b"<a/>")
    assert list(sent_members(desk.outbox, flow)) == [(flow.flow_id, b"<a/>")]


def test_a_stylesheet_is_no_invoice(desk: Desk) -> None:
    flow = sent(desk, b"<a/>", b"<b/>")
    members = [Member(member_name(APPLICATION, "FSO1106A", n), b"<c/>") for n in (101, 102)]
    write_flow(desk.outbox / flow.path, members, gzip_level=1, stylesheet=Member("s.xsl", b"<s/>"))
    assert [member for member, _ in sent_members(desk.outbox, flow)] == [flow_id(101), flow_id(102)]
    assert not is_as_built(desk.outbox, flow)


def test_what_cannot_be_read_back_is_raised(desk: Desk) -> None:
    flow = sent(desk, b"<a/>", b"<b/>")
    path = desk.outbox / flow.path
    write_flow(
        path, [Member("a.xml", b"<a/>"), Member("b.xml", b"<b/>")], gzip_level=1, stylesheet=None
    )
    with pytest.raises(NamingError):
        list(sent_members(desk.outbox, flow))
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UnbundleError):
        list(sent_members(desk.outbox, flow))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        list(sent_members(desk.outbox, flow))
    with pytest.raises(FileNotFoundError):
        is_as_built(desk.outbox, flow)
