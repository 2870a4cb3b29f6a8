"""Propose a profile and a company file for extracts that no profile describes yet.

What a shipped profile reads is said so. Else encoding, separator, marks, dates and columns are
guessed from names and cells; each guess is marked in the YAML that is written, with its reason and
some values, for a person to confirm. VAT categories are never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files as resources
from itertools import islice
from pathlib import Path

from config.profile import Format, Profile
from config.terms import name_of
from config.yaml_text import load_yaml
from flows.errors import ConfigurationError
from flows.extract_sets import ExtractFile, WrongProfileError, sets_of
from flows.extract_sides import sides_of
from flows.extract_tables import ExtractTables
from flows.profiles import load_profile, shipped_profiles
from flows.scaffold_text import company_text, profile_text_of
from transforms.column_evidence import Evidence
from transforms.proposal import Proposal, joining, propose
from transforms.records import RowFault
from transforms.sniffing import SEPARATORS, encoding_of
from transforms.table import TableError, TextTable, in_order
from transforms.workbook import WorkbookTable

#: Rows of each file that the guesses rest on.
SAMPLE_ROWS = 2000
_PLAIN = Profile.model_validate(
    {"profile": "sample", "header": {"BT-1": "x"}, "format": {"encoding": "auto"}}
)


def scaffold(files: Sequence[Path], out: Path, *, name: str) -> Iterator[str]:
    """Write a profile and a company file into ``out``; yield what was found, in words.

    Raises:
        ConfigurationError: a file is no table, there are too many, or the proposal exists already.
    """
    extracts = [ExtractFile(path, path.name, path.name) for path in files]
    fitting = list(_fitting(extracts))
    if fitting:
        yield f"Shipped profiles that read these files as they are: {', '.join(fitting)}."
        yield f"Try: chorus-flows profile check {_names(files)} --profile {fitting[0]}"
    if len(files) > 2:
        message = "Files of three kinds and more are joined by a profile that a person writes."
        step = "Give one file, or a header file and its lines file; see docs/mapping.md, joins."
        raise ConfigurationError(message, next_step=step)
    samples = [_sample(path) for path in files]
    header, lines = _sides(samples)
    proposal = propose(header.columns, lines.columns if lines else None, _words())
    profile, company = out / f"{name}.yaml", out / "company.yaml"
    texts = {
        profile: profile_text_of(name, proposal, header, lines),
        company: company_text(proposal),
    }
    for path, text in texts.items():
        _write(path, text)
        yield f"Written: {path}"
    yield from _told(proposal)
    yield (
        f"Then: chorus-flows profile check {_names(files)} --profile {profile} --company {company}"
    )


class Sample:
    """The first rows of a file, column by column, and how it was read."""

    def __init__(self, path: Path, layout: Format, columns: tuple[Evidence, ...]) -> None:
        self.path = path
        self.layout = layout
        self.columns = columns


def _fitting(extracts: Sequence[ExtractFile]) -> Iterator[str]:
    """Yield the shipped profiles whose needed columns all of these files have."""
    for name in shipped_profiles():
        profile = load_profile(name)
        if profile.shape.kind == "documents" or not profile.header:
            continue
        tables, sides = ExtractTables(profile), sides_of(profile)
        try:
            groups = sets_of(extracts, profile, sides, tables.fits)
            fits = groups and all(
                tables.fits(file, side)
                for group in groups
                for file, side in zip(group.invoices, sides.all, strict=True)
            )
        except ConfigurationError:
            continue
        if fits:
            yield name


def _sample(path: Path) -> Sample:
    try:
        with path.open("rb") as stream:
            if path.suffix.lower() == ".xlsx":
                table = WorkbookTable(stream, file=path.name, profile=_PLAIN)
                layout = Format(kind="xlsx")
                return Sample(path, layout, tuple(_columns(table)))
            encoding = encoding_of(stream, _PLAIN.format).encoding
            separator = _separator(path, encoding)
            layout = Format(encoding=encoding, separator=separator)
            stream.seek(0)
            table_of_text = TextTable(stream, file=path.name, layout=layout)
            return Sample(path, layout, tuple(_columns(table_of_text)))
    except OSError as error:
        message = f"The extract {path} cannot be read: {error.strerror}."
        raise ConfigurationError(message, next_step="Check the file.") from error
    except (TableError, WrongProfileError) as error:
        message = f"{path.name} is no table: {error}."
        step = "Give a CSV, TSV or XLSX file whose first row holds the names of the columns."
        raise ConfigurationError(message, next_step=step) from error


def _columns(table: TextTable | WorkbookTable) -> Iterator[Evidence]:
    names = tuple(dict.fromkeys(name for name in table.columns if name))
    rows = [row[1] for row in islice(_rows(table, names), SAMPLE_ROWS)]
    for rank, name in enumerate(names):
        yield Evidence.of(name, (row[rank] for row in rows))


def _rows(
    table: TextTable | WorkbookTable, names: tuple[str, ...]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    for chunk in table.chunks(names):
        for row in in_order(chunk):
            if not isinstance(row, RowFault):
                yield row


def _separator(path: Path, encoding: str) -> str:
    """Return the separator that cuts the first lines into most cells, the same number in each."""
    with path.open(encoding=encoding, errors="replace") as stream:
        lines = [line for line in islice(stream, 50) if line.strip()]

    def cells(mark: str) -> tuple[bool, int]:
        counts = [line.count(mark) for line in lines]
        return bool(counts) and counts[0] > 0 and counts.count(counts[0]) * 2 > len(counts), (
            counts[0] if counts else 0
        )

    return max(SEPARATORS, key=cells)


def _sides(samples: Sequence[Sample]) -> tuple[Sample, Sample | None]:
    """Return header and lines: the header file is the one whose key never repeats."""
    if len(samples) == 1:
        return samples[0], None
    first, second = samples
    swapped = joining(first.columns, second.columns) is None and joining(
        second.columns, first.columns
    )
    return (second, first) if swapped else (first, second)


@cache
def _words() -> dict[str, list[str]]:
    text = resources("config").joinpath("codes", "column_words.yaml").read_text("utf-8")
    loaded: dict[str, list[str]] = load_yaml(text)
    return loaded


def _told(proposal: Proposal) -> Iterator[str]:
    found = len(proposal.header) + len(proposal.lines)
    yield f"{found} terms guessed, {len(proposal.unused)} columns left over; each guess is marked."
    needed = {"BT-1", "BT-2", "BT-47", "BT-131", "BT-153"}
    lacking = needed - {guess.term for guess in (*proposal.header, *proposal.lines)}
    if lacking:
        told = ", ".join(f"{term} ({name_of(term, 'en')})" for term in sorted(lacking))
        yield f"Not found, and needed from somewhere: {told}."


def _names(files: Iterable[Path]) -> str:
    return " ".join(str(path) for path in files)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        message = f"{path} is there already; nothing was changed."
        raise ConfigurationError(message, next_step="Name another --out or --name.") from error
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}."
        raise ConfigurationError(message, next_step="Name another --out.") from error
