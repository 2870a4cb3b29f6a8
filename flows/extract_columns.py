"""What the columns of the files of an extract leave open: parts of the key, and joins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from config.profile import Join, Profile, Shape
from flows.extract_sets import ExtractFile, ExtractSet
from flows.extract_sides import Side, Sides

#: Returns every column of a file, under the profile's names.
Columns = Callable[[ExtractFile, Side], tuple[str, ...]]
_HEADER = "header."


def missing_keys(
    sets: Sequence[ExtractSet], sides: Sides, shape: Shape, columns: Columns
) -> set[int]:
    """Return the ranks of the key columns that a file does not have, and need not."""
    return {
        rank
        for group in sets
        for file, side in zip(group.invoices, sides.all, strict=True)
        if (found := columns(file, side))
        for rank, column in enumerate(side.key)
        if column not in found and shape.may_lack(shape.key[rank])
    }


def unjoined(
    sets: Sequence[ExtractSet], sides: Sides, profile: Profile, columns: Columns
) -> list[str]:
    """Return a fault for each joined file that an extract has no columns to join by."""
    joins = {join.name: join for join in profile.joined if not join.of_itself}
    faults: dict[str, None] = {}
    for group in sets:
        own = [columns(file, side) for file, side in zip(group.invoices, sides.all, strict=True)]
        lacking: dict[str, list[tuple[str, ...]]] = {}
        for name, found in group.joined.items():
            if name in joins:
                missing = tuple(_lacking(joins[name], own[0], own[-1]))
                for file in found:
                    lacking.setdefault(file.name, []).append(missing)
        for file_name, all_missing in lacking.items():
            if all(own) and all(all_missing):
                told = ", ".join(repr(column) for column in all_missing[0])
                faults[f"{group.header.name} has no column {told} to join {file_name} by"] = None
    return list(faults)


def _lacking(join: Join, header: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
    """Yield the columns of the extract that a join goes by and that are not there.

    A column that another join brings (``partner.KUNNR``) is not asked for.
    """
    own = header if join.to == "header" else lines
    for other in join.on.values():
        above = join.to == "lines" and other.startswith(_HEADER)
        name = other.removeprefix(_HEADER) if above else other
        if name not in (header if above else own) and "." not in name:
            yield name
