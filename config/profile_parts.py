"""Parts of a profile that say what an extract looks like: its file format, its marks, its rows.

See docs/profiles.md; ``config.profile`` puts them together.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

#: Encodings an extract may declare; a byte-order mark of UTF-8 is dropped, UTF-16 may carry one.
Encoding = Literal["utf-8", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]
#: Marks between groups of three digits; a space stands for the no-break spaces too.
Thousands = Literal["", " ", ".", ",", "'"]


def _listed(value: Any) -> Any:
    """Let one text stand for a list of one."""
    return (value,) if isinstance(value, str) else value


#: One name or several: ``key: NUM`` or ``key: [COMPANY, NUM]``.
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...]),
    Field(min_length=1),
]


class Part(BaseModel):
    """Base of every section: immutable, no unknown key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True
    )


class Marks(Part):
    """How numbers are written."""

    decimal: Literal[".", ","] = "."
    thousands: Thousands | tuple[Thousands, ...] = ""
    """A space stands for the no-break spaces too (U+00A0, U+202F). Groups must be of three.
    A list allows several marks, one and the same throughout a number."""
    negative: tuple[str, ...] = ()
    """Words after a number that make it negative, for instance ``CR``. A minus before or after it
    and parentheses around it are always understood."""

    @property
    def groupings(self) -> tuple[str, ...]:
        """Return the marks that may stand between groups of three digits."""
        marks = (self.thousands,) if isinstance(self.thousands, str) else self.thousands
        return tuple(mark for mark in marks if mark)

    @model_validator(mode="after")
    def _differ(self) -> Marks:
        if self.decimal in self.groupings:
            msg = "the decimal and the thousands mark are the same"
            raise ValueError(msg)
        return self


class Dates(Part):
    """How dates are written."""

    formats: Annotated[tuple[str, ...], Field(min_length=1)] = ("yyyy-MM-dd",)
    """``yyyy``, ``yy`` (20yy), ``MM``, ``MMM`` (name of the month), ``dd``, ``HH``,
    ``mm``, ``ss``; ``excel`` is a day number. The time of day is dropped."""
    empty: tuple[str, ...] = ()
    """Values that mean *no date*, for instance ``00000000`` or ``1900-01-01``."""


class Format(Part):
    """What kind of file an extract is."""

    kind: Literal["csv", "xlsx", "idoc", "edifact", "xml"] = "csv"
    """``csv``: text with a separator (TSV included); ``xlsx``: an Excel workbook; ``idoc``: SAP
    IDoc as XML or flat; ``edifact``: an EDIFACT interchange; ``xml``: one invoice per file, written
    by the ERP and deposited byte for byte."""
    syntax: Literal["cii", "ubl"] | None = None
    """Syntax of the XML, with ``kind: xml`` only."""
    encoding: Encoding | Literal["auto"] = "utf-8"
    """``auto``: as the byte-order mark says; else UTF-8 when the whole file is UTF-8; else
    ``fallback_encoding``."""
    fallback_encoding: Encoding = "cp1252"
    """Encoding of a file that is not UTF-8, with ``encoding: auto``."""
    separator: Annotated[str, Field(pattern=r"^([\s\S]|auto)$")] = ";"
    """One character; a tab is written ``"\\t"``. ``auto``: that of tab, semicolon, comma and bar
    under which the heading holds most of the profile's columns."""
    quote: Literal["", '"', "'"] = '"'
    """Empty: quotes are ordinary characters and a cell cannot hold the separator."""
    sap_list: bool = False
    """Whether the file may be a SAP list download (*unconverted*): rows framed by bars, rulers of
    dashes, page headings that come again. Other files are read as ``separator`` says."""
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

    kind: Literal["flat", "header_lines", "documents"] = "flat"
    """``flat``: one file, the header repeated on each line; ``header_lines``: two files;
    ``documents``: each document of the file is an invoice (IDoc, EDIFACT)."""
    key: Names = ("invoice_number",)
    """Column, or columns, that say to which invoice a row belongs."""
    lines_key: Names | None = None
    """The same in the lines file, when its names differ; in the order of ``key``."""
    key_optional: tuple[str, ...] = ()
    """Columns of ``key`` that an extract may leave out, where its numbers are unique without."""
    header_files: Names = ("*header*",)
    """Names of header files (``*`` stands for any text, capitals do not matter) in shape
    ``header_lines``. A file that no name fits is known by its columns."""
    lines_files: Names = ("*lines*",)
    """Names of lines files; the text under ``*`` pairs a lines file with its header file, where
    there are several. The first name goes with the first of ``header_files``, and so on."""
    lines: str = ""
    """Records that are the invoice lines, in shape ``documents``: ``E1EDP01``, ``LIN``."""
    contiguous: bool | Literal["auto"] = True
    """Whether the rows of an invoice stand together. ``true``: a key that comes back is a finding;
    ``false``: the rows are gathered on disk first; ``auto``: they are gathered when a key comes
    back."""
    blank_key: Literal["finding", "continues"] = "finding"
    """What a row without a key is: a finding, or a further row of the invoice above it."""
    unreadable_rows: Literal["quarantine_neighbours", "report"] = "quarantine_neighbours"
    """What an unreadable row without a readable key does in a contiguous file: the invoices
    before and after it may lack it, so they are held back; or it is only reported."""

    def may_lack(self, column: str) -> bool:
        """Whether a file may leave out this column of ``key``."""
        return column in self.key_optional

    @model_validator(mode="after")
    def _keys_match(self) -> Shape:
        if self.lines_key is not None and len(self.lines_key) != len(self.key):
            msg = "lines_key must have as many columns as key"
            raise ValueError(msg)
        if not set(self.key_optional) < {*self.key}:
            msg = "key_optional must hold some columns of key, not all of them"
            raise ValueError(msg)
        if len(self.header_files) != len(self.lines_files) and self.kind == "header_lines":
            msg = "header_files and lines_files must have as many names"
            raise ValueError(msg)
        if (self.kind == "documents") != bool(self.lines):
            msg = "'lines' goes with kind: documents"
            raise ValueError(msg)
        return self


