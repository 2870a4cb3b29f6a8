"""Whom an error line of a flow report means: the free texts searched for a member of the flow.

The report of a flow need not name the invoice (AIFE, CPPStatutPivot V1_19: ``LigneErreurDetail`` is
free text). What is found here decides whether a number is free to be sent again, so a doubtful
match is no match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.statuses import ErrorLine

_IDENTIFIER = re.compile(r"(?<![A-Za-z0-9])([A-Z0-9]{6}[0-9]{19})(?![A-Za-z0-9])(\.xml)?")
#: Numbers that are also everyday words or figures of a message ("20 caracteres")...
_WEAK = re.compile(r"[0-9]{1,5}|[^0-9]*")
#: ...are taken for an invoice only after a word such as these.
_INTRODUCED = re.compile(
    r"(?:\b(?:factures?|avoirs?|invoices?|num[eé]ro|num|no)|n[°º])[\s:.#\"'«(°º]*$", re.IGNORECASE
)
#: Words after which a number is only quoted: "facture d'origine F1", "la valeur 'F1' du champ".
_QUOTED = re.compile(
    r"(?:origine|pr[eé]c[eé]dente?s?|r[eé]f[eé]renc\w*|valeur|doublon|annul\w*)[^|.;]{0,16}$",
    re.IGNORECASE,
)
#: Characters from which a text may have been cut (seen near 200): its end is no whole number.
_CUT_FROM = 190


@dataclass(frozen=True, slots=True)
class Member:
    """An invoice in a flow: its row in the ledger, its member id, its number (BT-1)."""

    row: int
    member_id: str
    number: str


def attribute(
    lines: Sequence[ErrorLine], flow_id: str, members: Sequence[Member]
) -> tuple[dict[int, tuple[ErrorLine, ...]], tuple[ErrorLine, ...]]:
    """Return the error lines of each member they name, and the lines that name none for sure.

    A line names a member by its member id, else by its invoice number, as a whole word of the
    text. A line that names two members may quote one of them only (the invoice that a credit
    note corrects, the first of two duplicates): it names none.
    """
    finder = _Finder(flow_id, members)
    named: dict[int, list[ErrorLine]] = {}
    left: list[ErrorLine] = []
    for line in lines:
        rows = finder.named_by(line)
        if len(rows) == 1:
            named.setdefault(rows.pop(), []).append(line)
        else:
            left.append(line)
    return {row: tuple(found) for row, found in named.items()}, tuple(left)


class _Finder:
    """Finds the members of one flow in the texts of its report."""

    def __init__(self, flow_id: str, members: Sequence[Member]) -> None:
        self._flow_id = flow_id
        self._by_id = {member.member_id: member.row for member in members}
        self._by_number: dict[str, set[int]] = {}
        for member in members:
            if member.number:
                self._by_number.setdefault(member.number, set()).add(member.row)
        # Longest first: "F 12" is not "F 1".
        numbers = sorted(self._by_number, key=len, reverse=True)
        alternatives = "|".join(map(re.escape, numbers)) or r"(?!)"
        self._numbers = re.compile(
            rf"(?<![\w+/-])(?<!\w[.,])(?:{alternatives})(?![\w+/-])(?![.,]\w)"
        )

    def named_by(self, line: ErrorLine) -> set[int]:
        """Return the rows that the line names: by member id, else by invoice number."""
        texts = (line.label, line.description, line.code, line.nature)
        rows = {row for text in texts for row in self._rows_by_id(text)}
        return rows or {row for text in texts[:2] for row in self._rows_by_number(text)}

    def _rows_by_id(self, text: str) -> Iterator[int]:
        for match in _IDENTIFIER.finditer(text):
            member_id, extension = match.groups()
            # The bare shared id is the archive's; with the extension it is the first member.
            archive = member_id == self._flow_id and not extension and len(self._by_id) > 1
            if member_id in self._by_id and not archive:
                yield self._by_id[member_id]

    def _rows_by_number(self, text: str) -> Iterator[int]:
        for match in self._numbers.finditer(text):
            number, before = match.group(), text[: match.start()]
            if match.end() == len(text) >= _CUT_FROM or _QUOTED.search(before):
                continue
            if not _WEAK.fullmatch(number) or _INTRODUCED.search(before):
                yield from self._by_number[number]
