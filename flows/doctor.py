"""Look at an installation before its first night, changing nothing at Chorus Pro."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flows import configuration, xml_source
from flows.channels import open_channel
from flows.configuration import Configuration
from flows.directory import summary
from flows.errors import ChorusFlowsError, ConfigurationError, ExitCode, NoLedgerError
from flows.file_systems import look_up, refuse_network_disk
from flows.ledger import Ledger, RunRecord, utc_now
from flows.ledger_access import ledger_file, open_ledger
from flows.restored import require_current
from flows.sources import load_sources
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


def examine(config: Path | None, *, clock: Callable[[], datetime] = utc_now) -> list[Check]:
    """Check settings, platform, folders, sources, schemas, ledger, disk, locks, directory, clock
    and channel, in this order.

    Nothing is made or changed: a ledger, once made, belongs to its environment for good.
    """
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
        found.append(_check("disk", lambda: _disk(current)))
        found.append(_check("locks", lambda: _locks(current)))
        found.append(_check("directory", lambda: _directory(current, clock())))
        found.append(_check("clock", lambda: _clock(current, clock())))
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
    for key, folder in (
        ("state_folder", settings.state_folder),
        ("report.folder", settings.report.folder),
    ):
        there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
        if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            message = f"{folder} ({key}) cannot be written: see {there}."
            raise ConfigurationError(message, next_step="Mend its rights, or name another folder.")
    landing = settings.landing.folder
    if not landing.is_dir():
        message = f"The folder {landing} (landing.folder) is not there."
        raise ConfigurationError(message, next_step="Make it, or name another one.")
    waiting = sum(1 for _ in landing.iterdir())
    return f"{waiting} entries in {landing}"


def _sources(loaded: Configuration) -> str:
    settings = loaded.settings
    sources = load_sources(
        settings, run_id="doctor", run_date=date.max, outbox=settings.state_folder
    )
    xml_source.require(settings, sources.setup.profile)
    company = sources.setup.company
    said = company.key if company is not None and "key" in company.model_fields_set else None
    if said not in (None, settings.emitter.company):
        message = (
            f"The company file is that of {said!r}, emitter.company says "
            f"{settings.emitter.company!r}."
        )
        raise ConfigurationError(message, next_step="Make both the same.")
    return f"profile {settings.source.profile}, target {settings.target}, {settings.interface}"


def _schemas(loaded: Configuration) -> str:
    try:
        gate = XsdGate(loaded.settings.syntax.value)
    except SchemaFileError as error:
        raise ConfigurationError(str(error), next_step="Install the locked set anew.") from error
    return ", ".join(f"{schema.title} {schema.version}" for schema in gate.schemas)


def _ledger(loaded: Configuration) -> str:
    with _ledger_there(loaded) as ledger:
        if ledger is not None:
            require_current(loaded, ledger)
    newest = _newest_run(loaded)
    return f"newest run {newest.run_id}" if newest else "no run yet"


def _disk(loaded: Configuration) -> str:
    """Tell what the ledger is on; a network disk is refused, also before there is a ledger."""
    file = ledger_file(loaded)
    if file is None:
        return "the ledger is in PostgreSQL"
    refuse_network_disk(file, loaded.settings.sqlite_not_on)
    mount = look_up(file)
    return f"{mount.kind} at {mount.place}" if mount else "a file system that cannot be told"


def _locks(loaded: Configuration) -> str:
    with _ledger_there(loaded) as ledger:
        held = ledger.locks() if ledger is not None else []
    return "; ".join(f"{lock.name}: {lock}" for lock in held) or "nobody is at work"


def _newest_run(loaded: Configuration) -> RunRecord | None:
    with _ledger_there(loaded) as ledger:
        return next(iter(ledger.runs(1)), None) if ledger is not None else None


@contextmanager
def _ledger_there(loaded: Configuration) -> Iterator[Ledger | None]:
    """Yield the ledger, None when the first run has yet to make it."""
    settings = loaded.settings
    if not settings.ledger_url and not settings.state_folder.is_dir():
        yield None
        return
    try:
        ledger = open_ledger(loaded, create=False)
    except NoLedgerError:
        yield None
        return
    with ledger:
        yield ledger


def _clock(loaded: Configuration, now: datetime) -> str:
    newest = _newest_run(loaded)
    if newest is not None and newest.started_at > now:
        message = f"It is {now:%Y-%m-%d %H:%M} UTC here, before the newest run {newest.run_id}."
        raise ConfigurationError(message, next_step="Set the clock of this machine.")
    local = now.astimezone(ZoneInfo(loaded.settings.run_date))
    return f"{local:%Y-%m-%d %H:%M} in {loaded.settings.run_date}"


def _directory(loaded: Configuration, now: datetime) -> str:
    settings = loaded.settings
    today = now.astimezone(ZoneInfo(settings.run_date)).date()
    limit = settings.directory.max_age_days
    with _ledger_there(loaded) as ledger:
        present = ledger.directory_now() if ledger is not None else None
        return summary(present, today=today, max_age_days=limit)


def _channel(loaded: Configuration) -> str:
    with open_channel(loaded.settings.channel) as channel:
        channel.connect()
        return f"{loaded.settings.channel.kind}, {len(channel.list_out())} files in out"
