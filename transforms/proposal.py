"""Propose which column feeds which business term, from names and cells. Every guess says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from config.profile import Marks
from config.terms import DECIMAL_KINDS, Term, registry
from transforms.column_evidence import Evidence, date_formats_of, marks_of

#: How sure a match of names is: the same words, all words of the term inside, or only its cells.
SAME, INSIDE = 100, 50


@dataclass(frozen=True, slots=True)
class Guess:
    """A column proposed for a term, and why."""

    term: str
    column: str
    reason: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a file, or for a header file and its lines file.

    Attributes:
        key: column that says to which invoice a row belongs; None when none could be told.
        lines_key: the same in the lines file.
        header, lines: guesses per section, in the order of the registry.
        unused: columns that nothing was guessed for.
        codes: different values of the columns that hold codes, by term.
    """

    key: str | None
    lines_key: str | None
    header: tuple[Guess, ...]
    lines: tuple[Guess, ...]
    unused: tuple[Evidence, ...]
    codes: Mapping[str, tuple[str, ...]]
    marks: Marks
    dates: tuple[str, ...]


#: Terms whose values are codes that a table must explain.
CODED = ("BT-3", "BT-130", "CF-LINE-VAT", "CF-COMPANY", "CF-PAYMENT-TERMS")


def propose(
    header: Sequence[Evidence],
    lines: Sequence[Evidence] | None,
    words: Mapping[str, Sequence[str]],
) -> Proposal:
    """Return the proposal for the columns of a flat file (``lines`` None) or of two files.

    Args:
        words: names by which a column of each term is known (``config/codes/column_words.yaml``).
    """
    every = [*header, *(lines or ())]
    marks, formats = marks_of(every), date_formats_of(every)
    terms = registry().terms
    document = [key for key in words if terms[key].level == "document"]
    of_lines = [key for key in words if terms[key].level == "line"]
    if lines is None:
        first = _guesses(header, ["BT-1"], words, marks)
        key = _named(header, first[0].column) if first else None
        varying = [c for c in header if key is None or c.changes_within(key)]
        steady = [c for c in header if c not in varying]
        upper = _guesses(steady, document, words, marks)
        taken = {guess.column for guess in upper}
        lower = _guesses([c for c in header if c.name not in taken], of_lines, words, marks)
        lines_key = None
    else:
        pair = joining(header, lines)
        upper = _numbered(header, pair, _guesses(header, document, words, marks))
        rest = [column for column in lines if pair is None or column.name != pair[1]]
        lower = _guesses(rest, of_lines, words, marks)
        lines_key = pair[1] if pair else None
    number = next((guess.column for guess in upper if guess.term == "BT-1"), None)
    if lines is not None and pair is not None:
        number = pair[0]
    used = {guess.column for guess in (*upper, *lower)}
    return Proposal(
        key=number,
        lines_key=lines_key,
        header=upper,
        lines=lower,
        unused=tuple(column for column in every if column.name not in used),
        codes={
            guess.term: _named(every, guess.column).values
            for guess in (*upper, *lower)
            if guess.term in CODED
        },
        marks=marks,
        dates=formats,
    )


def joining(header: Sequence[Evidence], lines: Sequence[Evidence]) -> tuple[str, str] | None:
    """Return the columns by which a header file and its lines file belong together.

    The one in the header never repeats; all values of the other are among its values. Of several
    pairs the one with most values counts.
    """
    pairs = [
        (len(other.values), column.name, other.name)
        for column in header
        if column.is_unique
        for other in lines
        if other.values and set(other.values) <= set(column.values)
    ]
    best = max(pairs, key=lambda pair: pair[0], default=None)
    return best[1:] if best else None


def _numbered(
    header: Sequence[Evidence], pair: tuple[str, str] | None, guesses: tuple[Guess, ...]
) -> tuple[Guess, ...]:
    """Return the guesses with the joining column as invoice number, unless a name says better."""
    if pair is None or any(g.term == "BT-1" and g.reason.startswith("it is") for g in guesses):
        return guesses
    column = _named(header, pair[0])
    reason = f"it joins the lines file ({pair[1]})"
    own = Guess("BT-1", column.name, reason, column.values[:3])
    others = [g for g in guesses if g.term != "BT-1" and g.column != column.name]
    return (own, *others)


def _guesses(
    columns: Sequence[Evidence],
    terms: Sequence[str],
    words: Mapping[str, Sequence[str]],
    marks: Marks,
) -> tuple[Guess, ...]:
    """Return the best column of each term; a column serves one term only."""
    scored = [
        (score, reason, term, column)
        for term in terms
        for column in columns
        for score, reason in [_score(column, term, words[term], marks)]
        if score
    ]
    scored.sort(key=lambda item: -item[0])
    found: dict[str, Guess] = {}
    taken: set[str] = set()
    for _, reason, term, column in scored:
        if term not in found and column.name not in taken:
            found[term] = Guess(term, column.name, reason, column.values[:3])
            taken.add(column.name)
    return tuple(found[term] for term in registry().terms if term in found)


def _score(column: Evidence, key: str, phrases: Sequence[str], marks: Marks) -> tuple[int, str]:
    """Return how well a column fits a term, 0: not at all; and why."""
    term = registry().terms[key]
    if not _can_hold(column, term, marks):
        return 0, ""
    own = column.words
    best, why = 0, ""
    for phrase in phrases:
        wanted = tuple(phrase.split())
        if own == wanted:
            score, reason = SAME + len(wanted), f"it is called “{phrase}”"
        elif set(wanted) <= set(own):
            score = INSIDE + 5 * len(wanted) - (len(own) - len(wanted))
            reason = f"its name holds “{phrase}”"
        else:
            continue
        if score > best:
            best, why = score, reason
    if best and term.siret and column.is_siret:
        return best + 20, f"{why}, and its values have 14 digits"
    return best, why


def _can_hold(column: Evidence, term: Term, marks: Marks) -> bool:
    if not column.values:
        return True
    if term.kind == "date":
        return column.date_format is not None
    if term.kind in DECIMAL_KINDS:
        return column.is_number(marks)
    # An amount is no number of an invoice, nor a date its type.
    return term.id in CODED or term.kind != "code" or column.date_format is None


def _named(columns: Sequence[Evidence], name: str) -> Evidence:
    return next(column for column in columns if column.name == name)
