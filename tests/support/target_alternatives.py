"""Every option of a target with each of its values, one at a time."""

from __future__ import annotations

from typing import Literal, get_args, get_origin

from config.target import TargetOptions


def alternatives() -> list[dict[str, str | bool]]:
    """Return one override per option and value; a free text is tried empty."""
    found: list[dict[str, str | bool]] = []
    for name, field in TargetOptions.model_fields.items():
        kind = field.annotation
        if get_origin(kind) is Literal:
            choices: tuple[str | bool, ...] = get_args(kind)
        elif kind is bool:
            choices = (True, False)
        else:
            choices = ("",)
        found += [{name: choice} for choice in choices]
    return found


def label(override: dict[str, str | bool]) -> str:
    """Return a test id for an override."""
    return ",".join(f"{name}={value or 'empty'}" for name, value in override.items())
