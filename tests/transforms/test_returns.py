"""Return files: what is read, what is odd, and what cannot be understood."""

from __future__ import annotations

import gzip
import io
import tarfile
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.returns_settings import Returns
from tests.support.return_files import document, flow_status, invoice_status
from transforms.finding import Severity
from transforms.returns import parse_return
from transforms.statuses import Reason, ReturnContent

PARIS = ZoneInfo("Europe/Paris")
LIMITS = Returns(max_bytes=2_000_000, max_members=5, max_ratio=50)


def tar(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content), kind
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def read(data: bytes, limits: Returns = LIMITS) -> ReturnContent:
    return parse_return(data, name="CSO1106A_X", zone=PARIS, limits=limits)


GOOD = document(flow_status())


def test_an_integration_report_is_read_whole() -> None:
    content = read(document(flow_status("96", lines=["Facture FA-0001 : rejet", "autre"])))
    (flow,) = content.flows
    (status,) = flow.flows
    assert (flow.kind, flow.flow_id, flow.produced) == (
        "flow",
        "CPP0011106000000000000007",
        "2026-03-02",
    )
    assert (flow.sender, flow.receiver) == ("CPP001", "ABC123")
    assert (status.flow_id, status.code, status.raw_code) == ("ABC1231106000000000000101", 96, "96")
    assert (status.complement, status.producer) == ("Reçu", "CPP00100")
    assert status.stamp.at == datetime(2026, 3, 2, 0, 2, 3, tzinfo=UTC)
    assert [line.text for line in status.errors] == [
        "Facture FA-0001 : rejet\nligne 1",
        "autre\nligne 2",
    ]
    assert (status.errors[0].nature, status.errors[0].code, status.errors[0].rank) == (
        "FONCTIONNELLE",
        "TST_MSG_01.001",
        "1",
    )
    assert status.announced_errors == 2
    assert (content.problems, content.findings) == ((), ())


def test_a_life_cycle_flow_is_read_whole() -> None:
    content = read(document(invoice_status("07"), invoice_status("6", number="FA-0002")))
    (flow,) = content.flows
    first, second = flow.invoices
    assert flow.kind == "invoice"
    assert (first.number, first.seller_scheme, first.seller_id) == (
        "FA-0001",
        "1",
        "73282932000074",
    )
    assert (first.seller_name, first.buyer_id, first.buyer_name) == (
        "Béta & fils",
        "21320013600012",
        "Commune",
    )
    assert (first.service_code, first.issue_date, first.mandate_id, first.producer) == (
        "FACTURES",
        date(2026, 2, 27),
        "M9",
        "P1",
    )
    assert first.comment == "vu"
    assert (first.code, first.raw_code, second.code, second.raw_code) == (7, "07", 6, "6")
    assert content.findings == ()


def test_both_kinds_in_one_file_are_both_read() -> None:
    (flow,) = read(document(flow_status(), invoice_status())).flows
    assert (flow.kind, len(flow.flows), len(flow.invoices)) == ("mixed", 1, 1)


def test_a_namespace_and_comments_change_nothing() -> None:
    data = document(flow_status(flow_id="ABC123<!-- x -->1106"), namespace="urn:x")
    (flow,) = read(data).flows
    assert flow.flows[0].flow_id == "ABC1231106"


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(lambda data: data, id="plain"),
        pytest.param(lambda data: gzip.compress(data), id="gzip"),
        pytest.param(lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:]), id="parts"),
        pytest.param(lambda data: tar(("a.xml", data)), id="tar"),
        pytest.param(lambda data: gzip.compress(tar(("a.xml", data))), id="tar.gz"),
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="byte order mark"),
        pytest.param(lambda data: data + b"\n\n", id="trailing blanks"),
    ],
)
def test_the_first_bytes_tell_how_a_file_is_packed(pack) -> None:
    content = read(pack(document(flow_status("93"))))
    assert [status.code for flow in content.flows for status in flow.flows] == [93]
    assert content.problems == ()


