"""Faults of settings, profiles and company files in plain words; lists that are cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_OWN = "Value error, "
_LONGEST = 60
_MOST_LISTED = 10


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[tuple[tuple[str, ...], str]]:
    """Return (keys from the root, what is wrong) of every fault of ``model``."""
    return [
        (tuple(str(step) for step in fault["loc"]), _told(fault, model)) for fault in error.errors()
    ]


def listed(items: Iterable[str]) -> str:
    """Return some items as one text: the first ten, and how many more there are."""
    every = list(items)
    told = "; ".join(every[:_MOST_LISTED])
    more = len(every) - _MOST_LISTED
    return f"{told}; and {more} more" if more > 0 else told


def _told(fault: ErrorDetails, model: type[BaseModel]) -> str:
    kind, message, given = fault["type"], fault["msg"], fault["input"]
    if kind == "extra_forbidden":
        near = get_close_matches(str(fault["loc"][-1]), _keys(model, fault["loc"][:-1]), n=1)
        return "there is no such key" + (f" (did you mean {near[0]!r}?)" if near else "")
    if kind == "missing":
        return "this key is needed"
    if kind == "string_type" and isinstance(given, int | float):
        return f"must be text: write it in quotes, {str(given)!r}"
    if message.startswith(_OWN):
        return message.removeprefix(_OWN)
    told = message.replace("Input should be", "must be").replace("String should", "the text should")
    if isinstance(given, str | int | float) and len(str(given)) <= _LONGEST:
        told += f", not {given!r}"
    return told


def _keys(model: type[BaseModel], steps: Sequence[int | str]) -> list[str]:
    """Return the keys that exist at ``steps`` below ``model``; none when that cannot be told."""
    found: Any = model
    for step in steps:
        if _is_model(found):
            field = found.model_fields.get(str(step))
            found = field.annotation if field else None
        else:
            values = [part for part in get_args(found) if part is not Ellipsis]
            found = values[-1] if values else None
        if isinstance(found, UnionType) or get_origin(found) is Union:
            found = next((part for part in get_args(found) if _is_model(part)), None)
    return list(found.model_fields) if _is_model(found) else []


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)
