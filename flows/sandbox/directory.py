"""The sandbox's own directory of public structures, and the obligations that follow from it.

It is not the directory of the pipeline: the judge must not share its opinions with the judged.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.yaml_text import YamlTextError, load_yaml
from flows.errors import ConfigurationError


class Entry(BaseModel):
    """Base of the directory's records: immutable, an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Service(Entry):
    """A service of a structure (BT-10 names it by its code)."""

    code: str = Field(min_length=1, max_length=100)
    name: str = ""
    active: bool = True
    engagement_required: bool = False
    """Whether this service wants an engagement number even where its structure does not."""


class Structure(Entry):
    """A public structure that may receive invoices."""

    siret: str = Field(pattern=r"^\d{14}$")
    name: str
    active: bool = True
    works_owner_only: bool = False
    """EstMOAUniquement: takes part in works circuits only, receives no ordinary invoice."""
    service_required: bool = False
    """GestionService: the service code (BT-10) is mandatory."""
    engagement_required: bool = False
    """GestionEngagement: the engagement number (BT-13) is mandatory."""
    service_or_engagement: bool = False
    """GestionServiceEngagement: one of the two is mandatory, whatever the two flags above say."""
    services: tuple[Service, ...] = ()

    def service(self, code: str) -> Service | None:
        """Return the service of that code; None when the structure has no such service."""
        return next((service for service in self.services if service.code == code), None)


class _Content(Entry):
    structures: tuple[Structure, ...]


class Directory:
    """Structures by SIRET.

    Args:
        structures: all structures; a SIRET given twice is an error.

    Raises:
        ConfigurationError: when two structures have the same SIRET.
    """

    def __init__(self, structures: tuple[Structure, ...]) -> None:
        self.structures = structures
        self._by_siret = {structure.siret: structure for structure in structures}
        if len(self._by_siret) != len(structures):
            raise ConfigurationError("The sandbox directory holds a SIRET twice.")

    def find(self, siret: str) -> Structure | None:
        """Return the structure of that SIRET, or None."""
        return self._by_siret.get(siret)


def parse_directory(text: str, origin: str) -> Directory:
    """Return the directory written in YAML ``text``; ``origin`` names it in errors.

    Raises:
        ConfigurationError: when the text is not a directory.
    """
    try:
        return Directory(_Content.model_validate(load_yaml(text)).structures)
    except (YamlTextError, ValidationError) as error:
        raise ConfigurationError(f"The sandbox directory {origin} is wrong: {error}") from error


@cache
def shipped_directory() -> Directory:
    """Return the directory that ships with the sandbox (``data/directory.yaml``)."""
    source = files("flows.sandbox") / "data" / "directory.yaml"
    return parse_directory(source.read_text(encoding="utf-8"), "data/directory.yaml")


def load_directory(path: Path | None = None) -> Directory:
    """Return the directory of ``path``, or the shipped one.

    Raises:
        ConfigurationError: when the file cannot be read or is wrong.
    """
    if path is None:
        return shipped_directory()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The sandbox directory {path} cannot be read: {error}") from error
    return parse_directory(text, str(path))
