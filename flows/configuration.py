"""Load an installation's settings from its TOML file, with errors that name file and key."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from config.settings import Settings
from flows.errors import ConfigurationError
from flows.wording import faults_of

#: The password in a URL: between the first colon of the login and the last @ before the host.
_PASSWORD = re.compile(r"[^:/]+://[^:@/]*:([^/]*)@")
#: Name looked for in the current folder when no ``--config`` is given.
DEFAULT_NAME = "chorus-flows.toml"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings, the file they come from, and the hash of that file for the run's record."""

    settings: Settings
    path: Path
    digest: str


def load(path: Path | None) -> Configuration:
    """Return the settings of ``path`` (default: ``chorus-flows.toml`` in the current folder).

    Raises:
        ConfigurationError: when the file is missing, is not TOML, or holds a wrong key or value.
    """
    path = path or Path(DEFAULT_NAME)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"The settings file {path} cannot be read: {error.strerror}."
        step = "Name one with --config, or copy config/default.toml and adapt it."
        raise ConfigurationError(message, next_step=step) from error
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"The settings file {path} is not valid TOML: {error}."
        raise ConfigurationError(message, next_step="Mend the line, then try again.") from error
    settings = validate(values, str(path)).anchored(path.resolve().parent)
    return Configuration(settings, path, _digest(data, settings))


def _digest(data: bytes, settings: Settings) -> str:
    """Return the hash of a settings file, without the password its ledger URL may hold.

    It is told in reports: whoever knows the rest of the file could try passwords against it.
    """
    secret = password_in(settings.ledger_url)
    return hashlib.sha256(data.replace(secret.encode(), b"***") if secret else data).hexdigest()


def password_in(url: str) -> str:
    """Return the password as the text of a URL has it; empty when there is none."""
    found = _PASSWORD.match(url)
    return found[1] if found else ""


def validate(values: dict[str, object], origin: str) -> Settings:
    """Return typed settings; every wrong key is named at once.

    Raises:
        ConfigurationError: when a key does not exist or a value is wrong.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(keys) or 'settings'}: {reason}"
            for keys, reason in faults_of(error, Settings)
        )
        message = f"Wrong settings in {origin}: {faults}."
        step = "Mend these keys (docs/settings.md lists them all), then try again."
        raise ConfigurationError(message, next_step=step) from error
