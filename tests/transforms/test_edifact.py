"""EDIFACT interchanges."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.profile import Format
from tests.support.documents import EANCOM, interchange, message, released
from transforms import edifact
from transforms.document_rows import Document
from transforms.edifact import edifact_documents, is_edifact
from transforms.finding import Finding

AUTO = Format(kind="edifact", encoding="auto")
SHORT = ("BGM+380+F1", "LIN+1", "UNS+S", "MOA+77:1")


def read(content: bytes, layout: Format = AUTO) -> tuple[list[Document], list[Finding]]:
    found = list(edifact_documents(io.BytesIO(content), file="a.edi", layout=layout))
    documents = [item for item in found if isinstance(item, Document)]
    return documents, [item for item in found if isinstance(item, Finding)]


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def numbers(documents: list[Document]) -> list[str]:
    return [value(document, "BGM", "1004") for document in documents]


def value(document: Document, name: str, field: str) -> str:
    found = next(segment for segment in document.root.walk() if segment.name == name)
    return found.fields.get(field, "")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", " \n"])
@pytest.mark.parametrize("advice", ["UNA:+,? '", "UNA:+.? '", ""])
def test_an_interchange_is_read_with_or_without_line_ends(advice: str, end: str) -> None:
    content = interchange(message(EANCOM), message(SHORT, "2"), advice=advice, end=end)
    documents, findings = read(content)
    assert numbers(documents) == ["F-2026-1", "F1"]
    assert not findings
    assert not documents[0].findings
    assert value(documents[0], "NAD", "3039") == "3012345000015"
    assert value(documents[0], "UNB", "0020") == "R1"


def test_other_separators_are_those_of_the_advice() -> None:
    text = (
        "UNA|^,\\ ~UNB^UNOC|3^A^B^261123|1200^R~UNH^1^INVOIC|D|96A|UN~"
        "BGM^380^F'+\\^\\~1~UNT^3^1~UNZ^1^R~"
    )
    documents, findings = read(text.encode())
    assert numbers(documents) == ["F'+^~1"]
    assert not findings


def test_without_a_release_character_nothing_is_released() -> None:
    content = interchange(message(("BGM+380+F?",)), advice="UNA:+.  '")
    assert numbers(read(content)[0]) == ["F?"]


def test_the_place_of_a_segment_is_its_line_where_each_has_one() -> None:
    content = interchange(message(EANCOM), end="\n")
    [document], _ = read(content)
    lines = content.decode("latin-1").splitlines()
    for segment in document.root.walk():
        assert lines[segment.line - 1].startswith(segment.name)


def test_two_invoices_never_begin_in_the_same_place() -> None:
    documents, _ = read(interchange(*[message(SHORT, str(n)) for n in range(1, 4)], advice=""))
    assert [document.root.line for document in documents] == [2, 8, 14]


def test_lines_of_one_length_are_joined() -> None:
    content = interchange(message(EANCOM)).decode("latin-1")
    wrapped = "".join(f"{content[at : at + 80]}\r\n" for at in range(0, len(content), 80))
    [document], findings = read(wrapped.encode("latin-1"))
    assert not findings
    assert not document.findings
    assert value(document, "BGM", "1004") == "F-2026-1"


def test_several_interchanges_may_stand_in_one_file() -> None:
    content = interchange(message(SHORT)) + b"\n" + interchange(message(SHORT), advice="UNA:+.? '")
    documents, findings = read(content)
    assert [document.rank for document in documents] == [1, 2]
    assert not findings


def test_line_breaks_of_a_text_are_kept() -> None:
    text = ("BGM+380+F1", "FTX+AAI+++first\nsecond")
    [document], _ = read(interchange(message(text)))
    assert value(document, "FTX", "4440") == "first\nsecond"


# -- character sets --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "encoding", "warned"),
    [
        ("UNOC", "iso8859-1", False),
        ("UNOC", "utf-8", True),
        ("UNOC", "cp1252", False),
        ("UNOA", "cp1252", True),
        ("UNOW", "utf-8", False),
        ("UNOY", "utf-8", False),
        ("UNOW", "cp1252", True),
        ("UNOD", "iso8859-2", False),
    ],
)
def test_the_character_set_is_the_declared_one_where_the_text_is_of_it(
    charset: str, encoding: str, warned: bool
) -> None:
    text = ("BGM+380+F1", "FTX+AAI+++Crécy")
    [document], findings = read(interchange(message(text), charset=charset, encoding=encoding))
    assert value(document, "FTX", "4440") == "Crécy"
    assert rules(findings) == (["XT-CHARSET-01"] if warned else [])


def test_an_encoding_of_the_profile_counts() -> None:
    text = ("BGM+380+F1", "FTX+AAI+++Crécy")
    content = interchange(message(text), charset="UNOA", encoding="cp1252")
    [document], findings = read(content, Format(kind="edifact", encoding="cp1252"))
    assert value(document, "FTX", "4440") == "Crécy"
    assert not findings


# -- what is lost is told --------------------------------------------------------------------------


def test_a_wrong_count_of_segments_holds_the_invoice_back() -> None:
    lost = message(SHORT)
    del lost[2]
    [document], findings = read(interchange(lost))
    assert rules(document.findings) == ["XT-COUNT-01"]
    assert document.findings[0].params["count"] == "5"
    assert not findings


def test_the_end_of_another_message_holds_the_invoice_back() -> None:
    body = message(SHORT)
    body[-1] = "UNT+6+9"
    [document], _ = read(interchange(body))
    assert rules(document.findings) == ["XT-COUNT-03"]


def test_a_message_without_end_holds_its_invoice_back_and_no_other() -> None:
    body = message(SHORT)[:-1]
    [first, second], findings = read(interchange(body, message(SHORT, "2")))
    assert rules(first.findings) == ["XT-CUT-01"]
    assert not second.findings
    assert not findings


def test_a_lost_message_is_told() -> None:
    content = interchange(message(SHORT)).replace(b"UNZ+1", b"UNZ+2")
    [document], [finding] = read(content)
    assert not document.findings
    assert (finding.rule, finding.value, finding.params["count"]) == ("XT-COUNT-02", "2", "1")


CONTENT = interchange(message(SHORT), message(SHORT, "2"))


@pytest.mark.parametrize("cut", range(20, len(CONTENT)))
def test_a_cut_interchange_is_always_told(cut: int) -> None:
    documents, findings = read(CONTENT[:cut])
    assert findings
    assert len([document for document in documents if not document.findings]) <= 2
    whole = CONTENT[:cut].count(b"UNT+6+")
    assert len([d for d in documents if not d.findings]) in (whole, whole - 1)


def test_an_interchange_without_end_is_told_when_the_next_begins() -> None:
    content = interchange(message(SHORT))
    documents, findings = read(content[: content.index(b"UNZ")] + content)
    assert len(documents) == 2
    assert rules(findings) == ["XT-CUT-02"]


def test_a_message_of_another_kind_is_told() -> None:
    content = interchange(message(("BGM+220+O1",), "1", "ORDERS:D:96A:UN"), message(SHORT, "2"))
    documents, [finding] = read(content)
    assert numbers(documents) == ["F1"]
    assert (finding.rule, finding.value) == ("XT-OTHER-01", "ORDERS")


@pytest.mark.parametrize(
    "content",
    [
        b"UNB+UNOC:3+A+B+261123:1200+R'BGM+380+F1'UNZ+0+R'",
        b"UNH+1+INVOIC:D:96A'BGM+380+F1'UNT+3+1'",
        b"UNB+UNOC:3+A+B+261123:1200+R'UNZ+0+R'UNZ+0+R'",
        b"lorem ipsum'UNA:+.? 'UNB+UNOC:3+A+B+261123:1200+R'UNZ+0+R'",
    ],
)
def test_segments_outside_are_told(content: bytes) -> None:
    assert rules(read(content)[1]) == ["XT-STRAY-01"]


def test_an_interchange_without_invoice_is_told() -> None:
    assert rules(read(b"UNB+UNOC:3+A+B+261123:1200+R'UNZ+0+R'")[1]) == ["XT-NONE-01"]


def test_groups_of_messages_are_passed_through() -> None:
    content = (
        b"UNB+UNOC:3+A+B+261123:1200+R'UNG+X'UNH+1+INVOIC:D:96A'BGM+380+F1'UNT+3+1'UNE+1'UNZ+1+R'"
    )
    documents, findings = read(content)
    assert (numbers(documents), findings) == (["F1"], [])


def test_an_attached_object_is_told_and_passed_over() -> None:
    body = b"UNH+9+'++'UNT+1+9'"
    there = interchange(message(SHORT))
    at = there.index(b"UNZ")
    package = b"UNO+P1+1:piece.pdf+13:application/pdf+%d'" % len(body) + body + b"UNP+18+P1'"
    documents, [finding] = read(there[:at] + package + there[at:])
    assert len(documents) == 1
    assert (finding.rule, finding.value) == ("XT-OBJECT-01", "piece.pdf")


def test_a_line_break_after_the_release_character_is_told() -> None:
    [document], _ = read(interchange(message(("BGM+380+F1", "FTX+AAI+++a?\nb"))))
    assert rules(document.findings) == ["XT-SEGMENT-02"]


# -- limits ----------------------------------------------------------------------------------------


def test_a_segment_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edifact, "LONGEST_SEGMENT", 1000)
    content = interchange(message(SHORT), message(("BGM+380+" + "x" * 90_000,), "2"))
    [first, second], findings = read(content)
    assert not first.findings
    assert rules(second.findings) == ["XT-CUT-01"]
    assert rules(findings) == ["XT-SIZE-01"]


def test_a_message_without_bounds_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edifact, "MOST_SEGMENTS", 5)
    [document], findings = read(interchange(message(EANCOM)))
    assert rules(document.findings) == ["XT-SIZE-01"]
    assert not findings


# -- any text --------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)


@given(st.lists(TEXT, min_size=1, max_size=5), st.sampled_from(["", "\n"]))
def test_any_released_text_comes_back(texts: list[str], end: str) -> None:
    written = ":".join(released(text) for text in texts)
    body = message(("BGM+380+F1", f"FTX+AAI+++{written}"))
    content = interchange(body, charset="UNOW", encoding="utf-8", end=end)
    [document], findings = read(content, Format(kind="edifact", encoding="utf-8"))
    assert not findings
    assert not document.findings
    found = next(child for child in document.root.children if child.name == "FTX").fields
    names = ["4440", "4440_2", "4440_3", "4440_4", "4440_5"]
    assert [found[name] for name in names[: len(texts)]] == texts


SAMPLE = interchange(message(EANCOM), message(SHORT, "2"))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=5),
    st.integers(0, len(SAMPLE)),
)
def test_damaged_bytes_never_raise(changes: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(SAMPLE)
    for place, byte in changes:
        damaged[place] = byte
    read(bytes(damaged[cut:]))
    read(bytes(damaged[:cut]))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"UNA:+.? '", True),
        (b"\xef\xbb\xbfUNB+", True),
        ("UNB+".encode("utf-16"), True),
        (b"\r\nUNB+", True),
        (b"<x>", False),
        (b"", False),
    ],
)
def test_an_interchange_is_known_by_its_first_bytes(head: bytes, expected: bool) -> None:
    assert is_edifact(head) is expected
