"""What the directory asks of a recipient and of an extract; its age; the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flows import directory
from flows.cli.main import run
from flows.directory_import import import_directory
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
from tests.support.firm import COMPANY, NOW, Firm, csv, row
from tests.support.postgres import Server


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def firm(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Firm]:
    """A firm that has imported the small directory, of 7 September; only looked at."""
    folder = tmp_path_factory.mktemp("firm")
    place: dict[str, str] = {}
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres_server")
        place = {"ledger_url": server.new_ledger(company="default", emitter="ABC123")}
    made = Firm(folder, {"": dict(place)})
    structures, services = write_directory(folder / "annuaire")
    with made.ledger() as ledger:
        settings = made.configuration().settings.directory
        import_directory(ledger, settings, structures, services, by="A. Martin")
    yield made
    for url in place.values():
        server.give_back(url)


def answer(firm: Firm, *identifiers: str) -> directory.Answer:
    with firm.ledger() as ledger:
        return directory.of_recipients(ledger, firm.configuration().settings, identifiers)


def of_extract(firm: Firm, *rows: dict[str, str]) -> directory.Answer:
    extract = firm.root / "extract.csv"
    extract.write_text(csv(rows))
    with firm.ledger() as ledger:
        return directory.of_extract(ledger, firm.configuration().settings, [extract], language="en")


@pytest.mark.parametrize(
    ("identifier", "asked", "clean"),
    [
        (PLAIN, "asks for neither service code nor engagement number", True),
        (SERVICE, "asks for a service code", True),
        (ENGAGEMENT, "asks for an engagement number", True),
        (BOTH, "asks for a service code and an engagement number", True),
        (EITHER, "asks for a service code or an engagement number", True),
        (CLOSED, "NOT ACTIVE", False),
        (WORKS, "OWNER OF WORKS ONLY", False),
        (STRANGER, "NOT IN THE DIRECTORY", False),
        ("219 999 000 00017", "Structure 00017", True),
    ],
)
def test_a_recipient_is_told_with_what_it_asks(
    firm: Firm, identifier: str, asked: str, clean: bool
) -> None:
    told = answer(firm, identifier)
    assert told.clean is clean
    assert asked in "\n".join(told.lines)
    assert told.lines[0].startswith("directory of 2026-09-07, 7 days old: 7 structures, 5 services")


def test_services_are_listed_with_their_own_demands(firm: Firm) -> None:
    told = answer(firm, SERVICE)
    assert [line for line in told.lines if line.startswith("  service")] == [
        "  service ARCHIVES  Archives  NOT ACTIVE",
        "  service LINGERIE  Lingerie  valid 2020-01-01 to …",
        "  service PASSE  Service passé  valid 2020-01-01 to 2025-12-31",
        "  service PHARMACIE  Pharmacie  asks for an engagement number",
    ]


def test_many_services_are_cut_on_a_terminal_only(tmp_path: Path) -> None:
    firm = Firm(tmp_path / "firm")
    structures, services = write_directory(tmp_path / "more")
    with services.open("a") as stream:
        stream.writelines(f"{PLAIN};S{rank:02d};;O;N;;\n" for rank in range(25))
    with firm.ledger() as ledger:
        settings = firm.configuration().settings.directory
        import_directory(ledger, settings, structures, services, by="x")
    told = answer(firm, PLAIN)
    assert told.lines[-1] == "  … and 5 more services (--json lists all)"
    recipients = told.body["recipients"]
    assert isinstance(recipients, list)
    assert [len(recipient["services"]) for recipient in recipients] == [25]


def test_an_extract_is_held_against_the_directory(firm: Firm) -> None:
    told = of_extract(
        firm,
        row("F1"),
        row("F2"),
        row("F3", buyer_siret=SERVICE),
        row("F4", buyer_siret=SERVICE, buyer_service_code="PHARMACIE"),
        row("F5", buyer_siret=SERVICE, buyer_service_code="LINGERIE"),
        row("F6", buyer_siret=STRANGER),
        row("F7", buyer_siret="123"),
    )
    assert not told.clean
    assert told.body["invoices"] == 7
    assert told.body["without_siret"] == 1
    findings = told.body["findings"]
    assert isinstance(findings, list)
    assert [(each["invoice"], each["rule"], each["line"]) for each in findings] == [
        ("F3", "DR-SERVICE-05", 4),
        ("F4", "DR-ENGAGEMENT-02", 5),
        ("F6", "DR-BUYER-01", 7),
    ]
    recipients = told.body["recipients"]
    assert isinstance(recipients, list)
    assert [(r["identifier"], r["known"], r["invoices"]) for r in recipients] == [
        (SERVICE, True, 3),
        (PLAIN, True, 2),
        (STRANGER, False, 1),
    ]
    text = "\n".join(told.lines)
    assert "requires a service code, and the invoice gives none" in text
    assert told.lines[-1] == "7 invoices, 3 recipients, 3 invoices with findings"


def test_an_extract_that_has_all_it_takes_is_clean(firm: Firm) -> None:
    told = of_extract(
        firm,
        row("F1"),
        row("F2", buyer_siret=SERVICE, buyer_service_code="PHARMACIE", engagement_number="E1"),
        row("F3", buyer_siret=EITHER, engagement_number="E1"),
    )
    assert told.clean
    assert told.body["findings"] == []


def test_without_a_directory_the_commands_say_what_to_do(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    with firm.ledger():
        pass
    with pytest.raises(ConfigurationError, match="No directory was imported"):
        answer(firm, PLAIN)
    with pytest.raises(ConfigurationError, match="No directory was imported"):
        of_extract(firm, row("F1"))


def imported(services: int | None) -> DirectoryImport:
    return DirectoryImport(
        NOW, date(2026, 9, 7), "x", "s.csv", "aa", "v.csv", "bb", 200_000, services, 0, 0
    )


@pytest.mark.parametrize(
    ("current", "limit", "line"),
    [
        (None, 30, directory.NO_DIRECTORY),
        (imported(None), 7, "of 2026-09-07, 7 days old: 200000 structures, no services"),
        (imported(3), 6, "of 2026-09-07, 7 days old, OLD (limit 6 days): 200000 structures, 3 s"),
    ],
)
def test_the_directory_is_told_in_one_line(
    current: DirectoryImport | None, limit: int, line: str
) -> None:
    told = directory.summary(current, today=date(2026, 9, 14), max_age_days=limit)
    assert told.startswith(line)


def test_the_commands_import_and_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    firm = Firm(tmp_path / "firm")
    structures, services = write_directory(tmp_path / "annuaire")
    settings = ["--config", str(firm.settings_file)]
    given = ["--services", str(services), "--date", "2026-09-07", "--by", "A. Martin"]
    assert run(["doctor", *settings]) is ExitCode.OK
    assert directory.NO_DIRECTORY in capsys.readouterr().out
    assert run(["directory", "import", str(structures), *given, *settings]) is ExitCode.OK
    assert "7 structures, 5 services" in capsys.readouterr().out
    assert run(["doctor", *settings]) is ExitCode.OK
    assert "7 structures, 5 services" in capsys.readouterr().out
    assert run(["directory", "check", PLAIN, *settings]) is ExitCode.OK
    assert run(["directory", "check", STRANGER, *settings]) is ExitCode.FINDINGS
    capsys.readouterr()
    assert run(["directory", "check", SERVICE, "--json", *settings]) is ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["recipients"][0]["asks"]) == ("directory check", "service")
    extract = tmp_path / "e.csv"
    extract.write_text(csv([row("F1"), row("F2", buyer_siret=CLOSED)]))
    wanted = ["directory", "check", "--extract", str(extract), "--profile", "generic", *settings]
    assert run(wanted) is ExitCode.FINDINGS
    assert "est inactif" in capsys.readouterr().out
    with firm.ledger() as ledger:
        now = ledger.directory_now()
        assert now is not None
        assert now.actor == "A. Martin"


def test_an_import_that_left_rows_out_ends_with_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    firm = Firm(tmp_path / "firm")
    structures, _ = write_directory(tmp_path / "annuaire")
    text = structures.read_text().replace(WORKS, "2,79999E+13")
    structures.write_text(text)
    settings = ["--config", str(firm.settings_file)]
    assert run(["directory", "import", str(structures), "--json", *settings]) is ExitCode.FINDINGS
    told = json.loads(capsys.readouterr().out)
    assert (told["structures"], told["refused"], told["services"]) == (6, 1, None)
    assert told["findings"][0]["line"] == 8
    structures.write_text(text.replace("true", "wahr"))
    assert run(["directory", "import", str(structures), *settings]) is ExitCode.USAGE
    assert "line 2" in capsys.readouterr().err


def test_wrong_use_of_check_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--config", str(Firm(tmp_path).settings_file)]
    assert run(["directory", "check", *settings]) is ExitCode.USAGE
    assert run(["directory", "check", PLAIN, "--extract", "x.csv", *settings]) is ExitCode.USAGE
    assert (
        run(["directory", "import", "x.csv", "--date", "14/09/2026", *settings]) is ExitCode.USAGE
    )
    assert "Traceback" not in capsys.readouterr().err


def test_an_extract_is_checked_with_what_the_tables_of_the_firm_give(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    structures, services = write_directory(tmp_path / "annuaire")
    tables = "enrichment: [{file: c.csv, key: {BT-44: nom}, gives: {BT-47: siret}}]\n"
    (tmp_path / "company.yaml").write_text(COMPANY + tables, "utf-8")
    (tmp_path / "c.csv").write_text(f"nom;siret\nHôpital;{SERVICE}\n", "utf-8")
    with firm.ledger() as ledger:
        settings = firm.configuration().settings.directory
        import_directory(ledger, settings, structures, services, by="A. Martin")
    told = of_extract(firm, row("F1", buyer_siret="", buyer_name="Hôpital"))
    assert SERVICE in "\n".join(told.lines)
    assert not told.clean
