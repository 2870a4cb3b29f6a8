"""What the directory asks of a recipient and of an extract; its age; the commands."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from flows import directory
from flows.cli.main import run
from flows.errors import ConfigurationError, ExitCode
from flows.ledger import DirectoryImport
from tests.support.directory_files import (
    BOTH,
    CLOSED,
    EITHER,
    ENGAGEMENT,
    PLAIN,
    SERVICE,
    STRANGER,
    WORKS,
    write_directory,
)
from tests.support.firm import NOW, Firm, csv, row


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm that has imported the small directory, of 7 September."""
    made = Firm(tmp_path)
    structures, services = write_directory(tmp_path / "annuaire")
    with made.ledger() as ledger:
        directory.import_files(ledger, made.configuration().settings, structures, services)
    return made


def answer(firm: Firm, *identifiers: str) -> directory.Answer:
    with firm.ledger() as ledger:
        return directory.of_recipients(ledger, firm.configuration().settings, identifiers)


def of_extract(firm: Firm, *rows: dict[str, str]) -> directory.Answer:
    extract = firm.root / "extract.csv"
    extract.write_text(csv(rows))
    with firm.ledger() as ledger:
        return directory.of_extract(
            ledger, firm.configuration().settings, [extract], language="en"
        )
