"""The command line: every command of the contract exists, every failure has its exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from flows.cli.main import app, run
from flows.errors import ExitCode
from tests.support.firm import Firm, csv, row

CONTRACT = (
    "demo",
    "run",
    "release",
    "collect",
    "convert",
    "validate",
    "profile list",
    "profile show",
    "profile check",
    "profile scaffold",
    "schema",
    "status",
    "quarantine list",
    "quarantine export",
    "quarantine retry",
    "flow resolve",
    "invoice resolve",
    "ledger upgrade",
    "ledger backup",
    "ledger import-sent",
    "ledger reconcile",
    "ledger unlock",
    "audit verify",
    "audit export",
    "audit purge",
    "directory import",
    "directory check",
    "doctor",
    "serve",
    "sandbox",
)


def commands() -> set[str]:
    """Return all commands of the application."""
    found: set[str] = set()

    def walk(command: object, path: tuple[str, ...]) -> None:
        children = getattr(command, "commands", None)
        if children is None:
            found.add(" ".join(path))
            return
        for name, child in children.items():
            walk(child, (*path, name))

    walk(typer.main.get_command(app), ())
    return found


def test_exactly_the_commands_of_the_contract_exist() -> None:
    assert commands() == set(CONTRACT)


@pytest.mark.parametrize("command", CONTRACT)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "--help"]) is ExitCode.OK
    assert "Usage: chorus-flows" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--nope"],
        ["nope"],
        ["run", "--config", "/nowhere.toml"],
        ["run", "--dry-run", "--hold"],
        ["release", "R1"],
        ["flow", "resolve", "X", "--by", "a", "--reason", "b"],
    ],
)
def test_wrong_use_ends_with_2_and_no_trace(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) is ExitCode.USAGE
    assert "Traceback" not in capsys.readouterr().err


def test_an_unexpected_failure_ends_with_5_and_its_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(_config: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("flows.doctor.examine", fail)
    assert run(["doctor"]) is ExitCode.UNEXPECTED
    told = capsys.readouterr().err
    assert "ZeroDivisionError: on purpose" in told
    assert "the state is safe" in told


def test_commands_that_need_no_prefect_do_not_load_it(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    code = (
        "import sys; from flows.cli.main import run; "
        f"code = run(['status', '--config', {str(firm.settings_file)!r}]); "
        "assert code == 0, code; assert 'prefect' not in sys.modules; "
        "assert 'pandas' not in sys.modules; assert 'paramiko' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_doctor_finds_a_good_installation_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firm = Firm(tmp_path)
    assert run(["doctor", "--config", str(firm.settings_file)]) is ExitCode.OK
    assert "FAIL" not in capsys.readouterr().out


def test_doctor_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    firm = Firm(tmp_path)
    (firm.root / "gateway" / "out").rmdir()
    assert run(["doctor", "--config", str(firm.settings_file)]) is ExitCode.UNFINISHED
    assert "FAIL  channel" in capsys.readouterr().out


def test_status_shows_the_chain_of_an_invoice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("0001"), row("0002", buyer_siret="123")]))
    firm.run()
    settings = ["--config", str(firm.settings_file)]
    assert run(["status", "--invoice", "0001", *settings]) is ExitCode.OK
    told = capsys.readouterr().out
    assert "a.csv, lines 2-2" in told
    assert "ABC1231106000000000000001" in told
    assert "bundled -> handed_over" in told
    assert run(["status", "--flow", "ABC1231106000000000000001", *settings]) is ExitCode.OK
    assert "0001" in capsys.readouterr().out
    assert run(["status", "--json", *settings]) is ExitCode.OK
    assert '"schema": 1' in capsys.readouterr().out
    assert run(["status", "--invoice", "1", *settings]) is ExitCode.USAGE
    assert run(["quarantine", "list", *settings]) is ExitCode.OK
    assert "CP-BUYER-03" in capsys.readouterr().out


def test_a_backup_is_a_ledger_and_never_overwrites(tmp_path: Path) -> None:
    firm = Firm(tmp_path / "firm")
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    target = tmp_path / "copy.sqlite"
    arguments = ["ledger", "backup", str(target), "--config", str(firm.settings_file)]
    assert run(arguments) is ExitCode.OK
    assert target.stat().st_mode & 0o777 == 0o600
    assert run(arguments) is ExitCode.USAGE
    assert run(["ledger", "upgrade", "--config", str(firm.settings_file)]) is ExitCode.OK


def test_numbers_sent_by_a_former_tool_are_not_sent_again(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    sent = tmp_path / "sent.csv"
    sent.write_text("seller_id;number;issue_date;total\n40678483500521;F1;2026-09-01;120.00\n")
    settings = ["--config", str(firm.settings_file)]
    assert run(["ledger", "import-sent", str(sent), "--by", "A. Martin", *settings]) == ExitCode.OK
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    firm.run()
    assert firm.states()["F1"][-1] == "skipped"
    assert firm.states()["F2"] == ["handed_over"]
    assert "LG-IMPORTED-01" in firm.rules("F1")


def test_a_wrong_list_of_sent_invoices_imports_nothing(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    sent = tmp_path / "sent.csv"
    sent.write_text("seller_id;number;total\n40678483500521;F1;12\n40678483500521;;x\n")
    settings = ["--config", str(firm.settings_file)]
    assert run(["ledger", "import-sent", str(sent), "--by", "x", *settings]) is ExitCode.USAGE
    with firm.ledger() as ledger:
        assert list(ledger.invoices()) == []
