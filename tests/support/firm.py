"""A firm in a folder: settings, company file, landing, and extracts to put there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows import configuration, night
from flows.configuration import Configuration
from flows.errors import ExitCode, worst
from flows.ledger import Ledger
from flows.ledger_access import open_ledger
from flows.night_result import Mode, NightResult

SELLER = "40678483500521"
#: A commune of the sandbox's directory that asks for neither service nor engagement.
COMMUNE = "21999900000017"
NOW = datetime(2026, 9, 14, 19, 0, tzinfo=UTC)

COMPANY = f"""
key: default
seller:
  name: Fournitures Exemple SA
  siret: "{SELLER}"
  vat_id: FR39406784835
  address: {{line1: "12 quai de l'Essai", postcode: "35400", city: Saint-Malo, country: FR}}
payment: {{means: "30", iban: FR7630006000011234567890189, bic: AGRIFRPPXXX}}
defaults: {{BT-8: "5"}}
vat_codes:
  N20: {{category: S, rate: 20}}
  R55: {{category: S, rate: 5.5}}
"""

COLUMNS = (
    "invoice_number",
    "invoice_date",
    "document_type",
    "due_date",
    "buyer_siret",
    "buyer_name",
    "buyer_city",
    "buyer_postcode",
    "buyer_address_line1",
    "buyer_service_code",
    "engagement_number",
    "process_code",
    "attachments",
    "total_with_vat",
    "line_number",
    "item_name",
    "quantity",
    "unit",
    "unit_price",
    "vat_code",
)


def row(number: str, **changes: str) -> dict[str, str]:
    """Return a valid row of the generic profile: one line of 100.00 at 20 %."""
    values = dict.fromkeys(COLUMNS, "")
    values |= {
        "invoice_number": number,
        "invoice_date": "2026-09-14",
        "document_type": "380",
        "due_date": "2026-10-14",
        "buyer_siret": COMMUNE,
        "buyer_name": "Commune de Saint-Exemple",
        "buyer_address_line1": "1 place de la Mairie",
        "buyer_postcode": "99000",
        "buyer_city": "Saint-Exemple",
        "line_number": "1",
        "item_name": "Prestation d'essai",
        "quantity": "2",
        "unit": "C62",
        "unit_price": "50.00",
        "vat_code": "N20",
    }
    return values | changes


def csv(rows: Sequence[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> str:
    """Return rows as a CSV text."""
    lines = [";".join(columns)]
    lines += [";".join(values.get(column, "") for column in columns) for values in rows]
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class Firm:
    """An installation below ``root``, with the folder channel unless ``channel`` says otherwise."""

    root: Path
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    now: datetime = NOW

    def __post_init__(self) -> None:
        for name in ("landing", "attachments", "gateway/in", "gateway/out"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "company.yaml").write_text(COMPANY)
        defaults: dict[str, dict[str, Any]] = {
            "": {"environment": "sandbox"},
            "emitter": {"application_code": "ABC123"},
            "source": {"company_file": "company.yaml"},
            "landing": {"stable_seconds": 0},
            "channel": {"kind": "folder", "root": "gateway", "retries": 0},
            "workers": {"executor": "inline"},
            "prefect": {"enabled": False},
        }
        for name, values in self.sections.items():
            defaults[name] = defaults.get(name, {}) | values
        self.sections = defaults
        self.write_settings()

    @property
    def settings_file(self) -> Path:
        """The installation's settings."""
        return self.root / "chorus-flows.toml"

    def write_settings(self) -> None:
        """Write the settings file from ``sections``."""
        lines: list[str] = []
        for name, values in self.sections.items():
            if name:
                lines.append(f"[{name}]")
            lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
        self.settings_file.write_text("\n".join(lines) + "\n")

    def configuration(self) -> Configuration:
        """Return the loaded configuration."""
        return configuration.load(self.settings_file)

    def drop(self, name: str, content: str | bytes) -> Path:
        """Put an extract into the landing folder, old enough to be complete."""
        path = self.root / "landing" / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        old = self.now.timestamp() - 3600
        os.utime(path, (old, old))
        return path

    def run(self, mode: Mode = Mode.DEPOSIT) -> list[NightResult]:
        """Do a night in this process."""
        return night.run(self.configuration(), mode=mode, clock=lambda: self.now)

    def code(self, results: Sequence[NightResult]) -> ExitCode:
        """Return the exit code of a night."""
        return worst(*(result.exit_code for result in results))

    def command(
        self, *arguments: str, crash_at: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        if crash_at is not None:
            environment["CHORUS_FLOWS_CRASH_AT"] = crash_at
        line = [sys.executable, "-c", "from flows.cli import main; main()", *arguments]
        return subprocess.run(
            [*line, "--config", str(self.settings_file)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=environment,
        )

    def ledger(self) -> Ledger:
        """Open the ledger."""
        return open_ledger(self.configuration(), clock=lambda: self.now)

    def states(self) -> dict[str, list[str]]:
        """Return the states of each invoice number, in the order they were read."""
        found: dict[str, list[str]] = {}
        with self.ledger() as ledger:
            for invoice in ledger.invoices():
                found.setdefault(invoice.number or "?", []).append(invoice.state.value)
        return found

    def rules(self, number: str) -> set[str]:
        """Return the rules of the findings of a number."""
        with self.ledger() as ledger:
            return {
                record.finding.rule
                for invoice in ledger.invoices(number=number)
                for record in ledger.findings(invoice_row=invoice.invoice_row)
            }

    def arrived(self) -> list[Path]:
        """Return what has reached a final name on the other side."""
        return sorted((self.root / "gateway" / "in").iterdir())


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)