class RowKind(Part):
    """Rows of the lines file that are no invoice lines: tax rows, comments, children."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    when: str
    """Condition on the row (docs/mapping.md, expressions)."""
    use: Literal["drop", "comment", "join"]
    """``drop``: left out on purpose; ``comment``: its text goes to a line or the document;
    ``join``: taken up by an entry of ``joined`` with this name as ``rows``."""
    text: str = ""
    """Column of the text of a comment."""
    to: Literal["previous", "next", "document"] = "previous"
    """Where a comment goes; before the first line (or after the last) it goes to the document. It
    is found there as the column ``comment``."""

    @model_validator(mode="after")
    def _text_of_a_comment(self) -> RowKind:
        if (self.use == "comment") != bool(self.text):
            msg = "'text' goes with use: comment"
            raise ValueError(msg)
        return self


class Join(Part):
    """Rows from elsewhere that complete the header or the lines: master data, conditions, taxes.

    Their columns are then known as ``name.COLUMN``, or ``name.{n}.COLUMN`` with ``count`` above 1.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    files: Names | None = None
    """Names of the files that hold them; the header or lines files may serve again. ``*`` is the
    extract itself, whose invoices name one another."""
    rows: str | None = None
    """Or: the kind of rows of the lines file (``rows`` of the profile) that are taken."""
    to: Literal["header", "lines"] = "header"
    """What they complete."""
    on: dict[str, str] = Field(default_factory=dict)
    """Column of these rows -> column of the header or line it must equal; ``header.COLUMN`` is one
    of the header, for ``to: lines``. Empty, with ``rows`` and ``to: header``: all rows."""
    when: str = ""
    """Condition on these rows; the others are passed over."""
    count: Annotated[int, Field(ge=1, le=99)] = 1
    """How many may fit; one more is a finding."""
    several: Literal["finding", "first", "last"] = "finding"
    """What is done when more than ``count`` rows fit."""
    zeros: Literal["kept", "ignored"] = "ignored"
    """Whether leading zeros matter when two numbers are compared: ``0000100234`` and ``100234``."""
    optional: bool = False
    """Whether the files may be missing, or the columns of the extract by which they are joined, and
    whether an invoice may have no row there; the columns are then empty."""

    @property
    def of_itself(self) -> bool:
        """Whether it reads the extract itself, whose invoices name one another."""
        return self.files == ("*",)

    @model_validator(mode="after")
    def _one_origin(self) -> Join:
        if (self.files is None) == (self.rows is None):
            msg = "give 'files' or 'rows'"
            raise ValueError(msg)
        if not self.on and not (self.rows and self.to == "header"):
            msg = "'on' must say which columns are equal"
            raise ValueError(msg)
        return self
