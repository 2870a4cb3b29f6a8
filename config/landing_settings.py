"""Settings of the landing folder: when a file is complete, and what it should hold."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from config.section import Section


class TableControl(Section):
    """What an extract should hold; a difference stops the run before any deposit."""

    source: Literal["none", "trailer", "side_file", "setting"] = "none"
    """``trailer``: last record of the file; ``side_file``: ``<name><suffix>`` beside it."""
    suffix: str = ".ctl"
    """Suffix of the side file: lines ``invoices=…``, ``rows=…``, ``total=…``."""
    trailer_mark: str = "TRAILER"
    """First cell of a trailer record; the others are ``invoices=…``, ``rows=…``, ``total=…``."""
    invoices: int | None = None
    """Expected number of invoices, with ``source = "setting"``."""
    rows: int | None = None
    """Expected number of data rows, with ``source = "setting"``."""
    total: Decimal | None = None
    """Expected sum of the invoices' own totals with VAT, credit notes counted as negative."""


class Landing(Section):
    """Where extracts arrive and when a file counts as complete."""

    folder: Path = Path("landing")
    """Folder watched for extracts."""
    pattern: str = "*"
    """Glob of the files to take; with a header and a lines file, both must match."""
    complete_when: Literal["stable", "done_file"] = "stable"
    """``done_file``: only when ``<name><done_suffix>`` exists; ``stable``: by size and age."""
    done_suffix: str = ".done"
    """Suffix of the done-file."""
    stable_seconds: Annotated[int, Field(ge=0)] = 60
    """Age (since last change) from which a file of unchanged size counts as complete."""
    control: TableControl = TableControl()
