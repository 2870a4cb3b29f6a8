"""The interfaces of Chorus Pro: which code carries which format, and which one answers it.

The table is ``config/codes/interfaces.yaml``, where each row has its source and its mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from config.settings import Syntax
from config.yaml_text import load_yaml

InterfaceCode = Annotated[str, Field(pattern=r"^[A-Z]{3}[0-9]{4}[A-Z]$")]


class UnknownInterfaceError(ValueError):
    """Raised when a code is in no row of the table; an obsolete one says what replaced it."""


class Interface(BaseModel):
    """An interface by which a supplier deposits."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: InterfaceCode
    flow: Literal["E1", "E2", "E3"]
    """E1 structured, E2 mixed, E3 mémoires de frais de justice."""
    format: str
    flow_syntax: str
    """Value of ``syntaxeFlux``, Chorus Pro's own name of the format."""
    syntax: Syntax | None = None
    """Syntax of our writer; None where we write nothing."""
    root: str | None = None
    """Root element, as ``{namespace}name``."""
    schema_id: Annotated[str | None, Field(alias="schema")] = None
    """Id of the schema in ``schemas.catalogue``."""
    report: InterfaceCode
    """Interface of the integration report that answers a deposit."""
    mark: Literal["C", "P"]
    """C: confirmed by AIFE; P: proven elsewhere only."""
    source: str
    note: str = ""


class InterfaceTable(BaseModel):
    """The whole table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deposits: Mapping[str, Interface]
    obsolete: Mapping[str, str]
    returns: Mapping[str, str]
    report_prefix: Mapping[str, str]

    def deposit(self, code: str) -> Interface:
        """Return the interface of this code.

        Raises:
            UnknownInterfaceError: when it is not in the table, or must no longer be used.
        """
        found = self.deposits.get(code)
        if found is None:
            reason = self.obsolete.get(code, "no such interface in config/codes/interfaces.yaml")
            msg = f"{code}: {reason}"
            raise UnknownInterfaceError(msg)
        return found

    def for_syntax(self, syntax: Syntax) -> Interface:
        """Return the structured (E1) interface that our writer of this syntax serves."""
        return next(
            row for row in self.deposits.values() if row.syntax == syntax and row.flow == "E1"
        )


@cache
def load_interfaces() -> InterfaceTable:
    """Return the table that ships with the project."""
    raw = load_yaml((files("config") / "codes" / "interfaces.yaml").read_text("utf-8"))
    raw["deposits"] = {code: {"code": code, **row} for code, row in raw["deposits"].items()}
    table = InterfaceTable.model_validate(raw)
    return table.model_copy(update={"deposits": MappingProxyType(dict(table.deposits))})
