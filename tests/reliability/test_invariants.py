"""The checker of the promises finds each of them broken, and nothing where none is."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.crashpoints import CrashPoint
from flows.sandbox import Sandbox
from tests.reliability.cases import Case
from tests.reliability.invariants import violations
from tests.reliability.story import begin, evening_before
from tests.support.firm import Firm

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A firm and its Chorus Pro after two nights in which nothing went wrong."""
    root = tmp_path_factory.mktemp("quiet")
    evening_before(root, "")
    with begin(Case(point=CrashPoint.RUN_STARTED), root, "") as story:
        story.prepare()
        story.night()
        story.answer()
        story.later(1)
        story.night()
    return root


def sql(statement: str) -> Callable[[Path], None]:
    """Return what does a statement in the ledger."""

    def do(root: Path) -> None:
        with sqlite3.connect(root / "state" / "ledger.sqlite") as base:
            assert base.execute(statement).rowcount, "it changes something"

    return do


def write(path: str) -> Callable[[Path], None]:
    """Return what writes a file below the root."""

    def do(root: Path) -> None:
        (root / path).write_text("left")

    return do


def remove(pattern: str) -> Callable[[Path], None]:
    """Return what removes the first file that a pattern finds."""

    def do(root: Path) -> None:
        sorted(root.glob(pattern))[0].unlink()

    return do


def arrive_again(root: Path) -> None:
    """Let a flow that was judged arrive once more."""
    archive = root / "chorus-pro" / "archive"
    judged = sorted(archive.iterdir())[-1]
    shutil.copy(judged, root / "chorus-pro" / "exchange" / "in" / judged.name.partition("_")[2])


F1 = "WHERE number = 'F1'"

BROKEN = {
    "a flow that arrives again": (arrive_again, "arrived 2 times"),
    "an invoice in two places": (
        sql(
            f"UPDATE invoices SET identity_key = (SELECT identity_key FROM invoices {F1})"
            " WHERE number = 'F2'"
        ),
        "on its way, or there, 2 times",
    ),
    "an invoice that is lost": (
        sql(f"UPDATE invoices SET first_line = 99 {F1}"),
        "invoices at",
    ),
    "a state without an event": (
        sql(f"UPDATE invoices SET state = 'rejected' {F1}"),
        "no event says why F1",
    ),
    "an invoice that is integrated there and not here": (
        sql(f"UPDATE invoices SET state = 'deposited' {F1}"),
        "F1 is integrated on the other side and deposited here",
    ),
    "an invoice that is integrated here and not there": (
        sql("UPDATE invoices SET state = 'integrated' WHERE number = 'AGAIN'"),
        "AGAIN counts as integrated",
    ),
    "a number that is free too early": (
        sql("DELETE FROM identities WHERE number = 'F1'"),
        "its number is free",
    ),
    "a flow that the ledger never sent": (
        sql("UPDATE flows SET state = 'built' WHERE state = 'integrated'"),
        "it would go again",
    ),
    "a flow with other bytes": (
        sql("UPDATE flows SET sha256 = 'x' WHERE state = 'integrated'"),
        "with other bytes",
    ),
    "numbers given twice": (
        sql("UPDATE sequences SET last = last + 1"),
        "were reserved twice",
    ),
    "a number never reserved": (
        sql("DELETE FROM sequences"),
        "was never reserved",
    ),
    "a balance that does not hold": (
        sql("UPDATE runs SET balance = json_set(balance, '$.holds', json('false'))"),
        "does not hold",
    ),
    "a run that never ended": (sql("UPDATE runs SET state = 'running'"), "never ended"),
    "a report that tells too little": (
        sql("UPDATE runs SET changes = changes + 1"),
        "does not tell the last of it",
    ),
    "a report that is not there": (remove("reports/*/report.json"), "has no report"),
    "a return file not reconciled": (
        sql("UPDATE returns SET state = 'fetched'"),
        "was never reconciled",
    ),
    "a copy of a return file that is gone": (remove("state/returns/2*/*"), "is gone"),
    "rows of a waiting invoice that are gone": (remove("state/waiting/*"), "its rows"),
    "rows that nobody waits for": (write("state/waiting/a-1.json"), "nobody waits"),
    "a half-written flow": (write("state/outbox/.x.part"), "half-written"),
    "a flow that nobody knows": (write("state/outbox/x"), "in no flow"),
    "a temporary name left": (write("chorus-pro/exchange/tmp/x.part"), "half-written"),
    "a strange name in the folder of Chorus Pro": (
        write("chorus-pro/exchange/in/x.part"),
        "no flow is named so",
    ),
    "an extract left behind": (write("landing/c.csv"), "still in the landing"),
}


def look(root: Path) -> list[str]:
    sandbox = Sandbox(root / "chorus-pro")  # not started: only what is there is looked at
    try:
        return violations(Firm(root, {"source": {"company_file": "company.yaml"}}), sandbox)
    finally:
        sandbox.close()


def test_two_quiet_nights_keep_every_promise(quiet: Path, tmp_path: Path) -> None:
    assert look(shutil.copytree(quiet, tmp_path / "copy")) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_told(quiet: Path, tmp_path: Path, name: str) -> None:
    breaks, told = BROKEN[name]
    root = shutil.copytree(quiet, tmp_path / "copy")
    breaks(root)
    assert any(told in found for found in look(root)), look(root)
