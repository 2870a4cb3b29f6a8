"""The directory at work: what a chunk needs of it, what it asks of a recipient, how old it is."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from config.catalogue import Language
from config.directory import DirectoryView, Service, Structure
from config.profile import Profile
from config.settings import Settings
from config.target import Target, load_target
from flows.enrichment import load_tables
from flows.errors import ConfigurationError
from flows.extracts import ExtractFile, load_company, load_profile
from flows.ledger import DirectoryImport, Ledger
from flows.xml_document import XmlDocument
from flows.xml_source import open_sources, read_source
from schemas.directory import age_finding, recipient_of, service_of
from schemas.explain import explain
from schemas.registry import RuleContext
from schemas.rules import check
from transforms.finding import Finding
from transforms.invoice import Invoice
from transforms.mapping import Mapper

#: What the commands say when nothing was imported.
NO_DIRECTORY = "no directory imported: recipients are not checked (chorus-flows directory import)"

#: Invoices looked up together by ``directory check``.
_TOGETHER = 500
#: Services, and findings, listed per recipient on a terminal; JSON holds all.
_LISTED = 20


@dataclass(slots=True)
class Answer:
    """What ``directory check`` found, for a terminal and as plain data."""

    lines: list[str] = field(default_factory=list)
    body: dict[str, object] = field(default_factory=dict)
    clean: bool = True
    """Whether every recipient takes invoices, and every invoice has what is asked."""


def view_for(
    ledger: Ledger, settings: Settings, recipients: Iterable[tuple[str | None, str | None]]
) -> DirectoryView | None:
    """Return what the directory says of recipients and services; None when there is none.

    Args:
        ledger: where the directory is.
        settings: for the age from which it counts as old.
        recipients: identifier of the buyer and service code, as far as an invoice gives them.
    """
    named = [(identifier, (code or "").strip()) for identifier, code in recipients if identifier]
    return ledger.directory_view(
        {identifier for identifier, _ in named},
        services={(identifier, code) for identifier, code in named if code},
        max_age_days=settings.directory.max_age_days,
    )


def findings_of_run(
    ledger: Ledger, settings: Settings, *, target: Target, run_date: date
) -> list[Finding]:
    """Return what is told once per run: that the directory is old. Nothing without directory."""
    view = view_for(ledger, settings, ())
    if view is None or "directory" not in target.families:
        return []
    found = age_finding(view, run_date)
    return [] if found is None else [found]


def summary(current: DirectoryImport | None, *, today: date, max_age_days: int) -> str:
    """Return date, age and counts of the directory in one line."""
    if current is None:
        return NO_DIRECTORY
    age = (today - current.dated).days
    services = "no services" if current.services is None else f"{current.services} services"
    old = f", OLD (limit {max_age_days} days)" if age > max_age_days else ""
    return f"of {current.dated}, {age} days old{old}: {current.structures} structures, {services}"


def of_recipients(ledger: Ledger, settings: Settings, identifiers: Sequence[str]) -> Answer:
    """Return what the directory asks of each recipient.

    Raises:
        ConfigurationError: no directory was imported.
    """
    wanted = list(dict.fromkeys("".join(identifier.split()) for identifier in identifiers))
    view = ledger.directory_view(set(wanted), max_age_days=settings.directory.max_age_days)
    if view is None:
        raise _none()
    answer = _begun(ledger, settings)
    told = []
    for identifier in wanted:
        structure = view.find(identifier)
        answer.clean &= takes_invoices(structure)
        answer.lines += _recipient_lines(identifier, structure, view, services=True)
        told.append(_recipient(identifier, structure, view))
    answer.body["recipients"] = told
    return answer


def of_extract(
    ledger: Ledger,
    settings: Settings,
    files: Sequence[Path],
    *,
    profile: str | None = None,
    language: Language | None = None,
) -> Answer:
    """Return what the directory says of the recipients and invoices of an extract.

    Args:
        ledger: where the directory is.
        settings: profile and company file, target, policies, language.
        files: the extract.
        profile: another profile than that of the settings.
        language: of the findings; by default that of the report.

    Raises:
        ConfigurationError: no directory was imported, or the extract cannot be read.
    """
    if ledger.directory_now() is None:
        raise _none()
    answer = _begun(ledger, settings)
    words = language or settings.report.language
    counted: Counter[str] = Counter()
    faulty: Counter[str] = Counter()
    structures: dict[str, Structure | None] = {}
    told: dict[str, list[dict[str, object]]] = {}
    unnamed = 0
    view = None
    for invoice, view, findings in _judged(ledger, settings, files, profile or ""):
        siret = recipient_of(invoice)
        if siret is None:
            unnamed += 1
            continue
        counted[siret] += 1
        structures.setdefault(siret, view.find(siret))
        if findings:
            faulty[siret] += 1
            answer.clean &= not any(finding.blocks for finding in findings)
            theirs = told.setdefault(siret, [])
            theirs += [_told(invoice, siret, finding, words) for finding in findings]
    for siret, count in counted.most_common():
        assert view is not None
        head, *asked = _recipient_lines(siret, structures[siret], view, services=False)
        answer.lines.append(f"{head}: {count} invoices, {faulty[siret]} with findings")
        answer.lines += asked
        theirs = told.get(siret, [])
        answer.lines += [
            f"  {each['rule']} {each['invoice']}: {each['message']}" for each in theirs[:_LISTED]
        ]
        if len(theirs) > _LISTED:
            answer.lines.append(f"  … and {len(theirs) - _LISTED} more findings (--json lists all)")
    if unnamed:
        answer.clean = False
        answer.lines.append(f"{unnamed} invoices have no well-formed SIRET of the buyer")
    answer.lines.append(
        f"{counted.total() + unnamed} invoices, {len(counted)} recipients, "
        f"{faulty.total()} invoices with findings"
    )
    answer.body |= {
        "invoices": counted.total() + unnamed,
        "without_siret": unnamed,
        "recipients": [
            {
                **_recipient(siret, structures[siret], view, services=False),
                "invoices": count,
                "invoices_with_findings": faulty[siret],
            }
            for siret, count in counted.most_common()
            if view is not None
        ],
        "findings": [each for theirs in told.values() for each in theirs],
    }
    return answer


def takes_invoices(structure: Structure | None) -> bool:
    """Whether a recipient is in the directory and takes ordinary invoices."""
    return structure is not None and structure.active and not structure.works_owner_only


def asks(structure: Structure) -> str:
    """Return what a structure asks of every invoice: none, service, engagement, both, either."""
    if structure.service_or_engagement:
        return "either"
    if structure.service_required:
        return "both" if structure.engagement_required else "service"
    return "engagement" if structure.engagement_required else "none"


_ASKED = {
    "none": "asks for neither service code nor engagement number",
    "service": "asks for a service code",
    "engagement": "asks for an engagement number",
    "both": "asks for a service code and an engagement number",
    "either": "asks for a service code or an engagement number",
}


def _begun(ledger: Ledger, settings: Settings) -> Answer:
    current = ledger.directory_now()
    assert current is not None
    today = ledger.now().astimezone(ZoneInfo(settings.run_date)).date()
    limit = settings.directory.max_age_days
    line = summary(current, today=today, max_age_days=limit)
    body: dict[str, object] = {
        "dated": current.dated.isoformat(),
        "age_days": (today - current.dated).days,
        "services_known": current.services is not None,
    }
    return Answer([f"directory {line}"], {"directory": body})


def _judged(
    ledger: Ledger, settings: Settings, files: Sequence[Path], profile_name: str
) -> Iterator[tuple[Invoice, DirectoryView, tuple[Finding, ...]]]:
    """Yield each invoice with what the rules of the directory say of it."""
    profile = load_profile(profile_name or settings.source.profile)
    company = load_company(settings.source.company_file) if settings.source.company_file else None
    mapper = Mapper(profile, company, load_tables(company))
    target = load_target(
        settings.target, overrides=settings.target_options, policies=settings.policies
    ).model_copy(update={"families": ("directory",)})
    today = ledger.now().astimezone(ZoneInfo(settings.run_date)).date()
    with tempfile.TemporaryDirectory(prefix="chorus-flows-") as scratch:
        invoices = _invoices(files, profile, mapper, settings, Path(scratch))
        while batch := list(islice(invoices, _TOGETHER)):
            view = view_for(ledger, settings, ((recipient_of(i), service_of(i)) for i in batch))
            assert view is not None
            context = RuleContext(
                environment=settings.environment,
                target=target,
                run_date=today,
                syntax=settings.syntax.value,
                directory=view,
            )
            for invoice in batch:
                yield invoice, view, check(invoice, context)


def _invoices(
    files: Sequence[Path], profile: Profile, mapper: Mapper, settings: Settings, scratch: Path
) -> Iterator[Invoice]:
    """Yield the invoices of extracts, or of XML; a file that is no invoice gives an empty one."""
    for rows in open_sources(
        [ExtractFile.at(path) for path in files], profile, spill_folder=scratch
    ):
        if isinstance(rows, XmlDocument):
            yield read_source(rows, limit=settings.attachments.max_invoice_bytes)
        else:
            yield mapper.map(rows).invoice


def _recipient_lines(
    identifier: str, structure: Structure | None, view: DirectoryView, *, services: bool
) -> list[str]:
    if structure is None:
        return [f"{identifier}  NOT IN THE DIRECTORY"]
    state = "active" if structure.active else "NOT ACTIVE"
    place = " ".join(part for part in (structure.postcode, structure.city) if part)
    head = "  ".join(part for part in (identifier, structure.name, place, state) if part)
    lines = [head, f"  {_ASKED[asks(structure)]}"]
    if structure.works_owner_only:
        lines.append("  OWNER OF WORKS ONLY: takes no ordinary invoices")
    if not services:
        return lines
    if not view.services_known:
        return [*lines, "  services: not imported"]
    listed = _services(structure)
    lines += [f"  service {_service_line(service)}" for service in listed[:_LISTED]]
    if len(listed) > _LISTED:
        lines.append(f"  … and {len(listed) - _LISTED} more services (--json lists all)")
    return lines


def _services(structure: Structure) -> list[Service]:
    return sorted(structure.services.values(), key=lambda service: service.code)


def _service_line(service: Service) -> str:
    parts = [service.code, service.name]
    if not service.active:
        parts.append("NOT ACTIVE")
    if service.engagement_required:
        parts.append("asks for an engagement number")
    if service.valid_from or service.valid_until:
        parts.append(f"valid {service.valid_from or '…'} to {service.valid_until or '…'}")
    return "  ".join(part for part in parts if part)


def _recipient(
    identifier: str, structure: Structure | None, view: DirectoryView, *, services: bool = True
) -> dict[str, object]:
    if structure is None:
        return {"identifier": identifier, "known": False}
    facts = asdict(structure)
    del facts["services"]
    facts |= {"known": True, "takes_invoices": takes_invoices(structure), "asks": asks(structure)}
    if services:
        facts["services"] = (
            [asdict(service) for service in _services(structure)] if view.services_known else None
        )
    return facts


def _told(invoice: Invoice, siret: str, finding: Finding, language: Language) -> dict[str, object]:
    words = explain(finding, language)
    return {
        "invoice": invoice.number or "",
        "identifier": siret,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "value": finding.value,
        "file": finding.location.file,
        "line": finding.location.line,
        "message": words.message,
        "advice": words.advice,
    }


def _none() -> ConfigurationError:
    return ConfigurationError(
        "No directory was imported.",
        next_step="Download it from Chorus Pro, then: chorus-flows directory import FILE",
    )
