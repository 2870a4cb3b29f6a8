"""What a run works with: profile, company file with its tables, target and stylesheet, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from config.settings import Settings
from config.target import Target, load_target
from flows.chunk import WorkerSetup
from flows.enrichment import load_tables
from flows.errors import ConfigurationError
from flows.extracts import load_company, load_profile


@dataclass(frozen=True, slots=True)
class Sources:
    """What a run works with, loaded and checked before any file is claimed."""

    settings: Settings
    setup: WorkerSetup
    target: Target

    @property
    def company_sellers(self) -> frozenset[str]:
        """Seller identifiers of the company file: no other may leave (brake ``known_sellers``)."""
        company = self.setup.company
        return frozenset(company.sellers) if company is not None else frozenset()


def load_sources(settings: Settings, *, run_id: str, run_date: date, outbox: Path) -> Sources:
    """Load profile, company file with its tables, target and stylesheet.

    Raises:
        ConfigurationError: when one of them is wrong; the message names file, line and key.
    """
    profile = load_profile(settings.source.profile)
    company = load_company(settings.source.company_file) if settings.source.company_file else None
    tables = load_tables(company)
    target = load_target(
        settings.target, overrides=settings.target_options, policies=settings.policies
    )
    stylesheet = None
    if settings.bundle.stylesheet is not None:
        try:
            stylesheet = settings.bundle.stylesheet.read_bytes()
        except OSError as error:
            message = f"The stylesheet {settings.bundle.stylesheet} cannot be read: {error}."
            raise ConfigurationError(message, next_step="Mend bundle.stylesheet.") from error
    parts = (run_id, repr(settings), repr(profile), repr(company), repr(target))
    digest = hashlib.sha256(
        "\0".join((*parts, *(table.sha256 for table in tables))).encode()
    ).hexdigest()
    setup = WorkerSetup(
        digest=digest,
        run_id=run_id,
        settings=settings,
        profile=profile,
        company=company,
        target=target,
        run_date=run_date,
        outbox=outbox,
        stylesheet=stylesheet,
        tables=tables,
    )
    return Sources(settings, setup, target)
