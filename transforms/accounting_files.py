"""Files of accounting entries: they hold no invoice lines, so no invoice can be made of them.

They are known by what their formats prescribe, never by likeness: a real extract must not be taken
for one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.table import TableError

#: Lines looked at.
ENTRY_LINES = 20

#: Cegid TRA: three stars, the product (S1, S5…), then origin, content and format of the file.
_TRA = re.compile(r"\*\*\*S[0-9](?:[A-Z]{3}.*)?")
#: Sage PNM, above its entries: the name of the company, and nothing else.
_PNM_COMPANY = re.compile(r"[^\t;|,]{1,30}")
#: Sage PNM, an entry of fixed width: journal (3), date ddMMyy (6), type (2), general account (13),
#: texts, then the side (D or C) and the amount.
_PNM_ENTRY = re.compile(
    r"[A-Z0-9][A-Z0-9 ]{2}(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}"
    r"[A-Z0-9 ]{2}[0-9][A-Z0-9]{2,12} *[^\t;|]*[DC] *[0-9]+(?:[.,][0-9]{1,2})?(?: *[A-Z][^\t;|]*)?"
)
#: Shortest Sage PNM entry: up to its amount, and trailing blanks may be cut.
_PNM_LENGTH = 80
#: Columns that every file of entries for the tax office has (LPF, article A. 47 A-1).
_FEC = ("journalcode", "ecriturenum", "comptenum")


class AccountingFileError(TableError):
    """Raised when a file holds accounting entries instead of invoices."""

    next_step = (
        "Export the invoices themselves, with their lines, from the sales or billing module; then"
        " run again."
    )


def refuse_accounting_entries(lines: Sequence[str]) -> None:
    """Raise when ``lines``, the first of a text file, are those of a file of accounting entries.

    Raises:
        AccountingFileError: naming the format; its ``next_step`` says what to export instead.
    """
    kind = _kind([line.rstrip() for line in lines])
    if kind is not None:
        msg = f"it is a file of accounting entries ({kind}), which has no invoice lines"
        raise AccountingFileError(msg)


def _kind(lines: Sequence[str]) -> str | None:
    if not lines:
        return None
    first, entries = lines[0], [line for line in lines[1:] if line]
    if _TRA.fullmatch(first):
        return "Cegid TRA"
    if (
        entries
        and first.strip()
        and _PNM_COMPANY.fullmatch(first)
        and all(len(line) >= _PNM_LENGTH and _PNM_ENTRY.fullmatch(line) for line in entries)
    ):
        return "Sage PNM"
    names = {name.strip(' "').lower() for name in re.split(r"[\t|;,]", first)}
    return "FEC, fichier des écritures comptables" if names.issuperset(_FEC) else None
