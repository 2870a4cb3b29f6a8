"""Look at an installation before its first night, changing nothing at Chorus Pro."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows import configuration
from flows.channels import open_channel
from flows.configuration import Configuration
from flows.errors import ChorusFlowsError, ConfigurationError, ExitCode
from flows.ledger_access import open_ledger
from flows.transform import load_sources
from schemas.catalogue import SchemaFileError
from schemas.xsd import XsdGate


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and what was found."""

    name: str
    ok: bool
    told: str
    exit_code: ExitCode = ExitCode.OK

    def as_dict(self) -> dict[str, object]:
        """Return the check as plain data."""
        return {"name": self.name, "ok": self.ok, "told": self.told}


def examine(config: Path | None) -> list[Check]:
    """Check settings, platform, folders, sources, schemas, ledger and channel, in this order."""
    found: list[Check] = []
    loaded: list[Configuration] = []

    def settings() -> str:
        loaded.append(configuration.load(config))
        return f"{loaded[0].path}, environment {loaded[0].settings.environment}"

    found.append(_check("settings", settings))
    found.append(_check("platform", _platform))
    if loaded:
        current = loaded[0]
        found.append(_check("folders", lambda: _folders(current)))
        found.append(_check("sources", lambda: _sources(current)))
        found.append(_check("schemas", lambda: _schemas(current)))
        found.append(_check("ledger", lambda: _ledger(current)))
        found.append(_check("channel", lambda: _channel(current)))
    return found


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except ChorusFlowsError as error:
        return Check(name, False, str(error), error.exit_code)
    except OSError as error:
        return Check(name, False, str(error), ExitCode.USAGE)


def _platform() -> str:
    if not sys.platform.startswith("linux"):
        raise ConfigurationError(f"Deposits are made on Linux only; this is {sys.platform}.")
    return f"{sys.platform}, Python {sys.version.split()[0]}, {os.cpu_count()} cores"


def _folders(loaded: Configuration) -> str:
    settings = loaded.settings
    for folder in (settings.state_folder, settings.report.folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    waiting = sum(1 for _ in settings.landing.folder.iterdir())
    return f"{waiting} entries in {settings.landing.folder}"


def _sources(loaded: Configuration) -> str:
    settings = loaded.settings
    load_sources(settings, run_id="doctor", run_date=date.max, outbox=settings.state_folder)
    return f"profile {settings.source.profile}, target {settings.target}, {settings.interface}"


def _schemas(loaded: Configuration) -> str:
    try:
        gate = XsdGate(loaded.settings.syntax.value)
    except SchemaFileError as error:
        raise ConfigurationError(str(error), next_step="Install the locked set anew.") from error
    return ", ".join(f"{schema.title} {schema.version}" for schema in gate.schemas)


def _ledger(loaded: Configuration) -> str:
    with open_ledger(loaded) as ledger:
        runs = ledger.runs(1)
    return f"newest run {runs[0].run_id}" if runs else "empty"


def _channel(loaded: Configuration) -> str:
    with open_channel(loaded.settings.channel) as channel:
        channel.connect()
        return f"{loaded.settings.channel.kind}, {len(channel.list_out())} files in out"
