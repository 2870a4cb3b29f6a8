"""What the product was when a manifest was sealed: release, packages, profile, rules, settings."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from config.settings import Settings

#: Installed packages that decide what is valid or what the bytes are.
_PACKAGES = ("factur-x", "lxml", "xmlschema", "saxonche", "pydantic", "SQLAlchemy")


def provenance(settings: Settings) -> dict[str, object]:
    """Return versions and hashes of all that decides what the product writes.

    ``shipped`` is one hash over the tables, profiles, targets and texts of rules of the release.
    """
    return {
        "release": version("chorus-flows"),
        "python": platform.python_version(),
        "packages": _packages(),
        "settings": _settings_hash(settings),
        "shipped": _shipped(),
        "profile": _profile(settings.source.profile),
        "company_file": _file(settings.source.company_file),
        "target": {"name": settings.target, "sha256": _resource("targets", settings.target)},
        "syntax": settings.syntax.value,
        "referee": settings.referee.policy,
    }


@lru_cache(maxsize=1)
def _packages() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _settings_hash(settings: Settings) -> str:
    # Floats of the settings are times to wait: their text is as Python writes it.
    text = json.dumps(settings.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=1)
def _shipped() -> str:
    digest = hashlib.sha256()
    for name, entry in sorted(_yaml_below(files("config"), "")):
        digest.update(f"{name}\0".encode() + hashlib.sha256(entry.read_bytes()).digest())
    return digest.hexdigest()


def _yaml_below(folder: Traversable, name: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        inner = f"{name}/{entry.name}"
        if entry.is_dir():
            found += _yaml_below(entry, inner)
        elif entry.name.endswith(".yaml"):
            found.append((inner, entry))
    return found


def _profile(name: str) -> dict[str, object]:
    path = Path(name)
    if path.suffix in {".yaml", ".yml"}:
        return _file(path) or {"name": path.name, "sha256": ""}
    return {"name": name, "sha256": _resource("profiles", name)}


def _file(path: Path | None) -> dict[str, object] | None:
    """Return name and hash of a file of the firm; an empty hash: it cannot be read now."""
    if path is None:
        return None
    try:
        return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    except OSError:
        return {"name": path.name, "sha256": ""}


def _resource(folder: str, name: str) -> str:
    entry = files("config").joinpath(folder, f"{name}.yaml")
    return hashlib.sha256(entry.read_bytes()).hexdigest() if entry.is_file() else ""