def test_each_member_of_an_archive_is_read_and_a_bad_one_is_named() -> None:
    good, other = document(flow_status()), document(invoice_status())
    content = read(gzip.compress(tar(("a.xml", good), ("bad.xml", GOOD[:300]), ("b.xml", other))))
    assert [flow.name for flow in content.flows] == ["a.xml", "b.xml"]
    assert [(p.name, p.reason) for p in content.problems] == [("bad.xml", Reason.NOT_XML)]
    assert content.findings[0].rule == "RT-FILE-01"
    assert content.findings[0].location.file == "bad.xml"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", Reason.EMPTY, id="nothing"),
        pytest.param(b" \n ", Reason.EMPTY, id="blanks"),
        pytest.param(gzip.compress(b""), Reason.EMPTY, id="gzip of nothing"),
        pytest.param(GOOD[: len(GOOD) // 2], Reason.NOT_XML, id="cut"),
        pytest.param(b"PK\x03\x04" + b"\0" * 40, Reason.NOT_XML, id="zip"),
        pytest.param(b"number;status\nF1;07\n", Reason.NOT_XML, id="csv"),
        pytest.param(
            GOOD.replace(b"90</IdStatut>", b"9\x000</IdStatut>"), Reason.NOT_XML, id="nul"
        ),
        pytest.param(GOOD.replace("Reçu".encode(), b"Re\xe7u"), Reason.NOT_XML, id="bad byte"),
        pytest.param(b"<AIFE_Statut/>", Reason.OTHER_DOCUMENT, id="another document"),
        pytest.param(b"<html><body/></html>", Reason.OTHER_DOCUMENT, id="html"),
        pytest.param(document(), Reason.NO_STATUS, id="no status"),
        pytest.param(gzip.compress(GOOD)[:-9], Reason.DAMAGED_ARCHIVE, id="cut gzip"),
        pytest.param(gzip.compress(GOOD)[:60] + b"\0" * 50, Reason.DAMAGED_ARCHIVE, id="bad gzip"),
        pytest.param(gzip.compress(tar(("a", GOOD))[:700]), Reason.DAMAGED_ARCHIVE, id="cut tar"),
        pytest.param(tar(("../a", GOOD)), Reason.DAMAGED_ARCHIVE, id="name that climbs"),
        pytest.param(tar(("a", b""), kind=tarfile.SYMTYPE), Reason.DAMAGED_ARCHIVE, id="link"),
        pytest.param(
            tar(*((f"{rank}", GOOD) for rank in range(9))), Reason.TOO_LARGE, id="many members"
        ),
        pytest.param(gzip.compress(b" " * 3_000_000), Reason.TOO_LARGE, id="bomb"),
        pytest.param(
            document(flow_status(), before='<!DOCTYPE x [<!ENTITY a "b">]>'),
            Reason.FORBIDDEN_XML,
            id="entity",
        ),
        pytest.param(
            document(flow_status(), before='<!DOCTYPE x SYSTEM "file:///etc/passwd">'),
            Reason.FORBIDDEN_XML,
            id="external file",
        ),
    ],
)
def test_what_cannot_be_understood_is_a_problem_with_its_reason(
    data: bytes, reason: Reason
) -> None:
    content = read(data)
    assert content.flows == ()
    (problem,) = content.problems
    assert (problem.name or "CSO1106A_X", problem.reason) == ("CSO1106A_X", reason)
    (finding,) = content.findings
    assert (finding.rule, finding.severity) == ("RT-FILE-01", Severity.ERROR)
    assert finding.params["reason"] == reason.value


def test_entities_are_never_expanded() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    data = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><CPPStatut>&l11;</CPPStatut>'.encode()
    assert read(data).problems[0].reason is Reason.FORBIDDEN_XML


def test_a_deep_document_is_refused() -> None:
    data = b"<CPPStatut>" + b"<a>" * 5000
    assert read(data).problems[0].reason is Reason.NOT_XML


@pytest.mark.parametrize(
    ("status", "rule", "severity"),
    [
        (flow_status("97"), "RT-STATUS-01", Severity.ERROR),
        (flow_status("IN_RECU"), "RT-STATUS-01", Severity.ERROR),
        (flow_status("-1"), "RT-STATUS-01", Severity.ERROR),
        (flow_status(""), "RT-STATUS-03", Severity.ERROR),
        (flow_status(flow_id=""), "RT-STATUS-03", Severity.ERROR),
        (flow_status(at="2026-15-02T00:00:00"), "RT-TIME-01", Severity.WARNING),
        (invoice_status("13"), "RT-STATUS-02", Severity.WARNING),
        (invoice_status("41"), "RT-STATUS-02", Severity.WARNING),
        (invoice_status("42"), "RT-STATUS-01", Severity.ERROR),
        (invoice_status("٧"), "RT-STATUS-01", Severity.ERROR),
        (invoice_status(number=""), "RT-STATUS-03", Severity.ERROR),
        (invoice_status(at=""), "RT-TIME-01", Severity.WARNING),
    ],
)
def test_what_is_odd_is_kept_raw_and_told(status: str, rule: str, severity: Severity) -> None:
    content = read(document(status))
    assert [(f.rule, f.severity) for f in content.findings] == [(rule, severity)]
    (flow,) = content.flows
    assert len(flow.flows) + len(flow.invoices) == 1


@pytest.mark.parametrize("code", ["7", "07", "007"])
def test_a_status_is_compared_as_a_number(code: str) -> None:
    (flow,) = read(document(invoice_status(code))).flows
    assert (flow.invoices[0].code, flow.invoices[0].raw_code) == (7, code)


def test_a_plain_file_too_is_within_the_limits_of_the_settings() -> None:
    tight = Returns(max_bytes=100)
    assert read(GOOD, tight).problems[0].reason is Reason.TOO_LARGE


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    content = read(data)
    assert content.flows or content.problems


@given(st.integers(0, 3000), st.integers(0, 255), st.sampled_from(["plain", "gzip", "tar.gz"]))
def test_no_damage_raises(place: int, value: int, packing: str) -> None:
    data = document(flow_status("96", lines=["FA-0001"]), invoice_status())
    if packing == "tar.gz":
        data = tar(("a.xml", data))
    if packing != "plain":
        data = gzip.compress(data, mtime=0)
    spot = place % len(data)
    content = read(data[:spot] + bytes([value]) + data[spot + 1 :])
    assert content.flows or content.problems
