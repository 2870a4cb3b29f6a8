"""Types of a profile: how the extract of an ERP is read and which column feeds which term.

A profile is data. It names the file format, the marks of numbers and dates, how rows make an
invoice, and per business term a column, a constant, a value of the company file, or a code table.
See docs/profiles.md; what the types cannot say is checked by ``config.profile_check``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from config.profile_parts import (
    Dates,
    Encoding,
    Format,
    Join,
    Marks,
    Names,
    Part,
    RowKind,
    Shape,
)

__all__ = [
    "UNITS_TABLE",
    "CreditNotes",
    "Dates",
    "Encoding",
    "Filter",
    "Format",
    "Join",
    "Marks",
    "Profile",
    "RepeatedGroup",
    "RowKind",
    "Shape",
    "TermSource",
]

#: Name of the code table that holds the units of the company file.
UNITS_TABLE = "units"


class Filter(Part):
    """Invoices left out on purpose, under a name that the balance shows."""

    name: Annotated[str, Field(min_length=1)]
    column: str | None = None
    equals: str | None = None
    any_of: tuple[str, ...] = Field(default=(), alias="in")
    when: str = ""
    """Condition on the header, instead of ``column`` (docs/mapping.md, expressions)."""

    @property
    def values(self) -> frozenset[str]:
        """Return the cell values that exclude an invoice."""
        return frozenset(self.any_of if self.equals is None else (self.equals, *self.any_of))

    @model_validator(mode="after")
    def _has_values(self) -> Filter:
        if self.when:
            if self.column is not None or self.values:
                msg = "'when' stands alone, without 'column'"
                raise ValueError(msg)
        elif self.column is None or not self.values:
            msg = "give 'column' with 'equals' or 'in', or 'when'"
            raise ValueError(msg)
        return self


class CreditNotes(Part):
    """Sign of the amounts of a credit note in the extract; Chorus Pro wants them positive."""

    amounts: Literal["positive", "negative"] = "positive"
    lines: Literal["positive", "negative"] | None = None
    """Sign of the lines, when it is not that of the totals."""
    types: tuple[str, ...] = ("381",)
    """BT-3 values that are credit notes."""


class TermSource(Part):
    """Where a business term comes from.

    A text alone is a column. Order of precedence: the cell, the company file, the default.
    """

    column: str | None = None
    """Column of the extract; ``{n}`` stands for the rank in a repeated group."""
    value: str | None = None
    """Expression over the columns, instead of ``column`` (docs/mapping.md, expressions)."""
    constant: str | None = None
    """The same text on every invoice."""
    company: bool = False
    """Taken from the company file when there is no column or its cell is empty."""
    default: str | None = None
    """Text used when nothing else gives a value."""
    table: str | None = None
    """Code table that translates the cell."""
    unknown: Literal["finding", "keep"] = "finding"
    """What a cell that the table does not list does: a finding, or kept as it is."""
    required: bool = False
    """Whether the column, or those of the expression, must exist in the file."""
    marks: Marks | None = None
    """Marks of this column's numbers, when they differ from the profile's."""
    dates: Dates | None = None
    """Formats of this column's dates, when they differ from the profile's."""
    pad: bool = False
    """Whether a SIRET of fewer than 14 digits lost leading zeros that are put back."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the JSON Schema: a column name stands for the whole."""
        whole = handler.resolve_ref_schema(handler(core_schema))
        column = {"type": "string", "description": "Column of the extract."}
        return {"anyOf": [column, whole], "description": whole.pop("description", "")}

    @model_validator(mode="after")
    def _one_origin(self) -> TermSource:
        others = (self.column, self.value, self.company or None, self.default)
        if self.constant is not None and any(other is not None for other in others):
            msg = "a constant excludes column, value, company and default"
            raise ValueError(msg)
        if self.column is not None and self.value is not None:
            msg = "give 'column' or 'value', not both"
            raise ValueError(msg)
        if all(given is None for given in (self.constant, *others[:3])):
            msg = "give a column, a value, a constant, or company: true"
            raise ValueError(msg)
        if self.required and self.column is None and self.value is None:
            msg = "only columns can be required"
            raise ValueError(msg)
        return self


