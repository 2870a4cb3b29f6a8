"""Import the list of invoices that a former tool sent, so that none is sent a second time.

The list is a CSV file, UTF-8, with ``;`` or ``,``: ``seller_id`` (SIRET) and ``number`` are
needed; ``seller_scheme`` (default 1, SIRET), ``issue_date`` (YYYY-MM-DD), ``type_code``,
``currency``, ``total`` and ``buyer_id`` are taken when there.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from config.settings import Identity as IdentityScope
from flows import exclusive
from flows.audit import seal
from flows.configuration import Configuration
from flows.errors import ConfigurationError
from flows.folders import StateFolders
from flows.ledger import SentInvoice
from flows.private_files import private_folder
from flows.restored import require_current
from flows.word import word
from transforms.amounts import is_scientific
from transforms.identity import identity_of
from transforms.invoice import Identifier, Invoice, Party

_SIRET = re.compile("[0-9]{14}")


def import_file(
    configuration: Configuration, file: Path, *, by: str, reason: str = ""
) -> list[str]:
    """Hold the numbers listed in ``file`` and return what was done, as lines.

    Raises:
        ConfigurationError: the file cannot be read, a row is not an invoice, or nobody is named;
            nothing is held.
    """
    said = word(by, reason or f"sent by a former tool: {file.name}", command="ledger import-sent")
    settings = configuration.settings
    rows = list(_read(file, settings.environment.value, settings.identity))
    private_folder(StateFolders(settings.state_folder).root)
    with exclusive.depositing(configuration) as ledger:
        require_current(configuration, ledger)
        result = ledger.import_sent(rows, source=file.name, actor=said.by, reason=said.reason)
        seal(ledger, settings, "import", result.run_id)
    lines = [f"{result.imported} numbers held, sent by a former tool"]
    lines += [f"already in the ledger: {known.number} ({known.state})" for known in result.known]
    return lines


def _read(file: Path, environment: str, scope: IdentityScope) -> Iterator[SentInvoice]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The list {file} cannot be read: {error}.") from error
    head = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter=";" if ";" in head else ",")
    missing = {"seller_id", "number"} - set(reader.fieldnames or ())
    if missing:
        message = f"The list {file.name} lacks the column {', '.join(sorted(missing))}."
        raise ConfigurationError(message, next_step="See docs/ledger.md for its columns.")
    for row in reader:
        yield _sent(
            row, f"{file.name}, line {reader.line_num}", reader.line_num, environment, scope
        )


def _sent(
    row: dict[str, str], place: str, line: int, environment: str, scope: IdentityScope
) -> SentInvoice:
    values = {key: (value or "").strip() for key, value in row.items() if key}
    issued = _issued(values.get("issue_date", ""), place)
    total = _total(values.get("total", ""), place)
    scheme = values.get("seller_scheme") or "1"
    # Written as the mapping does: else the number held would not be the one of the extract.
    seller = "".join(values["seller_id"].split())
    if scheme == "1" and seller and not _SIRET.fullmatch(seller):
        raise _wrong(f"{place}: seller_id {seller!r} is no SIRET (14 digits).")
    if is_scientific(values["number"]):
        raise _wrong(f"{place}: the number {values['number']!r} was damaged by a spreadsheet.")
    invoice = Invoice(
        number=values["number"] or None,
        issue_date=issued,
        seller=Party(legal_id=Identifier(seller, scheme) if seller else None),
    )
    identity = identity_of(invoice, environment=environment, settings=scope)
    if identity is None:
        raise _wrong(
            f"{place}: seller_id, number (and issue_date when the year counts) are needed."
        )
    return SentInvoice(
        identity=identity,
        line=line,
        type_code=values.get("type_code") or None,
        issue_date=issued,
        currency=values.get("currency") or None,
        total=total,
        buyer_id=values.get("buyer_id") or None,
    )


def _issued(text: str, place: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise _wrong(f"{place}: issue_date {text!r} is no date (YYYY-MM-DD).") from error


def _total(text: str, place: str) -> Decimal | None:
    try:
        total = Decimal(text) if text else None
    except InvalidOperation:
        total = Decimal("NaN")
    if total is not None and not total.is_finite():
        raise _wrong(f"{place}: total {text!r} is no number (decimal point, no thousands mark).")
    return total


def _wrong(message: str) -> ConfigurationError:
    return ConfigurationError(message, next_step="Correct the list: nothing was imported.")
