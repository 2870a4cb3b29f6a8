"""What the cells of a column look like: the evidence behind a proposed profile."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from config.profile import Dates, Marks
from transforms import amounts, dates

#: Formats of dates that are tried, in this order; ``dd/MM`` before ``MM/dd``, as in France.
DATE_FORMATS = (
    "yyyy-MM-dd",
    "yyyyMMdd",
    "dd/MM/yyyy",
    "dd.MM.yyyy",
    "dd-MM-yyyy",
    "yyyy/MM/dd",
    "yyyy-MM-dd HH:mm:ss",
    "yyyy-MM-ddTHH:mm:ss",
    "dd/MM/yyyy HH:mm:ss",
    "dd/MM/yy",
    "dd.MM.yy",
    "MM/dd/yyyy",
)
#: Values that stand for no date.
NO_DATES = ("00000000", "0000-00-00", "00/00/0000", "00.00.0000", "1900-01-01", "1753-01-01")
#: Ways numbers may be written, in this order: what the first one reads, the others need not.
MARKS = (
    Marks(decimal=".", thousands=""),
    Marks(decimal=",", thousands=""),
    Marks(decimal=",", thousands=(" ", ".")),
    Marks(decimal=".", thousands=(",", "'")),
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS = re.compile(r"[^a-z0-9]+")
_SIRET = re.compile(r"[0-9]{14}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A column: its name, some of its cells, and what they can be.

    Attributes:
        cells: cells of the sample, blanks included, in the order of the rows.
        values: different ones that are not blank, in the order they first come.
    """

    name: str
    cells: tuple[str, ...]
    values: tuple[str, ...]

    @classmethod
    def of(cls, name: str, cells: Iterable[str]) -> Evidence:
        """Return the evidence of a column."""
        kept = tuple(cell.strip() for cell in cells)
        return cls(name, kept, tuple(dict.fromkeys(cell for cell in kept if cell)))

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words of the name: small letters, without accents."""
        split = _CAMEL.sub(" ", self.name)
        plain = unicodedata.normalize("NFD", split).encode("ascii", "ignore").decode()
        return tuple(word for word in _WORDS.split(plain.lower()) if word)

    @property
    def date_format(self) -> str | None:
        """Return the first format that reads every value; None when none does, or none is there."""
        real = [value for value in self.values if value not in NO_DATES]
        for pattern in DATE_FORMATS if real else ():
            parse = dates.parser(Dates(formats=(pattern,)))
            if all(_reads(parse, value) for value in real):
                return pattern
        return None

    def is_number(self, marks: Marks) -> bool:
        """Whether every value is a number under ``marks``."""
        parse = amounts.parser(marks)
        return bool(self.values) and all(
            _reads(parse, value.rstrip("%").rstrip()) for value in self.values
        )

    @property
    def is_siret(self) -> bool:
        """Whether every value has the form of a SIRET."""
        compact = ["".join(value.split()) for value in self.values]
        return bool(compact) and all(_SIRET.fullmatch(value) for value in compact)

    def changes_within(self, key: Evidence) -> bool:
        """Whether the column changes between neighbouring rows of one key."""
        rows = zip(key.cells, self.cells, strict=True)
        return any(a == c and b and d and b != d for (a, b), (c, d) in pairwise(rows))

    @property
    def is_unique(self) -> bool:
        """Whether no value comes twice and no cell is blank."""
        return len(self.values) == len(self.cells) > 0


def marks_of(columns: Sequence[Evidence]) -> Marks:
    """Return how the numbers of these columns are written: the way that reads most of them.

    Only columns count that hold a decimal mark somewhere; a whole number tells nothing.
    """
    telling = [c for c in columns if any("," in v or "." in v for v in c.values)]
    return max(MARKS, key=lambda marks: sum(column.is_number(marks) for column in telling))


def date_formats_of(columns: Sequence[Evidence]) -> tuple[str, ...]:
    """Return the formats of the columns that hold dates, the most frequent first."""
    found = [pattern for column in columns if (pattern := column.date_format) is not None]
    return tuple(sorted(dict.fromkeys(found), key=lambda pattern: -found.count(pattern)))


def _reads(parse: object, value: str) -> bool:
    assert callable(parse)
    try:
        parse(value)
    except (amounts.AmountError, dates.DateError):
        return False
    return True
