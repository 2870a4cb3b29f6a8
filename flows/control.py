"""Control totals: what an extract should hold, held against what was read.

The expectation comes from a trailer record, a side file or a setting. A difference stops the run
before any deposit: a cut extract would otherwise pass for a quiet night.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from config.landing_settings import TableControl
from config.profile import Format
from flows.errors import ControlError
from flows.tables import encoding_of_file
from transforms.table import TableError


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file should hold; None: not said.

    ``total`` is the sum of the invoices' own totals with VAT, credit notes counted as negative.
    """

    invoices: int | None = None
    rows: int | None = None
    total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What was read of a file."""

    invoices: int
    rows: int
    total: Decimal


def expected_of(path: Path, control: TableControl, *, layout: Format) -> Expected | None:
    """Return what the control of ``path`` announces, or None when no control is set.

    Raises:
        ControlError: when the control is missing or cannot be read.
    """
    if control.source == "none":
        return None
    if control.source == "setting":
        return Expected(control.invoices, control.rows, control.total)
    if control.source == "side_file":
        side = path.with_name(path.name + control.suffix)
        try:
            fields = side.read_text("utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            message = f"The control file {side.name} of {path.name} cannot be read: {error}."
            raise ControlError(message, next_step=_STEP) from error
        return _parse(fields, side.name)
    trailer = _last_line(path, _encoding(path, layout))
    cells = [cell.strip().strip('"') for cell in _split(trailer)]
    if not cells or cells[0] != control.trailer_mark:
        message = f"{path.name} does not end with a {control.trailer_mark} record: it may be cut."
        raise ControlError(message, next_step=_STEP)
    return _parse(cells[1:], path.name)


def compare(name: str, expected: Expected, counted: Counted) -> tuple[str, ...]:
    """Return the differences between what was announced and what was read, in words."""
    differences: list[str] = []
    for label, announced, found in (
        ("invoices", expected.invoices, counted.invoices),
        ("rows", expected.rows, counted.rows),
        ("total", expected.total, counted.total),
    ):
        if announced is not None and announced != found:
            differences.append(f"{name}: {announced} {label} announced, {found} read")
    return tuple(differences)


_STEP = "Ask for the extract again; nothing was deposited. Then: chorus-flows run"


def _parse(fields: list[str], origin: str) -> Expected:
    values: dict[str, str] = {}
    for field in fields:
        key, mark, value = field.partition("=")
        if mark and value:
            values[key.strip().lower()] = value.strip()
    try:
        return Expected(
            int(values["invoices"]) if "invoices" in values else None,
            int(values["rows"]) if "rows" in values else None,
            Decimal(values["total"]) if "total" in values else None,
        )
    except (ValueError, InvalidOperation) as error:
        message = f"The control in {origin} cannot be read: {' '.join(fields)[:200]}."
        raise ControlError(message, next_step=_STEP) from error


def _encoding(path: Path, layout: Format) -> str:
    try:
        return encoding_of_file(path, layout)
    except TableError as error:
        raise ControlError(f"{path.name} cannot be read: {error}.", next_step=_STEP) from error


def _last_line(path: Path, encoding: str) -> str:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        # A trailer is short: 64 KiB from the end hold it in any encoding; even start for UTF-16.
        stream.seek(max(0, (size - 65536) // 2 * 2))
        tail = stream.read()
    lines = [line for line in tail.decode(encoding, errors="replace").splitlines() if line.strip()]
    return lines[-1].lstrip("\ufeff") if lines else ""


def _split(line: str) -> list[str]:
    for mark in ("\t", ";", "|", ","):
        if mark in line:
            return line.split(mark)
    return [line]
