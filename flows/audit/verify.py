"""Verify the audit trail: nothing altered, missing or inserted since it was sealed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from config.catalogue import Language
from config.report_texts import load_report_texts
from config.settings import Settings
from flows.audit.check_chain import check_chain
from flows.audit.check_files import check_files
from flows.audit.check_ledger import check_rows
from flows.audit.told import Found
from flows.errors import ConfigurationError, ExitCode, disk_failed
from flows.ledger import Ledger
from schemas.explain import explain
from transforms.finding import Finding

#: Beginnings of a hash that are long enough to mean one manifest only.
_HEAD = re.compile("[0-9a-fA-F]{16,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a verification found.

    Attributes:
        findings: whatever is not as it was sealed; warnings need nobody.
        untold: findings of a rule beyond those listed, by rule.
        manifests, events, files: how many were checked and are as they were sealed.
        unsealed: events since the last manifest, which nothing proves yet.
        foreign: manifests of other companies that share the folder.
        rank, head, written_at: the last manifest; rank 0 when there is none.
        proven: rank of the manifest whose hash was held outside; None when none was given.
    """

    findings: tuple[Finding, ...]
    untold: dict[str, int]
    manifests: int
    events: int
    files: int
    unsealed: int
    foreign: int
    rank: int
    head: str
    written_at: datetime | None
    proven: int | None

    @property
    def exit_code(self) -> ExitCode:
        """Return 4 when anything was altered, removed or inserted, else 0."""
        wrong = any(finding.blocks for finding in self.findings)
        return ExitCode.ATTENTION if wrong else ExitCode.OK

    def lines(self, language: Language) -> list[str]:
        """Return the result as lines for a terminal, in the language of the reports."""
        t = load_report_texts(language)
        lines = []
        for finding in self.findings:
            told = explain(finding, language)
            mark = "!" if finding.blocks else "-"
            lines += [f"{mark} {told.rule} {told.message}", f"    {told.advice}"]
        lines += [t("audit.untold", count=n, rule=rule) for rule, n in self.untold.items()]
        lines.append(
            t("audit.checked", manifests=self.manifests, events=self.events, files=self.files)
        )
        if self.unsealed:
            lines.append(t.plural("audit.unsealed", self.unsealed, count=self.unsealed))
        if self.foreign:
            lines.append(t.plural("audit.foreign", self.foreign, count=self.foreign))
        if self.rank:
            lines.append(t("audit.head", rank=self.rank, sha256=self.head))
        if self.proven is not None:
            lines.append(t("audit.proven", rank=self.proven))
        elif not any(f.rule == "AU-HEAD-01" for f in self.findings):
            lines.append(t("audit.not_held"))
        good = self.exit_code is ExitCode.OK
        lines.append(t("audit.well" if good else "audit.altered"))
        return lines

    def as_dict(self, language: Language) -> dict[str, object]:
        """Return the result as plain data for ``--json``."""
        return {
            "well": self.exit_code is ExitCode.OK,
            "manifests": self.manifests,
            "events": self.events,
            "files": self.files,
            "unsealed_events": self.unsealed,
            "foreign_manifests": self.foreign,
            "head": {"rank": self.rank, "sha256": self.head, "written_at": self.written_at}
            if self.rank
            else None,
            "proven_rank": self.proven,
            "findings": [
                {
                    "rule": finding.rule,
                    "severity": finding.severity.value,
                    "value": finding.value,
                    "params": dict(finding.params),
                    "message": explain(finding, language).message,
                    "advice": explain(finding, language).advice,
                }
                for finding in self.findings
            ],
            "untold": self.untold,
        }


def verify(ledger: Ledger, settings: Settings, head: str | None = None) -> Verification:
    """Recompute the chain and everything it seals.

    Args:
        ledger: its rows and manifests; it is only read.
        settings: where the files are.
        head: a hash held outside (a report carries it), or its first 16 characters at least. All
            up to that manifest is proven by it; without one, a chain that was rewritten as a whole
            cannot be noticed.

    Raises:
        ConfigurationError: ``head`` is no SHA-256.
        DiskError: a folder cannot be read.
        LedgerUnavailableError: the ledger cannot be read.
    """
    if head is not None and not _HEAD.fullmatch(head.strip()):
        message = f"{head!r} is no SHA-256: 64 hexadecimal digits, or the first 16 at least."
        raise ConfigurationError(message, next_step="Copy it from the foot of a report.")
    found = Found()
    folder = settings.state_folder / "audit"
    try:
        chain = check_chain(ledger, folder, found)
        proven = None
        if head is not None:
            proven = chain.rank_of(head)
            if proven is None:
                found.tell("AU-HEAD-01", head.strip())
        events = check_rows(ledger, folder, chain, found)
        files = check_files(ledger, settings, folder, chain, found)
    except OSError as error:
        raise disk_failed(error, what="The audit trail cannot be read") from error
    last = ledger.manifest_head()
    return Verification(
        findings=tuple(found.findings),
        untold=found.untold,
        manifests=chain.length,
        events=events,
        files=files,
        unsealed=ledger.count_events(chain.last_event),
        foreign=chain.foreign,
        rank=0 if last is None else last.rank,
        head="" if last is None else last.sha256,
        written_at=None if last is None else last.written_at,
        proven=proven,
    )
