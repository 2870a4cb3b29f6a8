"""Frozen dataclasses that are made in half the time.

The constructor of a frozen dataclass sets each field by ``object.__setattr__``, which looks it up
by its name. An invoice of ten lines has some five hundred fields, most of them empty. Here each
slot sets itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, TypeVar

_ClassT = TypeVar("_ClassT", bound=type[Any])


def made_fast(cls: _ClassT) -> _ClassT:
    """Give a dataclass with frozen slots a constructor of the same meaning that is faster.

    Applied above ``@dataclass(frozen=True, slots=True)``. It knows fields with and without
    defaults, keyword-only or not; none of ``init=False`` and ``__post_init__``.
    """
    scope: dict[str, Any] = {"missing": MISSING}
    positional: list[str] = ["self"]
    keywords: list[str] = []
    body: list[str] = []
    for field in fields(cls):
        name = field.name
        scope[f"set_{name}"] = getattr(cls, name).__set__
        declared, value = name, name
        if field.default is not MISSING:
            scope[f"default_{name}"] = field.default
            declared = f"{name}=default_{name}"
        elif field.default_factory is not MISSING:
            scope[f"make_{name}"] = field.default_factory
            declared = f"{name}=missing"
            value = f"make_{name}() if {name} is missing else {name}"
        (keywords if field.kw_only else positional).append(declared)
        body.append(f"    set_{name}(self, {value})")
    arguments = ", ".join([*positional, *(["*", *keywords] if keywords else [])])
    exec(f"def __init__({arguments}):\n" + "\n".join(body), scope)  # noqa: S102 - as dataclasses make theirs
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    made.__annotations__ = dict(cls.__init__.__annotations__)
    cls.__init__ = made
    return cls
