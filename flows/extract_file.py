"""A file that is read as an extract, and the error of one that its profile does not describe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flows.errors import ConfigurationError


class WrongProfileError(ConfigurationError):
    """Raised when a file is not what its profile describes; nothing of it was read."""


@dataclass(frozen=True, slots=True)
class ExtractFile:
    """An extract: where it is, the name it arrived under, its SHA-256."""

    path: Path
    name: str
    sha256: str
