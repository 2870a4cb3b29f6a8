"""Every action of a person is an event that says who and why, and is told by status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flows import status
from flows.cli.main import run
from flows.errors import ConfigurationError, ExitCode
from flows.ledger import SYSTEM, FlowState
from flows.night_result import Mode
from tests.support.directory_files import write_directory
from tests.support.firm import SELLER, Firm, csv, row

BY, WHY = "A. Martin", "ticket 4711: seen with the treasury"
_SENT = f"seller_id;number\n{SELLER};OLD-1\n"


def held(firm: Firm) -> list[str]:
    """Hold a night, to be released."""
    firm.drop("a.csv", csv([row("F1")]))
    return ["release", firm.run(Mode.HOLD)[0].run_id]


def given_up(firm: Firm) -> list[str]:
    """Hold a night, to be given up."""
    return [*held(firm), "--discard"]


def in_doubt(firm: Firm) -> list[str]:
    """Leave a flow in doubt."""
    held(firm)
    with firm.ledger() as ledger:
        (flow,) = ledger.flows()
        ledger.move_flow(flow.flow_id, FlowState.IN_DOUBT)
    return ["flow", "resolve", flow.flow_id]


def arrived(firm: Firm) -> list[str]:
    """Leave a flow in doubt that has arrived."""
    return [*in_doubt(firm), "--deposited"]


def lost(firm: Firm) -> list[str]:
    """Leave a flow in doubt that was lost."""
    return [*in_doubt(firm), "--resend"]


def mended(firm: Firm) -> list[str]:
    """Have an invoice quarantined, and its rows mended."""
    firm.drop("a.csv", csv([row("F1", buyer_siret="1")]))
    firm.run()
    path = firm.root / "mended.csv"
    path.write_text(csv([row("F1")]))
    return ["quarantine", "retry", str(path)]


def former(firm: Firm) -> list[str]:
    """List what a former tool sent."""
    firm.ledger().close()
    path = firm.root / "sent.csv"
    path.write_text(_SENT)
    return ["ledger", "import-sent", str(path)]


ACTIONS = (held, given_up, arrived, lost, mended, former)


@pytest.mark.parametrize("prepare", ACTIONS)
def test_an_action_says_who_and_why(tmp_path: Path, prepare: Callable[[Firm], list[str]]) -> None:
    firm = Firm(tmp_path)
    line = [*prepare(firm), "--config", str(firm.settings_file)]
    with firm.ledger() as ledger:
        before = len(ledger.events())
    refused = run([*line, "--by", " ", "--reason", WHY])
    assert refused is ExitCode.USAGE
    assert run([*line, "--by", SYSTEM, "--reason", WHY]) is ExitCode.USAGE
    with firm.ledger() as ledger:
        assert len(ledger.events()) == before
    assert run([*line, "--by", BY, "--reason", f"{WHY}\n\x1b[2Jforged"]) is ExitCode.OK
    with firm.ledger() as ledger:
        new = [event for event in ledger.events()[before:] if event.actor == BY]
    assert new
    assert all(event.reason.startswith(WHY) for event in new if event.reason)
    assert any(event.reason.startswith(WHY) for event in new)
    assert all(event.reason.isprintable() for event in new)


@pytest.mark.parametrize("prepare", [arrived, lost, mended])
def test_the_chain_of_the_invoice_tells_it(
    tmp_path: Path, prepare: Callable[[Firm], list[str]]
) -> None:
    firm = Firm(tmp_path)
    line = [*prepare(firm), "--config", str(firm.settings_file)]
    assert run([*line, "--by", BY, "--reason", WHY]) is ExitCode.OK
    with firm.ledger() as ledger:
        view = status.of_invoice(ledger, "F1", firm.configuration().settings, "en")
    assert any(f"by {BY} ({WHY}" in each for each in view.lines)


def test_a_directory_is_imported_by_somebody(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    firm.ledger().close()
    path, _ = write_directory(tmp_path)
    line = ["directory", "import", str(path), "--config", str(firm.settings_file), "--by", BY]
    assert run([*line, "--by", " "]) is ExitCode.USAGE
    run([*line, "--reason", WHY])
    with firm.ledger() as ledger:
        events = ledger.events(kind="directory")
        known = ledger.directory_now()
    assert known is not None
    assert [event.actor for event in events] == [BY]
    assert events[0].reason.startswith(WHY)


def test_the_commands_of_the_quarantine_list_and_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firm = Firm(tmp_path)
    mended(firm)
    settings = ["--config", str(firm.settings_file)]
    assert run(["quarantine", "list", "--lang", "en", *settings]) is ExitCode.OK
    assert "1 invoices still quarantined" in capsys.readouterr().out
    out = ["--out", str(tmp_path / "out"), *settings]
    assert run(["quarantine", "export", "--json", *out]) is ExitCode.OK
    assert '"kind": "quarantine export"' in capsys.readouterr().out
    assert run(["quarantine", "export", *out]) is ExitCode.USAGE
    assert run(["status", "--invoice", "F1", "--xml", "-", *settings]) is ExitCode.USAGE
    assert "never in a flow" in capsys.readouterr().err


def test_the_xml_that_was_sent_is_printed_or_written_once(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    line = ["status", "--invoice", "F1", "--config", str(firm.settings_file), "--xml"]
    capfdbinary.readouterr()
    assert run([*line, "-"]) is ExitCode.OK
    printed = capfdbinary.readouterr().out
    assert printed.startswith(b"<?xml")
    path = tmp_path / "F1.xml"
    assert run([*line, str(path)]) is ExitCode.OK
    assert path.read_bytes() == printed
    assert run([*line, str(path)]) is ExitCode.USAGE
    with pytest.raises(ConfigurationError, match="no invoice F2"), firm.ledger() as ledger:
        status.xml_of(ledger, "F2", firm.configuration().settings)
