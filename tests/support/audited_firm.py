"""A firm with a history that is sealed: two nights, a collect between them."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from flows.audit.verify import Verification, verify
from flows.collecting import collect_now
from tests.support.firm import SELLER, Firm, csv, row
from tests.support.return_files import document, flow_status, invoice_status

NUMBERS = ("FA-00001", "FA-00002", "FA-00003")
QUARANTINED = "FA-00004"
LATER = "FA-00005"
RETURNS = ("CSO1106A_ABC123_0001", "FEN1200A_ABC123_0002")


def firm_at(root: Path, ledger_url: str = "") -> Firm:
    """Return an installation whose flows hold two invoices at most."""
    sections: dict[str, dict[str, Any]] = {
        "workers": {"executor": "inline", "chunk_invoices": 2},
        "bundle": {"max_invoices": 2},
        "referee": {"policy": "off"},
    }
    if ledger_url:
        sections[""] = {"ledger_url": ledger_url}
    return Firm(root, sections)


def live(firm: Firm) -> None:
    """Let two nights pass, with answers of Chorus Pro to the first between them."""
    rows = [row(number) for number in NUMBERS]
    firm.drop("ventes.csv", csv([*rows, row(QUARANTINED, buyer_siret="1")]))
    firm.run()
    firm.now += timedelta(hours=9)
    answer(firm)
    collect(firm)
    firm.now += timedelta(hours=15)
    firm.drop("ventes2.csv", csv([row(LATER)]))
    firm.run()


def answer(firm: Firm) -> None:
    """Put Chorus Pro's answers into ``out``: both flows integrated, one invoice made available."""
    with firm.ledger() as ledger:
        flows = [flow.flow_id for flow in ledger.flows()]
    out = firm.root / "gateway" / "out"
    at = "2026-09-15T01:02:03+02:00"
    (out / RETURNS[0]).write_bytes(document(*(flow_status(flow_id=f, at=at) for f in flows)))
    life = invoice_status("03", number=NUMBERS[0], seller=SELLER, issued="2026-09-14", at=at)
    (out / RETURNS[1]).write_bytes(document(life))


def collect(firm: Firm) -> None:
    """Collect now."""
    collect_now(firm.configuration(), clock=lambda: firm.now)


def copy_of(firm: Firm, root: Path) -> Firm:
    """Return a copy of an installation, to spoil."""
    shutil.copytree(firm.root, root, dirs_exist_ok=True)
    copied = firm_at(root)
    copied.now = firm.now
    return copied


def verified(firm: Firm, head: str | None = None) -> Verification:
    """Verify a firm's audit trail."""
    with firm.ledger() as ledger:
        return verify(ledger, firm.configuration().settings, head)


def rules(found: Verification) -> set[str]:
    """Return the rules of what is wrong."""
    return {finding.rule for finding in found.findings if finding.blocks}
