"""Import the list of invoices that a former tool sent, so that none is sent a second time.

The list is a CSV file, UTF-8, with ``;`` or ``,``: ``seller_id`` (SIRET) and ``number`` are
needed; ``seller_scheme`` (default 1, SIRET), ``issue_date`` (YYYY-MM-DD), ``type_code``,
``currency``, ``total`` and ``buyer_id`` are taken when there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from config.settings import Identity as IdentityScope
from flows.configuration import Configuration
from flows.errors import ConfigurationError
from flows.ledger import SentInvoice
from flows.ledger_access import open_ledger
from transforms.identity import identity_of
from transforms.invoice import Identifier, Invoice, Party


def import_file(configuration: Configuration, file: Path, *, by: str) -> list[str]:
    """Hold the numbers listed in ``file`` and return what was done, as lines.

    Raises:
        ConfigurationError: the file cannot be read, or a row is not an invoice; nothing is held.
    """
    settings = configuration.settings
    rows = list(_read(file, settings.environment.value, settings.identity))
    with open_ledger(configuration) as ledger:
        result = ledger.import_sent(rows, source=file.name, actor=by)
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
    try:
        issued = date.fromisoformat(values["issue_date"]) if values.get("issue_date") else None
        total = Decimal(values["total"]) if values.get("total") else None
    except (ValueError, InvalidOperation) as error:
        raise ConfigurationError(f"{place}: {error}.", next_step="Nothing was imported.") from error
    scheme = values.get("seller_scheme") or "1"
    invoice = Invoice(
        number=values["number"] or None,
        issue_date=issued,
        seller=Party(
            legal_id=Identifier(values["seller_id"], scheme) if values["seller_id"] else None
        ),
    )
    identity = identity_of(invoice, environment=environment, settings=scope)
    if identity is None:
        message = f"{place}: seller_id, number (and issue_date when the year counts) are needed."
        raise ConfigurationError(message, next_step="Nothing was imported.")
    return SentInvoice(
        identity=identity,
        line=line,
        type_code=values.get("type_code") or None,
        issue_date=issued,
        currency=values.get("currency") or None,
        total=total,
        buyer_id=values.get("buyer_id") or None,
    )
