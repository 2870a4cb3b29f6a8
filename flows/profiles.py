"""Load profiles and company files: every fault named with its file, line and key."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from config.company import Company
from config.profile import Profile
from config.profile_check import check_profile
from config.yaml_text import YamlTextError, load_yaml
from flows.errors import ConfigurationError
from flows.wording import faults_of
from transforms.document_paths import path_faults
from transforms.formulas import check_formulas

#: Where a term may come from: one of these.
_SOURCES = frozenset({"column", "value", "constant"})
_Model = TypeVar("_Model", bound=BaseModel)
#: Profiles that extend one another at most this deep; more is a circle.
_MAX_DEPTH = 8
_PROFILE_STEP = "See docs/profiles.md for the keys of a profile."
_COMPANY_STEP = "See docs/company.md for the keys of a company file."


def shipped_profiles() -> tuple[str, ...]:
    """Return the names of the profiles that ship with the product and read an extract.

    Those whose name begins with ``_`` are there for others to extend.
    """
    return tuple(name for name in _shipped() if not name.startswith("_"))


def _shipped() -> tuple[str, ...]:
    folder = files("config").joinpath("profiles")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def profile_text(name: str) -> str:
    """Return the YAML of a shipped profile, comments included.

    Raises:
        ConfigurationError: no profile of this name ships.
    """
    if name not in _shipped():
        message = f"No profile {name} ships with chorus-flows."
        raise ConfigurationError(message, next_step="See: chorus-flows profile list")
    return files("config").joinpath("profiles", f"{name}.yaml").read_text("utf-8").rstrip()


def load_profile(name_or_path: str | Path) -> Profile:
    """Return a shipped profile by its name, or the one of a YAML file by its path.

    Raises:
        ConfigurationError: naming file, line and key of every fault.
    """
    source = _Source.open(str(name_or_path))
    merged, texts = source.merged()
    profile = _validated(Profile, merged, texts, _PROFILE_STEP)
    faults = (*check_profile(profile), *check_formulas(profile)) or path_faults(profile)
    if faults:
        told = "; ".join(f"{_place(texts, fault.keys)}: {fault.reason}" for fault in faults)
        message = f"The profile {source.label} is wrong: {told}."
        raise ConfigurationError(message, next_step=_PROFILE_STEP)
    return profile


def load_company(path: str | Path) -> Company:
    """Return the company file at ``path``, which it remembers: its tables are beside it.

    Raises:
        ConfigurationError: naming file, line and key of every fault.
    """
    source = _Source(str(path), _read(Path(path)))
    company = _validated(Company, source.values(_COMPANY_STEP), [source], _COMPANY_STEP)
    return company.kept_at(str(path))


class _Source:
    """A YAML text and the name it has for its reader."""

    def __init__(self, label: str, text: str) -> None:
        self.label = label
        self.text = text

    @classmethod
    def open(cls, name: str, beside: Path | None = None) -> _Source:
        """Return the shipped profile ``name``, or the file at that path."""
        if name in _shipped():
            entry = files("config").joinpath("profiles", f"{name}.yaml")
            return cls(f"{name}.yaml", entry.read_text("utf-8"))
        path = Path(name)
        if not (path.suffix or path.exists()):
            known = ", ".join(shipped_profiles())
            message = f"There is no profile {name!r}. Shipped profiles: {known}."
            raise ConfigurationError(message, next_step=_PROFILE_STEP)
        if beside is not None and not path.is_absolute():
            path = beside / path
        return cls(str(path), _read(path))

    def values(self, step: str) -> dict[str, Any]:
        """Return the keys of the text."""
        try:
            values = load_yaml(self.text)
        except YamlTextError as error:
            message = f"{self.label} is no valid YAML: {error}."
            raise ConfigurationError(message, next_step=step) from error
        if not isinstance(values, dict):
            message = f"{self.label} holds no keys."
            raise ConfigurationError(message, next_step=step)
        return values

    def merged(self) -> tuple[dict[str, Any], list[_Source]]:
        """Return the profile with what it extends, and the texts it comes from, own one first."""
        sources = [self]
        values = self.values(_PROFILE_STEP)
        while (parent := values.pop("extends", None)) is not None:
            if len(sources) > _MAX_DEPTH:
                message = f"{self.label}: 'extends' goes in a circle."
                raise ConfigurationError(message, next_step=_PROFILE_STEP)
            source = _Source.open(str(parent), Path(sources[-1].label).parent)
            sources.append(source)
            values = _over(source.values(_PROFILE_STEP), values)
        return values, sources

    def find(self, keys: Sequence[str | int]) -> tuple[int, int | None]:
        """Return how many of ``keys`` this text holds, and the line of the deepest of them."""
        node = yaml.compose(self.text, Loader=yaml.SafeLoader)
        line, depth = None, 0
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == str(key)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and str(key).isdecimal():
                if int(key) >= len(node.value):
                    break
                node = node.value[int(key)]
                line = node.start_mark.line + 1
            else:
                break
            depth += 1
        return depth, line


def _replaced(child: dict[str, Any]) -> frozenset[str]:
    """Return what a term of the parent loses: a child that names its source names the only one."""
    if "constant" in child:
        return frozenset({"column", "value", "company", "default"})
    return _SOURCES if not _SOURCES.isdisjoint(child) else frozenset()


def _over(parent: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    """Return ``parent`` with the keys of ``child`` laid over it; lists are replaced whole."""
    merged = {key: value for key, value in parent.items() if key not in _replaced(child)}
    for key, value in child.items():
        below = merged.get(key)
        merged[key] = (
            _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return merged


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
    except UnicodeDecodeError:
        message = f"{path} is not UTF-8 text."
    raise ConfigurationError(message, next_step="Give the path of an existing YAML file.")


def _validated(
    model: type[_Model], values: dict[str, Any], sources: Sequence[_Source], step: str
) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        told = "; ".join(
            f"{_place(sources, keys)}: {reason}" for keys, reason in faults_of(error, model)
        )
        message = f"{sources[0].label} is wrong: {told}."
        raise ConfigurationError(message, next_step=step) from error


def _place(sources: Sequence[_Source], keys: Sequence[str | int]) -> str:
    """Return file, line and key of a fault, in the text that says it: of equals, the own one."""
    name = ".".join(str(key) for key in keys) or "file"
    best, (depth, line) = sources[0], sources[0].find(keys)
    for source in sources[1:]:
        found = source.find(keys)
        if found[0] > depth:
            best, (depth, line) = source, found
    return f"{best.label}, line {line}, key {name}" if line else f"{best.label}, key {name}"
