"""Types of a profile: how the extract of an ERP is read and which column feeds which term.

A profile is data. It names the file format, the marks of numbers and dates, how rows make an
invoice, and per business term a column, a constant, a value of the company file, or a code table.
See docs/profiles.md; what the types cannot say is checked by ``config.profile_check``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: Encodings an extract may declare; a byte-order mark of UTF-8 is dropped, UTF-16 may carry one.
Encoding = Literal["utf-8", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]

#: Name of the code table that holds the units of the company file.
UNITS_TABLE = "units"


class Part(BaseModel):
    """Base of every section: immutable, no unknown key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True
    )


class Marks(Part):
    """How numbers are written."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", " ", ".", ",", "'"] = ""
    """A space stands for the no-break spaces too (U+00A0, U+202F). Groups must be of three."""

    @model_validator(mode="after")
    def _differ(self) -> Marks:
        if self.decimal == self.thousands:
            msg = "the decimal and the thousands mark are the same"
            raise ValueError(msg)
        return self


class Dates(Part):
    """How dates are written."""

    formats: Annotated[tuple[str, ...], Field(min_length=1)] = ("yyyy-MM-dd",)
    """``yyyy``, ``yy`` (20yy), ``MM``, ``dd``, ``HH``, ``mm``, ``ss``; ``excel`` is a day number.
    The time of day is dropped."""
    empty: tuple[str, ...] = ()
    """Values that mean *no date*, for instance ``00000000`` or ``1900-01-01``."""


class Format(Part):
    """What kind of file an extract is."""

    kind: Literal["csv", "xlsx", "xml"] = "csv"
    """``csv``: text with a separator (TSV included); ``xlsx``: an Excel workbook; ``xml``: one
    invoice per file, written by the ERP and deposited byte for byte."""
    syntax: Literal["cii", "ubl"] | None = None
    """Syntax of the XML, with ``kind: xml`` only."""
    encoding: Encoding = "utf-8"
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    """One character; a tab is written ``"\\t"``."""
    quote: Literal["", '"', "'"] = '"'
    """Empty: quotes are ordinary characters and a cell cannot hold the separator."""
    sheet: str | None = None
    """Sheet of a workbook; the first one when empty."""
    max_record_lines: Annotated[int, Field(ge=1)] = 200
    """Physical lines one quoted record may span; a longer one is an unclosed quote."""

    @model_validator(mode="after")
    def _separator_is_one(self) -> Format:
        if self.separator in {"\n", "\r", self.quote, "\0"}:
            msg = f"{self.separator!r} cannot be the separator"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _syntax_is_of_xml(self) -> Format:
        if (self.kind == "xml") != (self.syntax is not None):
            msg = "kind: xml needs a syntax (ubl or cii), and nothing else has one"
            raise ValueError(msg)
        return self


class Shape(Part):
    """How rows make an invoice."""

    kind: Literal["flat", "header_lines"] = "flat"
    """``flat``: one file, the header repeated on each line; ``header_lines``: two files."""
    key: str = "invoice_number"
    """Column that says to which invoice a row belongs."""
    lines_key: str | None = None
    """The same in the lines file, when its name differs."""
    header_files: str = "*header*"
    """Names of header files (``*`` stands for any text) in shape ``header_lines``."""
    lines_files: str = "*lines*"
    """Names of lines files; the text under ``*`` pairs a lines file with its header file."""
    contiguous: bool = True
    """Whether the rows of an invoice stand together. A key that comes back is then a finding;
    otherwise the rows are gathered on disk first."""
    unreadable_rows: Literal["quarantine_neighbours", "report"] = "quarantine_neighbours"
    """What an unreadable row without a readable key does in a contiguous file: the invoices
    before and after it may lack it, so they are held back; or it is only reported."""


class Filter(Part):
    """Invoices left out on purpose, under a name that the balance shows."""

    name: Annotated[str, Field(min_length=1)]
    column: str
    equals: str | None = None
    any_of: tuple[str, ...] = Field(default=(), alias="in")

    @property
    def values(self) -> frozenset[str]:
        """Return the cell values that exclude an invoice."""
        return frozenset(self.any_of if self.equals is None else (self.equals, *self.any_of))

    @model_validator(mode="after")
    def _has_values(self) -> Filter:
        if not self.values:
            msg = "give 'equals' or 'in'"
            raise ValueError(msg)
        return self


class CreditNotes(Part):
    """Sign of the amounts of a credit note in the extract; Chorus Pro wants them positive."""

    amounts: Literal["positive", "negative"] = "positive"
    types: tuple[str, ...] = ("381",)
    """BT-3 values that are credit notes."""


class TermSource(Part):
    """Where a business term comes from.

    A text alone is a column. Order of precedence: the cell, the company file, the default.
    """

    column: str | None = None
    """Column of the extract; ``{n}`` stands for the rank in a repeated group."""
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
    """Whether the column must exist in the file."""
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

    @model_validator(mode="after")
    def _one_origin(self) -> TermSource:
        if self.constant is not None and (self.column or self.company or self.default is not None):
            msg = "a constant excludes column, company and default"
            raise ValueError(msg)
        if self.constant is None and self.column is None and not self.company:
            msg = "give a column, a constant, or company: true"
            raise ValueError(msg)
        if self.required and self.column is None:
            msg = "only a column can be required"
            raise ValueError(msg)
        return self


class RepeatedGroup(Part):
    """Columns that repeat: ``allowance_1_amount``, ``allowance_2_amount``…"""

    group: str
    """Group of the registry: BG-1, BG-20, BG-27…"""
    count: Annotated[int, Field(ge=1, le=99)] = 1
    """How many times; ``{n}`` in the columns runs from 1 to this number."""
    terms: Annotated[Mapping[str, TermSource], Field(min_length=1)]


class Profile(Part):
    """A profile, complete: what it extends is already merged."""

    profile: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """Name of the profile."""
    description: Mapping[Literal["fr", "en"], str] = Field(default_factory=dict)
    format: Format = Format()
    numbers: Marks = Marks()
    dates: Dates = Dates()
    shape: Shape = Shape()
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
