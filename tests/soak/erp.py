"""An ERP and its accountants: what they put into the landing folder, night after night.

Everything is drawn from one random generator, so that a seed says it all. Each document remembers
what it is, apart from anything the pipeline makes of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from random import Random

from tests.support.firm import COMMUNE, csv, row

#: A commune that the sandbox's directory knows as inactive: refused there, right for our rules.
INACTIVE = "21999901800019"
#: Buyer name that the profile's filter leaves out.
INTERNAL = "INTERNE"

PROFILE = f"""
profile: soak
extends: generic
filters:
  - {{name: internal, column: buyer_name, equals: "{INTERNAL}"}}
"""


class Kind(StrEnum):
    """What is particular about a document."""

    GOOD = "good"
    WRONG_HERE = "wrong_here"  # our rules quarantine it
    WRONG_THERE = "wrong_there"  # right for us, refused by the other side
    INTERNAL = "internal"  # left out by the filter


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice as the ERP writes it once."""

    number: str
    kind: Kind
    issued: date
    prices: tuple[Decimal, ...]
    """Unit price of each line; each is bought twice, at 20 %."""
    attachment: str = ""

    @property
    def total(self) -> Decimal:
        """Amount with VAT."""
        return sum((price * 2 for price in self.prices), Decimal(0)) * Decimal("1.20")

    def rows(self) -> list[dict[str, str]]:
        """Return the rows of the extract."""
        changes = {
            "invoice_date": self.issued.isoformat(),
            "due_date": "2027-12-31",
            "attachments": self.attachment,
            "buyer_siret": {Kind.WRONG_HERE: "123", Kind.WRONG_THERE: INACTIVE}.get(
                self.kind, COMMUNE
            ),
        }
        if self.kind is Kind.INTERNAL:
            changes["buyer_name"] = INTERNAL
        return [
            row(self.number, **changes, line_number=str(rank), unit_price=f"{price:.2f}")
            for rank, price in enumerate(self.prices, 1)
        ]


@dataclass(frozen=True, slots=True)
class Extract:
    """A file for the landing folder."""

    name: str
    documents: tuple[Document, ...]
    wrong_control: bool = False
    """Whether its control file announces an invoice more than there is."""

    @property
    def text(self) -> str:
        """The file."""
        return csv([line for document in self.documents for line in document.rows()])

    @property
    def control(self) -> str:
        """The control file beside it."""
        return f"invoices={len(self.documents) + self.wrong_control}\n"

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def places(self) -> dict[tuple[str, int], Document]:
        """Return the documents by hash of the file and first line."""
        found: dict[tuple[str, int], Document] = {}
        line = 2
        for document in self.documents:
            found[self.sha256, line] = document
            line += len(document.prices)
        return found


@dataclass(slots=True)
class Erp:
    """Writes extracts; ``documents`` are all it has ever written, by number."""

    random: Random
    documents: dict[str, list[Document]] = field(default_factory=dict)
    files: int = 0
    attachments_due: dict[str, int] = field(default_factory=dict)
    """Night from which an attachment is there, by name."""

    def night(self, night: int, today: date, to_mend: Sequence[str]) -> list[Extract]:
        """Return the extracts of a night.

        Args:
            night: its rank.
            today: date of the invoices.
            to_mend: numbers that were held back or refused, for the accountants to send again.
        """
        documents = [self._new(night, today) for _ in range(self.random.randint(1, 7))]
        documents += [self._mended(number, today) for number in to_mend]
        documents += self._repeats()
        self.random.shuffle(documents)
        return self.in_files(documents)

    def again(self, extract: Extract) -> Extract:
        """Return an extract as it was, under another name and with a right control."""
        self.files += 1
        return replace(extract, name=f"{self.files:05d}-again.csv", wrong_control=False)

    def _new(self, night: int, today: date) -> Document:
        number = f"F{len(self.documents) + 1:05d}"
        kind = self.random.choices(list(Kind), weights=(80, 7, 8, 5))[0]
        attachment = ""
        if kind is Kind.GOOD and self.random.random() < 0.12:
            attachment = f"{number}.pdf"
            self.attachments_due[attachment] = night + self.random.choice((0, 1, 2, 3, 9))
        return self._keep(Document(number, kind, today, self._prices(), attachment))

    def _mended(self, number: str, today: date) -> Document:
        """Return a right document of a number, now and then the very one that was refused."""
        before = self.documents[number][-1]
        same = before.kind is Kind.GOOD and self.random.random() < 0.5
        if same:
            return self._keep(before)
        kind = Kind.GOOD if self.random.random() < 0.9 else Kind.WRONG_THERE
        return self._keep(replace(before, kind=kind, issued=today, prices=self._prices()))

    def mended_for_good(self, number: str, today: date) -> Document:
        """Return a right document of a number."""
        before = self.documents[number][-1]
        return self._keep(replace(before, kind=Kind.GOOD, issued=today))

    def _repeats(self) -> list[Document]:
        """Return documents written before, as they were or altered."""
        if not self.documents or self.random.random() < 0.5:
            return []
        recent = list(self.documents)[-25:]
        chosen = self.random.sample(recent, min(len(recent), self.random.randint(1, 2)))
        found: list[Document] = []
        for number in chosen:
            document = self.random.choice(self.documents[number])
            if self.random.random() < 0.4:
                prices = (document.prices[0] + Decimal("0.50"), *document.prices[1:])
                document = self._keep(replace(document, prices=prices))
            found.append(document)
        return found

    def in_files(self, documents: list[Document]) -> list[Extract]:
        """Return the documents in one or two files; a number stands once in each."""
        files: list[list[Document]] = [[], []]
        for document in documents:
            first = self.random.random() < 0.7
            for file in (files[not first], files[first]):
                if document.number not in {one.number for one in file}:
                    file.append(document)
                    break
        extracts: list[Extract] = []
        for file in filter(None, files):
            self.files += 1
            wrong = self.random.random() < 0.05
            extracts.append(Extract(f"{self.files:05d}.csv", tuple(file), wrong))
        return extracts

    def _prices(self) -> tuple[Decimal, ...]:
        return tuple(
            Decimal(self.random.randint(1, 400)) / 2 for _ in range(self.random.choice((1, 1, 2)))
        )

    def _keep(self, document: Document) -> Document:
        self.documents.setdefault(document.number, []).append(document)
        return document
