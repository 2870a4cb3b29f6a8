"""Reading, mapping, totals and rules of one profile in this process, as ``convert`` does them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.profile import Profile
from config.settings import Settings
from flows.control import Counted
from flows.convert import source_item
from flows.errors import ConfigurationError
from flows.extracts import ExtractFile, ExtractReading, read_extracts
from flows.sources import load_sources
from flows.worker import Worker
from tests.support.firm import COMPANY, NOW
from transforms.finding import Finding
from transforms.grouping import InvoiceRows
from transforms.invoice import Invoice
from transforms.mapping import Mapper
from transforms.outcome import Fate


@dataclass
class Result:
    """What became of an extract."""

    refused: str = ""
    ready: dict[str, list[tuple[Invoice, tuple[Finding, ...]]]] = field(default_factory=dict)
    held: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    orphans: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    counted: Counted = field(default_factory=lambda: Counted(0, 0, Decimal(0)))

    @property
    def rules(self) -> set[str]:
        """Return the rules of everything that was told."""
        told = [*self.orphans, *self.warnings]
        told += [f for found in self.held.values() for f in found]
        told += [f for found in self.ready.values() for _, findings in found for f in findings]
        return {finding.rule for finding in told}


class _Recorder(Worker):
    """A worker that keeps the model it would have written."""

    invoice: Invoice | None = None

    def _render(self, invoice: Invoice) -> bytes:
        self.invoice = invoice
        return super()._render(invoice)


class Engine:
    """Reading, mapping, totals and rules of one profile, as ``convert`` does them."""

    def __init__(self, folder: Path, profile: str, company_text: str = COMPANY) -> None:
        self.folder = folder
        company = folder / "company.yaml"
        company.write_text(company_text, "utf-8")
        path = profile
        if "\n" in profile:
            (folder / "profile.yaml").write_text(profile, "utf-8")
            path = str(folder / "profile.yaml")
        plain = Settings()
        source = plain.source.model_copy(update={"profile": path, "company_file": company})
        self.settings = plain.model_copy(update={"source": source})
        sources = load_sources(self.settings, run_id="t", run_date=NOW.date(), outbox=folder)
        self.profile: Profile = sources.setup.profile
        self._worker = _Recorder(sources.setup)
        self._mapper = Mapper(self.profile, sources.setup.company, sources.setup.tables)
        #: Same rows, same invoice: most of an extract is untouched by a mutation.
        self._known: dict[object, tuple[Fate, Invoice | None, tuple[Finding, ...], Decimal]] = {}

    def run(self, files: Mapping[str, bytes]) -> Result:
        """Return what becomes of ``files``."""
        landed = self.folder / "landed"
        landed.mkdir(exist_ok=True)
        for path in landed.iterdir():
            path.unlink()
        for name, data in files.items():
            (landed / name).write_bytes(data)
        result = Result()
        try:
            reading = read_extracts(
                [ExtractFile.at(landed / name) for name in files],
                self.profile,
                spill_folder=self.folder / "spill",
            )
            count, total = 0, Decimal(0)
            for position, rows in enumerate(reading):
                assert isinstance(rows, InvoiceRows)
                count += 1
                total += self._take(position, rows, result)
        except ConfigurationError as error:
            result.refused = str(error)
            return result
        result.orphans = tuple(reading.orphan_findings)
        result.warnings = tuple(reading.warnings)
        result.counted = Counted(count, self._rows(reading), total)
        return result

    def _rows(self, reading: Any) -> int:
        return reading.rows_read if isinstance(reading, ExtractReading) else 0

    def _take(self, position: int, rows: InvoiceRows, result: Result) -> Decimal:
        blocks = tuple((b.file, b.columns, b.rows, b.side) for b in rows.blocks)
        told = tuple((finding.rule, finding.value) for finding in rows.findings)
        found = self._known.get((rows.key, blocks, told))
        if found is None:
            self._worker.invoice = None
            item = source_item(position, rows, self._mapper, self.settings)
            outcome, _ = self._worker.convert(item)
            total = outcome.total or Decimal(0)
            signed = -total if outcome.type_code == "381" else total
            found = (outcome.fate, self._worker.invoice, outcome.findings, signed)
            self._known[rows.key, blocks, told] = found
        fate, invoice, findings, signed = found
        if fate is Fate.BUNDLED:
            assert invoice is not None
            result.ready.setdefault(rows.key, []).append((invoice, findings))
        elif fate is Fate.EXCLUDED:
            result.excluded.add(rows.key)
        else:
            result.held[rows.key] = (*result.held.get(rows.key, ()), *findings)
        return signed
