"""Our EN 16931 rules against the verdict of the official artefacts 1.3.16.

CEN's own unit tests and whole documents: for each, the ids of the rules that fire, fatal and
warning apart, must be those of the official Schematron, neither more nor less.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.rules import check_reading
from tests.support.coverage import Score
from tests.support.ruled_invoice import context
from transforms.finding import Severity
from transforms.reading import read_document
from transforms.xml_node import ReadError

pytestmark = pytest.mark.conformance

#: Cases whose official verdict rests on a defect of the artefact that we do not repeat: none.
EXCEPTIONS: dict[str, str] = {}


@dataclass(frozen=True)
class Case:
    """A document and what the official rules say of it."""

    name: str
    kind: str
    xml: bytes
    fatal: frozenset[str]
    warning: frozenset[str]


def unit_tests(data: Path) -> Iterator[Case]:
    for line in (data / "en16931" / "unit_dev.jsonl").read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        yield Case(
            test["id"],
            f"unit {test['syntax']}",
            test["xml"].encode(),
            official(test["official_fatal"]),
            official(test["official_warning"]),
        )


def documents(data: Path) -> Iterator[Case]:
    file = data / "en16931" / "documents_dev.jsonl"
    for line in file.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        told = document.get("EN16931")
        if not told:
            continue
        if document["xml"] is not None:
            xml = document["xml"].encode(document["xml_encoding"])
        elif document.get("xml_path"):
            # The path is told from the root of the material, one above its data.
            xml = (data.parent / document["xml_path"]).read_bytes()
        else:
            continue
        kind = f"documents {document['syntax']}"
        fatal, warning = official(told["fatal"]), official(told["warning"])
        yield Case(document["file"], kind, xml, fatal, warning)


def official(ids: list[str]) -> frozenset[str]:
    """Return the business rules of ``ids``; those on the syntax are the XSD's and the gate's."""
    return frozenset(rule for rule in ids if rule.startswith("BR-"))


def ours(xml: bytes) -> tuple[frozenset[str], frozenset[str]]:
    findings = check_reading(read_document(xml), context(target="en16931"))
    fatal = frozenset(one.rule for one in findings if one.severity is Severity.FATAL)
    return fatal, frozenset(one.rule for one in findings if one.severity is Severity.WARNING)


@pytest.mark.parametrize(
    ("cases", "at_least"), [(unit_tests, 600), (documents, 150)], ids=["unit tests", "documents"]
)
def test_our_verdict_is_the_official_one(
    data_folder: Path,
    verdicts: Score,
    cases: Callable[[Path], Iterator[Case]],
    at_least: int,
) -> None:
    wrong = []
    seen = 0
    for case in cases(data_folder):
        seen += 1
        fatal, warning = ours(case.xml)
        right = (fatal, warning) == (case.fatal, case.warning)
        verdicts.count(case.kind, right=right)
        if not right and case.name not in EXCEPTIONS:
            differing = sorted((fatal ^ case.fatal) | (warning ^ case.warning))
            wrong.append((case.name, differing))
    assert wrong == []
    assert seen >= at_least


def test_what_is_no_invoice_is_refused(data_folder: Path) -> None:
    file = data_folder / "en16931" / "documents_dev.jsonl"
    refused = 0
    for line in file.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        if document.get("error") and document.get("xml") is not None:
            with pytest.raises(ReadError):
                read_document(document["xml"].encode(document["xml_encoding"]))
            refused += 1
    assert refused > 0


def test_no_exception_is_left_over(data_folder: Path) -> None:
    known = {case.name for source in (unit_tests, documents) for case in source(data_folder)}
    assert set(EXCEPTIONS) <= known