class RepeatedGroup(Part):
    """Columns that repeat: ``allowance_1_amount``, ``allowance_2_amount``…"""

    group: str
    """Group of the registry: BG-1, BG-20, BG-27…"""
    count: Annotated[int, Field(ge=1, le=99)] = 1
    """How many times; ``{n}`` in the columns runs from 1 to this number."""
    terms: Annotated[Mapping[str, TermSource], Field(min_length=1)]


def _typed(source: Any, derived: Mapping[str, Any]) -> Any:
    column = source.get("column") if isinstance(source, dict) else source
    if not isinstance(column, str) or column not in derived:
        return source
    quoted = column.replace('"', '""')
    others = (
        {key: item for key, item in source.items() if key != "column"}
        if isinstance(source, dict)
        else {}
    )
    return {**others, "value": f'"{quoted}"'}


class Profile(Part):
    """A profile, complete: what it extends is already merged."""

    profile: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """Name of the profile."""
    description: Mapping[Literal["fr", "en"], str] = Field(default_factory=dict)
    format: Format = Format()
    numbers: Marks = Marks()
    dates: Dates = Dates()
    shape: Shape = Shape()
    aliases: Mapping[str, Names] = Field(default_factory=dict)
    """Column of this profile -> other names it has in extracts (captions in another language)."""
    ignore_case: bool = False
    """Whether column names are known in capitals and in small letters alike."""
    rows: tuple[RowKind, ...] = ()
    """Kinds of rows of the lines file that are no invoice lines; the first that fits counts."""
    lines_when: str = ""
    """Condition that makes a row an invoice line; a row of no kind at all is then a finding."""
    joined: tuple[Join, ...] = ()
    """Rows from elsewhere that complete header or lines."""
    derived: Mapping[Literal["header", "lines"], Mapping[str, str]] = Field(default_factory=dict)
    """Named expressions, to be used as columns; each may use those before it."""
    currency_decimals: Literal["as_written", "two", "auto"] = "as_written"
    """How amounts in a currency without cents (JPY) or with three (TND) are stored. ``two``: always
    with two decimals, as SAP's tables hold them; ``auto``: so when they show two decimals."""
    credit_notes: CreditNotes = CreditNotes()
    attachment_separator: Annotated[str, Field(min_length=1, max_length=1)] = "|"
    """Character between the file names of ``CF-ATTACHMENTS``."""
    tables: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """Code tables of the profile; ``units`` is completed by the company file."""
    filters: tuple[Filter, ...] = ()
    header: Mapping[str, TermSource] = Field(default_factory=dict)
    """Terms of the document; none with ``kind: xml``, where nothing is mapped."""
    lines: Mapping[str, TermSource] = Field(default_factory=dict)
    """Terms of the invoice lines."""
    repeated: tuple[RepeatedGroup, ...] = ()
    """Groups that repeat, of the document and of the lines."""
    ignored_columns: tuple[str, ...] = ()
    """Columns known and not used; any other unused column is told once per file."""

    @model_validator(mode="before")
    @classmethod
    def _derived_columns_are_expressions(cls, value: Any) -> Any:
        """Let a term that names a derived column be fed by it as the typed value it is."""
        if not isinstance(value, dict) or not isinstance(value.get("derived"), dict):
            return value
        value = dict(value)
        for side in ("header", "lines"):
            names = value["derived"].get(side)
            section = value.get(side)
            if isinstance(names, dict) and isinstance(section, dict):
                value[side] = {key: _typed(source, names) for key, source in section.items()}
        every = {name: None for names in value["derived"].values() for name in names}
        if isinstance(value.get("repeated"), list):
            value["repeated"] = [
                item | {"terms": {key: _typed(source, every) for key, source in terms.items()}}
                if isinstance(item, dict) and isinstance(terms := item.get("terms"), dict)
                else item
                for item in value["repeated"]
            ]
        return value

    @property
    def columns(self) -> dict[str, str]:
        """Return the ERP column of each term that has one (the first of a group that repeats)."""
        found = {
            term: source.column.replace("{n}", "1")
            for group in self.repeated
            for term, source in group.terms.items()
            if source.column
        }
        for terms in (self.lines, self.header):
            found |= {term: source.column for term, source in terms.items() if source.column}
        return found

    @property
    def encoding(self) -> str:
        """Return the declared encoding of text extracts."""
        return self.format.encoding
