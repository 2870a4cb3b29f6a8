"""The way from the settings to the ledger."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from flows.configuration import Configuration
from flows.errors import ConfigurationError
from flows.file_systems import refuse_network_disk
from flows.folders import StateFolders
from flows.journal import Journal
from flows.ledger import Ledger, sqlite_file, utc_now


def ledger_url(configuration: Configuration) -> str:
    """Return the URL of the ledger: that of the settings, its password from the environment.

    Raises:
        ConfigurationError: the environment variable named for the password is not set.
    """
    settings = configuration.settings
    if not settings.ledger_url:
        return StateFolders(settings.state_folder).ledger_url
    if not settings.ledger_password_env:
        return settings.ledger_url
    password = os.environ.get(settings.ledger_password_env)
    if password is None:
        message = f"The environment variable {settings.ledger_password_env} is not set."
        raise ConfigurationError(message, next_step="Set it: it holds the ledger's password.")
    url = make_url(settings.ledger_url).set(password=password)
    return url.render_as_string(hide_password=False)


def ledger_file(configuration: Configuration) -> Path | None:
    """Return the file of a ledger in SQLite, there or not; None for one that machines share."""
    settings = configuration.settings
    if settings.ledger_url:
        return sqlite_file(settings.ledger_url)
    return sqlite_file(f"sqlite:///{settings.state_folder.resolve() / 'ledger.sqlite'}")


def journal_of(configuration: Configuration, *, clock: Callable[[], datetime] = utc_now) -> Journal:
    """Return the journal that follows the ledger of the settings; nothing is made yet."""
    settings = configuration.settings
    return Journal(
        settings.state_folder / "journal",
        environment=settings.environment.value,
        company=settings.emitter.company,
        emitter=settings.emitter.application_code,
        clock=clock,
    )


def open_ledger(
    configuration: Configuration,
    *,
    clock: Callable[[], datetime] = utc_now,
    create: bool = True,
    journal: bool = True,
) -> Ledger:
    """Open the ledger of the settings.

    Args:
        configuration: settings and where they are.
        clock: tells the present moment, with a zone.
        create: whether to make a new ledger where there is none.
        journal: whether the journal of the state folder follows what is recorded.

    Raises:
        ConfigurationError: it is in SQLite, on a network file system.
        LedgerOutdatedError, EnvironmentMismatchError, LedgerUnavailableError: see there.
    """
    settings = configuration.settings
    file = ledger_file(configuration)
    if file is not None:
        refuse_network_disk(file, settings.sqlite_not_on)
    return Ledger.open(
        ledger_url(configuration),
        environment=settings.environment,
        company=settings.emitter.company,
        emitter=settings.emitter.application_code,
        clock=clock,
        create=create,
        journal=journal_of(configuration, clock=clock) if journal else None,
    )
