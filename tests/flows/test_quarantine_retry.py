"""Quarantined invoices: exported, mended, read again by the next run, and told as one chain."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from flows import status
from flows.errors import ConfigurationError, ExitCode
from flows.profiles import load_profile
from flows.quarantine import listed
from flows.quarantine_export import Exported, export
from flows.quarantine_retry import Retried, retry
from tests.support.firm import Firm, csv, row
from tests.support.xml_invoices import xml_of

BY = {"by": "A. Martin", "reason": "SIRET taken from the order"}


def exported(firm: Firm, name: str = "export", **narrowed: str) -> Exported:
    """Export what is open into a folder beside the firm's."""
    settings = firm.configuration().settings
    profile = load_profile(settings.source.profile)
    with firm.ledger() as ledger:
        return export(ledger, settings, profile, firm.root / name, **narrowed)


def retried(firm: Firm, *paths: Path, **changes: str) -> Retried:
    """Ask for mended rows to be read again."""
    words = BY | changes
    return retry(firm.configuration(), paths, clock=lambda: firm.now, **words)


def open_numbers(firm: Firm, run_id: str | None = None) -> list[str]:
    """Return the numbers that the list shows."""
    with firm.ledger() as ledger:
        body = listed(ledger, run_id, "en").body
    held = body["invoices"]
    assert isinstance(held, list)
    return [entry["invoice"]["number"] for entry in held]


def next_night(firm: Firm) -> ExitCode:
    """Do the night of the next day."""
    firm.now += timedelta(days=1)
    return firm.code(firm.run())


def test_an_invoice_mended_and_retried_is_deposited_and_no_longer_open(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("0001"), row("0002", buyer_siret="123"), row("0003")]))
    firm.run()
    assert open_numbers(firm) == ["0002"]
    done = exported(firm)
    path = done.folder / "a.csv"
    assert path.read_text() == csv([row("0002", buyer_siret="123")])
    path.write_text(path.read_text().replace(";123;", ";21999900000017;"))
    asked = retried(firm, path)
    assert [invoice.number for invoice in asked.invoices] == ["0002"]
    assert open_numbers(firm) == ["0002"]
    assert next_night(firm) is ExitCode.OK
    assert firm.states()["0002"] == ["quarantined", "handed_over"]
    assert open_numbers(firm) == []
    with firm.ledger() as ledger:
        view = status.of_invoice(ledger, "0002", firm.configuration().settings, "en")
        everything = listed(ledger, None, "en", everything=True)
    told = "\n".join(view.lines)
    steps = ("received -> quarantined", "-> retry  by A. Martin", "received -> bundled")
    assert sorted(steps, key=told.index) == list(steps)
    assert asked.files[0] in told
    assert any("A. Martin" in line for line in everything.lines)


