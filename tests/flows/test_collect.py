"""Collecting: what is read, kept aside, raised, and survived."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import collect as collecting
from flows.errors import ChannelRefusedError, ExitCode
from tests.support.return_desk import Desk
from tests.support.return_files import document, flow_status


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def kept(desk: Desk) -> list[str]:
    folder = desk.settings.state_folder / "returns"
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_file_cut_short_is_kept_aside_then_read_once_it_is_whole(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    content = document(flow_status("90", flow_id=flow))
    desk.drop("CSO1106A_1", content[:200])
    result = desk.collect()
    assert result.not_understood == ("CSO1106A_1",)
    assert result.exit_code is ExitCode.ATTENTION
    assert desk.states() == {"FA-0001": "deposited"}
    (record,) = desk.ledger.returns()
    assert record.state.value == "not_understood"
    assert record.reason.startswith("not_xml")
    assert f"not_understood/CSO1106A_1.{record.sha256[:12]}" in kept(desk)
    desk.drop("CSO1106A_1", content)
    assert desk.collect().exit_code is ExitCode.OK
    assert desk.states() == {"FA-0001": "integrated"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1f\x8b" + b"\0" * 30,
        b"<html/>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><CPPStatut>&e;</CPPStatut>',
        gzip.compress(b" " * 30_000_000),
    ],
    ids=["empty", "damaged", "other", "entity", "bomb"],
)
def test_a_hostile_file_is_raised_once_and_the_others_are_read(desk: Desk, content: bytes) -> None:
    flow = desk.deposit("FA-0001")
    bad = desk.drop("CSO1106A_1", content)
    good = desk.drop("CSO1106A_2", document(flow_status("90", flow_id=flow)))
    for path in (bad, good):
        os.utime(path, (0, desk.now.timestamp() - 60))
    result = desk.collect()
    assert desk.states() == {"FA-0001": "integrated"}
    assert result.not_understood == ("CSO1106A_1",)
    assert [finding.rule for finding in result.findings] == ["RT-FILE-01"]
    assert desk.collect().exit_code is ExitCode.OK


class PowerCutError(BaseException):
    """Stands for the end of the process."""


def _power_cut(*_: object, **__: object) -> None:
    raise PowerCutError


@pytest.mark.parametrize(
    "place", ["status_rows", "parse_return", "reconcile", "late_finding", "overdue_flows"]
)
def test_a_collect_cut_anywhere_is_ended_by_the_next_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    desk.deposit("FA-0009")
    desk.later(hours=30)
    lines = ["Facture FA-0002 : SIRET inconnu"]
    desk.drop("CSO1106A_1", document(flow_status("96", flow_id=flow, lines=lines)))

    with monkeypatch.context() as patch:
        patch.setattr(collecting, place, _power_cut)
        with pytest.raises(PowerCutError):
            desk.collect()
    desk.collect()
    assert desk.states() == {
        "FA-0001": "integrated",
        "FA-0002": "rejected",
        "FA-0009": "deposited",
    }
    assert not desk.held("FA-0002")
    assert [r.state.value for r in desk.ledger.returns()] == ["reconciled"]
    assert len(desk.ledger.statuses()) == 1
    assert len(kept(desk)) == 1


@pytest.mark.parametrize("method", ["settle_members", "move_flow", "free_identities"])
def test_a_settling_cut_anywhere_is_ended_by_the_next_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=["SIRET inconnu"])))

    with monkeypatch.context() as patch:
        patch.setattr(desk.ledger, method, _power_cut)
        with pytest.raises(PowerCutError):
            desk.collect()
    desk.collect()
    assert (desk.states(), desk.flow_state(flow)) == ({"FA-0001": "rejected"}, "rejected")
    assert not desk.held("FA-0001")
    (invoice,) = desk.ledger.invoices(number="FA-0001")
    assert len(desk.ledger.findings(invoice_row=invoice.invoice_row)) == 1


def test_a_local_copy_that_is_gone_is_raised_and_the_others_are_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = desk.deposit("FA-0001")
    desk.drop("CSO1106A_1", document(flow_status("91", flow_id=flow)))
    with monkeypatch.context() as patch:
        patch.setattr(collecting, "parse_return", _power_cut)
        with pytest.raises(PowerCutError):
            desk.collect()
    (name,) = kept(desk)
    (desk.settings.state_folder / "returns" / name).unlink()
    desk.drop("CSO1106A_2", document(flow_status("90", flow_id=flow)))
    result = desk.collect()
    assert result.not_understood == ("CSO1106A_1",)
    assert desk.states() == {"FA-0001": "integrated"}


def test_an_out_folder_that_is_not_there_is_told(desk: Desk) -> None:
    desk.out.rmdir()
    result = desk.collect()
    assert isinstance(result.problem, ChannelRefusedError)
    assert result.exit_code is ExitCode.UNFINISHED
