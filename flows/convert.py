"""Convert extracts to XML files, with every check and nothing else: no ledger, no deposit."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from config.settings import Settings
from flows import attachments
from flows.errors import ConfigurationError, ExitCode
from flows.extracts import ExtractFile, read_extracts
from flows.ledger import utc_now
from flows.transform import load_sources
from flows.worker import ChunkItem, Worker
from schemas.explain import explain
from transforms.finding import Finding
from transforms.mapping import Mapper


@dataclass(slots=True)
class Conversion:
    """What was converted, as lines for a terminal."""

    written: int = 0
    held_back: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """Findings when an invoice was held back."""
        return ExitCode.FINDINGS if self.held_back else ExitCode.OK


def convert_files(
    files: Sequence[Path],
    *,
    profile: str,
    company: Path | None,
    syntax: str,
    out: Path,
    findings: Path | None = None,
    language: Literal["fr", "en"] = "fr",
    clock: Callable[[], datetime] = utc_now,
) -> Conversion:
    """Write one XML per invoice of ``files`` into ``out``; tell those held back and why.

    Attachments are looked for beside the first file.

    Raises:
        ConfigurationError: a file, the profile or the company file cannot be used.
    """
    settings = Settings.model_validate(
        {
            "syntax": syntax,
            "source": {"profile": profile, "company_file": company},
            "attachments": {"folder": files[0].resolve().parent, "missing": "quarantine"},
        }
    )
    today = clock().astimezone(ZoneInfo(settings.run_date)).date()
    sources = load_sources(settings, run_id="convert", run_date=today, outbox=out)
    worker = Worker(sources.setup)
    mapper = Mapper(sources.setup.profile, sources.setup.company)
    done = Conversion()
    told: list[dict[str, object]] = []
    names: set[str] = set()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="chorus-flows-") as scratch:
        reading = read_extracts(
            [_described(path) for path in files], sources.setup.profile, spill_folder=Path(scratch)
        )
        for position, rows in enumerate(reading):
            peek = mapper.peek(rows)
            found = attachments.find(settings.attachments, peek.attachment_names, peek.number)
            item = ChunkItem(
                position,
                rows,
                peek.number,
                found.files,
                found.missing,
                found.outside,
                excluded_by=peek.excluded_by,
            )
            outcome, xml = worker.convert(item)
            told += [_told(outcome.number, finding) for finding in outcome.findings]
            if xml is not None:
                (out / _file_name(outcome.number or rows.key, names)).write_bytes(xml)
                done.written += 1
                continue
            if peek.excluded_by is None:
                done.held_back += 1
            done.lines.append(f"{outcome.number or rows.key}: {outcome.reason or 'held back'}")
            done.lines += [
                f"  {text.message} {text.advice}"
                for text in (explain(finding, language) for finding in outcome.findings)
            ]
        told += [_told(None, finding) for finding in reading.orphan_findings]
        done.held_back += len(reading.orphan_findings)
    done.lines.append(f"{done.written} XML in {out}, {done.held_back} held back")
    if findings is not None:
        findings.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return done


def _described(path: Path) -> ExtractFile:
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        message = f"The extract {path} cannot be read: {error.strerror}."
        raise ConfigurationError(message) from error
    return ExtractFile(path, path.name, digest)


def _told(number: str | None, finding: Finding) -> dict[str, object]:
    french, english = explain(finding, "fr"), explain(finding, "en")
    return {
        "invoice": number,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "location": asdict(finding.location),
        "bt": finding.bt,
        "value": finding.value,
        "message_fr": french.message,
        "message_en": english.message,
        "advice_fr": french.advice,
        "advice_en": english.advice,
        "source": french.source,
    }


def _file_name(number: str, names: set[str]) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", number)[:100] or "invoice"
    name, rank = stem, 1
    while name in names:
        rank += 1
        name = f"{stem}~{rank}"
    names.add(name)
    return f"{name}.xml"