def mended(firm: Firm, name: str, *rows: dict[str, str]) -> Path:
    """Return a file of mended rows beside the firm's folders."""
    path = firm.root / name
    path.write_text(csv(rows))
    return path


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm after a night that sent F1 and held F2 back."""
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret="123")]))
    firm.run()
    return firm


def landed(firm: Firm) -> list[str]:
    """Return the names in the landing folder, hidden ones too."""
    return sorted(path.name for path in (firm.root / "landing").iterdir())


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row("F1")], "F1 (handed_over"),
        ([row("F2"), row("F9")], "F9 (never read)"),
        ([row("")], "Rows cannot be read"),
        ([], "no invoice"),
    ],
)
def test_only_quarantined_invoices_are_read_again(
    firm: Firm, rows: list[dict[str, str]], told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        retried(firm, mended(firm, "b.csv", *rows))
    assert told in str(caught.value)
    assert landed(firm) == []
    with firm.ledger() as ledger:
        assert [event for event in ledger.events() if event.target == "retry"] == []


@pytest.mark.parametrize(
    ("content", "told"),
    [("no such columns\n1\n", "does not fit"), (csv([row("F2")]) + "F2;x\n", "cannot be read")],
)
def test_what_the_profile_cannot_read_is_refused(firm: Firm, content: str, told: str) -> None:
    path = firm.root / "b.csv"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=told):
        retried(firm, path)
    assert landed(firm) == []


def test_a_run_narrows_what_may_be_read_again(firm: Firm) -> None:
    path = mended(firm, "b.csv", row("F2"))
    with firm.ledger() as ledger:
        (run,) = ledger.runs(1)
    with pytest.raises(ConfigurationError, match="no run R9"):
        retried(firm, path, run_id="R9")
    assert len(retried(firm, path, run_id=run.run_id).invoices) == 1
    firm.now += timedelta(days=1)
    firm.run()
    with pytest.raises(ConfigurationError, match=r"F2 \(handed_over"):
        retried(firm, path, run_id=run.run_id)


@pytest.mark.parametrize("words", [{"by": " "}, {"reason": "\n\t"}, {"by": "chorus-flows"}])
def test_somebody_decides_and_says_why(firm: Firm, words: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="--by"):
        retried(firm, mended(firm, "b.csv", row("F2")), **words)


def test_the_same_rows_may_come_again_when_what_was_wrong_was_elsewhere(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F2", vat_code="N10")]))
    firm.run()
    path = exported(firm).folder / "a.csv"
    company = firm.root / "company.yaml"
    company.write_text(company.read_text() + "  N10: {category: S, rate: 10}\n")
    retried(firm, path)
    next_night(firm)
    assert firm.states()["F2"] == ["quarantined", "handed_over"]


@pytest.mark.parametrize(
    ("landing", "companions"),
    [
        ({"complete_when": "done_file"}, [".done"]),
        ({"control": {"source": "side_file"}}, [".ctl"]),
        ({"complete_when": "done_file", "control": {"source": "side_file"}}, [".ctl", ".done"]),
        ({"control": {"source": "trailer"}}, []),
        ({"stable_seconds": 3600}, []),
        ({"pattern": "FAC_*.csv"}, []),
        ({"pattern": "*_F.csv"}, []),
    ],
)
def test_it_lands_as_the_settings_ask_of_an_extract(
    tmp_path: Path, landing: dict[str, object], companions: list[str]
) -> None:
    firm = Firm(tmp_path)
    firm.drop("FAC_F.csv", csv([row("F1"), row("F2", buyer_siret="123")]))
    firm.run()
    control = landing.pop("control", {})
    firm.sections["landing"] |= landing
    firm.sections["landing.control"] = control
    firm.write_settings()
    done = retried(firm, mended(firm, "FAC_F.csv", row("F2")))
    assert landed(firm) == sorted([done.files[0], *(done.files[0] + end for end in companions)])
    firm.now += timedelta(seconds=1)
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states()["F2"] == ["quarantined", "handed_over"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"pattern": "invoices.csv"}, "landing.pattern"),
        ({"control": {"source": "setting", "invoices": 7}}, "7 invoices announced, 1 read"),
    ],
)
def test_settings_that_leave_no_way_are_explained(
    firm: Firm, settings: dict[str, object], told: str
) -> None:
    control = settings.pop("control", {})
    firm.sections["landing"] |= settings
    firm.sections["landing.control"] = control
    firm.write_settings()
    with pytest.raises(ConfigurationError, match=told):
        retried(firm, mended(firm, "b.csv", row("F2")))
    assert landed(firm) == []


def test_a_header_file_and_its_lines_go_together(tmp_path: Path) -> None:
    firm = Firm(tmp_path, {"source": {"company_file": "company.yaml", "profile": "two.yaml"}})
    (firm.root / "two.yaml").write_text(
        "extends: generic_two_files\nprofile: two\n"
        "shape: {header_files: ['*_h.csv'], lines_files: ['*_l.csv']}\n"
    )
    lines = ("invoice_number", "line_number", "item_name", "quantity", "unit", "unit_price")
    lines = (*lines, "vat_code")
    header = tuple(column for column in row("") if column not in lines[1:])
    good, bad = row("F1"), row("F2", buyer_siret="123")
    firm.drop("n1_h.csv", csv([good, bad], header))
    firm.drop("n1_l.csv", csv([good, bad, bad | {"line_number": "2"}], lines))
    firm.run()
    folder = exported(firm).folder
    assert (folder / "n1_h.csv").read_text() == csv([bad], header)
    assert (folder / "n1_l.csv").read_text() == csv([bad, bad | {"line_number": "2"}], lines)
    (folder / "n1_h.csv").write_text(csv([row("F2")], header))
    done = retried(firm, folder / "n1_h.csv", folder / "n1_l.csv")
    assert [name.rpartition("_")[2] for name in done.files] == ["h.csv", "l.csv"]
    firm.drop("n2_h.csv", csv([row("F3")], header))
    firm.drop("n2_l.csv", csv([row("F3")], lines))
    assert next_night(firm) is ExitCode.OK
    assert firm.states()["F2"] == ["quarantined", "handed_over"]
    assert firm.states()["F3"] == ["handed_over"]


def test_an_xml_of_the_erp_is_exported_whole_and_read_again(tmp_path: Path) -> None:
    xml = xml_of(tmp_path / "xml", "cii", "F2")["F2"]
    firm = Firm(tmp_path, {"source": {"profile": "cii"}})
    firm.drop("x.xml", xml.replace(b"21999900000017", b"123"))
    firm.run()
    assert firm.states() == {"F2": ["quarantined"]}
    path = exported(firm).folder / "x.xml"
    assert path.read_bytes() == xml.replace(b"21999900000017", b"123")
    path.write_bytes(xml)
    retried(firm, path)
    next_night(firm)
    assert firm.states() == {"F2": ["quarantined", "handed_over"]}


@pytest.mark.parametrize("what", ["folder", "pipe", "gone"])
def test_what_is_no_file_is_refused(firm: Firm, what: str) -> None:
    path = firm.root / "b.csv"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    with pytest.raises(ConfigurationError, match=r"is not a file|cannot be read"):
        retried(firm, path)
    assert landed(firm) == []
