"""Quarantined invoices: exported, mended, read again by the next run, and told as one chain."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flows import status
from flows.errors import ExitCode
from flows.profiles import load_profile
from flows.quarantine import listed
from flows.quarantine_export import Exported, export
from flows.quarantine_retry import Retried, retry
from tests.support.firm import Firm, csv, row

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
