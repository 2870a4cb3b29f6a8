"""Convert extracts to XML files, with every check and nothing else: no ledger, no deposit."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from config.catalogue import load_catalogue
from config.settings import Settings, Syntax
from flows import attachments, configuration
from flows.chunk import ChunkItem
from flows.errors import ConfigurationError, ExitCode
from flows.extracts import ExtractFile
from flows.ledger import utc_now
from flows.profiles import load_profile
from flows.sources import load_sources
from flows.worker import Worker
from flows.xml_document import XmlDocument
from flows.xml_source import SourceItem, item_of, open_sources
from schemas.explain import explain
from transforms.finding import Finding
from transforms.mapping import Mapper


@dataclass(slots=True)
class Conversion:
    """What was converted, as lines for a terminal."""

    written: int = 0
    held_back: int = 0
    excluded: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """Findings when an invoice was held back."""
        return ExitCode.FINDINGS if self.held_back else ExitCode.OK


def settings_for(
    files: Sequence[Path],
    *,
    config: Path | None = None,
    profile: str | None = None,
    company: Path | None = None,
    syntax: Literal["cii", "ubl"] | None = None,
) -> Settings:
    """Return the settings to convert with: those of ``config``, what is given here laid over them.

    Without ``config`` the defaults are taken, and attachments are looked for beside the first
    file. An attachment that is missing holds its invoice back: there is no later night here. XML
    that the ERP wrote keeps its syntax unless another is given.

    Raises:
        ConfigurationError: ``config`` or the profile cannot be used.
    """
    settings = configuration.load(config).settings if config is not None else Settings()
    source = settings.source.model_copy(
        update={
            "profile": profile or settings.source.profile,
            "company_file": company or settings.source.company_file,
        }
    )
    written = load_profile(source.profile).format.syntax
    if written is not None and syntax is None:
        syntax = written  # XML that is there already comes out as it is
    pieces: dict[str, object] = {"missing": "quarantine"}
    if config is None:
        pieces["folder"] = files[0].resolve().parent
    return settings.model_copy(
        update={
            "source": source,
            "attachments": settings.attachments.model_copy(update=pieces),
            "syntax": Syntax(syntax) if syntax is not None else settings.syntax,
        }
    )


def convert_files(
    files: Sequence[Path],
    settings: Settings,
    *,
    out: Path,
    findings: Path | None = None,
    language: Literal["fr", "en"] = "fr",
    clock: Callable[[], datetime] = utc_now,
) -> Conversion:
    """Write one XML per invoice of ``files`` into ``out``; tell those held back and why.

    Raises:
        ConfigurationError: a file, the profile or the company file cannot be used.
    """
    today = clock().astimezone(ZoneInfo(settings.run_date)).date()
    sources = load_sources(settings, run_id="convert", run_date=today, outbox=out)
    worker = Worker(sources.setup)
    mapper = Mapper(sources.setup.profile, sources.setup.company, sources.setup.tables)
    done = Conversion()
    told: list[dict[str, object]] = []
    warnings: dict[str, tuple[int, str]] = {}
    names: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="chorus-flows-") as scratch:
        reading = open_sources(
            [ExtractFile.at(path) for path in files],
            sources.setup.profile,
            spill_folder=Path(scratch),
        )
        _make(out)
        items: Iterable[SourceItem] = reading
        for position, rows in enumerate(items):
            item = source_item(position, rows, mapper, settings)
            outcome, xml = worker.convert(item)
            number = outcome.number or rows.key or outcome.span.file
            told += [_told(number, finding) for finding in outcome.findings]
            if xml is not None:
                (out / _file_name(number, names)).write_bytes(xml)
                done.written += 1
                for finding in outcome.findings:
                    count, first = warnings.get(finding.rule, (0, number))
                    warnings[finding.rule] = (count + 1, first)
            elif item.excluded_by is not None:
                done.excluded += 1
                done.lines.append(f"{number}: left out by the filter {item.excluded_by!r}")
            else:
                done.held_back += 1
                place = f"{outcome.span.file}, line {outcome.span.first_line}"
                done.lines.append(f"{number} ({place}): held back")
                done.lines += _explained(outcome.findings, language)
        told += [_told(None, finding) for finding in (*reading.warnings, *reading.orphan_findings)]
        done.held_back += len(reading.orphan_findings)
        done.lines += _explained((*reading.orphan_findings, *reading.warnings), language)
    done.lines += [
        f"{count} written with a warning: {rule} {title_of(rule, language)} (first: {first})"
        for rule, (count, first) in warnings.items()
    ]
    excluded = f", {done.excluded} left out by a filter" if done.excluded else ""
    done.lines.append(f"{done.written} XML in {out}, {done.held_back} held back{excluded}")
    if findings is not None:
        _write_json(findings, told)
    return done


def source_item(position: int, rows: SourceItem, mapper: Mapper, settings: Settings) -> ChunkItem:
    """Return what a worker is to do with an invoice that is read on its own, without a ledger."""
    if isinstance(rows, XmlDocument):
        return item_of(rows, position, limit=settings.attachments.max_invoice_bytes)
    peek = mapper.peek(rows)
    found = attachments.find(settings.attachments, peek.attachment_names, peek.number)
    return ChunkItem(
        position,
        rows,
        peek.number,
        found.files,
        found.missing,
        found.outside,
        excluded_by=peek.excluded_by,
    )


def title_of(rule: str, language: Literal["fr", "en"]) -> str:
    """Return the title of a rule."""
    return load_catalogue().rule(rule).text(language).title


def _explained(findings: Iterable[Finding], language: Literal["fr", "en"]) -> list[str]:
    """Return findings as lines, those that block first."""
    lines = []
    for finding in sorted(findings, key=lambda found: not found.blocks):
        text = explain(finding, language)
        lines.append(f"  {text.severity.value:<8}{text.rule}: {text.message} {text.advice}")
        if finding.of_xml:
            lines.append(f"          {finding.location}")
    return lines


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {folder} cannot be made: {error.strerror}."
        raise ConfigurationError(message, next_step="Name another one with --out.") from error


def _write_json(path: Path, told: list[dict[str, object]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")
    except OSError as error:
        message = f"The findings cannot be written to {path}: {error.strerror}."
        raise ConfigurationError(message, next_step="Name another file.") from error


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
