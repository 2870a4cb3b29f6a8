"""The state folder: where a run keeps what must survive a crash."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flows.private_files import private_folder


@dataclass(frozen=True, slots=True)
class StateFolders:
    """Folders below ``state_folder``; created with mode 0700 when first used."""

    root: Path

    def claimed(self, run_id: str) -> Path:
        """Extracts claimed by a run."""
        return self._made("claimed", run_id)

    @property
    def outbox(self) -> Path:
        """Flows built, one folder per run."""
        return self._made("outbox")

    @property
    def waiting(self) -> Path:
        """Rows of invoices that wait for a later night."""
        return self._made("waiting")

    @property
    def returns(self) -> Path:
        """Local copies of return flows."""
        return self._made("returns")

    @property
    def audit(self) -> Path:
        """Manifests of the audit trail."""
        return self._made("audit")

    def referee(self, run_id: str) -> Path:
        """XML on which the referee and our rules differ."""
        return self._made("referee", run_id)

    def spill(self, run_id: str) -> Path:
        """Scratch space of a run: unsorted extracts are sorted here."""
        return self._made("spill", run_id)

    @property
    def ledger_url(self) -> str:
        """URL of the SQLite ledger used when the settings name none."""
        self._made()
        return f"sqlite:///{self.root.resolve() / 'ledger.sqlite'}"

    def _made(self, *parts: str) -> Path:
        return private_folder(self.root.joinpath(*parts))
